"""What `nnst` brings down: how unlike a picture is to the features that its places were given.

`ColumnMatch` gives each place a hypercolumn, once; `LayerMatch` splits them: each layer is matched
on its own, at random places and anew as the picture changes (Kolkin 2022, 2203.13215, sections 3.2
and 3.3). Below full strength a place is given what lies between the style's and the content's.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from .any_style import Mixture
from .hypercolumns import balance, columns, gather, grid_of, on_grid, read, widths
from .nearest import relative
from .vgg import Vgg

COLUMNS = 2**17
"""Hypercolumns in a pool, 1 GB: all there are up to a style of 724² pixels."""
ROWS, PART = 2**16, 2**13
"""Features of each layer that a last pass holds, 0.5 GB, and those that a step matches with."""
PLACES = 64 * 64
"""Of each layer that a step of the last pass looks at, at most (the paper's code: about 64²)."""
FEWEST = 256
"""Places that it looks at if there are so many; between the two it is a quarter of them."""
EPSILON = 1e-6
"""Below this square of a length a feature has no direction."""


class ColumnMatch:
    """How unlike a picture's hypercolumns are to those of the styles that are nearest.

    Args:
        vgg: the extractor.
        content: (1, 3, H, W).
        search: likewise; whose features the styles' are searched by.
        styles: (1, 3, h, w) each, at the size that strokes are to have.
        mixture: says where each style is.
        strength: 0 to 1, of the styles in the targets; the rest is the content's.
        generator: of random draws.
    """

    def __init__(
        self,
        vgg: Vgg,
        content: Tensor,
        search: Tensor,
        styles: Sequence[Tensor],
        mixture: Mixture,
        *,
        strength: float,
        generator: torch.Generator,
    ) -> None:
        self._vgg, self._grid = vgg, grid_of(content)
        pool = gather(
            styles,
            lambda style: {"columns": columns(vgg, style)},
            most=COLUMNS,
            generator=generator,
        )["columns"]
        factors = balance(pool, widths(vgg))
        wanted = columns(vgg, search).mul_(factors)
        wanted -= _Middles(mixture, self._grid, wanted).of(wanted.T).T
        index = pool.nearest(wanted, shares_at(mixture, self._grid, wanted))
        del wanted
        targets = pool.rows[index] + pool.means_at(index)
        del pool
        if strength < 1:
            targets = targets.mul_(strength).add_(
                columns(vgg, content).mul_(factors), alpha=1 - strength
            )
        targets *= factors * targets.square().sum(1, keepdim=True).add(EPSILON).rsqrt()
        parts = targets.split_with_sizes(widths(vgg), 1)
        self._targets = [part.T.reshape(1, -1, *self._grid) for part in parts]
        self._squares = [float(part[0]) ** 2 for part in factors.split_with_sizes(widths(vgg))]

    def __call__(self, picture: Tensor, step: int) -> Tensor:
        """1 less the mean cosine with the targets; the same at every step."""
        dots: Tensor | float = 0.0
        squares: Tensor | float = EPSILON
        found = read(self._vgg, picture).values()
        for features, target, square in zip(found, self._targets, self._squares, strict=True):
            layer = on_grid(features, self._grid)
            dots = dots + (layer * target).sum(1)
            squares = squares + layer.square().sum(1) * square
        return 1 - (dots * squares**-0.5).mean()


class LayerMatch:
    """How unlike each layer of a picture is to what the styles have there.

    Unlike the paper's code we measure from the styles' means, not from the picture's own: to that
    measure a picture whose colours drift as a whole looks as good as before.

    Args:
        vgg: the extractor.
        content: (1, 3, H, W).
        styles: (1, 3, h, w) each.
        mixture: says where each style is.
        strength: 0 to 1, of the styles in the targets.
        rematch: steps from one search to the next.
        generator: of random draws.
    """

    def __init__(
        self,
        vgg: Vgg,
        content: Tensor,
        styles: Sequence[Tensor],
        mixture: Mixture,
        *,
        strength: float,
        rematch: int,
        generator: torch.Generator,
    ) -> None:
        self._vgg, self._strength, self._rematch = vgg, strength, rematch
        self._generator = generator
        self._pools = gather(
            styles,
            lambda style: {name: _flat(found).T for name, found in read(vgg, style).items()},
            most=ROWS,
            generator=generator,
        )
        self._shares: dict[str, Tensor] = {}
        self._middles: dict[str, _Middles] = {}
        self._content: dict[str, tuple[Tensor, Tensor]] = {}
        for name, found in read(vgg, content).items():
            size = found.shape[2], found.shape[3]
            self._shares[name] = shares_at(mixture, size, found)
            self._middles[name] = _Middles(mixture, size, found)
            if strength < 1:
                flat = _flat(found)
                self._content[name] = (flat.half(), flat.mean(1))  # half the memory
        self._places: dict[str, Tensor] = {}
        self._targets: dict[str, tuple[Tensor, Tensor]] = {}

    def __call__(self, picture: Tensor, step: int) -> Tensor:
        """1 less the mean cosine with the targets, summed over layers."""
        losses = []
        for name, found in read(self._vgg, picture).items():
            features = _flat(found)
            if step % self._rematch == 0:
                self._match(name, features.detach(), step // self._rematch)
            target, middle = self._targets[name]
            seen = features.index_select(1, self._places[name]).T - middle
            losses.append(1 - F.cosine_similarity(seen, target, dim=1, eps=EPSILON).mean())
        return torch.stack(losses).sum()

    @torch.no_grad()
    def _match(self, name: str, features: Tensor, turn: int) -> None:
        """Draw places and find, for each, the target less the mean that both are measured from."""
        drawn = torch.randperm(features.shape[1], generator=self._generator)
        places = drawn[: min(PLACES, max(FEWEST, len(drawn) // 4))].to(features.device)
        pool = self._pools[name].part(turn, PART)
        centred = (features[:, places] - self._middles[name].of(features, places)).T
        shares = self._shares[name]
        index = pool.nearest(centred, shares[:, places])
        target, middle = pool.rows[index], pool.means_at(index)
        if self._strength < 1:
            content, mean = self._content[name]
            rest = content[:, places].T.float() - mean
            target = target.lerp(rest, 1 - self._strength)
            middle = middle.lerp(mean.expand_as(middle), 1 - self._strength)
        self._places[name], self._targets[name] = places, (target, middle)


def shares_at(mixture: Mixture, size: tuple[int, int], like: Tensor) -> Tensor:
    """Shares of the styles relative to the largest at each place of a grid, (K, P)."""
    weights = mixture.weights(size).expand(-1, -1, *size)
    return relative(weights.flatten(1).to(like.device))


class _Middles:
    """The means that places are measured from: each style's places have one of their own.

    A dark part of a picture is to meet all of its style, not the dark side of it.
    """

    def __init__(self, mixture: Mixture, size: tuple[int, int], like: Tensor) -> None:
        guides = mixture.guides(size).expand(-1, -1, *size).flatten(1).to(like)
        self._weights = guides / guides.sum(0)
        self._parts = guides / guides.sum(1, keepdim=True)

    def of(self, features: Tensor, places: Tensor | slice = slice(None)) -> Tensor:
        """For some places of features (C, P): (C, those)."""
        return features @ self._parts.T @ self._weights[:, places]


def _flat(features: Tensor) -> Tensor:
    """Features (1, C, h, w) as (C, P)."""
    return features[0].flatten(1)
