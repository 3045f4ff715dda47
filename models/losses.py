"""What a painting is trained towards: the content of the photograph, the style of the picture.

Content as Johnson 2016 (1603.08155): squared error of features, but at relu4_1 of VGG-19, as Huang
2017 (1703.06868) has it. Style as Huang (means and deviations of channels) plus Gatys 2016 (Gram
matrices) at relu1_1 to relu4_1; each is measured on the whole crop and again on its four quarters,
which the papers do not do: without it a network may heap all the style into one dark corner and
leave the rest unpainted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from .pixels import local_mean

STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
CONTENT_LAYER = "relu4_1"
VARIANCE_EPSILON = 1e-5
GRID = 8
"""Pixels: the coarsest scale of `swift`, and a multiple of the others'."""
USUAL_CONTRAST = 0.2
"""Deviation of a painting's colours, of that order in all styles (see `contrast`)."""
CONTRAST_EPSILON = 1e-4
"""Added to their variance: a painting of one colour has no contrast to divide by."""
PLAIN_RADIUS = 8
"""Pixels each way: what is plain is so over more than a stroke."""
PLAIN_DEVIATION = 0.03
"""Of the lightness of what is plain: the noise of a film and more, the folds of a cloth not."""
GRAM_WEIGHT = 3000.0
"""A Gram's squared error beside one of means and deviations: about a third of it at the end."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What style is at one layer.

    Attributes:
        mean: (N, P, C), of P parts of each picture.
        deviation: (N, P, C).
        gram: (N, P, C, C), FFᵀ / (C·H·W).
    """

    mean: Tensor
    deviation: Tensor
    gram: Tensor

    def to(self, *where: Any) -> Statistics:
        """The same on a device, in a dtype."""
        return Statistics(self.mean.to(*where), self.deviation.to(*where), self.gram.to(*where))

    def chunk(self, parts: int) -> list[Statistics]:
        """Those of so many parts of the batch; a style that all share goes to each part."""
        if len(self.mean) == 1:
            return [self] * parts
        pieces = (each.chunk(parts) for each in (self.mean, self.deviation, self.gram))
        return [Statistics(*piece) for piece in zip(*pieces, strict=True)]


StyleTarget = Mapping[str, Statistics]
"""The statistics that a painting is to have, by layer."""


class _Moments(torch.autograd.Function):
    """The mean and FFᵀ / n of (B, n, C) samples, with a backward pass of one product, not two.

    Measured: this and the half precision of all products take a quarter off a training step.
    """

    @staticmethod
    def forward(context: Any, samples: Tensor) -> tuple[Tensor, Tensor]:
        context.save_for_backward(samples)
        count = samples.shape[1]
        # Sums are in fp32 whatever the samples are; in bf16 only their result is rounded.
        return samples.sum(1, dtype=torch.float32) / count, (samples.mT @ samples).float() / count

    @staticmethod
    def backward(context: Any, mean: Tensor, product: Tensor) -> Tensor:
        (samples,) = context.saved_tensors
        both = ((product + product.mT) / samples.shape[1]).to(samples.dtype)
        return torch.baddbmm((mean[:, None] / samples.shape[1]).to(samples.dtype), samples, both)


def statistics(features: Tensor, *, parts: int = 1) -> Statistics:
    """Measure the style of features.

    Args:
        features: (N, C, H, W).
        parts: cut each side into this many; the P = parts² pieces are measured apart. What does
            not divide is left out at the far edges.
    """
    number, channels, height, width = features.shape
    tall, wide = height // parts, width // parts
    cut = features[..., : tall * parts, : wide * parts].permute(0, 2, 3, 1)
    grid = cut.reshape(number, parts, tall, parts, wide, channels).transpose(2, 3)
    samples = grid.reshape(number * parts * parts, tall * wide, channels)
    mean, product = _Moments.apply(samples)
    mean = mean.unflatten(0, (number, parts * parts))
    product = product.unflatten(0, (number, parts * parts))
    return Statistics(mean, _deviation(mean, product), product / channels)


def _deviation(mean: Tensor, product: Tensor) -> Tensor:
    variance = product.diagonal(dim1=-2, dim2=-1) - mean.square()
    return (variance.clamp_min(0) + VARIANCE_EPSILON).sqrt()


def join(parts: Statistics) -> Statistics:
    """The statistics of the whole (P = 1) from those of its equal parts."""
    mean = parts.mean.mean(1, keepdim=True)
    gram = parts.gram.mean(1, keepdim=True)
    return Statistics(mean, _deviation(mean, gram * mean.shape[-1]), gram)


def together(statistics: Sequence[Statistics]) -> Statistics:
    """The statistics of several pictures as those of one batch."""
    return Statistics(
        torch.cat([each.mean for each in statistics]),
        torch.cat([each.deviation for each in statistics]),
        torch.cat([each.gram for each in statistics]),
    )


def style_target(features: Mapping[str, Tensor]) -> StyleTarget:
    """The statistics that a painting is to have, from (1, C, H, W) features of the style."""
    return {layer: statistics(features[layer]) for layer in STYLE_LAYERS}


def moments_loss(found: Statistics, wanted: Statistics) -> Tensor:
    """MSE of means plus MSE of deviations, over pictures, parts and channels."""
    mean = (found.mean - wanted.mean).square().mean()
    return mean + (found.deviation - wanted.deviation).square().mean()


def gram_loss(found: Statistics, wanted: Statistics) -> Tensor:
    """MSE of Gram matrices, over pictures, parts and pairs of channels."""
    return (found.gram - wanted.gram).square().mean()


def style_loss(
    features: Mapping[str, Tensor],
    target: StyleTarget,
    *,
    quarters: float = 0.5,
    gram: float = GRAM_WEIGHT,
) -> Tensor:
    """How far features are from the style.

    Args:
        features: (N, C, H, W) by layer.
        target: what they are to have.
        quarters: share in the loss of what is measured on the four quarters, 0 to 1; the rest is
            measured on the whole.
        gram: weight of the squared error of a Gram beside those of means and deviations.
    """
    total = torch.zeros(())
    for layer, wanted in target.items():
        parts = statistics(features[layer], parts=2)
        for found, share in ((join(parts), 1 - quarters), (parts, quarters)):
            loss = moments_loss(found, wanted) + gram * gram_loss(found, wanted)
            total = total.to(loss.device) + share * loss
    return total


def content_loss(features: Mapping[str, Tensor], target: Mapping[str, Tensor]) -> Tensor:
    """MSE at relu4_1."""
    return F.mse_loss(features[CONTENT_LAYER].float(), target[CONTENT_LAYER].float())


def contrast(pictures: Tensor) -> Tensor:
    """How strong the colours of (N, 3, H, W) vary, all pictures together; 1 is usual.

    What weighs against strokes (variation, lattices, flicker) is measured in terms of it, for it is
    easiest pleased by paler paintings. Those of `scream`, `composition` and `fauve` were 13 to 18 %
    paler than their styles; a third of that put back took 13 to 18 % off their style loss and 24
    to 35 % off their Gram loss, for 4 to 7 % more content loss.
    """
    variance = pictures.var((2, 3), correction=0).mean()
    return (variance + CONTRAST_EPSILON).sqrt() / USUAL_CONTRAST


def plainness(photographs: Tensor) -> Tensor:
    """How plain (N, 3, H, W) photographs are around each pixel: (N, 1, H, W).

    From 1 where nothing is to be seen but the noise of a camera down to 0.
    """
    light = photographs.float().mean(1, keepdim=True)
    mean = local_mean(light, PLAIN_RADIUS)
    variance = local_mean(light.square(), PLAIN_RADIUS) - mean.square()
    return torch.exp(-variance.clamp_min(0) / PLAIN_DEVIATION**2)


def total_variation(pictures: Tensor, where: Tensor | None = None) -> Tensor:
    """Mean absolute difference between neighbours, down plus across, of (N, 3, H, W).

    Args:
        pictures: what is measured.
        where: (N, 1, H, W), by which places count; all alike by default.
    """
    down = (pictures[..., 1:, :] - pictures[..., :-1, :]).abs()
    across = (pictures[..., 1:] - pictures[..., :-1]).abs()
    if where is not None:
        down, across = down * where[..., 1:, :], across * where[..., 1:]
    return down.mean() + across.mean()


def grid(pictures: Tensor) -> Tensor:
    """How much of a pattern of period 8 there is in (N, 3, H, W), H and W multiples of 16.

    The variance of what lies equally far from the corner of its 8×8, in each quarter. Convolutions
    with a stride can lay such a lattice over all that they paint; a picture has none.
    """
    number, channels, height, width = pictures.shape
    tall, wide = height // (2 * GRID), width // (2 * GRID)
    cells = pictures.reshape(number, channels, 2, tall, GRID, 2, wide, GRID)
    return cells.mean((3, 6)).var((3, 5), correction=0).mean()
