"""`stylize grid`: what is typed several times is compared; exit codes and lines."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from stylize.pipeline import cli, run_grid
from stylize.pipeline.cli import grid
from stylize.pipeline.events import Finished

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the program: its exit code, standard output and standard error."""

    def run_program(*arguments: object) -> tuple[int, str, str]:
        code = cli._run(["grid", *(str(argument) for argument in arguments)])
        return code, *capsys.readouterr()

    return run_program


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, colour in (("cat", "red"), ("dog", "green"), ("style", "blue")):
        Image.linear_gradient("L").resize((32, 24)).convert("RGB").save(f"{name}.png")
        Image.blend(Image.open(f"{name}.png"), Image.new("RGB", (32, 24), colour), 0.3).save(
            f"{name}.png"
        )
    return tmp_path


def test_what_is_typed_several_times_is_compared(
    run: Run, work: Path, any_style_file: Path, network_file: Path
):
    code, out, err = run(
        *("cat.png", "dog.png", "-o", "grid.png", "--style", "style.png", "--style", "dog.png"),
        *("--model", any_style_file, "--strength", "0.5", "--strength", "1", "--width", "40"),
        *("--keep-color", "--json"),
    )
    started, *_, finished = map(json.loads, out.splitlines())
    assert (code, err) == (0, "")
    assert started["look"] == "2 × 4 pictures"
    assert (started["total"], finished["written"]) == (8, 8)
    with Image.open("grid.png") as page:
        assert page.width == 26 + 5 * 46 - 6
        columns = json.loads(page.info["stylize"])["grid"]
    assert [column["column"] for column in columns] == [
        f"{style}, strength {strength}" for style in ("style", "dog") for strength in ("0.5", "1")
    ]
    assert {column["keep_color"] for column in columns} == {True}


@pytest.mark.parametrize(("windows", "rows"), [(True, 2), (False, None)])
def test_patterns_are_looked_up_where_no_shell_does(
    run: Run, work: Path, network_file: Path, monkeypatch: pytest.MonkeyPatch, windows, rows
):
    monkeypatch.setattr(grid, "_WINDOWS", windows)
    Image.new("RGB", (8, 8)).save("[a].png")
    code, out, err = run(
        *("?[ao][tg].png", "[a].png", "-o", "grid.png", "--model", network_file, "--json")
    )
    if rows is None:
        assert (code, err) == (1, "Error: ?[ao][tg].png: no such file or folder\n")
    else:
        assert (code, json.loads(out.splitlines()[0])["total"]) == (0, rows + 1)


def test_a_grid_with_a_failed_cell_is_written_and_the_exit_code_says_so(
    run: Run, work: Path, network_file: Path
):
    Path("bird.png").write_text("no picture")
    given = ("cat.png", "bird.png", "-o", "out", "--model", network_file)
    code, out, err = run(*given, "--quiet")
    assert code == 1
    assert err.startswith("Failed: bird.png: not a picture that can be read")
    assert Path("out/index.html").is_file()
    code, out, err = run(*given, "--overwrite")
    assert code == 1
    assert err.startswith("cat.png -> out (2 × 1 pictures)\nFailed: bird.png")
    assert out.endswith("1 failed: out\n")


def test_options_of_a_method_that_are_typed_several_times_are_compared(
    run: Run, work: Path, monkeypatch: pytest.MonkeyPatch
):
    given: dict[str, object] = {}

    def note(*_: object, **options: object) -> Finished:
        given.update(options)
        return Finished(Path("x.png"), "pictures", 1, 0, 0, 1.0)

    monkeypatch.setattr(run_grid, "stylize_grid", note)
    values = ("--set", "extractor=vgg16", "--set", "extractor=vgg19", "--set", "iterations=5")
    code, _, _ = run("cat.png", "-o", "x.png", "--style", "a.png", "--method", "gatys", *values)
    assert code == 0
    assert given["method_options"] == [
        {"extractor": "vgg16", "iterations": 5}, {"extractor": "vgg19", "iterations": 5},
    ]  # fmt: skip
    assert run("cat.png", "-o", "x.png", "--preset", "wave")[0] == 0
    assert given["method_options"] == [{}]


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        (("cat.png", "-o", "x.png"), 2, "name a look by --style, by --preset or by --model"),
        (("bird.png", "-o", "x.png", "--preset", "wave"), 1, "bird.png: no such file or folder"),
        (("cat.png", "-o", "x.png", "--preset", "wavy"), 2, "did you mean 'wave'?"),
        (("cat.png", "-o", "x.png", "--style", "x.jpg"), 1, "Error: x.jpg: no such file"),
        (
            ("cat.png", "-o", "x.png", "--style", "x.jpg:0.5"),
            2,
            "x.jpg:0.5: a grid shows each style by itself; leave out the share (x.jpg)",
        ),
        (("cat.png", "-o", "dog.png", "--preset", "wave"), 1, "dog.png: is there already (--overw"),
        (("cat.png", "-o", "x.bmp", "--preset", "wave"), 2, "cannot write a picture with '.bmp'"),
        (("cat.png", "--preset", "wave"), 2, "Missing option '-o'"),
        (("-o", "x.png", "--preset", "wave"), 2, "Missing argument 'CONTENT...'"),
        (("cat.png", "-o", "x.png", "--style", "a", "--method", "oil"), 2, "'oil' is not one of"),
        (("cat.png", "-o", "x.png", "--batch", "2"), 2, "No such option"),
    ],
)
def test_what_is_wrong_is_one_line_and_an_exit_code(
    typed: tuple[str, ...], code: int, said: str, run: Run, work: Path
):
    before = sorted(work.iterdir())
    ended, _, err = run(*typed)
    assert (ended, sorted(work.iterdir())) == (code, before)
    assert said in err


def test_help_begins_with_what_a_grid_compares(run: Run):
    code, out, _ = run("--help")
    assert code == 0
    flags = [line.split()[0] for line in out.splitlines() if line.startswith("  -")]
    assert flags[:8] == [
        *("-o,", "--style", "--preset", "--method", "--set", "--model", "--strength", "--width")
    ]
    assert {"--keep-color", "--size", "--seed", "--json"} <= set(flags)
    assert len(flags) == len(set(flags))
