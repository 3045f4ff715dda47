"""What an optimiser paints on: a picture with a frame around it, at scales from coarse to fine.

At its edge an extractor sees a mirror or nothing, and what pleases it there is a rim of other
strokes. So the canvas is larger than the picture at every scale, and is cut only in the end: cut
and mirrored anew at each scale it has a crease, of which the next one makes a line.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from torch.nn import functional as F  # noqa: N812 - its name everywhere

from .any_style import Mixture
from .layers import pad

if TYPE_CHECKING:
    from torch import Tensor

LEAST_SIDE = 16
"""Pixels: what the deepest layers sum up to one feature. Smaller sides are enlarged to it."""
_STEP = 2**0.5
"""From one scale to the next."""
_RIM = 12
"""Pixels of the frame at the coarsest scale: rims were seen to be up to ten wide."""
_WIDEST = 16
"""The frame is at most one so-and-so-many-th of the picture's shorter side, or `_RIM` pixels."""


class Canvas:
    """The sizes that a picture is painted at, and the frame around it.

    Args:
        size: height and width of the picture.
        smallest: shorter side in pixels of the coarsest scale, at least.

    Attributes:
        scales: height and width of the canvas, coarsest first; each √2 times the one before.
        sides: shorter side in pixels of the picture on it, likewise.
    """

    def __init__(self, size: tuple[int, int], *, smallest: int) -> None:
        self._size = size
        shorter = max(LEAST_SIDE, min(size))
        count = 1 + max(0, math.floor(math.log(shorter / max(smallest, LEAST_SIDE), _STEP) + 1e-6))
        factors = [_STEP**-power for power in reversed(range(count))]
        self._seen = fitting(size, 1)
        self._frame = max(_RIM, min(round(_RIM / factors[0]), shorter // _WIDEST))
        self.sides = [min(fitting(size, factor)) for factor in factors]
        self.scales = []
        for factor in factors:
            (height, width), frame = fitting(size, factor), round(self._frame * factor)
            self.scales.append((height + 2 * frame, width + 2 * frame))

    def frame(self, pictures: Tensor) -> Tensor:
        """Lay (N, C, H, W) on the canvas of the finest scale, continued as in a mirror."""
        edge = self._frame
        return pad(resized(pictures, self._seen), edge, edge, edge, edge, "reflect")

    def frame_masks(self, styles: Mixture) -> Mixture:
        """The same styles, with masks for the canvas."""
        if styles.masks is None:
            return styles
        masks = (
            F.interpolate(mask[None].float(), self._seen, mode="bilinear", antialias=True)
            for mask in styles.masks
        )
        framed = tuple(self.frame(mask)[0] for mask in masks)
        return Mixture(styles.pictures, styles.shares, framed)

    def cut(self, canvas: Tensor) -> Tensor:
        """The picture on a canvas of the finest scale, in its own size."""
        edge = self._frame
        return resized(canvas[..., edge:-edge, edge:-edge], self._size)


def fitting(size: tuple[int, int], factor: float) -> tuple[int, int]:
    """A height and width times a factor, at least so large that every layer has a feature."""
    return max(LEAST_SIDE, round(size[0] * factor)), max(LEAST_SIDE, round(size[1] * factor))


def split_steps(steps: int, scales: int) -> list[int]:
    """Steps for each scale: alike, and what does not divide to the finest ones."""
    each, more = divmod(steps, scales)
    return [each + (index >= scales - more) for index in range(scales)]


def resized(pictures: Tensor, size: tuple[int, int]) -> Tensor:
    """Resample (N, C, H, W) in [0, 1], bicubic and without aliases."""
    if pictures.shape[-2:] == size:
        return pictures
    return F.interpolate(pictures, size, mode="bicubic", antialias=True).clamp_(0, 1)
