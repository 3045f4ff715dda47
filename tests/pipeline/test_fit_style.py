"""A style picture of any size and shape becomes one that a network can learn from."""

import pytest
import torch

from stylize.pipeline.fit_style import SMALLEST_SIDE, fit_style
from stylize.pipeline.values import Frame


@pytest.mark.parametrize(
    ("shape", "seen"),
    [
        ((64, 64), (64, 64)),
        ((480, 640), (64, 85)),
        ((640, 480), (85, 64)),
        ((10, 15), (64, 96)),
        ((64, 256), (64, 256)),  # 1:4 is the longest at full size
        ((32, 512), (32, 512)),
        ((100, 900), (42, 384)),
        ((1, 1), (64, 64)),
        ((1, 4000), (32, 512)),
        ((4000, 1), (512, 32)),
    ],
)
def test_the_shorter_side_becomes_the_size_as_far_as_shape_allows(shape, seen):
    fitted = fit_style(Frame(torch.rand(3, *shape)), size=64)
    assert fitted.shape == (3, *seen)
    assert 0 <= fitted.min() <= fitted.max() <= 1


@pytest.mark.parametrize(
    "shape", [(h, w) for h in (1, 7, 31, 100, 999) for w in (1, 40, 333, 4001)]
)
@pytest.mark.parametrize("size", [64, 100, 200])
def test_no_side_is_too_small_and_the_area_is_bounded(shape, size):
    fitted = fit_style(Frame(torch.rand(3, *shape)), size=size)
    height, width = fitted.shape[1:]
    assert min(height, width) >= SMALLEST_SIDE
    assert height * width <= 4 * size**2


def test_a_picture_of_the_right_size_is_taken_as_it_is():
    picture = torch.rand(3, 64, 80)
    assert torch.equal(fit_style(Frame(picture), size=64), picture)


def test_a_thin_picture_is_repeated_across_not_along():
    rainbow = torch.linspace(0, 1, 1000).expand(3, 1, 1000)
    fitted = fit_style(Frame(rainbow), size=64)
    assert torch.allclose(fitted[:, :1].expand_as(fitted), fitted, atol=1e-5)
    assert fitted[0, 0, 0] < 0.01
    assert fitted[0, 0, -1] > 0.99


def test_what_is_transparent_is_seen_on_white():
    alpha = torch.zeros(1, 64, 64)
    alpha[:, :, 32:] = 1
    alpha[:, 0, 0] = 0.5
    picture = torch.full((3, 64, 64), 0.2)
    fitted = fit_style(Frame(picture, alpha=alpha), size=64)
    assert torch.allclose(fitted[:, 1:, :32], torch.ones(3, 63, 32))
    assert torch.allclose(fitted[:, :, 32:], picture[:, :, 32:])
    assert fitted[0, 0, 0] == pytest.approx(0.6)
    assert (picture == 0.2).all()  # the frame stays as it is
