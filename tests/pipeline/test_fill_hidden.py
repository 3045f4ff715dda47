"""What is hidden takes the colours around it, and what is visible stays as it is."""

import pytest
import torch

from stylize.pipeline.fill_hidden import filled

PICTURE = torch.rand(3, 37, 50, generator=torch.Generator().manual_seed(0))


def a_disc(height=37, width=50):
    rows, columns = torch.arange(height)[:, None] - 18, torch.arange(width) - 20
    return (rows**2 + columns**2 < 100).float()[None]


def test_the_colours_of_what_is_hidden_do_not_matter():
    alpha = a_disc()
    black, white = (torch.where(alpha > 0, PICTURE, level) for level in (0.0, 1.0))
    assert torch.equal(filled(black, alpha), filled(white, alpha))


def test_what_is_visible_stays_exactly_as_it_is():
    alpha = a_disc() * 0.3
    found = filled(PICTURE, alpha)
    assert torch.equal(found[:, alpha[0] > 0], PICTURE[:, alpha[0] > 0])


def test_what_is_hidden_has_colours_of_what_is_near():
    alpha = torch.zeros(1, 40, 60)
    alpha[..., :10] = alpha[..., -10:] = 1
    picture = torch.zeros(3, 40, 60)
    picture[..., :10], picture[..., -10:] = 0.2, 0.8
    found = filled(picture, alpha)
    assert found.min() >= 0.2 - 1e-5
    assert found.max() <= 0.8 + 1e-5
    assert (found[..., 12] - 0.2).abs().max() < 0.1
    assert (found[..., -13] - 0.8).abs().max() < 0.1


@pytest.mark.parametrize("alpha", [None, torch.ones(1, 37, 50), torch.zeros(1, 37, 50)])
def test_a_picture_all_visible_or_all_hidden_is_not_touched(alpha):
    assert filled(PICTURE, alpha) is PICTURE


@pytest.mark.parametrize("size", [(1, 2), (1, 9), (5, 1), (2, 2), (33, 64)])
def test_any_size_is_filled(size):
    alpha = torch.zeros(1, *size)
    alpha[0, -1, -1] = 0.01
    found = filled(torch.rand(3, *size), alpha)
    assert found.isfinite().all()
    assert torch.allclose(found, found[:, -1:, -1:].expand(3, *size), atol=1e-5)
