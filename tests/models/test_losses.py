"""The losses equal their definitions, and fall where they should."""

import pytest
import torch

from stylize.models.losses import (
    VARIANCE_EPSILON,
    content_loss,
    contrast,
    gram_loss,
    grid,
    join,
    moments_loss,
    plainness,
    statistics,
    style_loss,
    style_target,
    total_variation,
)

FEATURES = torch.rand(2, 5, 8, 12, generator=torch.Generator().manual_seed(0)) * 2


def by_definition(features, parts):
    tall, wide = features.shape[2] // parts, features.shape[3] // parts
    means, deviations, grams = [], [], []
    for row in range(parts):
        for column in range(parts):
            piece = features[:, :, row * tall :][:, :, :tall, column * wide :][..., :wide]
            flat = piece.flatten(2)
            means.append(flat.mean(2))
            deviations.append((flat.var(2, correction=0) + VARIANCE_EPSILON).sqrt())
            grams.append(flat @ flat.mT / (flat.shape[1] * flat.shape[2]))
    return [torch.stack(found, 1) for found in (means, deviations, grams)]


def as_list(found):
    return [found.mean, found.deviation, found.gram]


@pytest.mark.parametrize("parts", [1, 2])
def test_statistics_and_their_gradient_follow_the_definition(parts):
    ours, plain = (FEATURES.clone().requires_grad_() for _ in range(2))
    found, wanted = as_list(statistics(ours, parts=parts)), by_definition(plain, parts)
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)
        pull = torch.randn_like(other)
        (one * pull).sum().backward(retain_graph=True)
        (other * pull).sum().backward(retain_graph=True)
    torch.testing.assert_close(ours.grad, plain.grad, atol=1e-5, rtol=1e-4)


def test_the_whole_is_joined_from_its_quarters():
    joined = as_list(join(statistics(FEATURES, parts=2)))
    for one, other in zip(joined, as_list(statistics(FEATURES)), strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)


def test_what_does_not_divide_is_left_out():
    torch.testing.assert_close(
        statistics(FEATURES[..., :7, :11], parts=2).mean,
        statistics(FEATURES[..., :6, :10], parts=2).mean,
    )


def layered(features):
    return dict.fromkeys(("relu1_1", "relu2_1", "relu3_1", "relu4_1"), features)


def test_a_picture_has_no_style_loss_to_itself_where_its_quarters_agree():
    tile = FEATURES[:1].repeat(1, 1, 2, 2)
    target = style_target(layered(FEATURES[:1]))
    assert style_loss(layered(tile), target).item() == pytest.approx(0, abs=1e-8)
    assert style_loss(layered(tile * 1.1), target).item() > 0.01


def test_style_heaped_into_a_corner_costs_more_than_style_spread_out():
    """Both have the very same statistics as a whole."""
    spread_out = torch.zeros(1, 3, 16, 16)
    spread_out[..., ::2, ::2] = 1
    heaped = torch.zeros(1, 3, 16, 16)
    heaped[..., :8, :8] = 1
    target = style_target(layered(spread_out))
    whole = statistics(heaped)
    assert moments_loss(whole, target["relu1_1"]).item() == pytest.approx(0, abs=1e-10)
    assert gram_loss(whole, target["relu1_1"]).item() == pytest.approx(0, abs=1e-10)
    assert style_loss(layered(heaped), target) > 0.1 + style_loss(layered(spread_out), target)


def test_without_the_quarters_only_the_whole_counts():
    heaped = torch.zeros(1, 3, 16, 16)
    heaped[..., :8, :8] = 1
    target = style_target(layered(heaped.roll((8, 8), (2, 3))))
    assert style_loss(layered(heaped), target, quarters=0).item() == pytest.approx(0, abs=1e-9)
    half, all_of_it = (style_loss(layered(heaped), target, quarters=q) for q in (0.5, 1))
    assert 0.1 < half.item() == pytest.approx(all_of_it.item() / 2)


def test_half_precision_features_are_measured_in_single():
    features = (FEATURES + 30).to(torch.bfloat16)
    found = statistics(features)
    assert found.mean.dtype == torch.float32
    torch.testing.assert_close(found.mean[:, 0], features.float().mean((2, 3)))


def test_content_is_the_squared_error_at_relu4_1():
    loss = content_loss({"relu4_1": FEATURES}, {"relu4_1": FEATURES + 0.5})
    assert loss.item() == pytest.approx(0.25)


def test_total_variation_counts_steps_down_and_across():
    picture = torch.zeros(1, 1, 4, 5)
    picture[..., 2:] = 1
    assert total_variation(picture).item() == pytest.approx(1 / 4)
    assert total_variation(picture.mT).item() == pytest.approx(1 / 4)


def test_total_variation_may_count_some_places_alone():
    picture = torch.zeros(1, 3, 8, 8)
    picture[..., ::2] = 1
    where = torch.zeros(1, 1, 8, 8)
    where[..., :4, :] = 1
    assert total_variation(picture, where).item() == pytest.approx(1 / 2)
    assert total_variation(picture, 1 - where).item() == pytest.approx(1 / 2)
    where[..., :, :] = 0
    assert total_variation(picture, where) == 0


def test_contrast_is_the_deviation_of_colours_within_pictures():
    picture = torch.full((2, 3, 4, 4), 0.2)
    picture[..., ::2] = 0.6
    picture[1] += 0.3
    assert contrast(picture).item() == pytest.approx(1, rel=0.01)
    assert contrast(picture * 2).item() == pytest.approx(2, rel=0.01)


def test_a_painting_of_one_colour_has_a_contrast_to_divide_by():
    picture = torch.full((1, 3, 16, 16), 0.4, requires_grad=True)
    (total_variation(picture) / contrast(picture)).backward()
    assert picture.grad.isfinite().all()


def test_what_is_plain_is_told_from_what_is_not():
    draw = torch.Generator().manual_seed(3)
    photograph = 0.5 + 0.01 * torch.randn(2, 3, 64, 64, generator=draw)
    photograph[..., 32:] += 0.2 * torch.randn(2, 1, 64, 32, generator=draw)
    found = plainness(photograph)
    assert found.shape == (2, 1, 64, 64)
    assert found[..., :23].min() > 0.9
    assert found[..., 41:].max() < 0.01
    assert found.min() >= 0
    assert found.max() <= 1


@pytest.mark.parametrize("period", [2, 4, 8])
def test_a_lattice_counts_as_grid_with_all_its_variance(period):
    picture = torch.zeros(2, 3, 32, 48)
    picture[..., ::period] = 1
    share = 1 / period
    assert grid(picture).item() == pytest.approx(share * (1 - share))
    assert grid(picture.mT).item() == pytest.approx(share * (1 - share))


def test_a_lattice_that_turns_over_half_way_counts_all_the_same():
    picture = torch.zeros(1, 3, 32, 32)
    picture[..., ::4] = 1
    picture[..., :16, :] = 1 - picture[..., :16, :]
    assert grid(picture).item() == pytest.approx(0.25 * 0.75)


def test_plain_colours_and_other_patterns_are_hardly_any_grid():
    picture = torch.zeros(1, 3, 240, 240)
    assert grid(picture + 0.3).item() == pytest.approx(0, abs=1e-12)
    picture[..., ::5] = 1
    assert grid(picture).item() < 0.01
    noise = torch.rand(1, 3, 256, 256, generator=torch.Generator().manual_seed(1))
    assert grid(noise).item() == pytest.approx(1 / 12 / 16**2, rel=0.1)
