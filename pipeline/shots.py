"""Between reading and gathering: say which shot each frame belongs to, as films go by.

All that crosses frames (what is carried over, the statistics of a shot) begins anew with each.

A cut is where nothing that comes looks like anything that went: of the last frames and the next
ones, no pair shows the same thing. "Looks like" allows for motion, which optical flow undoes in
thumbnails, and for light: what counts is the share of a picture that no brighter or darker version
of the other explains. So neither a flash (which is over after a frame or two), nor a flickering
lamp, nor a pan is a cut. Where a picture fades to black and
another comes out of it, that one's first frame begins a shot.

A dissolve is found from three frames, half a second apart at the ends: the middle one is a mixture
of both ends, and neither alone explains it, nor does motion lead from one end to the other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from .flow_thumbnail import Thumbnail, is_plain, mixture, thumbnail, unlike
from .values import Frame

CUT = 0.6
"""Share of a picture that must be new at a cut. Measured: 0.8 and more at real cuts; below 0.35
in real films of fast motion."""
AHEAD = 2
"""Frames that wait until what follows is known: a flash may last as many."""
DISSOLVE = Fraction(1, 2)
"""Seconds between the ends of what may be a dissolve."""
ENDS_UNLIKE = 0.4
"""Share of a dissolve's end that its beginning must not explain."""
MIXED = 0.5
"""Of what one end alone leaves unexplained in the middle, what both may. Measured: 0.04 to 0.43 in
dissolves between moving shots, above 0.6 in fast motion, which looks a little like them."""
EVEN = 0.2
"""Share that each end has in the middle at least."""


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What is kept of a frame."""

    time: Fraction
    small: Thumbnail


def find_shots(frames: Iterable[Frame]) -> Iterator[Frame]:
    """Count the shots of a film from 0, and stamp each frame with its own.

    Frames come out two later than they went in. On one core it takes about 1 ms a frame of
    1280×720.

    Args:
        frames: of one film, in order.

    Yields:
        Every frame, with its `shot`.
    """
    waiting: deque[Frame] = deque()
    counter = _Counter()
    for frame in frames:
        waiting.append(frame)
        counter.see(frame)
        if len(waiting) > AHEAD:
            yield replace(waiting.popleft(), shot=counter.advance())
    while waiting:
        yield replace(waiting.popleft(), shot=counter.advance())


class _Counter:
    """Counts shots, and remembers what tells where one begins."""

    def __init__(self) -> None:
        self._shot = 0
        self._history: deque[_Seen] = deque()  # of half a second, 28 KB each
        self._coming: deque[_Seen] = deque()
        self._shown: Thumbnail | None = None  # the last that was not plain
        self._settled: Fraction | None = None  # when the last dissolve is sure to be over

    def see(self, frame: Frame) -> None:
        """Take a look at a frame before its turn comes."""
        self._coming.append(_Seen(frame.time, thumbnail(frame.picture)))

    def advance(self) -> int:
        """The shot of the first of the frames that were seen and have not had their turn."""
        new = self._is_new()
        if new:
            self._begin()
        seen = self._coming.popleft()
        self._history.append(seen)
        while len(self._history) > AHEAD + 1 and seen.time - self._history[1].time >= DISSOLVE:
            self._history.popleft()
        settled = self._settled is None or seen.time >= self._settled
        if settled and not new and _is_dissolve(self._history):
            self._begin(keep=1)
            self._settled = seen.time + 2 * DISSOLVE
        return self._shot

    def _is_new(self) -> bool:
        """Whether the next frame shows something new; nothing plain does.

        What follows something plain is compared with what was seen before that.
        """
        small = self._coming[0].small
        if is_plain(small):
            return False
        before, self._shown = self._shown, small
        if not self._history:
            return False
        if is_plain(self._history[-1].small):
            return before is not None and unlike(before, small) > CUT
        return _is_cut(self._history, self._coming)

    def _begin(self, *, keep: int = 0) -> None:
        """A new shot: nothing before it is compared with anything in it."""
        self._shot += 1
        while len(self._history) > keep:
            self._history.popleft()


def _is_cut(history: deque[_Seen], coming: deque[_Seen]) -> bool:
    """Whether no frame that comes is like any that went."""
    before = [history[-1 - back] for back in range(min(len(history), AHEAD + 1))]
    return all(unlike(old.small, new.small) > CUT for old in before for new in coming)


def _is_dissolve(history: deque[_Seen]) -> bool:
    """Whether the last half second mixes two shots."""
    last = history[-1]
    begin = last.time - DISSOLVE
    if history[0].time > begin:
        return False
    first = next(i for i in range(len(history) - 1, -1, -1) if history[i].time <= begin)
    first_seen, middle = history[first], history[(first + len(history) - 1) // 2]
    found = mixture(first_seen.small, middle.small, last.small)
    return (
        min(found.first, found.last) > EVEN
        and found.unexplained < MIXED * found.by_one
        and unlike(first_seen.small, last.small) > ENDS_UNLIKE
    )
