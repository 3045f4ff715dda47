"""A style picture as a network is to see it: opaque, and of the size at which it learnt styles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .resize import resize
from .values import Frame

if TYPE_CHECKING:
    from torch import Tensor

SMALLEST_SIDE = 32
LONGEST_SHAPE = 4
"""Longer side over shorter one up to which a style is seen at its full size. A longer one is seen
smaller, with as many pixels."""


def fit_style(frame: Frame, *, size: int) -> Tensor:
    """Prepare a style picture of any size and shape.

    Args:
        frame: as read; what is transparent is seen on white.
        size: shorter side in pixels, at least 32.

    Returns:
        (3, H, W) RGB in [0, 1], of at most 4 × `size`² pixels, no side below 32. A picture that
        is too long and thin for that is repeated beside itself.
    """
    picture = on_white(frame)
    most = LONGEST_SHAPE * size**2
    picture = _repeated(picture, most // SMALLEST_SIDE**2)
    height, width = picture.shape[-2:]
    scale = min(size / min(height, width), (most / (height * width)) ** 0.5)
    seen = (_scaled(height, scale), _scaled(width, scale))
    return picture if seen == (height, width) else resize(picture[None], seen)[0]


def on_white(frame: Frame) -> Tensor:
    """A picture as it is seen on white paper, (3, H, W)."""
    if frame.alpha is None:
        return frame.picture
    return (frame.picture - 1).mul_(frame.alpha).add_(1)


def _repeated(picture: Tensor, longest: int) -> Tensor:
    """The picture beside itself until no side is more than `longest` times the other."""
    height, width = picture.shape[-2:]
    down, across = -(-width // (longest * height)), -(-height // (longest * width))
    return picture if down == across == 1 else picture.repeat(1, down, across)


def _scaled(side: int, scale: float) -> int:
    return max(SMALLEST_SIDE, int(side * scale + 1e-6))  # a hair, for what rounding took
