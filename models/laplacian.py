"""A picture as a Laplacian pyramid: what `nnst` changes instead of pixels.

After Burt and Adelson 1983; Kolkin 2022 (2203.13215, section 4.3) optimises its levels. One step of
Adam then moves large areas as easily as fine detail, so colours settle in few steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch.nn import functional as F  # noqa: N812 - its name everywhere

from .pixels import shrinkable

if TYPE_CHECKING:
    from torch import Tensor

COARSEST = 2
"""Pixels of the shorter side below which a level is not halved again."""


def resized(picture: Tensor, size: Sequence[int]) -> Tensor:
    """A picture (N, C, H, W) at another size; what it becomes smaller by is averaged."""
    if tuple(picture.shape[-2:]) == tuple(size):
        return picture
    near = shrinkable(picture, size)
    return F.interpolate(near, list(size), mode="bilinear", antialias=True)


def enlarged(picture: Tensor, size: Sequence[int]) -> Tensor:
    """A picture (N, C, h, w) at a size that is not smaller."""
    return F.interpolate(picture, list(size), mode="bilinear")


def halved(picture: Tensor) -> Tensor:
    """A picture (N, C, H, W) at half its size, rounded up."""
    height, width = picture.shape[-2:]
    return resized(picture, ((height + 1) // 2, (width + 1) // 2))


def decompose(picture: Tensor) -> list[Tensor]:
    """Split a picture into levels.

    Args:
        picture: (N, C, H, W).

    Returns:
        The levels, finest first: what each is above the next one enlarged; the last is a picture.
    """
    levels = []
    while min(picture.shape[-2:]) > COARSEST:
        smaller = halved(picture)
        levels.append(picture - enlarged(smaller, picture.shape[-2:]))
        picture = smaller
    return [*levels, picture]


def compose(levels: Sequence[Tensor]) -> Tensor:
    """The picture of these levels; gradients go through."""
    *finer, picture = levels
    for level in reversed(finer):
        picture = level + enlarged(picture, level.shape[-2:])
    return picture
