"""What was painted small, brought to the size of its source: large strokes with clean edges.

Two things that plain resampling has not. Where the painting follows the source, the source's own
fine detail is added, as strongly as the painting follows it: a local linear model of the painting
by the source's brightness, as in the fast guided filter (He & Sun 2015, 1505.00996). Where it does
not, its strokes are sharpened, never beyond the colours beside them.

We differ from the filter in this: it would keep nothing of the painting but what the source
explains, and smear every stroke that has no edge of the source beneath it. So what it leaves over
is kept. And as paintings have more contrast than photographs, a slope is no more than 1, and counts
only as far as it explains the painting: otherwise hairs and leaves are scratched into the strokes.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from .resize import luma

EPSILON = 4e-3
"""Variance below which brightness is texture and hardly guides: an edge of an eighth has as much.
Chosen by looking: with 1e-3 the weave of a ribbon shows through the strokes that cover it."""
SHARPENING = 3.0
"""Of strokes, before it is limited; chosen by looking at pictures enlarged 1.5 to 4 times."""


def enlarge(painted: Tensor, seen: Tensor, source: Tensor) -> Tensor:
    """Enlarge a painting by the picture that it was painted from.

    Args:
        painted: (N, 3, h, w) RGB in [0, 1].
        seen: (N, 3, h, w): what the network saw, which is the source at that size.
        source: (N, 3, H, W), no smaller.

    Returns:
        (N, 3, H, W) in [0, 1].
    """
    size = (source.shape[-2], source.shape[-1])
    guide = luma(seen)
    slope = _slope(painted, guide)
    strokes = _strokes(painted, slope, times=size[0] / painted.shape[-2])
    least, most = -_highest(-painted), _highest(painted)
    detail = luma(source) - _resampled(guide, size, "bicubic")
    enlarged = torch.empty_like(source)
    for channel in range(3):  # one after the other: at 4K a plane has 33 MB
        one = slice(channel, channel + 1)
        plane = _resampled(strokes[:, one], size, "bicubic")
        torch.maximum(plane, _resampled(least[:, one], size, "bilinear"), out=plane)
        torch.minimum(plane, _resampled(most[:, one], size, "bilinear"), out=plane)
        plane.addcmul_(_resampled(slope[:, one], size, "bilinear"), detail)
        enlarged[:, one] = plane.clamp_(0, 1)
    return enlarged


def _slope(painted: Tensor, guide: Tensor) -> Tensor:
    """How each channel of the painting follows the brightness around, -1 to 1, at half the size."""
    brightness, colour = _sampled(guide), _sampled(painted)
    mean_brightness, mean_colour = _mean(brightness), _mean(colour)
    variance = _mean(brightness**2) - mean_brightness**2
    spread = _mean(colour**2) - mean_colour**2
    together = _mean(brightness * colour) - mean_brightness * mean_colour
    explained = together**2 / (variance * spread).clamp_min(1e-6)
    slope = together / (variance.clamp_min(0) + EPSILON)
    return _mean(slope.clamp_(-1, 1) * explained.clamp_(0, 1))


def _strokes(painted: Tensor, slope: Tensor, *, times: float) -> Tensor:
    """The painting with its strokes sharpened, where and as far as nothing else will do it.

    Resampling shows the pixels of slanted edges as steps: hence it is smoothed a little first.
    """
    smooth = _weighed(painted, 4.0)
    sharp = smooth + SHARPENING * (smooth - _weighed(smooth, 2.0))
    size = (painted.shape[-2], painted.shape[-1])
    alone = 1 - _resampled(slope.abs(), size, "bilinear")
    return torch.lerp(painted, sharp, alone * min(1.0, times - 1))


def _sampled(planes: Tensor) -> Tensor:
    """Every second pixel each way: enough to measure by, as in the fast guided filter."""
    return planes[..., ::2, ::2].contiguous()


def _mean(planes: Tensor) -> Tensor:
    """Of three by three pixels, which span five of the painting's each way."""
    return _weighed(planes, 1.0)


def _weighed(planes: Tensor, middle: float) -> Tensor:
    """Each pixel with its neighbours, which weigh 1 each way where it weighs `middle`."""
    for axis in (-1, -2):
        last = planes.shape[axis] - 1
        total = planes * middle
        total.narrow(axis, 1, last).add_(planes.narrow(axis, 0, last))
        total.narrow(axis, 0, last).add_(planes.narrow(axis, 1, last))
        for border in (0, last):  # continued beyond
            total.narrow(axis, border, 1).add_(planes.narrow(axis, border, 1))
        planes = total.div_(middle + 2)
    return planes


def _highest(planes: Tensor) -> Tensor:
    """The highest value of each pixel and its neighbours."""
    for axis in (-1, -2):
        last = planes.shape[axis] - 1
        highest = planes.clone()
        for here, beside in ((1, 0), (0, 1)):
            part = highest.narrow(axis, here, last)
            torch.maximum(part, planes.narrow(axis, beside, last), out=part)
        planes = highest
    return planes


def _resampled(planes: Tensor, size: tuple[int, int], mode: str) -> Tensor:
    # Antialiasing changes nothing in enlarging, and makes it twice as fast on a processor.
    return functional.interpolate(planes, size, mode=mode, antialias=True, align_corners=False)
