"""Squares that stand for a large picture: of each part of it the one that is most like it."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its name everywhere

MOST, SIDE = 36, 512
"""Squares, about, and their side in pixels. Paintings of three pictures of 14 megapixels by `wave`
and `starry` are off by 0.001 to 0.017 (rms) from those by norms of all of them, 0.004 to 0.017 with
the square in the middle of each part. Where a picture is white but for something 200 pixels wide,
that is off by 0.04 to 0.05, with the middle ones by 0.15 to 0.32; where it is a band all across, by
0.13 to 0.15, with the middle ones by 0.05 to 0.08 where they hit it, and clipped where not."""
CELL = 32
"""Pixels: means and deviations are measured in cells of this side."""


def samples(picture: Tensor, *, most: int = MOST) -> Tensor:
    """Squares of (3, H, W), spread all over it: (N, 3, h, w), as large as fits.

    In the middle of each part a square may miss what is there, such as a line of writing on paper,
    and norms measured so would paint it in full contrast.

    Args:
        picture: in [0, 1].
        most: how many, about.
    """
    height, width = picture.shape[-2:]
    rows = _fitting(round((most * height / width) ** 0.5), height, most)
    columns = _fitting(round(most / rows), width, most)
    return torch.stack(
        [
            _most_typical(picture[..., top, left])
            for top in _parts(height, rows)
            for left in _parts(width, columns)
        ]
    )


def _fitting(wanted: int, length: int, most: int) -> int:
    return max(1, min(wanted, most, length // SIDE))


def _parts(length: int, count: int) -> list[slice]:
    bounds = [length * index // count for index in range(count + 1)]
    return [slice(*pair) for pair in pairwise(bounds)]


def _most_typical(part: Tensor) -> Tensor:
    """The square whose mean colour and deviation come nearest to those of all of (3, H, W)."""
    light = part.float()
    cells = [F.avg_pool2d(each, CELL, ceil_mode=True) for each in (light, light.square())]
    side = tuple(min(SIDE // CELL, length) for length in cells[0].shape[-2:])
    mean, deviation = _moments(*(each.mean((1, 2), keepdim=True) for each in cells))
    means, deviations = _moments(*(F.avg_pool2d(each, side, 1) for each in cells))
    off = (means - mean).square().sum(0) + (deviations - deviation).square().sum(0)
    place = divmod(int(off.argmin()), off.shape[1])
    top, left = (
        max(0, min(at * CELL, length - SIDE))
        for at, length in zip(place, part.shape[-2:], strict=True)
    )
    return part[..., top : top + SIDE, left : left + SIDE]


def _moments(mean: Tensor, square: Tensor) -> tuple[Tensor, Tensor]:
    return mean, (square - mean.square()).clamp_min(0).sqrt()
