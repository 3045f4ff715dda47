"""The loss of `gatys` and its gradient, for pictures of any size: tile by tile, and exact.

A style term depends on means over the whole picture. For a picture in tiles they are gathered
first, without gradients; then the slope of the loss by these means is known, and each tile is run
again with gradients against it. What comes out is what the whole would give, within rounding.

Each loss is in parts of what it could be: the content's, of the energy of its features; a style's,
of how far the content and the style together are from nothing. In the paper's absolute numbers the
Gram matrices of one painting are ten times those of another, and the features of one photograph
three times those of another: no balance would suit two pairs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from .any_style import Mixture
from .gatys_options import GatysOptions, Variation, shares
from .style_terms import Statistics, Term, make_term
from .tiles import Tile, TiledVgg
from .vgg import Vgg, stride

Measured = dict[str, list[Statistics]]
"""By layer: the statistics of a picture as each style weighs its places, or one for all styles."""

_Known = TypeVar("_Known")

_LEAST_SIZE = 1e-12
"""Of features that are 0 everywhere."""

_Target = dict[str, Tensor]
"""By layer, the content's features in a tile."""


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """What the styles are at one layer.

    Attributes:
        term: how features are compared.
        styles: with what of each style.
        sizes: of each style (see `Term.size`).
    """

    term: Term
    styles: list[Statistics]
    sizes: list[float]


def measure_styles(
    vgg: Vgg, pictures: Sequence[Tensor], options: GatysOptions
) -> dict[str, Wanted]:
    """Measure style pictures, (1, 3, H, W) each, at every style layer that counts."""
    layers = list(shares(options.style_layers)) if options.style_weight else []
    spreads: list[Measured] = []
    if options.style_term == "gaussian":
        moments = {layer: make_term("moments", [], seed=options.seed) for layer in layers}
        spreads = [_measure_whole(vgg, each, moments, side=options.tile) for each in pictures]
    terms = {
        layer: make_term(
            options.style_term, [each[layer][0] for each in spreads], seed=options.seed
        )
        for layer in layers
    }
    found = [_measure_whole(vgg, each, terms, side=options.tile) for each in pictures]
    return {
        layer: Wanted(
            term,
            styles=[term.prepare(each[layer][0]) for each in found],
            sizes=[term.size(each[layer][0]) for each in found],
        )
        for layer, term in terms.items()
    }


class PictureLoss:
    """Content, style and total variation of a picture, together.

    Args:
        vgg: the extractor, where the pictures are; its features are compared in float32.
        content: (1, 3, H, W) float32, what the picture is to show.
        wanted: the styles, by layer.
        styles: their shares, and masks.
        options: weights and terms.
    """

    def __init__(
        self,
        vgg: Vgg,
        content: Tensor,
        *,
        wanted: Mapping[str, Wanted],
        styles: Mixture,
        options: GatysOptions,
    ) -> None:
        size = (content.shape[-2], content.shape[-1])
        self._options, self._wanted = options, wanted
        self._terms = {layer: each.term for layer, each in wanted.items()}
        self._style = shares(options.style_layers)
        self._content = shares(options.content_layers) if options.content_weight else {}
        self._view = TiledVgg(vgg, options.wanted_layers(), size=size, side=options.tile)
        weights = {layer: styles.guides(self._view.grids[layer])[:, 0] for layer in wanted}
        self._shares = {layer: each.mean((1, 2)).tolist() for layer, each in weights.items()}
        self._places = {
            layer: _per_place(each.to(content.device), self._view.grids[layer])
            for layer, each in weights.items()
        }
        self._targets = [self._target(content, tile) for tile in self._view.tiles]
        self._energy = {
            layer: sum(float(each[layer].float().square().sum()) for each in self._targets)
            for layer in self._content
        }
        self._weights = self._weigh_styles(content)

    def __call__(self, picture: Tensor) -> tuple[float, Tensor]:
        """The loss of a picture, (1, 3, H, W) float32, and its gradient."""
        tiles = self._view.tiles
        value, slopes = torch.zeros((), device=picture.device), None
        if len(tiles) > 1 and self._wanted:
            value, slopes = self._style_slopes(picture)
        gradient = torch.zeros_like(picture)
        for tile, target in zip(tiles, self._targets, strict=True):
            piece = tile.cut(picture).detach().clone().requires_grad_()
            with torch.enable_grad():
                features = self._view.look(piece, tile)
                loss = self._own_loss(piece, features, tile, target)
                measured = _measure(features, self._terms, self._places, tile)
                if slopes is None:
                    loss = whole = loss + self._style_loss(measured)
                else:
                    products = zip(_flat(measured), slopes, strict=True)
                    whole = loss + sum((found * slope).sum() for found, slope in products)
                (part,) = torch.autograd.grad(whole, piece)
            tile.cut(gradient).add_(part)
            value = value + loss.detach()
        return value.item(), gradient

    def _own_loss(
        self, piece: Tensor, features: Mapping[str, Tensor], tile: Tile, target: _Target
    ) -> Tensor:
        """A tile's part of the losses that are sums over places: content and total variation."""
        options, loss = self._options, piece.new_zeros(())
        for layer, share in self._content.items():
            error = (features[layer] - target[layer]).square().sum()
            weight = options.content_weight * share / max(self._energy[layer], _LEAST_SIZE)
            loss = loss + weight * error
        if options.tv_weight:
            loss = loss + options.tv_weight * _variation(piece, tile, options.tv)
        return loss

    def _style_loss(self, measured: Measured) -> Tensor:
        losses = []
        for layer, wanted in self._wanted.items():
            groups = _for_each(wanted.styles, measured[layer])
            weighed = zip(self._weights[layer], groups, wanted.styles, strict=True)
            for weight, found, style in weighed:
                losses.append(weight * wanted.term.distance(found, style))
        return torch.stack(losses).sum() if losses else torch.zeros(())

    def _weigh_styles(self, content: Tensor) -> dict[str, list[float]]:
        """What each distance counts: it is taken in parts of the sizes of style and content."""
        options = self._options
        measured: Measured = {}
        if options.content_weight and self._wanted:  # a texture is to know nothing of the content
            measured = _measure_tiles(self._view, content, self._terms, self._places)
        weights = {}
        for layer, wanted in self._wanted.items():
            term, sizes = wanted.term, wanted.sizes
            if measured:
                groups = _for_each(sizes, [term.size(each) for each in measured[layer]])
                sizes = [sum(both) for both in zip(sizes, groups, strict=True)]
            usual = options.style_weight * self._style[layer] * term.scale
            weights[layer] = [
                usual * share / max(size, _LEAST_SIZE)
                for share, size in zip(self._shares[layer], sizes, strict=True)
            ]
        return weights

    def _style_slopes(self, picture: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The style's loss, and its slopes by the statistics of the whole picture."""
        found = _measure_tiles(self._view, picture, self._terms, self._places)
        leaves = [each.requires_grad_() for each in _flat(found)]
        with torch.enable_grad():
            loss = self._style_loss(found)
        return loss.detach(), list(torch.autograd.grad(loss, leaves))

    @torch.no_grad()
    def _target(self, content: Tensor, tile: Tile) -> _Target:
        """The content's features in a tile; in half precision if there are many tiles."""
        features = self._view.look(tile.cut(content), tile)
        kept = torch.float32 if len(self._view.tiles) == 1 else torch.float16
        return {layer: features[layer].to(kept, copy=True) for layer in self._content}


def _measure_whole(vgg: Vgg, picture: Tensor, terms: Mapping[str, Term], *, side: int) -> Measured:
    """Measure all of a picture, (1, 3, H, W), every place alike."""
    size = (picture.shape[-2], picture.shape[-1])
    view = TiledVgg(vgg, list(terms), size=size, side=side)
    alike = torch.ones(1, 1, 1, device=picture.device)
    places = {layer: _per_place(alike, view.grids[layer]) for layer in terms}
    return _measure_tiles(view, picture, terms, places)


@torch.no_grad()
def _measure_tiles(
    view: TiledVgg, picture: Tensor, terms: Mapping[str, Term], places: Mapping[str, Tensor]
) -> Measured:
    """Measure a picture tile by tile."""
    whole: Measured = {}
    for tile in view.tiles:
        part = _measure(view.look(tile.cut(picture), tile), terms, places, tile)
        if not whole:
            whole = part
            continue
        for total, more in zip(_flat(whole), _flat(part), strict=True):
            total.add_(more)
    return whole


def _measure(
    features: Mapping[str, Tensor],
    terms: Mapping[str, Term],
    places: Mapping[str, Tensor],
    tile: Tile,
) -> Measured:
    """A tile's part of the statistics."""
    measured: Measured = {}
    for layer, term in terms.items():
        weights = places[layer]
        if weights.shape[1:] == (1, 1):
            groups = list(weights.flatten())
        else:
            groups = list(tile.place(weights, stride(layer)).flatten(1))
        samples = features[layer].flatten(1)
        measured[layer] = [term.measure(samples, group) for group in groups]
    return measured


def _per_place(weights: Tensor, grid: tuple[int, int]) -> Tensor:
    """Weights of a layer's places that sum up to 1 over all, for each style or for all at once.

    Args:
        weights: of the styles, (K, h, w); h and w are 1 where there are no masks.
        grid: height and width of the layer.
    """
    if weights.shape[1:] == (1, 1):
        return weights.new_full((1, 1, 1), 1 / math.prod(grid))
    return weights / weights.sum((1, 2), keepdim=True)


def _for_each(styles: Sequence[object], groups: list[_Known]) -> list[_Known]:
    """What is known of the places of each style; without masks all look at the same."""
    return groups * len(styles) if len(groups) == 1 else groups


def _flat(measured: Measured) -> list[Tensor]:
    return [each for groups in measured.values() for found in groups for each in found]


def _variation(piece: Tensor, tile: Tile, form: Variation) -> Tensor:
    """A tile's part of the total variation: how much pixels differ from those below and beside.

    The sum of all parts is a mean over the numbers in the picture.
    """
    (top, bottom), (left, right) = (
        (core.start - seen.start, core.stop - seen.start)
        for core, seen in zip(tile.core, tile.seen, strict=True)
    )
    down = piece[..., top : bottom + 1, left:right].diff(dim=-2)
    across = piece[..., top:bottom, left : right + 1].diff(dim=-1)
    sums = [(each.square() if form == "squared" else each.abs()).sum() for each in (down, across)]
    return (sums[0] + sums[1]) / (piece.shape[1] * math.prod(tile.size))
