"""Canvases have the scales and the frame that they should, and give the picture back."""

import pytest
import torch

from stylize.models.any_style import Mixture
from stylize.models.canvas import Canvas, split_steps


def test_scales_go_up_to_the_picture_in_steps_of_the_root_of_2():
    canvas = Canvas((512, 768), smallest=256)
    assert canvas.sides == [256, 362, 512]
    frames = [
        (high - side) / 2 for (high, _), side in zip(canvas.scales, canvas.sides, strict=True)
    ]
    assert frames == [12, 17, 24]
    assert [wide - high for high, wide in canvas.scales] == [128, 181, 256]


@pytest.mark.parametrize(
    ("size", "smallest", "scales"),
    [((512, 768), 513, 1), ((512, 512), 512, 1), ((16, 900), 16, 1), ((5, 3), 16, 1)],
)
def test_a_picture_no_larger_than_the_smallest_has_one_scale(size, smallest, scales):
    canvas = Canvas(size, smallest=smallest)
    assert len(canvas.scales) == len(canvas.sides) == scales
    assert canvas.sides[-1] == max(16, min(size))


def test_a_frame_stays_narrow_however_many_scales_there_are():
    canvas = Canvas((1024, 1024), smallest=16)
    assert len(canvas.scales) == 13
    assert canvas.scales[-1] == (1024 + 128, 1024 + 128)


@pytest.mark.parametrize("size", [(1, 1), (17, 5), (33, 31), (40, 300)])
def test_a_picture_comes_back_from_its_canvas(size):
    picture = torch.rand(1, 3, *size)
    canvas = Canvas(size, smallest=64)
    framed = canvas.frame(picture)
    assert framed.shape[-2:] == canvas.scales[-1]
    back = canvas.cut(framed)
    assert back.shape == picture.shape
    if min(size) >= 16:
        assert torch.equal(back, picture)
    else:  # enlarged and made smaller again
        assert (back - picture).abs().mean() < 0.15


def test_masks_lie_where_they_lay():
    left = torch.zeros(1, 4, 4)
    left[..., :2] = 1
    styles = Mixture((torch.rand(3, 8, 8),) * 2, (2.0, 1.0), (left, 1 - left))
    canvas = Canvas((64, 80), smallest=256)
    framed = canvas.frame_masks(styles)
    assert framed.shares == styles.shares
    found = canvas.cut(framed.weights(canvas.scales[-1]))
    assert torch.allclose(found, styles.weights((64, 80)), atol=0.02)


def test_without_masks_styles_stay_as_they_are():
    styles = Mixture((torch.rand(3, 8, 8),))
    assert Canvas((64, 80), smallest=256).frame_masks(styles) is styles


def test_steps_are_shared_among_scales_and_what_is_left_goes_to_the_finest():
    assert split_steps(300, 3) == [100, 100, 100]
    assert split_steps(8, 3) == [2, 3, 3]
    assert split_steps(1, 3) == [0, 0, 1]
