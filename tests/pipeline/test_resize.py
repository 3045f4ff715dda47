"""Pictures are resampled within their range, and brightness is weighed as BT.709 says."""

import pytest
import torch

from stylize.pipeline.resize import luma, resize


@pytest.mark.parametrize("size", [(5, 9), (40, 72), (1, 1)])
def test_a_picture_of_one_colour_keeps_it_at_any_size(size):
    resized = resize(torch.full((2, 3, 20, 36), 0.3), size)
    assert resized.shape == (2, 3, *size)
    assert torch.allclose(resized, torch.tensor(0.3), atol=1e-6)


def test_what_overshoots_at_an_edge_is_cut_off():
    picture = torch.zeros(1, 3, 8, 8)
    picture[..., 4:] = 1
    resized = resize(picture, (32, 32))
    assert (resized.min(), resized.max()) == (0, 1)


def test_fine_stripes_become_grey_and_no_coarse_ones():
    picture = (torch.arange(400) % 2).float().expand(1, 3, 40, 400)
    inner = resize(picture, (13, 130))[..., 5:-5]
    assert (inner - 0.5).abs().max() < 0.02


def test_green_is_brighter_than_red_and_red_than_blue():
    colours = torch.eye(3).view(3, 3, 1, 1)
    assert luma(colours).flatten().tolist() == pytest.approx([0.2126, 0.7152, 0.0722])
    assert luma(torch.ones(1, 3, 2, 2)) == pytest.approx(1)
