"""What blocks find is what one matrix of all likenesses shows, and styles offer their shares."""

import pytest
import torch

from stylize.models import nearest
from stylize.models.nearest import Pool, relative


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(7)


def everywhere(places):
    return torch.ones(1, places)


def exhaustive(places, rows):
    """All cosines of centred features, at once."""
    return torch.nn.functional.cosine_similarity(
        (places - places.mean(0))[:, None], (rows - rows.mean(0))[None], dim=2
    )


@pytest.mark.parametrize("blocks", [(1024, 2048), (7, 11), (1, 1), (50, 13)])
def test_matching_in_blocks_equals_one_matrix(monkeypatch, generator, blocks):
    monkeypatch.setattr(nearest, "PLACES", blocks[0])
    monkeypatch.setattr(nearest, "ROWS", blocks[1])
    places = torch.randn(50, 12, generator=generator) + 3
    rows = torch.randn(90, 12, generator=generator) * 5 - 1
    likeness, index = exhaustive(places, rows).max(1)
    found = Pool(rows.clone(), [90]).nearest(places - places.mean(0), everywhere(50))
    assert torch.equal(found, index)
    assert torch.equal(exhaustive(places, rows).gather(1, found[:, None])[:, 0], likeness)


def test_of_equally_near_features_the_first_is_taken_whatever_the_blocks(monkeypatch, generator):
    rows = torch.randn(6, 4, generator=generator).repeat(5, 1)
    places = torch.randn(20, 4, generator=generator)
    whole = Pool(rows.clone(), [30]).nearest(places, everywhere(20))
    assert whole.max() < 6
    monkeypatch.setattr(nearest, "ROWS", 6)
    assert torch.equal(Pool(rows.clone(), [30]).nearest(places, everywhere(20)), whole)


def test_length_and_offset_of_features_do_not_matter(generator):
    rows = torch.randn(40, 8, generator=generator)
    places = torch.randn(25, 8, generator=generator)
    plain = Pool(rows.clone(), [40]).nearest(places, everywhere(25))
    moved = Pool(rows * 9 + 4, [40]).nearest(places * 0.01, everywhere(25))
    assert torch.equal(plain, moved)


def test_each_style_is_centred_by_its_own_mean(generator):
    dark, light = torch.randn(30, 5, generator=generator), torch.randn(20, 5, generator=generator)
    pool = Pool(torch.cat([dark, light + 100]), [30, 20])
    assert torch.allclose(pool.means[1] - 100, light.mean(0), atol=1e-4)
    index = torch.tensor([0, 29, 30, 49])
    whole = pool.rows[index] + pool.means_at(index)
    assert torch.allclose(whole, torch.cat([dark[[0, 29]], light[[0, 19]] + 100]), atol=1e-4)


def test_a_style_offers_features_in_proportion_to_its_share(generator):
    pool = Pool(torch.randn(200, 6, generator=generator), [100, 100])
    places = torch.randn(300, 6, generator=generator)
    index = pool.nearest(places, torch.tensor([[1.0], [0.2]]).expand(2, 300))
    assert index[index >= 100].max() < 120
    assert 0.08 < (index >= 100).float().mean() < 0.25  # a sixth of what is offered


def test_a_place_takes_only_from_styles_that_are_there(generator):
    pool = Pool(torch.randn(80, 6, generator=generator), [50, 30])
    places = torch.randn(40, 6, generator=generator)
    left = (torch.arange(40) < 20).float()
    index = pool.nearest(places, torch.stack([left, 1 - left]))
    assert index[:20].max() < 50
    assert index[20:].min() >= 50
    alone = Pool(pool.rows[:50].clone(), [50]).nearest(places[:20], everywhere(20))
    assert torch.equal(index[:20], alone)


def test_shares_are_relative_to_the_largest_and_traces_of_a_mask_are_nothing():
    weights = torch.tensor([[0.6, 0.0001, 0.5], [0.3, 0.9999, 0.5]])
    assert torch.allclose(relative(weights), torch.tensor([[1.0, 0.0, 1.0], [0.5, 1.0, 1.0]]))


def test_parts_take_turns_over_the_pool(generator):
    pool = Pool(torch.randn(35, 4, generator=generator), [25, 10])
    parts = [pool.part(turn, 10) for turn in range(3)]
    assert all(part.sizes == (10, 10) for part in parts)
    assert torch.equal(parts[0].rows[:10], pool.rows[:10])
    assert torch.equal(parts[1].rows[:10], pool.rows[10:20])
    assert torch.equal(parts[2].rows, parts[0].rows)
    assert torch.equal(parts[1].rows[10:], pool.rows[25:])
    assert torch.equal(parts[1].means, pool.means)
    assert pool.part(5, 1000).sizes == (25, 10)


def test_features_without_direction_are_matched_with_something():
    pool = Pool(torch.full((9, 4), 0.3), [9])
    index = pool.nearest(torch.zeros(5, 4), everywhere(5))
    assert index.shape == (5,)
    assert index.max() < 9
    assert pool.rows.isfinite().all()
