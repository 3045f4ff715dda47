"""The findings about a film as one picture: error over time, and its worst places to look at."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from ..measuring.findings import Findings, GapFindings
from .chart import FAINT, TEXT, Curve, Point, chart, clock, nice
from .lettering import INK, font, letterable
from .sheet import GAP, LABEL, Cell, as_cell, as_picture, sheet

WIDTH, MARGIN = 1600, 32
_HEADLINE, _HEAD, _CHART, _CELL, _SCALE = 25, 100, 320, 300, 44
"""Pixels: letters of the headline; heights of it, a chart, a picture, and the scale of colours."""
_COLOURS = ("#8c8c8c", "#0072b2", "#d55e00")
"""Of source, output and per-frame painting: Okabe's and Ito's, which all people tell apart."""
_ROLES = ("source", "painting", "frame by frame")
_NAME = 60
"""Letters of a file's name that are shown."""
_HIDDEN = (205, 205, 205)
_HEAT = np.array([
    [0, 0, 4], [50, 10, 94], [120, 28, 109], [188, 55, 84], [237, 105, 37], [252, 180, 20],
    [252, 255, 164],
], np.float32)  # fmt: skip
"""From nothing to the most: brighter throughout, so that it also reads in grey."""
_MOST = 0.99
"""Share of errors below the top of the scale: the few above it would make the rest dark."""


def steadiness_figure(findings: Findings) -> Tensor:
    """Draw the findings.

    Returns:
        (3, H, W) RGB in [0, 1], 1600 pixels wide.
    """
    marks = [(float(one.time), chr(ord("A") + index)) for index, one in enumerate(findings.worst)]
    parts = [_headline(findings)]
    for index, gap in enumerate(findings.gaps):
        parts.append(_chart(findings, gap, marks=() if index else marks))
    if findings.worst:
        parts += _worst(findings, [letter for _, letter in marks])
    page = Image.new("RGB", (WIDTH, sum(part.height for part in parts) + 2 * MARGIN), "white")
    top = MARGIN
    for part in parts:
        page.paste(part, (MARGIN, top))
        top += part.height
    return as_picture(page)


def _headline(findings: Findings) -> Cell:
    strip = Image.new("RGB", (WIDTH - 2 * MARGIN, _HEAD), "white")
    draw = ImageDraw.Draw(strip)
    source, painted, *against = (letterable(_short(path.name)) for path in findings.films)
    draw.text((0, 0), f"How steady {painted} is", INK, font(_HEADLINE))
    beside = f", beside {against[0]}, painted frame by frame" if against else ""
    width, height = findings.size
    shots = f"{findings.shots} shots" if findings.shots > 1 else "one shot"
    facts = f"{findings.frames} frames of {width} by {height} pixels, {shots}"
    error = "error: mean squared difference from what moved along, RGB from 0 to 1"
    lines = (f"painted from {source}{beside}", f"{facts}; flow: {findings.flow}; {error}")
    for number, line in enumerate(lines):
        draw.text((0, _HEADLINE + 16 + number * (TEXT + 9)), line, FAINT, font(TEXT))
    return strip


def _short(name: str) -> str:
    return name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"


def _chart(findings: Findings, gap: GapFindings, *, marks: Sequence[tuple[float, str]]) -> Cell:
    curves = []
    for film, (role, mean) in enumerate(zip(_ROLES, gap.means, strict=False)):
        excess = f", excess {gap.excess(film):.2f}" if film else ""
        name = f"{role}: mean {mean.error:.3g}{excess}"
        curves.append(Curve(name, _COLOURS[film], _runs(gap, film)))
    apart = "neighbouring frames" if gap.gap == 1 else f"frames that are {gap.gap} apart"
    return chart(
        [curves[0], *curves[:0:-1]],
        size=(WIDTH - 2 * MARGIN, _CHART),
        title=f"Error between {apart}",
        until=float(findings.gaps[0].pairs[-1].time),
        cuts=[float(b.time) for a, b in pairwise(gap.pairs) if a.shot != b.shot],
        marks=marks,
    )


def _runs(gap: GapFindings, film: int) -> list[list[Point]]:
    """The errors of a film, a stretch for each shot."""
    shots = groupby(gap.pairs, key=lambda pair: pair.shot)
    return [[(float(pair.time), pair.scores[film].error) for pair in run] for _, run in shots]


def _worst(findings: Findings, letters: Sequence[str]) -> list[Cell]:
    """The worst pairs as a sheet, and the scale of its colours."""
    painted = range(1, len(findings.films))
    depths = torch.cat([one.errors[film].flatten() for one in findings.worst for film in painted])
    seen = depths[~depths.isnan()]
    top = nice(max(0.01, seen.quantile(_MOST).sqrt().item())) if len(seen) else 0.01
    cells = [[as_cell(one.pictures[film]) for one in findings.worst] for film in (0, 1)]
    cells += [[_heat(one.errors[film], top) for one in findings.worst] for film in painted]
    rows = [[_fitted(cell, len(row)) for cell in row] for row in cells]
    names = ("source", "painting", "its error", "error, frame by frame")[: len(rows)]
    headings = [
        f"{letter}  at {clock(float(one.time))}, error {one.error:.3g}"
        for letter, one in zip(letters, findings.worst, strict=True)
    ]
    return [_spaced(sheet(rows, headings=headings, names=names)), _scale(top)]


def _fitted(cell: Cell, columns: int) -> Cell:
    """A picture as large as there is room for in one of so many columns."""
    width = (WIDTH - 2 * MARGIN - LABEL - GAP * (columns - 1)) // columns
    factor = min(width / cell.width, _CELL / cell.height)
    size = max(1, round(cell.width * factor)), max(1, round(cell.height * factor))
    return cell.resize(size, Image.Resampling.LANCZOS)


def _heat(error: Tensor, top: float) -> Cell:
    """The root of squared differences, (h, w), as colours; grey where there are none."""
    share = (error.sqrt() / top).clamp(0, 1).nan_to_num(0).numpy()
    colours = _colours(share)
    colours[error.isnan().numpy()] = _HIDDEN
    return Image.fromarray(colours)


def _colours(share: np.typing.NDArray[np.float32]) -> np.typing.NDArray[np.uint8]:
    """From numbers in [0, 1] to (..., 3) colours."""
    stops = np.linspace(0, 1, len(_HEAT))
    channels = [np.interp(share, stops, _HEAT[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).round().astype(np.uint8)


def _scale(top: float) -> Cell:
    strip = Image.new("RGB", (WIDTH - 2 * MARGIN, _SCALE), "white")
    draw = ImageDraw.Draw(strip)
    middle, left, length = _SCALE - 16, LABEL + 150, 240
    bar = _colours(np.linspace(0, 1, length, dtype=np.float32)[None].repeat(14, 0))
    draw.text((LABEL, middle), "difference (RMS):", FAINT, font(TEXT), anchor="lm")
    draw.text((left - 6, middle), "0", FAINT, font(TEXT), anchor="rm")
    strip.paste(Image.fromarray(bar), (left, middle - 7))
    draw.text((left + length + 6, middle), f"{top:g}", FAINT, font(TEXT), anchor="lm")
    column = left + length + 70
    draw.rectangle((column, middle - 7, column + 18, middle + 6), _HIDDEN)
    draw.text((column + 26, middle), "not visible in both frames", FAINT, font(TEXT), anchor="lm")
    return strip


def _spaced(cell: Cell) -> Cell:
    """A part with some white above it."""
    strip = Image.new("RGB", (cell.width, cell.height + MARGIN // 2), "white")
    strip.paste(cell, (0, MARGIN // 2))
    return strip
