"""Both optimisers go down, keep to what can be shown, and find back from where a loss explodes."""

import math

import pytest
import torch

from stylize.models import ModelError
from stylize.models.optimise_picture import Adam, Lbfgs, optimise_picture

WAYS = {"lbfgs": Lbfgs, "adam": lambda: Adam(0.05)}


def _bowl(goal, *, steepness=1000.0):
    """A quadratic whose curvature differs from pixel to pixel, lowest at `goal`."""
    curvature = torch.logspace(0, math.log10(steepness), goal.numel()).view_as(goal)

    def loss(picture):
        difference = picture - goal
        value = (curvature * difference.square()).sum().item() / 2
        return value, curvature * difference

    return loss


def _run(way, loss, *, start=None, steps=80, **options):
    start = torch.full((1, 3, 4, 5), 0.5) if start is None else start
    return optimise_picture(
        start, loss, optimiser=WAYS[way](), steps=steps, on_step=lambda: None, **options
    )


@pytest.mark.parametrize("way", WAYS)
def test_a_quadratic_is_gone_down_to_its_lowest_place(way):
    torch.manual_seed(0)
    goal = torch.rand(1, 3, 4, 5)
    found = _run(way, _bowl(goal), average=0)
    assert (found - goal).abs().max() < 0.01


@pytest.mark.parametrize("way", WAYS)
def test_a_goal_that_cannot_be_shown_is_neared_at_the_edge(way):
    """As far as the loss tells, which is flat along the edge."""
    goal = torch.linspace(-1, 2, 60).view(1, 3, 4, 5)
    loss = _bowl(goal)
    found = _run(way, loss, average=0)
    assert 0 <= found.min() <= found.max() <= 1
    assert loss(found)[0] < 1.01 * loss(goal.clamp(0, 1))[0]


@pytest.mark.parametrize("way", WAYS)
def test_a_loss_that_is_no_number_at_times_spoils_nothing(way):
    torch.manual_seed(0)
    goal, calls = torch.rand(1, 3, 4, 5), []
    bowl = _bowl(goal)

    def loss(picture):
        calls.append(picture)
        value, gradient = bowl(picture)
        if len(calls) % 7 == 0:
            return math.nan, gradient * math.nan
        return value, gradient

    found = _run(way, loss, average=0, steps=150)
    assert found.isfinite().all()
    assert bowl(found)[0] < 0.05 * bowl(torch.full_like(goal, 0.5))[0]


def test_gradients_that_are_not_finite_are_gone_back_from():
    goal, calls = torch.rand(1, 3, 4, 5), []

    def loss(picture):
        calls.append(picture)
        value, gradient = _bowl(goal)(picture)
        return value, gradient / (len(calls) != 4)

    assert _run("lbfgs", loss).isfinite().all()


def test_an_explosion_is_left_for_the_best_picture_so_far():
    """A step that makes the loss many times what it was is not kept."""
    calls = []

    def loss(picture):
        calls.append(picture.clone())
        wall = 1e6 if picture.max() > 0.6 else 0.0
        return 1 - picture.mean().item() + wall, torch.full_like(picture, -1 / picture.numel())

    found = _run("lbfgs", loss, steps=30)
    assert any(picture.max() > 0.6 for picture in calls)
    assert 0.5 < found.max() <= 0.6


def test_a_loss_that_is_no_number_from_the_start_is_refused():
    with pytest.raises(ModelError, match="the loss is not a number from the start"):
        _run("lbfgs", lambda picture: (math.nan, picture))


def test_the_average_is_between_its_pictures_and_no_step_is_forgotten_at_first():
    goal = torch.rand(1, 3, 4, 5)
    one_step = _run("adam", _bowl(goal), steps=1, average=0)
    assert torch.allclose(_run("adam", _bowl(goal), steps=1, average=0.9), one_step, atol=1e-6)
    seen = []

    def loss(picture):
        seen.append(picture.clone())
        return _bowl(goal)(picture)

    averaged = _run("adam", loss, steps=10, average=0.9)
    shares = torch.tensor([0.9**back for back in reversed(range(10))])
    by_hand = (torch.cat(seen[1:]) * (shares / shares.sum())[:, None, None, None]).sum(0)
    assert torch.allclose(averaged[0], by_hand, atol=1e-5)


@pytest.mark.parametrize(("steps", "same_as"), [(50, 0.8), (8, 0.0), (2000, 0.99)])
def test_the_usual_average_looks_back_on_a_part_of_the_steps_at_most(steps, same_as):
    bowl = _bowl(torch.linspace(0.2, 0.8, 60).view(1, 3, 4, 5))
    usual = _run("adam", bowl, steps=steps)
    torch.testing.assert_close(usual, _run("adam", bowl, steps=steps, average=same_as))


def test_a_picture_that_is_perfect_already_stays():
    goal = torch.rand(1, 3, 4, 5)
    for way in WAYS:
        assert torch.equal(_run(way, _bowl(goal), start=goal, steps=3, average=0), goal)


def test_each_step_is_reported():
    steps = []
    loss = _bowl(torch.rand(1, 3, 4, 5))
    start = torch.rand(1, 3, 4, 5)
    optimise_picture(start, loss, optimiser=Lbfgs(), steps=7, on_step=lambda: steps.append(1))
    assert len(steps) == 7


def test_what_adam_knows_goes_along_to_a_larger_scale():
    """Started warm, it makes the same step there as it would have made here."""
    torch.manual_seed(0)
    warm, picture = Adam(0.01), torch.full((1, 3, 4, 4), 0.5)
    gradient = torch.rand(1, 3, 1, 1).expand_as(picture) / picture.numel()
    for _ in range(5):
        warm.step(picture, gradient.clone())
    here = warm.step(picture, gradient.clone()) - picture
    warm.resize((8, 8))
    larger = torch.full((1, 3, 8, 8), 0.5)
    there = warm.step(larger, gradient[..., :1, :1].expand_as(larger) / 4) - larger
    assert torch.allclose(there, here[..., :1, :1].expand_as(there), rtol=0.01)


def test_lbfgs_begins_anew_at_another_scale():
    optimiser = Lbfgs()
    for size in (4, 6):
        optimiser.resize((size, size))
        goal = torch.rand(1, 3, size, size)
        start = torch.full_like(goal, 0.5)
        loss = _bowl(goal, steepness=30.0)
        found = optimise_picture(start, loss, optimiser=optimiser, steps=60, on_step=lambda: None)
        assert (found - goal).abs().max() < 0.02
