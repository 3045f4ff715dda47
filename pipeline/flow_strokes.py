"""Carrying a refined key frame's strokes to other frames, in the light of each.

Part of refining. Pictures are (H, W, 3) here, which is what OpenCV is fast in. A stroke is fetched
once from the key frame, however far it is; what is broader than strokes follows the fast painting
of the frame, so that light may change.
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
_BLUR = 1.5
"""Deviation, in cells, of that blur."""
_LEAST = 1e-3
"""Trust that counts as none."""


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """A key frame.

    Attributes:
        seen: (h, w), its source as flow is found in it.
        strokes: (H, W, 3), refined.
        light: the light (see `light`) of its fast painting.
    """

    seen: Grey
    strokes: Field
    light: Field


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """What a key frame gives to another frame.

    Attributes:
        picture: (H, W, 3), its strokes in the frame's places and light.
        trust: (H, W) in [0, 1]: where it is so.
    """

    picture: Field
    trust: Field


def light(painting: Field) -> Field:
    """What is broader than strokes in (H, W, 3): the means of its cells."""
    height, width = painting.shape[:2]
    cell = max(1, round(min(height, width) * BROAD))
    size = (max(1, width // cell), max(1, height // cell))
    return cv2.resize(painting, size, interpolation=cv2.INTER_AREA)


def carried(key: Key, track: Track, trust: Field, *, painting: Field) -> Carried:
    """Carry a key frame's strokes to a frame.

    Args:
        key: the key frame.
        track: between the two.
        trust: (h, w) in [0, 1], of the track.
        painting: (H, W, 3), the fast painting of the frame.
    """
    height, width = painting.shape[:2]
    strokes = fetch(key.strokes, *enlarged(track.there, size=(height, width)), sharp=True)
    now = light(painting)
    cells = (now.shape[0], now.shape[1])
    before = fetch(key.light, *enlarged(track.there, size=cells))
    sure = cv2.resize(trust, cells[::-1], interpolation=cv2.INTER_AREA)
    sure = np.dstack([sure] * 3)
    change = _blurred((now - before) * sure) / (_blurred(sure) + _LEAST)
    strokes += cv2.resize(change, (width, height))
    return Carried(strokes, cv2.resize(trust, (width, height)))


def blended(painting: Field, first: Carried | None, last: Carried | None, share: float) -> Field:
    """A frame between two key frames, over its fast painting where neither reaches.

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
        return painting if only is None else np.clip(_laid_over(painting, only), 0, 1)
    before, after = first.trust * (1 - share), last.trust * share
    of_last = (after / (before + after + _LEAST))[..., None]
    mixture = first.picture + of_last * (last.picture - first.picture)
    trust = 1 - (1 - first.trust) * (1 - last.trust)
    picture = _laid_over(painting, Carried(mixture, trust))
    # Strokes that do not quite agree are softened by mixing them: they get their edge back.
    nearer = first if share < 0.5 else last
    return crisp(picture, _laid_over(painting, Carried(nearer.picture, trust * nearer.trust)))


def _laid_over(painting: Field, top: Carried) -> Field:
    laid: Field = painting + top.trust[..., None] * (top.picture - painting)
    return laid


def _blurred(plane: Field) -> Field:
    return cv2.GaussianBlur(plane, (0, 0), _BLUR)
