"""A network for still pictures: a large one is painted tile by tile, and its memory stays small.

After URST (Chen 2022, 2103.11784): norms are measured once, so that all tiles are painted alike.
That takes a thumbnail for it, whose strokes and noise are of another size than the picture's; here
it is samples of the picture as it is. And tiles see as far around them as the network does, so that
there is nothing to blend.
"""

from __future__ import annotations

import copy
import math

import torch
from torch import Tensor

from .folding import Folding
from .memory import refuse_beyond
from .network import PaintingNetwork, StyleNetwork, is_plain, ready
from .samples import MOST, SIDE, samples
from .tiles import cut_tiles

WHOLE_PIXELS = 1 << 24
"""Of the largest picture that is painted as a whole: 1.9 GB of memory for a `swift`."""
WHOLE_BYTES = 4 << 30
"""That painting it may take: of larger networks it has fewer pixels."""
TILE = 2048
"""Side in pixels of the square that is seen at once of a larger one: as fast as any other size, and
some hundreds of megabytes for a `swift`."""
GRID = 8
"""Pixels: cuts are multiples, so that tiles are sampled where the whole is."""


class StillNetwork(PaintingNetwork):
    """Paints pictures that have nothing to do with each other: large ones by norms of samples.

    Args:
        network: as trained: neither frozen nor `ready`. It stays as it is.
        device: where to paint.
        dtype: in what precision.
    """

    def __init__(self, network: StyleNetwork, device: torch.device, dtype: torch.dtype) -> None:
        super().__init__()
        self._folding = Folding(network, device, dtype)
        self._whole = ready(copy.deepcopy(network), device, dtype)
        self._bytes = network.bytes_per_pixel
        self._around, self._reach = 2 * (network.margin + network.lead), network.reach
        pixels = WHOLE_BYTES // network.bytes_per_pixel
        self._whole_pixels = min(WHOLE_PIXELS, pixels)
        self._tile = min(TILE, math.isqrt(pixels // 4))
        self._samples = min(MOST, pixels * 3 // 4 // SIDE**2)

    def forward(self, pictures: Tensor) -> Tensor:
        """Paint (N, 3, H, W) RGB in [0, 1].

        Raises:
            torch.OutOfMemoryError: one is large and as good as plain, so that no part stands for
                it, and as a whole it takes more memory than the machine has.
        """
        height, width = pictures.shape[-2:]
        if (height + self._around) * (width + self._around) <= self._whole_pixels:
            whole: Tensor = self._whole(pictures)
            return whole
        painted = torch.empty_like(pictures, memory_format=torch.contiguous_format)
        for picture, target in zip(pictures, painted, strict=True):
            if is_plain(picture[None]):
                refuse_beyond(height * width * self._bytes, picture.device)
                target.copy_(self._whole(picture[None])[0])
            else:
                self._paint_tiles(picture, target)
        return painted

    def _paint_tiles(self, picture: Tensor, painted: Tensor) -> None:
        """Paint one picture, (3, H, W), and put the painting into `painted`."""
        measuring = self._folding.measuring()
        measuring(samples(picture, most=self._samples))
        folded = self._folding.folded(measuring)
        size = picture.shape[-2], picture.shape[-1]
        tiles = cut_tiles(size, side=self._tile, reach=self._reach, multiple=GRID)
        for done, tile in enumerate(tiles, 1):
            seen = tile.cut(picture)[None].contiguous(memory_format=torch.channels_last)
            painted[:, tile.core[0], tile.core[1]] = tile.own(folded(seen)[0], 1)
            if self.on_step is not None:
                self.on_step(done, len(tiles))
