"""Pictures cut into tiles that together see exactly what the whole sees.

Each tile's core is its own; around it lies as much of the picture as the extractor reaches. Cuts
are multiples of the coarsest layer's stride, so that every layer's grid falls on the same places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .vgg import Vgg, stride

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Tile:
    """A piece of a picture; rows and columns as slices, in pixels.

    Attributes:
        core: what is the tile's alone; the cores make up the picture.
        seen: the core and what is around it.
        size: height and width of the whole picture.
    """

    core: tuple[slice, slice]
    seen: tuple[slice, slice]
    size: tuple[int, int]

    def cut(self, grid: Tensor, stride: int = 1) -> Tensor:
        """What is seen of (..., H, W), or of features of it with this stride."""
        rows, columns = (slice(seen.start // stride, -(-seen.stop // stride)) for seen in self.seen)
        return grid[..., rows, columns]

    def own(self, features: Tensor, stride: int) -> Tensor:
        """The part of (..., h, w) features of `seen` that lies in the core."""
        rows, columns = (
            slice((core.start - seen.start) // stride, self._end(axis, stride, seen.start))
            for axis, (core, seen) in enumerate(zip(self.core, self.seen, strict=True))
        )
        return features[..., rows, columns]

    def place(self, grid: Tensor, stride: int) -> Tensor:
        """The part of (..., h, w), laid over the whole picture's features, for the core."""
        rows, columns = (
            slice(core.start // stride, self._end(axis, stride, 0))
            for axis, core in enumerate(self.core)
        )
        return grid[..., rows, columns]

    def _end(self, axis: int, stride: int, start: int) -> int | None:
        """Where the core ends on the grid; at the picture's edge, what is left over belongs."""
        stop = self.core[axis].stop
        return None if stop == self.size[axis] else (stop - start) // stride


def cut_tiles(size: tuple[int, int], *, side: int, reach: int, multiple: int) -> list[Tile]:
    """Cut a picture, if it has more pixels than the largest square that is seen at once.

    Args:
        size: height and width of the picture.
        side: of that square; a tile's core is at least as large as `multiple`, whatever it is.
        reach: pixels that are to be seen around a core.
        multiple: of the pixels between cuts.
    """
    if size[0] * size[1] <= side * side:
        whole = slice(0, size[0]), slice(0, size[1])
        return [Tile(core=whole, seen=whole, size=size)]
    around = -(-reach // multiple) * multiple
    inner = max(multiple, (side - 2 * around) // multiple * multiple)
    rows, columns = (_spans(length, inner, around) for length in size)
    return [
        Tile(core=(row[0], column[0]), seen=(row[1], column[1]), size=size)
        for row in rows
        for column in columns
    ]


def _spans(length: int, inner: int, around: int) -> list[tuple[slice, slice]]:
    """Core and what is seen, along one side."""
    starts = range(0, length, inner)
    stops = [min(length, start + inner) for start in starts]
    return [
        (slice(start, stop), slice(max(0, start - around), min(length, stop + around)))
        for start, stop in zip(starts, stops, strict=True)
    ]


class TiledVgg:
    """Sees pictures of one size through a VGG, tile by tile.

    Args:
        vgg: the extractor.
        layers: that are wanted.
        size: height and width of the pictures.
        side: in pixels, of the largest square that is seen at once.
    """

    def __init__(
        self, vgg: Vgg, layers: Sequence[str], *, size: tuple[int, int], side: int
    ) -> None:
        self._vgg, self._layers = vgg, layers
        self.grids = {layer: vgg.grid(layer, size) for layer in layers}
        self.tiles = cut_tiles(
            size,
            side=side,
            reach=max((vgg.reach(layer) for layer in layers), default=0),
            multiple=max((stride(layer) for layer in layers), default=1),
        )

    def look(self, piece: Tensor, tile: Tile) -> dict[str, Tensor]:
        """The features of a tile's core, (C, h, w) float32 by layer.

        Args:
            piece: (1, 3, h, w) what the tile sees of a picture.
            tile: which.
        """
        if not self._layers:
            return {}
        found = self._vgg(piece, self._layers)
        return {layer: tile.own(found[layer][0], stride(layer)).float() for layer in self._layers}
