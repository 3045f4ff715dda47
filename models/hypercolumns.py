"""Hypercolumns: all that a VGG sees at a place, as one vector; what `nnst` matches.

After Kolkin 2022 (2203.13215, section 3.1). Where we differ:
- the paper's code divides each layer by its number of channels, which suits one VGG; here every
  layer counts alike, measured on the styles, which suits any and gives that VGG nearly the same
  weights (blocks 1 to 4: .22, .22, .44, .11; there .10, .24, .50, .16 on two paintings);
- layers finer than the grid are averaged, not sampled: sampling leaves single bright pixels at
  every fourth place, as the authors say of theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from .nearest import Pool
from .vgg import Vgg

DEEPEST = "relu4_1"
SHRINK = 4
"""Pixels to a place, across and down."""
TURNS = 4
"""Quarter turns of a style picture that are read: strokes of all directions (as the paper)."""


def read(vgg: Vgg, picture: Tensor) -> dict[str, Tensor]:
    """Every layer from relu1_1 to relu4_1 of a (1, 3, H, W) picture, (1, C, h, w) float32 each."""
    layers = [name for name in vgg.convolutions if name <= DEEPEST]
    return {name: found.float() for name, found in vgg(picture, [*layers, DEEPEST]).items()}


def grid_of(picture: Tensor) -> tuple[int, int]:
    """Height and width in places of a (N, C, H, W) picture."""
    height, width = picture.shape[-2:]
    return -(-height // SHRINK), -(-width // SHRINK)


def on_grid(features: Tensor, grid: tuple[int, int]) -> Tensor:
    """One layer (1, C, h, w) at the resolution of the grid; gradients go through."""
    height, width = features.shape[-2:]
    if height > grid[0] or width > grid[1]:
        device = features.device
        if device.type == "mps" and (height % grid[0] or width % grid[1]):
            return F.adaptive_avg_pool2d(features.cpu(), grid).to(device)  # mps refuses these
        return F.adaptive_avg_pool2d(features, grid)
    return features if (height, width) == grid else F.interpolate(features, grid, mode="bilinear")


def columns(vgg: Vgg, picture: Tensor) -> Tensor:
    """The hypercolumns of a (1, 3, H, W) picture, (P, C), row by row."""
    layers, grid = read(vgg, picture), grid_of(picture)
    return torch.cat([on_grid(layer, grid)[0].flatten(1).T for layer in layers.values()], 1)


def widths(vgg: Vgg) -> list[int]:
    """How many channels each layer has in a hypercolumn."""
    return [
        convolution.out_channels
        for name, convolution in vgg.convolutions.items()
        if isinstance(convolution, nn.Conv2d) and name <= DEEPEST
    ]


def balance(pool: Pool, sizes: Sequence[int]) -> Tensor:
    """Make every layer count alike in a pool of hypercolumns.

    Args:
        pool: of columns of these layers; it is scaled in place.
        sizes: channels of each layer.

    Returns:
        (C,) what its channels were multiplied by.
    """
    lengths = [part.square().sum(1).mean().sqrt() for part in pool.rows.split_with_sizes(sizes, 1)]
    # A layer that says nothing of the style, as on a plain one, is to say nothing of the content.
    factors = [1 / length if length > 1e-3 else length * 0 for length in lengths]
    balanced = torch.cat([f.expand(n) for f, n in zip(factors, sizes, strict=True)])
    if not balanced.any():
        balanced = torch.ones_like(balanced)
    pool.scale(balanced)
    return balanced


def gather(
    styles: Sequence[Tensor],
    look: Callable[[Tensor], Mapping[str, Tensor]],
    *,
    most: int,
    generator: torch.Generator,
) -> dict[str, Pool]:
    """Pool what is seen of styles and their quarter turns.

    Args:
        styles: (1, 3, H, W) each.
        look: gives (P, C) features by name.
        most: features in a pool; of more, so many are drawn.
        generator: of the random order, on the CPU.

    Returns:
        A pool for each name.
    """
    room = most // len(styles)
    parts: dict[str, list[Tensor]] = {}
    for style in styles:
        orders: dict[str, Tensor] = {}
        for turn in range(TURNS):
            for name, found in look(torch.rot90(style, turn, (2, 3))).items():
                count = len(found)
                if turn == 0:
                    orders[name] = torch.randperm(TURNS * count, generator=generator)
                    kept = found.new_empty(min(TURNS * count, room), found.shape[1])
                    parts.setdefault(name, []).append(kept)
                rows = parts[name][-1]
                order = orders[name][turn * count : (turn + 1) * count].to(rows.device)
                drawn = order < len(rows)
                rows[order[drawn]] = found[drawn]
    return {
        name: Pool(rows[0] if len(rows) == 1 else torch.cat(rows), [len(part) for part in rows])
        for name, rows in parts.items()
    }
