"""`gatys`: the picture itself is optimised until a VGG sees the content and the style in it.

Gatys 2016 (CVPR; 1508.06576): content is features of a deep layer, style their statistics at
several. Only the weights of a VGG are needed. Beyond the paper: other statistics (`style_terms`),
scales in steps of √2 from coarse to fine and an average of the last pictures (as crowsonkb's
style-transfer-pytorch has them), guidance by masks (Gatys 2017, 1611.07865), and tiles
(`picture_loss`). We keep the picture within [0, 1] on the way; the paper cuts it off in the end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor

from .any_style import AnyStyle, Mixture
from .canvas import Canvas
from .errors import ModelError
from .gatys_options import GatysOptions
from .optimise_picture import Adam, Lbfgs, Optimiser, optimise_picture
from .picture_loss import PictureLoss, Wanted, measure_styles
from .refiner import Refiner
from .scales import enlarged, fitting, resized, split_steps, worth_their_steps
from .style_terms import symmetric_root
from .tf32 import tf32
from .vgg import Vgg

_LONGEST_STYLE = 4
"""Longer side over shorter one of a style that is seen as large as asked for; others are seen with
as many pixels."""
_STYLE_PIXELS = 4096**2
"""At most; larger styles are seen at this size."""
_NORMAL_SIDE = 256
"""Shorter side in pixels of the styles by which a VGG is normalised that is not."""
_KEPT_SCALES = 16
"""Scales whose style is kept for the next picture."""


class Gatys(AnyStyle):
    """The method `gatys`.

    Args:
        options: how it paints; None: as usual.
    """

    method: ClassVar[str] = "gatys"
    reaches: ClassVar[str | None] = "relu5_4"
    """The deepest that may be wanted; only what the options name is computed."""
    optimises: ClassVar[bool] = True

    def __init__(self, options: GatysOptions | None = None) -> None:
        self.options = options or GatysOptions()

    def with_styles(
        self, styles: Mixture, *, vgg: Vgg | None = None, strength: float = 1.0
    ) -> GatysPainter:
        """Make a painter (see `AnyStyle`).

        Raises:
            ModelError: there is no extractor, or it has not all the layers.
        """
        if vgg is None:
            raise ModelError(f"{self.method} needs an extractor: give with_styles a VGG")
        vgg.require(self.options.wanted_layers())
        return GatysPainter(vgg, styles.counting(), self.options)


class GatysPainter(Refiner):
    """Paints each picture by optimising it.

    Args:
        vgg: the extractor.
        styles: each with a share above 0.
        options: how.
    """

    def __init__(self, vgg: Vgg, styles: Mixture, options: GatysOptions) -> None:
        super().__init__()
        if not vgg.normalised:
            device = next(vgg.parameters()).device
            seen = [_fitted(each, _NORMAL_SIDE).to(device) for each in styles.pictures]
            # What an inference mode around this makes could take part in no gradient.
            with torch.inference_mode(mode=False):
                vgg = vgg.normalise(seen)
        self.vgg = vgg
        self._styles, self._options = styles, options
        self._wanted: dict[tuple[int, torch.device], dict[str, Wanted]] = {}

    @tf32(allowed=True)
    def forward(self, pictures: Tensor) -> Tensor:
        """Paint (N, 3, H, W) RGB in [0, 1], one after the other, in float32.

        Raises:
            ModelError: a picture, a style or the extractor holds numbers that are not finite.
        """
        on_step = self._counter(len(pictures))
        # What a surrounding inference mode has made can take part in no gradient; what is framed
        # is made here.
        with torch.inference_mode(mode=False), torch.no_grad():
            painted = [self._paint(_single(each), on_step) for each in pictures]
            return torch.cat(painted).to(pictures.dtype)

    @tf32(allowed=True)
    def refine(self, pictures: Tensor, starts: Tensor) -> Tensor:
        """Go on from paintings (see `Refiner`): at half the size first, for larger strokes."""
        on_step = self._counter(len(pictures))
        with torch.inference_mode(mode=False), torch.no_grad():
            refined = [
                self._refine(_single(picture), _single(start), on_step)
                for picture, start in zip(pictures, starts, strict=True)
            ]
            return torch.cat(refined).to(pictures.dtype)

    def _counter(self, pictures: int) -> Callable[[], None]:
        """What counts the steps for so many pictures, and tells the painter's listener."""
        done, total = 0, pictures * self._options.iterations

        def on_step() -> None:
            nonlocal done
            done += 1
            if self.on_step is not None:
                self.on_step(done, total)

        return on_step

    def _paint(self, content: Tensor, on_step: Callable[[], None]) -> Tensor:
        """Paint one (1, 3, H, W), from the coarsest scale to its own."""
        options = self._options
        canvas = Canvas((content.shape[-2], content.shape[-1]), smallest=options.smallest)
        optimiser, styles = self._optimiser(), canvas.frame_masks(self._styles)
        sizes = worth_their_steps(canvas.sizes, options.iterations)
        painted = self._start(content, canvas, sizes[0])
        for size, steps in zip(sizes, split_steps(options.iterations, len(sizes)), strict=True):
            loss = self._loss(resized(canvas.frame(content), size), styles, side=canvas.side(size))
            painted = self._descend(resized(painted, size), loss, optimiser, steps, on_step)
        return canvas.cut(painted)

    def _refine(self, content: Tensor, start: Tensor, on_step: Callable[[], None]) -> Tensor:
        """Go on from one painting of one (1, 3, H, W).

        At half the size only what changes there is taken over, so that no detail is lost.
        """
        options = self._options
        canvas = Canvas((content.shape[-2], content.shape[-1]), smallest=options.smallest)
        optimiser, styles = self._optimiser(), canvas.frame_masks(self._styles)
        painted = canvas.frame(start)
        sizes = worth_their_steps(canvas.sizes[::-2][:2][::-1], options.iterations)
        for size, steps in zip(sizes, split_steps(options.iterations, len(sizes)), strict=True):
            loss = self._loss(resized(canvas.frame(content), size), styles, side=canvas.side(size))
            before = resized(painted, size)
            after = self._descend(before, loss, optimiser, steps, on_step)
            change = enlarged(after - before, canvas.sizes[-1])
            painted = (painted + change).clamp_(0, 1)
        return canvas.cut(painted)

    def _optimiser(self) -> Optimiser:
        options = self._options
        return Lbfgs() if options.optimizer == "lbfgs" else Adam(options.learning_rate)

    def _descend(
        self,
        painted: Tensor,
        loss: PictureLoss,
        optimiser: Optimiser,
        steps: int,
        on_step: Callable[[], None],
    ) -> Tensor:
        """Bring the loss of a picture down, at one scale."""
        optimiser.resize((painted.shape[-2], painted.shape[-1]))
        return optimise_picture(
            painted,
            loss,
            optimiser=optimiser,
            steps=steps,
            average=self._options.average,
            on_step=on_step,
        )

    def _loss(self, content: Tensor, styles: Mixture, *, side: int) -> PictureLoss:
        """The loss of pictures that show this content, (1, 3, h, w).

        Args:
            content: with its frame.
            styles: with masks for it.
            side: shorter side in pixels of what is in the frame.
        """
        key = side, content.device
        if key not in self._wanted:
            while len(self._wanted) >= _KEPT_SCALES:
                self._wanted.pop(next(iter(self._wanted)))
            shorter = side * self._options.style_scale
            pictures = [_fitted(picture, shorter).to(content.device) for picture in styles.pictures]
            self._wanted[key] = measure_styles(self.vgg, pictures, self._options)
        wanted = self._wanted[key]
        return PictureLoss(self.vgg, content, wanted=wanted, styles=styles, options=self._options)

    def _start(self, content: Tensor, canvas: Canvas, size: tuple[int, int]) -> Tensor:
        """What the coarsest scale, of this size, starts from; it may be of another."""
        options = self._options
        if options.start is not None:
            start = options.start[None].to(content.device, torch.float32, copy=True)
            return canvas.frame(start)
        if options.init == "content":
            return canvas.frame(content)
        generator = torch.Generator().manual_seed(options.seed)
        noise = torch.randn(3, *size, generator=generator)
        if options.init == "style":
            mean, root = _colours(self._styles)
        else:
            mean, root = torch.full((3,), 0.5), torch.eye(3) * 0.25
        noise = torch.einsum("ij,jhw->ihw", root, noise) + mean[:, None, None]
        return noise[None].clamp_(0, 1).to(content.device)


def _single(picture: Tensor) -> Tensor:
    """A picture, (3, H, W), as (1, 3, H, W) float32; a copy only where it must be."""
    return picture[None].to(torch.float32, memory_format=torch.contiguous_format)


def _fitted(style: Tensor, shorter: float) -> Tensor:
    """A style picture, (3, H, W), with a shorter side of so many pixels, as (1, 3, h, w)."""
    height, width = style.shape[-2:]
    pixels = min(_LONGEST_STYLE * shorter**2, _STYLE_PIXELS)
    factor = min(shorter / min(height, width), (pixels / (height * width)) ** 0.5)
    return resized(style[None].float().clone(), fitting((height, width), factor))


def _colours(styles: Mixture) -> tuple[Tensor, Tensor]:
    """The mean of the styles' colours, (3,), and a root of their covariance, (3, 3)."""
    total = sum(styles.shares)
    parts = [share / total for share in styles.shares]
    pixels = [picture.float().cpu().flatten(1) for picture in styles.pictures]
    means = (part * each.mean(1) for part, each in zip(parts, pixels, strict=True))
    mean = sum(means, torch.zeros(3))
    covariance = torch.zeros(3, 3)
    for part, each in zip(parts, pixels, strict=True):
        apart = each - mean[:, None]
        # Means: a matrix product of so many numbers was off by 0.3 %.
        covariance += part * torch.stack([(channel * apart).mean(1) for channel in apart])
    return mean, symmetric_root(covariance)
