"""A style in the colours of the content, so that a painting of it keeps them.

Gatys 2016, "Preserving color in neural artistic style transfer" (1606.05897), section 4: a linear
map of colours after which mean and covariance of the style are those of the content. There are as
many such maps as there are rotations of colours; the paper prefers Σ_c^½ Σ_s^-½, from principal
components, to Cholesky's. We take the one that moves colours least, from principal components too
(Pitié 2007, "The linear Monge-Kantorovitch colour mapping"): by the paper's, blues and greys of
prints came out as poison green and pink.
"""

from __future__ import annotations

import torch
from torch import Tensor

FAINTEST = (1.5 / 255) ** 2
"""Variance below which a style has no colour to stretch: in a grey scan what is left of colour is
rounding and compression, and to match it would paint their blocks."""


def match_colour(style: Tensor, content: Tensor) -> Tensor:
    """Give a style picture the colours of a content picture.

    Mean and covariance of the style's colours become those of the content, but for colours that
    are clipped, and as far as the style varies: greys vary in one direction, one colour in none.

    Args:
        style: (3, H, W) RGB in [0, 1].
        content: (3, h, w) RGB in [0, 1], of any size.

    Returns:
        (3, H, W) in [0, 1], on the device and in the type of `style`.
    """
    mean, spread = _colours(style)
    wanted_mean, wanted_spread = _colours(content)
    # No direction counts as fainter than that, so none is stretched without bounds.
    root, inverse = _power(spread, 0.5, least=FAINTEST), _power(spread, -0.5, least=FAINTEST)
    matrix = inverse @ _power(root @ wanted_spread @ root, 0.5) @ inverse
    offset = wanted_mean - matrix @ mean
    changed = torch.einsum("ij,jhw->ihw", matrix.to(style), style)
    return changed.add_(offset.to(style).view(3, 1, 1)).clamp_(0, 1)


def _colours(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Mean, (3,), and covariance, (3, 3), of a picture's colours: in double, on the processor."""
    pixels = picture.detach().flatten(1).to("cpu", torch.float64)
    mean = pixels.mean(1)
    centred = pixels - mean[:, None]
    return mean, centred @ centred.T / pixels.shape[1]


def _power(covariance: Tensor, exponent: float, *, least: float = 0.0) -> Tensor:
    """A power of a symmetric matrix, whose eigenvalues are raised to `least` before."""
    values, vectors = torch.linalg.eigh(covariance)
    power: Tensor = (vectors * values.clamp_min(least).pow(exponent)) @ vectors.T
    return power
