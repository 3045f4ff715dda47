"""Second step of measuring: pairs of frames of one shot, and how well each film holds still."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..flow import dis_flow
from ..resize import resize
from ..steadiness import Match, Score, match, score
from .side_by_side import Moment

if TYPE_CHECKING:
    from torch import Tensor

GAPS = (1, 10)
"""Frames between those of a pair: short and long term, as in the literature since Lai 2018."""
SHORTER = 480
"""Pixels at most on the shorter side of what is measured: flow is found well there, and in 4K it
would take minutes for a second of film."""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two moments of one shot.

    Attributes:
        gap: frames from one to the other.
        earlier: the one.
        later: the other.
        match: where the source's pixels went.
        scores: of each film, the source first.
    """

    gap: int
    earlier: Moment
    later: Moment
    match: Match
    scores: tuple[Score, ...]


def shrunk(moments: Iterable[Moment]) -> Iterator[Moment]:
    """Scale pictures to a shorter side of at most 480 pixels."""
    for moment in moments:
        height, width = moment.pictures[0].shape[1:]
        scale = SHORTER / min(height, width)
        if scale < 1:
            size = round(height * scale), round(width * scale)
            yield replace(moment, pictures=tuple(_resized(each, size) for each in moment.pictures))
        else:
            yield moment


def pairs(moments: Iterable[Moment], *, gaps: Sequence[int] = GAPS) -> Iterator[Pair]:
    """Measure every two moments of one shot that are so many frames apart.

    Flow is found in the source, there and back, by DIS.

    Args:
        moments: in order, of one size; at most the largest gap of them is held.
        gaps: how far apart.

    Yields:
        Pairs in the order of their later moments.

    Raises:
        ValueError: frames are too small to find flow in.
    """
    held: deque[Moment] = deque(maxlen=max(gaps))
    for later in moments:
        for gap in gaps:
            if gap <= len(held) and held[-gap].shot == later.shot:
                yield _measured(held[-gap], later, gap)
        held.append(later)


def _measured(earlier: Moment, later: Moment, gap: int) -> Pair:
    first, second = earlier.pictures[0], later.pictures[0]
    found = match(dis_flow(first, second), dis_flow(second, first))
    films = zip(earlier.pictures, later.pictures, strict=True)
    scores = tuple(score(before, after, match=found) for before, after in films)
    return Pair(gap, earlier, later, found, scores)


def _resized(picture: Tensor, size: tuple[int, int]) -> Tensor:
    return resize(picture[None], size)[0]
