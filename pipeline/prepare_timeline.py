"""What comes before the first stage where a film's style changes over time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib.metadata import version
from itertools import groupby

import torch
from torch import Tensor

from stylize.models import PaintingNetwork
from stylize.models.network import OnStep
from stylize.models.weights import Progress

from .choose import Choice
from .clock import clock
from .errors import StylizeError
from .film.video_source import end_of_part
from .prepare import Painter, prepare
from .targets import printable
from .timeline import Moment, Timeline, refuse_beyond
from .values import Batch, Fade, Film, Frame, Span


@dataclass(frozen=True, slots=True)
class _Turn:
    """What is painted from a moment on.

    Attributes:
        look: index of what paints; None: nothing does.
        strength: how much of the painting shows, 0 to 1.
    """

    look: int | None
    strength: float

    def reach(self, paintings: Mapping[int, Batch]) -> Tensor:
        """Where the look paints, by its masks: (1, H, W) in [0, 1], or (1, 1, 1)."""
        where = None if self.look is None else paintings[self.look].frames[0].cover
        return torch.ones(1, 1, 1) if where is None else where


class TimelinePainter:
    """Paints each frame of a film by its time; where looks fade, by both.

    It stands in for a `Painter`. A network is loaded when its time comes, once, and let go when no
    later moment needs it: with a VGG, and what that sees in its styles, it may be large. Pictures
    are kept.

    Args:
        timeline: what to paint like.
        origin: presentation time of the film's first frame, in seconds.
        looks: all that paint, each as `prepare` made it, but without its network.
        turns: for each moment, what paints from then on.
    """

    def __init__(
        self,
        timeline: Timeline,
        *,
        origin: Fraction,
        looks: tuple[Painter, ...],
        turns: tuple[_Turn, ...],
    ) -> None:
        self._timeline, self._origin = timeline, origin
        self._looks, self._turns = looks, turns

    @property
    def choice(self) -> Choice:
        """Under the name of all, with the settings that are for the whole film."""
        return self._timeline.choice

    @property
    def lattice(self) -> int:
        """The widest of those of all looks (see `Painter`)."""
        return max((look.lattice for look in self._looks), default=1)

    def batch_size(self, height: int, width: int) -> int:
        """How many pictures of this size to paint at once."""
        return self._looks[0].batch_size(height, width)

    def provenance(self) -> dict[str, object]:
        """What made the output, to be stored in it: for every moment, what a `Painter` says."""
        moments = []
        for moment, turn in zip(self._timeline.moments, self._turns, strict=True):
            made_by: dict[str, object] = {"strength": 0.0}
            if turn.look is not None:
                made_by = replace(self._looks[turn.look], choice=moment.choice).provenance()
                del made_by["version"]
            moments.append({"at": str(moment.time), "fade": str(moment.fade), **made_by})
        look = printable(self.choice.name)
        return {"version": version("stylize"), "look": look, "timeline": moments}

    def paint(self, batches: Iterable[Batch], *, on_step: OnStep | None = None) -> Iterator[Batch]:
        """Restyle each frame by its own time, and tell of each step where a look takes many.

        Yields:
            Every frame in its order; a batch comes out in parts where a moment or the end of a fade
            lies within it.
        """
        at_work: dict[int, _AtWork] = {}
        last: dict[int, None] = {}
        for batch in batches:
            for part, (before, now) in self._parts(batch):
                named = (self._turns[index].look for index in (before, now))
                for look in (looks := dict.fromkeys(look for look in named if look is not None)):
                    if look not in at_work:
                        at_work[look] = _AtWork(self._prepared(look), on_step)
                    elif look not in last:
                        at_work[look].come_back()
                last = looks
                paintings = {look: at_work[look].paint(part) for look in looks}
                yield self._mixed(part, paintings, before, now)
            time = batch.frames[-1].time - self._origin
            at_work = {look: at_work[look] for look in at_work if self._needed(look, time)}

    def _parts(self, batch: Batch) -> Iterator[tuple[Batch, tuple[int, int]]]:
        """Neighbouring frames between the same two moments, and those."""
        begin = 0
        for moments, group in groupby(batch.frames, lambda frame: self._around(frame)[:2]):
            end = begin + len(list(group))
            yield Batch(batch.pictures[begin:end], batch.frames[begin:end]), moments
            begin = end

    def _around(self, frame: Frame) -> tuple[int, int, float]:
        """As `Timeline.around`; where a fade begins, the second moment has no share yet."""
        before, now, share = self._timeline.around(frame.time - self._origin)
        return (before, now, share) if share else (before, before, 1.0)

    def _mixed(self, batch: Batch, paintings: Mapping[int, Batch], before: int, now: int) -> Batch:
        """Frames between two moments, or behind one: what is painted fades, and where it shows."""
        first, last = self._turns[before], self._turns[now]
        shares = [self._around(frame)[2] for frame in batch.frames]
        reaches = first.reach(paintings), last.reach(paintings)
        covers = first.strength * reaches[0], last.strength * reaches[1]
        frames = tuple(
            replace(frame, cover=_faded(*covers, share))
            for frame, share in zip(batch.frames, shares, strict=True)
        )
        parts = [_share_of_look(first, last, share) for share in shares]
        places = [now - 1 + part for part in parts]
        looks = [turn.look for turn in (first, last) if turn.look is not None]
        if before == now or len(looks) < 2:  # one paints, or none does: it fades with the film
            whole = paintings[looks[0]].pictures if looks else batch.pictures
            return Batch(whole, frames, tuple(map(Fade, places)))
        after = paintings[looks[1]].pictures
        change = after - paintings[looks[0]].pictures
        left = torch.stack([1 - _share_of_places(*reaches, part) for part in parts])
        mixed, moves = after - left * change, _shared(*reaches) * change
        return Batch(mixed, frames, tuple(map(Fade, places, moves)))

    def _needed(self, look: int, time: Fraction) -> bool:
        """Whether a look paints at this time, or later."""
        first, _, _ = self._timeline.around(time)
        return any(turn.look == look for turn in self._turns[first:])

    def _prepared(self, look: int) -> Painter:
        known = self._looks[look]
        return _whole(prepare(known.choice, film=True, pictures=known.pictures))


class _AtWork:
    """A painter in the middle of a film: what it knows of the shot lasts from call to call."""

    def __init__(self, painter: Painter, on_step: OnStep | None) -> None:
        self._network = painter.network
        self._waiting: deque[Batch] = deque()
        # It takes a batch when it is asked for one, and gives one for one.
        self._painted = painter.paint(iter(self._waiting.popleft, None), on_step=on_step)

    def come_back(self) -> None:
        """Forget the shot, which has gone on while something else painted it."""
        self._network.begin_shot()

    def paint(self, batch: Batch) -> Batch:
        """The next frames with their paintings."""
        self._waiting.append(batch)
        return next(self._painted)


def _share_of_look(first: _Turn, last: _Turn, share: float) -> float:
    """Share of the second look in what is painted, so that each shows as much as its turn says.

    Args:
        first: what fades out.
        last: what fades in.
        share: how far it has, 0 to 1.
    """
    shows = (1 - share) * first.strength, share * last.strength
    return shows[1] / sum(shows) if any(shows) else 1.0


def _share_of_places(first: Tensor, last: Tensor, share: float) -> Tensor:
    """Share of the second look in what is painted at each place, so that each shows as it fades.

    Args:
        first: where the first reaches, (1, H, W) in [0, 1] or (1, 1, 1).
        last: where the second does.
        share: of the second where both reach alike, or neither does.
    """
    shows = (1 - share) * first, share * last
    both = shows[0] + shows[1]
    return torch.where(both > 0, shows[1] / both, share)


def _shared(first: Tensor, last: Tensor) -> Tensor:
    """How far a fade changes what is painted at each place: 1 where both looks reach alike.

    It is 0 where one reaches alone: its painting stays there, and only shows more or less. So a
    fade from one half of a film to the other, smoothed, is 1.9 steps of 8 bits at most from a
    cross-fade of two films, in a frame's mean; by 1 everywhere it is 8.5, and smoothed anew 8.3.
    """
    most = torch.maximum(first, last)
    return torch.where(most > 0, torch.minimum(first, last) / most, 1.0)


def _faded(first: Tensor, last: Tensor, share: float) -> Tensor | None:
    """How much is to show where one cover fades into another (see `values.Frame.cover`)."""
    cover = last if share == 1 else first + share * (last - first)
    return None if cover.min() == 1 else cover


def prepare_timeline(
    timeline: Timeline,
    film: Film,
    *,
    span: Span = Span(),  # noqa: B008 - frozen
    download: Progress | None = None,
) -> TimelinePainter:
    """Find out whether all that a timeline names is there and can paint.

    Everything is loaded, one after the other: what is wrong is said now, not in the middle of the
    film. Networks are let go again until their time comes; styles and masks are kept, as their
    files may be gone by then, or be others.

    Args:
        timeline: from `make_timeline`.
        film: to be painted.
        span: the part of it to paint.
        download: told how the download of weights goes.

    Raises:
        StylizeError: as `prepare`, or a moment lies beyond the end of the film or of its part; the
            message says at which moment.
    """
    refuse_beyond(timeline, film, _with_end(span, film))
    looks: list[Painter] = []
    turns: list[_Turn] = []
    for moment in timeline.moments:
        strength = moment.choice.settings.strength
        if strength == 0:
            turns.append(_Turn(None, 0.0))
            continue
        known = (index for index, look in enumerate(looks) if _alike(look, moment.choice))
        look = next(known, len(looks))
        if look == len(looks):
            looks.append(_look(moment, download))
        turns.append(_Turn(look, 1.0 if looks[look].applies_strength else strength))
    return TimelinePainter(timeline, origin=film.begin, looks=tuple(looks), turns=tuple(turns))


def _with_end(span: Span, film: Film) -> Span:
    """A part of a film with the end that its number of frames gives it, where that can be known."""
    since = None if span.start is None else film.begin + span.start
    end = end_of_part(film, span, since=since)
    return span if end is None else replace(span, end=end - film.begin)


def _look(moment: Moment, download: Progress | None) -> Painter:
    """What paints from a moment on, without its network."""
    try:
        painter = prepare(moment.choice, film=True, download=download)
    except StylizeError as error:
        raise type(error)(f"at {clock(moment.time)}: {error}") from error
    return replace(painter, network=PaintingNetwork(), coverage=None)


def _alike(painter: Painter, choice: Choice) -> bool:
    """Whether a painter can paint this, with more or less of it to show."""
    if painter.applies_strength:
        return painter.choice == choice
    return _at_full_strength(painter.choice) == _at_full_strength(choice)


def _at_full_strength(choice: Choice) -> Choice:
    return replace(choice, settings=replace(choice.settings, strength=1.0))


def _whole(painter: Painter) -> Painter:
    """A painter whose paintings show wholly, but for what its network mixes in itself."""
    if painter.applies_strength:
        return painter
    return replace(painter, choice=_at_full_strength(painter.choice))
