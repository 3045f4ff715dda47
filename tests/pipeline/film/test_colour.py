"""Colour conversion: published codes, exact round trips, every matrix, range, depth and layout."""

import numpy as np
import pytest
import torch

from stylize.pipeline.film.colour import (
    PlaneLayout,
    alpha_to_plane,
    plane_to_alpha,
    planes_to_rgb,
    rgb_to_planes,
)
from stylize.pipeline.values import Colour

MATRICES = ("bt709", "bt601", "fcc", "smpte240m", "bt2020nc", "ycgco")
SUBSAMPLINGS = {"4:2:0": (1, 1), "4:2:2": (1, 0), "4:4:4": (0, 0), "4:1:1": (2, 0), "4:4:0": (0, 1)}
YUV444 = PlaneLayout(8, (0, 0), "yuv")


def _flat(*rgb):
    return torch.tensor(rgb, dtype=torch.float32).view(3, 1, 1).expand(3, 4, 6).contiguous()


def _codes(picture, layout, colour):
    return tuple(int(plane[0, 0]) for plane in rgb_to_planes(picture, layout=layout, colour=colour))


@pytest.mark.parametrize(
    ("matrix", "range_", "rgb", "codes"),
    [
        # The colour bars of BT.601 and BT.709 at 100 %, and JFIF's.
        ("bt601", "limited", (1, 0, 0), (81, 90, 240)),
        ("bt601", "limited", (0, 1, 0), (145, 54, 34)),
        ("bt601", "limited", (0, 0, 1), (41, 240, 110)),
        ("bt709", "limited", (1, 0, 0), (63, 102, 240)),
        ("bt709", "limited", (0, 1, 0), (173, 42, 26)),
        ("bt709", "limited", (0, 0, 1), (32, 240, 118)),
        ("bt709", "limited", (1, 1, 1), (235, 128, 128)),
        ("bt709", "limited", (0, 0, 0), (16, 128, 128)),
        ("bt601", "full", (1, 0, 0), (76, 85, 255)),
        ("bt601", "full", (1, 1, 1), (255, 128, 128)),
    ],
)
def test_colours_get_the_published_codes_and_come_back(matrix, range_, rgb, codes):
    colour = Colour(matrix, range_)
    assert _codes(_flat(*rgb), YUV444, colour) == codes
    planes = [np.full((4, 6), code, np.uint8) for code in codes]
    back = planes_to_rgb(planes, layout=YUV444, colour=colour)
    assert torch.allclose(back, _flat(*rgb), atol=0.006)  # codes are 1/219 apart


def test_ten_bits_are_four_times_eight_bits_in_limited_range():
    layout = PlaneLayout(10, (0, 0), "yuv")
    assert _codes(_flat(1, 1, 1), layout, Colour()) == (940, 512, 512)
    assert _codes(_flat(0, 0, 0), layout, Colour()) == (64, 512, 512)
    assert rgb_to_planes(_flat(1, 1, 1), layout=layout, colour=Colour())[0].dtype == np.uint16


@pytest.mark.parametrize("range_", ["limited", "full"])
@pytest.mark.parametrize("matrix", MATRICES)
@pytest.mark.parametrize("depth", [8, 10, 12, 16])
@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_samples_of_colours_in_gamut_come_back_exactly(matrix, range_, depth, subsampling):
    across, down = SUBSAMPLINGS[subsampling]
    layout = PlaneLayout(depth, (across, down), "yuv")
    colour = Colour(matrix, range_)
    random = torch.Generator().manual_seed(1)
    height, width = 13, 19
    # One hue to a box of pixels, and luma of its own for every pixel, all inside the cube.
    hues = torch.rand(3, -(-height >> down), -(-width >> across), generator=random)
    hues = hues.repeat_interleave(1 << down, 1).repeat_interleave(1 << across, 2)
    picture = 0.25 + 0.5 * hues[:, :height, :width]
    picture = picture + 0.4 * torch.rand(1, height, width, generator=random) - 0.2
    samples = rgb_to_planes(picture, layout=layout, colour=colour)
    read = planes_to_rgb(samples, layout=layout, colour=colour)
    again = rgb_to_planes(read, layout=layout, colour=colour)
    for before, after in zip(samples, again, strict=True):
        assert np.array_equal(before, after)


@pytest.mark.parametrize("range_", ["limited", "full"])
@pytest.mark.parametrize("depth", [8, 10, 16])
def test_planes_of_green_blue_and_red_come_back_exactly(depth, range_):
    layout, colour = PlaneLayout(depth, (0, 0), "rgb"), Colour("rgb", range_)
    picture = torch.rand(3, 5, 7, generator=torch.Generator().manual_seed(2))
    samples = rgb_to_planes(picture, layout=layout, colour=colour)
    read = planes_to_rgb(samples, layout=layout, colour=colour)
    assert torch.allclose(read, picture, atol=0.5 / (219 << (depth - 8)) + 1e-6)
    again = rgb_to_planes(read, layout=layout, colour=colour)
    assert all(np.array_equal(a, b) for a, b in zip(samples, again, strict=True))


def test_the_first_plane_of_rgb_is_green():
    planes = rgb_to_planes(
        _flat(0.2, 0.4, 0.6), layout=PlaneLayout(8, (0, 0), "rgb"), colour=Colour("rgb", "full")
    )
    assert [int(plane[0, 0]) for plane in planes] == [102, 153, 51]


@pytest.mark.parametrize(("range_", "white"), [("limited", 235), ("full", 255)])
def test_grey_is_luma_on_the_way_out_and_three_equal_channels_on_the_way_in(range_, white):
    layout, colour = PlaneLayout(8, (0, 0), "grey"), Colour("bt709", range_)
    assert _codes(_flat(1, 1, 1), layout, colour) == (white,)
    green, full = _codes(_flat(0, 1, 0), layout, Colour("rgb", "full")), 255
    assert green == (round(0.7152 * full),)
    read = planes_to_rgb([np.array([[white, 100]], np.uint8)], layout=layout, colour=colour)
    assert read.shape == (3, 1, 2)
    assert torch.equal(read[0], read[2])
    assert read[0, 0, 0] == pytest.approx(1)


def test_ycgco_is_made_of_coded_rgb_as_the_standard_says():
    picture = torch.rand(3, 8, 8, generator=torch.Generator().manual_seed(3))
    for range_ in ("limited", "full"):
        rgb = PlaneLayout(8, (0, 0), "rgb")
        green, blue, red = (
            plane.astype(int)
            for plane in rgb_to_planes(picture, layout=rgb, colour=Colour("rgb", range_))
        )
        y, cg, co = rgb_to_planes(picture, layout=YUV444, colour=Colour("ycgco", range_))
        # H.273, equations for MatrixCoefficients 8; the coded inputs are rounded, ours are not.
        assert np.abs(y - (0.5 * green + 0.25 * (red + blue))).max() <= 1
        assert np.abs(cg - (0.5 * green - 0.25 * (red + blue) + 128)).max() <= 1
        assert np.abs(co - (0.5 * (red - blue) + 128)).max() <= 1


@pytest.mark.parametrize("steps", [-0.4, -0.1, 0.1, 0.4])
def test_codes_are_rounded_not_cut_off(steps):
    layout, colour = PlaneLayout(8, (0, 0), "grey"), Colour("bt709", "full")
    level = (100 + steps) / 255
    assert _codes(_flat(level, level, level), layout, colour) == (100,)


def test_what_lies_outside_is_clamped_to_legal_codes_and_to_the_unit_range():
    for rgb in ((9.0, -3.0, -3.0), (-1.0, -1.0, -1.0), (2.0, 2.0, 5.0)):
        y, *chroma = _codes(_flat(*rgb), YUV444, Colour())
        assert 16 <= y <= 235
        assert all(16 <= c <= 240 for c in chroma)
    wild = [np.array([[0, 255]], np.uint8), *[np.array([[0, 255]], np.uint8)] * 2]
    read = planes_to_rgb(wild, layout=YUV444, colour=Colour())
    assert read.min() == 0
    assert read.max() == 1


def test_an_odd_picture_has_chroma_for_its_last_column_and_row():
    layout = PlaneLayout(8, (1, 1), "yuv")
    picture = torch.zeros(3, 5, 7)
    picture[0, :, 6] = 1  # the last column, alone in its boxes, is red
    y, cb, cr = rgb_to_planes(picture, layout=layout, colour=Colour())
    assert y.shape == (5, 7)
    assert cb.shape == cr.shape == (3, 4)
    assert (cr[:, 3] == 240).all()
    assert (cr[:, :3] == 128).all()
    assert torch.allclose(
        planes_to_rgb([y, cb, cr], layout=layout, colour=Colour()), picture, atol=0.006
    )


def test_alpha_is_of_full_range_at_any_depth():
    alpha = torch.tensor([[[0.0, 0.5, 1.0]]])
    assert alpha_to_plane(alpha, depth=8).tolist() == [[0, 128, 255]]
    assert alpha_to_plane(alpha, depth=10).tolist() == [[0, 512, 1023]]
    plane = np.array([[0, 255]], np.uint8)
    assert plane_to_alpha(plane, depth=8).tolist() == [[[0.0, 1.0]]]


def test_luma_and_chroma_need_a_matrix():
    with pytest.raises(ValueError, match="not 'rgb'"):
        rgb_to_planes(_flat(1, 1, 1), layout=YUV444, colour=Colour("rgb"))
