"""Colours get a mean and a covariance: of each picture, over a shot, or folded away."""

import pytest
import torch
from torch.func import functional_call

from stylize.models.covariance_norm import OPPONENT, CovarianceNorm, covariance, factor
from stylize.models.layers import Convolution

DRAW = torch.Generator().manual_seed(31)


def coloured(*shape):
    """Pictures whose colours go together somehow."""
    white = torch.randn(*shape, 3, 24, 20, generator=DRAW)
    return torch.einsum("ij,njhw->nihw", torch.randn(3, 3, generator=DRAW) / 2, white) + 0.3


PICTURES, STYLES = coloured(2), coloured(2) * 0.2


@pytest.fixture
def norm():
    """One that gives the colours of the first style."""
    norm = CovarianceNorm(epsilon=1e-8).requires_grad_(False)
    found, mean = covariance(STYLES[:1])
    norm.mixing = factor(found, 0)[0]
    norm.bias.copy_(mean[0])
    return norm


def test_the_axes_of_colour_are_at_right_angles():
    axes = torch.tensor(OPPONENT)
    torch.testing.assert_close(axes @ axes.T, torch.eye(3), atol=1e-6, rtol=0)


def test_a_covariance_is_that_of_all_places():
    found, mean = covariance(PICTURES)
    torch.testing.assert_close(found[1], torch.cov(PICTURES[1].flatten(1), correction=0))
    torch.testing.assert_close(mean, PICTURES.mean((2, 3)))


def test_a_factor_makes_the_covariance():
    found, _ = covariance(PICTURES)
    made = factor(found, epsilon=0)
    torch.testing.assert_close(made @ made.mT, found, atol=1e-5, rtol=1e-4)


def test_colours_get_the_covariance_and_the_mean_that_are_asked_for(norm):
    found, mean = covariance(norm(PICTURES))
    wanted, middle = covariance(STYLES[:1])
    torch.testing.assert_close(found, wanted.expand(2, 3, 3), atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(mean, middle.expand(2, 3), atol=1e-5, rtol=0)


def test_each_picture_can_get_those_of_its_own_style(norm):
    found, mean = covariance(STYLES)
    given = {"mixing": factor(found, 0), "bias": mean, "weight": torch.ones(2, 3)}
    again, middle = covariance(functional_call(norm, given, (PICTURES,)))
    torch.testing.assert_close(again, found, atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(middle, mean, atol=1e-5, rtol=0)


def test_what_is_light_stays_light(norm):
    grey = torch.linspace(0, 1, 48).view(1, 1, 6, 8).expand(1, 3, 6, 8)
    lightness = norm(grey).mean(1).flatten()
    assert (lightness.diff() > 0).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_plain_picture_becomes_the_mean_colour(norm, dtype):
    norm.epsilon = 1e-4
    painted = norm.to(dtype)(torch.full((1, 3, 8, 8), 0.25, dtype=dtype))
    torch.testing.assert_close(painted, norm.bias[:, None, None].expand(1, 3, 8, 8))


def test_without_a_mixing_colours_are_white():
    found, _ = covariance(CovarianceNorm(epsilon=1e-8)(PICTURES))
    torch.testing.assert_close(found, torch.eye(3).expand(2, 3, 3), atol=1e-3, rtol=0)


def test_over_a_shot_it_goes_by_what_came_before(norm):
    live = norm(PICTURES[:1])
    norm.state = "following"
    torch.testing.assert_close(norm(PICTURES[:1]), live, atol=1e-4, rtol=0)
    brighter = norm(PICTURES[:1] + 0.1)
    assert (brighter - live).abs().mean() > 0.01  # it was not taken out at once
    norm.moments.forget()
    torch.testing.assert_close(norm(PICTURES[:1] + 0.1), live, atol=1e-3, rtol=0)


def test_over_a_shot_all_pictures_are_measured_as_one(norm):
    side_by_side = norm(torch.cat([*PICTURES.split(1)], 3))
    norm.state = "following"
    found = norm(PICTURES)
    torch.testing.assert_close(torch.cat([*found.split(1)], 3), side_by_side, atol=1e-4, rtol=0)


def test_folded_into_a_convolution_it_does_the_same(norm):
    torch.manual_seed(32)
    convolution = Convolution(3, 3, 3).requires_grad_(False)
    norm.state = "following"
    wanted = norm(convolution(PICTURES))
    norm.fold_into(convolution)
    torch.testing.assert_close(convolution(PICTURES), wanted, atol=1e-4, rtol=0)
    norm.state = "folded"
    assert norm(PICTURES) is PICTURES


def test_a_norm_that_has_seen_nothing_folds_nothing(norm):
    with pytest.raises(RuntimeError, match="seen nothing"):
        norm.fold_into(Convolution(3, 3, 1))


@pytest.mark.parametrize("colours", [PICTURES, PICTURES[:, :1].expand(2, 3, 24, 20), PICTURES * 0])
def test_what_it_teaches_is_finite(norm, colours):
    norm.epsilon = 1e-4
    pictures = colours.clone().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        norm(pictures).square().mean().backward()
    assert pictures.grad.isfinite().all()


def test_it_teaches_by_the_true_slope():
    norm = CovarianceNorm(epsilon=1e-2).double().requires_grad_(False)
    pictures = torch.randn(1, 3, 3, 2, dtype=torch.float64, generator=DRAW)
    # It measures in float32, of which finite differences leave three digits.
    weigh = torch.randn(1, 3, 3, 2, dtype=torch.float64, generator=DRAW)
    pictures.requires_grad_()
    (norm(pictures) * weigh).sum().backward()
    step = torch.zeros_like(pictures)
    step[0, 1, 2, 0] = 1e-2
    with torch.no_grad():
        slope = ((norm(pictures + step) - norm(pictures - step)) * weigh).sum() / 2e-2
    torch.testing.assert_close(pictures.grad[0, 1, 2, 0], slope, atol=1e-3, rtol=1e-2)


def test_what_is_plain_but_for_rounding_stays_plain():
    norm = CovarianceNorm(epsilon=1e-4).requires_grad_(False)
    norm.weight.fill_(0.2)
    plain = norm(0.3 + 8e-4 * torch.randn(1, 3, 24, 20, generator=DRAW))
    faint = norm(0.3 + 3e-2 * torch.randn(1, 3, 24, 20, generator=DRAW))
    assert plain.std() < 0.003
    assert 0.18 < faint.std() < 0.2
