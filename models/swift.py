"""`swift`: our own small network for one style, made for real time on two CPU cores.

Ours, after Johnson 2016 (1603.08155) and Ulyanov 2016 (1607.08022). It differs in that it works
at 1/2, 1/4 and 1/8 of the size where theirs works at 1, 1/2 and 1/4; halves with a box filter;
carries the 1/4 scale around the 1/8 one; and doubles inside the convolutions.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from .layers import Convolution, Doubling, DoublingLast, Halving, InstanceNorm
from .network import StyleNetwork

WIDTHS = (16, 32, 64, 16)
"""Channels at 1/2, 1/4, 1/8 and, on the way back, 1/2. With four blocks a frame of 1280×720 takes
an eighteenth of the classic network's time, both in bfloat16 and compiled (bench_networks)."""
BLOCKS = 4
MOST = 128
"""Channels or blocks: more would be no file of ours, and could fill the memory."""


NORM_EPSILON = 1e-2
"""Far below what a picture's channels vary by, and enough that a plain one stays plain in bfloat16:
with the usual 1e-5 its rounding errors were painted in full contrast."""


def _norm(channels: int) -> InstanceNorm:
    return InstanceNorm(channels, epsilon=NORM_EPSILON)


class Block(nn.Module):
    """Two 3×3 convolutions around which their input is carried."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = Convolution(channels, channels, 3)
        self.norm1 = _norm(channels)
        self.conv2 = Convolution(channels, channels, 3)
        self.norm2 = _norm(channels)

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) in and out."""
        inner = F.relu_(self.norm1(self.conv1(features)))
        outer: Tensor = self.norm2(self.conv2(inner))
        return features + outer

    def normalised(self) -> list[tuple[Convolution, InstanceNorm]]:
        """Each convolution with the norm right behind it."""
        return [(self.conv1, self.norm1), (self.conv2, self.norm2)]


class Swift(StyleNetwork):
    """The network `swift`.

    Args:
        widths: channels at 1/2, 1/4, 1/8 and, on the way back, 1/2 of the size.
        blocks: residual blocks at 1/8.

    Raises:
        ValueError: a width or the number of blocks is out of range.
    """

    method: ClassVar[str] = "swift"
    multiple: ClassVar[int] = 8
    # Without it a band shows: against the same place inside a larger picture the outermost pixels
    # differ by 0.135 (wave) and 0.183 (mosaic); with 8 by 0.093 and 0.147; with 16 by no less.
    margin: ClassVar[int] = 8
    lead: ClassVar[int] = 2

    def __init__(self, *, widths: tuple[int, int, int, int] = WIDTHS, blocks: int = BLOCKS) -> None:
        super().__init__()
        if len(widths) != 4 or not all(1 <= width <= MOST for width in (*widths, blocks)):
            raise ValueError(f"widths {widths} and {blocks} blocks: each is to be 1 to {MOST}")
        self.widths, self.block_count = widths, blocks
        half, quarter, eighth, last = widths
        self.down1 = Halving(3, half, 5, border="none")
        self.norm1 = _norm(half)
        self.down2 = Halving(half, quarter, 3)
        self.norm2 = _norm(quarter)
        self.down3 = Halving(quarter, eighth, 3)
        self.norm3 = _norm(eighth)
        self.blocks = nn.ModuleList(Block(eighth) for _ in range(blocks))
        self.up1 = Doubling(eighth, quarter)
        self.norm4 = _norm(quarter)
        self.up2 = Doubling(quarter, last, border="zeros")  # reaches 4 + 4 pixels: in the margin
        self.norm5 = _norm(last)
        self.up3 = DoublingLast(last, 3, border="zeros")

    def paint(self, pictures: Tensor) -> Tensor:
        """(N, 3, H + 4, W + 4) RGB in [0, 1], H and W multiples of 8, to (N, 3, H, W)."""
        features = F.relu_(self.norm1(self.down1(pictures)))
        quarter = F.relu_(self.norm2(self.down2(features)))
        features = F.relu_(self.norm3(self.down3(quarter)))
        for block in self.blocks:
            features = block(features)
        features = F.relu_(self.norm4(self.up1(features)) + quarter)
        features = F.relu_(self.norm5(self.up2(features)))
        return torch.sigmoid(self.up3(features))

    def architecture(self) -> dict[str, object]:
        """The arguments that make a network of this shape."""
        return {"widths": list(self.widths), "blocks": self.block_count}

    def normalised(self) -> list[tuple[Convolution, InstanceNorm]]:
        """Each convolution with the norm right behind it."""
        pairs = [(self.down1, self.norm1), (self.down2, self.norm2), (self.down3, self.norm3)]
        inner = [
            pair for block in self.blocks if isinstance(block, Block) for pair in block.normalised()
        ]
        return [*pairs, *inner, (self.up1, self.norm4), (self.up2, self.norm5)]
