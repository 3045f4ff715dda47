"""What `sanet` and `adaattn` have in common: a painter that asks a style's features place by place.

The VGG sees each style once, and each picture when it is painted; a method says what it keeps of a
style and how it paints a picture's features with it. A frame of 1080p in a style of 512 pixels
took 3.3 GB with `sanet` and 4.2 GB with `adaattn`, all included (processor, float32).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from .any_style import Mixture, VggNetwork
from .decoder import Decoder
from .in_tiles import InTiles, refuse_too_large
from .instance_norm import moments
from .layers import Convolution
from .network import PaintingNetwork
from .pixels import pad
from .vgg import Vgg

LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
MULTIPLE = 16
"""Pixels that one place at relu5_1 stands for: sides are continued to a multiple of it."""
FIRST_GAIN = 6**-0.5
"""Of untrained kernels that no ReLU follows, beside those before one: what torch starts with, as
the public code does. With more, scores are so far apart that attention sees one key alone."""
NUMBERS = 300
"""That are there at once for each pixel that is seen or decoded at once (measured: 1.2 KB in
float32, by `sanet`)."""

Features = Mapping[str, Tensor]
"""(N, C, h, w) for each layer of a VGG."""


class AttentiveNetwork(VggNetwork):
    """A network that attends to a style's features.

    The strength of a painting is not its business: SANet mixes the content in as features that
    attend to themselves, which costs as much again and does not give the picture back at 0.

    Attributes:
        layers: of the VGG, all that `remember` and `attend` look at.
        kept: numbers that are there at once for each pixel of all, however many that are.
        decoder: from features to pictures.
    """

    reaches: ClassVar[str | None] = "relu5_1"
    lattice: ClassVar[int] = MULTIPLE
    layers: ClassVar[tuple[str, ...]]
    kept: ClassVar[int]
    decoder: Decoder

    def remember(self, style: Features) -> nn.ModuleDict:
        """What to keep of the features of styles, by layer."""
        raise NotImplementedError

    def attend(
        self, content: Features, styles: Sequence[nn.ModuleDict], weights: Tensor
    ) -> tuple[Tensor, Tensor | None]:
        """Lay styles on the features of pictures.

        Args:
            content: of (N, 3, H, W) pictures, whose sides are multiples of 16.
            styles: what is kept of K of them.
            weights: (K, 1, H, W) or (K, 1, 1, 1), which sum up to 1.

        Returns:
            What the decoder takes.
        """
        raise NotImplementedError

    def decode(self, content: Features, styles: Sequence[nn.ModuleDict], weights: Tensor) -> Tensor:
        """Paint (see `attend`): (N, 3, H, W) RGB, about in [0, 1], not cut off for training."""
        painted: Tensor = self.decoder(*self.attend(content, styles, weights))
        return painted

    @torch.no_grad()
    def with_styles(
        self, styles: Mixture, *, vgg: Vgg | None = None, strength: float = 1.0
    ) -> PaintingNetwork:
        """Read styles, once (see `AnyStyle`).

        Raises:
            ValueError: there is no VGG.
        """
        if vgg is None:
            raise ValueError(f"{self.method} sees pictures through a VGG: give one with vgg=")
        return AttentivePainter(self, vgg, styles)


class AttentivePainter(PaintingNetwork):
    """A network together with what it keeps of some styles.

    Args:
        network: copied; on which device and in what it computes, the VGG says.
        vgg: not copied: it is large, and frozen.
        styles: the pictures, and how much of each there is where.
    """

    def __init__(self, network: AttentiveNetwork, vgg: Vgg, styles: Mixture) -> None:
        super().__init__()
        where = next(vgg.parameters())
        network = copy.deepcopy(network).eval().requires_grad_(False)
        self.network, self.vgg = network.to(where.device, where.dtype), vgg
        self.kept = nn.ModuleList(
            self.network.remember(vgg(picture[None].to(where), network.layers))
            for picture in styles.pictures
        )
        self._styles = styles

    def forward(self, pictures: Tensor) -> Tensor:
        """Paint (N, 3, H, W) RGB in [0, 1].

        Raises:
            torch.OutOfMemoryError: they take more memory than the machine has.
        """
        network = self.network
        refuse_too_large(pictures, numbers=NUMBERS, kept=network.kept)
        height, width = pictures.shape[-2:]
        below, right = -height % MULTIPLE, -width % MULTIPLE
        size = height + below, width + right
        tiles = InTiles(self.vgg, network.layers, network.decoder, size=size, on_step=self.on_step)
        weights = self._styles.weights((height, width)).to(pictures.device)
        if weights.shape[-2:] != (1, 1):
            weights = pad(weights, 0, right, 0, below, "replicate")
        seen = tiles.see(pad(pictures, 0, right, 0, below, "reflect"))
        attended = network.attend(seen, list(self.kept), weights)  # type: ignore[arg-type]
        painted = tiles.decode(*attended)[..., :height, :width]
        return painted.clamp(0, 1).to(pictures.dtype)


def linear(inputs: int, outputs: int, *, size: int = 1) -> Convolution:
    """A convolution that no ReLU follows."""
    convolution = Convolution(inputs, outputs, size, border="reflect")
    with torch.no_grad():
        convolution.weight.mul_(FIRST_GAIN)
    return convolution


def see(vgg: Vgg, pictures: Tensor, layers: Sequence[str] = LAYERS) -> dict[str, Tensor]:
    """Features of pictures in float32, for losses.

    Raises:
        ValueError: a side is no multiple of 16: what is painted would be of another size.
    """
    height, width = pictures.shape[-2:]
    if height % MULTIPLE or width % MULTIPLE:
        raise ValueError(f"crops of {width}x{height}: both sides are to be multiples of {MULTIPLE}")
    return {layer: features.float() for layer, features in vgg(pictures, layers).items()}


def moments_loss(found: Features, wanted: Features, layers: Sequence[str]) -> Tensor:
    """MSE of means plus MSE of deviations of channels, summed over layers (Huang 2017)."""
    losses = [
        F.mse_loss(each, other)
        for layer in layers
        for each, other in zip(moments(found[layer]), moments(wanted[layer]), strict=True)
    ]
    return torch.stack(losses).sum()
