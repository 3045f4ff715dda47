"""The letters of sheets and figures: Pillow's own, which are the same everywhere."""

from __future__ import annotations

import unicodedata
from functools import cache

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
INK = "#333333"


def font(size: float) -> Font:
    """The letters, so many pixels large."""
    return ImageFont.load_default(size=size)


def letterable(words: str) -> str:
    """Words as they can be shown: letters that are missing lose their accents, or become `?`."""
    return "".join(_letterable(letter) for letter in words)


@cache
def _letterable(letter: str) -> str:
    plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    letters = font(16)
    missing = bytes(letters.getmask("\uffff"))
    for way in (letter, plain):
        if way.isprintable() and all(bytes(letters.getmask(one)) != missing for one in way):
            return way or "?"
    return "?"
