"""Paintings on their way from one style to the next: how far it is from one to another."""

import pytest
import torch

from stylize.pipeline.flow_carry import parted
from stylize.pipeline.flow_fade import Standing, moved_on, standings, way
from stylize.pipeline.values import Batch, Fade, Frame

DRAW = torch.Generator().manual_seed(5)
FIRST, SECOND = torch.rand(2, 3, 12, 16, generator=DRAW)
CHANGE = parted(SECOND - FIRST)


@pytest.mark.parametrize(
    ("other", "now", "wanted"),
    [
        (Standing(2.0), Standing(2.0), (0, 0)),
        (Standing(1.25, CHANGE), Standing(1.5, CHANGE), (0, 0.25)),
        (Standing(1.75, CHANGE), Standing(1.5, CHANGE), (0, -0.25)),
        (Standing(1.0), Standing(1.5, CHANGE), (0, 0.5)),
        (Standing(1.5, CHANGE), Standing(2.0), (0.5, 0)),
        (Standing(2.0), Standing(1.5, CHANGE), (0, -0.5)),
    ],
)
def test_within_a_fade_the_way_is_as_much_of_it_as_lies_between(other, now, wanted):
    assert way(other, now) == wanted


def test_where_one_fade_follows_another_a_part_of_each_leads_on():
    assert way(Standing(0.75, CHANGE), Standing(1.5, CHANGE)) == (0.25, 0.5)
    assert way(Standing(1.5, CHANGE), Standing(0.75, CHANGE)) == (-0.5, -0.25)


@pytest.mark.parametrize(
    ("other", "now"),
    [
        (Standing(0.0), Standing(1.0)),  # a change without a fade
        (Standing(0.0), Standing(1.5, CHANGE)),
        (Standing(0.5, CHANGE), Standing(2.0)),
        (Standing(2.0), Standing(0.0)),
    ],
)
def test_else_there_is_none(other, now):
    assert way(other, now) is None


def test_a_painting_moves_on_as_the_fade_does():
    found = moved_on(parted(FIRST.lerp(SECOND, 0.25)), CHANGE, 0.5)
    wanted = parted(FIRST.lerp(SECOND, 0.75))
    torch.testing.assert_close(torch.tensor(found.brightness), torch.tensor(wanted.brightness))
    torch.testing.assert_close(torch.tensor(found.colours), torch.tensor(wanted.colours))


def test_where_no_style_changes_all_stand_at_one_place():
    frames = (Frame(FIRST), Frame(SECOND))
    found = standings(Batch(torch.stack([FIRST, SECOND]), frames))
    assert [each.place for each in found] == [0.0, 0.0]


def test_where_one_does_its_changes_are_taken_apart_as_paintings_are():
    fade = Fade(0.5, SECOND - FIRST)
    (found,) = standings(Batch(FIRST[None], (Frame(FIRST),), (fade,)))
    assert found.place == 0.5
    torch.testing.assert_close(
        torch.tensor(found.change.brightness), torch.tensor(CHANGE.brightness)
    )
