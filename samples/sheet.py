"""Lay pictures out as a sheet: rows and columns on white, labelled above and at the left."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

GAP, LABEL = 6, 26
INK = "#333333"


def sheet(
    rows: Sequence[Sequence[Image.Image]],
    *,
    headings: Sequence[str] = (),
    names: Sequence[str] = (),
) -> Image.Image:
    """Lay pictures of one size out in rows.

    Args:
        rows: the pictures; all rows are of one length.
        headings: one above each column, or none.
        names: one at the left of each row, read upwards, or none.
    """
    width, height = rows[0][0].size
    left, top = LABEL if names else 0, LABEL if headings else 0
    size = (len(rows[0]) * (width + GAP) - GAP, len(rows) * (height + GAP) - GAP)
    page = Image.new("RGB", (left + size[0], top + size[1]), "white")
    for column, heading in enumerate(headings):
        page.paste(_label(heading, width), (left + column * (width + GAP), 0))
    for number, name in enumerate(names):
        label = _label(name, height).transpose(Image.Transpose.ROTATE_90)
        page.paste(label, (0, top + number * (height + GAP)))
    for number, row in enumerate(rows):
        for column, picture in enumerate(row):
            page.paste(picture, (left + column * (width + GAP), top + number * (height + GAP)))
    return page


def _label(words: str, width: int) -> Image.Image:
    """Letter words in the middle of a strip, smaller where they would not fit."""
    strip = Image.new("RGB", (width, LABEL), "white")
    font = ImageFont.load_default(size=16)
    share = (width - 4) / max(1.0, font.getlength(words))
    if share < 1:
        font = ImageFont.load_default(size=16 * share)
    place = (width / 2, LABEL / 2)
    ImageDraw.Draw(strip).text(place, words, fill=INK, font=font, anchor="mm")
    return strip
