"""Last step of measuring: add up pairs, and keep the worst of them to be looked at."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import interpolate

from ..resize import resize
from ..steadiness import Match, Score, difference, mean_score
from .findings import GapFindings, PairFigures, Worst
from .pairs import Pair

if TYPE_CHECKING:
    from torch import Tensor

WORST = 4
"""Pairs to look at."""
APART = Fraction(2, 5)
"""Seconds between them at least: neighbours would show the same."""
LONGER = 480
"""Pixels at most on the longer side of what is kept of them."""


class Tally:
    """Takes pairs as they come; holds figures of all and pictures of a few."""

    def __init__(self) -> None:
        self._pairs: dict[int, list[PairFigures]] = {}
        self._worst: list[Worst] = []

    def add(self, pair: Pair) -> None:
        """Count a pair in, unless its frames show nothing together."""
        if pair.scores[0].visible == 0:
            return
        figures = PairFigures(pair.earlier.time, pair.earlier.shot, pair.scores)
        self._pairs.setdefault(pair.gap, []).append(figures)
        if pair.gap == 1 and len(pair.scores) > 1:
            self._offer(pair)

    def gaps(self) -> tuple[GapFindings, ...]:
        """What was found at each gap that there are pairs of, the shortest first."""
        return tuple(_found(gap, pairs) for gap, pairs in sorted(self._pairs.items()))

    def worst(self) -> tuple[Worst, ...]:
        """The pairs of neighbours where the output is least steady, in their order."""
        return tuple(sorted(self._worst, key=lambda one: one.time))

    def _offer(self, pair: Pair) -> None:
        """Keep a pair if it is worse than all near it, or, with none near, than the best kept."""
        surplus = _surplus(pair.scores[1], pair.scores[0])
        rivals = [one for one in self._worst if abs(one.time - pair.earlier.time) < APART]
        if not rivals and len(self._worst) == WORST:
            rivals = [min(self._worst, key=lambda one: one.surplus)]
        if all(surplus > one.surplus for one in rivals):
            self._worst = [one for one in self._worst if one not in rivals]
            self._worst.append(_worst(pair, surplus))


def _found(gap: int, pairs: list[PairFigures]) -> GapFindings:
    films = zip(*(pair.scores for pair in pairs), strict=True)
    return GapFindings(gap, tuple(pairs), tuple(mean_score(scores) for scores in films))


def _surplus(painted: Score, source: Score) -> float:
    """Error beyond that of a painting that sticks to the scene as the source's texture does."""
    if source.gradient == 0:
        return painted.error
    return painted.error - source.error * painted.gradient / source.gradient


def _worst(pair: Pair, surplus: float) -> Worst:
    height, width = pair.match.visible.shape
    scale = min(1, LONGER / max(height, width))
    size = max(1, round(height * scale)), max(1, round(width * scale))
    films = list(zip(pair.earlier.pictures, pair.later.pictures, strict=True))
    return Worst(
        time=pair.earlier.time,
        error=pair.scores[1].error,
        surplus=surplus,
        pictures=tuple(resize(earlier[None], size)[0] for earlier, _ in films),
        errors=tuple(_shrunk_error(*film, pair.match, size) for film in films),
    )


def _shrunk_error(earlier: Tensor, later: Tensor, match: Match, size: tuple[int, int]) -> Tensor:
    """Mean squared difference of the visible pixels that make one of a small picture, (h, w)."""
    seen = match.visible.float()
    error = torch.where(match.visible, difference(earlier, later, match=match), 0)
    both = interpolate(torch.stack((error, seen))[None], size, mode="area")[0]
    return torch.where(both[1] > 0.5, both[0] / both[1], torch.nan)
