"""Pictures made smaller or larger, and their brightness: what stages and style pictures share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

from stylize.models.pixels import shrinkable

if TYPE_CHECKING:
    from torch import Tensor

_LUMA = (0.2126, 0.7152, 0.0722)  # BT.709


def resize(pictures: Tensor, size: tuple[int, int]) -> Tensor:
    """Resample (N, 3, H, W) RGB in [0, 1] to a height and width, bicubic and without aliases."""
    near = shrinkable(pictures, size)
    return functional.interpolate(
        near, size, mode="bicubic", antialias=True, align_corners=False
    ).clamp_(0, 1)


def fitted(mask: Tensor, size: tuple[int, int]) -> Tensor:
    """A mask, (1, 1, h, w), at another height and width."""
    if mask.shape[-2:] == size:
        return mask
    near = shrinkable(mask, size)
    resized = functional.interpolate(near, size, mode="bilinear", antialias=True)
    return resized.clamp(0, 1)


def luma(pictures: Tensor) -> Tensor:
    """The brightness of (N, 3, H, W) RGB, (N, 1, H, W), as BT.709 weighs the channels."""
    red, green, blue = (pictures[:, channel : channel + 1] for channel in range(3))
    return (red * _LUMA[0]).add_(green, alpha=_LUMA[1]).add_(blue, alpha=_LUMA[2])
