"""Plain pictures made up for training, on which a network is to lay no lattice.

They are soft gradients, as of skies, mist and the dark corners of a lens. Photographs have noise
everywhere, in which a faint lattice of convolutions with a stride goes under, so that they teach
nothing of it; on a gradient without any, all eyes go to it. Strokes move with a picture, a lattice
does not (see Zhang 2019, 1904.11486): so that is what is measured.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Generator, Tensor
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from .losses import GRID, contrast

CELLS = (2, 5)
"""Colours along each side, between which all is interpolated: the fewest, and the most."""
TINT = 0.8
"""How much of a colour is its hue, at most; the rest is light."""


def plain_pictures(number: int, side: int, *, generator: Generator) -> Tensor:
    """Make (number, 3, side, side) RGB in [0, 1], in steps of 1/255 as in a file.

    They differ in their colours, in how far those lie apart and in how often they change.
    """
    return torch.cat([_plain_picture(side, generator) for _ in range(number)])


def _plain_picture(side: int, generator: Generator) -> Tensor:
    def draw(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator)

    cells = int(torch.randint(CELLS[0], CELLS[1] + 1, (), generator=generator))
    light, hues, tint = draw(1, 1, cells, cells), draw(1, 3, cells, cells), TINT * draw(1)
    colours = light + (hues - light) * tint
    darkest, span = 0.3 * draw(1), 0.3 + 0.7 * draw(1)
    colours = darkest + colours * (1 - darkest) * span
    picture = F.interpolate(colours, (side, side), mode="bicubic", align_corners=True)
    return (picture.clamp(0, 1) * 255).round() / 255


def lattice_loss(
    paint: Callable[[Tensor], Tensor], pictures: Tensor, *, generator: Generator
) -> Tensor:
    """How much of what is painted on pictures does not move with them.

    The mean squared difference between paintings of two parts of each, at most `GRID` pixels apart
    each way, where both show the same and see no border; in parts of the paintings' contrast.

    Args:
        paint: from (N, 3, side, side) RGB in [0, 1] to as much.
        pictures: (N, 3, side + GRID, side + GRID), with a side of at least 4 `GRID`.
        generator: draws how far apart they are.
    """
    side = pictures.shape[-1] - GRID
    down, across = torch.randint(GRID + 1, (2,), generator=generator).tolist()
    painted, again = (
        paint(part.contiguous(memory_format=torch.channels_last))
        for part in (pictures[..., :side, :side], pictures[..., down:, across:][..., :side, :side])
    )
    inside = slice(GRID, side - 2 * GRID)
    moved = painted.roll((-down, -across), (2, 3))[..., inside, inside]
    return F.mse_loss(again[..., inside, inside], moved) / contrast(painted).square()
