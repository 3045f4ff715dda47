"""Carrying a refined key frame's strokes to other frames, in the light of each.

Part of refining. Pictures are (H, W, 3) here, which is what OpenCV is fast in. A stroke is fetched
once from the key frame, however far it is; what is broader than strokes follows the fast painting
of the frame, so that light may change. Where no stroke can be fetched, the fast painting takes on
the colours that refining has given to what is there, or around, and as much contrast as it has.

Fetching between pixels softens strokes, and so does mixing those of two key frames, which do not
quite agree: half a pixel to the side, by the sharpest kernel, and the style loss of a painting by
`gatys` is 19 % higher. So the mixture is given the energy that its parts had, band by band.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from .flow import Field, Grey, fetch
from .flow_carry import enlarged
from .flow_tracks import Track, reflected

BROAD = 1 / 45
"""Of the shorter side: cells whose means, blurred, are the light of a painting."""
MOST = 3.0
"""Factor by which the contrast of a fast painting is changed at most, up or down."""
KEPT = 0.01
"""What strokes weigh that have gone on with what changes, beside those on what is the same."""
BANDS = (1.0, 2.5)
"""Deviations, in pixels, of the Gaussians between the bands of strokes that mixtures soften; with a
third, of 6, nothing more is gained."""
RAISED = 2.0
"""Factor by which a band is raised at most."""
_BLUR = 1.5
"""Deviation, in cells, of the blur."""
_LEAST = 1e-3
"""Trust that counts as none."""
_SOFT = (9, 9)
"""Pixels of flow over which strokes begin and end."""
_ROUNDING = 1e-5
"""Variance that is nothing but rounding to 8 bits."""
_SHRUNK, _AROUND = 4, 4.0
"""Energies are compared in pictures so many times smaller, in neighbourhoods of that deviation."""


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """A key frame.

    Attributes:
        seen: (h, w), its source as flow is found in it.
        strokes: (H, W, 3), refined.
        light: (y, x, 3), the means of cells of its fast painting.
        shift: (y, x, 3), what refining has added to them.
        finer: (y, x, 3), the variance of its strokes within cells.
    """

    seen: Grey
    strokes: Field
    light: Field
    shift: Field
    finer: Field


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """What a key frame gives to another frame.

    Attributes:
        strokes: (H, W, 3), its strokes in the frame's places and light.
        sharp: (H, W, 3), the same as sharp as they were, but not quite in place.
        weight: (H, W), above 0: what they weigh beside those of another key frame.
        kept: (H, W) in [0, 1]: where they can be.
        ground: (H, W, 3), the fast painting in the key frame's colours and contrast.
    """

    strokes: Field
    sharp: Field
    weight: Field
    kept: Field
    ground: Field


def make_key(seen: Grey, strokes: Field, painting: Field) -> Key:
    """Know a key frame by its source, as it was refined, and its fast painting, (H, W, 3) each."""
    (light, _), (refined, finer) = _cells(painting), _cells(strokes)
    return Key(seen, strokes, light, refined - light, finer)


def carried(key: Key, track: Track, *, painting: Field) -> Carried:
    """Carry a key frame's strokes to a frame.

    Args:
        key: the key frame.
        track: between the two.
        painting: (H, W, 3), the fast painting of the frame.
    """
    height, width = painting.shape[:2]
    places = enlarged(track.there, size=(height, width))
    strokes = reflected(key.strokes, *places, how=cv2.INTER_LANCZOS4)
    sharp = reflected(key.strokes, *places, how=cv2.INTER_NEAREST)

    light, variance = _cells(painting)
    cells = (light.shape[1], light.shape[0])
    coarse = enlarged(track.there, size=cells[::-1])
    sure = np.dstack([cv2.resize(track.kept, cells, interpolation=cv2.INTER_AREA)] * 3)
    change = (light - fetch(key.light, *coarse)) * sure
    changed = cv2.resize(_blurred(change) / (_blurred(sure) + _LEAST), (width, height))

    contrast = np.sqrt((fetch(key.finer, *coarse) + _ROUNDING) / (variance + _ROUNDING))
    gain, shift, broad = (
        cv2.resize(each, (width, height))
        for each in (contrast.clip(1 / MOST, MOST), fetch(key.shift, *coarse), light)
    )
    ground = broad + shift + gain * (painting - broad)
    same, kept = (
        cv2.resize(cv2.GaussianBlur(each, _SOFT, 0), (width, height))
        for each in (track.same, track.kept)
    )
    weight = same + KEPT * (kept + _LEAST)
    return Carried(strokes + changed, sharp + changed, weight, kept, ground)


def blended(painting: Field, first: Carried | None, last: Carried | None, share: float) -> Field:
    """A frame between two key frames.

    Args:
        painting: (H, W, 3), the fast painting.
        first: from the key frame before; None: there is none.
        last: from the key frame after, likewise.
        share: of the last, where both weigh alike: how near it is in time, 0 to 1.

    Returns:
        (H, W, 3) in [0, 1].
    """
    if first is None or last is None:
        only = first or last
        given = [] if only is None else [(only, 1.0)]
    else:
        given = [(first, 1 - share), (last, share)]
    if not given:
        return painting
    whole = sum(part * each.weight for each, part in given)
    ground, rest = np.zeros_like(painting), np.ones_like(whole)
    parts = []
    for each, part in given:
        weight = part * each.weight / whole * each.kept
        parts.append((each.strokes, each.sharp, weight))
        ground += np.float32(part) * each.ground
        rest -= weight
    return _mixed([*parts, (ground, ground, rest)])


def _mixed(parts: Sequence[tuple[Field, Field, Field]]) -> Field:
    """Mix pictures so that no band loses energy.

    Args:
        parts: pictures, (H, W, 3), the same with all their energy, and what they weigh, (H, W),
            1 in sum.

    Returns:
        (H, W, 3) in [0, 1].
    """
    broad = np.asarray(sum(weight[..., None] * picture for picture, _, weight in parts))
    sharp = [picture for _, picture, _ in parts]
    weights = [_shrunk(weight) for _, _, weight in parts]
    raised = np.zeros_like(broad)
    for deviation in BANDS:
        broad, fine = _split(broad, deviation)
        wanted = np.full_like(weights[0], _ROUNDING)
        for index, weight in enumerate(weights):
            sharp[index], band = _split(sharp[index], deviation)
            wanted += weight * _shrunk(np.square(band).sum(2))
        there = _shrunk(np.square(fine).sum(2)) + _ROUNDING
        ratio = cv2.GaussianBlur(wanted, (0, 0), _AROUND) / cv2.GaussianBlur(there, (0, 0), _AROUND)
        gain = np.sqrt(ratio).clip(1, RAISED)
        raised += fine * cv2.resize(gain, fine.shape[1::-1])[..., None]
    mixed: Field = np.clip(broad + raised, 0, 1)
    return mixed


def _split(picture: Field, deviation: float) -> tuple[Field, Field]:
    """What is broader in a picture, and what is finer."""
    broad = cv2.GaussianBlur(picture, (0, 0), deviation)
    return broad, picture - broad


def _shrunk(plane: Field) -> Field:
    height, width = plane.shape
    size = (max(1, width // _SHRUNK), max(1, height // _SHRUNK))
    return cv2.resize(plane, size, interpolation=cv2.INTER_AREA)


def _cells(painting: Field) -> tuple[Field, Field]:
    """Mean and variance of (H, W, 3) in cells somewhat broader than strokes, (y, x, 3) each."""
    height, width = painting.shape[:2]
    cell = max(1, round(min(height, width) * BROAD))
    size = (max(1, width // cell), max(1, height // cell))
    mean, square = (
        _blurred(cv2.resize(each, size, interpolation=cv2.INTER_AREA))
        for each in (painting, np.square(painting))
    )
    return mean, np.maximum(square - np.square(mean), 0)


def _blurred(plane: Field) -> Field:
    return cv2.GaussianBlur(plane, (0, 0), _BLUR)
