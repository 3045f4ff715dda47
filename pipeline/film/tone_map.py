"""Tone mapping: from HDR pictures (PQ or HLG) to the SDR that networks know and screens show.

The steps: light as the display would show it (ITU-R BT.2100), a smooth shoulder (the EETF of
BT.2390, section 5.4.1) on the brightest of the three channels so that hues stay, BT.709's
primaries, and the inverse of the reference display (BT.1886).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

if TYPE_CHECKING:
    from torch import Tensor

Floats = npt.NDArray[np.float32]

PQ = 16
HLG = 18
HDR_TRANSFERS = {PQ: "PQ", HLG: "HLG"}
"""Transfer codes of H.273 that are HDR, and their names."""

# BT.2408: diffuse white of HDR programmes; it becomes the white of SDR.
_WHITE_NITS = 203.0
# Most HDR is graded on displays of 1000 nits, and HLG's OOTF is defined there (gamma 1.2).
_PEAK_NITS = 1000.0
_DISPLAY_GAMMA = 2.4  # BT.1886
_ENTRIES = 1 << 16  # of the tables

# BT.2100: the constants of PQ and of HLG.
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073

# Chromaticities of red, green and blue by the primaries' code in H.273; all have white D65.
_PRIMARIES = {
    1: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
_D65 = (0.3127, 0.3290)


def tone_map(picture: Tensor, *, transfer: int, primaries: int) -> Tensor:
    """Turn HDR RGB into SDR RGB with BT.709's primaries.

    Args:
        picture: (3, H, W) float32 in [0, 1], encoded as `transfer` says.
        transfer: H.273's code: `PQ` or `HLG`.
        primaries: H.273's code; those unknown here are taken for BT.2020, as nearly all HDR is.

    Returns:
        (3, H, W) float32 in [0, 1], for a display of gamma 2.4.
    """
    primaries = primaries if primaries in _PRIMARIES else 9
    # Tables of 2^16 entries are finer than 12 bits and much faster than powers.
    light = _looked_up(picture.numpy(), _linear_table(transfer))
    if transfer == HLG:
        scene = _weighted(_luminance(primaries), light)
        light *= np.power(scene, np.float32(0.2)) * np.float32(_PEAK_NITS / _WHITE_NITS)
    brightest = np.maximum(light.max(axis=0), np.float32(1e-6))
    light *= _shoulder(brightest) / brightest
    if primaries != 1:
        mixing = (np.linalg.inv(_to_xyz(1)) @ _to_xyz(primaries)).astype(np.float32)
        light = _into_gamut(np.stack([_weighted(row, light) for row in mixing]))
    # Square roots spread the dark tones over the table as the eye wants them.
    return torch.from_numpy(_looked_up(np.sqrt(light), _encoding_table()))


def _looked_up(values: Floats, table: Floats) -> Floats:
    """Replace values in [0, 1] by the table's entries there."""
    index = values * np.float32(len(table) - 1) + np.float32(0.5)
    return np.take(table, index.astype(np.int32), mode="clip")


def _weighted(weights: Floats, channels: Floats) -> Floats:
    red, green, blue = channels
    total: Floats = red * weights[0]
    total += green * weights[1]
    total += blue * weights[2]
    return total


def _shoulder(light: Floats) -> Floats:
    """BT.2390's EETF: (H, W) light in units of SDR white, up to the peak, brought below 1."""
    codes = np.power(light * np.float32(_WHITE_NITS / _PEAK_NITS), np.float32(0.25))
    return _looked_up(codes, _shoulder_table())


@lru_cache
def _shoulder_table() -> Floats:
    """The EETF, by the fourth root of light as a share of the peak.

    In PQ, the curve is straight up to a knee and then a Hermite spline that ends level.
    """
    nits = np.linspace(0, 1, _ENTRIES) ** 4 * _PEAK_NITS
    top = _pq_code(_PEAK_NITS)
    white = _pq_code(_WHITE_NITS) / top
    knee = 1.5 * white - 0.5
    code = _pq_code(nits) / top
    t = (code - knee) / (1 - knee)
    t2, t3 = t * t, t * t * t
    bent = (2 * t3 - 3 * t2 + 1) * knee + (t3 - 2 * t2 + t) * (1 - knee) + (3 * t2 - 2 * t3) * white
    return _pq_light(np.where(code > knee, bent, code) * top).astype(np.float32)


def _into_gamut(light: Floats) -> Floats:
    """Take just so much saturation from colours outside the gamut that no channel is negative."""
    grey = np.maximum(_weighted(_luminance(1), light), 0)
    lowest = np.minimum(light.min(axis=0), 0)
    kept = grey / np.maximum(grey - lowest, np.float32(1e-6))
    inside: Floats = np.maximum(grey + (light - grey) * kept, 0)
    return inside


def _pq_code(nits: npt.ArrayLike) -> npt.NDArray[np.float64]:
    powers = (np.asarray(nits, np.float64) / 10000) ** _M1
    return np.asarray(((_C1 + _C2 * powers) / (1 + _C3 * powers)) ** _M2, np.float64)


def _pq_light(code: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Light in units of SDR white."""
    powers = code ** (1 / _M2)
    nits = 10000 * (np.maximum(powers - _C1, 0) / (_C2 - _C3 * powers)) ** (1 / _M1)
    return np.asarray(nits / _WHITE_NITS, np.float64)


@lru_cache
def _linear_table(transfer: int) -> Floats:
    """Light of each code: PQ in units of SDR white, HLG as light of the scene in [0, 1]."""
    codes = np.linspace(0, 1, _ENTRIES)
    if transfer == PQ:
        return _pq_light(codes).astype(np.float32)
    bright = (np.exp((codes - _C) / _A) + _B) / 12
    return np.where(codes <= 0.5, codes**2 / 3, bright).astype(np.float32)


@lru_cache
def _encoding_table() -> Floats:
    """The SDR code, by the square root of light."""
    roots = np.linspace(0, 1, _ENTRIES)
    return np.power(roots, 2 / _DISPLAY_GAMMA).astype(np.float32)


def _luminance(primaries: int) -> Floats:
    weights: Floats = _to_xyz(primaries)[1].astype(np.float32)
    return weights


@lru_cache
def _to_xyz(primaries: int) -> npt.NDArray[np.float64]:
    """The (3, 3) matrix from linear RGB to XYZ; its second row holds the weights of luminance."""
    points = np.array([(x, y, 1 - x - y) for x, y in _PRIMARIES[primaries]]).T
    x, y = _D65
    white = np.array([x / y, 1, (1 - x - y) / y])
    return np.asarray(points * np.linalg.solve(points, white), np.float64)
