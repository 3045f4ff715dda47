"""Noise, told from what moves and changes: by how far two frames are from each other.

Part of denoising a film before it is painted. Noise is what differs by little everywhere; how much
that is, each frame's calmest places say. What differs by more is something else, and stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import cv2
import numpy as np

from .flow import Field
from .flow_carry import Carried, enlarged_as

CALMEST = 0.3
"""Share of all places that is taken for noise alone."""
LEAST = (0.7 / 255) ** 2
"""Squared difference below which a film has no noise: rounding to 8 bits makes half of it."""
MOST = (16 / 255) ** 2
"""Squared difference that is the most that is taken for noise."""
ALIKE = 6.0
"""How many times the level of noise halves what is taken for noise, and soon ends it. Measured:
noise itself reaches 1.7 in one place of a hundred."""
SHIFTED = 1.0
"""Share of the level that the mean of 10×10 pixels may be off by, squared: grain is coarse, but
what is off in so wide a place moves."""
TINT = 0.25
_CELL, _BROAD = 8, 24
_WINDOW, _WIDE = (3, 3), (5, 5)


@dataclass(frozen=True, slots=True)
class Level:
    """How noisy a film is: squared differences of two of its frames.

    Attributes:
        brightness: in brightness.
        colours: in the two colours together.
    """

    brightness: float
    colours: float


def level(change: Carried) -> Level:
    """Measure the noise in what differs between two frames, one brought to the other's places."""
    return Level(_calmest(np.square(change.brightness)), _calmest(_energy(change.colours)))


def grain(change: Carried, level: Level) -> Carried:
    """What differs between two frames, less what is broader than grain: the light may change."""
    bright, tinted = (2 * sqrt(_bounded(each)) for each in (level.brightness, level.colours))
    return Carried(
        change.brightness - _broad(change.brightness.clip(-bright, bright), _BROAD),
        change.colours - _broad(change.colours.clip(-tinted, tinted), _BROAD // 2),
    )


def noise(change: Carried, level: Level) -> Field:
    """Where what differs is noise: (⌈H/2⌉, ⌈W/2⌉) in [0, 1]."""
    half = change.colours.shape[1], change.colours.shape[0]
    small = cv2.resize(change.brightness, half, interpolation=cv2.INTER_AREA)
    energy = cv2.resize(np.square(change.brightness), half, interpolation=cv2.INTER_AREA)
    bright = cv2.blur(energy, _WINDOW) / (ALIKE * _bounded(level.brightness))
    tinted = cv2.blur(_energy(change.colours), _WINDOW) / (
        ALIKE * max(_bounded(level.colours), TINT * _bounded(level.brightness))
    )
    shift = np.square(cv2.blur(small, _WIDE)) / (SHIFTED * _bounded(level.brightness))
    found: Field = np.exp(-(np.square(bright) + np.square(tinted) + np.square(shift)))
    return found


def without(fresh: Carried, change: Carried, share: Field) -> Carried:
    """A frame without a share, (h, w), of its change."""
    return Carried(
        *(
            whole - each * enlarged_as(share, each)
            for whole, each in (
                (fresh.brightness, change.brightness),
                (fresh.colours, change.colours),
            )
        )
    )


def _calmest(energy: Field) -> float:
    height, width = energy.shape
    cells = max(1, width // _CELL), max(1, height // _CELL)
    return float(np.quantile(cv2.resize(energy, cells, interpolation=cv2.INTER_AREA), CALMEST))


def _broad(plane: Field, cell: int) -> Field:
    height, width = plane.shape[:2]
    cells = max(1, width // cell), max(1, height // cell)
    return enlarged_as(cv2.resize(plane, cells, interpolation=cv2.INTER_AREA), plane)


def _bounded(level: float) -> float:
    return min(max(level, LEAST), MOST)


def _energy(colours: Field) -> Field:
    energy: Field = np.square(colours).sum(2)
    return energy
