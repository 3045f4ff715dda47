"""Carrying a refined key frame's strokes to other frames, in the light of each.

Part of refining. Pictures are (H, W, 3) here, which is what OpenCV is fast in. A stroke is fetched
once from the key frame, however far it is; what is broader than strokes follows the fast painting
of the frame, so that light may change. Where no stroke can be fetched, the fast painting takes on
the colours and the contrast that refining has given to what is there, or around.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .flow import Field, Grey, fetch
from .flow_carry import crisp, enlarged
from .flow_tracks import Track

BROAD = 1 / 45
"""Of the shorter side: cells whose means, blurred, are the light of a painting."""
MOST = 3.0
"""Factor by which the contrast of a fast painting is changed at most, up or down."""
_BLUR = 1.5
"""Deviation, in cells, of the blur."""
_LEAST = 1e-3
"""Trust that counts as none."""
_ROUNDING = 1e-5
"""Variance that is nothing but rounding to 8 bits."""


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """A key frame.

    Attributes:
        seen: (h, w), its source as flow is found in it.
        strokes: (H, W, 3), refined.
        light: (y, x, 3), the means of cells of its fast painting.
        shift: (y, x, 3), what refining has added to them.
        gain: (y, x, 3), how much contrast refining has given to what is finer, as a factor.
    """

    seen: Grey
    strokes: Field
    light: Field
    shift: Field
    gain: Field


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """What a key frame gives to another frame.

    Attributes:
        strokes: (H, W, 3), its strokes in the frame's places and light.
        sharp: (H, W, 3), the same as sharp as they were, but not quite in place.
        trust: (H, W) in [0, 1]: where they are what is to be seen.
        ground: (H, W, 3), the fast painting in the key frame's colours and contrast.
    """

    strokes: Field
    sharp: Field
    trust: Field
    ground: Field


def make_key(seen: Grey, strokes: Field, painting: Field) -> Key:
    """Know a key frame by its source, as it was refined, and its fast painting, (H, W, 3) each."""
    (light, variance), (refined, finer) = _cells(painting), _cells(strokes)
    gain = np.sqrt((finer + _ROUNDING) / (variance + _ROUNDING)).clip(1 / MOST, MOST)
    return Key(seen, strokes, light, refined - light, gain)


def carried(key: Key, track: Track, trust: Field, *, painting: Field) -> Carried:
    """Carry a key frame's strokes to a frame.

    Args:
        key: the key frame.
        track: between the two.
        trust: (h, w) in [0, 1], of the track.
        painting: (H, W, 3), the fast painting of the frame.
    """
    height, width = painting.shape[:2]
    places = enlarged(track.there, size=(height, width))
    strokes = cv2.remap(key.strokes, *places, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE)
    sharp = cv2.remap(key.strokes, *places, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)

    light, _ = _cells(painting)
    cells = (light.shape[1], light.shape[0])
    coarse = enlarged(track.there, size=cells[::-1])
    sure = np.dstack([cv2.resize(trust, cells, interpolation=cv2.INTER_AREA)] * 3)
    change = (light - fetch(key.light, *coarse)) * sure
    changed = cv2.resize(_blurred(change) / (_blurred(sure) + _LEAST), (width, height))

    gain, shift = (cv2.resize(fetch(e, *coarse), (width, height)) for e in (key.gain, key.shift))
    broad = cv2.resize(light, (width, height))
    ground = broad + shift + gain * (painting - broad)
    whole = cv2.resize(trust, (width, height))
    return Carried(strokes + changed, sharp + changed, whole, ground)


def blended(painting: Field, first: Carried | None, last: Carried | None, share: float) -> Field:
    """A frame between two key frames.

    Args:
        painting: (H, W, 3), the fast painting.
        first: from the key frame before; None: there is none.
        last: from the key frame after, likewise.
        share: of the last, where both can be trusted alike: how near it is in time, 0 to 1.

    Returns:
        (H, W, 3) in [0, 1].
    """
    if first is None or last is None:
        only = first or last
        if only is None:
            return painting
        trust = only.trust[..., None]
        strokes, sharp, ground = only.strokes, only.sharp, only.ground
    else:
        before, after = first.trust * (1 - share), last.trust * share
        of_last = (after / (before + after + _LEAST))[..., None]
        trust = (1 - (1 - first.trust) * (1 - last.trust))[..., None]
        strokes = first.strokes + of_last * (last.strokes - first.strokes)
        # Either, not their mixture: strokes that do not quite agree would be softened by it.
        sharp = np.where(of_last < 0.5, first.sharp, last.sharp)
        ground = first.ground + np.float32(share) * (last.ground - first.ground)
    # What fetching between pixels and mixing have softened gets its edge back.
    return crisp(ground + trust * (strokes - ground), ground + trust * (sharp - ground))


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
