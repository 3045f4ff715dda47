"""Mixtures of styles: what is refused, and how much of each there is where."""

import pytest
import torch

from stylize.models.any_style import Mixture, Patchwork
from stylize.models.network import PaintingNetwork


class _Paint(PaintingNetwork):
    """Paints everything in one grey."""

    def __init__(self, level: float) -> None:
        super().__init__()
        self.level = level

    def forward(self, pictures):
        return torch.full_like(pictures, self.level)


class _Step(PaintingNetwork):
    """Takes two steps, and leaves everything as it is."""

    def forward(self, pictures):
        for done in (1, 2):
            self.on_step(done, 2)
        return pictures


@pytest.fixture
def styles():
    torch.manual_seed(0)
    return torch.rand(3, 40, 50), torch.rand(3, 30, 20)


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ((), "0 shares for 2 style pictures"),
        ((1, 1, 1), "3 shares for 2 style pictures"),
        ((1, -1), "each must be at least 0, and one above it"),
        ((0, 0), "each must be at least 0, and one above it"),
        ((float("nan"), 1), "each must be at least 0, and one above it"),
        ((float("inf"), 1), "each must be at least 0, and one above it"),
    ],
)
def test_shares_that_make_no_mixture_are_refused(styles, shares, message):
    with pytest.raises(ValueError, match=message):
        Mixture(styles, shares)


def test_no_style_is_refused():
    with pytest.raises(ValueError, match="0 shares for 0 style pictures"):
        Mixture((), ())


def test_as_many_masks_as_styles_are_wanted(styles):
    with pytest.raises(ValueError, match="1 masks for 2 style pictures"):
        Mixture(styles, (1, 1), (torch.ones(1, 4, 4),))


def test_only_the_ratios_of_shares_matter(styles):
    weights = Mixture(styles, (3, 1)).weights((9, 7))
    assert weights.shape == (2, 1, 1, 1)
    assert weights.flatten().tolist() == [0.75, 0.25]
    assert torch.equal(weights, Mixture(styles, (0.3, 0.1)).weights((1, 1)))


@pytest.mark.parametrize("share", [1e-300, 1e-50, 1e30, 1e300])
def test_shares_may_be_ever_so_small_or_large(styles, share):
    assert Mixture(styles, (share, share / 3)).weights((1, 1)).flatten().tolist() == [0.75, 0.25]


def test_styles_without_a_share_do_not_count(styles):
    one, other = torch.zeros(1, 4, 4), torch.ones(1, 4, 4)
    counting = Mixture((*styles, styles[0]), (0, 2, 1e-99), (one, other, one)).counting()
    assert counting.pictures == (styles[1],)
    assert counting.shares == (2,)
    assert counting.masks == (other,)
    assert Mixture(styles, (0, 2)).counting().masks is None


def test_a_style_is_where_its_mask_is(styles):
    left = torch.zeros(1, 8, 8)
    left[..., :4] = 1
    weights = Mixture(styles, (1, 1), (left, 1 - left)).weights((8, 8))
    assert weights[0, 0, :, :4].min() > 0.999
    assert weights[0, 0, :, 4:].max() < 0.001


def test_where_masks_overlap_shares_decide_and_so_they_do_where_none_reaches(styles):
    both, none = torch.ones(1, 6, 6), torch.zeros(1, 6, 6)
    for masks in ((both, both), (none, none)):
        weights = Mixture(styles, (3, 1), masks).weights((6, 6))
        assert torch.allclose(weights[0], torch.tensor(0.75), atol=1e-3)


def test_what_is_measured_is_measured_where_it_is_shown(styles):
    left, none = torch.zeros(1, 8, 8), torch.zeros(1, 8, 8)
    left[..., :4] = 1
    guides = Mixture(styles, (1, 1), (left, none)).guides((8, 8))
    assert guides[0, 0, :, :4].min() > 0.999
    assert 0 < guides[:, 0, :, 4:].min() <= guides[:, 0, :, 4:].max() < 0.001
    mixture = Mixture(styles, (3, 1), (left, 1 - left))
    assert torch.equal(mixture.guides((8, 8)), mixture.weights((8, 8)))
    assert torch.equal(
        Mixture(styles, (3, 1)).guides((8, 8)), Mixture(styles, (3, 1)).weights((8, 8))
    )


@pytest.mark.parametrize("size", [(5, 3), (64, 48), (1, 1)])
def test_masks_of_any_size_fit_and_weights_sum_up_to_one(styles, size):
    masks = (torch.rand(1, 31, 17), torch.rand(1, 8, 9))
    weights = Mixture(styles, (1, 2), masks).weights(size)
    assert weights.shape == (2, 1, *size)
    assert torch.allclose(weights.sum(0), torch.ones(1, *size))


def test_a_patchwork_paints_each_style_in_its_place(styles):
    top = torch.zeros(1, 10, 10)
    top[:, :5] = 1
    patchwork = Patchwork([_Paint(0.2), _Paint(0.8)], Mixture(styles, (1, 1), (top, 1 - top)))
    painted = patchwork(torch.rand(2, 3, 10, 10))
    assert torch.allclose(painted[..., :4, :], torch.tensor(0.2), atol=1e-3)
    assert torch.allclose(painted[..., 6:, :], torch.tensor(0.8), atol=1e-3)


def test_a_patchwork_counts_the_steps_of_all_its_painters(styles):
    told = []
    patchwork = Patchwork([_Step(), _Step()], Mixture(styles, (1, 1), 2 * (torch.ones(1, 4, 4),)))
    patchwork.on_step = lambda done, total: told.append((done, total))
    patchwork(torch.rand(1, 3, 4, 4))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
