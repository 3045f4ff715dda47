"""Beside the pairs: what is measured on single frames now and then, as they pass by.

A network sees a frame in a second or so, where flow takes a fifth of one; and neighbours are alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from stylize.models.lpips import SMALLEST, Lpips
from stylize.models.quality import SIDE, Meter

from ..resize import resize
from .findings import Fidelity, Losses, StyleFindings
from .side_by_side import Moment

if TYPE_CHECKING:
    from torch import Tensor

LPIPS_EVERY = 5
"""Frames: six times in a second of film."""
STYLE_FRAMES = 8
"""About as many frames have their style measured, evenly spread over the film."""
STYLE_EVERY = 25
"""Frames between them where nobody knows how long the film is."""


class FidelitySampler:
    """Measures how like the per-frame painting the output is.

    Args:
        lpips: the distance; or why there is none, in a line.
    """

    def __init__(self, lpips: Lpips | str) -> None:
        self._lpips = lpips
        self._distances: list[float] = []

    def watch(self, moments: Iterable[Moment]) -> Iterator[Moment]:
        """Pass moments of three films on, and measure every fifth, beginning with the second.

        The first frame of a shot has no past, so that smoothing leaves it as it is: to begin with
        it would flatter the mean of a short film.
        """
        for index, moment in enumerate(moments):
            if index % LPIPS_EVERY == 1 and not isinstance(self._lpips, str):
                self._measure(self._lpips, *moment.pictures[1:])
            yield moment

    def found(self) -> Fidelity:
        """The mean, once all have passed."""
        if isinstance(self._lpips, str):
            return Fidelity(None, missing=self._lpips)
        mean = sum(self._distances) / len(self._distances)
        return Fidelity(mean, len(self._distances))

    def _measure(self, lpips: Lpips, output: Tensor, against: Tensor) -> None:
        if min(output.shape[1:]) < SMALLEST:
            self._lpips = f"LPIPS needs {SMALLEST}×{SMALLEST} pixels"
            return
        self._distances.append(lpips(output[None], against[None]).item())


class StyleSampler:
    """Measures how well each film is painted.

    Args:
        meter: the measure.
        picture: the style, (3, H, W), with a shorter side of 512 pixels.
        path: where that is from.
        expected: how many frames there will be, if that is known.
    """

    def __init__(self, meter: Meter, picture: Tensor, path: Path, *, expected: int | None) -> None:
        self._meter = meter
        self._style = meter.see(picture)
        self._path = path
        self._every = max(1, expected // STYLE_FRAMES) if expected else STYLE_EVERY
        self._losses: list[Tensor] = []

    def watch(self, moments: Iterable[Moment]) -> Iterator[Moment]:
        """Pass moments on, and measure some of them, or the last if the film ends before one."""
        last: Moment | None = None
        for index, last in enumerate(moments):
            if index % self._every == self._every // 2:
                self._measure(last.pictures)
            yield last
        if last is not None and not self._losses:
            self._measure(last.pictures)

    def found(self) -> StyleFindings:
        """The means, once all have passed."""
        means = torch.stack(self._losses).mean(0)
        losses = tuple(Losses(*row) for row in means.tolist())
        return StyleFindings(self._path, len(self._losses), losses)

    def _measure(self, pictures: tuple[Tensor, ...]) -> None:
        height, width = pictures[0].shape[1:]
        scale = SIDE / min(height, width)
        size = max(SIDE, round(height * scale)), max(SIDE, round(width * scale))
        seen = [self._meter.see(resize(picture[None], size)[0]) for picture in pictures]
        rows = [self._meter.losses(each, seen[0], self._style) for each in seen]
        self._losses.append(torch.stack(rows))
