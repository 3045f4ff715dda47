"""The contract of all that paints: pictures in, painted pictures of the same size out."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import ClassVar, Self

import torch
from torch import Tensor, nn

from .errors import ModelError
from .instance_norm import InstanceNorm
from .layers import Convolution
from .pixels import pad

_PLAIN_SIDE = 64
"""Pixels of a plain picture whose middle no border reaches."""
_PLAIN_DEVIATION = 0.01
"""Of every colour of a picture, below which it is called plain."""


OnStep = Callable[[int, int], None]
"""Told how many steps are done on the picture in the making, and how many there are in all."""


class PaintingNetwork(nn.Module):
    """What paints: it holds a style, however it came by it.

    Attributes:
        on_step: told of every step by those that take many.
    """

    def __init__(self) -> None:
        super().__init__()
        self.on_step: OnStep | None = None

    def forward(self, pictures: Tensor) -> Tensor:
        """Paint pictures.

        Args:
            pictures: (N, 3, H, W) RGB in [0, 1], of any H and W of at least 1.

        Returns:
            (N, 3, H, W) RGB in [0, 1], of the same dtype.
        """
        raise NotImplementedError

    def begin_shot(self) -> None:
        """Forget what was measured: the pictures from now on show something else."""


def ready(network: PaintingNetwork, device: torch.device, dtype: torch.dtype) -> PaintingNetwork:
    """A network where and as it is to paint from now on; it can be neither trained nor frozen then.

    Its kernels are made once, and rounded so that plain pictures stay plain in half precision.
    """
    centre(network)
    for module in network.modules():
        if isinstance(module, Convolution):
            module.settle(dtype)
    return network.to(device, dtype).to(memory_format=torch.channels_last)


def centre(network: PaintingNetwork) -> None:
    """Let what norms measure be zero for a plain picture, in a network and those inside it."""
    for module in network.modules():
        if isinstance(module, StyleNetwork):
            module.centre()


def is_plain(pictures: Tensor) -> bool:
    """Whether (N, 3, H, W) are no pictures to measure norms on and fold them: nothing varies."""
    return float(pictures.float().var((-2, -1), correction=0).max()) < _PLAIN_DEVIATION**2


class StyleNetwork(PaintingNetwork):
    """A network that paints in the one style it was trained for.

    Attributes:
        method: the name that users type.
        multiple: `paint` takes heights and widths that are multiples of this; `forward` any.
        margin: pixels by which `forward` continues the picture on every side, and cuts off again.
        lead: pixels more, on every side, that the first convolution takes and does not give back.
        bytes_per_pixel: of memory that painting takes in float32, about.
        frozen: whether its norms are fixed and folded away (see `freeze`).
    """

    method: ClassVar[str]
    multiple: ClassVar[int]
    margin: ClassVar[int] = 0
    lead: ClassVar[int] = 0
    bytes_per_pixel: ClassVar[int]

    def __init__(self) -> None:
        super().__init__()
        self.frozen = self._centred = False

    @property
    def lattice(self) -> int:
        """Pixels between the places by which it sees at its coarsest."""
        return self.multiple

    @property
    def reach(self) -> int:
        """Pixels around a place, at most, that decide how it is painted by folded norms."""
        raise NotImplementedError

    def forward(self, pictures: Tensor) -> Tensor:
        """Paint pictures.

        Args:
            pictures: (N, 3, H, W) RGB in [0, 1], of any H and W of at least 1.

        Returns:
            (N, 3, H, W) RGB in [0, 1], of the same dtype.
        """
        height, width = pictures.shape[-2:]
        edge, outer = self.margin, self.margin + self.lead
        below = outer + -(height + 2 * edge) % self.multiple
        right = outer + -(width + 2 * edge) % self.multiple
        painted = self.paint(pad(pictures, outer, right, outer, below, "reflect"))
        return painted[..., edge : edge + height, edge : edge + width]

    def paint(self, pictures: Tensor) -> Tensor:
        """Paint pictures whose sides, less twice the lead, are multiples of `multiple`.

        The output is smaller by the lead on every side. It lies in [0, 1], but in training may
        leave it, where cutting it off would hide the way back from the optimiser.
        """
        raise NotImplementedError

    def architecture(self) -> dict[str, object]:
        """The arguments that make a network of this shape, as JSON holds them."""
        return {}

    def normalised(self) -> list[tuple[Convolution, InstanceNorm]]:
        """Each convolution with the norm right behind it, in the order they run."""
        raise NotImplementedError

    @torch.no_grad()
    def freeze(self, pictures: Tensor) -> Self:
        """Measure the norms once and fold them into the convolutions.

        A frozen network treats every frame and every tile alike, so the norms cause no flicker
        and no seams, and it has no norm left to compute.

        Args:
            pictures: (N, 3, H, W) RGB in [0, 1]: some frames of the shot, or a thumbnail; they
                are measured together, as if they were one picture.

        Returns:
            A copy; this network stays as it is.

        Raises:
            ModelError: the network is frozen already, or `ready` to paint.
        """
        following = self.following()
        following(pictures)
        return self.folded(following)

    def following(self) -> Self:
        """A copy whose norms follow a shot of film slowly, rather than measure each frame.

        Raises:
            ModelError: the network is frozen already, or `ready` to paint.
        """
        copied = self._copy()
        for _, norm in copied.normalised():
            norm.state = "following"
            norm.moments.forget()
        return copied

    @torch.no_grad()
    def folded(self, following: StyleNetwork) -> Self:
        """A copy with norms folded into the convolutions, by what another network measured.

        Args:
            following: from this network's `following`, on any device and in any precision.

        Raises:
            ModelError: this network is frozen already, or `ready` to paint.
        """
        copied = self._copy()
        for (convolution, norm), (_, measured) in zip(
            copied.normalised(), following.normalised(), strict=True
        ):
            measured.fold_into(convolution)
            norm.state = "folded"
        copied.frozen = True
        return copied

    @torch.no_grad()
    def centre(self) -> None:
        """Let what norms measure be zero for a plain picture; it changes nothing they give.

        Half precision has few digits: where a channel's mean is large, they end above what a plain
        picture varies by, and norms make a lattice of that (measured: a deviation of 7 levels of
        255; 0.8 so).
        """
        if self._centred:
            return
        self._centred = True
        pairs = [pair for pair in self.normalised() if pair[1].state != "folded"]
        found: list[Tensor] = []
        hooks = [
            norm.register_forward_pre_hook(lambda _, inputs: found.append(inputs[0]))
            for _, norm in pairs
        ]
        try:
            self(torch.full((1, 3, _PLAIN_SIDE, _PLAIN_SIDE), 0.5))
        finally:
            for hook in hooks:
                hook.remove()
        for (convolution, norm), output in zip(pairs, found, strict=True):
            middle = output.shape[-1] // 2
            convolution.bias.sub_(output[0, :, middle, middle])
            norm.moments.forget()

    def _copy(self) -> Self:
        """A copy to be frozen."""
        if any(convolution.settled for convolution, _ in self.normalised()):
            raise ModelError(f"this {self.method} network is ready to paint; freeze it before")
        if self.frozen:
            raise ModelError(
                f"this {self.method} network is frozen already; freeze the network it came from"
            )
        return copy.deepcopy(self).eval().requires_grad_(False)
