"""Options that hold from a moment on: those behind each `--at TIME`, told apart by their place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Any, TypeVar

import click

from stylize.pipeline.timeline import CHANGING, Change

from .file_names import FileName
from .options import look_options, restyle_options, typed_options
from .outputs import Job
from .times import TIME

_Command = TypeVar("_Command", bound=Callable[..., Any])

_AT = "--at"


def timeline_options(command: _Command) -> _Command:
    """Add the options of style over time; the command is to be a `CommandOverTime`."""
    for option in (
        click.option("--fade", type=TIME, help="How long a change takes.  [default: 1 second]"),
        click.option(
            _AT, "changes", multiple=True, metavar="TIME OPTION...",
            help="From here on, what these options say: --at 0:12 --style b.jpg --fade 2.",
        ),
        click.option(
            "--timeline", type=FileName(), metavar="FILE.toml",
            help="All of these moments in a file.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


class CommandOverTime(Job):
    """A command whose options may be given anew behind each `--at`.

    Its parameter `changes` becomes a list of `Change`. What cannot change over time may stand
    anywhere and is for the whole film.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take out what stands behind each `--at`, and parse the rest as usual."""
        # All that follows `--` is the name of a file.
        head = list(takewhile(lambda word: word != "--", args))
        starts = [i for i, word in enumerate(head) if word == _AT or word.startswith(f"{_AT}=")]
        marks = [*starts, len(head)]
        whole = head[: marks[0]]
        changes: list[Change] = []
        for start, end in pairwise(marks):
            change, rest = _change(head[start:end], ctx)
            changes.append(change)
            whole = whole + rest
        left = super().parse_args(ctx, whole + args[len(head) :])
        ctx.params["changes"] = changes
        return left


def chosen_timeline(
    timeline: Path | None, changes: Sequence[Change], fade: Fraction | None
) -> Path | list[Change] | None:
    """What was typed, for `stylize_video`.

    Args:
        timeline: the file.
        changes: what stood behind each `--at`.
        fade: what stood before all of them: how long those take that say nothing else.

    Raises:
        UsageError: the options do not go together.
    """
    if timeline is not None and (changes or fade is not None):
        other = _AT if changes else "--fade"
        raise click.UsageError(f"--timeline and {other} exclude each other: the file says it all")
    if timeline is not None:
        return timeline
    if fade is not None and not changes:
        raise click.UsageError(f"--fade says how long a change takes: name one by {_AT}")
    usual = [replace(one, fade=fade) if one.fade is None and one.at else one for one in changes]
    return usual or None


@click.command(
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
@click.option(_AT, type=TIME, required=True)
@click.option("--fade", type=TIME)
@look_options
@restyle_options
def _moment() -> None:
    """Hold the options that may change."""


_moment.params = [each for each in _moment.params if each.name in (*CHANGING, "at", "fade")]


def _change(words: list[str], ctx: click.Context) -> tuple[Change, list[str]]:
    """What changes at a moment, and the words that are about something else."""
    try:
        moment = _moment.make_context(
            ctx.info_name, words, parent=ctx.parent, resilient_parsing=ctx.resilient_parsing
        )
    except click.UsageError as error:
        error.ctx = ctx  # whose usage and help are to be shown
        raise
    at, fade = moment.params.pop("at"), moment.params.pop("fade")
    return Change(at, typed_options(moment.params), fade), moment.args
