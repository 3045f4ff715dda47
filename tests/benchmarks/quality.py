"""The measure of the benchmarks: style, Gram and content loss of what was painted.

The Gatys-normalised VGG-19; content, style and output each with a shorter side of 512 pixels.
Style is the sum over relu1_1, 2_1, 3_1, 4_1 of MSE(mean) + MSE(deviation) over channels; Gram the
sum over the same layers of MSE(FFᵀ / (C·H·W)) × 10⁴; content the MSE at relu4_1.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from stylize.models.extractor import load_vgg
from stylize.models.losses import (
    CONTENT_LAYER,
    STYLE_LAYERS,
    StyleTarget,
    content_loss,
    gram_loss,
    moments_loss,
    statistics,
    style_target,
)

SIDE = 512
GRAM_SCALE = 1e4


class Meter:
    """Measures paintings.

    Args:
        vgg: file of the extractor; None looks for it.
    """

    def __init__(self, vgg: Path | None = None) -> None:
        self._vgg = load_vgg(given=vgg)

    def style(self, picture: Tensor) -> StyleTarget:
        """What `losses` needs to know of a style, (3, H, W) RGB in [0, 1]."""
        return style_target(self._vgg(picture[None], STYLE_LAYERS))

    def content(self, picture: Tensor) -> dict[str, Tensor]:
        """What it needs to know of a photograph, (3, H, W)."""
        return self._vgg(picture[None], [CONTENT_LAYER])

    def losses(self, painted: Tensor, content: dict[str, Tensor], style: StyleTarget) -> Tensor:
        """Style, Gram and content loss of a painting, (3, H, W)."""
        found = self._vgg(painted[None], {*STYLE_LAYERS, CONTENT_LAYER})
        measured = {layer: statistics(found[layer]) for layer in STYLE_LAYERS}
        moments = sum(moments_loss(measured[layer], style[layer]).item() for layer in STYLE_LAYERS)
        gram = sum(gram_loss(measured[layer], style[layer]).item() for layer in STYLE_LAYERS)
        return torch.tensor([moments, gram * GRAM_SCALE, content_loss(found, content).item()])
