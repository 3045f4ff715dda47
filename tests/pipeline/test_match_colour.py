"""A style takes the colours of a content, and no picture is too poor in colour for it."""

import pytest
import torch
from torch import Tensor

from stylize.pipeline.match_colour import FAINTEST, match_colour
from stylize.pipeline.picture.read_image import read_image


def coloured(height: int, width: int, *, seed: int, spread: float = 0.06) -> Tensor:
    """Noise whose colours hang together in some way, far from black and white."""
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn(3, 3, generator=generator) * spread
    middle = 0.4 + 0.2 * torch.rand(3, 1, 1, generator=generator)
    noise = torch.randn(3, height, width, generator=generator).clamp(-2, 2)
    return (middle + torch.einsum("ij,jhw->ihw", mixing, noise)).clamp(0, 1)


def colours(picture: Tensor) -> tuple[Tensor, Tensor]:
    pixels = picture.double().flatten(1)
    return pixels.mean(1), torch.cov(pixels, correction=0)


def assert_same_colours(a: Tensor, b: Tensor) -> None:
    for one, other in zip(colours(a), colours(b), strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def test_mean_and_covariance_become_those_of_the_content():
    style, content = coloured(40, 50, seed=1), coloured(90, 30, seed=2)
    assert not torch.allclose(colours(style)[1], colours(content)[1], atol=1e-3)
    matched = match_colour(style, content)
    assert matched.shape == style.shape
    assert matched.dtype == torch.float32
    assert_same_colours(matched, content)


def test_a_style_in_the_colours_already_stays_as_it_is():
    style = coloured(40, 50, seed=3)
    assert torch.allclose(match_colour(style, style), style, atol=1e-5)
    turned = style.flip(1)
    assert torch.allclose(match_colour(turned, style), turned, atol=1e-5)


def test_there_and_back_is_where_it_began():
    style, content = coloured(40, 50, seed=4), coloured(40, 50, seed=5)
    assert torch.allclose(match_colour(match_colour(style, content), style), style, atol=1e-4)


def test_colours_move_no_more_than_they_must():
    style, content = coloured(40, 50, seed=6), coloured(40, 50, seed=7)
    moved = (match_colour(style, content) - style).square().mean()
    (mean, spread), (wanted_mean, wanted_spread) = colours(style), colours(content)
    roots = [torch.linalg.cholesky(matrix) for matrix in (wanted_spread, spread)]
    other = roots[0] @ torch.linalg.inv(roots[1])  # maps to the same mean and covariance
    changed = torch.einsum("ij,jhw->ihw", other, style - mean.view(3, 1, 1))
    changed = changed + wanted_mean.view(3, 1, 1)
    assert_same_colours(changed, content)
    assert moved < (changed - style).square().mean()


def test_a_grey_style_takes_the_strongest_colours_of_the_content_and_stays_smooth():
    ramp = torch.linspace(0.3, 0.7, 64).expand(3, 48, 64)
    rounded = (ramp * 255).round() / 255  # greys with rounding that differs by channel
    rounded = rounded + torch.tensor([0.3, -0.2, 0.1]).view(3, 1, 1) / 255
    content = coloured(40, 50, seed=8)
    matched = match_colour(rounded, content)
    assert torch.allclose(matched.mean((1, 2)), content.mean((1, 2)), atol=1e-5)
    steps = matched.diff(dim=2).abs().amax()
    assert steps < 4 / 255  # no more than the ramp's own steps of 1.6, stretched
    assert matched.std((1, 2)).max() > 0.02


@pytest.mark.parametrize("level", [0.0, 0.3, 1.0], ids=["black", "grey", "white"])
def test_a_style_of_one_colour_becomes_the_mean_of_the_content(level: float):
    content = coloured(40, 50, seed=9)
    matched = match_colour(torch.full((3, 8, 9), level), content)
    assert torch.allclose(matched, content.mean((1, 2)).view(3, 1, 1).expand(3, 8, 9), atol=1e-5)


def test_a_content_of_one_colour_leaves_nothing_but_it():
    content = torch.tensor([0.2, 0.5, 0.9]).view(3, 1, 1).expand(3, 4, 5)
    matched = match_colour(coloured(20, 30, seed=10), content)
    assert torch.allclose(matched, content[:, :1, :1].expand(3, 20, 30), atol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1)])
def test_the_smallest_pictures_have_colours_too(size: tuple[int, int]):
    style = torch.rand(3, *size, generator=torch.Generator().manual_seed(11))
    for matched in (match_colour(style, style), match_colour(style, coloured(5, 5, seed=1))):
        assert matched.shape == style.shape
        assert 0 <= matched.min() <= matched.max() <= 1


def test_faint_noise_is_not_blown_up():
    generator = torch.Generator().manual_seed(12)
    faint = 0.5 + torch.randn(3, 60, 60, generator=generator) * FAINTEST**0.5 / 3
    strong = coloured(60, 60, seed=13, spread=0.1)
    matched = match_colour(faint, strong)
    assert (matched.std((1, 2)) < strong.std((1, 2)) / 2.5).all()


def test_what_the_content_has_in_black_and_white_is_clipped_to_the_range():
    content = coloured(60, 60, seed=14).round()
    matched = match_colour(coloured(60, 60, seed=15), content)
    assert 0 <= matched.min() <= matched.max() <= 1


def test_a_painting_takes_the_colours_of_a_photograph(shared):
    style = read_image(shared / "paintings" / "red_fuji.jpg").frame.picture
    content = read_image(sorted((shared / "photos_512").iterdir())[0]).frame.picture
    matched = match_colour(style, content)
    (mean, spread), (wanted_mean, wanted_spread) = colours(matched), colours(content)
    assert (mean - wanted_mean).abs().max() < 0.02  # some of it is clipped
    assert (spread - wanted_spread).norm() < 0.15 * wanted_spread.norm()
    before, after = style.mean(0).flatten(), matched.mean(0).flatten()
    assert torch.corrcoef(torch.stack([before, after]))[0, 1] > 0.9  # and it is the same picture
