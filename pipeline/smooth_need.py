"""How much calming a film needs: as much as makes the painting stick to it, and no more.

Part of smoothing. Calming costs likeness to what the network paints, so a network that is steady
by itself, or a film whose own texture is restless, is calmed less. What is aimed at is an excess
(see `steadiness`) of 1: the painting's difference from frame to frame over the source's, divided
by the ratio of their squared gradients. It is estimated from every eighth pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .flow import Field

if TYPE_CHECKING:
    from .flow_carry import Carried, Change

SPARSE = slice(None, None, 8)
GREEN = 1
"""The channel that is nearest to brightness."""

ALLOWED = (0.2, 0.6)
"""Of the source's difference between frames: the painting may have as much, by their gradients; at
least, and where the flow is exact. Most of what differs in our source is the error of our flow, of
which the painting is free where it is carried over, and has its own part as others measure it.
Measured on all 248 frames of a film of a frog, with `starry`: excess 1.21 at LPIPS 0.06; with (0.3,
0.75) 1.31 at 0.05."""
PER_MISS = 0.032
"""That part: of the painting's squared gradient, for each squared pixel by which the flow misses
there and back. Measured on seven films: where the flow is good, with 0.3 of the source's difference
for all, they were calmed to excesses of 0.65 to 0.85, and their LPIPS was twice what it is now."""
LEAST = (0.25, 0.03)
"""Shares of the fresh painting in the fine and the broad band when all calming is needed.
Measured on 93 frames of a skater, painted at 480 lines with `starry`: excess 1.28 at LPIPS 0.08;
with (0.3, 0.03), and as much allowed as 0.3 and 0.75, 1.40 at 0.07."""
_STEPS = 21


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean squares of what differs between a frame and the last one, brought to its places.

    Attributes:
        source: of the source.
        source_gradient: squared gradient of the source.
        painted_gradient: of the painting.
        bands: of the painting less what was carried over, in its fine and its broad band.
    """

    source: float
    source_gradient: float
    painted_gradient: float
    bands: tuple[float, float]

    @property
    def plain(self) -> float:
        """What the painting's would be if it held as still as the source does."""
        return self.source * self.painted_gradient / max(self.source_gradient, 1e-9)


def difference(
    *, source: Field, source_gradient: float, trust: Field, fresh: Carried, change: Change
) -> Difference:
    """Measure, where there is trust.

    Args:
        source: (⌈H/8⌉, ⌈W/8⌉), squared, of the source at every eighth pixel.
        source_gradient: mean squared gradient of the source.
        trust: (h, w) in [0, 1].
        fresh: the painting.
        change: in it.
    """
    height, width = source.shape
    across = np.linspace(0, trust.shape[1] - 1, width).round().astype(int)
    down = np.linspace(0, trust.shape[0] - 1, height).round().astype(int)
    weight = trust[down[:, None], across] + 1e-6
    weight /= weight.sum()
    half = slice(None, None, 4)
    whole = float((weight * np.square(change.whole.brightness[SPARSE, SPARSE])).sum())
    broad = float((weight * np.square(change.broad.brightness[half, half])).sum())
    return Difference(
        float((weight * source).sum()),
        source_gradient,
        gradient(fresh.brightness),
        (max(0.0, whole - broad), broad),
    )


def calming(found: Difference, *, missed: float) -> float:
    """How much calming keeps the painting's difference within what is allowed, 0 to 1.

    Args:
        found: what differs.
        missed: mean squared pixels by which the flow misses there and back.
    """
    least, most = (share * found.plain for share in ALLOWED)
    allowed = max(least, most - PER_MISS * missed * found.painted_gradient)
    degrees = np.linspace(0, 1, _STEPS)
    enough = np.square(shares(degrees)) @ np.array(found.bands) <= allowed
    return float(degrees[enough.argmax()]) if enough.any() else 1.0


def shares(degree: Field | float) -> Field:
    """Shares of the fresh painting in each band, for one degree of calming or for many: (…, 2)."""
    found: Field = np.power(np.array(LEAST), np.asarray(degree)[..., None])
    return found


def gradient(plane: Field) -> float:
    """Mean squared gradient of (H, W), from every eighth row and column."""
    middle = plane[:-1:8, :-1:8]
    right, below = plane[:-1:8, 1::8], plane[1::8, :-1:8]
    if not middle.size:
        return 0.0
    return float((np.square(right - middle) + np.square(below - middle)).mean())
