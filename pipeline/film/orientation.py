"""Orientation: turn pictures upright by the display matrix that cameras and phones write."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Orientation:
    """One of the eight ways a picture may lie, as the steps that put it upright, in this order.

    Attributes:
        transposed: rows and columns are exchanged.
        mirrored: left and right are exchanged.
        flipped: top and bottom are exchanged.
    """

    transposed: bool = False
    mirrored: bool = False
    flipped: bool = False


def orientation_of(display_matrix: bytes) -> Orientation:
    """Read FFmpeg's display matrix: nine int32, of which (a, b; c, d) turn (x, y).

    A pixel at (x, y) is shown at (a x + c y, b x + d y). Angles between the quarter turns, which
    no camera writes, go to the nearest; a matrix without any turn in it counts as upright.
    """
    a, b, _, c, d, *_ = struct.unpack("=9i", display_matrix)
    if abs(b) + abs(c) > abs(a) + abs(d):
        return Orientation(transposed=True, mirrored=c < 0, flipped=b < 0)
    return Orientation(mirrored=a < 0, flipped=d < 0)


_QUARTER_TURNS = (
    Orientation(),
    Orientation(transposed=True, flipped=True),
    Orientation(mirrored=True, flipped=True),
    Orientation(transposed=True, mirrored=True),
)


def orientation_of_turn(degrees: int) -> Orientation:
    """The orientation that a turn against the clock puts upright, to the nearest quarter turn."""
    return _QUARTER_TURNS[round(degrees / 90) % 4]


def upright(picture: Tensor, orientation: Orientation) -> Tensor:
    """Turn a (C, H, W) picture as `orientation` says; the result is contiguous."""
    if orientation.transposed:
        picture = picture.transpose(1, 2)
    turned = [dim for dim, on in ((2, orientation.mirrored), (1, orientation.flipped)) if on]
    return (picture.flip(turned) if turned else picture).contiguous()
