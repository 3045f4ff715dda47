"""What `gatys` compares of features: five terms, each a distance between means over places.

Li 2017 (1701.01036) shows that the Gram matrices of Gatys 2016 are a maximum mean discrepancy (MMD)
with the second-order polynomial kernel, and offers others. Each term here takes something of every
place and averages it: so a term can be measured tile by tile, or weighed by a mask, exactly.

gram         features times features: MMD with the kernel (xᵀy)²
linear       features: MMD with the kernel xᵀy
gaussian     waves of features: MMD with the kernel exp(-|x - y|² / 2σ²)
moments      mean and deviation of each channel (Li's matching of batch norm statistics)
wasserstein  mean and covariance: W₂² between the Gaussians that have them
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from .gatys_options import StyleTerm

Statistics = tuple[Tensor, ...]
"""Means over places of what a term looks at."""

_VARIANCE_EPSILON = 1e-5
_ROOT_EPSILON = 1e-6
"""Added to variances before roots of matrices: the normalised VGG's are about 1, and what a plain
style lacks altogether is to have a finite slope."""
_WAVES = 4
"""Random waves for each channel, see `Gaussian`; 256 at least, and so that 512 channels have as
many as pixels of a small picture's deepest layer can tell apart."""
_CHUNK = 1 << 24
"""Numbers of waves at once: 64 MB."""


class Term(ABC):
    """One way to compare features.

    Attributes:
        scale: times the distance, in parts of what two pictures could be apart, for the usual
            balance of style and content.
    """

    scale: ClassVar[float]

    @abstractmethod
    def measure(self, samples: Tensor, weights: Tensor) -> Statistics:
        """The sums over places of what this term looks at.

        Args:
            samples: (C, n) float32.
            weights: of each place, (n,), or () for all alike. With weights that sum up to 1 over
                all tiles, the sums of all tiles are a mean.
        """

    def prepare(self, style: Statistics) -> Statistics:
        """What is to be known of a style, once, from its measurement."""
        return style

    def size(self, measured: Statistics) -> float:
        """How far a measurement is from features that are 0 everywhere.

        No two are farther apart than their sizes together: features are not negative, so that all
        these statistics point into one quarter of their space.
        """
        nothing = tuple(torch.zeros_like(each) for each in measured)
        return float(self.distance(nothing, self.prepare(measured)))

    @abstractmethod
    def distance(self, found: Statistics, wanted: Statistics) -> Tensor:
        """How far a measurement is from a style that was prepared; 0 if it is the same."""


class Gram(Term):
    """FFᵀ / n for each two channels: the mean of squares over C², as if F were divided by √C."""

    scale = 80.0

    def measure(self, samples: Tensor, weights: Tensor) -> Statistics:
        """See `Term`."""
        return (_products(samples, weights),)

    def distance(self, found: Statistics, wanted: Statistics) -> Tensor:
        """See `Term`."""
        return (found[0] - wanted[0]).square().mean() / len(found[0]) ** 2


class Linear(Term):
    """The mean of each channel."""

    scale = 50.0

    def measure(self, samples: Tensor, weights: Tensor) -> Statistics:
        """See `Term`."""
        return (_sum(samples, weights),)

    def distance(self, found: Statistics, wanted: Statistics) -> Tensor:
        """See `Term`."""
        return (found[0] - wanted[0]).square().mean()


class Moments(Term):
    """Mean and deviation of each channel."""

    scale = 80.0

    def measure(self, samples: Tensor, weights: Tensor) -> Statistics:
        """See `Term`."""
        return _sum(samples, weights), _sum(samples.square(), weights)

    def distance(self, found: Statistics, wanted: Statistics) -> Tensor:
        """See `Term`."""
        deviations = [(variance(each) + _VARIANCE_EPSILON).sqrt() for each in (found, wanted)]
        means = (found[0] - wanted[0]).square().mean()
        return means + (deviations[0] - deviations[1]).square().mean()


class Gaussian(Term):
    """Means of random waves √(2/D) cos(ωᵀx + φ), whose products are the kernel (Rahimi 2007).

    Li 2017 draws pairs of places anew at each step. Waves are drawn once: the loss stays the same
    from step to step, as L-BFGS needs, and the cost is linear. σ² is the mean squared distance
    between two places of the style, as the paper has it.

    Args:
        variances: (C,) of the style's channels.
        seed: of the waves.
    """

    scale = 200.0

    def __init__(self, variances: Tensor, *, seed: int) -> None:
        channels = len(variances)
        count = max(256, _WAVES * channels)
        generator = torch.Generator().manual_seed(seed)
        width = (2 * variances.sum()).clamp_min(_VARIANCE_EPSILON).sqrt()
        waves = torch.randn(count, channels, generator=generator)
        self.waves = waves.to(variances.device) / width
        phases = torch.rand(count, generator=generator) * (2 * math.pi)
        self.phases = phases.to(variances.device)

    def measure(self, samples: Tensor, weights: Tensor) -> Statistics:
        """See `Term`."""
        mean: Tensor = _Waves.apply(samples, weights, self.waves, self.phases)
        return (mean,)

    def distance(self, found: Statistics, wanted: Statistics) -> Tensor:
        """See `Term`."""
        return (found[0] - wanted[0]).square().sum()


class Wasserstein(Term):
    """|μ - μ'|² + tr(Σ + Σ' - 2 (Σ'^½ Σ Σ'^½)^½), over C.

    In double precision on the processor: single precision leaves of a root of small eigenvalues
    nothing but noise, and these matrices are small.
    """

    scale = 45.0

    def measure(self, samples: Tensor, weights: Tensor) -> Statistics:
        """See `Term`."""
        return _sum(samples, weights), _products(samples, weights)

    def prepare(self, style: Statistics) -> Statistics:
        """The mean and the root of the covariance."""
        mean, covariance = _gaussian(style)
        return mean, symmetric_root(covariance)

    def distance(self, found: Statistics, wanted: Statistics) -> Tensor:
        """See `Term`."""
        mean, covariance = _gaussian(found)
        mean_wanted, root = wanted
        common: Tensor = _TraceOfRoot.apply(root @ covariance @ root)
        spread = covariance.trace() + root.square().sum() - 2 * common
        distance = (mean - mean_wanted).square().sum() + spread
        return (distance / len(mean)).to(found[0].device, torch.float32)


_TERMS: dict[StyleTerm, type[Term]] = {
    "gram": Gram,
    "linear": Linear,
    "moments": Moments,
    "wasserstein": Wasserstein,
}
"""Those that need to know nothing of the style."""


def make_term(name: StyleTerm, styles: Sequence[Statistics], *, seed: int) -> Term:
    """The term of a name.

    Args:
        name: which.
        styles: what `Moments` measures of each style at the layer that the term is for.
        seed: of its random numbers.
    """
    if name != "gaussian":
        return _TERMS[name]()
    spread = torch.stack([variance(style) for style in styles]).mean(0)
    return Gaussian(spread, seed=seed)


def variance(moments: Statistics) -> Tensor:
    """Variances of channels, (C,), from what `Moments` measures."""
    mean, square = moments
    return (square - mean.square()).clamp_min(0)


def _sum(samples: Tensor, weights: Tensor) -> Tensor:
    """(C, n) to (C,)."""
    return samples @ weights if weights.dim() else samples.sum(1) * weights


def _products(samples: Tensor, weights: Tensor) -> Tensor:
    """(C, n) to (C, C)."""
    if weights.dim():
        return (samples * weights) @ samples.mT
    return (samples @ samples.mT) * weights


def _gaussian(statistics: Statistics) -> tuple[Tensor, Tensor]:
    """Mean and covariance, with a hair's breadth in every direction."""
    mean, products = (each.to("cpu", torch.float64) for each in statistics)
    covariance = products - mean[:, None] * mean
    return mean, (covariance + covariance.mT) / 2 + _ROOT_EPSILON * torch.eye(len(mean)).double()


def symmetric_root(matrix: Tensor) -> Tensor:
    """The square root of a symmetric matrix, (C, C); negative eigenvalues, of rounding, are 0."""
    values, vectors = torch.linalg.eigh(matrix.cpu())  # few cards of Apple's can
    root: Tensor = (vectors * values.clamp_min(0).sqrt()) @ vectors.mT
    return root.to(matrix.device)


class _TraceOfRoot(torch.autograd.Function):
    """tr(A^½) of a symmetric A, whose slope is A^-½ / 2.

    Through the eigenvectors themselves a slope is not finite where two eigenvalues are the same.
    """

    @staticmethod
    def forward(context: Any, matrix: Tensor) -> Tensor:
        values, vectors = torch.linalg.eigh((matrix + matrix.mT) / 2)
        roots = values.clamp_min(_ROOT_EPSILON**2).sqrt()
        context.save_for_backward(roots, vectors)
        total: Tensor = roots.sum()
        return total

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        roots, vectors = context.saved_tensors
        slope: Tensor = gradient * ((vectors / (2 * roots)) @ vectors.mT)
        return slope


class _Waves(torch.autograd.Function):
    """Σ w √(2/D) cos(Ωx + φ), in chunks that are computed again on the way back."""

    @staticmethod
    def forward(
        context: Any, samples: Tensor, weights: Tensor, waves: Tensor, phases: Tensor
    ) -> Tensor:
        context.save_for_backward(samples, weights, waves, phases)
        total = torch.zeros_like(phases)
        for part, weight in _chunks(samples, weights, len(phases)):
            total += _sum(torch.addmm(phases[:, None], waves, part).cos_(), weight)
        return total * math.sqrt(2 / len(phases))

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        samples, weights, waves, phases = context.saved_tensors
        back = (waves * gradient[:, None] * -math.sqrt(2 / len(phases))).mT
        slopes = [
            (back @ torch.addmm(phases[:, None], waves, part).sin_()) * weight
            for part, weight in _chunks(samples, weights, len(phases))
        ]
        return torch.cat(slopes, 1), None, None, None


def _chunks(samples: Tensor, weights: Tensor, count: int) -> list[tuple[Tensor, Tensor]]:
    size = max(1, _CHUNK // count)
    parts = torch.split(samples, size, dim=1)
    if not weights.dim():
        return [(part, weights) for part in parts]
    return list(zip(parts, torch.split(weights, size), strict=True))
