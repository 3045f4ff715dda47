"""How far the last frame can be trusted to show the same thing at the same place, pixel by pixel.

Part of smoothing. All of it is done in the small pictures in which the flow is found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from .flow import LUMA, Field, Grey, fetch

if TYPE_CHECKING:
    from .flow_carry import Carried

ASTRAY = (0.2, 6.0)
"""Squared pixels by which there and back may miss: 0.2·(|there|² + |back|²) + 6. Sundaram 2010
has 0.01 and 0.5 for a precise flow; ours is coarse on the way back, and the other trusts follow."""
NOISE = 5.0
"""Steps of 8 bits by which noise makes the same thing differ in two frames."""
ALIKE = 8.0
"""Likewise by noise, compression and blur together. With 5 half a film of a skater had an excess of
1.27 at an LPIPS of 0.072, and so 1.22 at 0.076; by more calming it was 1.25 at 0.075."""
DATED = 8.0
"""Steps of 8 bits by which the mean of a neighbourhood may differ from what is remembered of it
before broad strokes are renewed: less, and what turns or comes nearer is renewed all the time. From
4 to 7 the excess of a swan fell from 1.06 to 1.02, that of a skater from 1.22 to 1.17, for 0.002 of
LPIPS, where the same by more calming costs 0.008; at 10 it is 1.01 and 1.15, for 0.002 more."""
OVERALL = 4.0
"""Likewise for the mean of the whole: light that changes slowly is followed within 2 % of the
range."""
REPAINTED = 0.4
"""Difference of painted colours, the mean of 8×8 pixels, that no flicker makes: something else is
painted there. With 0.25 the skater's excess was 1.22, and so 1.19."""
CHANGED = 20.0
"""Steps of 8 bits by which something else differs: four times the noise."""
MOST_GAIN = 3.0
"""Of contrast between two frames: more is no fade, but a flash, or nothing to be seen."""
_NOWHERE, _FAR = 0.01, 1e6
_WINDOW = (3, 3)
_BROAD = (15, 15)


def steps(flow: Field) -> tuple[Field, Field]:
    """The places, columns and rows, (H, W) each, where a flow (H, W, 2) leads."""
    height, width = flow.shape[:2]
    across = flow[..., 0] + np.arange(width, dtype=np.float32)
    down = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    return across, down


@dataclass(frozen=True, slots=True, eq=False)
class Trip:
    """Where a flow leads from a frame, and the flow back from there; (⌈H/2⌉, ⌈W/2⌉) and more.

    Attributes:
        leads: (…, 2), the flow.
        returns: (…, 2), the flow back.
        places: columns and rows where it leads.
    """

    leads: Field
    returns: Field
    places: tuple[Field, Field]


def round_trip(there: Field, back: Field) -> Trip:
    """Go there and back from every second pixel each way: they will do, at a quarter of the time.

    Args:
        there: (H, W, 2), the flow from this frame to the last.
        back: (H, W, 2), from the last frame to this.
    """
    columns, rows = (np.ascontiguousarray(plane[::2, ::2]) for plane in steps(there))
    return Trip(there[::2, ::2], fetch(back, columns, rows), (columns, rows))


class Light(NamedTuple):
    """How the light of a frame differs from that of another, as in a fade: gain · other + offset.

    Attributes:
        gain: of contrast.
        offset: in steps of 8 bits.
    """

    gain: float
    offset: float

    def on(self, other: Field, *, white: float = 255.0) -> Field:
        """The other, in which white is so much, in this light."""
        lit: Field = np.float32(self.gain) * other + np.float32(self.offset * white / 255)
        return lit


SAME = Light(1.0, 0.0)


def seen_before(
    last: Grey, now: Grey, trip: Trip, *, astray: tuple[float, float] = ASTRAY
) -> tuple[Field, Light]:
    """Trust by the source: what is in view in both frames and looks alike, but for the light.

    What looks alike is a matter of texture: an error of the flow costs as much as there is.

    Args:
        last: (H, W), the last frame.
        now: (H, W), this frame.
        trip: from this frame to the last and back.
        astray: how far a pixel may miss that goes there and back.

    Returns:
        (⌈H/2⌉, ⌈W/2⌉) in [0, 1], with soft edges; and how the light of this frame differs.
    """
    height, width = now.shape
    columns, rows = trip.places
    inside = (columns > -1) & (columns < width) & (rows > -1) & (rows < height)
    squared = _squared(trip.leads) + _squared(trip.returns)
    strayed = _squared(trip.leads + trip.returns) / (astray[0] * squared + astray[1])
    found = np.exp(-np.square(strayed)) * inside
    present = now[::2, ::2].astype(np.float32)
    before = fetch(last, columns, rows)
    light = light_between(*(each[::2, ::2] for each in (before, present, found)))  # is enough
    different = _mean(np.square(present - light.on(before)))
    texture = np.maximum(_mean(np.square(present)) - np.square(_mean(present)), 0)
    trust = found * np.exp(-different / (ALIKE**2 + texture))
    soft: Field = cv2.GaussianBlur(trust.astype(np.float32), (3, 3), 0)
    return soft, light


def light_between(before: Field, now: Field, found: Field) -> Light:
    """How the light differs between two pictures, (H, W) of 0 to 255, of the same things.

    By mean and deviation: errors of the flow, which make pictures less alike, make neither less. It
    is none unless it explains more of the picture than none does.

    Args:
        before: the one, brought to the places of the other.
        now: the other.
        found: (H, W) in [0, 1]: where both may show the same.
    """
    fits, weight = [SAME], found
    for _ in range(2):  # the second time without what stands out as something else
        total = float(weight.sum())
        if total < _NOWHERE * found.size:
            break
        middles = [float((weight * each).sum()) / total for each in (before, now)]
        variances = [
            float((weight * np.square(each - middle)).sum()) / total + NOISE**2
            for each, middle in zip((before, now), middles, strict=True)
        ]
        gain = (variances[1] / variances[0]) ** 0.5
        fits.append(Light(gain, middles[1] - gain * middles[0]))
        weight = _explained(before, now, found, fits[-1])
    likely = [light for light in fits if 1 / MOST_GAIN < light.gain < MOST_GAIN]
    return max(likely, key=lambda light: float(_explained(before, now, found, light).sum()))


def unlike(before: Field, now: Field, light: Light) -> Field:
    """Squared difference of two pictures of the same places, in [0, 1], but for the light."""
    squared: Field = np.square(now - light.on(before, white=1.0))
    return squared


def _explained(before: Field, now: Field, found: Field, light: Light) -> Field:
    """Where a change of light is what two pictures differ by, 0 to 1."""
    explained: Field = found * np.exp(-np.square((now - light.on(before)) / CHANGED))
    return explained


def missed(trip: Trip, trust: Field) -> float:
    """How far off the flow is: mean squared pixels by which what goes there and back misses.

    Args:
        trip: from one frame to another and back.
        trust: (⌈H/2⌉, ⌈W/2⌉), what each place counts; where none counts, nothing is known, and the
            flow is as far off as can be.
    """
    sure = float(trust.sum())
    if sure < _NOWHERE * trust.size:
        return _FAR
    return float((_squared(trip.leads + trip.returns) * trust).sum()) / sure


def not_dated(now: Grey, remembered: Field, *, dated: float = DATED) -> Field:
    """Trust in broad strokes: whether what was remembered of the source still is like it.

    Args:
        now: (H, W), this frame.
        remembered: (H, W), of 0 to 255: the mean of many frames, brought to this frame's places.
        dated: steps of 8 bits by which it may differ here and there; all over, by `OVERALL`.

    Returns:
        (⌈H/2⌉, ⌈W/2⌉) in [0, 1].
    """
    gone = cv2.boxFilter(now - remembered, -1, _BROAD)[::2, ::2]
    overall = gone.mean()
    lit = np.exp(-np.square(overall / min(dated, OVERALL)))
    trust: Field = lit * np.exp(-np.square((gone - overall) / dated))
    return trust


def not_repainted(change: Carried, *, size: tuple[int, int]) -> Field:
    """Trust by the painting: whether it still shows the same there.

    Args:
        change: the painting less what was carried over, in any size.
        size: height and width of what is returned.

    Returns:
        (h, w) in [0, 1].
    """
    height, width = change.colours.shape[:2]
    coarse = (max(1, width // 4), max(1, height // 4))
    brightness, colours = (
        cv2.resize(each, coarse, interpolation=cv2.INTER_AREA)
        for each in (change.brightness, change.colours)
    )
    red, blue = brightness + colours[..., 0], brightness + colours[..., 1]
    green = brightness - (LUMA[0] * colours[..., 0] + LUMA[2] * colours[..., 1]) / LUMA[1]
    most = np.maximum(np.maximum(np.abs(red), np.abs(green)), np.abs(blue))
    enlarged: Field = cv2.resize(np.exp(-np.square(most / REPAINTED)), size[::-1])
    return enlarged


def _squared(flow: Field) -> Field:
    across, down = cv2.split(flow)
    squared: Field = across * across + down * down
    return squared


def _mean(plane: Field) -> Field:
    return cv2.boxFilter(plane, -1, _WINDOW)


def renewed(remembered: Field, now: Grey, trust: Field, *, share: float) -> Field:
    """The mean of frames, with this frame in it.

    Args:
        remembered: (H, W), brought to this frame's places.
        now: (H, W), this frame.
        trust: (h, w) in [0, 1]: where it is 0 nothing is remembered.
        share: of this frame in the mean where trust is 1.

    Returns:
        (H, W) of 0 to 255.
    """
    kept = cv2.resize(trust, (now.shape[1], now.shape[0])) * np.float32(1 - share)
    mean: Field = now + kept * (remembered - now)
    return mean
