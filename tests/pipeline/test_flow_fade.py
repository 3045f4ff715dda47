"""Paintings on their way from one style to the next: how far it is from one to another."""

import pytest
import torch

from stylize.pipeline.flow_carry import parted
from stylize.pipeline.flow_fade import Faded, faded, moved_on, way
from stylize.pipeline.values import Batch, Fade, Frame

DRAW = torch.Generator().manual_seed(5)
FIRST, SECOND = torch.rand(2, 3, 12, 16, generator=DRAW)
CHANGE = parted(SECOND - FIRST)


@pytest.mark.parametrize(
    ("other", "now", "wanted"),
    [
        (Faded(2.0), Faded(2.0), 0.0),
        (Faded(1.25, CHANGE), Faded(1.5, CHANGE), 0.25),
        (Faded(1.75, CHANGE), Faded(1.5, CHANGE), -0.25),
        (Faded(1.0), Faded(1.5, CHANGE), 0.5),
        (Faded(1.5, CHANGE), Faded(2.0), 0.5),
        (Faded(2.0), Faded(1.5, CHANGE), -0.5),
    ],
)
def test_within_a_fade_the_way_is_as_much_of_it_as_lies_between(other, now, wanted):
    assert way(other, now) == wanted


@pytest.mark.parametrize(
    ("other", "now"),
    [
        (Faded(0.0), Faded(1.0)),  # a change without a fade
        (Faded(0.5, CHANGE), Faded(1.5, CHANGE)),  # of two fades
        (Faded(0.0), Faded(1.5, CHANGE)),
        (Faded(2.0), Faded(0.0)),
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
    found = faded(Batch(torch.stack([FIRST, SECOND]), frames))
    assert [each.place for each in found] == [0.0, 0.0]


def test_where_one_does_its_changes_are_taken_apart_as_paintings_are():
    fade = Fade(0.5, SECOND - FIRST)
    (found,) = faded(Batch(FIRST[None], (Frame(FIRST),), (fade,)))
    assert found.place == 0.5
    torch.testing.assert_close(
        torch.tensor(found.change.brightness), torch.tensor(CHANGE.brightness)
    )
