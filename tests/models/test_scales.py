"""Scales go up to the picture, and every step is made at one of them."""

import pytest
import torch

from stylize.models.scales import resized, scales, split_steps, worth_their_steps


def test_scales_go_up_to_the_picture_in_steps_of_the_root_of_2():
    assert scales((512, 768), smallest=256) == [(256, 384), (362, 543), (512, 768)]
    assert scales((512, 768), smallest=257) == [(362, 543), (512, 768)]


@pytest.mark.parametrize(
    ("size", "smallest"), [((512, 768), 513), ((512, 512), 512), ((16, 900), 16), ((40, 30), 128)]
)
def test_a_picture_no_larger_than_the_smallest_has_one_scale(size, smallest):
    assert scales(size, smallest=smallest) == [size]


def test_a_picture_too_small_for_a_feature_is_enlarged():
    assert scales((5, 3), smallest=128) == [(16, 16)]
    assert scales((1, 90), smallest=16) == [(16, 90)]


def test_steps_are_shared_among_scales_and_the_coarsest_has_the_most():
    assert split_steps(300, 3) == [150, 75, 75]
    assert split_steps(10, 3) == [6, 2, 2]
    assert split_steps(300, 1) == [300]


@pytest.mark.parametrize("count", [1, 2, 5, 9])
@pytest.mark.parametrize("steps", [1, 3, 50, 301])
def test_no_step_is_lost_and_a_few_are_made_at_the_coarsest_alone(steps, count):
    each = split_steps(steps, count)
    assert (len(each), sum(each)) == (count, steps)
    assert each[0] == max(each) > 0


@pytest.mark.parametrize(
    ("steps", "finest"), [(300, 4), (25, 4), (24, 3), (15, 2), (14, 1), (1, 1)]
)
def test_scales_that_would_get_hardly_a_step_are_left_out(steps, finest):
    sizes = scales((512, 768), smallest=181)
    assert len(sizes) == 4
    kept = worth_their_steps(sizes, steps)
    assert kept == sizes[-finest:]
    assert finest == 1 or min(split_steps(steps, len(kept))) >= 5


def test_resizing_keeps_to_what_can_be_shown():
    edge = torch.zeros(1, 3, 8, 8)
    edge[..., 4:] = 1
    larger = resized(edge, (21, 33))
    assert larger.shape == (1, 3, 21, 33)
    assert 0 <= larger.min() <= larger.max() <= 1
    assert resized(edge, (8, 8)) is edge
