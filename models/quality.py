"""How well a painting is painted: its style, Gram and content loss, by one protocol for all.

The Gatys-normalised VGG-19; content, style and painting each with a shorter side of 512 pixels.
Style is the sum over relu1_1, 2_1, 3_1, 4_1 of MSE(mean) + MSE(deviation) over channels; Gram the
sum over the same layers of MSE(FFᵀ / (C·H·W)) × 10⁴; content the MSE at relu4_1.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .losses import (
    CONTENT_LAYER,
    STYLE_LAYERS,
    StyleTarget,
    content_loss,
    gram_loss,
    moments_loss,
    statistics,
    style_target,
)
from .vgg import Vgg

SIDE = 512
"""Pixels on the shorter side of whatever is measured."""
GRAM_SCALE = 1e4


class Meter:
    """Measures paintings.

    Args:
        vgg: the normalised VGG-19 (`load_vgg`), for figures that are to be compared.
    """

    def __init__(self, vgg: Vgg) -> None:
        self._vgg = vgg

    def style(self, picture: Tensor) -> StyleTarget:
        """What `losses` needs to know of a style, (3, H, W) RGB in [0, 1]."""
        return style_target(self._vgg(picture[None], STYLE_LAYERS))

    def content(self, picture: Tensor) -> dict[str, Tensor]:
        """What it needs to know of a photograph, (3, H, W)."""
        found: dict[str, Tensor] = self._vgg(picture[None], [CONTENT_LAYER])
        return found

    def losses(self, painted: Tensor, content: dict[str, Tensor], style: StyleTarget) -> Tensor:
        """Style, Gram and content loss of a painting, (3, H, W), in a tensor of these three."""
        found = self._vgg(painted[None], {*STYLE_LAYERS, CONTENT_LAYER})
        measured = {layer: statistics(found[layer]) for layer in STYLE_LAYERS}
        moments = sum(moments_loss(measured[layer], style[layer]).item() for layer in STYLE_LAYERS)
        gram = sum(gram_loss(measured[layer], style[layer]).item() for layer in STYLE_LAYERS)
        return torch.tensor([moments, gram * GRAM_SCALE, content_loss(found, content).item()])
