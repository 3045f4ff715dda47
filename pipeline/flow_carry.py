"""Carrying a painting over to the next frame: to new places, mixed by bands, with its detail kept.

Part of smoothing. Brightness is carried whole, colours in half the size: most films keep them so.
Only what carrying changes is brought back to the size of the painting, so it loses no colour.

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

from .flow import LUMA, Field, fetch

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
_RED, _GREEN, _BLUE = LUMA


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """A painting as it is carried over.

    Attributes:
        brightness: (H, W).
        colours: (⌈H/2⌉, ⌈W/2⌉, 2), red and blue, each less the brightness.
    """

    brightness: Field
    colours: Field


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """A painting less what was carried over.

    Attributes:
        whole: all of it.
        broad: its broad band, the brightness in half the size too.
    """

    whole: Carried
    broad: Carried


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
    scales = np.float32(width / flow.shape[1]), np.float32(height / flow.shape[0])
    across, down = (each * scale for each, scale in zip(cv2.split(flow), scales, strict=True))
    columns: Field = cv2.resize(across, (width, height))
    rows: Field = cv2.resize(down, (width, height))
    columns += np.arange(width, dtype=np.float32)
    rows += np.arange(height, dtype=np.float32)[:, None]
    return columns, rows


def parted(painting: Tensor) -> Carried:
    """Take a painting, or a change of one, (3, H, W) on the CPU, apart as it is carried."""
    red, green, blue = (plane.numpy() for plane in painting)
    brightness = cv2.addWeighted(red, _RED, green, _GREEN, 0)
    cv2.addWeighted(brightness, 1, blue, _BLUE, 0, dst=brightness)
    grey = _half(brightness)
    return Carried(brightness, cv2.merge([_half(red) - grey, _half(blue) - grey]))


def fetched(carried: Carried, flow: Field, places: tuple[Field, Field]) -> Carried:
    """What was carried, in a frame's own places.

    Args:
        carried: of the last frame.
        flow: (h, w, 2), from this frame to the last, in any size.
        places: (H, W) each, the columns and rows where it leads.
    """
    half = enlarged(flow, size=(carried.colours.shape[0], carried.colours.shape[1]))
    brightness = fetch(carried.brightness, *places, sharp=True)
    return Carried(brightness, fetch(carried.colours, *half, sharp=True))


def changed(fresh: Carried, last: Carried) -> Change:
    """Take apart what has changed; what was carried over is overwritten, for speed."""
    brightness = cv2.subtract(fresh.brightness, last.brightness, dst=last.brightness)
    colours = cv2.subtract(fresh.colours, last.colours, dst=last.colours)
    whole = Carried(brightness, colours)
    return Change(whole, broad_band(whole))


def broad_band(carried: Carried) -> Carried:
    """The broad band of what is carried, the brightness in half the size too."""
    planes = _half(carried.brightness), carried.colours
    return Carried(*(cv2.GaussianBlur(plane, (5, 5), BROAD) for plane in planes))


def mixed(
    fresh: Carried,
    change: Change,
    *,
    shares: tuple[float, float],
    trust: Field,
    broad_trust: Field,
) -> Carried:
    """The fresh painting with as much of what was carried over as can be trusted.

    Args:
        fresh: the painting.
        change: in it; overwritten, for speed.
        shares: of the fresh painting in the fine and in the broad band where trust is 1.
        trust: (h, w) in [0, 1], in the fine band.
        broad_trust: (h, w) in [0, 1], in the broad band.

    Returns:
        The painting to be carried on: as crisp as the fresh one.
    """
    fine_kept = trust * np.float32(1 - shares[0])
    more_kept = broad_trust * np.float32(1 - shares[1]) - fine_kept
    whole, broad = change.whole, change.broad
    for kept, low in ((whole.brightness, broad.brightness), (whole.colours, broad.colours)):
        cv2.multiply(kept, enlarged_as(fine_kept, kept), dst=kept)
        cv2.multiply(low, enlarged_as(more_kept, low), dst=low)
        cv2.add(kept, enlarged_as(low, kept), dst=kept)
    brightness = cv2.subtract(fresh.brightness, whole.brightness, dst=whole.brightness)
    cv2.add(brightness, lost_detail(brightness, fresh.brightness), dst=brightness)
    return Carried(brightness, cv2.subtract(fresh.colours, whole.colours, dst=whole.colours))


def repainted(painting: Tensor, fresh: Carried, wanted: Carried, *, out: Tensor) -> None:
    """Give a painting the brightness and colours that smoothing has come to.

    Args:
        painting: (3, H, W).
        fresh: the painting as it is.
        wanted: as it is to be.
        out: (3, H, W), written to, in [0, 1].
    """
    brightness = cv2.subtract(wanted.brightness, fresh.brightness)
    red, blue = cv2.split(cv2.subtract(wanted.colours, fresh.colours))
    green = cv2.addWeighted(red, -_RED / _GREEN, blue, -_BLUE / _GREEN, 0)
    for before, after, colour in zip(painting, out, (red, green, blue), strict=True):
        plane = after.numpy()
        cv2.add(before.numpy(), brightness, dst=plane)
        cv2.add(plane, enlarged_as(colour, plane), dst=plane)
        np.clip(plane, 0, 1, out=plane)


def lost_detail(
    brightness: Field, fresh: Field, *, size: float = DETAIL, most: float = MOST
) -> Field:
    """What is to be added to (H, W) so that its detail has the energy that another's has.

    Args:
        brightness: what has lost detail.
        fresh: (H, W), what has it.
        size: of detail: deviation, in pixels, of the Gaussian that it is what is left of.
        most: factor by which it is amplified at most.
    """
    detail, wanted = _detail(brightness, size), _detail(fresh, size)
    ratio = (_energy(wanted) + _ENERGY) / (_energy(detail) + _ENERGY)
    gain = np.sqrt(ratio).clip(1, most) - 1
    return cv2.multiply(detail, enlarged_as(gain, detail), dst=detail)


def _detail(brightness: Field, size: float) -> Field:
    """What is fine in (H, W)."""
    blurred = cv2.GaussianBlur(brightness, (5, 5), size)
    return cv2.subtract(brightness, blurred, dst=blurred)


def _energy(detail: Field) -> Field:
    """Mean square of detail in neighbourhoods, (H/4, W/4)."""
    height, width = detail.shape
    size = (max(1, width // 4), max(1, height // 4))
    energy = cv2.resize(cv2.multiply(detail, detail), size, interpolation=cv2.INTER_AREA)
    return cv2.blur(energy, _NEIGHBOURHOOD)


def _half(plane: Field) -> Field:
    height, width = plane.shape
    size = ((width + 1) // 2, (height + 1) // 2)
    half: Field = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    return half


def enlarged_as(plane: Field, like: Field) -> Field:
    """(h, w) or (h, w, C) to the size of another, and to as many channels."""
    large: Field = cv2.resize(plane, (like.shape[1], like.shape[0]))
    return large if large.ndim == like.ndim else cv2.merge([large] * like.shape[2])
