"""Optical flow: where each pixel of one frame is in another. Used by what works across frames.

`dis_flow` is for measuring, between pictures; `motion` is for following a film, as precise or as
fast as is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log2
from typing import TYPE_CHECKING, Any, Literal

import cv2
import numpy as np
import torch

if TYPE_CHECKING:
    from torch import Tensor

METHOD = "DIS, medium preset"
"""What `dis_flow` is, to be named beside figures that rest on it."""

SMALLEST = 12
"""Pixels a side that OpenCV's pyramid needs."""

SMALLEST_SIDE, LARGEST_SIDE = 16, 540
"""Pixels of the shorter side in which a film's flow is found."""

Grey = np.ndarray[Any, np.dtype[np.uint8]]
"""(H, W), 0 to 255."""
Field = np.ndarray[Any, np.dtype[Any]]
"""(H, W) or (H, W, C), float32: said so loosely because the stubs of OpenCV know no type."""

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue (BT.601), as OpenCV turns pictures grey."""


def use_one_thread() -> None:
    """Let OpenCV work in the thread that calls it, all over the program.

    Where each stage has a thread of its own, OpenCV's own threads take half as much time again.
    """
    cv2.setNumThreads(1)


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
    flow = motion(_grey(first), _grey(second), detail="medium")
    return torch.from_numpy(np.ascontiguousarray(flow.transpose(2, 0, 1)))


def grey(picture: Tensor, *, size: tuple[int, int]) -> Grey:
    """How bright a picture is, in another size.

    Args:
        picture: (3, H, W) RGB in [0, 1], on the CPU.
        size: height and width of what is returned.
    """
    planes = [plane.numpy() for plane in picture]
    height, width = planes[0].shape
    if min(height // size[0], width // size[1]) >= 2:  # halving first takes a third of the time
        half = (width // 2, height // 2)
        planes = [cv2.resize(plane, half, interpolation=cv2.INTER_AREA) for plane in planes]
    luma = cv2.addWeighted(planes[0], 255 * LUMA[0], planes[1], 255 * LUMA[1], 0)
    cv2.addWeighted(luma, 1, planes[2], 255 * LUMA[2], 0, dst=luma)
    resized = cv2.resize(luma, size[::-1], interpolation=cv2.INTER_AREA)
    steps: Grey = np.rint(resized).clip(0, 255).astype(np.uint8)
    return steps


def small_grey(picture: Tensor, *, scale: float) -> Grey:
    """A frame as flow is found in it: how bright it is, in a part of its size.

    Args:
        picture: (3, H, W) RGB in [0, 1], on the CPU.
        scale: of the size; the shorter side will have 16 to 540 pixels in any case, for that is
            what the flow needs, and what time allows.
    """
    height, width = picture.shape[-2:]
    scale = min(scale, LARGEST_SIDE / min(height, width))
    size = max(SMALLEST_SIDE, round(height * scale)), max(SMALLEST_SIDE, round(width * scale))
    return grey(picture, size=size)


Detail = Literal["finest", "medium", "fine", "coarse"]


def motion(first: Grey, second: Grey, *, detail: Detail, start: Field | None = None) -> Field:
    """Find the motion from one frame to another, by DIS.

    In 512×288 pixels, on one core, `finest` takes 50 ms, `fine` 7 ms and `coarse` 1 ms.

    Args:
        first: at least 12×12 pixels.
        second: of the same size.
        detail: whether blocks are matched at every third pixel, at every sixth (`medium`, `fine`)
            or at every sixteenth; in `finest` and `medium` the flow is also refined.
        start: (H, W, 2), a flow to begin with, where something is known of it.

    Returns:
        (H, W, 2): how many pixels to the right and down the content of each pixel of `first` lies
        in `second`.
    """
    if detail in ("finest", "medium"):
        search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        search.setFinestScale(0 if detail == "finest" else _finest(first.shape, 1))
    else:
        search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        search.setFinestScale(0 if detail == "fine" else _finest(first.shape, 2))
        search.setPatchStride(6 if detail == "fine" else 4)
        search.setGradientDescentIterations(8)
    begun = None if start is None else start.copy()  # OpenCV writes into it
    flow: Field = search.calc(first, second, begun)  # type: ignore[arg-type] # its stubs want an array
    return flow


def texture(picture: Grey) -> Field:
    """The squared gradient of (H, W), by which flow is told: in squared steps of 8 bits a pixel."""
    across = cv2.Sobel(picture, cv2.CV_32F, 1, 0, scale=1 / 8)
    down = cv2.Sobel(picture, cv2.CV_32F, 0, 1, scale=1 / 8)
    cv2.multiply(across, across, dst=across)
    squared: Field = cv2.accumulateSquare(down, across)
    return squared


def fetch(picture: Field | Grey, columns: Field, rows: Field, *, sharp: bool = False) -> Field:
    """Fetch a picture's values from places between its pixels; beyond the border, the nearest.

    Args:
        picture: (H, W) or (H, W, C).
        columns: (h, w), places in pixels.
        rows: likewise.
        sharp: bicubic, which keeps detail where pictures are fetched again and again; or bilinear.

    Returns:
        (h, w) or (h, w, C).
    """
    how = cv2.INTER_CUBIC if sharp else cv2.INTER_LINEAR
    values = picture.astype(np.float32, copy=False)
    return cv2.remap(values, columns, rows, how, borderMode=cv2.BORDER_REPLICATE)


def _finest(size: Sequence[int], wanted: int) -> int:
    """The finest scale to search, no coarser than the coarsest that such a picture has.

    Asked for a coarser one, OpenCV takes scales by the width alone, and reads beyond the ends of a
    picture that is wide and low: the program dies. The formula is OpenCV's own.
    """
    coarsest = min(int(log2(max(size) / 32) + 0.5), int(log2(min(size) / 8)))
    return max(0, min(wanted, coarsest))


def _grey(frame: Tensor) -> Grey:
    """(3, H, W) in [0, 1] to (H, W) in 0 to 255."""
    weights = torch.tensor(LUMA, dtype=torch.float32)
    luma = (frame.detach().float().cpu() * weights[:, None, None]).sum(0)
    grey: Grey = (luma * 255).round().clamp(0, 255).byte().numpy()
    return grey
