"""Where a key frame's content is in other frames of its shot, and where it still can be seen.

Part of refining. The way from neighbour to neighbour is added up, and then found again, directly
between frame and key, from that sum on: so small errors do not add up, and large motion is found.
Where that fails, as on rippling water, which soon looks like nothing in the key frame, the sum
stands. Strokes flow on with what they are on, as long as it can be followed step by step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from .flow import Field, Grey, fetch, motion, small_grey
from .flow_trust import steps

if TYPE_CHECKING:
    from torch import Tensor

LARGEST_SIDE = 360
"""Pixels of the shorter side in which flow is found: what time allows."""
ASTRAY = 6.0
"""Squared pixels by which the way there and back may miss."""
NOISE = 10.0
"""Steps of 8 bits by which the same thing may differ in two frames."""
TEXTURE = 2.0
"""Times a neighbourhood's own variance by which it may differ. So much is what two places with the
same kind of texture differ by: it is the way there and back that tells them apart."""
LIGHT = 40.0
"""Steps of 8 bits by which a neighbourhood may be lighter or darker and still be the same."""
CHANGING = 4.0
"""Times as large may what speaks against a step from one frame to the next be: what ripples changes
from frame to frame, and yet goes on."""
THIN = 0.3
"""Pixels of a key frame that one is drawn out of, where strokes end. Flow is continuous: it fills
what has come into view with what is beside it, drawn out."""
_WINDOW = (5, 5)
_BROAD = (15, 15)


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """The way between a frame and a key frame, in the size in which flow is found.

    Attributes:
        there: (h, w, 2), how far right and down each pixel of the frame is in the key frame.
        back: (h, w, 2), likewise of each pixel of the key frame in the frame.
        same: (h, w) in [0, 1]: how surely a pixel shows what the key frame shows there. Light may
            change; what is hidden, or has come into view, is not the same.
        kept: (h, w) in [0, 1]: likewise, or that it was followed from there, frame by frame,
            however it has changed on the way.
    """

    there: Field
    back: Field
    same: Field
    kept: Field


def glimpse(picture: Tensor) -> Grey:
    """How bright a picture, (3, H, W) in [0, 1] on the CPU, is: in the size for flow."""
    return small_grey(picture, scale=min(1.0, LARGEST_SIDE / min(picture.shape[-2:])))


def still(key: Grey) -> Track:
    """The way between a key frame and itself."""
    nothing, all_of_it = np.zeros((*key.shape, 2), np.float32), np.ones(key.shape, np.float32)
    return Track(nothing, nothing, all_of_it, all_of_it)


def followed(track: Track, *, key: Grey, last: Grey, now: Grey) -> Track:
    """The way to one frame further.

    Args:
        track: between the key frame and `last`.
        key: the key frame.
        last: the neighbour of `now` on the side of the key frame.
        now: the frame to be reached.
    """
    step, step_back = _flow(now, last), _flow(last, now)
    there = step + fetch(track.there, *steps(step))
    back = track.back + fetch(step_back, *steps(track.back))
    if last is not key:
        found, found_back = _flow(now, key, begin=there), _flow(key, now, begin=back)
        there, back = _settled(there, found, found_back), _settled(back, found_back, found)
    same = np.exp(-_missed(there, back) - _differs(there, key, now)) * _within(there)
    goes_on = np.exp(-np.square(_differs(step, last, now) / CHANGING)) * _undrawn(there)
    return Track(there, back, same, np.maximum(same, goes_on * fetch(track.kept, *steps(step))))


def reflected(picture: Field | Grey, columns: Field, rows: Field, *, how: int) -> Field:
    """Fetch a picture's values from places between its pixels; beyond the border, its reflection.

    Args:
        picture: (H, W) or (H, W, C).
        columns: (h, w), places in pixels.
        rows: likewise.
        how: to interpolate, one of OpenCV's `INTER_…`.

    Returns:
        (h, w) or (h, w, C), float32.
    """
    values = picture.astype(np.float32, copy=False)
    return cv2.remap(values, columns, rows, how, borderMode=cv2.BORDER_REFLECT_101)


def _settled(summed: Field, found: Field, returns: Field) -> Field:
    """A way that was found anew, as far as it leads there and back; else the sum it began with."""
    sure = cv2.GaussianBlur(np.exp(-_missed(found, returns)), _WINDOW, 0)[..., None]
    settled: Field = summed + sure * (found - summed)
    return settled


def _missed(there: Field, back: Field) -> Field:
    """(h, w), by how much the way there and back misses where it began; 1 is too much."""
    missed: Field = np.square(np.square(there + fetch(back, *steps(there))).sum(2) / ASTRAY)
    return missed


def _differs(there: Field, first: Grey, now: Grey) -> Field:
    """(h, w), by how much `now` looks different from where the way to `first` leads; 1 is too much.

    Squared, for a flat top: what fits well fits wholly.
    """
    present = now.astype(np.float32)
    different = present - reflected(first, *steps(there), how=cv2.INTER_LINEAR)
    lighter = cv2.boxFilter(different, -1, _BROAD)
    texture = np.maximum(_mean(np.square(present)) - np.square(_mean(present)), 0)
    detail = _mean(np.square(different - lighter)) / (NOISE**2 + TEXTURE * texture)
    differs: Field = np.square(detail) + np.square(lighter / LIGHT)
    return differs


def _within(there: Field) -> Field:
    """(h, w), whether a way leads to somewhere within the picture."""
    height, width = there.shape[:2]
    columns, rows = steps(there)
    within: Field = (columns > -1) & (columns < width) & (rows > -1) & (rows < height)
    return within


def _undrawn(there: Field) -> Field:
    """(h, w) in [0, 1]: 0 where a way draws out what it leads to."""
    columns, rows = steps(cv2.blur(there, _WINDOW))
    (column_down, column_across), (row_down, row_across) = np.gradient(columns), np.gradient(rows)
    area = column_across * row_down - column_down * row_across
    undrawn: Field = ((area - THIN) / (1 - 2 * THIN)).clip(0, 1)
    return undrawn


def _flow(first: Grey, second: Grey, *, begin: Field | None = None) -> Field:
    """(h, w, 2), where the content of each pixel of `first` is in `second`, from a guess on."""
    guess = np.zeros((*first.shape, 2), np.float32) if begin is None else begin
    return motion(first, second, detail="medium", start=guess)


def _mean(plane: Field) -> Field:
    return cv2.boxFilter(plane, -1, _WINDOW)
