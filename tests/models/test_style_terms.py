"""Each style term is the distance that its paper names, and its gradient is the right one."""

import math

import pytest
import torch

from stylize.models.style_terms import Gaussian, make_term

ALIKE = torch.tensor(1 / 60)
NAMES = ["gram", "linear", "gaussian", "moments", "wasserstein"]


def _samples(seed, *, channels=5, places=60):
    generator = torch.Generator().manual_seed(seed)
    mix = torch.randn(channels, channels, generator=generator) * 0.5
    shift = torch.randn(channels, 1, generator=generator)
    return (mix @ torch.randn(channels, places, generator=generator) + shift).relu()


def _kernel_distance(kernel, one, other):
    """The square of the MMD, as a sum over all pairs of places."""
    return kernel(one, one).mean() + kernel(other, other).mean() - 2 * kernel(one, other).mean()


def _gaussian_kernel(width):
    return lambda a, b: (-torch.cdist(a.T, b.T).square() / (2 * width)).exp()


def _naive(name, found, wanted):
    match name:
        case "gram":  # the mean over C² of what is divided by C
            return _kernel_distance(lambda a, b: (a.T @ b) ** 2, found, wanted) / len(found) ** 4
        case "linear":
            return _kernel_distance(lambda a, b: a.T @ b, found, wanted) / len(found)
        case "moments":
            deviations = [(x.var(1, correction=0) + 1e-5).sqrt() for x in (found, wanted)]
            means = (found.mean(1) - wanted.mean(1)).square()
            return (means + (deviations[0] - deviations[1]).square()).mean()
        case "wasserstein":  # tr (S S')^½ by the eigenvalues of the product, which are positive
            eye = 1e-6 * torch.eye(len(found))
            one, other = (torch.cov(x, correction=0) + eye for x in (found, wanted))
            common = torch.linalg.eigvals(one.double() @ other.double()).real.clamp_min(0).sqrt()
            spread = one.trace() + other.trace() - 2 * common.sum()
            return ((found.mean(1) - wanted.mean(1)).square().sum() + spread) / len(found)
    raise AssertionError(name)


def _term(name, wanted):
    moments = make_term("moments", [], seed=0)
    return make_term(name, [moments.measure(wanted, ALIKE)], seed=3)


def _distance(name, found, wanted, weights=ALIKE):
    term = _term(name, wanted)
    return term.distance(term.measure(found, weights), term.prepare(term.measure(wanted, ALIKE)))


@pytest.mark.parametrize("name", ["gram", "linear", "moments", "wasserstein"])
def test_a_term_and_its_gradient_are_those_of_the_naive_form(name):
    found, wanted = _samples(1).requires_grad_(), _samples(2)
    distance, naive = _distance(name, found, wanted), _naive(name, found, wanted)
    assert math.isclose(distance.item(), naive.item(), rel_tol=1e-4)
    (slope,) = torch.autograd.grad(distance, found)
    (naive_slope,) = torch.autograd.grad(naive, found)
    assert torch.allclose(slope, naive_slope.float(), atol=1e-4 * naive_slope.abs().max())


def test_random_waves_stand_for_the_gaussian_kernel():
    found, wanted = _samples(1), _samples(2)
    width = 2 * wanted.var(1, correction=0).sum()
    naive = _kernel_distance(_gaussian_kernel(width), found, wanted)
    found_by_seed = []
    for seed in range(8):
        term = Gaussian(wanted.var(1, correction=0), seed=seed)
        measured = (term.measure(each, ALIKE) for each in (found, wanted))
        found_by_seed.append(term.distance(*measured))
    assert math.isclose(torch.stack(found_by_seed).mean(), naive, rel_tol=0.1)


def test_the_gradient_of_waves_in_chunks_is_that_of_a_plain_sum(monkeypatch):
    monkeypatch.setattr("stylize.models.style_terms._CHUNK", 256 * 7)
    found, weights = _samples(1).requires_grad_(), torch.rand(60)
    term = Gaussian(torch.ones(5), seed=0)
    (mean,) = term.measure(found, weights)
    waves = (term.waves @ found + term.phases[:, None]).cos() * math.sqrt(2 / len(term.phases))
    assert torch.allclose(mean, waves @ weights, atol=1e-5)
    target = torch.randn(256, generator=torch.Generator().manual_seed(0))
    (slope,) = torch.autograd.grad((mean * target).sum(), found, retain_graph=True)
    (naive,) = torch.autograd.grad(((waves @ weights) * target).sum(), found)
    assert torch.allclose(slope, naive, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_features_in_another_order_are_no_distance_apart(name):
    wanted = _samples(2)
    assert abs(_distance(name, wanted.flip(1), wanted).item()) < 1e-5
    assert _distance(name, _samples(1), wanted).item() > 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_weights_count_places_more_or_less_often(name):
    found, wanted = _samples(1), _samples(2)
    weights = torch.arange(60.0) % 3
    often = found.repeat_interleave(weights.long(), dim=1)
    twice = _term(name, wanted)
    weighed = twice.measure(found, weights / weights.sum())
    repeated = twice.measure(often, torch.tensor(1 / often.shape[1]))
    for one, other in zip(weighed, repeated, strict=True):
        assert torch.allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_plain_features_and_fewer_places_than_channels_have_finite_slopes(name):
    for found, wanted in ((torch.ones(5, 60), _samples(2)), (_samples(1), torch.zeros(5, 60))):
        leaf = found.clone().requires_grad_()
        (slope,) = torch.autograd.grad(_distance(name, leaf, wanted), leaf)
        assert slope.isfinite().all()
    few = _samples(1, places=2).requires_grad_()
    distance = _distance(name, few, _samples(2), torch.tensor(0.5))
    assert torch.autograd.grad(distance, few)[0].isfinite().all()


@pytest.mark.parametrize("name", NAMES)
def test_steps_down_the_gradient_bring_features_nearer(name):
    found, wanted = _samples(1).requires_grad_(), _samples(2)
    first = _distance(name, found, wanted).item()
    for length in torch.logspace(0.5, -2, 120):
        (slope,) = torch.autograd.grad(_distance(name, found, wanted), found)
        with torch.no_grad():
            found -= length * slope / slope.norm()
    assert _distance(name, found, wanted).item() < 0.05 * first


@pytest.mark.parametrize("name", NAMES)
def test_two_are_at_most_as_far_apart_as_both_are_from_nothing(name):
    found, wanted = _samples(1), _samples(2)
    term = _term(name, wanted)
    sizes = [term.size(term.measure(each, ALIKE)) for each in (found, wanted)]
    assert min(sizes) > 0
    assert _distance(name, found, wanted).item() <= sum(sizes)
    none = torch.zeros(5, 60)
    apart = torch.cat([found, none]), torch.cat([none, wanted])
    term = _term(name, apart[1])
    sizes = [term.size(term.measure(each, ALIKE)) for each in apart]
    assert _distance(name, *apart).item() <= 1.001 * sum(sizes)
