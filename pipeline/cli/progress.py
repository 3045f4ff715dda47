"""What a person sees while a job runs: a bar, plain lines where there is no terminal, or JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Protocol

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column

from stylize.pipeline.errors import StylizeError, in_a_line
from stylize.pipeline.events import (
    Advanced,
    Event,
    Failed,
    Fetched,
    Finished,
    Measured,
    Notice,
    Report,
    Skipped,
    Started,
    Stepped,
    as_json,
)

from . import interruption

LINE_EVERY_SECONDS = 5.0
"""How often a plain line tells how far the job is, where the output is no terminal."""


ROOM_FOR_STAGES = 100
"""Characters a line must have to show what each stage has done."""


class _Screen(Protocol):
    def __enter__(self) -> object: ...

    def __exit__(self, *reason: object) -> None: ...

    def show(self, event: Event) -> None: ...


@contextmanager
def reporting(*, quiet: bool, as_json_lines: bool) -> Iterator[Report]:
    """Give the function that shows events, in the way that fits where the output goes.

    Args:
        quiet: show failures only; in JSON also what ends the job.
        as_json_lines: one JSON object a line on the standard output, for other programs; what
            ends the job is one of them too.
    """
    console = Console(stderr=True)
    screen: _Screen
    if as_json_lines:
        screen = _JsonLines(quiet=quiet)
    elif quiet:
        screen = _Failures()
    elif console.is_terminal:
        screen = _Bar(console)
    else:
        screen = _Lines()

    def show(event: Event) -> None:
        interruption.check()
        screen.show(event)

    with screen:
        try:
            yield show
        except (StylizeError, OSError) as error:
            if as_json_lines:
                click.echo(json.dumps({"event": "error", "reason": in_a_line(error)}))
            raise
        except KeyboardInterrupt:
            if as_json_lines:
                click.echo(json.dumps({"event": "interrupted"}))
            raise


class _JsonLines:
    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def __enter__(self) -> None: ...

    def __exit__(self, *reason: object) -> None: ...

    def show(self, event: Event) -> None:
        if self._quiet and not isinstance(event, Failed | Finished):
            return
        try:
            click.echo(json.dumps(as_json(event)))
        except BrokenPipeError:
            # Who listened has had enough; the work goes on, and what else is said goes nowhere.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)


class _Failures:
    def __enter__(self) -> None: ...

    def __exit__(self, *reason: object) -> None: ...

    def show(self, event: Event) -> None:
        if isinstance(event, Failed):
            click.echo(f"Failed: {event.reason}", err=True)


class _Lines(_Failures):
    """A line now and then; for logs."""

    def __init__(self) -> None:
        self._started: Started | None = None
        self._failed = 0
        self._began = self._said = monotonic()

    def show(self, event: Event) -> None:
        match event:
            case Started():
                self._started = event
                self._failed = 0
                self._began = self._said = monotonic()
                click.echo(f"{event.source} -> {event.target} ({event.look})", err=True)
            case Advanced() | Stepped() | Measured() | Fetched() if self._time_to_speak():
                click.echo(self._line(event), err=True)
            case Notice(text):
                click.echo(text, err=True)
            case Skipped(source, reason):
                click.echo(f"{source}: skipped: {reason}", err=True)
            case Finished():
                click.echo(summary(event))
            case Failed():
                self._failed += 1
                super().show(event)

    def _time_to_speak(self) -> bool:
        if monotonic() - self._said < LINE_EVERY_SECONDS:
            return False
        self._said = monotonic()
        return True

    def _line(self, event: Advanced | Stepped | Measured | Fetched) -> str:
        if isinstance(event, Stepped):
            return f"step {event.done} of {event.total}"
        if isinstance(event, Fetched):
            return f"fetching weights: {event.done / event.total:.0%}"
        if isinstance(event, Measured):
            return self._pace(event.frames)
        stages = f"read {event.read}, painted {event.painted}, written {event.written}"
        return f"{self._pace(event.written + self._failed)} ({stages})"

    def _pace(self, done: int) -> str:
        started = self._started
        total = started.total if started is not None else None
        seconds = monotonic() - self._began
        unit = started.unit if started is not None else "frames"
        line = f"{done} of {total or '?'} {unit}, {pace(done, seconds)}"
        if total and done:
            line += f", {max(0, total - done) * seconds / done:.0f} s left"
        return line


class _Bar(_Failures):
    """A live bar with the rate, the time left and what each stage has done."""

    def __init__(self, console: Console) -> None:
        name = Column(ratio=1, no_wrap=True, overflow="ellipsis")  # gives way to the others
        columns: list[ProgressColumn] = [
            TextColumn("{task.description}", table_column=name),
            BarColumn(bar_width=max(6, min(40, console.width // 6))),
            _whole("{task.completed}/{task.fields[of]}"),
            _whole("{task.fields[rate]}"),
            TimeRemainingColumn(compact=True, table_column=Column(no_wrap=True)),
        ]
        if console.width >= ROOM_FOR_STAGES:
            columns.append(_whole("[dim]{task.fields[stages]}"))
        self._progress = Progress(*columns, console=console, expand=True)
        self._task: TaskID | None = None
        self._part: TaskID | None = None
        self._part_began = monotonic()
        self._part_first = self._part_done = 0
        self._written = self._failed = 0
        self._stages = ""
        self._began = monotonic()

    def __enter__(self) -> None:
        self._progress.start()

    def __exit__(self, *reason: object) -> None:
        self._progress.stop()

    def show(self, event: Event) -> None:
        say = self._progress.console.print
        match event:
            case Started():
                self._start(event)
            case Advanced(read, painted, written):
                self._written = written
                self._stages = f"read {read} · painted {painted} · written {written}"
                self._advance()
            case Measured(frames):
                self._written = frames
                self._advance()
            case Stepped(done, total):
                self._show_part("step", done, total)
            case Fetched(done, total):
                self._show_part("fetching weights, MB", done >> 20, total >> 20)
            case Notice(text):
                say(escape(text), style="yellow", highlight=False)
            case Skipped(source, reason):
                say(escape(f"{source}: skipped: {reason}"), style="dim", highlight=False)
            case Failed(_, reason):
                say(escape(f"Failed: {reason}"), style="red", highlight=False)
                self._failed += 1
                self._advance()
            case Finished():
                self._progress.stop()
                click.echo(summary(event))

    def _start(self, event: Started) -> None:
        self._began = monotonic()
        self._written = self._failed = 0
        self._stages = ""
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(
            escape(f"{event.source.name} → {event.look}"),
            total=event.total,
            of=event.total or "?",
            rate="",
            stages="",
        )

    def _show_part(self, what: str, done: int, total: int) -> None:
        """Show how far the one picture or file is that is in the making."""
        if self._part is not None and done < self._part_done:  # that was another one
            self._progress.remove_task(self._part)
            self._part = None
        if self._part is None:
            self._part = self._progress.add_task(what, total=total, of=total, rate="", stages="")
            self._part_began, self._part_first = monotonic(), done
        self._part_done = done
        self._progress.update(
            self._part,
            description=what,
            completed=done,
            total=total,
            of=total,
            rate=pace(done - self._part_first, monotonic() - self._part_began, a_second="/s"),
            visible=done < total,
        )

    def _advance(self) -> None:
        """Show how many are done with, those that failed among them."""
        if self._task is None:
            return
        done = self._written + self._failed
        rate = pace(done, monotonic() - self._began, a_second="/s")
        self._progress.update(self._task, completed=done, rate=rate, stages=self._stages)


def _whole(text: str) -> TextColumn:
    return TextColumn(text, table_column=Column(no_wrap=True))


def pace(done: int, seconds: float, *, a_second: str = " a second") -> str:
    """How fast it goes: so many a second, or so many seconds each."""
    rate = done / max(seconds, 1e-3)
    return f"{rate:.1f}{a_second}" if rate >= 0.1 or not done else f"{1 / rate:.0f} s each"


def summary(event: Finished) -> str:
    """The last line of a job: how many, how long, how fast, and where the result is."""
    unit = event.unit if event.written != 1 else event.unit.removesuffix("s")
    parts = [f"{event.written} {unit} in {event.seconds:.1f} s"]
    if event.seconds > 0 and event.written:
        parts[0] += f" ({pace(event.written, event.seconds)})"
    if event.skipped:
        parts.append(f"{event.skipped} skipped")
    if event.failed:
        parts.append(f"{event.failed} failed")
    return f"{', '.join(parts)}: {event.target}"
