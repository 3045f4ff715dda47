"""Frame times: what a film's time stamps say, made to increase strictly without losing a frame."""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, Protocol, TypeVar

JUMP_BACK = Fraction(1)
"""Seconds: where time stamps go back further, a recording began anew, and time goes on."""

JUMP_AHEAD = Fraction(3600)
"""Seconds: likewise where they go ahead further. Slide shows and cameras that wait for something to
move leave gaps of minutes; of an hour, no film that anybody looks at."""

OUT_OF_ORDER = "time stamps out of order put right"
FAR_AHEAD = "time stamps that jump ahead by more than an hour put right"


class Stamped(Protocol):
    """What a decoder says of a frame's time, in ticks of the stream's time base."""

    @property
    def pts(self) -> int | None:
        """When to show it."""

    @property
    def duration(self) -> int:
        """How long the packet claims to last; 0 if it says nothing."""


S = TypeVar("S", bound=Stamped)


@dataclass(frozen=True, slots=True, eq=False)
class Timed(Generic[S]):
    """A decoded frame with its time and duration in seconds."""

    frame: S
    time: Fraction
    duration: Fraction


def timed(
    frames: Iterator[S],
    *,
    time_base: Fraction,
    rate: Fraction,
    repaired: Callable[[str], None],
    late: int = 1,
    is_last_packet: Callable[[S], bool] = lambda _: False,
) -> Iterator[Timed[S]]:
    """Give every frame its time and duration; holds some frames back to see the next ones' times.

    A missing time is the previous one plus that frame's own duration (or one over `rate`). Times in
    another order than the frames, as AVI has around B-frames, are put in order: two neighbours', or
    those of as many frames as `late` says. Any other time that does not increase is moved one tick
    behind the previous one. Where time jumps by more than `JUMP_BACK`, or by more than `JUMP_AHEAD`
    beyond the frame's own duration, it goes on from where it was.

    Args:
        frames: in the order of presentation.
        time_base: seconds per tick.
        rate: frames a second, for frames that say nothing of time.
        repaired: told at each time that had to be changed what was wrong with it.
        late: how many frames too late a time may come and still be given to the right frame; so
            many are held back, and one more.
        is_last_packet: whether a frame was the last in the file, too. MP4 stores the distances
            between packets and a duration for the last one: only that one is sure of its own.

    Yields:
        Every frame, in order, with strictly increasing times. A duration is the distance to the
        next frame; the last frame's is its own if it was the last packet or if its neighbour's
        was about right.
    """
    step = max(1, round(1 / (rate * time_base)))
    held: tuple[S, int] | None = None
    gap = 0
    trusted = True
    ordered = _ordered(frames, time_base=time_base, step=step, late=late, repaired=repaired)
    for frame, tick in ordered:
        if held is not None:
            before, start = held
            gap = tick - start
            trusted = 2 * before.duration >= gap >= before.duration / 2
            yield Timed(before, start * time_base, gap * time_base)
        held = frame, tick
    if held is not None:
        last, start = held
        trusted = trusted or is_last_packet(last)
        ticks = last.duration if last.duration > 0 and trusted else gap or step
        yield Timed(last, start * time_base, ticks * time_base)


def _ordered(
    frames: Iterator[S],
    *,
    time_base: Fraction,
    step: int,
    late: int,
    repaired: Callable[[str], None],
) -> Iterator[tuple[S, int]]:
    """Give every frame its tick; holds `late` frames back, whose ticks later ones may take."""
    held: deque[S] = deque()
    ticks: list[int] = []  # of those held, in order
    given: int | None = None  # the last tick that was given out
    offset = 0
    # Where the order of many frames is wrong, a step back is no new recording.
    jump_back = late * JUMP_BACK
    for frame in frames:
        if not held:
            held.append(frame)
            ticks.append(frame.pts or 0)
            continue
        latest = ticks[-1]
        following = latest + (held[-1].duration or step)
        stamp = following if frame.pts is None else frame.pts + offset
        if stamp <= latest or (stamp - following) * time_base > JUMP_AHEAD:
            repaired(OUT_OF_ORDER if stamp <= latest else FAR_AHEAD)
            if stamp > latest or (latest - stamp) * time_base > jump_back:
                offset += following - stamp
                stamp = following
            elif stamp in ticks or (given is not None and stamp <= given):
                stamp = latest + 1
        held.append(frame)
        insort(ticks, stamp)
        if len(held) > late:
            given = ticks.pop(0)
            yield held.popleft(), given
    yield from zip(held, ticks, strict=True)
