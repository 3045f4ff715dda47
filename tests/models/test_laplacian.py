"""A picture goes apart into levels and together again, and its parts follow gradients."""

import pytest
import torch

from stylize.models.laplacian import COARSEST, compose, decompose, enlarged, halved, resized


@pytest.mark.parametrize("size", [(1, 1), (2, 7), (3, 3), (16, 16), (37, 50), (64, 48)])
def test_the_levels_of_a_picture_make_it_again(size):
    picture = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(1))
    levels = decompose(picture)
    assert levels[0].shape == picture.shape
    assert min(levels[-1].shape[-2:]) <= COARSEST
    torch.testing.assert_close(compose(levels), picture, atol=1e-6, rtol=0)


def test_each_level_has_half_the_size_rounded_up():
    levels = decompose(torch.rand(1, 3, 37, 50))
    assert [tuple(level.shape[-2:]) for level in levels] == [
        (37, 50),
        (19, 25),
        (10, 13),
        (5, 7),
        (3, 4),
        (2, 2),
    ]


def test_a_plain_picture_has_detail_at_no_level():
    *finer, coarsest = decompose(torch.full((1, 3, 40, 30), 0.4))
    assert all(level.abs().max() < 1e-6 for level in finer)
    assert torch.allclose(coarsest, torch.tensor(0.4))


def test_every_level_gets_a_gradient_and_coarse_ones_move_large_areas():
    levels = [level.requires_grad_() for level in decompose(torch.rand(1, 3, 32, 32))]
    compose(levels).sum().backward()
    reach = [level.grad.mean().item() for level in levels]
    assert reach[0] == pytest.approx(1)
    assert reach == sorted(reach)
    assert reach[-1] == pytest.approx(32 * 32 / levels[-1][0, 0].numel())


def test_what_a_picture_becomes_smaller_by_is_averaged():
    stripes = torch.zeros(1, 3, 64, 64)
    stripes[..., ::2] = 1
    assert torch.allclose(resized(stripes, (8, 8)), torch.tensor(0.5), atol=0.02)
    assert torch.allclose(halved(stripes)[..., 2:-2], torch.tensor(0.5), atol=0.02)
    assert enlarged(stripes, (70, 65)).shape == (1, 3, 70, 65)


def test_a_picture_of_the_wanted_size_stays_as_it_is():
    picture = torch.rand(1, 3, 9, 11)
    assert resized(picture, (9, 11)) is picture
