"""`swift`: our own small network for one style, made for real time on two CPU cores.

Ours, after Johnson 2016 (1603.08155) and Ulyanov 2016 (1607.08022). It differs in that it works
at 1/2, 1/4 and 1/8 of the size where theirs works at 1, 1/2 and 1/4; halves with a box filter;
carries the 1/4 scale around the 1/8 one; and doubles inside the convolutions. The picture itself,
normed, goes to the last convolution too, behind which there is a norm again: so a painting has a
style's colours before anything is learnt.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from .covariance_norm import OPPONENT
from .instance_norm import InstanceNorm, moments
from .layers import Convolution, Doubling, DoublingLast, Halving
from .network import StyleNetwork

WIDTHS = (16, 32, 64, 13)
"""Channels at 1/2, 1/4, 1/8 and, on the way back, 1/2. With four blocks a frame of 1280×720 takes
a nineteenth of the classic network's time, both in bfloat16, frozen and compiled
(bench_networks)."""
BLOCKS = 4
MOST = 128
"""Channels or blocks: more would be no file of ours, and could fill the memory."""
NORM_EPSILON = 0.1
"""Below what a picture's channels vary by, and enough that a plain one stays plain in bfloat16:
with the usual 1e-5 its rounding errors are painted in full contrast, with 0.01 by 19 levels of
255, with 0.1 by 2 (`wave`)."""
COLOUR_EPSILON = 1e-4
"""Likewise for colours, whose variance in a picture is some hundredths."""
FIRST_STROKES = 0.25
"""Of their usual contrast, before anything is learnt: then colours come first."""
FIRST_CONTRAST = 0.8
"""Of the style's, likewise: about what networks come to that were trained without the last norm."""
LAST_EPSILON = 0.3
"""Likewise for the last norm: plain skies keep their calm. With 0.1 losses are lower by 2 %."""
LAST_ROUNDING = 2e-4
"""Variance of the logits of what is plain but for the rounding of half precision, which the last
norm would paint three times as strong: a picture of one colour came out with a deviation of 1.3
steps of 8 bits (`wave`), and so with 0.7."""
BLACK, WHITE = 0.02, 0.98
"""Of a style, for the last norm: beyond them lies nearly all of what a sigmoid can be asked for."""
LAST_NORM = ("last_norm.weight", "last_norm.bias")
"""The parameters of that norm."""
MARGIN = 8
"""Pixels around a picture. Without, a band shows: against the same place inside a larger picture
the outermost pixels differ by 0.135 (wave) and 0.183 (mosaic); with 8 by 0.093 and 0.147; with 16
by no less."""


class LastNorm(InstanceNorm):
    """A norm of three colours that keeps plain what varies by rounding alone."""

    def __init__(self) -> None:
        super().__init__(3, epsilon=LAST_EPSILON)

    def forward(self, pictures: Tensor) -> Tensor:
        """Normalise (N, 3, H, W), of which the margin is cut off later."""
        normed: Tensor = super().forward(pictures)
        if self.state == "folded":
            return normed
        with torch.no_grad():
            # Of what is seen: around it a plain picture is not plain.
            inner = pictures[..., MARGIN:-MARGIN, MARGIN:-MARGIN].float()
            variance = inner.var((2, 3), correction=0, keepdim=True)
            strokes = (variance / (variance + LAST_ROUNDING)).to(normed.dtype)
        mean = self.bias[:, None, None].to(normed.dtype)
        return mean + strokes * (normed - mean)


class Block(nn.Module):
    """Two 3×3 convolutions around which their input is carried."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = Convolution(channels, channels, 3)
        self.norm1 = InstanceNorm(channels, epsilon=NORM_EPSILON)
        self.conv2 = Convolution(channels, channels, 3)
        self.norm2 = InstanceNorm(channels, epsilon=NORM_EPSILON)

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) in and out."""
        inner = F.relu_(self.norm1(self.conv1(features)))
        outer: Tensor = self.norm2(self.conv2(inner))
        return outer.add_(features)

    def normalised(self) -> list[tuple[Convolution, InstanceNorm]]:
        """Each convolution with the norm right behind it."""
        return [(self.conv1, self.norm1), (self.conv2, self.norm2)]


class Swift(StyleNetwork):
    """The network `swift`.

    Args:
        widths: channels at 1/2, 1/4, 1/8 and, on the way back, 1/2 of the size.
        blocks: residual blocks at 1/8.
        last_norm: whether there is a norm behind the last convolution. The one inside `micro` has
            none, for its finish gives paintings their colours.

    Raises:
        ValueError: a width or the number of blocks is out of range.
    """

    method: ClassVar[str] = "swift"
    multiple: ClassVar[int] = 8
    margin: ClassVar[int] = MARGIN
    bytes_per_pixel: ClassVar[int] = 100
    lead: ClassVar[int] = 8  # what the three convolutions on the way down take: 2, and 1 each of
    # 2 and 4 pixels. Reflected once, where otherwise the last two would repeat their outermost
    # features; it takes as long (24.8 and 25.4 ms in one run, 30.4 and 28.4 in another).

    def __init__(
        self,
        *,
        widths: tuple[int, int, int, int] = WIDTHS,
        blocks: int = BLOCKS,
        last_norm: bool = True,
    ) -> None:
        super().__init__()
        if len(widths) != 4 or not all(1 <= width <= MOST for width in (*widths, blocks)):
            raise ValueError(f"widths {widths} and {blocks} blocks: each is to be 1 to {MOST}")
        self.widths, self.block_count = widths, blocks
        half, quarter, eighth, last = widths
        self.down1 = Halving(3, half, 5, border="none")
        self.norm1 = InstanceNorm(half, epsilon=NORM_EPSILON)
        self.down2 = Halving(half, quarter, 3, border="none")
        self.norm2 = InstanceNorm(quarter, epsilon=NORM_EPSILON)
        self.down3 = Halving(quarter, eighth, 3, border="none")
        self.norm3 = InstanceNorm(eighth, epsilon=NORM_EPSILON)
        self.blocks = nn.ModuleList(Block(eighth) for _ in range(blocks))
        self.up1 = Doubling(eighth, quarter)
        self.norm4 = InstanceNorm(quarter, epsilon=NORM_EPSILON)
        self.up2 = Doubling(quarter, last, border="zeros")  # reaches 4 + 4 pixels: in the margin
        self.norm5 = InstanceNorm(last, epsilon=NORM_EPSILON)
        self.up3 = DoublingLast(last + 3, 3, border="zeros")
        self.colour = Convolution(3, 3, 2, stride=2, border="none")
        self.colour_norm = InstanceNorm(3, epsilon=COLOUR_EPSILON)
        self._pass_colours_through()
        # Without, deviations of logits differ by 3 to 6 % between photographs. Put untrained behind
        # what had none it took 12 % off the Gram loss of `wave`, 6 % off that of `starry`. Folded
        # into what is before it, a film pays nothing for it.
        self.last_norm = LastNorm() if last_norm else None

    @torch.no_grad()
    def _pass_colours_through(self) -> None:
        """Begin as what gives a picture the mean and deviation of `colour_norm`."""
        if not self.colour.weight.is_meta:
            axes = torch.tensor(OPPONENT)
            self.colour.weight.copy_(axes[:, :, None, None].expand(3, 3, 2, 2) / 4)
            self.up3.weight.mul_(FIRST_STROKES)[:, -3:] = 0
            # Its inverse is its transpose. Sigmoid has a slope of 1/4 in the middle.
            self.up3.weight[:, -3:, 1:3, 1:3] = axes.T[:, :, None, None].expand(3, 3, 2, 2)
            self.up3.bias.fill_(-2.0)

    def colours(self, styles: Tensor) -> tuple[Tensor, Tensor]:
        """The deviation and the mean of (N, 3, h, w) styles along the axes of colour, (N, 3)."""
        return moments(self.colour(styles))

    @torch.no_grad()
    def take_colours(self, style: Tensor) -> None:
        """Begin with the colours of a style picture, (3, h, w), and as good as no strokes."""
        for wanted, found in zip(
            (self.colour_norm.weight, self.colour_norm.bias), self.colours(style[None]), strict=True
        ):
            wanted.copy_(found[0])
        if self.last_norm is not None:
            deviation, mean = moments(style[None].clamp(BLACK, WHITE).logit())
            contrast = FIRST_CONTRAST * deviation[0]
            # What has that deviation already keeps it, in spite of what is added to its variance.
            self.last_norm.weight.copy_((contrast.square() + LAST_EPSILON).sqrt())
            self.last_norm.bias.copy_(mean[0])

    def paint(self, pictures: Tensor) -> Tensor:
        """(N, 3, H + 16, W + 16) RGB in [0, 1], H and W multiples of 8, to (N, 3, H, W)."""
        logits = self.up3(self._before_last(pictures))
        return torch.sigmoid_(logits if self.last_norm is None else self.last_norm(logits))

    def logits(self, pictures: Tensor) -> Tensor:
        """What the last convolution gives, the pixels of each 2×2 in channels: (N, 12, h, w)."""
        return self.up3.phases(self._before_last(pictures))

    def _before_last(self, pictures: Tensor) -> Tensor:
        features = F.relu_(self.norm1(self.down1(pictures)))
        quarter = F.relu_(self.norm2(self.down2(features)))
        features = F.relu_(self.norm3(self.down3(quarter)))
        for block in self.blocks:
            features = block(features)
        features = F.relu_(self.norm4(self.up1(features)).add_(quarter[..., 1:-1, 1:-1]))
        features = F.relu_(self.norm5(self.up2(features)))
        inner = pictures[..., self.lead : -self.lead, self.lead : -self.lead]
        colours = self.colour_norm(self.colour(inner))
        return torch.cat([features, colours], 1)

    @property
    def reach(self) -> int:
        """Two convolutions of 8 pixels a block, and 24 on the way down and up."""
        return 24 + 16 * self.block_count

    def architecture(self) -> dict[str, object]:
        """The arguments that make a network of this shape."""
        last_norm = self.last_norm is not None
        return {"widths": list(self.widths), "blocks": self.block_count, "last_norm": last_norm}

    def normalised(self) -> list[tuple[Convolution, InstanceNorm]]:
        """Each convolution with the norm right behind it."""
        pairs: list[tuple[Convolution, InstanceNorm]] = [
            (self.down1, self.norm1),
            (self.down2, self.norm2),
            (self.down3, self.norm3),
        ]
        for block in self.blocks:
            if isinstance(block, Block):
                pairs += block.normalised()
        pairs += [(self.up1, self.norm4), (self.up2, self.norm5), (self.colour, self.colour_norm)]
        if self.last_norm is not None:
            pairs.append((self.up3, self.last_norm))
        return pairs
