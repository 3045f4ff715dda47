"""How much calming a film needs: as much as makes the painting stick to it, and no more.

Part of smoothing. Calming costs likeness to what the network paints, so a network that is steady
by itself, or a film whose own texture is restless, is calmed less. What is aimed at is an excess
(see `steadiness`): the painting's difference from frame to frame over the source's, divided by the
ratio of their squared gradients. It is estimated from every eighth pixel.
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

AIMED = 0.97
"""Excess that calming aims at. It is more where the flow errs in ways that do not show there and
back: over the whole of five films, with `mosaic`, it comes to 0.2, 0.9, 1.0, 1.0 and 1.1 at LPIPS
of 0.01, 0.03, 0.05, 0.04 and 0.01; with `wave`, to 1.2 at most."""
OWN, PER_REST, PER_DRIFT = 0.11, 1.16, 0.052
"""What an excess is made of, as it was measured in nine pieces of five films, four looks and four
degrees of calming (0.25 to 1.9; this gives it within 11 %, rms, and 32 % at worst): of what every
painting has; of what is left of its difference, over what the source's would be; and of how what is
carried over drifts off where the flow errs: with the square of the share that is carried, and with
the root of all of the difference times the painting's squared gradient times the squared pixels by
which the flow misses there and back."""
LEAST = (0.17, 0.06)
"""Shares of the fresh painting in the fine and the broad band when all calming is needed. With 1.0
aimed at, by (0.18, 0.02), so, and by (0.16, 0.12) a skater painted by `micro` had excesses of 1.02,
1.04 and 1.06 at LPIPS of 0.128, 0.122 and 0.118; a swan, by `mosaic`, 0.95, 0.96 and 0.98 at 0.046,
0.044 and 0.042."""
_STEPS = 21


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean squares of what differs between a frame and the last one, brought to its places.

    Attributes:
        source: of the source.
        source_gradient: squared gradient of the source.
        painted_gradient: of the painting.
        fine: of the painting less what was carried over, in its fine band.
        rests: (2, 3), of the painting less what was carried over, in its fine and its broad band:
            what is left where it is mixed with shares s of the fresh painting is the sum of
            r₀ + r₁s + r₂s² over the bands; for it is mixed with 1 - (1 - s)t where trust is t.
    """

    source: float
    source_gradient: float
    painted_gradient: float
    fine: float
    rests: Field

    @property
    def plain(self) -> float:
        """What the painting's would be if it held as still as the source does."""
        return self.source * self.painted_gradient / max(self.source_gradient, 1e-9)


def difference(
    *,
    source: Field,
    source_gradient: float,
    trust: Field,
    broad_trust: Field,
    fresh: Carried,
    change: Change,
) -> Difference:
    """Measure, where there is trust.

    Args:
        source: (⌈H/8⌉, ⌈W/8⌉), squared, of the source at every eighth pixel.
        source_gradient: mean squared gradient of the source.
        trust: (h, w) in [0, 1], in the fine band.
        broad_trust: (h, w) in [0, 1], in the broad band.
        fresh: the painting.
        change: in it.
    """
    height, width = source.shape
    across = np.linspace(0, trust.shape[1] - 1, width).round().astype(int)
    down = np.linspace(0, trust.shape[0] - 1, height).round().astype(int)
    kept, broad_kept = (each[down[:, None], across] for each in (trust, broad_trust))
    weight = kept + 1e-6
    weight /= weight.sum()
    half = slice(None, None, 4)
    broad, whole = change.broad.brightness[half, half], change.whole.brightness[SPARSE, SPARSE]
    light = float((weight * broad).sum())  # by which all of the painting has changed
    broad, whole = np.square(broad - light), np.square(whole - light)
    fine = np.maximum(whole - broad, 0)
    return Difference(
        float((weight * source).sum()),
        source_gradient,
        gradient(fresh.brightness),
        max(0.0, float((weight * (whole - broad)).sum())),
        np.array([_rest(weight * fine, kept), _rest(weight * broad, broad_kept)]),
    )


def _rest(energy: Field, trust: Field) -> tuple[float, float, float]:
    """The sums of energy · (1 - (1 - s)·trust)², as a polynomial of s."""
    lost = 1 - trust
    parts = lost * lost, 2 * lost * trust, trust * trust
    never, once, twice = (float((energy * part).sum()) for part in parts)
    return never, once, twice


def calming(found: Difference, *, missed: float) -> float:
    """How much calming, 0 to 1, brings the painting to the excess aimed at, or nearest to it.

    Args:
        found: what differs.
        missed: mean squared pixels by which the flow misses there and back.
    """
    degrees = np.linspace(0, 1, _STEPS)
    fresh = shares(degrees)
    left = (fresh[..., None] ** np.arange(3) * found.rests).sum((1, 2))
    drift = (missed * found.painted_gradient * found.rests.sum()) ** 0.5
    excess = PER_REST * left + PER_DRIFT * drift * np.square(1 - fresh[:, 0])
    enough = excess <= (AIMED - OWN) * found.plain
    return float(degrees[enough.argmax() if enough.any() else excess.argmin()])


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
