"""Masks: pictures that say where on a painting something is to be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from .errors import SettingsError
from .picture.read_image import read_image
from .resize import fitted, luma

DARKEST = 0.5 / 255
"""What rounds to black in 8 bits."""


def covered(masks: Sequence[Tensor]) -> Tensor:
    """Where masks, (1, h, w) each of its own size, reach in all: (1, 1, H, W) in [0, 1]."""
    size = (max(mask.shape[1] for mask in masks), max(mask.shape[2] for mask in masks))
    return sum((fitted(mask[None], size) for mask in masks), torch.zeros(())).clamp(0, 1)


def read_mask(path: Path) -> Tensor:
    """Read a mask: white is inside, black and transparent are outside, grey lies between.

    Returns:
        (1, H, W) float32 in [0, 1], at its own size.

    Raises:
        SourceError: it cannot be read.
        SettingsError: it is black all over.
    """
    frame = read_image(path, animated="first frame").frame
    mask = luma(frame.picture[None])[0]
    if frame.alpha is not None:
        mask = mask * frame.alpha
    if mask.max() < DARKEST:
        raise SettingsError(
            f"{path}: this mask is black all over, so nothing would be painted; make white "
            "what is to be, or leave the mask out"
        )
    return mask
