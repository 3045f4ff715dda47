"""Smoothing at its best, first half: what the frames before and after a frame know of it.

A frame waits until eight later ones are there. Flow is found directly between frames that are one,
two, four and eight apart, both ways; each of the longer ones begins with two shorter ones, one
after the other, so that it follows fast motion too and gathers no error on the way. It knows
nothing of how paintings are smoothed, so it may run beside what smooths them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from .flow import Field, Grey, fetch, motion, small_grey
from .flow_carry import Carried, enlarged, parted
from .flow_fade import Standing, moved_on, standings, way
from .flow_trust import not_dated, round_trip, seen_before, steps, unlike
from .smooth_need import GREEN, SPARSE, gradient
from .values import Batch, Frame

if TYPE_CHECKING:
    from torch import Tensor

FindFlow = Callable[[Grey, Grey, Field | None], Field]
"""From one frame, (h, w), to another, beginning with what is known of it: (h, w, 2)."""
APART = (1, 2, 4, 8)
"""Frames between a frame and those that know of it; each is twice the one before it."""
REACH = APART[-1]
ASTRAY = (0.02, 1.0)
"""As in `flow_trust`, but for a flow that is precise both ways."""
DATED = 2.0
"""Likewise, where only one side is known."""
FLOW_SCALE = 0.5
"""Of the frame's size: where the flow is found."""


@dataclass(frozen=True, slots=True, eq=False)
class Neighbour:
    """Another frame of the same shot.

    Attributes:
        apart: how many frames later it is; negative: earlier.
        fresh: its painting, taken apart.
        own_part: of the change of the frame in question, to be added so that it is of its style.
        flow: (h, w, 2), from the frame in question to this one, in the size in which it was found.
        trust: (⌈h/2⌉, ⌈w/2⌉) in [0, 1]: where both show the same, in whatever light.
        undated: likewise: where they show it in the same light; None where there is a frame as far
            away on the other side, so that light that changes evens out.
        difference: (⌈H/8⌉, ⌈W/8⌉), squared, of the two sources in one light at every eighth pixel;
            known of the next frame and of the furthest that comes, or else None.
    """

    apart: int
    fresh: Carried
    own_part: float
    flow: Field
    trust: Field
    undated: Field | None
    difference: Field | None


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """A frame among its neighbours.

    Attributes:
        frame: with its source picture.
        painting: (3, H, W), of it.
        fresh: the same, taken apart.
        standing: where it stands in a film whose style changes.
        seen: (h, w), the frame in the size in which flow is found.
        gradient: mean squared gradient of the frame.
        neighbours: none for a shot of one frame.
        begins: whether it is the first frame of its shot.
    """

    frame: Frame
    painting: Tensor
    fresh: Carried
    standing: Standing
    seen: Grey
    gradient: float
    neighbours: tuple[Neighbour, ...]
    begins: bool


@dataclass(slots=True, eq=False)
class _Moment:
    """What is kept of a frame while others may ask for it."""

    fresh: Carried
    standing: Standing
    seen: Grey
    gradient: float
    flows: dict[int, Field] = field(default_factory=dict)
    sources: dict[int, tuple[Field, Field]] = field(default_factory=dict)


def windows(batches: Iterable[Batch], *, find: FindFlow | None = None) -> Iterator[Window]:
    """Gather what the frames of a shot know of each other.

    Windows come eight frames later than their frames. Held are 17 paintings, nine sources and the
    flow between them: 1.6 GB in 1920×1080. For 1280×720 it takes about 500 ms of one core a frame.

    Args:
        batches: the paintings in `pictures`, the source pictures in `frames`, in their order, on
            the CPU.
        find: what finds flow; None: DIS at its finest.
    """
    find = find or _dis
    shot = _Shot(find)
    for batch in batches:
        paintings = zip(batch.pictures, standings(batch), strict=True)
        for frame, (painting, standing) in zip(batch.frames, paintings, strict=True):
            if shot.is_over(frame):
                yield from shot.rest()
                shot = _Shot(find)
            yield from shot.add(frame, painting, standing)
    yield from shot.rest()


class _Shot:
    """The frames of one shot, as far as they are still asked for."""

    def __init__(self, find: FindFlow) -> None:
        self._find = find
        self._waiting: deque[tuple[Frame, Tensor]] = deque()
        self._moments: deque[_Moment] = deque()
        self._begins = True

    def is_over(self, frame: Frame) -> bool:
        """Whether a frame is of another shot, or of another size."""
        return bool(self._waiting) and not frame.goes_on(self._waiting[-1][0])

    def add(self, frame: Frame, painting: Tensor, standing: Standing) -> Iterator[Window]:
        """Take the next frame; give the window that is whole by it."""
        seen = small_grey(frame.sight, scale=FLOW_SCALE)
        now = _Moment(parted(painting), standing, seen, gradient(frame.sight[GREEN].numpy()))
        self._waiting.append((frame, painting))
        self._moments.append(now)
        for apart in APART:
            if apart < len(self._moments):
                self._connect(apart)
        if len(self._waiting) > REACH:
            yield self._window()

    def rest(self) -> Iterator[Window]:
        """The windows that no later frame will be in."""
        while self._waiting:
            yield self._window()

    def _connect(self, apart: int) -> None:
        """Find the flow between the last frame and one before it, both ways."""
        earlier, later = self._moments[-1 - apart], self._moments[-1]
        half = apart // 2
        there = back = None
        if half:
            between = self._moments[-1 - half]
            there = _onwards(later.flows[-half], between.flows[-half])
            back = _onwards(earlier.flows[half], between.flows[half])
        later.flows[-apart] = self._find(later.seen, earlier.seen, there)
        earlier.flows[apart] = self._find(earlier.seen, later.seen, back)
        if apart in (1, REACH):
            earlier.sources[apart] = self._sources(apart)

    def _sources(self, apart: int) -> tuple[Field, Field]:
        """The last frame in the places of an earlier one, and that one; both still wait."""
        now, then = (self._waiting[i][0].sight[GREEN].numpy() for i in (-1 - apart, -1))
        places = enlarged(self._moments[-1 - apart].flows[apart], size=now.shape)
        columns, rows = (np.ascontiguousarray(plane[SPARSE, SPARSE]) for plane in places)
        # A copy: a view would keep the whole frame for as long as others ask for this.
        return fetch(then, columns, rows), np.ascontiguousarray(now[SPARSE, SPARSE])

    def _window(self) -> Window:
        """The window of the frame that has waited longest."""
        frame, painting = self._waiting[0]
        place = len(self._moments) - len(self._waiting)
        now = self._moments[place]
        around = [apart for apart in now.flows if 0 <= place + apart < len(self._moments)]
        usable = {
            apart: parts
            for apart in around
            if (parts := way(self._moments[place + apart].standing, now.standing)) is not None
        }
        neighbours = tuple(
            _neighbour(apart, now, self._moments[place + apart], parts, alone=-apart not in usable)
            for apart, parts in usable.items()
        )
        for apart in around:
            if apart < 0:  # nobody else will ask for the flow between these two
                del now.flows[apart], self._moments[place + apart].flows[-apart]
        begins, self._begins = self._begins, False
        self._waiting.popleft()
        if place == REACH:
            self._moments.popleft()
        seen = now.seen, now.gradient
        return Window(frame, painting, now.fresh, now.standing, *seen, neighbours, begins)


def _neighbour(
    apart: int, now: _Moment, other: _Moment, parts: tuple[float, float], *, alone: bool
) -> Neighbour:
    there, back = now.flows[apart], other.flows[-apart]
    trust, light = seen_before(other.seen, now.seen, round_trip(there, back), astray=ASTRAY)
    undated = None
    if alone:
        undated = not_dated(now.seen, fetch(other.seen, *steps(there)), dated=DATED)
    fresh = moved_on(other.fresh, other.standing.change, parts[0])
    sources = now.sources.get(apart)
    difference = None if sources is None else unlike(*sources, light)
    return Neighbour(apart, fresh, parts[1], there, trust, undated, difference)


def _dis(first: Grey, second: Grey, start: Field | None) -> Field:
    return motion(first, second, detail="finest", start=start)


def _onwards(first: Field, second: Field) -> Field:
    """Two flows, (h, w, 2) each, one after the other."""
    total: Field = first + fetch(second, *steps(first))
    return total
