"""Measures how steady networks paint films, frame by frame with no smoothing.

    python tests/benchmarks/bench_steadiness.py FILMS_OR_FOLDERS … NETWORK.safetensors …

What `stylize measure` measures, for many networks and films at once and without writing any: frames
have at most 480 pixels on the shorter side, and the networks paint in that size too. Each film's
first line is the source itself; a network's figures mean something beside it and beside other
networks of the same run. The last lines are means of the excess over the films. Asserts nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import click
import torch
from painters import PRECISIONS, Painter, painter

from stylize.models.read_picture import read_picture
from stylize.pipeline.film.read_video import probe_video, read_video
from stylize.pipeline.flow import METHOD
from stylize.pipeline.measuring.findings import GapFindings
from stylize.pipeline.measuring.pairs import GAPS, pairs, shrunk
from stylize.pipeline.measuring.side_by_side import Moment, Reel, side_by_side
from stylize.pipeline.measuring.tally import Tally
from stylize.pipeline.values import Span

FILMS = (".mp4", ".mkv", ".mov", ".webm")
ROW = "{:32} {:>3} {:32} {:>10} {:>9} {:>9} {:>7}"


def _painted(path: Path, painters: Sequence[Painter], *, span: Span) -> Iterator[Moment]:
    """Each frame of a film, and what the painters make of it."""
    film = probe_video(path, notify=click.echo)
    frames = read_video(film, span=span, notify=click.echo)
    for moment in shrunk(side_by_side([Reel(path.name, frames)])):
        (picture,) = moment.pictures
        yield replace(moment, pictures=(picture, *(paint(picture) for paint in painters)))


def _measure(path: Path, painters: dict[str, Painter], *, span: Span) -> tuple[GapFindings, ...]:
    """Print a film's lines."""
    tally = Tally()
    for pair in pairs(_painted(path, list(painters.values()), span=span)):
        tally.add(pair)
    for gap in tally.gaps():
        names = (f"the source ({gap.means[0].visible:.0%} visible)", *painters)
        for film, name in enumerate(names):
            _line(path.stem, gap, name, film)
    return tally.gaps()


def _line(title: str, gap: GapFindings, name: str, film: int) -> None:
    mean = gap.means[film]
    figures = (f"{mean.error * 1e4:.2f}", f"{mean.gradient * 1e4:.1f}", f"{gap.kept(film):.2f}")
    click.echo(ROW.format(title[:32], gap.gap, name[-32:], *figures, f"{gap.excess(film):.2f}"))


def _films(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        yield from (film for film in inside if film.suffix.lower() in FILMS)


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--frames", default=24, show_default=True, type=click.IntRange(2))
@click.option("--start", type=float, help="Seconds from each film's beginning.")
@click.option("--style", type=click.Path(path_type=Path, exists=True), help="For any-style ones.")
@click.option("--precision", default="float32", show_default=True, type=click.Choice(PRECISIONS))
@click.option("--threads", default=2, show_default=True)
@torch.inference_mode()
def main(
    paths: tuple[Path, ...],
    frames: int,
    start: float | None,
    style: Path | None,
    precision: str,
    threads: int,
) -> None:
    """Print how steady films are, painted by networks: PATHS are both, told apart by extension."""
    torch.set_num_threads(threads)
    target = None if style is None else read_picture(style, shorter=512)
    networks = [path for path in paths if path.is_file() and path.suffix.lower() not in FILMS]
    painters = {str(path): painter(path, style=target, precision=precision) for path in networks}
    begin = None if start is None else Fraction(start).limit_denominator(1000)
    click.echo(f"{METHOD}; {frames} frames, each painted by itself in {precision}, eager")
    heads = ("error ×10⁴", "∇² ×10⁴", "∇² ratio", "excess")
    click.echo(ROW.format("film", "gap", "painted by", *heads))
    span = Span(start=begin, frames=frames)
    found = [gap for film in _films(paths) for gap in _measure(film, painters, span=span)]
    for film, name in enumerate(painters, 1):
        for apart in GAPS:
            excesses = [gap.excess(film) for gap in found if gap.gap == apart]
            if excesses:
                mean = f"{sum(excesses) / len(excesses):.2f}"
                over = f"mean of {len(excesses)}"
                click.echo(ROW.format(over, apart, name[-32:], "", "", "", mean))


if __name__ == "__main__":
    main()
