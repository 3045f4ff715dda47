"""Squares of a large picture that stand for all of it."""

import pytest
import torch

from stylize.models.samples import MOST, SIDE, samples


def _places(size):
    """Where the samples of a picture begin, whose pixels say where they are."""
    rows, columns = (torch.arange(float(length)) for length in size)
    taken = samples(torch.stack(torch.meshgrid(rows, columns, indexing="ij")))
    return taken[:, :, 0, 0]


@pytest.mark.parametrize(
    ("size", "found"),
    [
        ((4000, 6000), (35, 512, 512)),
        ((6000, 4000), (35, 512, 512)),
        ((600, 40_000), (36, 512, 512)),
        ((100_000, 40), (36, 512, 40)),
        ((300, 500), (1, 300, 500)),
        ((1, 1), (1, 1, 1)),
    ],
)
def test_there_are_about_as_many_for_every_shape(size, found):
    taken = samples(torch.zeros(1, *size))
    assert (taken.shape[0], *taken.shape[2:]) == found


@pytest.mark.parametrize("size", [(1125, 18_000), (18_000, 1125), (26_000, 600), (1090, 9000)])
def test_there_are_never_many_more(size):
    assert len(samples(torch.zeros(1, *size))) <= MOST * 4 / 3


def test_one_comes_from_each_part_of_a_picture():
    places = _places((2000, 3000))
    assert len(places) == 15
    for axis, (length, count) in enumerate(((2000, 3), (3000, 5))):
        part = length / count
        starts = places[:, axis].unflatten(0, (3, 5)).transpose(0, axis)[:, 0]
        for index, start in enumerate(starts):
            assert part * index - 1 <= start <= part * (index + 1) - SIDE + 1


def test_what_is_small_in_a_part_is_neither_missed_nor_taken_for_all_of_it():
    paper = torch.full((3, 1000, 1000), 0.9)
    paper[:, 20:100] = torch.rand(3, 80, 1000, generator=torch.Generator().manual_seed(1))
    (taken,) = samples(paper)
    assert taken.shape == (3, SIDE, SIDE)
    share = (taken[0] != paper[0, -1, -1]).float().mean() / 0.08
    assert 0.6 < share < 1.7


def test_dark_and_bright_parts_are_taken_as_there_are():
    sides = torch.cat([torch.zeros(3, 800, 550), torch.ones(3, 800, 250)], 2)
    (taken,) = samples(sides)
    assert abs(float(taken.mean()) - 250 / 800) < 0.05
