"""`stylize video`: paint a film."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import interruption
from .file_names import FileName
from .options import (
    encoding_options,
    look_options,
    restyle_options,
    steadying_options,
    typed_options,
    typed_styles,
)
from .outputs import existing, output_options
from .over_time import CommandOverTime, chosen_timeline, timeline_options
from .progress import reporting
from .times import TIME

if TYPE_CHECKING:
    from stylize.pipeline.styles import Style
    from stylize.pipeline.timeline import Change


@click.command(cls=CommandOverTime)
@click.argument("source", type=FileName(), metavar="FILM")
@click.option(
    "-o",
    "--output",
    type=FileName(),
    help="mp4, mov, mkv, webm, gif, webp, apng, or a folder for PNGs.  [default: FILM-LOOK.…]",
)
@look_options
@click.option(
    "--refine-style",
    multiple=True,
    callback=typed_styles,
    metavar="PICTURE[:SHARE]",
    help="What --refine paints like.  [default: --style]",
)
@click.option("--keyframes-only", is_flag=True, help="Write refined key frames only, as PNGs.")
@click.option("--start", type=TIME, help="Begin here: seconds, or 1:02:03.5.")
@click.option("--end", type=TIME, help="End before here.")
@click.option("--frames", type=int, metavar="N", help="At most this many frames.")
@timeline_options
@restyle_options
@steadying_options
@encoding_options
@output_options
def video(
    source: Path,
    output: Path | None,
    start: Fraction | None,
    end: Fraction | None,
    frames: int | None,
    timeline: Path | None,
    changes: list[Change],
    fade: Fraction | None,
    *,
    refine_style: tuple[Style, ...],
    keyframes_only: bool,
    overwrite: bool,
    skip_existing: bool,
    metadata: bool,
    quiet: bool,
    as_json: bool,
    **painting: object,
) -> None:
    """Paint a film; its times, sound, subtitles and chapters go through.

    The style may change over time: behind --at TIME, options of the look (--preset to --model),
    --strength, --keep-color, --match-color, --denoise and --style-scale hold from then on. All
    others hold for the whole film, wherever they stand.
    """
    over_time = chosen_timeline(timeline, changes, fade)
    there = existing(overwrite=overwrite, skip_existing=skip_existing, otherwise="refuse")
    from stylize.pipeline import Span, stylize_video

    interruption.clean_up_first()
    with reporting(quiet=quiet, as_json_lines=as_json) as report:
        report(
            stylize_video(
                source,
                output,
                span=Span(start, end, frames),
                timeline=over_time,
                refine_style=refine_style or None,
                keyframes_only=keyframes_only,
                existing=there,
                metadata=metadata,
                report=report,
                **typed_options(painting),
            )
        )
