"""Attention in pieces equals attention at once: values, gradients, and the cosine form's sums."""

import pytest
import torch

from stylize.models.attention import CosineMemory, SoftmaxMemory, memory, mixed, normalised


@pytest.fixture
def vectors():
    """Queries of two pictures, keys and values of two styles."""
    generator = torch.Generator().manual_seed(7)
    return (
        torch.randn(2, 6, 37, generator=generator),
        torch.randn(2, 6, 23, generator=generator),
        torch.randn(2, 5, 23, generator=generator),
    )


def plain(form, queries, keys, values):
    """The formula, with the whole matrix."""
    if form == "softmax":
        weights = torch.softmax(queries.mT @ keys, dim=-1)
    else:
        cosines = torch.nn.functional.cosine_similarity(
            queries.mT[:, :, None], keys.mT[:, None], dim=-1
        )
        weights = (1 + cosines) / (1 + cosines).sum(-1, keepdim=True)
    return (weights @ values.mT).mT


@pytest.mark.parametrize("most", [1, 100, 2 * 23 * 10, 1 << 20])
def test_softmax_in_pieces_of_any_size_is_the_softmax(vectors, most):
    queries, keys, values = vectors
    found = SoftmaxMemory(keys, values, most=most)(queries)
    torch.testing.assert_close(found, plain("softmax", queries, keys, values))


@pytest.mark.parametrize("form", ["softmax", "cosine"])
def test_gradients_are_those_of_the_formula(vectors, form):
    found, wanted = (
        [each.clone().requires_grad_() for each in vectors] for _ in ("in pieces", "at once")
    )
    queries, keys, values = found
    kept = SoftmaxMemory(keys, values, most=99) if form == "softmax" else CosineMemory(keys, values)
    kept(queries).square().sum().backward()
    plain(form, *wanted).square().sum().backward()
    for each, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(each.grad, other.grad, atol=2e-4, rtol=1e-4)


def test_the_cosine_form_needs_no_matrix_of_scores(vectors):
    queries, keys, values = vectors
    kept = CosineMemory(keys, values)
    assert kept.sums.shape == (2, 7, 6)  # whatever the number of places
    torch.testing.assert_close(
        kept(queries), plain("cosine", queries, keys, values), atol=1e-5, rtol=1e-4
    )


@pytest.mark.parametrize("form", ["softmax", "cosine"])
def test_all_pictures_may_ask_one_style(vectors, form):
    queries, keys, values = vectors
    together = memory(form, keys[:1], values[:1])(queries)
    for index in range(2):
        alone = memory(form, keys[:1], values[:1])(queries[index : index + 1])
        torch.testing.assert_close(together[index : index + 1], alone)


@pytest.mark.parametrize("form", ["softmax", "cosine"])
def test_it_computes_in_float32_even_where_all_else_is_halved(vectors, form):
    queries, keys, values = vectors
    wanted = memory(form, keys, values)(queries)
    with torch.autocast("cpu", torch.bfloat16):
        found = memory(form, keys, values)(queries)
    assert found.dtype == torch.float32
    assert torch.equal(found, wanted)
    halved = memory(form, keys, values).bfloat16()(queries.bfloat16())
    assert halved.dtype == torch.float32
    torch.testing.assert_close(halved, wanted, atol=0.1, rtol=0)


def test_one_value_everywhere_is_what_every_query_gets(vectors):
    queries, keys, _ = vectors
    for form in ("softmax", "cosine"):
        found = memory(form, keys, torch.full((2, 5, 23), 3.0))(queries)
        torch.testing.assert_close(found, torch.full((2, 5, 37), 3.0))


def test_normalised_features_have_mean_0_and_deviation_1():
    features = torch.randn(2, 4, 9, 7) * 5 + 3
    found = normalised(features)
    variance, mean = torch.var_mean(found, (2, 3), correction=1)
    torch.testing.assert_close(mean, torch.zeros(2, 4), atol=1e-5, rtol=0)
    torch.testing.assert_close(variance, torch.ones(2, 4), atol=1e-4, rtol=0)
    assert normalised(features.bfloat16()).dtype == torch.bfloat16


def test_features_of_one_place_or_one_value_are_normalised_to_nothing():
    assert torch.equal(normalised(torch.randn(1, 3, 1, 1)), torch.zeros(1, 3, 1, 1))
    assert normalised(torch.full((1, 3, 8, 8), 7.0)).abs().max() < 1e-2


def test_parts_are_mixed_by_the_mean_weight_of_what_a_place_stands_for():
    parts = [torch.zeros(2, 3, 2, 2), torch.ones(2, 3, 2, 2)]
    second = torch.zeros(1, 1, 8, 8)
    second[..., :4, 2:4] = 1  # half of the upper left place
    found = mixed(parts, torch.cat((1 - second, second)))
    assert torch.equal(found[1, 2], torch.tensor([[0.5, 0.0], [0.0, 0.0]]))
    shares = torch.tensor([0.25, 0.75])[:, None, None, None]
    assert torch.equal(mixed(parts, shares), torch.full((2, 3, 2, 2), 0.75))
