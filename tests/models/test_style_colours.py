"""Colours of the content, distributed as the style's; lightness stays the painting's."""

import pytest
import torch

from stylize.models.style_colours import LIGHT, with_colours_of


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(3)


def smooth(generator, mean, spread):
    """A picture of soft blotches about a colour, away from the limits."""
    low = torch.randn(1, 3, 6, 8, generator=generator)
    large = torch.nn.functional.interpolate(low, (48, 64), mode="bicubic")
    return (torch.tensor(mean)[:, None, None] + spread * large).clamp(0.02, 0.98)


def lightness(picture):
    return (picture * torch.tensor(LIGHT)[:, None, None]).sum(1)


def everywhere(count=1):
    return by(torch.full((count, 1, 1, 1), 1 / count))


def by(weights):
    return {"weights": weights, "guides": weights}


def test_lightness_stays_the_paintings(generator):
    painted, content = smooth(generator, (0.5, 0.5, 0.5), 0.03), smooth(generator, (0.4,) * 3, 0.03)
    style = smooth(generator, (0.55, 0.5, 0.4), 0.02)
    found = with_colours_of(painted, content, [style], **everywhere())
    assert torch.allclose(lightness(found), lightness(painted), atol=1e-3)


def test_colours_are_distributed_as_the_styles(generator):
    painted, content = smooth(generator, (0.5,) * 3, 0.02), smooth(generator, (0.3, 0.5, 0.6), 0.05)
    style = smooth(generator, (0.6, 0.45, 0.3), 0.03)
    found = with_colours_of(painted, content, [style], **everywhere())
    colour, wanted = (p[:, ::2] - lightness(p)[:, None] for p in (found, style))
    assert torch.allclose(colour.mean((2, 3)), wanted.mean((2, 3)), atol=0.01)
    assert torch.allclose(colour.std((2, 3)), wanted.std((2, 3)), rtol=0.25)


def test_each_style_colours_its_own_place(generator):
    grey = smooth(generator, (0.5,) * 3, 0.02)
    red, blue = smooth(generator, (0.7, 0.3, 0.3), 0.01), smooth(generator, (0.3, 0.3, 0.7), 0.01)
    left = torch.zeros(1, 1, 48, 64)
    left[..., :32] = 1
    found = with_colours_of(grey, grey, [red, blue], **by(torch.cat([left, 1 - left])))
    assert (found[:, 0, :, :28] > found[:, 2, :, :28]).all()
    assert (found[:, 2, :, 36:] > found[:, 0, :, 36:]).all()


def test_each_place_has_the_colours_of_its_style_whatever_those_of_the_others(generator):
    painted = smooth(generator, (0.5,) * 3, 0.02)
    reddish, bluish = (smooth(generator, mean, 0.03) for mean in ((0.6, 0.5, 0.4), (0.3, 0.5, 0.7)))
    left = torch.zeros(1, 1, 48, 64)
    left[..., :32] = 1
    content = reddish * left + bluish * (1 - left)
    styles = [smooth(generator, mean, 0.03) for mean in ((0.65, 0.45, 0.5), (0.4, 0.5, 0.45))]
    found = with_colours_of(painted, content, styles, **by(torch.cat([left, 1 - left])))
    for style, place in zip(styles, (slice(0, 26), slice(38, 64)), strict=True):
        colour, wanted = (p[:, ::2] - lightness(p)[:, None] for p in (found, style))
        seen = colour[..., place].mean((2, 3))
        assert torch.allclose(seen, wanted.mean((2, 3)), atol=0.02)


def test_colours_where_nothing_counts_do_not_matter(generator):
    painted, content, style = (smooth(generator, (0.5,) * 3, 0.03) for _ in range(3))
    left = torch.zeros(1, 1, 48, 64)
    left[..., :32] = 1
    weights = everywhere()["weights"]
    other = torch.where(left > 0, content, 0.2)
    found, alike = (
        with_colours_of(painted, each, [style], weights=weights, guides=left)
        for each in (content, other)
    )
    assert torch.allclose(found[..., :24], alike[..., :24], atol=1e-4)


@pytest.mark.parametrize("size", [(16, 16), (17, 40)])
def test_plain_pictures_stay_finite(size):
    plain = torch.full((1, 3, *size), 0.5)
    black, white = torch.zeros(1, 3, 4, 4), torch.ones(1, 3, 4, 4)
    for style in (black, white):
        found = with_colours_of(plain, plain, [style], **everywhere())
        assert found.isfinite().all()
        assert torch.allclose(found, plain, atol=1e-3)
