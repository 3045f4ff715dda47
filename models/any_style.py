"""The contract of every network that paints in any style: style pictures in, a painter out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from torch import Tensor, nn

from .network import StyleNetwork


class AnyStyleNetwork(nn.Module):
    """A network that reads a style from pictures, and paints in it from then on.

    Attributes:
        method: the name that users type.
    """

    method: ClassVar[str]

    def with_styles(self, pictures: Sequence[Tensor], shares: Sequence[float]) -> StyleNetwork:
        """Read styles, once; what comes back paints in their mixture.

        Args:
            pictures: (3, H, W) RGB in [0, 1] each, of any size and shape. How large a stroke
                comes out depends on how large it is in here.
            shares: of each style in the mixture, at least 0; only their ratios matter.

        Returns:
            A network with weights of its own, on the same device and in the same dtype.

        Raises:
            ValueError: no picture, not as many shares, a negative one, or none above 0.
        """
        raise NotImplementedError

    def read(self, styles: Tensor) -> Any:
        """What `paint` needs to know of each of (N, 3, h, w) styles; for training."""
        raise NotImplementedError

    def paint(self, pictures: Tensor, read: Any) -> Tensor:
        """Paint each of (N, 3, H, W) pictures in the style beside it, as read; for training."""
        raise NotImplementedError

    def architecture(self) -> dict[str, object]:
        """The arguments that make a network of this shape, as JSON holds them."""
        return {}


def ratios(pictures: Sequence[Tensor], shares: Sequence[float]) -> list[float]:
    """Shares that sum up to 1.

    Raises:
        ValueError: as `AnyStyleNetwork.with_styles` says.
    """
    if not pictures or len(pictures) != len(shares):
        raise ValueError(f"{len(shares)} shares for {len(pictures)} style pictures")
    total = sum(shares)
    if not all(share >= 0 for share in shares) or not 0 < total < float("inf"):
        raise ValueError(f"shares {list(shares)}: each must be at least 0, and one above it")
    return [share / total for share in shares]
