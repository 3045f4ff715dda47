"""The eight orientations, pixel by pixel by the matrix's definition."""

import struct

import pytest
import torch

from stylize.pipeline.film.orientation import (
    Orientation,
    orientation_of,
    orientation_of_turn,
    upright,
)

ONE = 1 << 16
MATRICES = [
    *((a, 0, 0, d) for a in (ONE, -ONE) for d in (ONE, -ONE)),
    *((0, b, c, 0) for b in (ONE, -ONE) for c in (ONE, -ONE)),
]


def _packed(a, b, c, d):
    return struct.pack("=9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)


@pytest.mark.parametrize("matrix", MATRICES)
def test_every_pixel_goes_where_the_matrix_sends_it(matrix):
    a, b, c, d = (value // ONE for value in matrix)
    picture = torch.arange(12.0).view(1, 3, 4)
    height, width = (4, 3) if b else (3, 4)
    expected = torch.empty(1, height, width)
    for y in range(3):
        for x in range(4):
            # A negative factor leaves the picture left of, or above, the origin: move it back.
            shown_x = (a * x + c * y) % width if a + c > 0 else width - 1 + a * x + c * y
            shown_y = (b * x + d * y) % height if b + d > 0 else height - 1 + b * x + d * y
            expected[0, shown_y, shown_x] = picture[0, y, x]
    shown = upright(picture, orientation_of(_packed(*matrix)))
    assert torch.equal(shown, expected)
    assert shown.is_contiguous()


@pytest.mark.parametrize("quarters", [-2, -1, 0, 1, 2])
def test_an_angle_turns_against_the_clock(quarters):
    picture = torch.arange(12.0).view(1, 3, 4)
    shown = upright(picture, orientation_of_turn(90 * quarters))
    assert torch.equal(shown, picture.rot90(quarters, (1, 2)))


def test_a_matrix_without_any_turn_in_it_counts_as_upright():
    assert orientation_of(_packed(0, 0, 0, 0)) == Orientation()


def test_a_slanted_picture_goes_to_the_nearest_quarter_turn():
    assert orientation_of(_packed(60000, 20000, -20000, 60000)) == Orientation()
    assert orientation_of(_packed(20000, 60000, -60000, 20000)).transposed
