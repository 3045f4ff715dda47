"""`micro`: our own small network for any style; no VGG is needed to paint.

Ours, after AdaIN (Huang 2017, 1703.06868), the conditional instance norm of Dumoulin 2017
(1610.07629) and MicroAST (Wang 2022, 2211.15313). A style encoder measures the mean and deviation
of its channels at four scales, and says by them what mean and deviation every norm of a `swift`
gives its channels, and how they are mixed then, as the colouring of Li 2017 (1705.08086) does by
covariances; here it is learnt, and of low rank. The picture's colours, and in the end each band of
the painting, get what those of the style have outright (see `finished`). Once the style is read
nothing is left but that painter, which can be frozen and folded as any network for one style:
mixing costs it nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from .any_style import Mixture, Patchwork, ReadingNetwork
from .finished import Finish, FinishedSwift, Norm
from .instance_norm import moments
from .layers import Halving
from .network import PaintingNetwork
from .swift import MOST, Swift
from .vgg import Vgg

WIDTHS = (16, 48, 80, 20)
"""Of the `swift` inside: with three blocks half as much time again as the `swift` that
ships (bench_networks); strokes of any style need the room."""
BLOCKS = 3
ENCODER = (24, 48, 96, 128)
"""Channels of the style encoder at 1/2, 1/4, 1/8 and 1/16 of the size."""
CODE = 128
"""Numbers that a style is pressed into."""
SMALLEST = 32
"""Pixels of a style picture's side: smaller ones are continued, for the coarsest scale's sake."""

RANK = 32
"""Ways in which a style mixes the channels behind a norm, at most as many as there are channels."""


class StyleEncoder(nn.Module):
    """Reads what a style is: statistics of colours and of learnt features, at four scales."""

    def __init__(self, widths: Sequence[int], code: int) -> None:
        super().__init__()
        inputs = (3, *widths)
        self.convolutions = nn.ModuleList(
            Halving(before, after, 5 if before == 3 else 3)
            for before, after in zip(inputs, widths, strict=False)
        )
        self.scale = nn.LayerNorm(2 * sum(inputs))
        self.press = nn.Linear(2 * sum(inputs), code)

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, 3, H, W) RGB in [0, 1], at least 32 by 32, to codes of their styles, (N, code)."""
        features = pictures * 2 - 1
        found = [*reversed(moments(features))]
        for convolution in self.convolutions:
            features = F.relu(convolution(features))
            found += reversed(moments(features))
        return F.silu(self.press(self.scale(torch.cat(found, 1))))


class Mixing(nn.Module):
    """How a style mixes channels: the unit matrix, and what it says of some learnt ways besides."""

    def __init__(self, channels: int, rank: int, code: int) -> None:
        super().__init__()
        self.inwards = nn.Parameter(torch.empty(rank, channels))
        self.outwards = nn.Parameter(torch.empty(channels, rank))
        for matrix in (self.inwards, self.outwards):
            if not matrix.is_meta:
                nn.init.normal_(matrix, std=matrix.shape[1] ** -0.5)
        self.shares = nn.Linear(code, rank)
        nn.init.zeros_(self.shares.weight)  # at first a style mixes nothing
        nn.init.zeros_(self.shares.bias)

    def forward(self, codes: Tensor) -> Tensor:
        """(N, code) to (N, C, C)."""
        shares = self.shares(codes).float()
        found = (self.outwards * shares[:, None]) @ self.inwards
        mixing: Tensor = found + torch.eye(found.shape[-1], device=found.device)
        return mixing


class Micro(ReadingNetwork):
    """The network `micro`.

    Args:
        widths: of the `swift` inside.
        blocks: likewise.
        encoder: channels of the style encoder at 1/2, 1/4, 1/8 and 1/16 of the size.
        code: numbers that a style is pressed into.
        rank: ways in which a style mixes the channels behind a norm, at most.

    Raises:
        ValueError: a width or the number of blocks is out of range.
    """

    method: ClassVar[str] = "micro"

    def __init__(
        self,
        *,
        widths: tuple[int, int, int, int] = WIDTHS,
        blocks: int = BLOCKS,
        encoder: tuple[int, int, int, int] = ENCODER,
        code: int = CODE,
        rank: int = RANK,
    ) -> None:
        super().__init__()
        if len(encoder) != 4 or not all(1 <= width <= 2 * MOST for width in (*encoder, code, rank)):
            raise ValueError(
                f"encoder {encoder}, code {code}, rank {rank}: each is to be 1 to {2 * MOST}"
            )
        self.encoder_widths, self.code, self.rank = encoder, code, rank
        self.swift = Swift(widths=widths, blocks=blocks, last_norm=False)
        self.encoder = StyleEncoder(encoder, code)
        channels = [norm.bias.numel() for _, norm in self.swift.normalised()]
        self.unfold = nn.Linear(code, 2 * sum(channels))
        nn.init.zeros_(self.unfold.weight)  # at first a style says nothing but its colours
        nn.init.zeros_(self.unfold.bias)
        # The last norm is that of colours.
        self.mixings = nn.ModuleList(
            Mixing(count, min(count, rank), code) for count in channels[:-1]
        )
        self._painters: dict[torch.device, FinishedSwift] = {}

    def read(self, styles: Tensor) -> list[Norm]:
        """What the norms give their channels in each of (N, 3, h, w) styles, at least 32 by 32."""
        norms = [norm for _, norm in self.swift.normalised()]
        channels = [norm.bias.numel() for norm in norms]
        codes = self.encoder(styles)
        changes = self.unfold(codes).float().split(channels * 2, dim=1)
        usual: list[tuple[Tensor, Tensor]] = [(norm.weight, norm.bias) for norm in norms[:-1]]
        # The last norm is that of colours, and theirs are the style's own (AdaIN).
        usual.append(self.swift.colours(styles))
        mixings = [*(mixing(codes) for mixing in self.mixings), None]
        found = [
            Norm(deviation * (1 + weight), mean + bias, mixing)
            for (deviation, mean), weight, bias, mixing in zip(
                usual, changes[: len(norms)], changes[len(norms) :], mixings, strict=True
            )
        ]
        return found + self._painting(styles.device).finish.wanted(styles)

    def paint(self, pictures: Tensor, read: Sequence[Norm]) -> Tensor:
        """Paint each of (N, 3, H, W) pictures with the norms that `read` gave."""
        painter = self._painting(pictures.device)
        names = {module: name for name, module in painter.named_modules()}
        named: dict[str, Tensor] = {}
        for (_, norm), given in zip(painter.normalised(), read, strict=True):
            named |= {
                f"{names[norm]}.{name}": value
                for name, value in given._asdict().items()
                if value is not None
            }
        painted: Tensor = functional_call(painter, named, (pictures,))
        return painted

    def _painting(self, device: torch.device) -> FinishedSwift:
        """The painter whose norms are given anew for each batch: made once on a device."""
        if device not in self._painters:
            with torch.inference_mode(False):  # it is kept, and may be trained with later
                self._painters[device] = FinishedSwift(self.swift, Finish().to(device))
        return self._painters[device]

    @torch.no_grad()
    def with_styles(
        self, styles: Mixture, *, vgg: Vgg | None = None, strength: float = 1.0
    ) -> PaintingNetwork:
        """Read styles, once (see `AnyStyle`): a painter comes back; with masks, several."""
        read = [self.read(_continued(picture)[None]) for picture in styles.pictures]
        if styles.masks is not None:
            return Patchwork([self._painter([norms], [1.0]) for norms in read], styles)
        return self._painter(read, styles.weights((1, 1)).flatten().tolist())

    def _painter(self, read: Sequence[Sequence[Norm]], shares: Sequence[float]) -> FinishedSwift:
        """A painter whose norms give what these do, mixed by shares that sum up to 1."""
        weight = self.unfold.weight
        painter = FinishedSwift(copy.deepcopy(self.swift), Finish().to(weight.device, weight.dtype))
        for index, (_, norm) in enumerate(painter.normalised()):
            given = [norms[index] for norms in read]
            norm.weight.copy_(_mean([each.weight for each in given], shares))
            norm.bias.copy_(_mean([each.bias for each in given], shares))
            mixings = [each.mixing for each in given if each.mixing is not None]
            norm.mixing = _mean(mixings, shares) if mixings else None
        return painter.eval().requires_grad_(False)

    def architecture(self) -> dict[str, object]:
        """The arguments that make a network of this shape."""
        shape = {"encoder": list(self.encoder_widths), "code": self.code, "rank": self.rank}
        return {"widths": list(self.swift.widths), "blocks": self.swift.block_count, **shape}


def _mean(given: Sequence[Tensor], shares: Sequence[float]) -> Tensor:
    """The mean of what several styles, (1, ...) each, say."""
    return torch.stack([share * each[0] for share, each in zip(shares, given, strict=True)]).sum(0)


def _continued(picture: Tensor) -> Tensor:
    """A style picture repeated until it is large enough for the coarsest scale."""
    height, width = picture.shape[-2:]
    return picture.repeat(1, -(-SMALLEST // height), -(-SMALLEST // width))
