"""The contract of every method that paints in any style: style pictures in, a painter out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from .network import PaintingNetwork
from .vgg import Vgg

_UNCOVERED = 1e-4
"""What a place counts that no mask reaches: something, so that nothing is divided by nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """Style pictures, and how much of a painting is of each.

    Attributes:
        pictures: (3, H, W) RGB in [0, 1] each, of any size and shape. How large a stroke comes
            out depends on how large it is in here.
        shares: of each style, at least 0; only their ratios matter.
        masks: (1, h, w) each in [0, 1], of any size: where on the painting each style is; None:
            everywhere.

    Raises:
        ValueError: no picture, not as many shares or masks, a negative share, or none above 0.
    """

    pictures: tuple[Tensor, ...]
    shares: tuple[float, ...] = (1.0,)
    masks: tuple[Tensor, ...] | None = None

    def __post_init__(self) -> None:
        count, shares = len(self.pictures), self.shares
        if not count or len(shares) != count:
            raise ValueError(f"{len(shares)} shares for {count} style pictures")
        if self.masks is not None and len(self.masks) != count:
            raise ValueError(f"{len(self.masks)} masks for {count} style pictures")
        if not all(share >= 0 for share in shares) or not 0 < sum(shares) < float("inf"):
            raise ValueError(f"shares {list(shares)}: each must be at least 0, and one above it")

    def counting(self) -> Mixture:
        """The styles whose share is above 0: nothing of the others is to be measured."""
        kept = self._parts().nonzero().flatten().tolist()
        return Mixture(
            tuple(self.pictures[index] for index in kept),
            tuple(self.shares[index] for index in kept),
            None if self.masks is None else tuple(self.masks[index] for index in kept),
        )

    def weights(self, size: tuple[int, int]) -> Tensor:
        """How much of each style there is at each place of a painting.

        Args:
            size: height and width of the painting, or of its features.

        Returns:
            (K, 1, h, w) float32 on the CPU, for K styles, which sum up to 1 everywhere: shares
            times masks, and plain shares where no mask reaches. Without masks h and w are 1.
        """
        shares = self._parts()[:, None, None, None]
        if self.masks is None:
            return shares
        masks = torch.cat([_resized(mask, size) for mask in self.masks])
        weighed = shares * masks + shares * _UNCOVERED  # the last term where all masks are black
        return weighed / weighed.sum(0, keepdim=True)

    def _parts(self) -> Tensor:
        """The shares, (K,) float32, which sum up to 1: divided where the smallest still differ."""
        shares = torch.tensor(self.shares, dtype=torch.float64)
        return (shares / shares.sum()).float()

    def guides(self, size: tuple[int, int]) -> Tensor:
        """The same, but next to nothing where no mask reaches: what is painted there is not shown.

        For what is measured of a painting, and of its places (Gatys 2017, 1611.07865).
        """
        weights = self.weights(size)
        if self.masks is None:
            return weights
        covered = torch.cat([_resized(mask, size) for mask in self.masks]).sum(0)
        return weights * covered.clamp(_UNCOVERED, 1)


class AnyStyle:
    """A method that reads styles from pictures, and paints in them from then on.

    Attributes:
        method: the name that users type.
        reaches: the deepest layer of the VGG by which it sees pictures; None: it needs no VGG.
        applies_strength: whether its painters mix the content in themselves, as the method's paper
            does; otherwise their paintings are mixed with the pictures.
        optimises: whether it makes each picture by optimisation: then it takes styles at their
            full size, reports its steps by `PaintingNetwork.on_step`, and is best left in fp32.
        lattice: pixels between the places by which its painters see at their coarsest.
    """

    method: ClassVar[str]
    reaches: ClassVar[str | None] = None
    applies_strength: ClassVar[bool] = False
    optimises: ClassVar[bool] = False
    lattice: ClassVar[int] = 8

    def with_styles(
        self, styles: Mixture, *, vgg: Vgg | None = None, strength: float = 1.0
    ) -> PaintingNetwork:
        """Read styles, once; what comes back paints in their mixture.

        Args:
            styles: the pictures.
            vgg: the extractor, on the device and in the dtype to paint in, if the method `reaches`
                into one.
            strength: 0 (the content) to 1 (the style), if it `applies_strength`.

        Returns:
            A painter with weights of its own, on the same device and in the same dtype.
        """
        raise NotImplementedError

    def prefer_steady(self) -> None:
        """Choose what is steadier on film, if there is a choice; before styles are read."""


class AnyStyleNetwork(AnyStyle, nn.Module):
    """A trained network for any style."""

    def architecture(self) -> dict[str, object]:
        """The arguments that make a network of this shape, as JSON holds them."""
        return {}


class ReadingNetwork(AnyStyleNetwork):
    """One that reads styles by itself; it is trained as networks for one style are."""

    def read(self, styles: Tensor) -> Any:
        """What `paint` needs to know of each of (N, 3, h, w) styles; for training."""
        raise NotImplementedError

    def paint(self, pictures: Tensor, read: Any) -> Tensor:
        """Paint each of (N, 3, H, W) pictures in the style beside it, as read; for training."""
        raise NotImplementedError


class VggNetwork(AnyStyleNetwork):
    """One that sees by a VGG; its paper says what it is trained towards."""

    def objective(
        self, vgg: Vgg, contents: Tensor, styles: Tensor
    ) -> dict[str, tuple[float, Tensor]]:
        """What the method's paper trains it towards.

        Args:
            vgg: the extractor, frozen.
            contents: (N, 3, H, W) RGB in [0, 1], crops of photographs; both sides are multiples
                of 16.
            styles: (N, 3, h, w), likewise, the style to paint each of them in.

        Returns:
            By name, a weight and a loss in float32; their products are to be added up.
        """
        raise NotImplementedError


class Patchwork(PaintingNetwork):
    """Paints a picture with several painters, each where its mask is, with soft borders.

    For methods whose painter has one style all over.

    Args:
        painters: one for each style.
        styles: says where each paints.
    """

    def __init__(self, painters: Sequence[PaintingNetwork], styles: Mixture) -> None:
        super().__init__()
        self.painters = nn.ModuleList(painters)
        self._styles = styles

    def begin_shot(self) -> None:
        """For each painter."""
        for painter in self.painters:
            if isinstance(painter, PaintingNetwork):
                painter.begin_shot()

    def forward(self, pictures: Tensor) -> Tensor:
        """Paint (N, 3, H, W) RGB in [0, 1]."""
        height, width = pictures.shape[-2:]
        weights = self._styles.weights((height, width)).to(pictures.device, pictures.dtype)
        painted = torch.zeros_like(pictures)
        for index, (painter, weight) in enumerate(zip(self.painters, weights, strict=True)):
            if isinstance(painter, PaintingNetwork):
                painter.on_step = partial(self._step, index)
            painted = painted + weight * painter(pictures)
        return painted

    def _step(self, index: int, done: int, total: int) -> None:
        """One painter has done so many of its steps; all take as many."""
        if self.on_step is not None:
            self.on_step(index * total + done, len(self.painters) * total)


def _resized(mask: Tensor, size: tuple[int, int]) -> Tensor:
    """A mask as (1, 1, h, w); what it becomes smaller by is averaged, not left out."""
    return F.interpolate(mask[None].float(), size, mode="bilinear", antialias=True).clamp(0, 1)
