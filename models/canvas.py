"""What `gatys` paints on: a picture with a frame around it, at scales from coarse to fine.

At its edge an extractor sees a mirror: pixels on it count for half and those beside it for more, so
that a rim of three pixels takes on other colours. The canvas is therefore larger than the picture,
at every scale, and its frame is cut off in the end. Cut and mirrored anew at each scale it would
have a crease, of which the next scale makes a line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .any_style import Mixture
from .pixels import pad
from .scales import fitting, resized, scales

if TYPE_CHECKING:
    from torch import Tensor

_FRAME = 4
"""Pixels of the frame at least, and at a coarsest scale of 128 pixels: rims are three wide."""
_SHARE = 32
"""The frame is one so-and-so-many-th of the picture's shorter side."""


class Canvas:
    """The sizes that a picture is painted at, with its frame.

    Args:
        size: height and width of the picture.
        smallest: shorter side in pixels of the coarsest scale, at least.

    Attributes:
        sizes: height and width of the canvas, coarsest first; each √2 times the one before.
    """

    def __init__(self, size: tuple[int, int], *, smallest: int) -> None:
        self._size = size
        self._inner = fitting(size, 1)
        self._frame = max(_FRAME, -(-min(self._inner) // _SHARE))
        whole = self._inner[0] + 2 * self._frame, self._inner[1] + 2 * self._frame
        self.sizes = scales(whole, smallest=smallest)

    def side(self, size: tuple[int, int]) -> int:
        """Shorter side in pixels of the picture on a canvas of one of the sizes."""
        shorter = min(self._inner)
        return round(min(size) * shorter / (shorter + 2 * self._frame))

    def frame(self, pictures: Tensor) -> Tensor:
        """Lay (N, C, H, W) on the finest canvas, continued as in a mirror."""
        edge = self._frame
        return pad(resized(pictures, self._inner), edge, edge, edge, edge, "reflect")

    def frame_masks(self, styles: Mixture) -> Mixture:
        """The same styles, with masks for the canvas."""
        if styles.masks is None:
            return styles
        framed = tuple(self.frame(mask[None].float())[0] for mask in styles.masks)
        return Mixture(styles.pictures, styles.shares, framed)

    def cut(self, painted: Tensor) -> Tensor:
        """The picture on the finest canvas, in its own size."""
        edge = self._frame
        return resized(painted[..., edge:-edge, edge:-edge], self._size)
