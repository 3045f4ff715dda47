"""The mean of a painting and of those that its neighbours bring to its places, band by band.

Part of smoothing at its best. Sums are of how far the fresh painting is from the others: where none
is trusted they are nothing, and it stays as it is.
"""

from __future__ import annotations

import cv2
import numpy as np

from .flow import Field
from .flow_carry import (
    Carried,
    Change,
    broad_band,
    changed,
    enlarged,
    enlarged_as,
    fetched,
    lost_detail,
)
from .flow_fade import Standing, moved_on
from .flow_trust import not_repainted
from .flow_window import Neighbour

FINE = {1: 0.9, 2: 0.6, 4: 0.4, 8: 0.25}
"""By how many frames a neighbour is apart: its weight in the fine band when all calming is needed,
where the painting itself has 1. Measured: more departs further from what was painted (LPIPS above
0.1) for little more calm."""
DETAIL, MOST = 2.0, 4.0
"""As in `flow_carry`, of the detail that is given back: a mean of so many has lost more."""
ANOTHER_LOOK = 0.25
"""Squared difference in broad strokes, over their variance in both paintings, by which two may be
of one style. Measured: 0.005 to 0.09 in one style that flickers, 0.3 to 2 between two."""
PLAIN = 1e-3
"""Variance of what is plain."""


class Mean:
    """Sums over the neighbours of one painting.

    Args:
        fresh: the painting.
        standing: where it stands in a film whose style changes.
    """

    def __init__(self, fresh: Carried, standing: Standing) -> None:
        self._fresh, self._own_change = fresh, standing.change
        self._broad_band = broad_band(fresh)
        half = fresh.colours.shape[:2]
        self._fine, self._fine_broad = _nothing(fresh), _nothing(self._broad_band)
        self._broad = _nothing(self._broad_band)
        self._fine_weight, self._broad_weight = (np.zeros(half, np.float32) for _ in range(2))

    def add(self, neighbour: Neighbour) -> tuple[Change, Field]:
        """Count a neighbour in.

        Returns:
            How far the painting is from what it brings, and how far that is trusted, (h, w).
        """
        brightness = self._fresh.brightness
        places = enlarged(neighbour.flow, size=brightness.shape)
        brought = fetched(neighbour.fresh, neighbour.flow, places)
        brought = moved_on(brought, self._own_change, neighbour.own_part)
        change = changed(self._fresh, brought)
        trust = neighbour.trust * not_repainted(change.broad, size=neighbour.trust.shape)
        trust *= np.float32(same_look(self._broad_band, change.broad, trust))
        fine = trust * np.float32(FINE[abs(neighbour.apart)])
        broad = trust if neighbour.undated is None else trust * neighbour.undated
        _count(self._fine, change.whole, fine)
        _count(self._fine_broad, change.broad, fine)
        _count(self._broad, change.broad, broad)
        self._fine_weight += enlarged_as(fine, self._fine_weight)
        self._broad_weight += enlarged_as(broad, self._broad_weight)
        return change, trust

    def broad(self, degree: float) -> Carried:
        """The broad band of the mean, with so much calming, 0 to 1."""
        gone = _scaled(self._broad, _share(self._broad_weight, degree))
        return Carried(
            self._broad_band.brightness - gone.brightness, self._broad_band.colours - gone.colours
        )

    def mixed(self, degree: float, broad: Carried) -> Carried:
        """The painting as it is to be, as crisp as the fresh one.

        Args:
            degree: how much calming there is to be in the fine band, 0 to 1.
            broad: what the broad band is to be.
        """
        share = _share(self._fine_weight, degree)
        whole, low = _scaled(self._fine, share), _scaled(self._fine_broad, share)
        fresh, band = self._fresh, self._broad_band
        colours = fresh.colours - whole.colours + low.colours - band.colours + broad.colours
        lower = low.brightness - band.brightness + broad.brightness
        brightness = cv2.subtract(fresh.brightness, whole.brightness, dst=whole.brightness)
        cv2.add(brightness, enlarged_as(lower, brightness), dst=brightness)
        lost = lost_detail(brightness, fresh.brightness, size=DETAIL, most=MOST)
        return Carried(cv2.add(brightness, lost, dst=brightness), colours)


def same_look(now: Carried, change: Carried, trust: Field) -> float:
    """Whether two paintings are like the same style, 0 to 1.

    Args:
        now: the broad band of one.
        change: the same, less the other's, brought to its places.
        trust: (h, w) in [0, 1]: where both show the same.
    """
    (here, gone), weight = (_sparse(each) for each in (now, change)), trust + np.float32(1e-6)
    weight = enlarged_as(weight, here)
    weight /= weight[..., 0].sum()
    departs = float((weight * np.square(gone)).sum())
    varies = _spread(here, weight) + _spread(here - gone, weight)
    return float(np.exp(-np.square(departs / (varies + PLAIN) / ANOTHER_LOOK)))


def _sparse(broad: Carried) -> Field:
    every = slice(None, None, 4)
    return cv2.merge([broad.brightness[every, every], broad.colours[every, every]])


def _spread(picture: Field, weight: Field) -> float:
    """The variance of a picture, (H, W, 3), of all channels together."""
    mean = (weight * picture).sum((0, 1))
    return float((weight * np.square(picture - mean)).sum())


def _share(weight: Field, degree: float) -> Field:
    """Of a sum in the mean, where the painting itself has a weight of 1."""
    share: Field = np.float32(degree) / (1 + np.float32(degree) * weight)
    return share


def _nothing(like: Carried) -> Carried:
    return Carried(np.zeros_like(like.brightness), np.zeros_like(like.colours))


def _count(sums: Carried, change: Carried, weight: Field) -> None:
    for total, each in ((sums.brightness, change.brightness), (sums.colours, change.colours)):
        cv2.add(total, cv2.multiply(each, enlarged_as(weight, each)), dst=total)


def _scaled(sums: Carried, share: Field) -> Carried:
    return Carried(
        *(cv2.multiply(e, enlarged_as(share, e)) for e in (sums.brightness, sums.colours))
    )
