"""`stylize measure`: a table, JSON, a drawing; exit codes and lines."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

from stylize.models.errors import WeightsError
from stylize.pipeline import cli, run_measure
from stylize.pipeline.measuring.findings import Fidelity, Losses, StyleFindings

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the program: its exit code, standard output and standard error."""

    def run_program(*arguments: object) -> tuple[int, str, str]:
        code = cli._run(["measure", *(str(argument) for argument in arguments)])
        return code, *capsys.readouterr()

    return run_program


@pytest.fixture
def films(write_film, pan, tmp_path, monkeypatch) -> Path:
    """The folder of a source, a painting of it, and a flickering one."""
    generator = torch.Generator().manual_seed(7)
    frames = [each + 0.01 * torch.randn(each.shape, generator=generator) for each in pan(12)]
    write_film("source.mkv", frames)
    write_film("calm.mkv", [0.9 * frame.flip(0) for frame in frames])
    write_film("nervous.mkv", [frame * (0.9 - 0.1 * (n % 2)) for n, frame in enumerate(frames)])
    monkeypatch.chdir(tmp_path)

    def missing():
        raise WeightsError("LPIPS needs weights that are not here")

    monkeypatch.setattr(run_measure, "load_lpips", missing)
    return tmp_path


def rows_of(out: str) -> list[list[str]]:
    return [line.split() for line in out.splitlines() if line[:1].isdigit()]


def test_a_table_shows_every_film_at_every_gap(run: Run, films: Path):
    code, out, err = run("source.mkv", "nervous.mkv", "--against", "calm.mkv")
    assert code == 0
    assert err.startswith("source.mkv -> nervous.mkv (steadiness)\n")
    lines = out.splitlines()
    assert lines[0] == "12 frames of 128×96; flow: DIS, medium preset"
    assert lines[2].split("  ")[0] == "gap"
    rows = rows_of("\n".join(lines[3:]))
    assert [row[:3] for row in rows] == [
        [gap, f"{name}.mkv", pairs]
        for gap, pairs in (("1", "11"), ("10", "2"))
        for name in ("source", "nervous", "calm")
    ]
    source, nervous, calm = rows[:3]
    assert source[-1] == "100%"
    assert float(nervous[-1]) > 5
    assert float(calm[-1]) == pytest.approx(1, abs=0.02)
    assert calm[-2] == "81%"
    said = out[out.index("nervous.mkv beside calm.mkv") :]
    assert "LPIPS          LPIPS needs weights that are not here\n" in said
    assert "gradient kept  90%\n" in said


def test_json_on_the_standard_output_replaces_the_table(run: Run, films: Path):
    code, out, err = run("source.mkv", "calm.mkv", "--json", "-", "--quiet", "--frames", "3")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert (found["frames"], found["output"]) == (3, "calm.mkv")
    assert found["steadiness"][0]["output"]["excess"] == pytest.approx(1, abs=0.02)


def test_json_and_a_drawing_are_written_and_kept(run: Run, films: Path):
    given = ("source.mkv", "calm.mkv", "--json", "found.json", "--plot", "plot.png")
    code, out, err = run(*given, "--start", "0.08", "--end", "0:00.2", "--quiet")
    assert (code, err) == (0, "")
    assert out.startswith("3 frames of 128×96")
    assert json.loads(Path("found.json").read_text(encoding="utf-8"))["frames"] == 3
    with Image.open("plot.png") as plot:
        assert plot.width == 1600
    code, _, err = run(*given)
    assert (code, err) == (1, "Error: found.json: is there already (--overwrite replaces it)\n")
    assert run(*given, "--quiet", "--overwrite")[0] == 0
    assert json.loads(Path("found.json").read_text(encoding="utf-8"))["frames"] == 12


def test_fidelity_and_style_have_tables_of_their_own(run: Run, films: Path, monkeypatch):
    class Sampler:
        def __init__(self, found: object) -> None:
            self._found = found

        def watch(self, moments):
            return moments

        def found(self) -> object:
            return self._found

    losses = tuple(Losses(n / 8, n / 4, n / 2) for n in range(3))
    style = StyleFindings(Path("wave.jpg"), 12, losses)
    monkeypatch.setattr(run_measure, "FidelitySampler", lambda _: Sampler(Fidelity(0.0567, 8)))
    monkeypatch.setattr(run_measure, "_style", lambda *_: Sampler(style))
    films_named = ("source.mkv", "calm.mkv", "--against", "nervous.mkv", "--style", "wave.jpg")
    code, out, _ = run(*films_named, "--frames", "2")
    assert code == 0
    assert "  LPIPS          0.057  (mean of 8 frames)\n" in out
    assert "\nlike wave.jpg (mean of 12 frames)\n" in out
    assert out.endswith(
        "film         style  Gram   content\n"
        "source.mkv   0.000  0.000  0.000\n"
        "calm.mkv     0.125  0.250  0.500\n"
        "nervous.mkv  0.250  0.500  1.000\n"
    )


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        (("source.mkv",), 2, "Missing argument 'OUTPUT'"),
        (("source.mkv", "absent.mkv"), 1, "Error: absent.mkv: no such file\n"),
        (("absent.mkv", "calm.mkv"), 1, "Error: absent.mkv: no such file\n"),
        (("source.mkv", "calm.mkv", "--frames", "1"), 1, "source.mkv: only one frame; steadiness"),
        (("source.mkv", "calm.mkv", "--frames", "0"), 2, "frames must be 1 or more"),
        (("source.mkv", "calm.mkv", "--start", "soon"), 2, "is no time (seconds: 12.5"),
        (("source.mkv", "calm.mkv", "--plot", "plot.svg"), 2, "cannot write a picture with '.svg'"),
        (("source.mkv", "calm.mkv", "--plot", "calm.mkv"), 2, "cannot write a picture with '.mkv'"),
        (("source.mkv", "calm.mkv", "--json", "calm.mkv"), 1, "calm.mkv: is read for this; name"),
        (("source.mkv", "calm.mkv", "--json", "no/x.json", "--style", "no.jpg"), 1, "no.jpg: can"),
        (("source.mkv", "calm.mkv", "--look", "wave"), 2, "No such option"),
    ],
)
def test_what_is_wrong_is_one_line_and_an_exit_code(
    typed: tuple[str, ...], code: int, said: str, run: Run, films: Path
):
    before = sorted(films.iterdir())
    ended, _, err = run(*typed, "--overwrite")
    assert (ended, sorted(films.iterdir())) == (code, before)
    assert said in err
    assert err.splitlines()[-1].startswith(("Error: ", "source.mkv ->")) or code == 2


def test_help_says_what_to_name(run: Run):
    code, out, _ = run("--help")
    assert code == 0
    assert "[OPTIONS] SOURCE OUTPUT" in out
    for flag in ("--against", "--style", "--start", "--end", "--frames", "--plot", "--json"):
        assert f"  {flag} " in out


def test_a_plot_and_json_cannot_be_one_file(run: Run, films: Path):
    code, _, err = run("source.mkv", "calm.mkv", "--json", "both.png", "--plot", "both.png")
    assert (code, err.splitlines()[-1]) == (2, "Error: --json and --plot name one file: both.png")


@pytest.mark.parametrize("read", ["source.mkv", "calm.mkv", "nervous.mkv"])
def test_figures_replace_no_film_that_is_read(run: Run, films: Path, read: str):
    before = (films / read).read_bytes()
    given = ("source.mkv", "calm.mkv", "--against", "nervous.mkv", "--json", read, "--overwrite")
    code, _, err = run(*given)
    assert code == 1
    assert "name another output" in err
    assert (films / read).read_bytes() == before


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("calm.mkv/x.json", "is a file, not a folder; choose another place"),
        (".", "is a folder; name a file"),
    ],
)
@pytest.mark.parametrize("option", ["--json", "--plot"])
def test_where_figures_cannot_go_is_said_before_films_are_measured(
    run: Run, films: Path, target: str, said: str, option: str
):
    name = target if option == "--json" else str(Path(target, "x.png"))
    if target == "." and option == "--plot":
        (films / "x.png").mkdir()
    code, out, err = run("source.mkv", "calm.mkv", option, name, "--overwrite")
    assert (code, out) == (1, "")
    assert said in err


def test_films_of_one_name_are_told_apart_by_their_folders(run: Run, films: Path):
    (films / "a").mkdir()
    (films / "calm.mkv").rename(films / "a" / "source.mkv")
    _, out, _ = run("source.mkv", "a/source.mkv", "--frames", "3")
    assert [row[1] for row in rows_of(out)][1:3] == ["source.mkv", "a/source.mkv"]
