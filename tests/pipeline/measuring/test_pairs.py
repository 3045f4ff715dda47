"""Pairs of one shot are measured by the flow of the source; what the figures are is known here."""

from fractions import Fraction

import pytest
import torch
from torch.nn.functional import avg_pool2d, pad

from stylize.pipeline.measuring.pairs import GAPS, pairs, shrunk
from stylize.pipeline.measuring.side_by_side import Moment
from stylize.pipeline.steadiness import excess, mean_score


def film(source, *painted, shots=None):
    """Moments of a source and of what was painted from it."""
    shots = shots or [0] * len(source)
    together = zip(shots, source, *painted, strict=True)
    return [Moment(Fraction(n, 25), tuple(p), shot) for n, (shot, *p) in enumerate(together)]


def measured(moments, gap):
    """The mean score of each film."""
    found = [pair.scores for pair in pairs(moments, gaps=(gap,))]
    return [mean_score(scores) for scores in zip(*found, strict=True)]


def noise(frames, depth):
    generator = torch.Generator().manual_seed(7)
    return [each + depth * torch.randn(each.shape, generator=generator) for each in frames]


@pytest.fixture(scope="module")
def source(pan):
    """A pan with a little noise of the camera: its own error is not nothing."""
    return noise(pan(12), 0.01)


# Which pairs


def test_every_two_frames_so_far_apart_are_a_pair(source):
    found = list(pairs(film(source), gaps=(1, 10)))
    assert [(pair.gap, int(pair.earlier.time * 25)) for pair in found if pair.gap == 10] == [
        (10, 0), (10, 1),
    ]  # fmt: skip
    neighbours = [pair for pair in found if pair.gap == 1]
    assert [int(pair.later.time * 25) for pair in neighbours] == list(range(1, 12))
    assert GAPS == (1, 10)


def test_no_pair_lies_across_a_cut(source):
    shots = [0] * 4 + [1] * 7 + [2]
    found = [
        (int(pair.earlier.time * 25), pair.gap)
        for pair in pairs(film(source, shots=shots), gaps=(1, 3))
    ]
    within = {(a, gap) for gap in (1, 3) for a in range(12 - gap) if shots[a] == shots[a + gap]}
    assert set(found) == within
    assert len(found) == len(within) == 3 + 6 + 1 + 4


def test_a_film_that_is_shorter_than_the_gap_has_no_pair(source):
    assert list(pairs(film(source[:10]), gaps=(10,))) == []
    assert list(pairs(film(source[:1]))) == []


def test_frames_too_small_for_flow_are_an_error():
    with pytest.raises(ValueError, match="no flow from 16×8"):
        list(pairs(film([torch.zeros(3, 8, 16)] * 2)))


@pytest.mark.parametrize(("size", "seen"), [((482, 964), (480, 960)), ((490, 16), (490, 16))])
def test_large_frames_are_seen_with_a_shorter_side_of_480_pixels(size, seen):
    picture = torch.rand(3, 1, 1).expand(3, *size)
    (moment,) = shrunk([Moment(Fraction(1), (picture, 1 - picture), shot=3)])
    assert [each.shape[1:] for each in moment.pictures] == [seen, seen]
    assert (moment.pictures[1][:, :9, :9] - 1 + picture[:, :9, :9]).abs().max() < 1e-6
    assert (moment.time, moment.shot) == (1, 3)


# What is known beforehand, in a pan of one pixel a frame


@pytest.mark.parametrize("gap", [1, 10])
def test_a_painting_that_sticks_to_the_scene_has_an_excess_of_one(source, gap):
    painted = [(1.5 * frame.flip(0) - 0.2) for frame in source]
    plain, bold = measured(film(source, painted), gap)
    assert plain.visible > 0.7
    assert excess(bold, plain) == pytest.approx(1, rel=1e-3)


def test_noise_costs_twice_its_variance(pan):
    clean = pan(4)
    quiet, noisy = measured(film(clean, noise(clean, 0.05)), 1)
    # Both frames have it; fetching between pixels takes some away, and here flow is all but whole.
    assert noisy.error - quiet.error == pytest.approx(2 * 0.05**2, rel=0.12)
    assert excess(noisy, quiet) > 10


def test_flicker_of_every_other_frame_costs_the_square_of_its_depth_at_odd_gaps_alone(source):
    flickering = [frame + 0.1 * (number % 2) for number, frame in enumerate(source)]
    plain, nervous = measured(film(source, flickering), 1)
    assert nervous.error == pytest.approx(plain.error + 0.1**2, rel=0.02)
    assert nervous.gradient == pytest.approx(plain.gradient)
    assert excess(nervous, plain) > 10
    plain, nervous = measured(film(source, flickering), 10)
    assert excess(nervous, plain) == pytest.approx(1, rel=1e-3)


def test_a_slow_change_costs_little_from_frame_to_frame_and_much_over_ten(source):
    drifting = [frame + 0.01 * number for number, frame in enumerate(source)]
    plain, slow = measured(film(source, drifting), 1)
    assert slow.error == pytest.approx(plain.error + 0.01**2, rel=0.02)
    plain, slow = measured(film(source, drifting), 10)
    assert slow.error == pytest.approx(plain.error + 0.1**2, rel=0.02)


def test_strokes_that_stay_on_the_screen_while_the_scene_moves_show(source):
    screen = 0.1 * (torch.arange(128) * 0.8).sin()
    plain, glued = measured(film(source, [frame + screen for frame in source]), 1)
    assert excess(glued, plain) > 2


@pytest.mark.parametrize("side", [3, 7])
def test_blur_of_a_flickering_film_gains_nothing(source, side):
    flickering = [frame + 0.1 * (number % 2) for number, frame in enumerate(source)]
    padded = [pad(each[None], [side // 2] * 4, mode="replicate") for each in flickering]
    blurred = [avg_pool2d(each, side, 1)[0] for each in padded]
    plain, nervous, soft = measured(film(source, flickering, blurred), 1)
    assert soft.gradient < 0.9 * nervous.gradient
    assert excess(soft, plain) > excess(nervous, plain) > 10
