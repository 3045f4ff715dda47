"""`johnson`: the classic transformation network for one style.

Johnson 2016 (1603.08155) with the instance norm of Ulyanov 2016 (1607.08022), laid out as the
`fast_neural_style` example of PyTorch (BSD-3), so that anyone's checkpoint of it can be read: RGB
0 to 255 inside, reflection padding at every convolution, nearest upsampling. Where a side does not
divide by 4 the example gives back some pixels more; `forward` cuts them off.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from .instance_norm import InstanceNorm
from .layers import Convolution
from .network import StyleNetwork

MIDDLE_GREY = 127.5
FIRST_CONTRAST = 30.0
"""Deviation of an untrained output, 0 to 255: from black, training takes thousands of steps."""


def _reflected(inputs: int, outputs: int, size: int, *, stride: int = 1) -> Convolution:
    return Convolution(inputs, outputs, size, stride=stride, border="reflect")


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions around which their input is carried."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = _reflected(channels, channels, 3)
        self.in1 = InstanceNorm(channels)
        self.conv2 = _reflected(channels, channels, 3)
        self.in2 = InstanceNorm(channels)

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) in and out."""
        inner = F.relu(self.in1(self.conv1(features)))
        outer: Tensor = self.in2(self.conv2(inner))
        return features + outer


class Johnson(StyleNetwork):
    """The network `johnson`."""

    method: ClassVar[str] = "johnson"
    multiple: ClassVar[int] = 1
    bytes_per_pixel: ClassVar[int] = 960

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = _reflected(3, 32, 9)
        self.in1 = InstanceNorm(32)
        self.conv2 = _reflected(32, 64, 3, stride=2)
        self.in2 = InstanceNorm(64)
        self.conv3 = _reflected(64, 128, 3, stride=2)
        self.in3 = InstanceNorm(128)
        self.res1 = ResidualBlock(128)
        self.res2 = ResidualBlock(128)
        self.res3 = ResidualBlock(128)
        self.res4 = ResidualBlock(128)
        self.res5 = ResidualBlock(128)
        self.deconv1 = _reflected(128, 64, 3)
        self.in4 = InstanceNorm(64)
        self.deconv2 = _reflected(64, 32, 3)
        self.in5 = InstanceNorm(32)
        self.deconv3 = _reflected(32, 3, 9)
        with torch.no_grad():
            self.deconv3.weight.mul_(FIRST_CONTRAST)
            self.deconv3.bias.fill_(MIDDLE_GREY)

    def paint(self, pictures: Tensor) -> Tensor:
        """(N, 3, H, W) RGB in [0, 1]; the output may leave it, and its sides divide by 4."""
        features = F.relu(self.in1(self.conv1(pictures * 255)))
        features = F.relu(self.in2(self.conv2(features)))
        features = F.relu(self.in3(self.conv3(features)))
        for block in self._blocks():
            features = block(features)
        features = F.relu(self.in4(self.deconv1(_doubled(features))))
        features = F.relu(self.in5(self.deconv2(_doubled(features))))
        painted: Tensor = self.deconv3(features) / 255
        return painted if self.training else painted.clamp(0, 1)

    @property
    def lattice(self) -> int:
        """It sees by every fourth pixel, whatever size it is given."""
        return 4

    @property
    def reach(self) -> int:
        """Ten convolutions of 4 pixels, and 14 on the way down and up."""
        return 54

    def normalised(self) -> list[tuple[Convolution, InstanceNorm]]:
        """Each convolution with the norm right behind it."""
        pairs = [(self.conv1, self.in1), (self.conv2, self.in2), (self.conv3, self.in3)]
        for block in self._blocks():
            pairs += [(block.conv1, block.in1), (block.conv2, block.in2)]
        return [*pairs, (self.deconv1, self.in4), (self.deconv2, self.in5)]

    def _blocks(self) -> list[ResidualBlock]:
        return [self.res1, self.res2, self.res3, self.res4, self.res5]


def _doubled(features: Tensor) -> Tensor:
    return F.interpolate(features, scale_factor=2.0, mode="nearest")
