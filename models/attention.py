"""Attention of a picture's features to a style's, for `sanet` and `adaattn`, in bounded memory.

A frame of 1080p has 129,600 places at relu3_1 and a style of 512 pixels 16,384: the matrix of their
scores alone would take 8.5 GB. The softmax of Vaswani 2017 (1706.03762), unscaled as both papers
have it, is exact here, for some of the places at a time. The cosine form of Liu 2021 (2108.03647,
section 3.5) is a sum of products, which needs no such matrix at all. Both are computed in float32
whatever they are given: AdaAttN takes differences of what they give.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from .instance_norm import NORM_EPSILON

Form = Literal["softmax", "cosine"]
"""How a score becomes a weight: softmax(q·k), or (1 + cos(q, k)) over the sum of such."""
MOST_SCORES = 1 << 22
"""Scores in memory at once, 16 MiB of them: what a processor's caches and a card both run well."""
COSINE_EPSILON = 1e-5
"""Added to the length of a query and of a key, as Huage001/AdaAttN does."""


def normalised(features: Tensor) -> Tensor:
    """Give each channel of (N, C, h, w) a mean of 0 and a deviation of 1.

    The variance is the unbiased one, as in both public codes; of a single place it is 0.
    """
    places = features.shape[-2] * features.shape[-1]
    variance, mean = torch.var_mean(
        features.float(), (2, 3), correction=min(1, places - 1), keepdim=True
    )
    return ((features - mean) * torch.rsqrt(variance + NORM_EPSILON)).to(features.dtype)


class SoftmaxMemory(nn.Module):
    """What a style says, place by place: a query gets the softmax-weighted mean of its values.

    Args:
        keys: (M, C, m), of m places in each of M styles.
        values: (M, D, m).
        most: scores in memory at once.
    """

    keys: Tensor
    values: Tensor

    def __init__(self, keys: Tensor, values: Tensor, *, most: int = MOST_SCORES) -> None:
        super().__init__()
        self.register_buffer("keys", keys)
        self.register_buffer("values", values)
        self._most = most

    def forward(self, queries: Tensor) -> Tensor:
        """Attend to the styles.

        Args:
            queries: (N, C, n), of n places in each of N pictures; M is N, or 1 for all of them.

        Returns:
            (N, D, n) float32.
        """
        rows = max(1, self._most // (len(queries) * self.keys.shape[-1]))
        with torch.autocast(queries.device.type, enabled=False):
            keys, values = self.keys.float(), self.values.float().mT
            attended = [
                torch.softmax(some.float().mT @ keys, dim=-1) @ values
                for some in torch.split(queries, rows, dim=-1)
            ]
        return torch.cat(attended, dim=1).mT


class CosineMemory(nn.Module):
    """The same with (1 + cosine) in place of the exponential: flatter, and so steadier on film.

    With k̂ = k / |k| the weighted mean of values v is (q̂ · Σk̂v + Σv) / (q̂ · Σk̂ + m): the sums
    are made once, and a picture of any size costs one product with them.

    Args:
        keys: (M, C, m).
        values: (M, D, m).
    """

    sums: Tensor

    def __init__(self, keys: Tensor, values: Tensor) -> None:
        super().__init__()
        with torch.autocast(keys.device.type, enabled=False):
            # As means, which stay in the range of half precision.
            sums = _unit(keys) @ _with_one(values.float()).mT / keys.shape[-1]
        self.register_buffer("sums", sums)

    def forward(self, queries: Tensor) -> Tensor:
        """Attend to the styles: (N, C, n) to (N, D, n) float32."""
        with torch.autocast(queries.device.type, enabled=False):
            attended = self.sums.float().mT @ _unit(queries)
        return attended[:, :-1] / attended[:, -1:]


def memory(form: Form, keys: Tensor, values: Tensor) -> SoftmaxMemory | CosineMemory:
    """Keep (M, C, m) keys and (M, D, m) values of styles for queries to come."""
    return SoftmaxMemory(keys, values) if form == "softmax" else CosineMemory(keys, values)


def mixed(parts: Sequence[Tensor], weights: Tensor) -> Tensor:
    """Mix features that came from several styles.

    Args:
        parts: K of (N, C, h, w).
        weights: (K, 1, H, W) which sum up to 1, of any size, such as a mixture gives for a whole
            painting; a place of the features gets the mean of what it stands for.
    """
    if len(parts) == 1:
        return parts[0]
    if weights.shape[-2:] != (1, 1):
        height, width = parts[0].shape[-2:]
        weights = F.adaptive_avg_pool2d(weights, (height, width))
    total = torch.zeros_like(parts[0])
    for part, weight in zip(parts, weights.to(total), strict=True):
        total = total + weight * part
    return total


def _unit(vectors: Tensor) -> Tensor:
    """(N, C, n) at length 1, with a row of ones below: (N, C + 1, n) float32."""
    vectors = vectors.float()
    lengths = torch.linalg.vector_norm(vectors, dim=1, keepdim=True)
    return _with_one(vectors / (lengths + COSINE_EPSILON))


def _with_one(vectors: Tensor) -> Tensor:
    return F.pad(vectors, (0, 0, 0, 1), value=1.0)
