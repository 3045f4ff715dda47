"""The painter inside `micro`: a `swift`, and a finish that gives its paintings a style's contrast.

Ours, after the pyramids by which Heeger 1995 (10.1145/218380.218446) makes textures. What the
`swift` has painted is taken apart into bands, the finest at full size and the coarsest at 1/8, and
norms give each what it has in the style: its mean and deviation, and to all but the finest also the
way in which its colours go together. So a painting has a style's palette, and its contrast in
details of every size, however far that is from all that was met in training.

Measured over six paintings and three photographs (see `quality`), deviations alone brought a
`micro` that was trained without them from style 2.20, Gram 2.89 and content 1.39 to 1.56, 1.17 and
1.88. One that was trained with them went from 0.98, 0.77 and 1.73 to 0.91, 0.58 and 1.80 by the way
colours go together. Trained on with both, and over twelve photographs, the one that ships comes to
0.85, 0.72 and 1.53.

Half of the finest band's energy is the picture's own detail, with the contrast that it is to have:
a network that sees by every second pixel can only paint such detail on a lattice.

It works on the pixels of each 2×2 as they lie before a pixel shuffle, so nothing is resampled in
full size.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from .covariance_norm import CovarianceNorm, covariance, factor
from .instance_norm import InstanceNorm, moments
from .layers import Convolution, round_keeping_sums
from .network import StyleNetwork
from .pixels import shuffled
from .swift import Swift

BAND_EPSILON = 1e-4
"""Added to a variance of paintings from -1 to 1: they are in bfloat16, and rounded by some
thousandths; what varies by no more is plain, and stays so."""
SEEN = 0.5
"""Share of the finest band's energy that is the picture's own detail. Without, a painting differed
from that of the picture moved by a pixel by 0.095 of its variance, and by 4 pixels by 0.006; so, by
0.054 and 0.007."""
BROAD_CONTRAST = 0.87
"""Of the style's contrast, in the coarsest band: what is broad in a picture says most of what it
shows. With 1, 0.95, 0.9 and 0.87 style was 0.82, 0.84, 0.87 and 0.90 over four photographs, Gram
0.56, 0.60, 0.66 and 0.71, and content 1.63, 1.58, 1.53 and 1.50. All by the network that ships,
which was trained with 0.95."""
_TAPS = torch.tensor([[0.25, 0.75, 0.0], [0.0, 0.75, 0.25]])
_LINEAR = (_TAPS[:, None, :, None] * _TAPS[:, None]).flatten(0, 1)
_ENLARGING = (torch.eye(3)[:, None, :, None, None] * _LINEAR[:, None]).flatten(0, 1)
"""Linear upsampling by 2, as pixels lie before a pixel shuffle: (12, 3, 3, 3)."""
_COLOURS = 12
"""Numbers in a 2×2 of pixels."""
_AROUND = 2
"""Pixels around a painting of which the finest band of the picture there is made."""
_MEANS = torch.eye(3).repeat_interleave(4, 1) / 4
"""Of each 2×2 whose pixels lie so: (3, 12)."""


class Norm(NamedTuple):
    """What a style gives a norm.

    Attributes:
        weight: the deviation of its channels: (N, C), or (C,) where it is the same for all.
        bias: their mean, likewise.
        mixing: (N, C, C), by which they are mixed; None: they are not.
    """

    weight: Tensor
    bias: Tensor
    mixing: Tensor | None = None


class _Band(Convolution):
    """A band as it is, for a norm to be folded into."""

    def __init__(self) -> None:
        super().__init__(3, 3, 1)
        self.weight.data.copy_(torch.eye(3)[:, :, None, None])


class _OfPixels(Convolution):
    """A convolution to the pixels of each 2×2, as they lie before a pixel shuffle."""

    def rounded(self, kernel: Tensor, dtype: torch.dtype) -> Tensor:
        """Rounded so that plain pictures have nothing fine."""
        return round_keeping_sums(kernel.flatten(1)[None], dtype).view_as(kernel)

    def scale_outputs(self, scale: Tensor, shift: Tensor) -> None:
        """Fold a scale and shift of each colour, (3,) each, into the weights."""
        super().scale_outputs(scale.repeat_interleave(4), shift.repeat_interleave(4))


class _Finest(_OfPixels):
    """What is fine in pictures, whose pixels lie before a pixel shuffle: not at half their size."""

    def __init__(self) -> None:
        super().__init__(_COLOURS, _COLOURS, 3, border="replicate")
        self.weight.data.copy_(_finest())


class _FinestSeen(_OfPixels):
    """The same of a picture as it is, which reaches 2 pixels further on every side."""

    def __init__(self) -> None:
        super().__init__(3, _COLOURS, 6, stride=2, border="none")
        taps = _finest().view(_COLOURS, 3, 2, 2, 3, 3).permute(0, 1, 4, 2, 5, 3)
        self.weight.data.copy_(2 * taps.flatten(4, 5).flatten(2, 3))  # from 0 to 1, to -1 to 1


def _finest() -> Tensor:
    """Of pixels as they lie: themselves, less the linear upsampling of their means."""
    kernel = -torch.einsum("ochw,ci->oihw", _ENLARGING, _MEANS)
    kernel[:, :, 1, 1] += torch.eye(_COLOURS)
    return kernel


class FinestNorm(InstanceNorm):
    """A norm of three colours whose pixels lie in the channels of half their size."""

    def forward(self, pictures: Tensor) -> Tensor:
        """Normalise (N, 12, H, W)."""
        if self.state == "folded":
            return pictures
        count, channels, height, width = pictures.shape
        colours = pictures.reshape(count, 3, channels // 3 * height, width)
        return super().forward(colours).reshape(count, channels, height, width)


class Finish(nn.Module):
    """Gives each band of a painting its mean and deviation. It has learnt nothing.

    The finest band is a sum of two, the painting's own and that of the picture that is painted,
    each with its norm.
    """

    def __init__(self) -> None:
        super().__init__()
        self.eighth, self.quarter, self.half_size = _Band(), _Band(), _Band()
        self.full, self.seen = _Finest(), _FinestSeen()
        coarse = [CovarianceNorm(epsilon=BAND_EPSILON) for _ in range(3)]
        self.norms = nn.ModuleList(
            [*coarse, *(FinestNorm(3, epsilon=BAND_EPSILON) for _ in range(2))]
        )
        self.register_buffer("means", _MEANS[:, :, None, None], persistent=False)
        self.register_buffer("enlarging", _ENLARGING, persistent=False)
        self.requires_grad_(False)

    means: Tensor
    enlarging: Tensor

    def forward(self, pixels: Tensor, pictures: Tensor) -> Tensor:
        """Finish paintings.

        Args:
            pixels: (N, 12, h, w) in -1 to 1, the pixels of each 2×2 in channels; h and w are
                multiples of 4.
            pictures: (N, 3, 2h + 4, 2w + 4) in 0 to 1, what they are paintings of.

        Returns:
            (N, 3, 2h, 2w) RGB, about 0 to 1.
        """
        bands = [*self.bands(pixels), self.seen(pictures)]
        eighth, quarter, half, full, seen = (
            norm(band) for norm, band in zip(self.norms, bands, strict=True)
        )
        painted = shuffled(self._enlarged(eighth)).add_(quarter)
        painted = shuffled(self._enlarged(painted)).add_(half)
        return shuffled(self._enlarged(painted).add_(full).add_(seen))

    def bands(self, pixels: Tensor) -> list[Tensor]:
        """The bands of pictures, coarse to fine: at 1/8, 1/4, 1/2 and 1 (as pixels lie)."""
        half = F.conv2d(pixels, self.means.to(pixels.dtype))
        quarter = F.avg_pool2d(half, 2)
        eighth = F.avg_pool2d(quarter, 2)
        return [
            self.eighth(eighth),
            self.quarter(quarter - shuffled(self._enlarged(eighth))),
            self.half_size(half - shuffled(self._enlarged(quarter))),
            self.full(pixels),
        ]

    def normalised(self) -> list[tuple[Convolution, InstanceNorm]]:
        """Each convolution with the norm right behind it."""
        first = (self.eighth, self.quarter, self.half_size, self.full, self.seen)
        return [
            (convolution, norm)
            for convolution, norm in zip(first, self.norms, strict=True)
            if isinstance(norm, InstanceNorm)
        ]

    @torch.no_grad()
    def wanted(self, styles: Tensor) -> list[Norm]:
        """What its norms are to give, for each of (N, 3, h, w) styles from 0 to 1."""
        height, width = (side // 8 * 8 for side in styles.shape[-2:])
        with torch.autocast(styles.device.type, enabled=False):
            pixels = F.pixel_unshuffle(styles[..., :height, :width].float(), 2)
            *coarse, full = self.bands(pixels)
            found = [(mean, factor(each)) for each, mean in map(covariance, coarse)]
        deviation, mean = moments(shuffled(full))
        # Energies add up where two bands have nothing to do with each other.
        own, seen = (deviation * share**0.5 for share in (1 - SEEN, SEEN))
        contrasts = (BROAD_CONTRAST, 1, 1)
        norms = [
            Norm(torch.full_like(mean, contrast), mean, mixing)
            for contrast, (mean, mixing) in zip(contrasts, found, strict=True)
        ]
        return [*norms, Norm(own, mean), Norm(seen, torch.zeros_like(mean))]

    def _enlarged(self, pictures: Tensor) -> Tensor:
        """(N, 3, h, w) twice as large, as pixels lie before a pixel shuffle: (N, 12, h, w)."""
        edged = F.pad(pictures, (1, 1, 1, 1), mode="replicate")
        return F.conv2d(edged, self.enlarging.to(pictures.dtype))


class FinishedSwift(StyleNetwork):
    """A `swift` and a finish.

    Args:
        swift: what paints.
        finish: what its paintings go through.
    """

    method: ClassVar[str] = "micro"
    multiple: ClassVar[int] = Swift.multiple
    bytes_per_pixel: ClassVar[int] = 170
    lead: ClassVar[int] = Swift.lead + Swift.margin  # no border of the swift is seen

    def __init__(self, swift: Swift, finish: Finish) -> None:
        super().__init__()
        self.swift, self.finish = swift, finish

    def paint(self, pictures: Tensor) -> Tensor:
        """(N, 3, H + 32, W + 32) RGB in [0, 1], H and W multiples of 8, to (N, 3, H, W)."""
        edge = slice(Swift.margin // 2, -Swift.margin // 2)
        logits = self.swift.logits(pictures)[..., edge, edge]
        # From -1 to 1, and not 0 to 1: half precision is finest around its zero.
        around = slice(self.lead - _AROUND, _AROUND - self.lead)
        painted: Tensor = self.finish((logits / 2).tanh_(), pictures[..., around, around])
        if not torch.is_grad_enabled():
            return painted.clamp_(0, 1)
        # Cut off in what is seen; not in its gradient, which is to bring it back.
        return painted + (painted.clamp(0, 1) - painted).detach()

    @property
    def reach(self) -> int:
        """The bands of the finish reach 16 pixels further."""
        return self.swift.reach + 16

    def normalised(self) -> list[tuple[Convolution, InstanceNorm]]:
        """Each convolution with the norm right behind it; those of the finish last."""
        return [*self.swift.normalised(), *self.finish.normalised()]
