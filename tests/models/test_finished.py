"""The finish of `micro`: bands of a painting with the style's contrast, and no seam or border."""

import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from stylize.models import Swift
from stylize.models.finished import BROAD_CONTRAST, SEEN, FinestNorm, Finish, FinishedSwift
from stylize.models.instance_norm import moments

DRAW = torch.Generator().manual_seed(21)


def clouds(*amounts):
    """A picture with so much of details of 16, 8, 4 and 2 pixels."""
    layers = [
        F.interpolate(
            torch.rand(1, 3, 96 // size, 128 // size, generator=DRAW), (96, 128), mode="bicubic"
        )
        for size in (16, 8, 4, 2)
    ]
    return 0.5 + sum(amount * (layer - 0.5) for amount, layer in zip(amounts, layers, strict=True))


PICTURE, STYLE = clouds(0.6, 0.3, 0.1, 0.1), clouds(0.15, 0.2, 0.2, 0.4) - 0.1


def styled(finish, style=STYLE, *, seen=SEEN):
    """With all of the style's contrast in the coarsest band too, and a share of the finest band's
    energy that is of the picture that is painted."""
    finish.requires_grad_(False)
    for (_, norm), given in zip(finish.normalised(), finish.wanted(style), strict=True):
        norm.weight.copy_(given.weight[0])
        norm.bias.copy_(given.bias[0])
        norm.mixing = None if given.mixing is None else given.mixing[0]
    own, of_picture = finish.norms[-2:]
    finish.norms[0].weight.div_(BROAD_CONTRAST)
    own.weight.mul_(((1 - seen) / (1 - SEEN)) ** 0.5)
    of_picture.weight.mul_((seen / SEEN) ** 0.5)
    return finish


def as_painted(picture):
    """As a `swift` gives it to its finish."""
    return F.pixel_unshuffle(picture * 2 - 1, 2)


def finished_of(finish, painting=PICTURE, picture=PICTURE):
    return finish(as_painted(painting), F.pad(picture, (2, 2, 2, 2), mode="replicate"))


@pytest.fixture
def painter():
    torch.manual_seed(22)
    swift = Swift(widths=(4, 6, 8, 4), blocks=1, last_norm=False)
    return FinishedSwift(swift, styled(Finish(), seen=0.5)).eval().requires_grad_(False)


def bands(picture):
    *coarse, full = Finish().bands(F.pixel_unshuffle(picture, 2))
    return [*coarse, F.pixel_shuffle(full, 2)]


@torch.no_grad()
def test_the_bands_of_a_painting_get_the_contrast_of_the_style():
    finished = finished_of(styled(Finish(), seen=0))
    wanted, before, after = (
        torch.stack([moments(band)[0] for band in bands(each)])
        for each in (STYLE, PICTURE, finished)
    )
    # Not quite the same, for bands overlap: what is in one is seen in its neighbours too.
    apart, together = ((found / wanted).log().abs().mean() for found in (before, after))
    assert apart > 0.8
    assert together < apart / 2


@torch.no_grad()
def test_what_is_broadest_is_to_have_a_little_less_contrast_than_in_the_style():
    eighth, quarter, half, *_ = (norm.weight for norm in Finish().wanted(STYLE))
    assert torch.equal(eighth, torch.full((1, 3), BROAD_CONTRAST))
    assert torch.equal(quarter, torch.ones(1, 3))
    assert torch.equal(half, torch.ones(1, 3))


@torch.no_grad()
def test_colours_go_together_as_they_do_in_the_style():
    palette = torch.tensor([[1.0, 0.2, -0.5], [0.8, 0.1, -0.4], [-0.6, 0.3, 0.6]])
    style = 0.5 + torch.einsum("ij,njhw->nihw", palette, STYLE - 0.4) / 2
    finished = finished_of(styled(Finish(), style))
    of_style, of_picture, found = (
        torch.corrcoef(F.avg_pool2d(each, 4)[0].flatten(1)) for each in (style, PICTURE, finished)
    )
    before, after = ((of_style - each).abs().max() for each in (of_picture, found))
    assert before > 0.8
    assert after < before / 3


@torch.no_grad()
def test_the_colours_are_those_of_the_style_and_what_is_shown_stays():
    finished = finished_of(styled(Finish()))
    assert (finished.mean((2, 3)) - STYLE.mean((2, 3))).abs().max() < 0.01
    shown = [F.avg_pool2d(each, 8).flatten() for each in (finished, PICTURE)]
    assert torch.corrcoef(torch.stack(shown))[0, 1] > 0.8


@torch.no_grad()
@pytest.mark.parametrize("seen", [0, 1])
def test_a_picture_in_its_own_style_stays_as_it_is(seen):
    finished = finished_of(styled(Finish(), PICTURE, seen=seen))
    assert (finished - PICTURE).abs().mean() < 0.01


@torch.no_grad()
def test_what_is_finest_can_be_that_of_the_picture():
    finish = styled(Finish(), PICTURE, seen=1)
    with_it = finished_of(finish, STYLE)
    finish.norms[-1].weight.zero_()
    finest = with_it - finished_of(finish, STYLE)
    wanted = F.pixel_shuffle(finish.bands(as_painted(PICTURE))[-1], 2)
    both = torch.stack([finest.flatten(), wanted.flatten()])
    assert torch.corrcoef(both)[0, 1] > 0.99


@torch.no_grad()
def test_the_finest_band_has_the_energy_that_it_has_in_the_style():
    *_, own, seen = Finish().wanted(STYLE)
    deviation, middle = moments(bands(STYLE)[-1])
    torch.testing.assert_close(own.weight.square() + seen.weight.square(), deviation.square())
    torch.testing.assert_close(own.bias, middle)
    assert not seen.bias.any()


@torch.no_grad()
def test_the_bands_sum_up_to_the_picture():
    finish = styled(Finish(), PICTURE * 2 - 1, seen=0)
    for norm in finish.norms:
        norm.epsilon = 0.0
    torch.testing.assert_close(finished_of(finish), PICTURE * 2 - 1, atol=0.02, rtol=0)


@torch.no_grad()
def test_one_norm_serves_the_pixels_that_lie_in_channels():
    phases = torch.rand(2, 12, 8, 10, generator=torch.Generator().manual_seed(1)) * 4
    deviation, mean = moments(F.pixel_shuffle(FinestNorm(3)(phases), 2))
    torch.testing.assert_close(deviation, torch.ones(2, 3), atol=0.01, rtol=0)
    torch.testing.assert_close(mean, torch.zeros(2, 3), atol=1e-5, rtol=0)


def test_frozen_it_paints_the_same(painter):
    frozen = painter.freeze(PICTURE)
    torch.testing.assert_close(frozen(PICTURE), painter(PICTURE), atol=1e-4, rtol=0)


def test_what_leaves_the_range_is_cut_off_and_can_come_back(painter):
    painter.finish.norms[0].bias.add_(2.0)
    picture = PICTURE.clone().requires_grad_()
    painted = painter(picture)
    assert painted.max() == 1
    painted.sum().backward()
    assert picture.grad.abs().max() > 0


@pytest.mark.parametrize("size", [(1, 1), (5, 33), (40, 7)])
def test_pictures_of_any_size_come_out_in_it(painter, size):
    painted = painter(torch.rand(1, 3, *size))
    assert painted.shape == (1, 3, *size)
    assert painted.isfinite().all()
    assert painted.min() >= 0
    assert painted.max() <= 1
