"""`stylize video`: paint a film."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from . import interruption
from .options import encoding_options, look_options, restyle_options, typed_options
from .outputs import existing, output_options
from .progress import reporting


class _Time(click.ParamType[Fraction]):
    """Seconds (`90`, `1.5`) or a clock time (`1:30`, `0:01:30.040`), kept exactly."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Fraction:
        found = re.fullmatch(r"(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d*)?|\.\d+)", str(value))
        if found is None:
            self.fail(f"{value!r} is no time (seconds: 12.5, or a clock time: 1:02:03.5)")
        hours, minutes, seconds = found.groups("0")
        return 3600 * int(hours) + 60 * int(minutes) + Fraction(seconds)


TIME = _Time()


@click.command()
@click.argument("source", type=click.Path(path_type=Path), metavar="FILM")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="mp4, mov, mkv, webm, gif, webp, apng, or a folder for PNGs.  [default: FILM-LOOK.…]",
)
@look_options
@click.option("--start", type=TIME, help="Begin here: seconds, or 1:02:03.5.")
@click.option("--end", type=TIME, help="End before here.")
@click.option("--frames", type=int, metavar="N", help="At most this many frames.")
@restyle_options
@encoding_options
@output_options
def video(
    source: Path,
    output: Path | None,
    start: Fraction | None,
    end: Fraction | None,
    frames: int | None,
    *,
    overwrite: bool,
    skip_existing: bool,
    metadata: bool,
    quiet: bool,
    as_json: bool,
    **painting: object,
) -> None:
    """Paint a film; its times, sound, subtitles and chapters go through."""
    there = existing(overwrite=overwrite, skip_existing=skip_existing, otherwise="refuse")
    from stylize.pipeline import Span, stylize_video

    interruption.clean_up_first()
    with reporting(quiet=quiet, as_json_lines=as_json) as report:
        report(
            stylize_video(
                source,
                output,
                span=Span(start, end, frames),
                existing=there,
                metadata=metadata,
                report=report,
                **typed_options(painting),
            )
        )
