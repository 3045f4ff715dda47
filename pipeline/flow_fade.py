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
class Faded:
    """Where a painting stands (see `values.Fade`), its change taken apart as paintings are."""

    place: float = 0.0
    change: Carried | None = None


def faded(batch: Batch) -> tuple[Faded, ...]:
    """Where each of a batch's paintings stands."""
    fades = batch.fades or (Fade(),) * len(batch.frames)
    return tuple(
        Faded(fade.place, None if fade.change is None else parted(fade.change)) for fade in fades
    )


def way(other: Faded, now: Faded) -> float | None:
    """How much of a fade leads from one painting to another.

    Returns:
        -1 to 1; None where no fade does: nothing can be carried over.
    """
    low, high = sorted((other.place, now.place))
    if low == high:
        return 0.0
    if ceil(high) - floor(low) > 1 or (other.change is None and now.change is None):
        return None
    return now.place - other.place


def moved_on(painting: Carried, change: Carried, part: float) -> Carried:
    """A painting to which a part of a change has come."""
    return Carried(
        painting.brightness + part * change.brightness, painting.colours + part * change.colours
    )
