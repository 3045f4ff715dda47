"""`--at TIME`: what stands behind it holds from then on, and what cannot change goes anywhere."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from stylize.pipeline import cli
from stylize.pipeline.events import Finished
from stylize.pipeline.styles import Style
from stylize.pipeline.timeline import Change

Call = tuple[Path, Path | None, dict[str, Any]]


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """What the run was called with."""
    calls: list[Call] = []

    def note(source: Path, target: Path | None, **options: Any) -> Finished:
        calls.append((source, target, options))
        return Finished(Path("out.mp4"), "frames", 1, 0, 0, 1.0)

    monkeypatch.setattr("stylize.pipeline.run_video.stylize_video", note)
    return calls


def run(*words: str) -> int:
    return cli._run(["video", "--quiet", *words])


def style(name: str, share: float = 1.0) -> dict[str, Any]:
    return {"style": (Style(Path(name), share),)}


def test_what_stands_behind_a_time_holds_from_then_on(called: list[Call]):
    code = run(
        *("film.mp4", "--style", "a.jpg", "--keep-color", "--fade", "0.5"),
        *("--at", "0:12", "--style", "b.jpg:0.7"),
        *("--at=0:20", "--preset", "wave", "--fade", "2"),
        *("--at", "0:30", "--strength", "0", "--no-keep-color", "--style-scale", "2"),
        *("--at", "40", "--style", "c.jpg", "--method", "gatys", "--set", "iterations=5"),
    )
    assert code == 0
    ((source, target, options),) = called
    assert (source, target) == (Path("film.mp4"), None)
    assert (options["style"], options["keep_color"]) == (style("a.jpg")["style"], True)
    half, gatys = Fraction(1, 2), {"method": "gatys", "method_options": {"iterations": 5}}
    assert options["timeline"] == [
        Change(Fraction(12), style("b.jpg", 0.7), half),
        Change(Fraction(20), {"preset": "wave"}, Fraction(2)),
        Change(Fraction(30), {"strength": 0.0, "keep_color": False, "style_scale": 2.0}, half),
        Change(Fraction(40), {**style("c.jpg"), **gatys}, half),  # type: ignore[typeddict-item]
    ]
    assert not {"method", "preset", "strength"} & options.keys()


def test_what_cannot_change_may_stand_anywhere(called: list[Call]):
    code = run(
        *("--preset", "wave", "--at", "5", "--strength", "0", "film.mp4", "-o", "o.mkv"),
        *("--at", "7", "--crf", "20", "--strength", "1", "--size=480", "--start", "3", "--hw"),
    )
    assert code == 0
    ((source, target, options),) = called
    assert (source, target) == (Path("film.mp4"), Path("o.mkv"))
    assert (options["crf"], options["size"], options["hw"]) == (20, 480, True)
    assert options["span"].start == 3
    assert options["timeline"] == [
        Change(Fraction(5), {"strength": 0.0}),
        Change(Fraction(7), {"strength": 1.0}),
    ]


def test_behind_two_hyphens_there_are_only_files(called: list[Call]):
    assert run("--at", "5", "--preset", "wave", "--", "--at") == 0
    ((source, _, options),) = called
    assert source == Path("--at")
    assert options["timeline"] == [Change(Fraction(5), {"preset": "wave"})]


def test_a_fade_that_is_usual_is_none_at_the_beginning(called: list[Call]):
    assert run("in.mp4", "--fade", "2", "--at", "0", "--preset", "wave", "--at", "9") == 0
    assert [change.fade for change in called[0][2]["timeline"]] == [None, 2]


def test_a_file_may_say_it_all(called: list[Call]):
    assert run("in.mp4", "--timeline", "evening.toml", "--crf", "20") == 0
    assert called[0][2]["timeline"] == Path("evening.toml")


def test_without_either_nothing_changes(called: list[Call]):
    assert run("in.mp4", "--preset", "wave") == 0
    assert called[0][2]["timeline"] is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--at",), "Option '--at' requires an argument."),
        (("--at", "soon"), "Invalid value for '--at': 'soon' is no time (seconds: 12.5, or a clo"),
        (("--at", "-5"), "Invalid value for '--at': '-5' is no time"),
        (("--at", "5", "--strength", "much"), "Invalid value for '--strength': 'much' is not a v"),
        (("--at", "5", "--stile", "b.jpg"), "No such option '--stile'"),
        (("--at", "5", "--timeline", "a.toml"), "--timeline and --at exclude each other: the file"),
        (("--fade", "2", "--timeline", "a.toml"), "--timeline and --fade exclude each other"),
        (("--fade", "2"), "--fade says how long a change takes: name one by --at"),
        (("--at", "5"), "at 0:05: nothing changes then: name what does (preset, model, style,"),
        (("--at", "5", "--preset", "wave", "--at", "3"), "at 0:05: the next moment is at 0:03"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
):
    assert run("in.mp4", *words) == 2
    error = capsys.readouterr().err
    assert said in error.splitlines()[-1]
    assert "[OPTIONS]" not in error or "Usage: stylize video [OPTIONS] FILM" in error


def test_the_help_names_the_options_of_style_over_time(capsys: pytest.CaptureFixture[str]):
    assert run("--at", "5", "--help") == 0
    out = capsys.readouterr().out
    assert all(f"  {option} " in out for option in ("--timeline", "--at", "--fade"))
