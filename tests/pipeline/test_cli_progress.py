"""What a person, a log or another program sees of a job."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.progress import Progress, ProgressColumn

from stylize.pipeline.cli import progress
from stylize.pipeline.cli.progress import reporting, summary
from stylize.pipeline.errors import SourceError
from stylize.pipeline.events import (
    Advanced,
    Event,
    Failed,
    Finished,
    Measured,
    Notice,
    Skipped,
    Started,
    Stepped,
)

JOB: tuple[Event, ...] = (
    Started(Path("in.mp4"), Path("out.mp4"), "wave", "frames", 10),
    Notice("in.mp4: sound transcoded"),
    Advanced(4, 3, 2),
    Failed(Path("b.png"), "b.png: truncated"),
    Skipped(Path("c.png"), "out/c.png is there already"),
    Finished(Path("out.mp4"), "frames", 10, 0, 0, 4.0),
)


def show(events: tuple[Event, ...], *, quiet: bool = False, as_json_lines: bool = False) -> None:
    with reporting(quiet=quiet, as_json_lines=as_json_lines) as report:
        for event in events:
            report(event)


def test_without_a_terminal_plain_lines_tell_how_far_the_job_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(progress, "LINE_EVERY_SECONDS", 0.0)
    show(JOB)
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert lines[0] == "in.mp4 -> out.mp4 (wave)"
    assert lines[1] == "in.mp4: sound transcoded"
    assert lines[2].startswith("2 of 10 frames, ")
    assert lines[2].endswith("(read 4, painted 3, written 2)")
    assert lines[3] == "Failed: b.png: truncated"
    assert lines[4] == "c.png: skipped: out/c.png is there already"
    assert out == "10 frames in 4.0 s (2.5 a second): out.mp4\n"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SourceError("a.mp4: damaged"), {"event": "error", "reason": "a.mp4: damaged"}),
        (OSError("disk full"), {"event": "error", "reason": "disk full"}),
        (KeyboardInterrupt(), {"event": "interrupted"}),
    ],
)
def test_what_ends_a_job_is_its_last_line_of_json(
    error: BaseException, said: dict[str, str], capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(type(error)), reporting(quiet=False, as_json_lines=True):
        raise error
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == said


@pytest.mark.parametrize(
    ("done", "seconds", "said"), [(10, 4, "2.5 a second"), (2, 60, "30 s each"), (0, 9, "0.0 a s")]
)
def test_what_is_slow_is_told_in_seconds_each(done: int, seconds: float, said: str):
    assert progress.pace(done, seconds).startswith(said)


def test_plain_lines_come_only_now_and_then(capsys: pytest.CaptureFixture[str]):
    show((JOB[0], *[Advanced(i, i, i) for i in range(100)]))
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_an_unknown_total_is_shown_as_such(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(progress, "LINE_EVERY_SECONDS", 0.0)
    show((Started(Path("a"), Path("b"), "wave", "frames", None), Advanced(1, 1, 1)))
    assert "1 of ? frames" in capsys.readouterr().err


def test_quiet_shows_failures_only(capsys: pytest.CaptureFixture[str]):
    show(JOB, quiet=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "Failed: b.png: truncated\n"


def test_quiet_json_tells_of_failures_and_the_end_only(capsys: pytest.CaptureFixture[str]):
    show(JOB, quiet=True, as_json_lines=True)
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == ["failed", "finished"]


def test_json_gives_one_object_a_line_and_nothing_else(capsys: pytest.CaptureFixture[str]):
    show(JOB, as_json_lines=True)
    out, err = capsys.readouterr()
    events = [json.loads(line) for line in out.splitlines()]
    assert [e["event"] for e in events] == [
        *("started", "notice", "advanced", "failed", "skipped", "finished"),
    ]
    assert events[2] == {"event": "advanced", "read": 4, "painted": 3, "written": 2}
    assert err == ""


def test_json_tells_what_ended_the_job_too(capsys: pytest.CaptureFixture[str]):
    def fail() -> None:
        with reporting(quiet=False, as_json_lines=True):
            raise SourceError("in.mp4: no such file")

    with pytest.raises(SourceError, match="no such file"):
        fail()
    said = json.loads(capsys.readouterr().out)
    assert said == {"event": "error", "reason": "in.mp4: no such file"}


def test_the_work_goes_on_where_nobody_reads_its_json_any_more():
    reader, writer = os.pipe()
    os.close(reader)
    code = (
        "import sys\n"
        "from stylize.pipeline.cli.progress import reporting\n"
        "from stylize.pipeline.events import Notice\n"
        "with reporting(quiet=False, as_json_lines=True) as report:\n"
        "    for _ in range(3):\n"
        "        report(Notice('one'))\n"
        "sys.stderr.write('whole')\n"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=writer, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"whole")


def test_on_a_terminal_a_bar_shows_the_rate_and_each_stage(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=160)
    monkeypatch.setattr(progress, "Console", lambda **_: terminal)
    show(JOB)
    seen = screen.getvalue()
    assert "in.mp4 → wave" in seen
    assert "3/10" in seen  # the one that failed is done with, too
    assert "read 4 · painted 3 · written 2" in seen
    assert "Failed: b.png: truncated" in seen
    assert capsys.readouterr().out == "10 frames in 4.0 s (2.5 a second): out.mp4\n"


def test_what_is_measured_is_counted_without_stages(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    job = (JOB[0], Measured(3))
    monkeypatch.setattr(progress, "LINE_EVERY_SECONDS", 0.0)
    show(job)
    line = capsys.readouterr().err.splitlines()[1]
    assert line.startswith("3 of 10 frames, ")
    assert line.endswith(" s left")
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=160)
    monkeypatch.setattr(progress, "Console", lambda **_: terminal)
    show(job)
    assert "3/10" in screen.getvalue()
    assert "read" not in screen.getvalue()


def test_each_picture_in_the_making_has_a_rate_of_its_own(monkeypatch: pytest.MonkeyPatch):
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=160)
    clock, bars = [0.0], []

    def made(*columns: ProgressColumn, **options: Any) -> Progress:
        bars.append(Progress(*columns, **options))
        return bars[-1]

    monkeypatch.setattr(progress, "Progress", made)
    monkeypatch.setattr(progress, "Console", lambda **_: terminal)
    monkeypatch.setattr(progress, "monotonic", lambda: clock[-1])
    with reporting(quiet=False, as_json_lines=False) as report:
        report(JOB[0])
        for now, done in ((90, 1), (92, 2), (94, 3), (150, 1), (150.25, 2), (150.5, 3)):
            clock.append(now)
            report(Stepped(done, 4))
            bars[0].refresh()
    rates = re.findall(r"3/4\s+(\S+)/s", screen.getvalue())
    assert list(dict.fromkeys(rates)) == ["0.5", "4.0"]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_however_narrow_the_terminal_the_figures_can_be_read(
    width: int, monkeypatch: pytest.MonkeyPatch
):
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=width)
    monkeypatch.setattr(progress, "Console", lambda **_: terminal)
    name = Path("a_film_with_a_name_that_is_far_too_long_for_any_terminal_480p24_30s.mp4")
    started = Started(name, Path("out.mp4"), "wave", "frames", 12345)
    show((started, Advanced(1010, 1005, 1001)))
    seen = screen.getvalue()
    assert "1001/12345" in seen
    assert "/s" in seen
    assert "a_film" in seen
    assert ("written 1001" in seen) == (width >= progress.ROOM_FOR_STAGES)


def test_names_with_brackets_are_no_markup(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    screen = io.StringIO()
    monkeypatch.setattr(
        progress, "Console", lambda **_: Console(file=screen, force_terminal=True, width=160)
    )
    show((Started(Path("[red]x.mp4"), Path("o"), "wave", "frames", 1), Notice("[bold]kept[/bold]")))
    assert "[red]x.mp4" in screen.getvalue()
    assert "[bold]kept[/bold]" in screen.getvalue()


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Finished(Path("o"), "pictures", 1, 0, 0, 0.5), "1 picture in 0.5 s (2.0 a second): o"),
        (Finished(Path("o"), "pictures", 0, 3, 0, 0.0), "0 pictures in 0.0 s, 3 skipped: o"),
        (
            Finished(Path("o"), "pictures", 2, 1, 4, 1.0),
            "2 pictures in 1.0 s (2.0 a second), 1 skipped, 4 failed: o",
        ),
    ],
)
def test_the_summary_counts_what_was_done(event: Finished, line: str):
    assert summary(event) == line
