"""Pictures and features are continued beyond their border, shuffled, and averaged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its name everywhere

_SHRUNK_AT_ONCE = 16
"""Times that a picture is made smaller without averaging it first."""
_FEW = 4
"""Channels: a picture's colours, or hardly more."""
_PAIRS = {2: torch.int32, 4: torch.int64, 8: torch.complex128}
"""A number as large as two of so many bytes, to move both at once."""


def pad(
    pictures: Tensor,
    left: int,
    right: int,
    top: int,
    bottom: int,
    border: Literal["reflect", "replicate"],
) -> Tensor:
    """Continue pictures beyond their border.

    Args:
        pictures: (N, C, H, W).
        left: pixels to add; likewise the others.
        right: see `left`.
        top: see `left`.
        bottom: see `left`.
        border: `reflect` needs more pixels than it adds; smaller pictures repeat their last ones.
    """
    if not (left or right or top or bottom):
        return pictures
    height, width = pictures.shape[-2:]
    if border == "reflect" and (max(left, right) >= width or max(top, bottom) >= height):
        border = "replicate"
    edges = (left, right, top, bottom)
    layout = torch.channels_last
    if pictures.shape[1] > _FEW or not pictures.is_contiguous(memory_format=layout):
        return F.pad(pictures, edges, mode=border)
    # Colours that lie side by side take 20 times as long as planes; so the way there and back pays.
    return F.pad(pictures.contiguous(), edges, mode=border).contiguous(memory_format=layout)


def shuffled(phases: Tensor) -> Tensor:
    """(N, C · 4, H, W) to (N, C, 2H, 2W): a pixel shuffle, which leaves planes."""
    found: Tensor = _Shuffle.apply(phases)
    return found


class _Shuffle(torch.autograd.Function):
    """A pixel shuffle by 2 that moves pairs of pixels: four times as fast as one by one."""

    @staticmethod
    def forward(context: Any, phases: Tensor) -> Tensor:
        count, channels, height, width = phases.shape
        pair = _PAIRS[phases.element_size()]
        pairs = phases.permute(0, 2, 3, 1).flatten().view(pair)
        planes = phases.new_empty(count, channels // 4, 2 * height, 2 * width)
        rows = planes.view(pair).view(count, -1, height, 2, width)
        rows.copy_(pairs.view(count, height, width, -1, 2).permute(0, 3, 1, 4, 2))
        return planes

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        count, channels, height, width = gradient.shape
        pairs = gradient.contiguous().view(_PAIRS[gradient.element_size()])
        places = pairs.view(count, channels, height // 2, 2, width // 2).permute(0, 2, 4, 1, 3)
        return places.flatten(3).view(gradient.dtype).permute(0, 3, 1, 2)


def local_mean(planes: Tensor, radius: int) -> Tensor:
    """The mean of the square around each pixel, as much of it as lies in the picture.

    Args:
        planes: (N, C, H, W).
        radius: pixels each way, beside the one in the middle.
    """
    side = 2 * radius + 1  # rows, then columns: a square at once costs its area for each pixel
    rows = F.avg_pool2d(planes, (side, 1), 1, (radius, 0), count_include_pad=False)
    return F.avg_pool2d(rows, (1, side), 1, (0, radius), count_include_pad=False)


def shrinkable(pictures: Tensor, size: Sequence[int]) -> Tensor:
    """(N, C, H, W), averaged where it is far larger than `size`, to be resampled to that next.

    Cards cannot resample without aliases by more than 47 times (bicubic) at once.
    """
    most = [_SHRUNK_AT_ONCE * side for side in size]
    if any(side <= limit for side, limit in zip(pictures.shape[-2:], most, strict=True)):
        return pictures
    if pictures.device.type == "mps":  # it averages by whole factors alone
        return F.interpolate(pictures.cpu(), most, mode="area").to(pictures.device)
    return F.interpolate(pictures, most, mode="area")
