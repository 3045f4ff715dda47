"""The optimiser moves kernels and numbers alike, and goes on where it stood."""

import copy

import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from stylize.models.optimiser import Optimiser

PICTURES = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def loss(network):
    return F.mse_loss(network(PICTURES), 1 - PICTURES)


def walk(network, optimiser, steps):
    for _ in range(steps):
        optimiser.find(loss(network))
        optimiser.step(rate=2e-3)


@pytest.mark.parametrize("muon", [True, False])
def test_every_parameter_moves_and_the_loss_falls(tiny, muon):
    before = copy.deepcopy(tiny.state_dict())
    first = loss(tiny).item()
    walk(tiny, Optimiser(tiny, muon=muon), 60)
    assert loss(tiny).item() < 0.85 * first
    assert not any(torch.equal(before[name], now) for name, now in tiny.state_dict().items())


def test_a_rate_of_nothing_moves_nothing(tiny):
    before = copy.deepcopy(tiny.state_dict())
    optimiser = Optimiser(tiny)
    optimiser.find(loss(tiny))
    optimiser.step(rate=0.0)
    assert all(torch.equal(before[name], now) for name, now in tiny.state_dict().items())


def test_weights_that_are_loaded_later_are_the_ones_that_move(tiny):
    optimiser = Optimiser(tiny)
    tiny.load_state_dict({name: each + 0.01 for name, each in tiny.state_dict().items()})
    before = copy.deepcopy(tiny.state_dict())
    walk(tiny, optimiser, 1)
    assert not torch.equal(before["down1.weight"], tiny.down1.weight)


def test_it_goes_on_where_another_stood(tiny):
    other = copy.deepcopy(tiny)
    first, second = Optimiser(tiny), Optimiser(other)
    walk(tiny, first, 3)
    other.load_state_dict(tiny.state_dict())
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    walk(tiny, first, 2)
    walk(other, second, 2)
    found = other.state_dict()
    assert all(torch.equal(found[name], each) for name, each in tiny.state_dict().items())


def test_a_palette_goes_ten_times_as_far_as_the_norms_of_strokes(tiny):
    before = copy.deepcopy(tiny.state_dict())
    walk(tiny, Optimiser(tiny), 1)  # the first step of Adam is the rate itself
    far = {name: (tiny.state_dict()[name] - each).abs().max() for name, each in before.items()}
    assert far["last_norm.bias"] == pytest.approx(2e-2, rel=0.01)
    assert far["colour_norm.bias"] == pytest.approx(2e-3, rel=0.01)


def test_memory_that_is_no_matrix_is_refused(tiny):
    with pytest.raises(RuntimeError, match="view"):
        Optimiser(tiny.to(memory_format=torch.channels_last))
