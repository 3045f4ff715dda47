"""Pictures laid out on a sheet: where they are, and what stands beside them."""

import numpy as np
import pytest
import torch
from PIL import Image

from stylize.pipeline.picture.sheet import (
    GAP,
    LABEL,
    as_cell,
    as_picture,
    empty,
    page_size,
    sheet,
)


def plain(width: int, height: int, colour: str = "red") -> Image.Image:
    return Image.new("RGB", (width, height), colour)


def inked(page: Image.Image) -> np.ndarray:
    return np.asarray(page.convert("L")) < 200


def test_pictures_are_laid_out_in_rows():
    rows = [[plain(30, 20, colour) for colour in pair] for pair in
            (("red", "lime"), ("blue", "black"))]  # fmt: skip
    page = sheet(rows)
    assert page.size == (66, 46)
    assert [page.getpixel(at) for at in ((0, 0), (65, 0), (0, 45), (65, 45), (33, 10))] == [
        (255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0), (255, 255, 255),
    ]  # fmt: skip
    assert sheet(rows, headings=("a", "b")).size == (66, 46 + LABEL)


def test_labels_are_above_and_at_the_left():
    rows = [[plain(60, 40)] * 2] * 3
    page = sheet(rows, headings=("a", "b"), names=("long name", "d", ""))
    assert page.size == (26 + 126, 26 + 132)
    ink, pixels = inked(page), np.asarray(page)
    assert (pixels[26:66, 26:86] == (255, 0, 0)).all()
    assert ink[:26, 26:86].any()
    assert ink[:26, 92:].any()
    assert ink[26:66, :26].any()  # the name of the first row, made to fit
    assert not ink[:26, :26].any()
    assert not ink[118:, :26].any()


def test_rows_and_columns_are_as_large_as_their_largest_and_hold_the_others_in_their_middle():
    rows = [[plain(40, 20), None], [plain(10, 50, "blue"), plain(30, 30, "lime")]]
    page = sheet(rows)
    assert page.size == (40 + GAP + 30, 20 + GAP + 50) == page_size([40, 30], [20, 50], (), ())
    white = (255, 255, 255)
    assert page.getpixel((50, 10)) == white  # the blank place
    assert [page.getpixel((x, 40)) for x in (14, 15, 24, 25)] == [
        white, (0, 0, 255), (0, 0, 255), white,
    ]  # fmt: skip
    assert [page.getpixel((60, y)) for y in (35, 36, 65, 66)] == [
        white, (0, 255, 0), (0, 255, 0), white,
    ]  # fmt: skip


def test_the_size_of_a_page_is_known_before_its_pictures_are():
    headings, names = ("a", "b"), ("c",)
    page = sheet([[plain(30, 20), plain(50, 10)]], headings=headings, names=names)
    assert page.size == page_size([30, 50], [20], headings, names)


@pytest.mark.parametrize("words", ["w" * 500, "two\nlines", "\udcff", "", "a b" * 90])
@pytest.mark.parametrize("width", [1, 5, 90])
def test_any_words_fit_their_strip(words: str, width: int):
    page = sheet([[plain(width, 8)]], headings=(words,))
    assert page.size == (width, 8 + LABEL)
    if width == 90:
        ink = inked(page)[:LABEL]
        assert ink.any() == bool(words)
        assert not ink[:, [0, -1]].any()  # nothing runs into the border


def test_long_words_are_cut_where_letters_would_be_too_small():
    long, short = (inked(sheet([[plain(90, 8)]], headings=(word,))) for word in ("n" * 99, "n" * 9))
    tall = [np.flatnonzero(ink[:LABEL].any(axis=1)) for ink in (long, short)]
    assert len(tall[0]) >= 4  # an n of 9 pixels can still be read
    assert len(tall[1]) > len(tall[0])


@pytest.mark.parametrize(
    ("words", "shown"), [("für Noël", "fur Noel"), ("Ż2²", "Z22"), ("漢字", "??"), ("Ω", "?")]
)
def test_letters_that_the_type_has_not_are_never_boxes(words: str, shown: str):
    found, wanted = (inked(sheet([[plain(90, 8)]], headings=(each,))) for each in (words, shown))
    assert np.array_equal(found, wanted)


def test_an_empty_place_says_why_if_there_is_room():
    assert inked(empty((90, 60), "failed")).any()
    assert empty((90, 60), "failed").size == (90, 60)
    assert not inked(empty((90, 20), "failed")).any()
    assert empty((1, 1), "failed").getpixel((0, 0)) != (255, 255, 255)


def test_a_picture_is_rounded_to_eight_bits_and_comes_back():
    picture = torch.tensor([0.0, 0.25, 0.5, 1.0]).view(1, 2, 2).repeat(3, 1, 1)
    picture[2] = 1.2
    cell = as_cell(picture)
    assert cell.size == (2, 2)
    assert cell.getpixel((1, 0)) == (64, 64, 255)
    assert torch.allclose(as_picture(cell), picture.clamp(0, 1), atol=0.51 / 255)
    assert as_picture(cell).shape == (3, 2, 2)
