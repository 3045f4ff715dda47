"""`adaattn`: each place of the content gets the means and deviations that attention finds for it.

Liu et al. 2021, "AdaAttN: Revisit Attention Mechanism in Arbitrary Neural Style Transfer"
(2108.03647). Networks are trained here, or come in the layout of Huage001/AdaAttN (the pictures'
set, with shallow features and the skip at relu3_1), whose files could not be had: names, shapes and
the order of layers were read off its published code (models/networks.py, models/adaattn_model.py),
and a test runs that sequence of layers beside this one with the same numbers. Where they differ we
follow the code in the network (squared errors, unbiased variances, at most 4,096 keys at relu3_1)
and the paper in the losses (local at relu3_1 to relu5_1, where the code adds relu2_1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, cast, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from .attention import Form, memory, mixed, normalised
from .attentive import (
    LAYERS,
    AttentiveNetwork,
    Features,
    linear,
    moments_loss,
    see,
)
from .decoder import WIDTHS, Decoder
from .vgg import Vgg

PAINTED = ("relu3_1", "relu4_1", "relu5_1")
"""Layers whose features are painted, and compared in the local loss."""
GLOBAL_LAYERS = ("relu2_1", *PAINTED)
GLOBAL_WEIGHT, LOCAL_WEIGHT = 10.0, 3.0
"""Of the losses: section 4.1 of the paper."""
MOST_KEYS = {"relu3_1": 64 * 64, "relu4_1": 256 * 256, "relu5_1": 256 * 256}
"""Places of a style that a softmax looks at; of more, as many are drawn. As in the public code."""
KEY_SEED = 6666
"""Which are drawn: with it, those that the public code draws when it paints. In training it draws
others at every step; here they are the same, and only crops above 256 pixels have more."""
LEAST_VARIANCE = 1e-6
"""Below it the root's slope has no bound, and rounding is all there is."""

PUBLIC: Mapping[str, Mapping[str, str]] = {
    "latest_net_adaattn*.pth": {
        "f": "norms.relu3_1.query",
        "g": "norms.relu3_1.key",
        "h": "norms.relu3_1.value",
    },
    "latest_net_transformer.pth": {
        "attn_adain_4_1.f": "norms.relu4_1.query",
        "attn_adain_4_1.g": "norms.relu4_1.key",
        "attn_adain_4_1.h": "norms.relu4_1.value",
        "attn_adain_5_1.f": "norms.relu5_1.query",
        "attn_adain_5_1.g": "norms.relu5_1.key",
        "attn_adain_5_1.h": "norms.relu5_1.value",
        "merge_conv": "merge",
    },
    "latest_net_decoder.pth": {
        "decoder_layer_1.1": "decoder.convolutions.conv4_1",
        "decoder_layer_2.1": "decoder.convolutions.conv3_4",
        "decoder_layer_2.4": "decoder.convolutions.conv3_3",
        "decoder_layer_2.7": "decoder.convolutions.conv3_2",
        "decoder_layer_2.10": "decoder.convolutions.conv3_1",
        "decoder_layer_2.14": "decoder.convolutions.conv2_2",
        "decoder_layer_2.17": "decoder.convolutions.conv2_1",
        "decoder_layer_2.21": "decoder.convolutions.conv1_2",
        "decoder_layer_2.24": "decoder.convolutions.conv1_1",
    },
}
"""The public files by the patterns of their names, and our name of each layer in them by theirs."""


class StyleMemory(nn.Module):
    """What is kept of styles at one layer: enough to say a mean and a deviation for any query.

    Args:
        form: of the attention.
        keys: (M, C, m), of m places in each of M styles.
        values: (M, D, m).
        most: places that a softmax looks at; the cosine form costs the same for all.
    """

    centre: Tensor

    def __init__(self, form: Form, keys: Tensor, values: Tensor, *, most: int) -> None:
        super().__init__()
        if form == "softmax" and keys.shape[-1] > most:
            generator = torch.Generator().manual_seed(KEY_SEED)
            drawn = torch.randperm(keys.shape[-1], generator=generator)[:most].to(keys.device)
            keys, values = keys[..., drawn], values[..., drawn]
        # A variance as a difference of two large numbers would lose its bits in half precision.
        centre = values.mean(-1, keepdim=True)
        apart = values - centre
        self.register_buffer("centre", centre)
        self.memory = memory(form, keys, torch.cat((apart, apart.square()), dim=1))

    def forward(self, queries: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and deviation (equations 4 and 5) for (N, C, n) queries: (N, D, n) float32 each."""
        mean, square = self.memory(queries).chunk(2, dim=1)
        variance = (square - mean.square()).clamp_min(LEAST_VARIANCE)
        return mean + self.centre.float(), variance.sqrt()


class AttentiveNorm(nn.Module):
    """The paper's AdaAttN (section 3.2).

    Args:
        width: channels of the features.
        key_width: channels of what queries and keys are made of.
    """

    def __init__(self, width: int, key_width: int) -> None:
        super().__init__()
        self.query = linear(key_width, key_width)
        self.key = linear(key_width, key_width)
        self.value = linear(width, width)

    def remember(self, style: Tensor, seen: Tensor, form: Form, *, most: int) -> StyleMemory:
        """Keys of (M, K, h, w) `seen` and values of (M, C, h, w) features of styles."""
        keys, values = self.key(seen).flatten(2), self.value(style).flatten(2)
        return StyleMemory(form, keys, values, most=most)

    def forward(
        self, content: Tensor, seen: Tensor, styles: Sequence[StyleMemory], weights: Tensor
    ) -> Tensor:
        """(N, C, h, w) features of the content with the statistics found for each place."""
        size = content.shape[-2:]
        queries = self.query(seen).flatten(2)
        found = [
            torch.unflatten(torch.cat(style(queries), dim=1).to(content.dtype), 2, size)
            for style in styles
        ]
        mean, deviation = mixed(found, weights).chunk(2, dim=1)
        return torch.addcmul(mean, deviation, normalised(content))


class AdaAttN(AttentiveNetwork):
    """The network `adaattn`.

    Args:
        widths: channels of the VGG at relu1_1, relu2_1, relu3_1 and relu4_1; at relu5_1 there
            are as many as at relu4_1.
        form: see `form`.

    Attributes:
        form: of its attention: `softmax` for pictures; `cosine` for film (section 3.5), where it
            is steadier. The weights are the same; it may be set before styles are read.

    Raises:
        ValueError: there are not four widths, one is out of range, or there is no such form.
    """

    method: ClassVar[str] = "adaattn"
    layers: ClassVar[tuple[str, ...]] = LAYERS
    kept: ClassVar[int] = 300

    def __init__(self, *, widths: Sequence[int] = WIDTHS, form: Form = "softmax") -> None:
        super().__init__()
        if form not in get_args(Form):
            raise ValueError(f"form {form!r}: must be one of {', '.join(get_args(Form))}")
        self.form: Form = form
        self.decoder = Decoder(widths, skip=True)
        self.widths = tuple(widths)
        channels = dict(zip(LAYERS, (*widths, widths[-1]), strict=True))
        self.norms = nn.ModuleDict(
            {
                layer: AttentiveNorm(
                    channels[layer], sum(channels[each] for each in _down_to(layer))
                )
                for layer in PAINTED
            }
        )
        self.merge = linear(widths[-1], widths[-1], size=3)

    def prefer_steady(self) -> None:
        """Attend by cosines (section 3.5 of the paper)."""
        self.form = "cosine"

    def remember(self, style: Features) -> nn.ModuleDict:
        """What each norm needs of it."""
        return nn.ModuleDict(
            {
                layer: self._norm(layer).remember(
                    style[layer], down_to(style, layer), self.form, most=MOST_KEYS[layer]
                )
                for layer in PAINTED
            }
        )

    def attend(
        self, content: Features, styles: Sequence[nn.ModuleDict], weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Paint at three layers, and merge the deeper two (see `AttentiveNetwork`)."""
        third, fourth, fifth = (
            self._norm(layer)(
                content[layer],
                down_to(content, layer),
                [cast("StyleMemory", style[layer]) for style in styles],
                weights,
            )
            for layer in PAINTED
        )
        return self.merge(fourth + F.interpolate(fifth, scale_factor=2, mode="nearest")), third

    def objective(
        self, vgg: Vgg, contents: Tensor, styles: Tensor
    ) -> dict[str, tuple[float, Tensor]]:
        """The paper's losses (section 3.3; see `VggNetwork`).

        Global: moments at relu2_1 to relu5_1. Local: features at relu3_1 to relu5_1 are to be what
        the norms without their convolutions make of the content's.
        """
        with torch.no_grad():
            content, style = see(vgg, contents), see(vgg, styles)
            wanted = {layer: self._plainly_painted(content, style, layer) for layer in PAINTED}
        painted = self.decode(content, [self.remember(style)], contents.new_ones(1, 1, 1, 1))
        found = see(vgg, painted, GLOBAL_LAYERS)
        local = torch.stack([F.mse_loss(found[layer], wanted[layer]) for layer in PAINTED]).sum()
        return {
            "global": (GLOBAL_WEIGHT, moments_loss(found, style, GLOBAL_LAYERS)),
            "local": (LOCAL_WEIGHT, local),
        }

    def architecture(self) -> dict[str, object]:
        """The arguments that make a network of this shape."""
        return {"widths": list(self.widths), "form": self.form}

    def _norm(self, layer: str) -> AttentiveNorm:
        return cast("AttentiveNorm", self.norms[layer])

    def _plainly_painted(self, content: Features, style: Features, layer: str) -> Tensor:
        keys, values = down_to(style, layer).flatten(2), style[layer].flatten(2)
        kept = StyleMemory(self.form, keys, values, most=MOST_KEYS[layer])
        mean, deviation = kept(down_to(content, layer).flatten(2))
        size = content[layer].shape[-2:]
        mean, deviation = torch.unflatten(mean, 2, size), torch.unflatten(deviation, 2, size)
        return torch.addcmul(mean, deviation, normalised(content[layer]))


def down_to(features: Features, layer: str) -> Tensor:
    """What queries and keys are made of (equation 2): all layers to this one, each normalised.

    Args:
        features: (N, C, h, w) for each layer.
        layer: the others are brought to its size.
    """
    size = features[layer].shape[-2:]
    return torch.cat(
        [
            normalised(F.interpolate(features[each], size, mode="nearest"))
            for each in _down_to(layer)
        ],
        dim=1,
    )


def _down_to(layer: str) -> tuple[str, ...]:
    return LAYERS[: LAYERS.index(layer) + 1]
