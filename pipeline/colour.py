"""Colour: between a film's sample planes and RGB in [0, 1]. Reading and writing both stand on it.

The formulas and constants are those of ITU-T H.273 (matrix coefficients, section 8.3).

Chroma is enlarged by repeating samples and reduced by averaging boxes. Averaging a box of equal
values gives that value back, so reading and writing undo each other exactly: an untouched film
keeps its very samples. A smoother filter would look no different under paint and would blur the
chroma a little on the way in and a little more on the way out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import pad

if TYPE_CHECKING:
    from .values import Colour, Matrix, Range

Plane = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]

# Weights of red and blue in luma (Kr, Kb); green has the rest.
_LUMA_WEIGHTS: dict[Matrix, tuple[float, float]] = {
    "bt709": (0.2126, 0.0722),
    "bt601": (0.299, 0.114),
    "fcc": (0.30, 0.11),
    "smpte240m": (0.212, 0.087),
    "bt2020nc": (0.2627, 0.0593),
}


@dataclass(frozen=True, slots=True)
class PlaneLayout:
    """How samples lie in planes, most significant plane first.

    Attributes:
        depth: bits of a sample, 8 to 16; above 8 the planes are uint16, low bits used.
        chroma: log2 of how many pixels share one chroma sample, across and down
            ((1, 1) for 4:2:0); (0, 0) outside the family `yuv`.
        family: `yuv` (planes Y, Cb, Cr), `rgb` (planes G, B, R, the order of H.273 and of FFmpeg's
            `gbrp`) or `grey` (one plane).
    """

    depth: int
    chroma: tuple[int, int]
    family: Literal["yuv", "rgb", "grey"]


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where a kind of sample has its zero, how many codes make 1.0, and which codes are legal."""

    zero: float
    unit: float
    lowest: float
    highest: float


def planes_to_rgb(planes: Sequence[Plane], *, layout: PlaneLayout, colour: Colour) -> Tensor:
    """Turn sample planes into RGB.

    Args:
        planes: as `layout` says, cropped to the picture; chroma planes have the picture's size
            divided by the subsampling, rounded up.
        layout: depth, subsampling and family of the planes.
        colour: matrix and range of the samples.

    Returns:
        (3, H, W) float32 in [0, 1]; what lies outside is clamped.
    """
    luma = _luma_scale(colour.range, layout.depth)
    first = _decoded(planes[0], luma)
    if layout.family == "grey":
        return first.clamp_(0, 1).expand(3, -1, -1).contiguous()
    if layout.family == "rgb":
        green, blue, red = first, *(_decoded(plane, luma) for plane in planes[1:])
        return torch.stack((red, green, blue)).clamp_(0, 1)
    chroma = _chroma_scale(colour, layout.depth)
    mixing = torch.tensor(_rgb_from_yuv(colour.matrix)[:, 1:], dtype=torch.float32)
    # The matrix is applied before enlarging: a quarter of the work in 4:2:0.
    small = torch.stack([_decoded(plane, chroma) for plane in planes[1:]])
    offsets = (mixing @ small.flatten(1)).view(3, *small.shape[1:])
    return _add_enlarged(first, offsets, layout.chroma).clamp_(0, 1)


def rgb_to_planes(picture: Tensor, *, layout: PlaneLayout, colour: Colour) -> list[Plane]:
    """Turn RGB into sample planes, rounded to the nearest legal code: undoes `planes_to_rgb`.

    Args:
        picture: (3, H, W) float32 RGB; what lies outside [0, 1] is clamped. On any device.
        layout: depth, subsampling and family wanted.
        colour: matrix and range wanted.

    Returns:
        The planes that `layout` names; chroma planes have sizes rounded up.
    """
    luma = _luma_scale(colour.range, layout.depth)
    if layout.family == "rgb":
        return [_coded(picture[index], luma, layout.depth) for index in (1, 2, 0)]
    matrix = colour.matrix
    if layout.family == "grey" and matrix == "rgb":
        matrix = "bt709"  # grey out of RGB has no weights of its own
    picture = picture.clamp(0, 1)
    mixing = torch.tensor(_yuv_from_rgb(matrix), dtype=torch.float32, device=picture.device)
    first = (mixing[:1] @ picture.flatten(1)).view(picture.shape[1:])
    planes = [_coded(first, luma, layout.depth)]
    if layout.family == "yuv":
        small = _reduced(picture, layout.chroma)
        chroma = (mixing[1:] @ small.flatten(1)).view(2, *small.shape[1:])
        scale = _chroma_scale(colour, layout.depth)
        planes += [_coded(plane, scale, layout.depth) for plane in chroma]
    return planes


def plane_to_alpha(plane: Plane, *, depth: int) -> Tensor:
    """Turn an alpha plane, which is always of full range, into (1, H, W) float32 in [0, 1]."""
    return _decoded(plane, _luma_scale("full", depth)).clamp_(0, 1).unsqueeze(0)


def alpha_to_plane(alpha: Tensor, *, depth: int) -> Plane:
    """Turn (1, H, W) alpha in [0, 1] into a plane of full range, rounded."""
    return _coded(alpha[0], _luma_scale("full", depth), depth)


def _luma_scale(range_: Range, depth: int) -> _Scale:
    if range_ == "full":
        top = float((1 << depth) - 1)
        return _Scale(0, top, 0, top)
    step = float(1 << (depth - 8))
    return _Scale(16 * step, 219 * step, 16 * step, 235 * step)


def _chroma_scale(colour: Colour, depth: int) -> _Scale:
    middle = float(1 << (depth - 1))
    if colour.range == "full":
        top = float((1 << depth) - 1)
        return _Scale(middle, top, 0, top)
    step = float(1 << (depth - 8))
    # H.273 makes YCgCo from coded R, G, B, so its chroma has the 219 codes of luma, not 224.
    unit = 219 * step if colour.matrix == "ycgco" else 224 * step
    return _Scale(middle, unit, 16 * step, 240 * step)


@lru_cache
def _yuv_from_rgb(matrix: Matrix) -> npt.NDArray[np.float64]:
    """The (3, 3) matrix that makes luma in [0, 1] and two chromas in [-0.5, 0.5]."""
    if matrix == "ycgco":
        return np.array([[0.25, 0.5, 0.25], [-0.25, 0.5, -0.25], [0.5, 0, -0.5]])
    if matrix == "rgb":
        raise ValueError("the family yuv needs a luma-chroma matrix, not 'rgb'")
    red, blue = _LUMA_WEIGHTS[matrix]
    luma = np.array([red, 1 - red - blue, blue])
    to_blue = (np.array([0, 0, 1]) - luma) / (2 * (1 - blue))
    to_red = (np.array([1, 0, 0]) - luma) / (2 * (1 - red))
    return np.stack((luma, to_blue, to_red))


@lru_cache
def _rgb_from_yuv(matrix: Matrix) -> npt.NDArray[np.float64]:
    return np.asarray(np.linalg.inv(_yuv_from_rgb(matrix)), np.float64)


def _decoded(plane: Plane, scale: _Scale) -> Tensor:
    return torch.from_numpy(plane).float().sub_(scale.zero).mul_(1 / scale.unit)


def _coded(values: Tensor, scale: _Scale, depth: int) -> Plane:
    # Casting cuts off the fraction, so the half that makes it round is added first.
    codes = values.mul(scale.unit).add_(scale.zero + 0.5)
    codes = codes.clamp_(scale.lowest, scale.highest)
    if depth == 8:
        return codes.to(torch.uint8).cpu().numpy()
    return codes.to(torch.int32).cpu().numpy().astype(np.uint16)


def _add_enlarged(luma: Tensor, offsets: Tensor, chroma: tuple[int, int]) -> Tensor:
    """Add (3, h, w) `offsets`, each repeated over its box of pixels, to (H, W) `luma`."""
    height, width = luma.shape
    across, down = 1 << chroma[0], 1 << chroma[1]
    if across > 1:
        offsets = offsets.repeat_interleave(across, -1)[..., :width]
    picture = torch.empty(3, height, width)
    for row in range(down):
        rows = luma[row::down]
        torch.add(rows, offsets[:, : rows.shape[0]], out=picture[:, row::down])
    return picture


def _reduced(picture: Tensor, chroma: tuple[int, int]) -> Tensor:
    """Average boxes of pixels; a box that hangs over the edge is filled with the edge."""
    height, width = picture.shape[1:]
    across, down = 1 << chroma[0], 1 << chroma[1]
    if width % across or height % down:
        picture = pad(picture[None], (0, -width % across, 0, -height % down), mode="replicate")[0]
    # Strided sums: eight times as fast as avg_pool2d on two cores.
    for dim, count in ((1, down), (2, across)):
        slices = [_every(picture, count, start, dim) for start in range(count)]
        picture = sum(slices[1:], start=slices[0]).mul(1 / count) if count > 1 else picture
    return picture


def _every(picture: Tensor, step: int, start: int, dim: int) -> Tensor:
    return picture[:, start::step] if dim == 1 else picture[:, :, start::step]
