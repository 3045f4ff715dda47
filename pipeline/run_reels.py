"""Part of the run that measures: open films, and folders of pictures, to be read side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from pathlib import Path

from .errors import SourceError
from .film.folder_writer import TIMES
from .film.read_video import read_video
from .measuring.side_by_side import Reel
from .picture.find_pictures import find_pictures
from .picture.read_image import read_image
from .run_opened import opened_film
from .shots import find_shots
from .spans import expected_frames
from .values import Film, Frame, Notify, Span

_SLACK = 0.05
"""Share by which the lengths of films may differ as far as their headers know: they estimate."""


@dataclass(frozen=True, slots=True, eq=False)
class Reels:
    """Films that go together, as far as can be known before they are read.

    Attributes:
        films: the source first.
        width: of all, in pixels.
        height: likewise.
        expected: about how many frames there will be, or None.
    """

    films: tuple[Reel, ...]
    width: int
    height: int
    expected: int | None


def open_reels(paths: Sequence[Path], *, span: Span, stack: ExitStack, notify: Notify) -> Reels:
    """Open films to be read side by side.

    Args:
        paths: the source, a film; the others may also be folders of pictures, which have the times
            of `timestamps.txt` or else go by their order.
        span: the part of the source. Of a film as long as the source the same part is read; a
            shorter one is that part.
        stack: closes what must be closed.
        notify: told what a person should know, as that lengths seem to differ.

    Raises:
        SourceError: one cannot be read, or is of another size than the source.
    """
    source = _Footage(paths[0], stack.enter_context(opened_film(paths[0], notify=notify)))
    expected = expected_frames(source.film, span)
    reels = [_in_shots(source.reel(span, notify))]
    for path in paths[1:]:
        footage = (
            _folder(path, like=source.film)
            if path.is_dir()
            else _Footage(path, stack.enter_context(opened_film(path, notify=notify)))
        )
        part = _part(span, footage, source.film)
        _check_size(footage, source)
        _warn_of_length(footage, source, (expected_frames(footage.film, part), expected), notify)
        reels.append(_without_edge(footage, footage.reel(part, notify), source.film))
    return Reels(tuple(reels), source.film.width, source.film.height, expected)


def _in_shots(reel: Reel) -> Reel:
    """The same, with frames that know their shot: what crosses a cut is not compared."""
    return replace(reel, frames=find_shots(reel.frames))


@dataclass(frozen=True, slots=True)
class _Footage:
    """A film, or a folder of pictures described as if it were one.

    Attributes:
        path: as a person named it.
        film: what is known of it.
        pictures: of a folder.
        times: of these, if the folder has a list of them.
    """

    path: Path
    film: Film
    pictures: tuple[Path, ...] = ()
    times: tuple[Fraction, ...] = ()

    @property
    def timed(self) -> bool:
        """Whether its frames know their times."""
        return not self.pictures or bool(self.times)

    def reel(self, span: Span, notify: Notify) -> Reel:
        """Its frames within a part."""
        if not self.pictures:
            frames = read_video(self.film, span=span, notify=notify)
        else:
            frames = islice(self._frames(span), span.frames)
        return Reel(str(self.path), frames, timed=self.timed)

    def _frames(self, span: Span) -> Iterator[Frame]:
        times = self.times or (None,) * len(self.pictures)
        for path, time in zip(self.pictures, times, strict=True):
            since = Fraction(0) if time is None else time - self.times[0]
            if since >= (span.start or 0) and (span.end is None or since < span.end):
                yield replace(read_image(path).frame, time=since)


def _folder(path: Path, *, like: Film) -> _Footage:
    pictures = find_pictures(path, recursive=False)
    if not pictures:
        raise SourceError(f"{path}: holds no pictures")
    height, width = read_image(pictures[0]).frame.picture.shape[1:]
    times = _times(path)
    fitting = times if len(times) == len(pictures) else ()
    seconds = len(pictures) / like.rate
    film = replace(like, width=width, height=height, frames=len(pictures), duration=seconds)
    return _Footage(path, film, tuple(pictures), fitting)


def _times(folder: Path) -> tuple[Fraction, ...]:
    """The times in a folder's list, without the end of the last; none if there is no such list."""
    try:
        lines = (folder / TIMES).read_text(encoding="utf-8").splitlines()
        stamps = [Fraction(line) / 1000 for line in lines if line.strip() and line[0] != "#"]
    except (OSError, ValueError):
        return ()
    return tuple(stamps[:-1])


def _part(span: Span, footage: _Footage, source: Film) -> Span:
    """The part of another film that goes with a part of the source."""
    if span.start is None:
        return span
    seconds, whole = footage.film.duration, source.duration
    # In between counts as whole: then the films must pair frame by frame, or are refused.
    if footage.timed and seconds and whole and seconds > whole - span.start / 2:
        return span
    return Span(None, None if span.end is None else span.end - span.start, span.frames)


def _check_size(footage: _Footage, source: _Footage) -> None:
    """Refuse films of another size, but for the edge pixel that some encoders need of odd ones."""
    mine, its = footage.film, source.film
    sides = ((mine.width, its.width), (mine.height, its.height))
    if not all(found in {wanted, wanted + wanted % 2} for found, wanted in sides):
        raise SourceError(
            f"{footage.path}: {mine.width}×{mine.height} pixels, and {source.path} has "
            f"{its.width}×{its.height}; only films of one size can be compared"
        )


def _without_edge(footage: _Footage, reel: Reel, source: Film) -> Reel:
    """Cut off that pixel; a frame that is not as large as its film stays, and is refused later."""
    found = (footage.film.height, footage.film.width)
    if found == (source.height, source.width):
        return reel
    frames = (
        replace(frame, picture=frame.picture[:, : source.height, : source.width])
        if frame.picture.shape[1:] == found
        else frame
        for frame in reel.frames
    )
    return replace(reel, frames=frames)


def _warn_of_length(
    footage: _Footage, source: _Footage, expected: tuple[int | None, int | None], notify: Notify
) -> None:
    """Say at once what may be refused after minutes: that one film ends before the other."""
    found, wanted = expected
    if found is None or wanted is None or abs(found - wanted) <= max(2, _SLACK * wanted):
        return
    notify(
        f"{footage.path}: about {found} frames, and {source.path} about {wanted}; to "
        f"measure the beginning that both have, give --frames {min(found, wanted)}"
    )
