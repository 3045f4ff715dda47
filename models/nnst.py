"""`nnst`: features of the picture give way to the style's nearest, and it is made anew from them.

Neural Neighbor Style Transfer, the optimised variant (Kolkin 2022, 2203.13215). From a small size
to the full one each place is given the style's hypercolumn nearest to its own, and the picture is
optimised until the VGG sees those; the next size searches with what came out. A last pass at full
size matches every layer on its own, anew at every step. It needs the weights of a VGG only.

Where we differ from the paper's code (nkolkin13/NeuralNeighborStyleTransfer):
- 100 steps of Adam a pass, at a rate that falls from 8e-3 to 0, for its 200 of 2e-3: for a
  processor's sake; 200 that fall from 4e-3 reach a loss 1 % lower;
- layers end at relu4_1, for its relu4_3, and count alike (see `hypercolumns`);
- the last pass measures from the style's mean (see `matching`);
- strength is ours: below 1 the targets lie between the style's features and the content's, and
  the picture begins with as much of the content's detail.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import torch
from torch import Tensor

from .any_style import AnyStyle, Mixture
from .errors import ModelError
from .extractor import EXTRACTORS, ExtractorName
from .hypercolumns import DEEPEST
from .laplacian import compose, decompose, enlarged, resized
from .matching import ColumnMatch, LayerMatch
from .memory import refuse_beyond
from .network import PaintingNetwork
from .pixels import pad
from .refiner import Refiner
from .style_colours import with_colours_of
from .tf32 import tf32
from .vgg import Vgg

START = 64
"""Shorter side of the smallest size, about; the paper's code halves 512 three times."""
SMALLEST = 16
"""Pixels of a side: smaller pictures are continued, for the deepest layer's sake."""
BYTES_PER_PIXEL = 7000
"""Of memory that a picture takes, with VGG-19 (measured: 3.0 GB for 512 × 768)."""
BYTES_PER_STYLE_PIXEL = 2400
"""Likewise that the largest style takes while it is read."""
LONGEST = 4
"""Times the picture's longer side is what a style's side may be; a longer one is squeezed."""
EASE = 1.5
"""Of the content in the targets, the power that its share is raised to: half of each looks like the
content, two thirds of the style like the middle (a photograph and great_wave, looked at)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NnstOptions:
    """How `nnst` paints.

    Attributes:
        iterations: steps of Adam at each size, and in the last pass.
        learning_rate: of Adam at first; it falls to 0 in each pass.
        scales: sizes that it paints at, each twice the one before; fewer where the first would be
            smaller than about 64 pixels.
        alpha: 0 searches the style by what was painted so far, 1 by the picture alone: more keeps
            more of the content.
        splitting: whether a last pass at full size matches each layer on its own.
        rematch: steps of the last pass from one search to the next.
        match_colours: whether the painting at last gets the content's colours, moved to be
            distributed as the style's: safer where colours shift within an object.
        style_scale: shorter side of the style in shorter sides of the picture: larger gives larger
            strokes.
        extractor: the VGG that it sees by.
        pooling: between the VGG's blocks.
        seed: of what is drawn at random.

    Raises:
        ValueError: one is out of range.
    """

    iterations: int = 100
    learning_rate: float = 8e-3
    scales: int = 8
    alpha: float = 0.75
    splitting: bool = True
    rematch: int = 1
    match_colours: bool = False
    style_scale: float = 1.0
    extractor: ExtractorName = "vgg19"
    pooling: Literal["max", "average"] = "max"
    seed: int = 0

    def __post_init__(self) -> None:
        _whole("iterations", self.iterations, 1, 100_000)
        _real("learning_rate", self.learning_rate, 1e-5, 1.0)
        _whole("scales", self.scales, 1, 16)
        _real("alpha", self.alpha, 0.0, 1.0)
        _truth("splitting", self.splitting)
        _whole("rematch", self.rematch, 1, 100_000)
        _truth("match_colours", self.match_colours)
        _real("style_scale", self.style_scale, 0.1, 10.0)
        _choice("extractor", self.extractor, tuple(EXTRACTORS))
        _choice("pooling", self.pooling, ("max", "average"))
        _whole("seed", self.seed, 0, 2**63 - 1)


class Nnst(AnyStyle):
    """The method `nnst`.

    Args:
        options: how it paints.
    """

    method: ClassVar[str] = "nnst"
    reaches: ClassVar[str | None] = DEEPEST
    applies_strength: ClassVar[bool] = True
    optimises: ClassVar[bool] = True

    def __init__(self, options: NnstOptions | None = None) -> None:
        self.options = options or NnstOptions()

    def with_styles(
        self, styles: Mixture, *, vgg: Vgg | None = None, strength: float = 1.0
    ) -> PaintingNetwork:
        """Take styles (see `AnyStyle`); the painter that comes back shares the extractor.

        Raises:
            ModelError: there is no extractor, or it does not reach relu4_1.
        """
        if vgg is None:
            raise ModelError(f"{self.method} needs an extractor: give with_styles a VGG")
        vgg.require([DEEPEST])
        return NnstPainter(styles.counting(), vgg, strength, self.options)


class NnstPainter(Refiner):
    """Paints one picture after the other (see `Nnst`)."""

    def __init__(self, styles: Mixture, vgg: Vgg, strength: float, options: NnstOptions) -> None:
        super().__init__()
        self.vgg = vgg
        self._styles, self._options = styles, options
        self._strength = 1 - (1 - strength) ** EASE

    @tf32(allowed=True)
    def forward(self, pictures: Tensor) -> Tensor:
        """Paint (N, 3, H, W) RGB in [0, 1]: each alone, whatever is beside it.

        Raises:
            torch.OutOfMemoryError: one takes more memory than the machine has.
            ModelError: a picture, a style or the extractor holds numbers that are not finite.
        """
        if self._strength == 0:
            return pictures.clone()
        height, width = _padded_size(pictures)
        sizes = coarse_to_fine(height, width, most=self._options.scales)
        return self._paint_each(pictures, None, sizes)

    @tf32(allowed=True)
    def refine(self, pictures: Tensor, starts: Tensor) -> Tensor:
        """Go on from paintings (see `Refiner`): the passes at full size alone."""
        height, width = _padded_size(pictures)
        return self._paint_each(pictures, starts, [(height, width)])

    def _paint_each(
        self, pictures: Tensor, starts: Tensor | None, sizes: list[tuple[int, int]]
    ) -> Tensor:
        """Paint one after the other, from a start or from the content itself."""
        height, width = pictures.shape[-2:]
        styles = [self._style_size(each, (height, width)) for each in self._styles.pictures]
        needed = height * width * BYTES_PER_PIXEL
        needed += max(map(math.prod, styles)) * BYTES_PER_STYLE_PIXEL
        refuse_beyond(needed, pictures.device)
        passes = len(pictures) * (len(sizes) + self._options.splitting)
        steps = _Steps(self, passes * self._options.iterations)
        painted = []
        # Nothing made in inference mode can be differentiated, so it is left, and inputs cloned.
        with torch.inference_mode(mode=False), torch.no_grad():
            for index, picture in enumerate(pictures):
                content = _padded(picture[None])
                start = content if starts is None else _padded(starts[index][None])
                painted.append(self._paint(content, start, sizes, steps)[..., :height, :width])
        return torch.cat(painted).to(pictures.dtype)

    def _paint(
        self, content: Tensor, start: Tensor, sizes: list[tuple[int, int]], steps: _Steps
    ) -> Tensor:
        """Paint one (1, 3, H, W) picture in float32."""
        options = self._options
        generator = torch.Generator().manual_seed(options.seed)
        painted = resized(start, sizes[0])
        for size in sizes:
            painted = self._by_columns(resized(content, size), painted, generator, steps)
        styles = self._styles_for(content)
        if options.splitting:
            match = LayerMatch(
                self.vgg,
                content,
                styles,
                self._styles,
                strength=self._strength,
                rematch=options.rematch,
                generator=generator,
            )
            painted = self._descend(painted, match, steps)
        painted = painted.clamp(0, 1)
        if options.match_colours:
            coloured = with_colours_of(
                painted,
                content,
                styles,
                weights=self._styles.weights(sizes[-1]).to(painted.device),
                guides=self._styles.guides(sizes[-1]).to(painted.device),
            )
            painted = painted.lerp(coloured, self._strength)
        return painted

    def _by_columns(
        self, content: Tensor, before: Tensor, generator: torch.Generator, steps: _Steps
    ) -> Tensor:
        """Paint at the size of the content, from what was painted at the size before."""
        size = content.shape[-2:]
        coarse = enlarged(before, size)
        detail = content - enlarged(resized(content, before.shape[-2:]), size)
        # The search sees the content's detail; the picture begins without (as the paper's code).
        followed = self._strength * (1 - self._options.alpha)
        match = ColumnMatch(
            self.vgg,
            content,
            content.lerp(coarse + detail, followed),
            self._styles_for(content),
            self._styles,
            strength=self._strength,
            generator=generator,
        )
        return self._descend(coarse + (1 - self._strength) * detail, match, steps)

    def _descend(self, picture: Tensor, loss: _Loss, steps: _Steps) -> Tensor:
        """Bring a loss down by changing the levels of a picture."""
        levels = [level.requires_grad_() for level in decompose(picture)]
        adam = torch.optim.Adam(levels)
        iterations, rate = self._options.iterations, self._options.learning_rate
        for step in range(iterations):
            adam.param_groups[0]["lr"] = rate * (1 - step / iterations)
            adam.zero_grad()
            with torch.enable_grad():
                unlike = loss(compose(levels), step)
                unlike.backward()  # type: ignore[no-untyped-call]
            if not unlike.isfinite():
                raise ModelError(
                    f"nnst: loss {unlike.item()} at step {step + 1}: the picture, a style or "
                    "the extractor's weights hold numbers that are not finite"
                )
            adam.step()
            steps.count()
        return compose(levels)

    def _styles_for(self, content: Tensor) -> list[Tensor]:
        """The styles, (1, 3, h, w), at the size that suits a (1, 3, H, W) content."""
        size = content.shape[-2], content.shape[-1]
        return [
            resized(picture.clone().to(content)[None], self._style_size(picture, size))
            for picture in self._styles.pictures
        ]

    def _style_size(self, picture: Tensor, size: tuple[int, int]) -> tuple[int, int]:
        """Height and width of a style, (3, h, w), that suit a content of such a size."""
        scale = min(size) * self._options.style_scale / min(picture.shape[-2:])
        height, width = (
            min(max(round(side * scale), SMALLEST), LONGEST * max(size))
            for side in picture.shape[-2:]
        )
        return height, width


def coarse_to_fine(height: int, width: int, *, most: int) -> list[tuple[int, int]]:
    """The sizes of a picture to paint at, each twice the one before, the last its own.

    The first has a shorter side of about 64 pixels, if so many sizes are allowed.
    """
    halvings = max(0, min(most - 1, round(math.log2(min(height, width) / START))))
    return [(-(-height >> n), -(-width >> n)) for n in range(halvings, -1, -1)]


def _padded_size(pictures: Tensor) -> tuple[int, int]:
    """Height and width that `_padded` gives."""
    return max(SMALLEST, pictures.shape[-2]), max(SMALLEST, pictures.shape[-1])


def _padded(pictures: Tensor) -> Tensor:
    """A float32 copy of (N, 3, H, W), continued to the right and below where it is too small."""
    height, width = _padded_size(pictures)
    right, below = width - pictures.shape[-1], height - pictures.shape[-2]
    return pad(pictures.clone().float(), 0, right, 0, below, "reflect")


class _Loss(Protocol):
    """What a picture is brought down by."""

    def __call__(self, picture: Tensor, step: int) -> Tensor: ...


class _Steps:
    """Counts steps, and tells the painter's listener."""

    def __init__(self, painter: PaintingNetwork, total: int) -> None:
        self._painter, self._done, self._total = painter, 0, total

    def count(self) -> None:
        self._done += 1
        if self._painter.on_step is not None:
            self._painter.on_step(self._done, self._total)


def _whole(name: str, value: object, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{name} is a whole number from {least} to {most} (got {value!r})")


def _real(name: str, value: object, least: float, most: float) -> None:
    number = math.nan if isinstance(value, bool) or not isinstance(value, int | float) else value
    if not least <= number <= most:
        raise ValueError(f"{name} is a number from {least:g} to {most:g} (got {value!r})")


def _truth(name: str, value: object) -> None:
    if value is not True and value is not False:
        raise ValueError(f"{name} is true or false (got {value!r})")


def _choice(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} is one of {', '.join(allowed)} (got {value!r})")
