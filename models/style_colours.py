"""Colours of the content in a painting, distributed as a style's: the optional end of `nnst`.

The lightness stays the painting's, strokes and all. Colour is the content's, moved so that its mean
and covariance are the style's (the linear optimal transport between two Gaussians), and led along
the edges of the painting by a guided filter (He 2010). The paper's code does the like in Oklab with
a bilateral filter.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .pixels import local_mean
from .style_terms import symmetric_root

LIGHT = (0.2126, 0.7152, 0.0722)
"""Of R, G and B in lightness (BT.709)."""
LEAST = 1e-4
"""Added to the content's variances: colours that do not vary are not made to."""
SOFTNESS = 1e-3
"""Of the guided filter: a step of lightness well above its root, 0.03, is an edge for colour."""
REACH = 1 / 64
"""Of the shorter side: the radius of the guided filter."""


def with_colours_of(
    painted: Tensor,
    content: Tensor,
    styles: Sequence[Tensor],
    *,
    weights: Tensor,
    guides: Tensor,
) -> Tensor:
    """Give a painting the content's colours, distributed as the styles'.

    Args:
        painted: (1, 3, H, W) RGB in [0, 1].
        content: likewise.
        styles: (1, 3, h, w) each.
        weights: (K, 1, H or 1, W or 1) of each style.
        guides: likewise, by which places count when the content's colours are measured for each.

    Returns:
        (1, 3, H, W) RGB in [0, 1].
    """
    light, _ = _split(painted)
    _, colour = _split(content)
    moved = torch.zeros_like(colour)
    for style, weight, guide in zip(styles, weights, guides, strict=True):
        moved += weight * _moved(colour, _split(style)[1], where=guide)
    red, blue = _guided(moved, light).unbind(1)
    bright = light[:, 0]
    green = bright - (LIGHT[0] * red + LIGHT[2] * blue) / LIGHT[1]
    return torch.stack([bright + red, green, bright + blue], 1).clamp(0, 1)


def _split(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Lightness (1, 1, H, W), and what red and blue are above it (1, 2, H, W)."""
    light = (picture * picture.new_tensor(LIGHT)[:, None, None]).sum(1, keepdim=True)
    return light, picture[:, ::2] - light


def _moved(colour: Tensor, like: Tensor, *, where: Tensor) -> Tensor:
    """Colours (1, 2, H, W) that have, where it counts, mean and covariance of (1, 2, h, w)."""
    mean, covariance = _spread(colour, where)
    goal_mean, goal = _spread(like, torch.ones_like(like[0, :1]))
    root = symmetric_root(covariance + torch.eye(2, device=colour.device) * LEAST)
    inverse = torch.linalg.inv(root)
    transport = inverse @ symmetric_root(root @ goal @ root) @ inverse
    moved: Tensor = transport @ (colour.flatten(2)[0] - mean) + goal_mean
    return moved.reshape(colour.shape)


def _spread(colour: Tensor, where: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (2, 1) and covariance (2, 2) of (1, 2, H, W), each place by (1, H or 1, W or 1)."""
    flat = colour.flatten(2)[0]
    counts = where.expand(1, *colour.shape[-2:]).flatten(1)
    share = counts / counts.sum()
    mean = (flat * share).sum(1, keepdim=True)
    return mean, (flat - mean) * share @ (flat - mean).T


def _guided(colour: Tensor, light: Tensor) -> Tensor:
    """Colours smoothed where the lightness is smooth: locally each is linear in it."""
    radius = max(1, round(min(light.shape[-2:]) * REACH))
    mean, mean_light = local_mean(colour, radius), local_mean(light, radius)
    variance = local_mean(light * light, radius) - mean_light * mean_light
    together = local_mean(colour * light, radius) - mean * mean_light
    slope = together / (variance.clamp_min(0) + SOFTNESS)
    offset = mean - slope * mean_light
    return local_mean(slope, radius) * light + local_mean(offset, radius)
