"""Fifth stage, its first half: how each frame of a film has come from the last one.

Nothing here knows how paintings were smoothed, so it may run beside what smooths them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from .flow import Field, Grey, fetch, motion, small_grey, texture
from .flow_carry import Carried, enlarged, parted
from .flow_fade import Standing, standings
from .flow_trust import missed, round_trip, seen_before, unlike
from .smooth_need import GREEN, SPARSE, gradient
from .values import Batch, Frame

FLOW_SCALE, FLOW_SIDE = 0.4, 288
"""Of the frame's size, and pixels of the shorter side at least, as far as the frame has them: where
the flow is found. In half of 1280×720 it takes half as long again and finds hardly more; in a third
an excess of 1.32 becomes 1.37."""

PLAIN = 1.0
"""Squared gradient, in steps of 8 bits, of what has just enough texture to be followed by itself.
A plain sky in which a network paints strokes went its own ways: an excess of 2.11 becomes 1.64.
Where a film has texture nearly everywhere, 1.41 becomes 1.35, and 1.09 becomes 1.08."""
NEAR = 3.0
"""Deviation, in pixels of a quarter of the size, of the surroundings."""
_NEIGHBOURHOOD = (3, 3)
"""Of pixels of a quarter of the size, whose texture counts together."""
_LITTLE = 1e-4
"""Weight of what has no texture at all."""


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """How a frame has come from the last one of its shot.

    Attributes:
        flow: (h, w, 2), from this frame to the last, in the size in which it was found.
        places: (H, W) each, the columns and rows where this frame's pixels are in the last one.
        trust: (⌈h/2⌉, ⌈w/2⌉) in [0, 1]: where both show the same, in whatever light.
        difference: (⌈H/8⌉, ⌈W/8⌉), squared, of this frame and the last in the light of this, at
            every eighth pixel.
        gradient: mean squared gradient of this frame.
        missed: mean squared pixels by which the flow there and back misses.
    """

    flow: Field
    places: tuple[Field, Field]
    trust: Field
    difference: Field
    gradient: float
    missed: float


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What was seen of a frame.

    Attributes:
        seen: (h, w), the frame in the size in which flow is found.
        motion: None where the frame begins a shot, or is of another size than the last one.
    """

    seen: Grey
    motion: Motion | None


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """A batch of paintings.

    Attributes:
        batch: the paintings in `pictures`, the source pictures in `frames`.
        fresh: each painting, taken apart.
        standings: where each stands in a film whose style changes.
        sights: of each frame.
    """

    batch: Batch
    fresh: tuple[Carried, ...]
    standings: tuple[Standing, ...]
    sights: tuple[Sight, ...]


def follow(batches: Iterable[Batch]) -> Iterator[Followed]:
    """Follow the motion through a film. For 1280×720 it takes about 13 ms of one core a frame.

    Args:
        batches: the paintings in `pictures`, the source pictures in `frames`, in their order, on
            the CPU.
    """
    last: tuple[Frame, Grey] | None = None
    for batch in batches:
        sights = []
        for frame in batch.frames:
            sights.append(_look(frame, last))
            last = frame, sights[-1].seen
        fresh = tuple(map(parted, batch.pictures))
        yield Followed(batch, fresh, standings(batch), tuple(sights))


def _look(frame: Frame, last: tuple[Frame, Grey] | None) -> Sight:
    side = min(frame.sight.shape[-2:])
    now = small_grey(frame.sight, scale=min(1.0, max(FLOW_SCALE, FLOW_SIDE / side)))
    if last is None or not frame.goes_on(last[0]):
        return Sight(now, None)
    before, seen = last
    there = with_surroundings(motion(now, seen, detail="fine"), now)
    back = motion(seen, now, detail="coarse")
    places = enlarged(there, size=(frame.picture.shape[1], frame.picture.shape[2]))
    green = frame.sight[GREEN].numpy()
    columns, rows = (np.ascontiguousarray(plane[SPARSE, SPARSE]) for plane in places)
    trip = round_trip(there, back)
    trust, light = seen_before(seen, now, trip)
    then = fetch(before.sight[GREEN].numpy(), columns, rows)
    moved = unlike(then, green[SPARSE, SPARSE], light)
    off = missed(trip, trust) * (frame.sight.shape[-1] / now.shape[1]) ** 2
    return Sight(now, Motion(there, places, trust, moved, gradient(green), off))


def with_surroundings(flow: Field, picture: Grey) -> Field:
    """Let what is plain move along with what is around it, for nothing is seen of its own motion.

    Args:
        flow: (H, W, 2).
        picture: (H, W), from which it leads.

    Returns:
        (H, W, 2): where there is texture, as it was.
    """
    height, width = picture.shape
    coarse = (max(1, width // 4), max(1, height // 4))
    here = cv2.resize(texture(picture), coarse, interpolation=cv2.INTER_AREA)
    around_here = cv2.blur(here, _NEIGHBOURHOOD)
    seen = around_here / (around_here + PLAIN)
    own = cv2.resize(flow, coarse, interpolation=cv2.INTER_AREA)
    weight = np.maximum(seen, _LITTLE)  # in the middle of what is wide and plain, its own stands
    weighed = cv2.GaussianBlur(cv2.merge([own * weight[..., None], weight]), (0, 0), NEAR)
    around = weighed[..., :2] / weighed[..., 2:]
    change = (around - own) * (1 - seen[..., None])
    moved: Field = cv2.add(flow, cv2.resize(change, (width, height)))
    return moved
