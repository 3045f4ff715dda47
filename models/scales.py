"""The sizes that a picture is optimised at, from coarse to fine, and the steps at each.

At a coarse scale an extractor sees far, and large strokes are laid out for a few of the cost.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch.nn import functional as F  # noqa: N812 - its name everywhere

from .pixels import shrinkable

if TYPE_CHECKING:
    from torch import Tensor

_STEP = 2**0.5
"""From one scale to the next."""
_LEAST_STEPS = 5
"""At a scale, or it is left out."""
_LEAST_SIDE = 16
"""Pixels: what the deepest layers sum up to one feature. Smaller sides are enlarged to it."""


def scales(size: tuple[int, int], *, smallest: int) -> list[tuple[int, int]]:
    """Heights and widths, each √2 times the one before, up to the picture's own.

    Args:
        size: height and width of the picture.
        smallest: shorter side in pixels of the coarsest, at least.
    """
    count = 1 + max(0, math.floor(math.log(min(size) / smallest, _STEP) + 1e-6))
    return [fitting(size, _STEP**-power) for power in reversed(range(count))]


def split_steps(steps: int, count: int) -> list[int]:
    """Steps for each scale: alike, but twice as many for the coarsest, where strokes are laid out.

    What does not divide goes to the coarsest as well: steps are cheap there.
    """
    each = steps // (count + 1)
    return [steps - each * (count - 1), *[each] * (count - 1)]


def worth_their_steps(sizes: Sequence[tuple[int, int]], steps: int) -> list[tuple[int, int]]:
    """The finest of some sizes, as many as get enough steps; the finest of all in any case.

    What is laid out at a coarse scale is a blur until finer ones have filled it in.
    """
    return list(sizes[-max(1, min(len(sizes), steps // _LEAST_STEPS - 1)) :])


def fitting(size: tuple[int, int], factor: float) -> tuple[int, int]:
    """A height and width times a factor, at least so large that every layer has a feature."""
    return max(_LEAST_SIDE, round(size[0] * factor)), max(_LEAST_SIDE, round(size[1] * factor))


def resized(pictures: Tensor, size: tuple[int, int]) -> Tensor:
    """Resample (N, C, H, W) in [0, 1], bicubic and without aliases."""
    if pictures.shape[-2:] == size:
        return pictures
    near = shrinkable(pictures, size)
    return F.interpolate(near, size, mode="bicubic", antialias=True).clamp_(0, 1)


def enlarged(change: Tensor, size: tuple[int, int]) -> Tensor:
    """What changes in a picture, (N, C, h, w), at a size that is not smaller."""
    if change.shape[-2:] == size:
        return change
    return F.interpolate(change, size, mode="bicubic")
