"""Optical flow: where each pixel of one frame is in another. Used by what works across frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch

if TYPE_CHECKING:
    from torch import Tensor

METHOD = "DIS, medium preset"
"""What `dis_flow` is, to be named beside figures that rest on it."""

SMALLEST = 12
"""Pixels a side that OpenCV's pyramid needs."""

_LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue (BT.601), as OpenCV turns pictures grey."""


def dis_flow(first: Tensor, second: Tensor) -> Tensor:
    """Find the motion from one frame to another: Kroeger 2016 (1603.03590), OpenCV's medium preset.

    Args:
        first: (3, H, W) RGB in [0, 1], H and W of at least 12.
        second: of the same size.

    Returns:
        (2, H, W) float32 on the CPU: how many pixels to the right and down the content of each
        pixel of `first` lies in `second`.

    Raises:
        ValueError: the frames differ in size or are too small.
    """
    sizes = [f"{frame.shape[-1]}×{frame.shape[-2]}" for frame in (first, second)]
    if first.shape != second.shape or min(first.shape[-2:]) < SMALLEST:
        raise ValueError(
            f"no flow from {sizes[0]} to {sizes[1]} pixels: "
            f"frames are to be of one size, at least {SMALLEST}×{SMALLEST}"
        )
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow = search.calc(_grey(first), _grey(second), None)  # type: ignore[call-overload] # its stubs want an array
    return torch.from_numpy(np.ascontiguousarray(flow.transpose(2, 0, 1)))


def _grey(frame: Tensor) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """(3, H, W) in [0, 1] to (H, W) in 0 to 255."""
    weights = torch.tensor(_LUMA, dtype=torch.float32)
    luma = (frame.detach().float().cpu() * weights[:, None, None]).sum(0)
    grey: np.ndarray[Any, np.dtype[np.uint8]] = (luma * 255).round().clamp(0, 255).byte().numpy()
    return grey
