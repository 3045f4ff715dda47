"""`adain`: gives the features of a picture the style's means and deviations, and decodes them.

Huang 2017 (1703.06868): VGG-19 up to relu4_1, adaptive instance normalisation, a decoder. Weights:
the public decoder of pytorch-AdaIN v0.0.0 (MIT), or ours.

We differ from the paper in this: under masks each style meets the statistics of its own region of
the content; sides that are no multiples of 8 are continued by reflection and cut off again; losses
are means of squares, as in the published code, where the paper has norms.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from .any_style import Mixture, VggNetwork
from .attentive import moments_loss
from .decoder import PUBLIC_NAMES, WIDTHS, Decoder
from .in_tiles import InTiles, refuse_too_large
from .network import PaintingNetwork, is_plain
from .pixels import pad
from .slow_moments import SlowMoments, undone_by_errors
from .vgg import Vgg

LAYER = "relu4_1"
STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", LAYER)
STYLE_WEIGHT = 10.0
"""Of the style loss beside the content loss, as in the published training."""
EPSILON = 1e-5
"""Added to a variance: the value of the published code."""
PLAIN = 1e-3
"""Variance of a feature (1 is usual) below which its changes are no change of light."""
PUBLIC = {
    "decoder.pth": {
        number: f"decoder.convolutions.{name}" for number, name in PUBLIC_NAMES.items()
    },
}
"""The public file, and our name of each layer in it by theirs."""


class Adain(VggNetwork):
    """The network `adain`: its decoder, as the VGG is not its own.

    Args:
        widths: channels of the VGG at relu1_1 to relu4_1.
    """

    method: ClassVar[str] = "adain"
    reaches: ClassVar[str | None] = LAYER
    applies_strength: ClassVar[bool] = True

    def __init__(self, *, widths: tuple[int, int, int, int] = WIDTHS) -> None:
        super().__init__()
        self.widths = tuple(widths)
        self.decoder = Decoder(widths)
        self._steady = False

    def prefer_steady(self) -> None:
        """Go by what a shot's features vary by, not by each frame's own."""
        self._steady = True

    def architecture(self) -> dict[str, object]:
        """The arguments that make a network of this shape."""
        return {"widths": list(self.widths)}

    @torch.no_grad()
    def with_styles(
        self, styles: Mixture, *, vgg: Vgg | None = None, strength: float = 1.0
    ) -> PaintingNetwork:
        """Read styles, once (see `AnyStyle`).

        Raises:
            ValueError: there is no VGG.
        """
        if vgg is None:
            raise ValueError("adain sees pictures by a VGG: give one")
        return AdainPainter(self.decoder, vgg, styles, strength, steady=self._steady)

    def objective(
        self, vgg: Vgg, contents: Tensor, styles: Tensor
    ) -> dict[str, tuple[float, Tensor]]:
        """The losses of equations 11 to 13, as means of squares, each with its weight.

        Args:
            vgg: the extractor.
            contents: (N, 3, H, W) RGB in [0, 1], sides multiples of 8.
            styles: (N, 3, h, w) likewise, one for each content.
        """
        with torch.no_grad():
            wanted = vgg(styles, STYLE_LAYERS)
            content = vgg(contents, [LAYER])[LAYER]
            target = renormalise(content, *moments(wanted[LAYER]))
        painted = vgg(self.decoder(target), STYLE_LAYERS)
        style = moments_loss(painted, wanted, STYLE_LAYERS)
        content_loss = F.mse_loss(painted[LAYER], target)
        return {"content": (1.0, content_loss), "style": (STYLE_WEIGHT, style)}


NUMBERS, KEPT = 255, 50
"""That are there at once for each pixel that is seen or decoded at once, and for each pixel of all
(measured: 1 KB and 0.18 KB in float32)."""


class AdainPainter(PaintingNetwork):
    """Paints in a mixture of styles.

    Args:
        decoder: from features to pictures; copied.
        vgg: the extractor.
        styles: their pictures are read here.
        strength: alpha of the paper: 0 decodes the content's own features, 1 the styled ones.
        steady: whether the pictures are frames of a film, in order: then their features' moments
            are followed slowly (see `SlowMoments`).
    """

    def __init__(
        self, decoder: Decoder, vgg: Vgg, styles: Mixture, strength: float, *, steady: bool = False
    ) -> None:
        super().__init__()
        where = next(vgg.parameters())
        self.decoder = copy.deepcopy(decoder).eval().requires_grad_(False).to(where)
        self.vgg = vgg
        self._styles, self._strength = styles, strength
        self._moments = [moments(vgg(picture[None], [LAYER])[LAYER]) for picture in styles.pictures]
        self._slow = [SlowMoments() for _ in styles.pictures] if steady else None

    def begin_shot(self) -> None:
        """Measure anew."""
        for slow in self._slow or ():
            slow.forget()

    def forward(self, pictures: Tensor) -> Tensor:
        """Paint (N, 3, H, W) RGB in [0, 1].

        Raises:
            torch.OutOfMemoryError: they take more memory than the machine has.
        """
        refuse_too_large(pictures, numbers=NUMBERS, kept=KEPT)
        with undone_by_errors(self._slow or ()):
            return self._paint(pictures)

    def _paint(self, pictures: Tensor) -> Tensor:
        height, width = pictures.shape[-2:]
        below, right = -height % Decoder.stride, -width % Decoder.stride
        size = height + below, width + right
        tiles = InTiles(self.vgg, [LAYER], self.decoder, size=size, on_step=self.on_step)
        content = tiles.see(pad(pictures, 0, right, 0, below, "reflect"))[LAYER]
        places = self._styles.weights((height, width)), self._styles.guides((height, width))
        weights, guides = (_pooled(each, content, below=below, right=right) for each in places)
        styled = torch.zeros_like(content)
        # Only on film: elsewhere nothing is followed.
        seen = pictures.chunk(len(pictures)) if self._slow is not None else ()
        plain = [is_plain(picture) for picture in seen]
        parts = zip(weights, guides, self._moments, strict=True)
        for index, (weight, guide, wanted) in enumerate(parts):
            own = moments(content, where=guide if self._styles.masks is not None else None)
            if self._slow is not None:
                own = _followed(self._slow[index], *own, plain=plain)
            here = renormalise(content, *wanted, own=own)
            styled.addcmul_(here, weight.to(content.dtype))
        painted = tiles.decode(content.lerp_(styled, self._strength))[..., :height, :width]
        return painted.clamp(0, 1).to(pictures.dtype)


def _pooled(weights: Tensor, features: Tensor, *, below: int, right: int) -> Tensor:
    """Weights of a picture's places, (K, 1, H, W), of its features'; (K, 1, 1, 1) stays as it is.

    Args:
        weights: of each style.
        features: (N, C, h, w), of the picture continued.
        below: pixels by which it was.
        right: likewise.
    """
    weights = weights.to(features.device)
    if weights.shape[-2:] == (1, 1):
        return weights
    padded = pad(weights, 0, right, 0, below, "replicate")
    return F.adaptive_avg_pool2d(padded, (features.shape[-2], features.shape[-1]))


def moments(features: Tensor, *, where: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Mean and deviation of each channel, (N, C, 1, 1) float32 each.

    Args:
        features: (N, C, H, W).
        where: (1, H, W), at least 0: how much each place counts; None: as much everywhere.
    """
    count = features.shape[2] * features.shape[3]
    if where is None:
        variance, mean = torch.var_mean(
            features.float(), (2, 3), correction=min(1, count - 1), keepdim=True
        )
    else:
        share = where / where.sum().clamp_min(EPSILON)
        mean = (features.float() * share).sum((2, 3), keepdim=True)
        variance = ((features.float() - mean).square() * share).sum((2, 3), keepdim=True)
    return mean, (variance + EPSILON).sqrt()


def renormalise(
    content: Tensor,
    mean: Tensor,
    deviation: Tensor,
    *,
    own: tuple[Tensor, Tensor] | None = None,
) -> Tensor:
    """Adaptive instance normalisation (equation 8): features with these means and deviations.

    Args:
        content: (N, C, H, W) features.
        mean: (N, C, 1, 1) or (1, C, 1, 1), wanted.
        deviation: likewise.
        own: what the content is taken to have; None: what it has.
    """
    own_mean, own_deviation = own or moments(content)
    scale = deviation / own_deviation
    return torch.addcmul(
        (mean - own_mean * scale).to(content.dtype), content, scale.to(content.dtype)
    )


def _followed(
    slow: SlowMoments, means: Tensor, deviations: Tensor, *, plain: Sequence[bool]
) -> tuple[Tensor, Tensor]:
    """Moments to go by, (N, C, 1, 1) each, from those of N frames in their order.

    What is plain, such as black between scenes, says nothing of the shot, and goes by its own.
    """
    pairs = [
        (mean, deviation.square())
        if apart
        else slow.follow(mean, deviation.square(), epsilon=PLAIN)
        for mean, deviation, apart in zip(means, deviations, plain, strict=True)
    ]
    mean, variance = (torch.stack(each) for each in zip(*pairs, strict=True))
    return mean, variance.sqrt()
