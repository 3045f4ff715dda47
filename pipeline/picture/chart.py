"""Draw curves over time, as small and clean as in print: axes, a grid, a legend, marks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from .lettering import INK, font

Point = tuple[float, float]

FAINT, GRID, CUT = "#777777", "#e4e4e4", "#9a9a9a"
TITLE, TEXT = 19, 15
"""Pixels of letters."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 84, 40, 64, 44
"""Pixels around the field that the curves are in."""
_FINE = 3
"""Lines are drawn this much larger and shrunk: Pillow's own have steps."""
_TICKS_DOWN, _TICKS_ACROSS = 4, 10
_DASH = 5


@dataclass(frozen=True, slots=True)
class Curve:
    """Values over time.

    Attributes:
        name: for the legend.
        colour: of the line.
        runs: stretches of (seconds, value) without a break.
    """

    name: str
    colour: str
    runs: Sequence[Sequence[Point]]


def chart(
    curves: Sequence[Curve],
    *,
    size: tuple[int, int],
    title: str,
    until: float | None = None,
    cuts: Sequence[float] = (),
    marks: Sequence[tuple[float, str]] = (),
) -> Image.Image:
    """Draw curves from 0 up, the last one on top.

    Args:
        curves: at least one of them has a point.
        size: width and height of the picture.
        title: above it.
        until: seconds that the axis reaches to at least.
        cuts: seconds at which a dashed line stands.
        marks: seconds and a letter that stands above the field there.
    """
    page = Image.new("RGB", size, "white")
    field = _Field.around(curves, size, until)
    drawn = _lines(field, curves, cuts, size)
    page.paste(drawn.resize(size, Image.Resampling.BOX))
    draw = ImageDraw.Draw(page)
    draw.text((_LEFT, 4), title, INK, font(TITLE))
    _legend(draw, curves)
    for value in field.ticks_down():
        place = (_LEFT - 8, field.row(value))
        draw.text(place, f"{value:.10f}".rstrip("0").rstrip("."), FAINT, font(TEXT), anchor="rm")
    for value in field.ticks_across():
        draw.text(
            (field.column(value), field.bottom + 8), clock(value), FAINT, font(TEXT), anchor="mt"
        )
    for time, letter in marks:
        draw.text((field.column(time), field.top - 3), letter, INK, font(TEXT), anchor="mb")
    return page


def clock(seconds: float) -> str:
    """Seconds as a person reads them: 7.25 s, and from a minute on 1:07.25."""
    minutes, hundredths = divmod(round(seconds * 100), 6000)
    rest = f"{hundredths / 100:.2f}".rstrip("0").rstrip(".")
    if not minutes:
        return f"{rest} s"
    return f"{minutes}:{'0' if hundredths < 1000 else ''}{rest}"


def nice(value: float) -> float:
    """The next number up of 1, 2, 2.5, 5 and 10 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(n * power for n in (1, 2, 2.5, 5, 10) if n * power >= value * (1 - 1e-6))


@dataclass(frozen=True, slots=True)
class _Field:
    """Where the curves are, in pixels, and what its sides stand for."""

    left: int
    top: int
    right: int
    bottom: int
    first: float
    last: float
    highest: float

    @classmethod
    def around(cls, curves: Sequence[Curve], size: tuple[int, int], until: float | None) -> _Field:
        points = [point for curve in curves for run in curve.runs for point in run]
        times = [time for time, _ in points]
        first = min(times)
        last = max(times if until is None else [*times, until])
        highest = max(value for _, value in points) or 1.0
        right, bottom = size[0] - _RIGHT, size[1] - _BOTTOM
        return cls(_LEFT, _TOP, right, bottom, first, max(last, first + 0.01), highest * 1.05)

    def column(self, time: float) -> float:
        share = (time - self.first) / (self.last - self.first)
        return self.left + share * (self.right - self.left)

    def row(self, value: float) -> float:
        return self.bottom - value / self.highest * (self.bottom - self.top)

    def ticks_down(self) -> Iterator[float]:
        return _ticks(0, self.highest, _TICKS_DOWN)

    def ticks_across(self) -> Iterator[float]:
        return _ticks(self.first, self.last, _TICKS_ACROSS)


def _ticks(low: float, high: float, most: int) -> Iterator[float]:
    step = nice((high - low) / most)
    for number in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1):
        yield number * step


def _lines(
    field: _Field, curves: Sequence[Curve], cuts: Sequence[float], size: tuple[int, int]
) -> Image.Image:
    canvas = Image.new("RGB", (size[0] * _FINE, size[1] * _FINE), "white")
    draw = ImageDraw.Draw(canvas)
    for value in field.ticks_down():
        colour = FAINT if value == 0 else GRID
        _bar(draw, colour, (field.left, field.row(value)), (field.right - field.left, 1))
    for cut in cuts:
        for row in range(field.top, field.bottom, 2 * _DASH):
            _bar(draw, CUT, (field.column(cut), row), (1, _DASH))
    for curve in curves:
        for run in curve.runs:
            _run(
                draw,
                curve.colour,
                [(field.column(x) * _FINE, field.row(y) * _FINE) for x, y in run],
            )
    return canvas


def _bar(draw: ImageDraw.ImageDraw, colour: str, place: Point, size: tuple[int, int]) -> None:
    """Whole pixels from a place on, so that straight lines stay crisp."""
    left, top = (round(side) * _FINE for side in place)
    right, bottom = left + size[0] * _FINE - 1, top + size[1] * _FINE - 1
    draw.rectangle((left, top, right, bottom), colour)


def _run(draw: ImageDraw.ImageDraw, colour: str, points: Sequence[Point]) -> None:
    """A line through points; a dot where there is one alone."""
    if len(points) > 1:
        draw.line(points, colour, 2 * _FINE, joint="curve")
        return
    ((x, y),) = points
    draw.circle((x, y), 3 * _FINE, colour)


def _legend(draw: ImageDraw.ImageDraw, curves: Sequence[Curve]) -> None:
    column = float(_LEFT)
    for curve in curves:
        draw.rectangle((column, 36, column + 18, 40), curve.colour)
        draw.text((column + 24, 38), curve.name, INK, font(TEXT), anchor="lm")
        column += 24 + font(TEXT).getlength(curve.name) + 28
