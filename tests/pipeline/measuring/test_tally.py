"""Pairs are added up by their gap, and the worst, well apart, are kept to be looked at."""

import math
from fractions import Fraction

import pytest
import torch

from stylize.pipeline.measuring.pairs import Pair
from stylize.pipeline.measuring.side_by_side import Moment
from stylize.pipeline.measuring.tally import APART, LONGER, WORST, Tally
from stylize.pipeline.steadiness import Match, Score

RATE = 25


def pair(number, error, *, gap=1, source=1e-4, shot=0, visible=1.0, size=(24, 32), films=2):
    """A pair of grey frames that stand still, of which the painted ones differ by √error."""
    height, width = size
    earlier = (torch.full((3, height, width), 0.25),) * films
    later = (earlier[0] + source**0.5, *(frame + error**0.5 for frame in earlier[1:]))
    seen = torch.zeros(height, width, dtype=torch.bool)
    seen[:, : round(width * visible)] = True
    times = Fraction(number, RATE), Fraction(number + gap, RATE)
    none = Score(math.nan, math.nan, 0.0)
    scores = (Score(source, 0.1, visible), *[Score(error, 0.2, visible)] * (films - 1))
    return Pair(
        gap,
        Moment(times[0], earlier, shot),
        Moment(times[1], later, shot),
        Match(torch.zeros(2, height, width), seen),
        scores if visible else (none,) * films,
    )


def tally(pairs):
    found = Tally()
    for each in pairs:
        found.add(each)
    return found


def test_each_gap_has_its_pairs_in_order_and_their_means():
    found = tally([
        pair(0, 0.04), pair(0, 0.09, gap=10), pair(1, 0.02, shot=1), pair(2, 0.03, visible=0.5),
    ])  # fmt: skip
    near, far = found.gaps()
    assert (near.gap, far.gap, len(near.pairs), len(far.pairs)) == (1, 10, 3, 1)
    assert [one.time * RATE for one in near.pairs] == [0, 1, 2]
    assert [one.shot for one in near.pairs] == [0, 1, 0]
    source, painted = near.means
    assert source == Score(pytest.approx(1e-4), pytest.approx(0.1), pytest.approx(2.5 / 3))
    assert (painted.error, far.means[1].error) == (pytest.approx(0.03), 0.09)
    assert near.excess(1) == pytest.approx(0.03 / 1e-4 / 2)
    assert near.excess(0) == pytest.approx(1)
    assert near.kept(1) == pytest.approx(2)
    assert near.kept(0, of=1) == pytest.approx(0.5)


def test_what_shows_nothing_together_is_no_pair():
    found = tally([pair(0, 0.01, visible=0), pair(1, 0.01)])
    (near,) = found.gaps()
    assert [one.time * RATE for one in near.pairs] == [1]
    assert tally([pair(0, 0.01, visible=0)]).gaps() == ()
    assert tally([]).worst() == ()


def test_the_worst_pairs_are_kept_well_apart_and_in_order():
    peaks = {20: 0.03, 60: 0.01, 90: 0.05, 130: 0.02, 170: 0.04, 171: 0.039}
    found = tally(pair(number, peaks.get(number, 0.001)) for number in range(200))
    times = [int(one.time * RATE) for one in found.worst()]
    assert times == [20, 90, 130, 170]
    assert len(times) == WORST
    assert [one.error for one in found.worst()] == pytest.approx([0.03, 0.05, 0.02, 0.04])


def test_of_neighbours_the_worse_one_is_kept():
    found = tally(pair(number, error) for number, error in enumerate((0.01, 0.03, 0.02)))
    (one,) = found.worst()
    assert (one.time * RATE, one.error) == (1, 0.03)
    assert Fraction(2, RATE) < APART


def test_what_moves_in_the_source_too_is_not_bad():
    busy = pair(0, 0.05, source=0.05)  # twice the gradient may have twice the error
    calm = pair(50, 0.01)
    for one, surplus in ((busy, 0.05 - 0.1), (calm, 0.01 - 2e-4)):
        (kept,) = tally([one]).worst()
        assert kept.surplus == pytest.approx(surplus)


def test_long_gaps_and_a_source_alone_have_no_worst():
    assert tally([pair(0, 0.01, gap=10)]).worst() == ()
    assert tally([pair(0, 0.01, films=1)]).worst() == ()


def test_the_worst_are_kept_small_with_the_error_of_each_film_where_it_is_visible():
    (one,) = tally([pair(0, 0.04, visible=0.5, size=(300, 1200), films=3)]).worst()
    assert [picture.shape for picture in one.pictures] == [(3, 120, LONGER)] * 3
    assert [error.shape for error in one.errors] == [(120, LONGER)] * 3
    source, painted, _ = one.errors
    assert painted[:, 240:].isnan().all()
    assert (painted[:, :240] - 0.04).abs().max() < 1e-6
    assert source[60, 60].item() == pytest.approx(1e-4, rel=1e-4)


def test_a_source_without_any_texture_is_measured_too():
    plain = pair(0, 0.01)
    bare = Pair(1, plain.earlier, plain.later, plain.match, (Score(0, 0, 1), Score(0.01, 0.1, 1)))
    found = tally([bare])
    assert found.worst()[0].surplus == 0.01
    assert found.gaps()[0].excess(1) == math.inf
    assert math.isnan(found.gaps()[0].kept(1))
