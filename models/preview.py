"""A grid of held-out photographs and what a network makes of them, to look at in training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from .errors import TrainingError
from .whole_file import whole_file

GAP = 4
"""Pixels of white between pictures."""
COLUMNS = 3
PREVIEW_SUFFIX = ".preview.png"
"""Of a preview's file: what a network paints is nothing to learn from."""


def save_preview(stacks: Sequence[Sequence[Tensor]], target: Path) -> None:
    """Save pictures in stacks, three stacks to a row.

    Args:
        stacks: equally high: the photograph above its painting, and what else belongs to it;
            (3, S, S) RGB in [0, 1] each, which a network in training may leave.
        target: a PNG; it appears whole or not at all.

    Raises:
        TrainingError: it cannot be written.
    """
    tiles = []
    for stack in stacks:
        above = [F.pad(picture, (0, 0, 0, GAP), value=1.0) for picture in stack[:-1]]
        column = torch.cat([*above, stack[-1]], dim=1)
        tiles.append(F.pad(column, (0, GAP, 0, GAP), value=1.0))
    columns = min(COLUMNS, len(tiles))
    tiles += [torch.ones_like(tiles[0])] * (-len(tiles) % columns)
    rows = [torch.cat(tiles[i : i + columns], dim=2) for i in range(0, len(tiles), columns)]
    grid = (torch.cat(rows, dim=1).clamp(0, 1) * 255).round().to(torch.uint8)
    try:
        with whole_file(target) as partial:
            Image.fromarray(grid.permute(1, 2, 0).numpy()).save(partial)
    except OSError as error:
        raise TrainingError(f"{target}: the preview cannot be written ({error})") from error
