"""Where a key frame's content is in other frames of its shot, and where it still can be seen.

Part of refining. The way from neighbour to neighbour is added up, and then found again, directly
between frame and key, from that sum on: so small errors do not add up, and large motion is found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from .flow import Field, Grey, fetch, grey
from .flow_trust import steps

if TYPE_CHECKING:
    from torch import Tensor

LARGEST_SIDE, SMALLEST_SIDE = 360, 16
"""Pixels of the shorter side in which flow is found: what time allows, and what it needs."""
ASTRAY = 6.0
"""Squared pixels by which the way there and back may miss."""
NOISE = 10.0
"""Steps of 8 bits by which the same thing may differ in two frames."""
TEXTURE = 2.0
"""Times a neighbourhood's own variance by which it may differ. So much is what two places with the
same kind of texture differ by: it is the way there and back that tells them apart. With less, half
of what ripples would be left without strokes."""
LIGHT = 40.0
"""Steps of 8 bits by which a neighbourhood may be lighter or darker and still be the same."""
_WINDOW = (5, 5)
_BROAD = (15, 15)


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """The way between a frame and a key frame, in the size in which flow is found.

    Attributes:
        there: (h, w, 2), how far right and down each pixel of the frame is in the key frame.
        back: (h, w, 2), likewise of each pixel of the key frame in the frame.
    """

    there: Field
    back: Field


def glimpse(picture: Tensor) -> Grey:
    """How bright a picture, (3, H, W) in [0, 1] on the CPU, is: in the size for flow."""
    height, width = picture.shape[-2:]
    scale = min(1.0, LARGEST_SIDE / min(height, width))
    size = (max(SMALLEST_SIDE, round(side * scale)) for side in (height, width))
    return grey(picture, size=(next(size), next(size)))


def still(key: Grey) -> Track:
    """The way between a key frame and itself."""
    nothing = np.zeros((*key.shape, 2), np.float32)
    return Track(nothing, nothing)


def followed(track: Track, *, key: Grey, last: Grey, now: Grey) -> Track:
    """The way to one frame further.

    Args:
        track: between the key frame and `last`.
        key: the key frame.
        last: the neighbour of `now` on the side of the key frame.
        now: the frame to be reached.
    """
    there = _flow(now, last)
    there += fetch(track.there, *steps(there))
    back = track.back + fetch(_flow(last, now), *steps(track.back))
    if last is key:
        return Track(there, back)
    return Track(_flow(now, key, begin=there), _flow(key, now, begin=back))


def trusted(track: Track, *, key: Grey, now: Grey) -> Field:
    """How surely each pixel of a frame shows what the key frame shows there.

    Light may change. What is hidden, or has come into view, is not trusted.

    Args:
        track: between the two.
        key: the key frame.
        now: the frame.

    Returns:
        (h, w) in [0, 1], with soft edges.
    """
    height, width = now.shape
    columns, rows = steps(track.there)
    inside = (columns > -1) & (columns < width) & (rows > -1) & (rows < height)
    returns = fetch(track.back, columns, rows)
    missed = np.square(track.there + returns).sum(2) / ASTRAY
    present = now.astype(np.float32)
    different = present - fetch(key, columns, rows)
    lighter = cv2.boxFilter(different, -1, _BROAD)
    texture = np.maximum(_mean(np.square(present)) - np.square(_mean(present)), 0)
    detail = _mean(np.square(different - lighter)) / (NOISE**2 + TEXTURE * texture)
    # Squared, for a flat top: what fits well fits wholly.
    doubt = np.square(missed) + np.square(detail) + np.square(lighter / LIGHT)
    trust: Field = cv2.GaussianBlur(np.exp(-doubt) * inside, _WINDOW, 0)
    return trust


def _flow(first: Grey, second: Grey, *, begin: Field | None = None) -> Field:
    """(h, w, 2), where the content of each pixel of `first` is in `second`, from a guess on."""
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    guess = np.zeros((*first.shape, 2), np.float32) if begin is None else begin.copy()
    return search.calc(first, second, guess)


def _mean(plane: Field) -> Field:
    return cv2.boxFilter(plane, -1, _WINDOW)
