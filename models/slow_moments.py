"""Mean and variance of channels over a shot of film: a frame's own flicker, these follow slowly."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

LEAST, MOST = 0.08, 0.5
"""The share in what is followed that a new frame has: of one like those before, and of one that
differs much. Half is taken at once of light that changes, so nothing jumps."""
OTHER = 1.0
"""How far off a frame (see `SlowMoments.moved`) is of another light, and is taken as it is: half of
each paints neither. Measured: 0.5 at most in films of which some flicker, 2.2 where a lamp in
another colour is switched on."""


class SlowMoments:
    """What a norm goes by while a shot lasts.

    The first frame's moments are taken as they are. Each later frame moves them by a share that
    grows with how far it is off: a hand that passes changes little, light that fades is followed
    in some frames, light that is switched on at once.

    Attributes:
        mean: float32, one number for each channel, or None before the first frame.
        variance: likewise, or the covariance of every two channels.
        moved: how far the last frame was off, in deviations (of the mean) and in natural logarithms
            (of the deviation), the mean of all channels.
    """

    def __init__(self) -> None:
        self.mean: Tensor | None = None
        self.variance: Tensor | None = None
        self.moved = math.inf

    def forget(self) -> None:
        """Begin a new shot."""
        self.mean = self.variance = None
        self.moved = math.inf

    def known(self) -> tuple[Tensor, Tensor]:
        """Mean and variance to go by.

        Raises:
            RuntimeError: nothing was measured yet.
        """
        if self.mean is None or self.variance is None:
            raise RuntimeError("a norm follows a shot of which it has seen nothing")
        return self.mean, self.variance

    def follow(self, mean: Tensor, variance: Tensor, *, epsilon: float) -> tuple[Tensor, Tensor]:
        """Take a frame in.

        Args:
            mean: float32, one number for each of the frame's channels.
            variance: likewise, at least 0; or (C, C), the covariance.
            epsilon: variance below which channels count as plain, so that noise is no change.

        Returns:
            Mean and variance to go by.
        """
        if self.mean is None or self.variance is None:
            self.mean, self.variance = mean, variance
            return mean, variance
        before, now = (self.mean, _alone(self.variance)), (mean, _alone(variance))
        self.moved = float(apart(now, before, epsilon=epsilon).mean())
        share = 1.0 if self.moved > OTHER else min(MOST, max(LEAST, self.moved))
        self.mean = torch.lerp(self.mean, mean, share)
        self.variance = torch.lerp(self.variance, variance, share)
        return self.mean, self.variance


@contextmanager
def undone_by_errors(followed: Sequence[SlowMoments]) -> Iterator[None]:
    """Forget what was taken in by a block that fails: the same frames may come again.

    So they do where a device has not enough memory for all of them at once.
    """
    known = [(each.mean, each.variance, each.moved) for each in followed]
    try:
        yield
    except BaseException:
        for each, before in zip(followed, known, strict=True):
            each.mean, each.variance, each.moved = before
        raise


def apart(now: tuple[Tensor, Tensor], before: tuple[Tensor, Tensor], *, epsilon: float) -> Tensor:
    """How far means and variances of channels, (..., C) each, are off from others: (...)."""
    (mean, variance), (old_mean, old) = now, before
    old = old + epsilon
    off = ((variance + epsilon) / old).log().abs() / 2 + (mean - old_mean).abs() * old.rsqrt()
    return off.mean(-1)


def _alone(variance: Tensor) -> Tensor:
    """The variance of each channel, of that or of a covariance."""
    return variance.diagonal() if variance.dim() == 2 else variance
