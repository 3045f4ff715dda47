"""What a picture is painted with where it is wholly transparent: the colours around it.

Files hold any colours there, black or white or what an editor left, and a network that goes by the
light of the whole picture would paint what is visible by them.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its name everywhere


def filled(picture: Tensor, alpha: Tensor | None) -> Tensor:
    """Continue what is visible into what is not, the smoother the further away.

    By a pyramid of means, coarse to fine (the pull-push of Gortler 1996, The Lumigraph).

    Args:
        picture: (3, H, W) RGB in [0, 1].
        alpha: (1, H, W) in [0, 1]; None: all is visible.

    Returns:
        The same where alpha is above 0, and everywhere if it is nowhere.
    """
    if alpha is None or alpha.min() > 0 or alpha.max() <= 0:
        return picture
    weights = [alpha[None]]
    sums = [picture[None] * alpha]  # colours times their weights
    while max(weights[-1].shape[-2:]) > 1:
        for level in (weights, sums):
            level.append(F.avg_pool2d(level[-1], 2, ceil_mode=True, count_include_pad=False))
    colours = sums[-1] / weights[-1]
    for weight, total in zip(weights[-2::-1], sums[-2::-1], strict=True):
        colours = F.interpolate(colours, weight.shape[-2:], mode="bilinear")
        colours = torch.where(weight > 0, total / weight, colours)
    return torch.where(alpha > 0, picture, colours[0])
