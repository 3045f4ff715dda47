"""Pines in the foreground, as the shapes they cut out of the evening sky."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor


def stand(width: int, height: int, trees: list[tuple[float, float, float]], *, seed: int) -> Tensor:
    """Draw pines and return how much of each pixel they cover (height * width,).

    Args:
        width: of the picture, in pixels.
        height: likewise.
        trees: (x, foot y, height) of each, in shares of the picture's width and height.
        seed: of their branches.
    """
    generator = np.random.default_rng(seed)
    mask = Image.new("L", (width, height))
    pen = ImageDraw.Draw(mask)
    for x, foot, tall in trees:
        _pine(pen, x * width, foot * height, tall * height, generator)
    return torch.from_numpy(np.asarray(mask, dtype=np.float32) / 255).reshape(-1)


def _pine(
    pen: ImageDraw.ImageDraw, x: float, foot: float, tall: float, generator: np.random.Generator
) -> None:
    """A trunk and whorls of drooping branches, each a ragged fan of twigs."""
    pen.polygon([(x, foot - tall), (x - tall * 0.013, foot), (x + tall * 0.013, foot)], fill=255)
    for level in np.linspace(0.015, 0.93, 52):
        for side in (-1, 1):
            spread = tall * (0.012 + 0.2 * level**0.85) * generator.uniform(0.55, 1.08)
            root = foot - tall * (1 - level)
            droop = spread * generator.uniform(0.18, 0.5)
            tip = (x + side * spread, root + droop)
            thick = tall * 0.005 + spread * 0.055
            pen.polygon([(x, root - thick), tip, (x, root + thick * 1.6)], fill=255)
            for share in generator.uniform(0.25, 1.0, 7):
                start = (x + side * spread * share, root + droop * share)
                fall = spread * generator.uniform(0.08, 0.26)
                end = (start[0] + side * fall * 0.6, start[1] + fall)
                pen.line([start, end], fill=255, width=max(1, round(tall * 0.0045)))
