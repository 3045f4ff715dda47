"""`sanet`: a style is laid where the content resembles it, by attention at two layers.

Park & Lee 2018, "Arbitrary Style Transfer with Style-Attentional Networks" (1812.02342). Networks
are trained here, or come in the layout of GlebSBrykin/SANET, whose files could not be had: names,
shapes and the order of layers were read off its published code (Eval.py, Train.ipynb), and a test
runs that sequence of layers beside this one with the same numbers. Where the public code differs
from the paper (squared errors in place of norms) we follow the code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from .attention import SoftmaxMemory, mixed, normalised
from .attentive import (
    LAYERS,
    AttentiveNetwork,
    Features,
    linear,
    moments_loss,
    see,
)
from .decoder import PUBLIC_NAMES, WIDTHS, Decoder
from .vgg import Vgg

CONTENT_WEIGHT, STYLE_WEIGHT = 1.0, 3.0
IDENTITY_WEIGHT, IDENTITY_FEATURES_WEIGHT = 50.0, 1.0
"""Of the losses: section 4.1 of the paper, and the public code."""

PUBLIC: Mapping[str, Mapping[str, str]] = {
    "transformer_iter_*.pth": {
        "sanet4_1.f": "attention.relu4_1.query",
        "sanet4_1.g": "attention.relu4_1.key",
        "sanet4_1.h": "attention.relu4_1.value",
        "sanet4_1.out_conv": "attention.relu4_1.out",
        "sanet5_1.f": "attention.relu5_1.query",
        "sanet5_1.g": "attention.relu5_1.key",
        "sanet5_1.h": "attention.relu5_1.value",
        "sanet5_1.out_conv": "attention.relu5_1.out",
        "merge_conv": "merge",
    },
    "decoder_iter_*.pth": {
        number: f"decoder.convolutions.{name}" for number, name in PUBLIC_NAMES.items()
    },
}
"""The public files by the patterns of their names, and our name of each layer in them by theirs."""


class StyleAttention(nn.Module):
    """The paper's SANet (equations 3 to 5): what of the style is like each place of the content."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query = linear(width, width)
        self.key = linear(width, width)
        self.value = linear(width, width)
        self.out = linear(width, width)

    def remember(self, style: Tensor) -> SoftmaxMemory:
        """Keys and values of (M, C, h, w) features of styles."""
        return SoftmaxMemory(self.key(normalised(style)).flatten(2), self.value(style).flatten(2))

    def forward(self, content: Tensor, styles: Sequence[SoftmaxMemory], weights: Tensor) -> Tensor:
        """(N, C, h, w) features of the content with those of the styles laid on."""
        queries = self.query(normalised(content)).flatten(2)
        found = [style(queries).unflatten(2, content.shape[-2:]) for style in styles]
        laid: Tensor = self.out(mixed(found, weights).to(content.dtype))
        return laid + content


class Sanet(AttentiveNetwork):
    """The network `sanet`.

    Args:
        widths: channels of the VGG at relu1_1, relu2_1, relu3_1 and relu4_1; at relu5_1 there
            are as many as at relu4_1.

    Raises:
        ValueError: there are not four widths, or one is out of range.
    """

    method: ClassVar[str] = "sanet"
    layers: ClassVar[tuple[str, ...]] = ("relu4_1", "relu5_1")
    kept: ClassVar[int] = 60

    def __init__(self, *, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        self.decoder = Decoder(widths)
        self.widths = tuple(widths)
        width = self.widths[-1]
        self.attention = nn.ModuleDict({layer: StyleAttention(width) for layer in self.layers})
        self.merge = linear(width, width, size=3)

    def remember(self, style: Features) -> nn.ModuleDict:
        """Keys and values at both layers."""
        return nn.ModuleDict(
            {layer: self._at(layer).remember(style[layer]) for layer in self.layers}
        )

    def attend(
        self, content: Features, styles: Sequence[nn.ModuleDict], weights: Tensor
    ) -> tuple[Tensor, None]:
        """Attend at both layers, and merge (equation 7; see `AttentiveNetwork`)."""
        fine, coarse = (
            self._at(layer)(
                content[layer],
                [cast("SoftmaxMemory", style[layer]) for style in styles],
                weights,
            )
            for layer in self.layers
        )
        return self.merge(fine + F.interpolate(coarse, scale_factor=2, mode="nearest")), None

    def objective(
        self, vgg: Vgg, contents: Tensor, styles: Tensor
    ) -> dict[str, tuple[float, Tensor]]:
        """The paper's losses (section 3.3; see `VggNetwork`).

        Content: normalised features at relu4_1 and relu5_1. Style: moments at relu1_1 to relu5_1.
        Identity: a picture painted in its own style is to stay as it is, and its features too.
        """
        only = contents.new_ones(1, 1, 1, 1)
        with torch.no_grad():
            content, style = see(vgg, contents), see(vgg, styles)
        found = see(vgg, self.decode(content, [self.remember(style)], only))
        kept = [
            F.mse_loss(normalised(found[layer]), normalised(content[layer]))
            for layer in self.layers
        ]
        identity, identity_features = [], []
        for pictures, own in ((contents, content), (styles, style)):
            same = self.decode(own, [self.remember(own)], only)
            identity.append(F.mse_loss(same.float(), pictures.float()))
            again = see(vgg, same)
            identity_features += [F.mse_loss(again[layer], own[layer]) for layer in LAYERS]
        return {
            "content": (CONTENT_WEIGHT, torch.stack(kept).sum()),
            "style": (STYLE_WEIGHT, moments_loss(found, style, LAYERS)),
            "identity": (IDENTITY_WEIGHT, torch.stack(identity).sum()),
            "identity_features": (IDENTITY_FEATURES_WEIGHT, torch.stack(identity_features).sum()),
        }

    def architecture(self) -> dict[str, object]:
        """The arguments that make a network of this shape."""
        return {"widths": list(self.widths)}

    def _at(self, layer: str) -> StyleAttention:
        return cast("StyleAttention", self.attention[layer])
