"""A grid of held-out photographs and what a network makes of them, to look at while it trains."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from .errors import TrainingError
from .network import StyleNetwork
from .whole_file import whole_file

GAP = 4
"""Pixels of white between pictures."""
COLUMNS = 3


@torch.no_grad()
def save_preview(network: StyleNetwork, photographs: Sequence[Tensor], target: Path) -> None:
    """Paint photographs and save each above its painting, in rows of three.

    Args:
        network: on any device.
        photographs: (3, H, W) RGB in [0, 1], all of one size.
        target: a PNG; it appears whole or not at all.

    Raises:
        TrainingError: it cannot be written.
    """
    device = next(network.parameters()).device
    tiles = []
    for photograph in photographs:
        painted = network(photograph[None].to(device)).cpu()[0].float()
        pair = torch.cat([F.pad(photograph, (0, 0, 0, GAP), value=1.0), painted], dim=1)
        tiles.append(F.pad(pair, (0, GAP, 0, GAP), value=1.0))
    columns = min(COLUMNS, len(tiles))
    tiles += [torch.ones_like(tiles[0])] * (-len(tiles) % columns)
    rows = [torch.cat(tiles[i : i + columns], dim=2) for i in range(0, len(tiles), columns)]
    grid = (torch.cat(rows, dim=1) * 255).round().to(torch.uint8)
    try:
        with whole_file(target) as partial:
            Image.fromarray(grid.permute(1, 2, 0).numpy()).save(partial)
    except OSError as error:
        raise TrainingError(f"{target}: the preview cannot be written ({error})") from error
