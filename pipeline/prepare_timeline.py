"""What comes before the first stage where a film's style changes over time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib.metadata import version
from itertools import groupby

import torch
from torch import Tensor

from stylize.models import PaintingNetwork
from stylize.models.weights import Progress

from .choose import Choice
from .clock import clock
from .errors import StylizeError
from .prepare import Painter, prepare
from .targets import printable
from .timeline import Timeline, refuse_beyond
from .values import Batch, Film


@dataclass(frozen=True, slots=True)
class _Turn:
    """What is painted from a moment on.

    Attributes:
        look: index of what paints; None: nothing does.
        strength: how much of the painting shows, 0 to 1.
    """

    look: int | None
    strength: float


@dataclass(frozen=True, slots=True)
class _Mixture:
    """What a frame consists of, beside the source.

    Attributes:
        looks: what paints it: none, one or two.
        second: share of the second look in the painting.
        strength: how much of the painting shows, 0 to 1.
    """

    looks: tuple[int, ...]
    second: float
    strength: float


class TimelinePainter:
    """Paints each frame of a film by its time; where looks fade, by both.

    It stands in for a `Painter`. A network is loaded when its time comes, once, and let go when no
    later moment needs it.

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

    def batch_size(self, height: int, width: int) -> int:
        """How many pictures of this size to paint at once."""
        return self._looks[0].batch_size(height, width)

    def provenance(self) -> dict[str, object]:
        """What made the output, to be stored in it: for every moment, what a `Painter` says."""
        moments = []
        for moment, turn in zip(self._timeline.moments, self._turns, strict=True):
            made_by: dict[str, object] = {"strength": "0.0"}
            if turn.look is not None:
                made_by = replace(self._looks[turn.look], choice=moment.choice).provenance()
                del made_by["version"]
            moments.append({"at": str(moment.time), "fade": str(moment.fade), **made_by})
        look = printable(self.choice.name)
        return {"version": version("stylize"), "look": look, "timeline": moments}

    def paint(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Restyle each frame by its own time.

        Yields:
            Every frame in its order; a batch comes out in parts where the looks change within it.
        """
        at_work: dict[int, _AtWork] = {}
        for batch in batches:
            for part, mixtures in self._parts(batch):
                looks = mixtures[0].looks
                for look in looks:
                    if look not in at_work:
                        at_work[look] = _AtWork(self._prepared(look))
                paintings = [at_work[look].paint(part) for look in looks]
                yield replace(part, pictures=_mixed(part.pictures, paintings, mixtures))
            now = batch.frames[-1].time - self._origin
            at_work = {look: at_work[look] for look in at_work if self._needed(look, now)}

    def _parts(self, batch: Batch) -> Iterator[tuple[Batch, list[_Mixture]]]:
        """Neighbouring frames that the same looks paint, and what each consists of."""
        mixtures = [self._mixture(frame.time - self._origin) for frame in batch.frames]
        begin = 0
        for _, group in groupby(mixtures, lambda mixture: mixture.looks):
            alike = list(group)
            end = begin + len(alike)
            yield Batch(batch.pictures[begin:end], batch.frames[begin:end]), alike
            begin = end

    def _mixture(self, time: Fraction) -> _Mixture:
        """What a frame at this time, in seconds from the first, consists of."""
        before, now, share = self._timeline.around(time)
        parts: dict[int, float] = {}
        for index, weight in ((before, 1 - share), (now, share)):
            turn = self._turns[index]
            if turn.look is not None and weight * turn.strength > 0:
                parts[turn.look] = parts.get(turn.look, 0.0) + weight * turn.strength
        strength = sum(parts.values())
        looks = tuple(parts)
        second = parts[looks[1]] / strength if len(looks) == 2 else 0.0
        return _Mixture(looks, second, strength)

    def _needed(self, look: int, time: Fraction) -> bool:
        """Whether a look paints at this time, or later."""
        first, _, _ = self._timeline.around(time)
        return any(turn.look == look for turn in self._turns[first:])

    def _prepared(self, look: int) -> Painter:
        return _whole(prepare(self._looks[look].choice, film=True))


class _AtWork:
    """A painter in the middle of a film: what it knows of the shot lasts from call to call."""

    def __init__(self, painter: Painter) -> None:
        self._waiting: deque[Batch] = deque()
        # It takes a batch when it is asked for one, and gives one for one.
        self._painted = painter.paint(iter(self._waiting.popleft, None))

    def paint(self, batch: Batch) -> Tensor:
        """The paintings of the next frames, (N, 3, H, W)."""
        self._waiting.append(batch)
        return next(self._painted).pictures


def prepare_timeline(
    timeline: Timeline, film: Film, *, download: Progress | None = None
) -> TimelinePainter:
    """Find out whether all that a timeline names is there and can paint.

    Everything is loaded, one after the other, and let go again until its time comes: what is
    wrong is said now, not in the middle of the film.

    Args:
        timeline: from `make_timeline`.
        film: to be painted.
        download: told how the download of weights goes.

    Raises:
        StylizeError: as `prepare`, or a moment lies beyond the film's end; the message says at
            which moment.
    """
    refuse_beyond(timeline, film)
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
            try:
                painter = prepare(moment.choice, film=True, download=download)
            except StylizeError as error:
                raise type(error)(f"at {clock(moment.time)}: {error}") from error
            looks.append(replace(painter, network=PaintingNetwork(), coverage=None))
        turns.append(_Turn(look, 1.0 if looks[look].applies_strength else strength))
    return TimelinePainter(timeline, origin=film.begin, looks=tuple(looks), turns=tuple(turns))


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


def _mixed(source: Tensor, paintings: list[Tensor], mixtures: list[_Mixture]) -> Tensor:
    """Frames that consist of the same paintings, each in its own proportions.

    Args:
        source: (N, 3, H, W).
        paintings: none, one or two of the same shape.
        mixtures: of each frame.
    """
    if not paintings:
        return source
    painted = paintings[0]
    if len(paintings) == 2:
        painted = torch.lerp(painted, paintings[1], _each([one.second for one in mixtures]))
    if all(one.strength == 1 for one in mixtures):
        return painted
    return torch.lerp(source, painted, _each([one.strength for one in mixtures]))


def _each(shares: list[float]) -> Tensor:
    """A share for each of N pictures."""
    return torch.tensor(shares)[:, None, None, None]
