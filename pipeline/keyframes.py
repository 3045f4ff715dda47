"""Which frames of a film are key frames: by what they show, by their number, or by their time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from .clock import clock, read_time
from .errors import SettingsError
from .values import Film, Span

FURTHEST = 48
"""Frames from one key frame to the next, at most: so many are held in memory."""
SOONEST = 6
"""Frames from one key frame to the next, at least, where nobody counts: a film in which nothing
stays in view is not worth an optimisation a frame."""
ENOUGH = 0.5
"""Share of a frame that must still show what its key frame shows: half way between two of them more
does. A swan on rippling water has a key frame every 18 frames, a calm film every 48."""
ALLOWED = f"auto, every:N with N from 1 to {FURTHEST}, or rising times such as 0,2.5,0:07"
"""In words."""


@dataclass(frozen=True, slots=True)
class Keyframes:
    """Which frames are key frames; by themselves, where neither is given.

    Attributes:
        every: frames from one to the next in a shot; its first is one.
        times: seconds from the film's first frame, rising.
    """

    every: int | None = None
    times: tuple[Fraction, ...] = ()


def read_keyframes(text: str) -> Keyframes:
    """Read `auto`, `every:12` or `0,2.5,0:07`.

    Raises:
        SettingsError: it is nothing of the kind; the message says what was wrong.
    """
    if text == "auto":
        return Keyframes()
    if counted := re.fullmatch(r"every:(\d{1,9})", text):
        every = int(counted[1])
        if not 1 <= every <= FURTHEST:
            raise _refused(text, f"N is {every}")
        return Keyframes(every=every)
    try:
        times = tuple(read_time(part.strip()) for part in text.split(","))
    except SettingsError as error:
        raise _refused(text, str(error)) from error
    for before, after in pairwise(times):
        if after <= before:
            raise _refused(text, f"{clock(after)} does not come after {clock(before)}")
    return Keyframes(times=times)


def refuse_outside(keyframes: Keyframes, film: Film, span: Span) -> None:
    """Refuse times that lie outside the film, or the part of it that is painted.

    Raises:
        SettingsError: there is one.
    """
    begin, end = span.start or Fraction(0), span.end
    for time in keyframes.times:
        if film.duration is not None and time >= film.duration:
            raise SettingsError(
                f"keyframes: none can be at {clock(time)}: {film.named.name} ends before, at "
                f"{clock(film.duration)}"
            )
        if time < begin or (end is not None and time >= end):
            raise SettingsError(
                f"keyframes: none can be at {clock(time)}, outside the part that is painted"
            )


class KeyChooser:
    """Tells key frames as a film goes by: where times are named, those that are shown then.

    Args:
        keyframes: what was asked for.
        origin: presentation time of the film's first frame, in seconds.
    """

    def __init__(self, keyframes: Keyframes, *, origin: Fraction = Fraction(0)) -> None:
        self._every, self._origin = keyframes.every, origin
        self._named = bool(keyframes.times)
        self._times = list(reversed(keyframes.times))

    @property
    def left(self) -> tuple[Fraction, ...]:
        """The named times at which no frame has been shown so far."""
        return tuple(reversed(self._times))

    def wants(self, until: Fraction, *, since: int | None, shown: float) -> bool:
        """Whether the next frame is a key frame. To be asked of every frame, once, in order.

        Args:
            until: presentation time at which another one takes its place.
            since: how many frames ago the last key frame of its shot was; None: there was none.
            shown: share of the frame that shows what that one shows.
        """
        if self._named:
            # In whole milliseconds, as key frames are named when they are written as pictures.
            end = Fraction(round((until - self._origin) * 1000), 1000)
            due = False
            while self._times and self._times[-1] < end:
                self._times.pop()
                due = True
            return due
        if since is None:
            return True
        if self._every is not None:
            return since >= self._every
        return since >= FURTHEST or (since >= SOONEST and shown < ENOUGH)


def _refused(text: str, why: str) -> SettingsError:
    return SettingsError(f"keyframes must be {ALLOWED} (got {text!r}: {why})")
