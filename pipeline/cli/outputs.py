"""The options about outputs that every job takes: what may be replaced, stored and shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])
_Otherwise = TypeVar("_Otherwise", Literal["refuse"], Literal["skip"])


class Job(click.Command):
    """A command that paints one thing, and knows what it means that two are named."""

    allow_extra_args = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as usual; `painter in out`, as many programs have it, is told how it goes here."""
        left = super().parse_args(ctx, args)
        if left and not ctx.resilient_parsing:
            (source,) = (each for each in self.params if isinstance(each, click.Argument))
            raise click.UsageError(
                f"one {source.metavar} at a time (got '{left[0]}', too); the output is named by -o",
                ctx,
            )
        return left


def output_options(command: _Command) -> _Command:
    """Add what every job takes: where to write, what to do about what is there, what to show."""
    options = (
        click.option("--overwrite", is_flag=True, help="Replace outputs that are there already."),
        click.option("--skip-existing", is_flag=True, help="Leave outputs that are there already."),
        click.option(
            "--metadata/--no-metadata",
            default=True,
            help="Store the settings in the output.  [default: yes]",
        ),
        click.option("--quiet", is_flag=True, help="Show failures only."),
        click.option("--json", "as_json", is_flag=True, help="One JSON event a line."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def existing(
    *, overwrite: bool, skip_existing: bool, otherwise: _Otherwise
) -> _Otherwise | Literal["overwrite", "skip"]:
    """What to do about outputs that are there, from the two flags.

    Raises:
        click.UsageError: both are given.
    """
    if overwrite and skip_existing:
        raise click.UsageError("--overwrite and --skip-existing exclude each other")
    return "overwrite" if overwrite else "skip" if skip_existing else otherwise
