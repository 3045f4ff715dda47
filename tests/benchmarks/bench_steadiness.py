"""Measures how steady networks paint films, frame by frame with no smoothing.

    python tests/benchmarks/bench_steadiness.py FILMS_OR_FOLDERS … NETWORK.safetensors …

Warping error (Lai 2018), excess and gradient energy as `stylize.pipeline.steadiness` defines them,
RGB in [0, 1], between frames that are 1 and 10 apart; means over all such pairs of the part that
is measured. The flow is found in the source, both ways, in pictures of at most 480 pixels on the
shorter side, in which the networks paint too. Each film's first line is the source itself; a
network's figures mean something beside it and beside other networks of the same run. The last
lines are means of the excess over the films. Asserts nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import click
import torch
from painters import PRECISIONS, Painter, painter
from torch import Tensor
from torch.nn.functional import interpolate

from stylize.models.read_picture import read_picture
from stylize.pipeline.film.read_video import probe_video, read_video
from stylize.pipeline.flow import METHOD, dis_flow
from stylize.pipeline.steadiness import Match, Score, excess, match, mean_score, score
from stylize.pipeline.values import Span

SHORTER = 480
GAPS = (1, 10)
FILMS = (".mp4", ".mkv", ".mov", ".webm")
ROW = "{:32} {:>3} {:32} {:>10} {:>9} {:>9} {:>7}"


def _frames(path: Path, *, start: Fraction | None, number: int) -> list[Tensor]:
    film = probe_video(path, notify=click.echo)
    pictures = [
        frame.picture
        for frame in read_video(film, span=Span(start=start, frames=number), notify=click.echo)
    ]
    scale = SHORTER / min(film.height, film.width)
    if scale >= 1:
        return pictures
    size = (round(film.height * scale), round(film.width * scale))
    shrink = {"mode": "bicubic", "antialias": True, "align_corners": False}
    return [interpolate(picture[None], size, **shrink)[0].clamp(0, 1) for picture in pictures]


def _matches(frames: Sequence[Tensor], gap: int) -> list[Match]:
    pairs = zip(frames, frames[gap:], strict=False)
    return [match(dis_flow(*pair), dis_flow(*reversed(pair))) for pair in pairs]


def _mean(frames: Sequence[Tensor], gap: int, matches: Sequence[Match]) -> Score:
    pairs = zip(frames, frames[gap:], matches, strict=False)
    return mean_score(score(earlier, later, match=found) for earlier, later, found in pairs)


def _measure(path: Path, frames: Sequence[Tensor], painters: dict[str, Painter]) -> dict:
    """Print a film's lines; the excess of each painter at each gap."""
    gaps = [gap for gap in GAPS if gap < len(frames)]
    matches = {gap: _matches(frames, gap) for gap in gaps}
    source = {gap: _mean(frames, gap, matches[gap]) for gap in gaps}
    for gap, plain in source.items():
        _line(path.stem, gap, f"the source ({plain.visible:.0%} visible)", plain, plain)
    found = {}
    for name, paint in painters.items():
        painted = [paint(frame) for frame in frames]
        for gap in gaps:
            mean = _mean(painted, gap, matches[gap])
            _line(path.stem, gap, name, mean, source[gap])
            found[name, gap] = excess(mean, source[gap])
    return found


def _line(film: str, gap: int, name: str, mean: Score, source: Score) -> None:
    kept = mean.gradient / source.gradient if source.gradient else float("nan")
    figures = (f"{mean.error * 1e4:.2f}", f"{mean.gradient * 1e4:.1f}", f"{kept:.2f}")
    click.echo(ROW.format(film[:32], gap, name[-32:], *figures, f"{excess(mean, source):.2f}"))


def _films(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        yield from (film for film in inside if film.suffix in FILMS)


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
    networks = [path for path in paths if path.is_file() and path.suffix not in FILMS]
    painters = {str(path): painter(path, style=target, precision=precision) for path in networks}
    begin = None if start is None else Fraction(start).limit_denominator(1000)
    click.echo(f"{METHOD}; {frames} frames, each painted by itself in {precision}, eager")
    heads = ("error ×10⁴", "∇² ×10⁴", "∇² ratio", "excess")
    click.echo(ROW.format("film", "gap", "painted by", *heads))
    found = []
    for film in _films(paths):
        pictures = _frames(film, start=begin, number=frames)
        found.append(_measure(film, pictures, painters))
    for name in painters:
        for gap in GAPS:
            excesses = [film[name, gap] for film in found if (name, gap) in film]
            if excesses:
                mean = f"{sum(excesses) / len(excesses):.2f}"
                over = f"mean of {len(excesses)}"
                click.echo(ROW.format(over, gap, name[-32:], "", "", "", mean))


if __name__ == "__main__":
    main()
