"""Carrying a painting over to the next frame: to new places, mixed by bands, with its detail kept.

Part of smoothing. Pictures are (H, W, 3) here, which is what OpenCV is fast in.

What a network paints anew for each frame is a sum of what stays and of what flickers. The mean of
frames calms what flickers; it also takes detail away, most of it the finest, by which a painting
is judged crisp. So the fine band follows the fresh painting sooner than broad strokes, in which
blinking is seen best. What detail the mean has lost is given back: the detail of each
neighbourhood gets the energy it has in the fresh painting. Nothing flickers by it that did not
before, for it moves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from .flow import Field

BROAD = 0.7
"""Deviation, in pixels of half the size, of the Gaussian between the fine band and the broad one:
strokes of some three pixels and more are broad."""
DETAIL = 1.0
"""Deviation, in pixels, of the Gaussian that detail is what is left of."""
MOST = 2.0
"""Factor by which lost detail is amplified at most."""
_NEIGHBOURHOOD = (3, 3)
"""Of pixels of a quarter of the size, in which energies are compared."""
_ENERGY = 1e-5
"""Energy of detail that is nothing but rounding: 0.8 steps of 8 bits."""


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """The painting less what was carried over.

    Attributes:
        whole: (H, W, 3).
        broad: (⌈H/2⌉, ⌈W/2⌉, 3), its broad band.
    """

    whole: Field
    broad: Field


def interleaved(picture: Tensor) -> Field:
    """(3, H, W) on the CPU to (H, W, 3)."""
    merged: Field = cv2.merge([plane.numpy() for plane in picture])
    return merged


def planar(picture: Field) -> Tensor:
    """(H, W, 3) to (3, H, W)."""
    planes = torch.empty(3, *picture.shape[:2])
    cv2.split(picture, [plane.numpy() for plane in planes])
    return planes


def enlarged(flow: Field, *, size: tuple[int, int]) -> tuple[Field, Field]:
    """The places, columns and rows, where a flow found in a smaller picture leads.

    Args:
        flow: (h, w, 2).
        size: height and width of the picture.

    Returns:
        (H, W) each.
    """
    height, width = size
    columns, rows = (cv2.resize(each, (width, height)) for each in cv2.split(flow))
    columns = columns * np.float32(width / flow.shape[1])
    rows = rows * np.float32(height / flow.shape[0])
    columns += np.arange(width, dtype=np.float32)
    rows += np.arange(height, dtype=np.float32)[:, None]
    return columns, rows


def changed(fresh: Field, carried: Field) -> Change:
    """Take apart what has changed; what was carried is overwritten, for speed."""
    whole = cv2.subtract(fresh, carried, dst=carried)
    height, width = whole.shape[:2]
    half = cv2.resize(whole, ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA)
    broad = cv2.GaussianBlur(half, (5, 5), BROAD)
    return Change(whole, broad)


def mixed(
    fresh: Field,
    change: Change,
    *,
    shares: tuple[float, float],
    trust: Field,
    broad_trust: Field,
) -> Field:
    """The fresh painting with as much of what was carried over as can be trusted.

    Args:
        fresh: (H, W, 3).
        change: of it; overwritten, for speed.
        shares: of the fresh painting in the fine and in the broad band where trust is 1.
        trust: (h, w) in [0, 1], in the fine band.
        broad_trust: (h, w) in [0, 1], in the broad band.

    Returns:
        (H, W, 3), not bound to [0, 1].
    """
    fine_kept = trust * np.float32(1 - shares[0])
    broad_kept = broad_trust * np.float32(1 - shares[1])
    kept = cv2.multiply(change.whole, _thrice(fine_kept, change.whole), dst=change.whole)
    low = cv2.multiply(change.broad, _thrice(broad_kept - fine_kept, change.broad))
    cv2.add(kept, cv2.resize(low, (fresh.shape[1], fresh.shape[0])), dst=kept)
    return cv2.subtract(fresh, kept, dst=kept)


def crisp(picture: Field, fresh: Field) -> Field:
    """Give a picture's detail the energy that it has in another, neighbourhood by neighbourhood.

    Detail is that of brightness: it is what the eye sees finest.

    Args:
        picture: (H, W, 3); overwritten, for speed.
        fresh: (H, W, 3), the painting whose detail is wanted.

    Returns:
        (H, W, 3) in [0, 1].
    """
    detail = _detail(picture)
    ratio = (_energy(_detail(fresh)) + _ENERGY) / (_energy(detail) + _ENERGY)
    gain = np.sqrt(ratio).clip(1, MOST) - 1
    more = cv2.multiply(detail, cv2.resize(gain, (detail.shape[1], detail.shape[0])), dst=detail)
    cv2.add(picture, cv2.merge([more, more, more]), dst=picture)
    return np.clip(picture, 0, 1, out=picture)


def _detail(picture: Field) -> Field:
    """What is fine in a picture's brightness, (H, W)."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return cv2.subtract(grey, cv2.GaussianBlur(grey, (5, 5), DETAIL), dst=grey)


def _energy(detail: Field) -> Field:
    """Mean square of detail in neighbourhoods, (H/4, W/4)."""
    height, width = detail.shape
    size = (max(1, width // 4), max(1, height // 4))
    energy = cv2.resize(np.square(detail), size, interpolation=cv2.INTER_AREA)
    return cv2.blur(energy, _NEIGHBOURHOOD)


def _thrice(plane: Field, like: Field) -> Field:
    """(h, w) to (H, W, 3), as large as another."""
    large = cv2.resize(plane, (like.shape[1], like.shape[0]))
    return cv2.merge([large, large, large])
