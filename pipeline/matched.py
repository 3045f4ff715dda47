"""A painter whose style takes on each picture's colours before it paints it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from stylize.models import Mixture, PaintingNetwork
from stylize.models.network import is_plain

from .match_colour import match_colour

Teach = Callable[[Mixture], PaintingNetwork]
GROWS = 1.02
"""Times the brightness of the frame before: more than grain does, less than a fade."""


class ComingUp:
    """Follows a film until it has come out of what it begins with: something plain, or a fade."""

    def __init__(self) -> None:
        self._growing = True
        self._level: float | None = None

    def has_new_colours(self, picture: Tensor) -> bool:
        """Whether the next (1, 3, H, W) has other colours than those before, as it comes up."""
        if not self._growing or is_plain(picture):
            return False
        level = float(picture.float().mean())
        self._growing = self._level is None or level > GROWS * self._level
        self._level = level
        return self._growing


class ColourMatched(PaintingNetwork):
    """Reads its styles anew, in the colours of what it paints (Gatys 2016, 1606.05897).

    Args:
        teach: makes a painter from styles.
        styles: with their own colours.
        once: whether all is painted in the colours of the first picture, as a film is: with
            colours that change from frame to frame it would flicker. Where a film begins with
            something plain, or fades in, that is where it has come out of it.
    """

    def __init__(self, teach: Teach, styles: Mixture, *, once: bool) -> None:
        super().__init__()
        self._teach, self._styles, self._once = teach, styles, once
        self._painter: PaintingNetwork | None = None
        self._coming = ComingUp()

    def forward(self, pictures: Tensor) -> Tensor:
        """Paint (N, 3, H, W) RGB in [0, 1], one after the other."""
        return torch.cat([self._paint(picture) for picture in pictures.chunk(len(pictures))])

    def begin_shot(self) -> None:
        """The style keeps the colours of the first shot: what it changes to would be no style."""
        if self._painter is not None:
            self._painter.begin_shot()

    def _paint(self, picture: Tensor) -> Tensor:
        painter = self._painter
        if self._coming.has_new_colours(picture) or painter is None:
            painter = self._teach(in_colours_of(picture[0], self._styles))
            self._painter = painter if self._once else None
        painter.on_step = self.on_step
        painted: Tensor = painter(picture)
        return painted


def in_colours_of(picture: Tensor, styles: Mixture) -> Mixture:
    """Styles with the colours of a picture, (3, H, W)."""
    # Outside inference mode: an optimiser needs gradients of what it makes of the styles.
    with torch.inference_mode(mode=False):
        content = picture.float().clone()
        pictures = tuple(match_colour(style, content) for style in styles.pictures)
        return replace(styles, pictures=pictures)
