"""An open book: an engraved plate on the left, the first page of its chapter on the right."""

from __future__ import annotations

import numpy as np
import torch
from engraving import engrave
from PIL import Image, ImageDraw, ImageFont
from rays import mix, rgb, step
from texture import spectral
from torch import Tensor

PLATE = (48, 52, 356, 424)
"""Left, top, right and bottom of the engraving, in a picture 768 × 512; so are all places here."""
COLUMN = (420, 716)
TITLE = ("CHAPTER ONE", "The Light on the Rock")
CAPTION = "Plate I.  The rock at evening, wind south-west"
INITIAL = "O"
WORDS = """n the outermost rock of the bay there stands a tower, and in that tower burns a lamp.
At every dusk the keeper climbs a hundred and nine steps, trims the wick, winds the clock that
turns the glass, and writes one line in the log: wind, sea and sail. Ships that never meet know
the same white beam. It says what every good light says: here is the land, there is the deep,
and this is the way between them."""


def render(width: int, height: int) -> Tensor:
    """Return the scene's light (H * W, 3)."""
    scale = width / 768
    drawing = Image.new("L", (width, height))
    pen = _Pen(drawing, scale)
    _frame(pen)
    _letters(pen)
    ink = torch.from_numpy(np.asarray(drawing).astype(np.float32)) / 255
    left, top, right, bottom = (round(edge * scale) for edge in PLATE)
    ink[top:bottom, left:right] = engrave(right - left, bottom - top, scale=scale)
    return _paper(width, height, ink.reshape(-1))


def _paper(width: int, height: int, ink: Tensor) -> Tensor:
    """Lay the ink on two leaves that curve down into the fold."""
    grain = spectral(512, slope=0.9, seed=95)
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    x, y = x.reshape(-1) / width, y.reshape(-1) / width
    fold = (x - 0.5).abs()
    curve = 1 - 0.55 * torch.exp(-fold / 0.012) - 0.16 * torch.exp(-fold / 0.06)
    lit = curve * (1.04 - 0.14 * x) * (1 + 0.012 * grain.at(x, y, period=0.5))
    stain = step(0.2, 2.4, grain.at(x, y, period=3.0))
    paper = mix(rgb("#f8eccf"), rgb("#ead3a4"), 0.6 * stain) * (1.5 * lit)[:, None]
    return mix(paper, rgb("#1c1814") * 0.4, 0.97 * ink)


class _Pen:
    """Draws on a picture in places and sizes of one 768 wide."""

    def __init__(self, picture: Image.Image, scale: float) -> None:
        self.draw, self.scale = ImageDraw.Draw(picture), scale

    def text(self, x: float, y: float, words: str, *, size: float, anchor: str = "ls") -> None:
        """Letter `words` from a point; `anchor` is Pillow's."""
        place = (x * self.scale, y * self.scale)
        self.draw.text(place, words, fill=255, font=self.font(size), anchor=anchor)

    def length(self, words: str, *, size: float) -> float:
        """Return how wide words are."""
        return self.font(size).getlength(words) / self.scale

    def font(self, size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
        """Return Pillow's own font."""
        return ImageFont.load_default(size=size * self.scale)

    def line(self, x0: float, y0: float, x1: float, y1: float, *, wide: float) -> None:
        """Rule a line."""
        ends = [value * self.scale for value in (x0, y0, x1, y1)]
        self.draw.line(ends, fill=255, width=max(1, round(wide * self.scale)))


def _frame(pen: _Pen) -> None:
    """Rule two frames round the plate and set its caption below."""
    left, top, right, bottom = PLATE
    for out, wide in ((4, 0.7), (8, 2.0)):
        a, b, c, d = left - out, top - out, right + out, bottom + out
        for ends in ((a, b, c, b), (c, b, c, d), (c, d, a, d), (a, d, a, b)):
            pen.line(*ends, wide=wide)
    pen.text((left + right) / 2, bottom + 32, CAPTION, size=12, anchor="ms")


def _letters(pen: _Pen) -> None:
    """Set the heading, an initial three lines tall, and the text in lines of one length."""
    left, right = COLUMN
    middle, size, lead = (left + right) / 2, 15.5, 23.0
    pen.text(middle, 72, TITLE[0], size=12, anchor="ms")
    pen.line(middle - 30, 84, middle + 30, 84, wide=1.2)
    pen.text(middle, 120, TITLE[1], size=27, anchor="ms")
    top, tall = 168.0, 3
    inset = pen.length(INITIAL, size=78) + 4
    pen.text(left - 3, top + (tall - 1) * lead, INITIAL, size=82)
    line: list[str] = []
    number = 0
    for word in [*WORDS.split(), ""]:
        start = left + (inset if number < tall else 0)
        if not word or pen.length(" ".join([*line, word]), size=size) > right - start:
            _justify(pen, line, start, right if word else 0, top + number * lead, size=size)
            line, number = [], number + 1
        line.append(word)
    end = top + number * lead + 12
    pen.line(middle - 46, end, middle + 46, end, wide=0.8)
    pen.text(middle, 470, "7", size=12, anchor="ms")


def _justify(
    pen: _Pen, line: list[str], start: float, end: float, y: float, *, size: float
) -> None:
    """Set one line of words, spread out to reach `end` if that lies beyond them."""
    spare = end - start - pen.length(" ".join(line), size=size)
    space = pen.length(" ", size=size) + max(0.0, spare) / max(1, len(line) - 1)
    for word in line:
        pen.text(start, y, word, size=size)
        start += pen.length(word, size=size) + space
