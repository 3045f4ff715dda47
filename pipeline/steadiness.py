"""How steady a painted film is, measured against its source. Pictures and flow in, numbers out.

Beside the stages: it reads no file, runs no network and finds no flow.

The warping error is that of Lai 2018 (1808.00449), with the masks of Ruder 2016 (1604.08610). A
figure alone says nothing: it grows with contrast and falls with blur. So there is the excess, the
ratio of warping errors (painted over source) divided by the ratio of squared gradients. An error
in the flow, or in sampling between pixels, costs about the square of the gradient; a painting that
sticks to the scene as well as the source's own texture does has an excess of 1, however strong its
contrast, and blur, which lowers error and gradient together, gains nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its name everywhere

ROUND_TRIP = (0.01, 0.5)
"""A pixel that goes there and back ends where it began within √(0.01·(|there|² + |back|²) + 0.5)
pixels, or it is hidden (Sundaram 2010, by Ruder 2016, equation 4)."""
EDGE = (0.01, 0.002)
"""Motion has a boundary where its squared gradient is above 0.01·|flow|² + 0.002 (equation 5)."""

ROUNDING = 1e-12
"""A smaller error is none: places are fetched from with the precision of float32, some 1e-5 of a
pixel, and between still frames that would be all the error there is."""


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """Where the pixels of one frame are in a later one.

    Attributes:
        flow: (2, H, W), pixels to the right and down.
        visible: (H, W) bool: is seen in both frames, and off the boundaries of motion.
    """

    flow: Tensor
    visible: Tensor


@dataclass(frozen=True, slots=True)
class Score:
    """What was measured on a pair of frames, or the mean of many pairs.

    Attributes:
        error: warping error: mean squared difference over visible pixels and channels.
        gradient: mean squared gradient over the same: what blur would take away.
        visible: share of pixels that is visible, 0 to 1.
    """

    error: float
    gradient: float
    visible: float


def warp(picture: Tensor, flow: Tensor) -> Tensor:
    """Fetch each pixel from where the flow points: a later picture, seen from the earlier one.

    Args:
        picture: (C, H, W).
        flow: (2, H, W), pixels to the right and down.

    Returns:
        (C, H, W), bilinear as in Lai 2018; from beyond the border comes the nearest pixel.
    """
    column, row = _landing(flow)
    height, width = flow.shape[1:]
    grid = torch.stack(((column * 2 + 1) / width - 1, (row * 2 + 1) / height - 1), dim=-1)
    return F.grid_sample(
        picture[None], grid[None].to(picture), padding_mode="border", align_corners=False
    )[0]


def match(forward: Tensor, backward: Tensor) -> Match:
    """Find which pixels can be compared.

    Args:
        forward: (2, H, W), flow from the earlier to the later frame; NaN where it is not known.
        backward: (2, H, W), from the later to the earlier.
    """
    back = warp(backward, forward)
    # Every comparison with NaN is false: a pixel whose motion is not known is not visible.
    limit = ROUND_TRIP[0] * (_squared(back) + _squared(forward)) + ROUND_TRIP[1]
    returns = _squared(forward + back) <= limit
    within = squared_gradient(forward) * 2 <= EDGE[0] * _squared(forward) + EDGE[1]
    column, row = _landing(forward)
    height, width = forward.shape[1:]
    inside = (column >= 0) & (column <= width - 1) & (row >= 0) & (row <= height - 1)
    return Match(forward, returns & within & inside)


def squared_gradient(picture: Tensor) -> Tensor:
    """Squared length of the gradient by forward differences, the mean of the channels.

    Args:
        picture: (C, H, W).

    Returns:
        (H, W); the last column and row have no difference across and down.
    """
    across = F.pad(picture.diff(dim=2).square(), (0, 1))
    down = F.pad(picture.diff(dim=1).square(), (0, 0, 0, 1))
    return (across + down).mean(0)


def difference(earlier: Tensor, later: Tensor, *, match: Match) -> Tensor:
    """Where a pair of frames of one film, source or painted, differs from what moved along.

    Args:
        earlier: (3, H, W) RGB in [0, 1].
        later: likewise.
        match: of the two source frames.

    Returns:
        (H, W), squared, the mean of the channels; what is not visible means nothing.
    """
    return (warp(later, match.flow) - earlier).square().mean(0)


def score(earlier: Tensor, later: Tensor, *, match: Match) -> Score:
    """Measure a pair of frames of one film, source or painted.

    Args:
        earlier: (3, H, W) RGB in [0, 1].
        later: likewise.
        match: of the two source frames.

    Returns:
        NaN for what cannot be measured, because nothing is visible.
    """
    gradient = squared_gradient(earlier)
    visible = match.visible
    error = difference(earlier, later, match=match)[visible].mean().item()
    return Score(
        0.0 if error < ROUNDING else error,
        gradient[visible].mean().item(),
        visible.float().mean().item(),
    )


def mean_score(scores: Iterable[Score]) -> Score:
    """Mean over pairs of frames; those in which nothing is visible do not count.

    Raises:
        ValueError: there is no pair, or nothing is visible in any.
    """
    counted = [score for score in scores if score.visible > 0]
    if not counted:
        raise ValueError("no pair of frames shows the same thing: steadiness cannot be measured")
    return Score(
        math.fsum(score.error for score in counted) / len(counted),
        math.fsum(score.gradient for score in counted) / len(counted),
        math.fsum(score.visible for score in counted) / len(counted),
    )


def excess(painted: Score, source: Score) -> float:
    """How much less steady a painted film is than its source, both measured on the same pairs.

    Returns:
        1 if the painting sticks to the scene as the source's own texture does; 0 if nothing in it
        moves against the scene; infinite if it does and the source does not.
    """
    if painted.error == 0:
        return 0.0
    allowed = source.error * painted.gradient
    return painted.error * source.gradient / allowed if allowed else math.inf


def _landing(flow: Tensor) -> tuple[Tensor, Tensor]:
    """The column and the row, (H, W) each, where the flow leads each pixel."""
    height, width = flow.shape[1:]
    return torch.arange(width) + flow[0], torch.arange(height)[:, None] + flow[1]


def _squared(flow: Tensor) -> Tensor:
    """Squared length of (2, H, W), in pixels."""
    return flow.square().sum(0)
