"""A network for still pictures: a large one is painted tile by tile, and its memory stays small.

After URST (Chen 2022, 2103.11784): norms are measured once, so that all tiles are painted alike.
That takes a thumbnail for it, whose strokes and noise are of another size than the picture's; here
it is samples of the picture as it is. And tiles see as far around them as the network does, so that
there is nothing to blend.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from .network import PaintingNetwork, StyleNetwork, ready
from .tiles import cut_tiles

WHOLE_PIXELS = 1 << 24
"""Of the largest picture that is painted as a whole."""
TILE = 2048
"""Side in pixels of the square that is seen at once of a larger one."""
REACH = 160
"""Pixels, at least as far as our networks see: 8 convolutions of `swift` at 1/8 of the size."""
GRID = 8
"""Pixels: cuts are multiples, so that tiles are sampled where the whole is."""
SAMPLES, SAMPLE = 36, 512
"""Squares that norms are measured on, evenly spread, and their side in pixels. Paintings of three
pictures of 14 megapixels by `wave` and `starry` are off by 0.007 to 0.022 (rms) from those by norms
of all of them; with 16 such squares by 0.011 to 0.029, with 64 of half the side 0.010 to 0.038."""


class StillNetwork(PaintingNetwork):
    """Paints pictures that have nothing to do with each other, of any size.

    Args:
        network: as trained: neither frozen nor `ready`.
        device: where to paint.
        dtype: in what precision.
    """

    def __init__(self, network: StyleNetwork, device: torch.device, dtype: torch.dtype) -> None:
        super().__init__()
        self._trained = copy.deepcopy(network)
        self._trained.centre()  # as `ready` does: what is measured is to fit what it is folded into
        self._whole = ready(network, device, dtype)
        self._where = (device, dtype)

    def forward(self, pictures: Tensor) -> Tensor:
        """Paint (N, 3, H, W) RGB in [0, 1]."""
        if pictures.shape[-2] * pictures.shape[-1] <= WHOLE_PIXELS:
            whole: Tensor = self._whole(pictures)
            return whole
        painted = torch.empty_like(pictures, memory_format=torch.contiguous_format)
        for picture, target in zip(pictures, painted, strict=True):
            self._paint_tiles(picture, target)
        return painted

    def _paint_tiles(self, picture: Tensor, painted: Tensor) -> None:
        """Paint (3, H, W) into the same."""
        measuring = self._trained.following()
        ready(measuring, *self._where)
        measuring(samples(picture))
        folded = ready(self._trained.folded(measuring), *self._where)
        size = picture.shape[-2], picture.shape[-1]
        for tile in cut_tiles(size, side=TILE, reach=REACH, multiple=GRID):
            seen = tile.cut(picture)[None].contiguous(memory_format=torch.channels_last)
            painted[:, tile.core[0], tile.core[1]] = tile.own(folded(seen)[0], 1)


def samples(picture: Tensor) -> Tensor:
    """Squares evenly spread over (3, H, W), or as much of them as there is: (N, 3, h, w)."""
    height, width = picture.shape[-2:]
    rows = _between(round((SAMPLES * height / width) ** 0.5), height)
    columns = _between(round(SAMPLES / rows), width)
    return torch.stack(
        [
            picture[..., top : top + SAMPLE, left : left + SAMPLE]
            for top in _starts(height, rows)
            for left in _starts(width, columns)
        ]
    )


def _between(wanted: int, length: int) -> int:
    return max(1, min(wanted, SAMPLES, -(-length // SAMPLE)))


def _starts(length: int, count: int) -> list[int]:
    """Where so many samples begin, each in the middle of its part of a side."""
    middles = (length * (2 * index + 1) // (2 * count) for index in range(count))
    return [max(0, min(middle - SAMPLE // 2, length - SAMPLE)) for middle in middles]
