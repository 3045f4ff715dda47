"""A wall to draw a mosaic's design on: forms with their colours, tile sizes and rows.

Positions are in units of the picture's height: x runs from 0 to the aspect ratio, y from 0 (top)
to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
Ramp: TypeAlias = Sequence[str]


@dataclass(frozen=True)
class Design:
    """What each point of the wall is to become.

    Attributes:
        label: (H, W) number of the form; no tile crosses from one into another.
        angle: (H, W) direction of the rows' normal, radians.
        size: (H, W) side of a tile, in picture heights.
        colour: (H, W, 3) in [0, 1].
        gleam: (H, W) how much of a mirror the tile is (gold leaf, glass), 0 to 1.
    """

    label: NDArray[np.int64]
    angle: Array
    size: Array
    colour: Array
    gleam: Array


def ramp(value: Array, colours: Ramp) -> Array:
    """Give each value in [0, 1] a colour, interpolated between the evenly spaced `colours`."""
    stops = np.array([[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in colours])
    if len(stops) == 1:
        return np.broadcast_to(stops[0], (*value.shape, 3))
    places = np.linspace(0, 1, len(stops))
    return np.stack([np.interp(value, places, stops[:, k]) for k in range(3)], axis=-1)


class Wall:
    """A wall to draw forms on, later ones over earlier ones."""

    def __init__(self, height: int, width: int) -> None:
        self.y, self.x = np.mgrid[0:height, 0:width].astype(np.float64) / height
        shape = (height, width)
        self.label = np.zeros(shape, dtype=np.int64)
        self.angle, self.size, self.gleam = np.zeros(shape), np.full(shape, 0.016), np.zeros(shape)
        self.colour = np.zeros((*shape, 3))
        self.forms = 0

    def fill(self, depth: Array, colour: Array, *, size: float = 0.016, gleam: float = 0.1) -> None:
        """Draw where `depth` > 0, in rows that follow the contours of `depth`."""
        inside = depth > 0
        slope_y, slope_x = np.gradient(depth)
        self.forms += 1
        self.label[inside] = self.forms
        self.angle[inside] = np.arctan2(slope_y, slope_x)[inside]
        self.size[inside], self.gleam[inside] = size, gleam
        self.colour[inside] = colour[inside]

    def form(
        self, depth: Array, colour: Array, *, edge: str, size: float = 0.014, gleam: float = 0.1
    ) -> None:
        """Draw a form inside one row of tiles of the colour `edge`."""
        self.fill(depth, ramp(depth, [edge]), size=size * 0.8, gleam=0.1)
        self.fill(depth - size * 0.8, colour, size=size, gleam=gleam)

    def split(self, part: NDArray[np.bool_]) -> None:
        """Make `part` of the form drawn last a form of its own: no tile crosses between them."""
        inside = (self.label == self.forms) & part
        self.forms += 1
        self.label[inside] = self.forms

    def stroke(self, points: Sequence[tuple[float, float]], radii: Sequence[float]) -> Array:
        """Return the depth inside a Bézier brush stroke, as thick as `radii` along it."""
        path = np.array(points)
        steps = np.linspace(0, 1, 40)
        weights = _bernstein(len(points), steps)
        xs, ys = weights @ path[:, 0], weights @ path[:, 1]
        thick = np.interp(steps, np.linspace(0, 1, len(radii)), radii)
        best = np.full(self.x.shape, -1.0)
        for x, y, r in zip(xs, ys, thick, strict=True):
            np.maximum(best, r - np.hypot(self.x - x, self.y - y), out=best)
        return best

    def disc(self, x: float, y: float, radius: float) -> Array:
        """Return the depth inside a disc."""
        return np.asarray(radius - np.hypot(self.x - x, self.y - y))


def _bernstein(count: int, steps: Array) -> Array:
    """Weights (S, count) that turn `count` control points into a Bézier curve at `steps`."""
    degree = count - 1
    columns = [comb(degree, k) * steps**k * (1 - steps) ** (degree - k) for k in range(count)]
    return np.stack(columns, axis=1)
