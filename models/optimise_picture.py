"""Going down a loss by changing a picture: L-BFGS or Adam, and the way back when it explodes."""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from .errors import ModelError

Loss = Callable[[Tensor], tuple[float, Tensor]]
"""Takes (1, 3, H, W); gives how bad it is, and the gradient."""

_HISTORY_BYTES = 1 << 30
_HISTORY_MOST = 50
"""Steps; with 100, which many take, a loss was 2 % lower after 140 steps."""
_CURVED = 1e-10
"""Least slope of the gradient along a step, of its own square, that says anything."""
_FIRST_STEP = 0.02
"""Root mean square of what changes in the picture, when nothing is known of curvature. From 1e-4 a
loss takes twenty steps more to come as far."""
_LONGEST_STEP = 0.2
"""Likewise, later: what is longer comes of a curvature that is none."""
_ADAM_RATE = 0.02
_ADAM_BETAS = (0.9, 0.99)
"""Rate and betas of crowsonkb's style-transfer-pytorch."""
_ADAM_EPSILON = 1e-8
_AVERAGED = 10
"""Part of the steps that the usual average looks back on, at most: one over fifty is of the way."""
_CHUNK = 1 << 22
"""Numbers that are multiplied at once: what is kept in bf16 is not copied whole."""


class Optimiser(ABC):
    """One way down.

    Attributes:
        explodes: times the best loss so far at which it has lost its way.
        average: share that the moving average keeps at each step, where nobody says; 0: none.
    """

    explodes: ClassVar[float]
    average: ClassVar[float]

    @abstractmethod
    def step(self, picture: Tensor, gradient: Tensor) -> Tensor:
        """The picture one step further, in [0, 1].

        Args:
            picture: (1, 3, H, W).
            gradient: of the loss there; may be changed.
        """

    @abstractmethod
    def retreat(self) -> None:
        """Forget what led astray, and be more careful."""

    @abstractmethod
    def resize(self, size: tuple[int, int]) -> None:
        """Go on with pictures of another height and width."""


class Lbfgs(Optimiser):
    """L-BFGS without a line search, within the box of what can be shown.

    A step beyond [0, 1] is cut off there, and where the gradient pushes outwards it is left out:
    so the loss that is gone down is that of a picture, not of numbers that are cut off at the end.
    The history is kept in bf16, as much of it as fits in 1 GB (50 steps at 1024 × 1024, 5 at
    4096 × 4096), in one piece: many would lie scattered in memory and hold on to what is between.
    At another size it begins anew.
    """

    explodes = 2.0
    average = 0.0

    def __init__(self) -> None:
        self._first = _FIRST_STEP
        self._forget()

    def _forget(self) -> None:
        self._room: Tensor | None = None
        self._places: Iterator[Tensor] = iter(())
        self._pairs: list[tuple[Tensor, Tensor, float]] = []
        self._last: tuple[Tensor, Tensor] | None = None

    def step(self, picture: Tensor, gradient: Tensor) -> Tensor:
        """See `Optimiser`."""
        if self._last is not None:
            self._learn(picture - self._last[0], gradient - self._last[1])
        outwards = ((picture <= 0) & (gradient > 0)) | ((picture >= 1) & (gradient < 0))
        direction = self._times_inverse_hessian(gradient.masked_fill(outwards, 0)).neg_()
        length = float(direction.square().mean().sqrt())
        if length > 0:
            longest = _LONGEST_STEP if self._pairs else self._first
            if not self._pairs or length > longest:
                direction *= longest / length
        self._last = picture, gradient
        return (picture + direction).clamp_(0, 1)

    def retreat(self) -> None:
        """See `Optimiser`."""
        self._first /= 2
        self._forget()

    def resize(self, size: tuple[int, int]) -> None:
        """See `Optimiser`."""
        self._first = _FIRST_STEP
        self._forget()

    def _learn(self, moved: Tensor, changed: Tensor) -> None:
        moved, changed = moved.flatten(), changed.flatten()
        product = _dot(moved, changed)
        if product <= _CURVED * _dot(changed, changed):
            return
        if self._room is None:
            most = max(2, min(_HISTORY_MOST, _HISTORY_BYTES // (4 * moved.numel())))
            self._room = moved.new_empty(most, 2, moved.numel(), dtype=torch.bfloat16)
            self._places = itertools.cycle(self._room)
        place = next(self._places)
        place[0], place[1] = moved, changed
        self._pairs = [*self._pairs[1 - len(self._room) :], (place[0], place[1], 1 / product)]

    def _times_inverse_hessian(self, gradient: Tensor) -> Tensor:
        """The two loops of Nocedal 1980."""
        direction = gradient.flatten()
        factors = []
        for moved, changed, inverse in reversed(self._pairs):
            factors.append(inverse * _dot(moved, direction))
            direction.sub_(changed, alpha=factors[-1])
        if self._pairs:
            _, changed, inverse = self._pairs[-1]
            direction.mul_(1 / (inverse * _dot(changed, changed)))
        for (moved, changed, inverse), factor in zip(self._pairs, reversed(factors), strict=True):
            direction.add_(moved, alpha=factor - inverse * _dot(changed, direction))
        return direction.view_as(gradient)


class Adam(Optimiser):
    """Adam (Kingma 2015), which keeps what it knows from scale to scale.

    Args:
        rate: of learning, in parts of the range of a picture; None: the usual.
    """

    explodes = math.inf
    average = 0.99

    def __init__(self, rate: float | None = None) -> None:
        self._rate = _ADAM_RATE if rate is None else rate
        self._steps = 0
        self._state: tuple[Tensor, Tensor] | None = None

    def step(self, picture: Tensor, gradient: Tensor) -> Tensor:
        """See `Optimiser`."""
        first, second = _ADAM_BETAS
        if self._state is None:
            self._state = torch.zeros_like(picture), torch.zeros_like(picture)
        mean, square = self._state
        self._steps += 1
        mean.lerp_(gradient, 1 - first)
        square.mul_(second).addcmul_(gradient, gradient, value=1 - second)
        size = (square / (1 - second**self._steps)).sqrt_().add_(_ADAM_EPSILON)
        rate = self._rate / (1 - first**self._steps)
        return torch.addcdiv(picture, mean, size, value=-rate).clamp_(0, 1)

    def retreat(self) -> None:
        """See `Optimiser`."""
        self._rate /= 2
        self._steps, self._state = 0, None

    def resize(self, size: tuple[int, int]) -> None:
        """See `Optimiser`: a loss is a mean, so among more pixels each one's slope is smaller."""
        if self._state is None:
            return
        mean, square = self._state
        fewer = mean.shape[-2] * mean.shape[-1] / (size[0] * size[1])
        self._state = (
            F.interpolate(mean, size, mode="bicubic").mul_(fewer),
            F.interpolate(square, size, mode="bilinear").mul_(fewer**2),
        )


def optimise_picture(
    picture: Tensor,
    loss: Loss,
    *,
    optimiser: Optimiser,
    steps: int,
    average: float | None = None,
    on_step: Callable[[], None],
) -> Tensor:
    """Change a picture step by step so that its loss goes down.

    Where the loss is no number, or explodes, the best picture so far is gone back to.

    Args:
        picture: (1, 3, H, W) float32 in [0, 1].
        loss: to go down.
        optimiser: the way.
        steps: how many.
        average: share that the moving average of the pictures keeps at each step; None: as is
            usual for the optimiser, over the last tenth of the steps at most.
        on_step: called after each step.

    Returns:
        The average of the pictures, or without one the best of them.

    Raises:
        ModelError: the loss of the first picture is no number.
    """
    value, gradient = loss(picture)
    if not math.isfinite(value):
        raise ModelError(
            "the loss is not a number from the start: the picture, a style or the extractor's "
            "weights hold numbers that are not finite"
        )
    best, least = picture, value
    keep = _usual_average(optimiser, steps) if average is None else average
    mean, known = torch.zeros_like(picture) if keep else None, 0.0
    for _ in range(steps):
        picture = optimiser.step(picture, gradient)
        value, gradient = loss(picture)
        if not value <= optimiser.explodes * least or not gradient.isfinite().all():
            optimiser.retreat()
            picture = best
            value, gradient = loss(picture)
        elif value < least:
            best, least = picture, value
        if mean is not None:
            mean.lerp_(picture, 1 - keep)
            known = keep * known + 1 - keep
        on_step()
    return best if mean is None else mean.div_(known)


def _usual_average(optimiser: Optimiser, steps: int) -> float:
    """What it keeps at each step, where nobody says."""
    return min(optimiser.average, max(0.0, 1 - _AVERAGED / max(steps, 1)))


def _dot(one: Tensor, other: Tensor) -> float:
    """The sum of products in single precision or better, of vectors of any size and precision."""
    parts = zip(torch.split(one, _CHUNK), torch.split(other, _CHUNK), strict=True)
    return math.fsum(float(torch.dot(a.float(), b.float())) for a, b in parts)
