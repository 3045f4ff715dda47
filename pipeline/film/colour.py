"""Colour: between a film's sample planes and RGB in [0, 1]. Reading and writing both stand on it.

The formulas and constants are those of ITU-T H.273 (matrix coefficients, section 8.3).

Chroma is enlarged by repeating samples and reduced by averaging boxes. Averaging a box of equal
values gives that value back, so reading and writing undo each other exactly: an untouched film
keeps its very samples. A smoother filter would look no different under paint and would blur the
chroma a little on the way in and a little more on the way out.

The arithmetic is NumPy's, which keeps to the calling thread. Readers and writers run beside the
network; with PyTorch, each would wake a team of threads at every step, and where cores are few the
teams wait for each other: under load, 70 ms for a frame of 1280×720 became 8 ms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import torch

if TYPE_CHECKING:
    from torch import Tensor

    from ..values import Colour, Matrix, Range

Plane = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
Floats = npt.NDArray[np.float32]

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
    if layout.family == "rgb":
        picture = np.stack([_decoded(planes[index], luma) for index in (2, 0, 1)])
    elif layout.family == "grey":
        picture = np.stack([_decoded(planes[0], luma)] * 3)
    else:
        scale = _chroma_scale(colour, layout.depth)
        chroma = [_decoded(plane, scale) for plane in planes[1:]]
        # The matrix is applied before enlarging: a quarter of the work in 4:2:0.
        mixing = _rgb_from_yuv(colour.matrix)[:, 1:]
        offsets = [_mixed(row, chroma) for row in mixing]
        picture = _add_enlarged(_decoded(planes[0], luma), offsets, layout.chroma)
    return torch.from_numpy(_clamped(picture, 0, 1))


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
    pixels = picture.cpu().numpy()
    if layout.family == "rgb":
        return [_coded(pixels[index], luma, layout.depth) for index in (1, 2, 0)]
    matrix = colour.matrix
    if layout.family == "grey" and matrix == "rgb":
        matrix = "bt709"  # grey out of RGB has no weights of its own
    mixing = _yuv_from_rgb(matrix)
    pixels = _clamped(pixels.copy(), 0, 1)
    planes = [_coded(_mixed(mixing[0], pixels), luma, layout.depth)]
    if layout.family == "yuv":
        small = _reduced(pixels, layout.chroma)
        scale = _chroma_scale(colour, layout.depth)
        planes += [_coded(_mixed(row, small), scale, layout.depth) for row in mixing[1:]]
    return planes


def plane_to_alpha(plane: Plane, *, depth: int) -> Tensor:
    """Turn an alpha plane, which is always of full range, into (1, H, W) float32 in [0, 1]."""
    return torch.from_numpy(_decoded(plane, _luma_scale("full", depth))).unsqueeze(0)


def alpha_to_plane(alpha: Tensor, *, depth: int) -> Plane:
    """Turn (1, H, W) alpha in [0, 1] into a plane of full range, rounded."""
    return _coded(alpha[0].cpu().numpy(), _luma_scale("full", depth), depth)


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
def _yuv_from_rgb(matrix: Matrix) -> Floats:
    """The (3, 3) matrix that makes luma in [0, 1] and two chromas in [-0.5, 0.5]."""
    if matrix == "ycgco":
        rows = [[0.25, 0.5, 0.25], [-0.25, 0.5, -0.25], [0.5, 0, -0.5]]
        return np.array(rows, np.float32)
    if matrix == "rgb":
        raise ValueError("the family yuv needs a luma-chroma matrix, not 'rgb'")
    red, blue = _LUMA_WEIGHTS[matrix]
    luma = np.array([red, 1 - red - blue, blue])
    to_blue = (np.array([0, 0, 1]) - luma) / (2 * (1 - blue))
    to_red = (np.array([1, 0, 0]) - luma) / (2 * (1 - red))
    return np.stack((luma, to_blue, to_red)).astype(np.float32)


@lru_cache
def _rgb_from_yuv(matrix: Matrix) -> Floats:
    return np.linalg.inv(_yuv_from_rgb(matrix).astype(np.float64)).astype(np.float32)


def _decoded(plane: Plane, scale: _Scale) -> Floats:
    values = plane.astype(np.float32)
    values -= np.float32(scale.zero)
    values *= np.float32(1 / scale.unit)
    return values


def _coded(values: Floats, scale: _Scale, depth: int) -> Plane:
    codes = values * np.float32(scale.unit)
    # The cast cuts the fraction off, so the half that makes it round is added first.
    codes += np.float32(scale.zero + 0.5)
    _clamped(codes, scale.lowest, scale.highest)
    return codes.astype(np.uint8) if depth == 8 else codes.astype(np.uint16)


def _clamped(values: Floats, lowest: float, highest: float) -> Floats:
    """Clamp in place."""
    np.maximum(values, np.float32(lowest), out=values)
    return np.minimum(values, np.float32(highest), out=values)


def _mixed(weights: Floats, parts: Sequence[Floats] | Floats) -> Floats:
    """Sum the parts by weight."""
    total: Floats = parts[0] * weights[0]
    for weight, part in zip(weights[1:], parts[1:], strict=True):
        total += part * weight
    return total


def _add_enlarged(luma: Floats, offsets: Sequence[Floats], chroma: tuple[int, int]) -> Floats:
    """Add three (h, w) `offsets`, each value repeated over its box of pixels, to (H, W) `luma`."""
    height, width = luma.shape
    across, down = 1 << chroma[0], 1 << chroma[1]
    picture = np.empty((3, height, width), np.float32)
    wide = np.empty((len(offsets[0]), width), np.float32)
    for channel, offset in zip(picture, offsets, strict=True):
        for column in range(across):
            targets = wide[:, column::across]
            targets[...] = offset[:, : targets.shape[1]]
        for row in range(down):
            rows = luma[row::down]
            np.add(rows, wide[: len(rows)], out=channel[row::down])
    return picture


def _reduced(pixels: Floats, chroma: tuple[int, int]) -> Floats:
    """Average boxes of pixels; a box that hangs over the edge is filled with the edge."""
    height, width = pixels.shape[1:]
    across, down = 1 << chroma[0], 1 << chroma[1]
    if width % across or height % down:
        pixels = np.pad(pixels, ((0, 0), (0, -height % down), (0, -width % across)), mode="edge")
    rows = _mean([pixels[:, row::down] for row in range(down)])
    return _mean([rows[:, :, column::across] for column in range(across)])


def _mean(parts: Sequence[Floats]) -> Floats:
    if len(parts) == 1:
        return parts[0]
    total = parts[0] + parts[1]
    for part in parts[2:]:
        total += part
    total *= np.float32(1 / len(parts))
    return total
