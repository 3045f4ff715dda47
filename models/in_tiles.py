"""A large picture seen by a VGG and decoded tile by tile, exactly as it would be as a whole.

What is in between, the features of a deep layer, is there as a whole, so all that a method measures
or mixes there is the same. It takes a tenth of what the layers at full size would.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .decoder import Decoder
from .memory import refuse_beyond
from .network import OnStep
from .tiles import TiledVgg, cut_tiles
from .vgg import Vgg, stride

SIDE = 2048
"""In pixels, of the largest square that is seen or decoded at once: 4 to 5 GB in float32."""


class InTiles:
    """Sees and decodes pictures of one size.

    Args:
        vgg: the extractor.
        layers: of it that are wanted.
        decoder: from features to pictures.
        size: height and width of the pictures, multiples of 8.
        on_step: told of each tile that is seen or decoded, if there are several.
    """

    def __init__(
        self,
        vgg: Vgg,
        layers: Sequence[str],
        decoder: Decoder,
        *,
        size: tuple[int, int],
        on_step: OnStep | None = None,
    ) -> None:
        self._vgg, self._layers, self._decoder = vgg, layers, decoder
        self._view = TiledVgg(vgg, layers, size=size, side=SIDE)
        self._tiles = cut_tiles(size, side=SIDE, reach=decoder.reach, multiple=decoder.stride)
        self._on_step, self._done = on_step, 0

    def see(self, pictures: Tensor) -> dict[str, Tensor]:
        """Features of (N, 3, H, W) RGB in [0, 1]: (N, C, h, w) for each layer."""
        if len(self._view.tiles) == 1:
            whole: dict[str, Tensor] = self._vgg(pictures, self._layers)
            return whole
        found: dict[str, Tensor] = {}
        for tile in self._view.tiles:
            for layer, features in self._vgg(tile.cut(pictures), self._layers).items():
                if layer not in found:
                    found[layer] = _empty(features, self._view.grids[layer])
                step = stride(layer)
                tile.place(found[layer], step).copy_(tile.own(features, step))
            self._tell()
        return found

    def decode(self, features: Tensor, beside: Tensor | None = None) -> Tensor:
        """Paint: see `Decoder.forward`."""
        if len(self._tiles) == 1:
            painted: Tensor = self._decoder(features, beside)
            return painted
        step = self._decoder.stride
        painted = _empty(features[:, :3], self._tiles[0].size)
        for tile in self._tiles:
            next_to_it = None if beside is None else tile.cut(beside, step // 2)
            part = self._decoder(tile.cut(features, step), next_to_it)
            painted[..., tile.core[0], tile.core[1]] = tile.own(part, 1)
            self._tell()
        return painted

    def _tell(self) -> None:
        self._done += 1
        if self._on_step is not None:
            self._on_step(self._done, len(self._view.tiles) + len(self._tiles))


def refuse_too_large(pictures: Tensor, *, numbers: int, kept: int) -> None:
    """Refuse what takes more memory than the machine has (see `refuse_beyond`).

    Args:
        pictures: (N, 3, H, W).
        numbers: that are kept at once for each pixel that is seen or decoded at once.
        kept: for each pixel of all.

    Raises:
        torch.OutOfMemoryError: there is not so much.
    """
    count, _, height, width = pictures.shape
    pixels = height * width
    needed = count * (min(pixels, SIDE**2) * numbers + pixels * kept)
    refuse_beyond(needed * pictures.element_size(), pictures.device)


def _empty(like: Tensor, size: tuple[int, int]) -> Tensor:
    shape = (*like.shape[:2], *size)
    return torch.empty(
        shape, dtype=like.dtype, device=like.device, memory_format=torch.channels_last
    )
