"""First step of measuring: several films as one, frame beside frame, or the reason why not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from typing import TYPE_CHECKING

from ..errors import SourceError
from ..values import Frame

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Reel:
    """A film whose frames are about to be read.

    Attributes:
        name: what messages call it.
        frames: all in order, of one size.
        timed: whether they know their times; if not, only their order counts.
    """

    name: str
    frames: Iterator[Frame]
    timed: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """What several films show at one time.

    Attributes:
        time: seconds.
        pictures: (3, H, W) float32 RGB in [0, 1] each; that of the source is the first.
        shot: the shot of the source that it belongs to.
    """

    time: Fraction
    pictures: tuple[Tensor, ...]
    shot: int = 0


def side_by_side(reels: Sequence[Reel], *, start: Fraction = Fraction(0)) -> Iterator[Moment]:
    """Pair the frames of films by their times, each film's counted from its own first frame.

    Args:
        reels: the source first.
        start: the time that the first frames are given.

    Raises:
        SourceError: the films do not go together: a frame has no partner within half of the
            source's frame, one film ends before another, or a picture is of another size.
    """
    begins: list[Fraction] = []
    for index in count():
        frames = [next(reel.frames, None) for reel in reels]
        whole = [frame for frame in frames if frame is not None]
        if not whole:
            return
        if len(whole) < len(frames):
            raise _uneven(reels, frames, index)
        begins = begins or [frame.time for frame in whole]
        times = [frame.time - begin for frame, begin in zip(whole, begins, strict=True)]
        source = whole[0]
        for reel, frame, time in zip(reels[1:], whole[1:], times[1:], strict=True):
            if frame.picture.shape != source.picture.shape:
                raise SourceError(
                    f"{reel.name}: frame {index + 1} is of {_size(frame)} pixels, and that of "
                    f"{reels[0].name} of {_size(source)}; only films of one size can be compared"
                )
            if reel.timed and 2 * abs(time - times[0]) >= source.duration:
                raise SourceError(
                    f"{reel.name}: frame {index + 1} comes after {float(time):.3f} s, and that of "
                    f"{reels[0].name} after {float(times[0]):.3f} s; only films of one rate can be "
                    "compared"
                )
        pictures = tuple(frame.picture for frame in whole)
        yield Moment(start + times[0], pictures, source.shot)


def _uneven(reels: Sequence[Reel], frames: Sequence[Frame | None], count: int) -> SourceError:
    short = next(reel for reel, frame in zip(reels, frames, strict=True) if frame is None)
    longer = next(reel for reel, frame in zip(reels, frames, strict=True) if frame is not None)
    return SourceError(
        f"{short.name}: ends after {count} frames, and {longer.name} goes on; only films of one "
        f"length can be compared (--frames {count} measures what both have)"
    )


def _size(frame: Frame) -> str:
    height, width = frame.picture.shape[1:]
    return f"{width}×{height}"
