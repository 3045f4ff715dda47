"""The decoder that `adain`, `sanet` and `adaattn` share: from features at relu4_1 to a picture.

The mirror of VGG-19 up to relu4_1, after Huang 2017 (1703.06868, section 6): no norm, every
convolution continues its input by reflection, nearest upsampling stands where the VGG pools. Each
convolution has the name of the one that it undoes. Weights: ours, or those published with
pytorch-AdaIN v0.0.0 (MIT), GlebSBrykin/SANET and Huage001/AdaAttN, which all have these shapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from .layers import Convolution

WIDTHS = (64, 128, 256, 512)
"""Channels of VGG-19 at relu1_1, relu2_1, relu3_1 and relu4_1."""
WIDEST = 1024
"""What a width may be: a network is made from what a file says before any of it is read."""
FIRST_CONTRAST = 0.1
"""Of what an untrained decoder paints, about a mid grey: what it is trained by sees no glare."""

DOUBLED = ("conv4_1", "conv3_1", "conv2_1")
"""Convolutions that upsampling follows."""

PUBLIC_NAMES = {
    "1": "conv4_1",
    "5": "conv3_4",
    "8": "conv3_3",
    "11": "conv3_2",
    "14": "conv3_1",
    "18": "conv2_2",
    "21": "conv2_1",
    "25": "conv1_2",
    "28": "conv1_1",
}
"""By the number that each convolution has in the public `decoder.pth` of AdaIN, which counts
padding, ReLU and upsampling too; read off that file (names and shapes), and so it is in SANet's."""


class Decoder(nn.Module):
    """Paints pictures from features.

    Args:
        widths: channels at relu1_1, relu2_1, relu3_1 and relu4_1.
        skip: whether features at relu3_1 are laid beside its own after the first upsampling.

    Raises:
        ValueError: there are not four widths, or one is out of range.
    """

    stride: ClassVar[int] = 8
    """Pixels from one of the features that it takes to the next."""
    reach: ClassVar[int] = 30
    """Pixels around a place, at most, whose features decide how it is painted: of the convolutions
    at 1/8 of the size one, at 1/4 four, and two each above."""

    def __init__(self, widths: Sequence[int] = WIDTHS, *, skip: bool = False) -> None:
        super().__init__()
        if len(widths) != 4 or not all(1 <= width <= WIDEST for width in widths):
            raise ValueError(f"widths {tuple(widths)}: four are needed, each 1 to {WIDEST}")
        first, second, third, fourth = widths
        channels = {
            "conv4_1": (fourth, third),
            "conv3_4": (2 * third if skip else third, third),
            "conv3_3": (third, third),
            "conv3_2": (third, third),
            "conv3_1": (third, second),
            "conv2_2": (second, second),
            "conv2_1": (second, first),
            "conv1_2": (first, first),
            "conv1_1": (first, 3),
        }
        convolutions = {
            name: Convolution(inputs, outputs, 3, border="reflect")
            for name, (inputs, outputs) in channels.items()
        }
        with torch.no_grad():
            convolutions["conv1_1"].weight.mul_(FIRST_CONTRAST)
            convolutions["conv1_1"].bias.fill_(0.5)
        self.convolutions = nn.ModuleDict(convolutions)

    def forward(self, features: Tensor, beside: Tensor | None = None) -> Tensor:
        """Paint.

        Args:
            features: (N, C, h, w), of the kind that the VGG finds at relu4_1.
            beside: (N, C/2, 2h, 2w), of the kind at relu3_1, if the decoder has the skip.

        Returns:
            (N, 3, 8h, 8w) RGB, about in [0, 1]; not cut off, for training's sake.
        """
        for name, convolution in self.convolutions.items():
            if name == "conv3_4" and beside is not None:
                features = torch.cat((features, beside), 1)
            features = convolution(features)
            if name != "conv1_1":
                features = F.relu(features, inplace=True)
            if name in DOUBLED:
                features = F.interpolate(features, scale_factor=2, mode="nearest")
        return features
