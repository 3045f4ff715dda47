"""Lay pictures out as a sheet: rows and columns on white, labelled above and at the left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image, ImageDraw

from .lettering import INK, font, letterable

if TYPE_CHECKING:
    from torch import Tensor

Cell = Image.Image
"""A picture on a sheet, 8-bit RGB."""

GAP, LABEL = 6, 26
EMPTY = "#e8e8e8"
LARGEST_TYPE, SMALLEST_TYPE = 16, 9
"""Pixels: between them letters become smaller where words would not fit, then words are cut."""


def sheet(
    rows: Sequence[Sequence[Cell | None]],
    *,
    headings: Sequence[str] = (),
    names: Sequence[str] = (),
) -> Cell:
    """Lay pictures out in rows; each is in the middle of its place, which is as large as needed.

    Args:
        rows: the pictures, None for a place that stays blank; all rows are of one length, and no
            row or column is all blank.
        headings: one above each column, or none.
        names: one at the left of each row, read upwards, or none.
    """
    widths = [max(cell.width for cell in column if cell) for column in zip(*rows, strict=True)]
    heights = [max(cell.height for cell in row if cell) for row in rows]
    page = Image.new("RGB", page_size(widths, heights, headings, names), "white")
    left, top = LABEL if names else 0, LABEL if headings else 0
    lefts = [left + sum(widths[:column]) + column * GAP for column in range(len(widths))]
    tops = [top + sum(heights[:row]) + row * GAP for row in range(len(heights))]
    for x, width, heading in zip(lefts, widths, headings, strict=False):
        page.paste(_label(heading, width), (x, 0))
    for y, height, name in zip(tops, heights, names, strict=False):
        page.paste(_label(name, height).transpose(Image.Transpose.ROTATE_90), (0, y))
    for y, height, row in zip(tops, heights, rows, strict=True):
        for x, width, cell in zip(lefts, widths, row, strict=True):
            if cell is not None:
                page.paste(cell, (x + (width - cell.width) // 2, y + (height - cell.height) // 2))
    return page


def page_size(
    widths: Sequence[int], heights: Sequence[int], headings: Sequence[str], names: Sequence[str]
) -> tuple[int, int]:
    """Width and height of a sheet with columns and rows of these sizes, and these labels."""
    width = sum(widths) + GAP * (len(widths) - 1) + (LABEL if names else 0)
    return width, sum(heights) + GAP * (len(heights) - 1) + (LABEL if headings else 0)


def empty(size: tuple[int, int], words: str) -> Cell:
    """A place of this width and height without a picture, and what it says in its middle."""
    cell = Image.new("RGB", size, EMPTY)
    if size[1] >= LABEL:
        cell.paste(_label(words, size[0], ground=EMPTY), (0, (size[1] - LABEL) // 2))
    return cell


def as_cell(picture: Tensor) -> Cell:
    """A picture, (3, H, W) in [0, 1], in 8 bits."""
    levels = picture.clamp(0, 1).mul(255).add_(0.5).to(torch.uint8)
    return Image.fromarray(levels.permute(1, 2, 0).contiguous().cpu().numpy())


def as_picture(cell: Cell) -> Tensor:
    """A cell or a whole sheet as (3, H, W) in [0, 1]."""
    return torch.from_numpy(np.array(cell)).permute(2, 0, 1).float().div_(255)


def _label(words: str, length: int, *, ground: str = "white") -> Cell:
    """Letter words in the middle of a strip, smaller where they would not fit, or cut."""
    words = letterable(words)
    strip = Image.new("RGB", (length, LABEL), ground)
    room = max(1, length - 4)
    fitting = LARGEST_TYPE * room / max(1.0, font(LARGEST_TYPE).getlength(words))
    letters = font(min(LARGEST_TYPE, max(SMALLEST_TYPE, fitting)))
    if fitting < SMALLEST_TYPE:
        while words and letters.getlength(f"{words}…") > room:
            words = words[:-1]
        words = f"{words}…"
    place = (length / 2, LABEL / 2)
    ImageDraw.Draw(strip).text(place, words, fill=INK, font=letters, anchor="mm")
    return strip
