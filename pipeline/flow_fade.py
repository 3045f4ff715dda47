"""Bringing a painting of one frame to the style of another, while one style fades into the next.

Part of smoothing. What is carried over from a frame was painted in another mixture of styles: taken
as it is, a fade would lag behind its time. Each frame of a fade knows by what the whole of it would
change its painting, so what is carried over takes the steps that the fade has taken since.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING

from .flow_carry import Carried, parted
from .values import Fade

if TYPE_CHECKING:
    from .values import Batch


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """Where a painting stands (see `values.Fade`), its change taken apart as paintings are."""

    place: float = 0.0
    change: Carried | None = None


def standings(batch: Batch) -> tuple[Standing, ...]:
    """Where each of a batch's paintings stands."""
    fades = batch.fades or (Fade(),) * len(batch.frames)
    return tuple(
        Standing(fade.place, None if fade.change is None else parted(fade.change)) for fade in fades
    )


def way(other: Standing, now: Standing) -> tuple[float, float] | None:
    """What leads from one painting to the style of another.

    Returns:
        How much of the other's change and how much of this one's own are to be added to it, -1 to 1
        each; None where nothing does, because no fade lies between them, or more than two.
    """
    low, high = sorted((other.place, now.place))
    fades = ceil(high) - floor(low)
    if low == high:
        return 0.0, 0.0
    if fades == 1 and now.change is not None:
        return 0.0, now.place - other.place
    if fades == 1 and other.change is not None:
        return now.place - other.place, 0.0
    if fades == 2 and now.change is not None and other.change is not None:
        between = floor(low) + 1
        return between - other.place, now.place - between
    return None


def moved_on(painting: Carried, change: Carried | None, part: float) -> Carried:
    """A painting to which a part of a change has come."""
    if change is None or not part:
        return painting
    return Carried(
        painting.brightness + part * change.brightness, painting.colours + part * change.colours
    )
