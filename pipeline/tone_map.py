"""Tone mapping: from HDR pictures (PQ or HLG) to the SDR that networks know and screens show.

The steps: light as the display would show it (ITU-R BT.2100), a smooth shoulder (the EETF of
BT.2390, section 5.4.1) on the brightest of the three channels so that hues stay, BT.709's
primaries, and the inverse of the reference display (BT.1886).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

PQ = 16
HLG = 18
HDR_TRANSFERS = {PQ: "PQ", HLG: "HLG"}
"""Transfer codes of H.273 that are HDR, and their names."""

# BT.2408: diffuse white of HDR programmes; it becomes the white of SDR.
_WHITE_NITS = 203.0
# Most HDR is graded on displays of 1000 nits, and HLG's OOTF is defined there (gamma 1.2).
_PEAK_NITS = 1000.0
_DISPLAY_GAMMA = 2.4  # BT.1886

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
    # A table of 2^16 entries is finer than 12 bits and much faster than two powers a sample.
    table = _linear_table(transfer)
    light = table[(picture * (len(table) - 1)).round_().int()]
    if transfer == HLG:
        weights = torch.tensor(_to_xyz(primaries)[1], dtype=torch.float32)
        scene = (weights @ light.flatten(1)).view(picture.shape[1:])
        light = light * (scene.pow_(0.2) * (_PEAK_NITS / _WHITE_NITS))
    brightest = light.amax(0).clamp_(min=1e-6)
    light *= _shoulder(brightest).div_(brightest)
    if primaries != 1:
        mixing = torch.tensor(np.linalg.inv(_to_xyz(1)) @ _to_xyz(primaries), dtype=torch.float32)
        light = _into_gamut((mixing @ light.flatten(1)).view(light.shape))
    return light.clamp_(0, 1).pow_(1 / _DISPLAY_GAMMA)


def _shoulder(light: Tensor) -> Tensor:
    """BT.2390's EETF: (H, W) light in units of SDR white, up to the peak, brought below 1.

    In PQ, the curve is straight up to a knee and then a Hermite spline that ends level.
    """
    top = _pq_code(_PEAK_NITS)
    white = _pq_code(_WHITE_NITS) / top
    knee = 1.5 * white - 0.5
    powers = (light * (_WHITE_NITS / 10000)).pow_(_M1)
    code = ((_C1 + _C2 * powers) / (1 + _C3 * powers)).pow_(_M2).div_(top).clamp_(max=1)
    t = (code - knee).div_(1 - knee)
    t2, t3 = t * t, t * t * t
    bent = (2 * t3 - 3 * t2 + 1) * knee + (t3 - 2 * t2 + t) * (1 - knee) + (3 * t2 - 2 * t3) * white
    code = torch.where(code > knee, bent, code).mul_(top)
    return _pq_light(code).mul_(10000 / _WHITE_NITS)


def _into_gamut(light: Tensor) -> Tensor:
    """Take just so much saturation from colours outside the gamut that no channel is negative."""
    weights = torch.tensor(_to_xyz(1)[1], dtype=torch.float32)
    grey = (weights @ light.flatten(1)).view(light.shape[1:]).clamp_(min=0)
    lowest = light.amin(0).clamp_(max=0)
    return grey + (light - grey) * (grey / (grey - lowest).clamp_(min=1e-6))


def _pq_code(nits: float) -> float:
    powers = (nits / 10000) ** _M1
    return float(((_C1 + _C2 * powers) / (1 + _C3 * powers)) ** _M2)


def _pq_light(code: Tensor) -> Tensor:
    powers = code.pow(1 / _M2)
    return ((powers - _C1).clamp_(min=0) / (_C2 - _C3 * powers)).pow_(1 / _M1)


@lru_cache
def _linear_table(transfer: int) -> Tensor:
    """Light of each code: PQ in units of SDR white, HLG as light of the scene in [0, 1]."""
    codes = torch.linspace(0, 1, 1 << 16, dtype=torch.float64)
    if transfer == PQ:
        return (_pq_light(codes) * (10000 / _WHITE_NITS)).float()
    bright = (((codes - _C) / _A).exp() + _B) / 12
    return torch.where(codes <= 0.5, codes.square() / 3, bright).float()


@lru_cache
def _to_xyz(primaries: int) -> npt.NDArray[np.float64]:
    """The (3, 3) matrix from linear RGB to XYZ; its second row holds the weights of luminance."""
    points = np.array([(x, y, 1 - x - y) for x, y in _PRIMARIES[primaries]]).T
    x, y = _D65
    white = np.array([x / y, 1, (1 - x - y) / y])
    return np.asarray(points * np.linalg.solve(points, white), np.float64)
