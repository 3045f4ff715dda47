"""Measures what repeats in a picture: a grid of few pixels, and a motif stamped all over.

Pure functions of (C, H, W) pictures in [0, 1]; `tests/test_benchmarks.py` tries them on pictures
whose grid and motif are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its name everywhere

WINDOW = 128
"""Pixels a side of the windows whose spectra are averaged: sixteen periods of the largest grid."""
REACH = 5
"""Bins from a line to the edge of its neighbourhood; the next line is 16 away."""
ROUNDING = (1 / 255) ** 2 / 12 / WINDOW**2
"""The power, in one bin, of rounding to 8 bits: what lies below it is in no picture."""
FARTHEST, NEAREST = 96, 4
"""Pixels between which a motif may repeat."""
CALM = 16.0
"""Deviation in pixels of the blur that is taken off first: what is larger is no motif."""


@dataclass(frozen=True, slots=True)
class Grid:
    """How much the lines of one period stand out.

    Attributes:
        ratio: power of the strongest line over its neighbourhood: where there is none about 1, by
            chance up to 1.5, and up to 3 where the spectrum itself bends there.
        levels: RMS of all lines together, above their neighbourhoods, in 255ths.
    """

    ratio: float
    levels: float


def spectrum(picture: Tensor) -> Tensor:
    """Mean power spectrum of Hann windows that overlap by half, the mean of the channels.

    Returns:
        (128, 128); the sum of its bins is the mean square, bin (0, 0) has no frequency.
    """
    ramp = torch.hann_window(WINDOW)
    window = ramp[:, None] * ramp
    patches = picture.unfold(1, WINDOW, WINDOW // 2).unfold(2, WINDOW, WINDOW // 2)
    patches = (patches - patches.mean((-2, -1), keepdim=True)) * window
    power = torch.fft.fft2(patches).abs().square().mean((0, 1, 2))
    return power / (WINDOW**2 * window.square().sum())


def grid(power: Tensor, period: int) -> Grid:
    """Measure the lines of a grid of 2, 4 or 8 pixels that no smaller of these has.

    A line is the 3×3 bins that a Hann window makes of it, anywhere on the lattice of frequencies
    k/period: on the axes and off them. Its neighbourhood is the 11×11 bins around, of which the
    median counts, and at least what rounding to 8 bits leaves there.
    """
    step = WINDOW // period
    ratios, above = [], 0.0
    for row in range(0, WINDOW, step):
        for column in range(0, WINDOW, step):
            if row % (2 * step) or column % (2 * step):
                around = power.roll((REACH - row, REACH - column), (0, 1))
                around = around[: 2 * REACH + 1, : 2 * REACH + 1]
                line = around[REACH - 1 : REACH + 2, REACH - 1 : REACH + 2].mean().item()
                ring = torch.ones_like(around, dtype=torch.bool)
                ring[REACH - 1 : REACH + 2, REACH - 1 : REACH + 2] = False
                ground = around[ring].median().item()
                ratios.append(line / max(ground, ROUNDING))
                above += (line - ground) * 9
    return Grid(max(ratios), max(0.0, above) ** 0.5 * 255)


def strongest_repeat(pictures: Sequence[Tensor]) -> tuple[float, float]:
    """The highest peak of the autocorrelation away from its middle, and its distance in pixels.

    What is larger than a motif (light, composition) is taken off first. Each lag is normalised by
    the pixels that overlap there, so that a perfect repetition has 1 at any distance. Chance alone
    makes peaks too, the lower the more pictures of one size there are to take the mean of.
    """
    found = torch.stack([_autocorrelation(picture) for picture in pictures]).mean(0)
    found = found / found.max().clamp_min(1e-12)
    lags = torch.arange(-FARTHEST, FARTHEST + 1)
    distance = (lags[:, None].square() + lags.square()).sqrt()
    summit = F.max_pool2d(found[None], 5, 1, 2)[0] == found
    allowed = summit & (distance > NEAREST) & (distance < FARTHEST)
    peak = found.where(allowed, torch.tensor(-1.0))
    return peak.max().item(), distance.flatten()[peak.argmax()].item()


def _autocorrelation(picture: Tensor) -> Tensor:
    """Mean product of pixels, for every lag up to the farthest: (193, 193), no lag in the middle.

    The sum over the channels.
    """
    fine = picture - _blurred(picture)
    fine = fine - fine.mean((1, 2), keepdim=True)
    height, width = fine.shape[1:]
    size = (height + FARTHEST, width + FARTHEST)
    products = torch.fft.irfft2(torch.fft.rfft2(fine, size).abs().square(), size).sum(0)
    lags = torch.arange(-FARTHEST, FARTHEST + 1)
    overlap = (height - lags.abs())[:, None] * (width - lags.abs())
    return products[lags][:, lags] / overlap


def _blurred(picture: Tensor) -> Tensor:
    reach = round(2.5 * CALM)
    kernel = torch.exp(-(torch.arange(-reach, reach + 1) ** 2) / (2 * CALM**2))
    kernel = (kernel / kernel.sum()).expand(picture.shape[0], 1, 1, -1)
    padded = F.pad(picture[None], (reach,) * 4, mode="reflect")
    across = F.conv2d(padded, kernel, groups=len(kernel))
    return F.conv2d(across, kernel.transpose(2, 3), groups=len(kernel))[0]
