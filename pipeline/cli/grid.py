"""`stylize grid`: paint pictures in many ways, side by side."""

from __future__ import annotations

import os
from glob import glob
from itertools import product
from pathlib import Path

import click
from natsort import natsorted

from stylize.models.methods import NAMES, MethodName
from stylize.pipeline.method_options import typed_option
from stylize.pipeline.styles import typed_style

from . import interruption
from .file_names import FileName
from .options import restyle_options, typed_settings
from .outputs import existing, output_options
from .progress import reporting

_WINDOWS = os.name == "nt"
_OWN = (
    *("contents", "output", "styles", "presets", "methods", "method_options", "models"),
    *("strengths", "width"),
)


@click.command()
@restyle_options
def _painting() -> None:
    """Hold the options that a grid shares with the commands that paint."""


def _variants(
    _context: click.Context, _option: click.Parameter, typed: tuple[str, ...]
) -> list[dict[str, object]]:
    """Every combination of the values that each option of a method was given."""
    values: dict[str, list[object]] = {}
    for name, value in map(typed_option, typed):
        values.setdefault(name, []).append(value)
    return [dict(zip(values, chosen, strict=True)) for chosen in product(*values.values())]


def _alone(
    _context: click.Context, _option: click.Parameter, named: tuple[Path, ...]
) -> tuple[Path, ...]:
    """Styles without shares, which the commands take that mix them."""
    for path in named:
        if (style := typed_style(str(path))).path != path:
            raise click.UsageError(
                f"{path}: a grid shows each style by itself; leave out the share ({style.path})"
            )
    return named


def _matched(
    _context: click.Context, _option: click.Parameter, named: tuple[Path, ...]
) -> tuple[Path, ...]:
    """The files that patterns such as `*.jpg` stand for, where no shell has looked them up."""
    if not _WINDOWS:
        return named
    found: list[Path] = []
    for path in named:
        matches = [] if path.exists() else glob(str(path))  # noqa: PTH207 - absolute ones, too
        found += map(Path, natsorted(matches)) if matches else [path]
    return tuple(found)


@click.command(params=[each for each in _painting.params if each.name not in ("strength", "batch")])
@click.argument(
    "contents", type=FileName(), metavar="CONTENT...", nargs=-1, required=True, callback=_matched
)
@click.option(
    "-o",
    "--output",
    type=FileName(),
    required=True,
    help="One picture (grid.jpg, grid.png …), or a folder: all paintings, with a page to see them.",
)
@click.option(
    "--style", "styles", type=FileName(), multiple=True, callback=_alone, metavar="PICTURE",
    help="A column for each picture to paint like.",
)  # fmt: skip
@click.option(
    "--preset", "presets", multiple=True, metavar="NAME|FILE.toml",
    help="A column for each look (see: stylize presets list).",
)  # fmt: skip
@click.option(
    "--method", "methods", type=click.Choice(NAMES), multiple=True, metavar="NAME",
    help="Each style by each method (see: stylize methods).  [default: micro]",
)  # fmt: skip
@click.option(
    "--set", "method_options", callback=_variants, multiple=True, metavar="NAME=VALUE",
    help="Each of these methods by each value of an option of its own.",
)  # fmt: skip
@click.option(
    "--model", "models", type=FileName(), multiple=True,
    metavar="FILE.safetensors", help="Each style by each network; or each network alone.",
)  # fmt: skip
@click.option(
    "--strength", "strengths", type=float, multiple=True, metavar="N",
    help="Each of them in each strength, 0 to 1.  [default: 1]",
)  # fmt: skip
@click.option(
    "--width", type=int, default=320, show_default=True, metavar="PIXELS", help="Of a cell."
)
@output_options
def grid(
    contents: tuple[Path, ...],
    output: Path,
    styles: tuple[Path, ...],
    presets: tuple[str, ...],
    methods: tuple[MethodName, ...],
    models: tuple[Path, ...],
    strengths: tuple[float, ...],
    width: int,
    method_options: list[dict[str, object]],
    *,
    overwrite: bool,
    skip_existing: bool,
    metadata: bool,
    quiet: bool,
    as_json: bool,
    **settings: object,
) -> int:
    """Paint pictures, or folders of them, in many ways: a row for each, a column for each way.

    What is given several times is compared: styles and presets one after the other, each style by
    each method (and each value of its options, by --set), and all in each strength.
    """
    there = existing(overwrite=overwrite, skip_existing=skip_existing, otherwise="refuse")
    from stylize.pipeline import stylize_grid

    interruption.clean_up_first()
    with reporting(quiet=quiet, as_json_lines=as_json) as report:
        done = stylize_grid(
            contents,
            output,
            styles=styles,
            presets=presets,
            methods=methods,
            models=models,
            strengths=strengths,
            method_options=method_options,
            width=width,
            existing=there,
            metadata=metadata,
            report=report,
            **typed_settings(settings),
        )
        report(done)
    return 1 if done.failed else 0


grid.params.sort(key=lambda option: option.name not in _OWN)  # its own come first in its help
