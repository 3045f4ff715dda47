"""How well a painting is painted: its style, Gram and content loss, by one protocol for all.

The Gatys-normalised VGG-19; content, style and painting each with a shorter side of 512 pixels.
Style is the sum over relu1_1, 2_1, 3_1, 4_1 of MSE(mean) + MSE(deviation) over channels; Gram the
sum over the same layers of MSE(FFᵀ / (C·H·W)) × 10⁴; content the MSE at relu4_1.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .losses import (
    CONTENT_LAYER,
    STYLE_LAYERS,
    StyleTarget,
    content_loss,
    gram_loss,
    moments_loss,
    style_target,
)
from .vgg import Vgg

SIDE = 512
"""Pixels on the shorter side of whatever is measured."""
GRAM_SCALE = 1e4


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture as the VGG sees it.

    Attributes:
        style: the statistics of its style layers.
        content: the features of its content layer, (1, C, h, w).
    """

    style: StyleTarget
    content: dict[str, Tensor]


class Meter:
    """Measures paintings.

    Args:
        vgg: the normalised VGG-19 (`load_vgg`), for figures that are to be compared.
    """

    def __init__(self, vgg: Vgg) -> None:
        self._vgg = vgg

    def see(self, picture: Tensor) -> Seen:
        """See a photograph, a style or a painting, (3, H, W) RGB in [0, 1]: one pass of the VGG."""
        found = self._vgg(picture[None], {*STYLE_LAYERS, CONTENT_LAYER})
        return Seen(style_target(found), {CONTENT_LAYER: found[CONTENT_LAYER]})

    def losses(self, painted: Seen, content: Seen, style: Seen) -> Tensor:
        """Style, Gram and content loss of a painting, in a tensor of these three."""
        pairs = [(painted.style[layer], style.style[layer]) for layer in STYLE_LAYERS]
        moments = sum(moments_loss(*pair).item() for pair in pairs)
        gram = sum(gram_loss(*pair).item() for pair in pairs)
        kept = content_loss(painted.content, content.content).item()
        return torch.tensor([moments, gram * GRAM_SCALE, kept])
