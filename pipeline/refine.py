"""Fourth stage: paint key frames better, and carry their strokes to the frames between.

An optimiser takes a painting that is there and makes it a finer one, for a thousand times the cost
of a fast network. So it is let loose on a few frames. Each begins with the strokes of the one
before, carried to their places, so that the same thing goes on being painted by the same strokes.
A frame between two key frames takes its strokes from both, from each as far as it still shows what
that one shows, or what has become of it bit by bit, and more from the nearer. Where neither
reaches, the fast painting is left, in their colours and contrast.

The parts: `keyframes` says which frames, `flow_tracks` follows what they show, `flow_strokes`
carries and mixes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Protocol

import torch
from torch import Tensor

from .clock import clock
from .flow import Grey
from .flow_carry import interleaved, planar
from .flow_strokes import Carried, Key, blended, carried, make_key
from .flow_tracks import Track, followed, glimpse, still
from .keyframes import ENOUGH, FURTHEST, KeyChooser, Keyframes
from .values import Batch, Frame, Notify

_LEVELS = 65535
"""Of 16 bits."""
_NOTHING = torch.empty(3, 0, 0)


class Refine(Protocol):
    """An optimiser of pictures."""

    def __call__(self, picture: Tensor, start: Tensor, *, again: bool) -> Tensor:
        """Make a painting finer.

        Args:
            picture: (3, H, W), what is painted.
            start: likewise, what is painted so far.
            again: whether most of it was made finer before, in another frame.
        """


@dataclass(slots=True, eq=False)
class _Held:
    """A frame that waits for its next key frame.

    Attributes:
        frame: without its pictures, but for its source where that is to show: in 16 bits then.
        painting: the fast one, in half precision.
        seen: its source, as flow is found in it.
        first: the way to the key frame before it; None: there is none.
        last: likewise, to the one after.
    """

    frame: Frame
    painting: Tensor
    seen: Grey
    first: Track | None
    last: Track | None = None


def refine(
    batches: Iterable[Batch],
    *,
    refiner: Refine,
    keyframes: Keyframes = Keyframes(),  # noqa: B008 - frozen
    origin: Fraction = Fraction(0),
    notify: Notify | None = None,
) -> Iterator[Batch]:
    """Refine a film.

    Frames come out once their next key frame is painted, or their shot is over. Until then they
    are held, 48 at most: 24 MB each in 1920×1080, which is 1.1 GB; those of which not all of the
    painting is to show take half as much again, for their sources. Nothing is carried from one
    shot to another. A shot without a key frame is left as it was painted.

    Args:
        batches: the fast paintings in `pictures`, the source pictures in `frames`; on the CPU.
        refiner: the optimiser.
        keyframes: which frames are key frames.
        origin: presentation time of the film's first frame, in seconds.
        notify: told if there were no frames at times that were named.

    Yields:
        Each frame, in order, in a batch of its own; its picture is the painting already, as far as
        that is to show, as not all sources are held.
    """
    chooser = KeyChooser(keyframes, origin=origin)
    shot = _Shot(refiner, chooser, holds=True)
    number = 0
    for frame, painting in _pairs(batches):
        if frame.shot != number:
            yield from map(_alone, shot.end())
            shot, number = _Shot(refiner, chooser, holds=True), frame.shot
        yield from map(_alone, shot.add(frame, painting))
    yield from map(_alone, shot.end())
    _tell_left(chooser, notify)


def refine_keys(
    batches: Iterable[Batch],
    *,
    refiner: Refine,
    keyframes: Keyframes = Keyframes(),  # noqa: B008 - frozen
    origin: Fraction = Fraction(0),
    notify: Notify | None = None,
) -> Iterator[Frame]:
    """The refined key frames alone, as `refine` would paint them."""
    chooser = KeyChooser(keyframes, origin=origin)
    shot = _Shot(refiner, chooser, holds=False)
    number = 0
    for frame, painting in _pairs(batches):
        if frame.shot != number:
            shot, number = _Shot(refiner, chooser, holds=False), frame.shot
        yield from shot.add(frame, painting)
    _tell_left(chooser, notify)


class _Shot:
    """Refines the frames of one shot.

    Args:
        refiner: the optimiser.
        chooser: tells key frames; it goes on from shot to shot.
        holds: whether the frames between key frames are wanted.
    """

    def __init__(self, refiner: Refine, chooser: KeyChooser, *, holds: bool) -> None:
        self._refiner, self._chooser, self._holds = refiner, chooser, holds
        self._held: list[_Held] = []
        self._late = False
        self._key: Key | None = None
        self._key_time = Fraction(0)
        self._track: Track | None = None
        self._last: Grey | None = None
        self._since: int | None = None
        self._strokes_since = 0

    def add(self, frame: Frame, painting: Tensor) -> Iterator[Frame]:
        """Take the next frame; give all that is done by it."""
        seen = glimpse(frame.sight)
        self._follow(seen)
        shown = 0.0 if self._track is None else float(self._track.same.mean())
        self._since = None if self._since is None else self._since + 1
        if self._chooser.wants(frame.time + frame.duration, since=self._since, shown=shown):
            again = self._track is not None and float(self._track.kept.mean()) > ENOUGH
            strokes = self._refiner(frame.sight, self._carried(painting), again=again)
            yield from self._begin(frame, seen, painting, strokes)
            yield frame.painted(strokes)
            self._since = 0
        elif self._key is not None and self._strokes_since >= FURTHEST:
            # No key frame was asked for so soon: strokes are handed on as they are.
            strokes = self._carried(painting)
            yield from self._begin(frame, seen, painting, strokes)
            if self._holds:
                yield frame.painted(strokes)
        elif self._holds:
            self._held.append(_held(frame, painting, seen, self._track))
            if len(self._held) > FURTHEST:
                self._late = self._key is None
                yield self._done(self._held.pop(0), None)
        self._last = seen
        self._strokes_since += 1

    def end(self) -> Iterator[Frame]:
        """The frames behind the last key frame."""
        for held in self._held:
            yield self._done(held, None)
        self._held = []

    def _follow(self, seen: Grey) -> None:
        """Follow what the last key frame shows to the next frame."""
        if self._key is not None and self._track is not None and self._last is not None:
            self._track = followed(self._track, key=self._key.seen, last=self._last, now=seen)

    def _carried(self, painting: Tensor) -> Tensor:
        """The next frame's painting, with the strokes of the last key frame."""
        if self._key is None or self._track is None:
            return painting
        fast = interleaved(painting)
        return planar(blended(fast, carried(self._key, self._track, painting=fast), None, 0.0))

    def _begin(
        self, frame: Frame, seen: Grey, painting: Tensor, strokes: Tensor
    ) -> Iterator[Frame]:
        """Finish the frames that wait for this one, whose strokes go on from here."""
        key = make_key(seen, interleaved(strokes), interleaved(painting))
        track, last = still(seen), seen
        for held in reversed(self._held):
            track = followed(track, key=seen, last=last, now=held.seen)
            held.last, last = track, held.seen
        for number, held in enumerate(self._held, 1):
            # Where a shot's first frames could wait no longer, strokes are not to set in at once.
            amount = number / (len(self._held) + 1) if self._late else 1.0
            yield self._done(held, key, at=frame.time, amount=amount)
        self._held, self._late = [], False
        self._key, self._key_time = key, frame.time
        self._track, self._strokes_since = still(seen), 0

    def _done(
        self, held: _Held, after: Key | None, *, at: Fraction = Fraction(0), amount: float = 1.0
    ) -> Frame:
        """A frame that has waited, between the last key frame and the one after it.

        Of their strokes it shows an amount, 0 to 1, and of its own painting the rest.
        """
        painting = interleaved(held.painting.float())
        first: Carried | None = None
        last: Carried | None = None
        if self._key is not None and held.first is not None:
            first = carried(self._key, held.first, painting=painting)
        if after is not None and held.last is not None:
            last = carried(after, held.last, painting=painting)
        passed, gap = held.frame.time - self._key_time, at - self._key_time
        share = float(passed / gap) if gap > 0 else 0.0
        mixed = blended(painting, first, last, share)
        if amount < 1:
            mixed = painting + amount * (mixed - painting)
        return _painted(held.frame, planar(mixed))


def _held(frame: Frame, painting: Tensor, seen: Grey, first: Track | None) -> _Held:
    """Hold of a frame what it will take to finish it."""
    source = _NOTHING if frame.cover is None else _packed(frame.picture)
    return _Held(replace(frame, picture=source, clean=None), painting.half(), seen, first)


def _painted(frame: Frame, painting: Tensor) -> Frame:
    """A frame that was held, with its painting."""
    if frame.cover is not None:
        frame = replace(frame, picture=_unpacked(frame.picture))
    return frame.painted(painting)


def _packed(picture: Tensor) -> Tensor:
    """In half the memory, and more precise than any film."""
    return picture.mul(_LEVELS).round_().to(torch.uint16)


def _unpacked(picture: Tensor) -> Tensor:
    return picture.float().div_(_LEVELS)


def _tell_left(chooser: KeyChooser, notify: Notify | None) -> None:
    if chooser.left and notify is not None:
        times = ", ".join(map(clock, chooser.left))
        notify(f"no key frame at {times}: nothing that was painted is shown then")


def _pairs(batches: Iterable[Batch]) -> Iterator[tuple[Frame, Tensor]]:
    for batch in batches:
        yield from zip(batch.frames, batch.pictures, strict=True)


def _alone(frame: Frame) -> Batch:
    return Batch(torch.stack([frame.picture]), (frame,))
