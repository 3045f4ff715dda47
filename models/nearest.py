"""Nearest neighbours among the features of styles, found in blocks, so that memory stays small.

Likeness is the cosine of the angle between features less their means (Kolkin 2022, 2203.13215,
section 3.2): the content's less the content's mean, each style's less its own, so that the whole
range of the one meets the whole range of the other. What the blocks find is what one large matrix
of all likenesses would show.

Several styles share one pool. A style with half the share of the largest one offers half of its
features; where a share differs from place to place, so does what is offered there.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import torch
from torch import Tensor

PLACES, ROWS = 1024, 2048
"""Of a block of likenesses, 8 MB in float32: larger ones took half as long again on a processor."""
SHORTEST = 1e-6
"""Below this length a feature has no direction."""
ABSENT = 0.01
"""A style with less than this share of the largest one's offers nothing: the mask says not here."""


class Pool:
    """Features that a place can take.

    Args:
        rows: (N, C) float32: the features of all styles, one style after the other, each in random
            order. They are centred in place.
        sizes: how many features each style has; they sum up to N.
        means: (K, C), to centre by, if the rows are centred already.
    """

    def __init__(self, rows: Tensor, sizes: Sequence[int], *, means: Tensor | None = None) -> None:
        self.rows, self.sizes = rows, tuple(sizes)
        if means is None:
            parts = rows.split_with_sizes(self.sizes)
            means = torch.stack([part.mean(0) for part in parts])
            for part, mean in zip(parts, means, strict=True):
                part.sub_(mean)
        self.means = means
        self._inverse = rows.norm(dim=1).clamp_min_(SHORTEST).reciprocal_()

    def scale(self, factors: Tensor) -> None:
        """Multiply each channel by one of (C,) factors."""
        self.rows.mul_(factors)
        self.means = self.means * factors
        self._inverse = self.rows.norm(dim=1).clamp_min_(SHORTEST).reciprocal_()

    def part(self, turn: int, most: int) -> Pool:
        """A part of it, another one each turn, with at most so many features of each style."""
        picked, sizes = [], []
        for rows in self.rows.split_with_sizes(self.sizes):
            first = turn % max(len(rows) // most, 1) * most
            picked.append(rows[first : first + most])
            sizes.append(len(picked[-1]))
        return Pool(torch.cat(picked), sizes, means=self.means)

    def nearest(self, centred: Tensor, shares: Tensor) -> Tensor:
        """For each place the feature most like its own, of those that it is offered.

        Args:
            centred: (P, C) the places' features less their mean.
            shares: (K, P) of each style at each place, relative to the largest there (see
                `relative`).

        Returns:
            (P,) int64 indices of rows; the first of those that are equally near.
        """
        best = centred.new_full((len(centred),), -torch.inf)
        index = torch.zeros(len(centred), dtype=torch.int64, device=centred.device)
        starts = [0, *accumulate(self.sizes)]
        for first in range(0, len(centred), PLACES):
            here = slice(first, first + PLACES)
            for start, size, share in zip(starts, self.sizes, shares[:, here], strict=False):
                offered = (share * size).round()
                for low in range(start, start + int(offered.max()), ROWS):
                    high = min(low + ROWS, start + int(offered.max()))
                    found, where = self._block(centred[here], low, high, offered - (low - start))
                    better = found > best[here]
                    best[here] = torch.where(better, found, best[here])
                    index[here] = torch.where(better, where + low, index[here])
        return index

    def _block(
        self, centred: Tensor, low: int, high: int, offered: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The best likeness (but for the places' own lengths) and its row, in a block of rows."""
        alike = (centred @ self.rows[low:high].T).mul_(self._inverse[low:high])
        if offered.min() < high - low:
            columns = torch.arange(high - low, device=alike.device)
            alike.masked_fill_(columns >= offered[:, None], -torch.inf)
        likeness, row = alike.max(1)
        return likeness, row

    def means_at(self, index: Tensor) -> Tensor:
        """The mean of the style that each of (P,) rows is of, (P, C)."""
        ends = torch.tensor([*accumulate(self.sizes)], device=index.device)
        return self.means[torch.bucketize(index, ends, right=True)]


def relative(weights: Tensor) -> Tensor:
    """Shares relative to the largest, of (K, …) weights; those next to nothing become nothing."""
    shares = weights / weights.amax(0, keepdim=True)
    return shares.where(shares >= ABSENT, 0)
