"""The command line: commands parse, call the run, show progress, and turn errors into exit codes.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from io import TextIOWrapper
from typing import Any, NoReturn

import click

from stylize.pipeline.errors import SettingsError, StylizeError, in_a_line
from stylize.pipeline.settings import did_you_mean

from . import interruption

_COMMANDS = {
    "video": ("video", "Paint a film."),
    "folder": ("pictures", "Paint every picture in a folder."),
    "image": ("pictures", "Paint one picture."),
    "grid": ("grid", "Paint pictures in many ways, to compare them."),
    "presets": ("presets", "List, show and save looks."),
    "methods": ("methods", "List the methods and their options."),
    "measure": ("measure", "Measure how steady a painted film is."),
    "weights": ("weights", "List and get the weights that some methods need."),
    "train": ("train", "Train a network of your own, for one style or for any."),
}
"""Command to the module that holds it and its line in the help, which must not import torch."""


class _Lazy(click.Group):
    """Imports a command's module only when that command runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _ = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f"{__name__}.{module}"), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in _COMMANDS and not args[0].startswith("-"):
            near = did_you_mean(args[0], _COMMANDS)
            ctx.fail(f"no command {args[0]!r}{near} (commands: {', '.join(_COMMANDS)})")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="stylize")
def stylize() -> None:
    """Paint films and photographs in the style of a picture."""


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the program and leave with its exit code."""
    # Threads of torch that wait should sleep: by default they spin, and take the processor from
    # the decoder and the encoder beside them. Read when torch is imported, which comes later.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Large tensors on large pages: a training step takes an eighth less. Read likewise.
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors == "strict":
        # A file may have any name, and saying it must not fail when its work is done.
        sys.stdout.reconfigure(errors="backslashreplace")
    interruption.end_at_once()
    interruption.leave(_run(arguments))


def _run(arguments: list[str] | None) -> int:
    try:
        # On Windows click would take patterns apart, those for `--exclude` too.
        result: Any = stylize.main(
            arguments, prog_name="stylize", standalone_mode=False, windows_expand_args=False
        )
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except SettingsError as error:
        _say(error)
        return 2
    except (StylizeError, OSError) as error:  # or a path that the system refuses, unexpectedly
        _say(error)
        return 1
    except (KeyboardInterrupt, click.Abort):
        click.echo(interruption.SAID, err=True)
        return interruption.EXIT_CODE
    return result if isinstance(result, int) else 0


def _say(error: StylizeError | OSError) -> None:
    click.echo(f"Error: {in_a_line(error)}", err=True)
