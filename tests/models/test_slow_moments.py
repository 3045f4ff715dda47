"""Moments of a shot: the first frame's at first, then slowly those of what follows."""

import math

import pytest
import torch

from stylize.models.slow_moments import LEAST, MOST, SlowMoments, undone_by_errors

MEAN, VARIANCE = torch.tensor([0.0, 1.0]), torch.tensor([1.0, 4.0])


@pytest.fixture
def moments():
    found = SlowMoments()
    found.follow(MEAN, VARIANCE, epsilon=0.01)
    return found


def test_the_first_frame_is_taken_as_it_is(moments):
    assert torch.equal(moments.mean, MEAN)
    assert torch.equal(moments.variance, VARIANCE)
    assert moments.moved == math.inf


def test_a_frame_like_the_others_moves_them_little(moments):
    mean, variance = moments.follow(MEAN + 0.05, VARIANCE * 1.02, epsilon=0.01)
    assert moments.moved < LEAST
    torch.testing.assert_close(mean, MEAN + 0.05 * LEAST)
    torch.testing.assert_close(variance, VARIANCE * (1 + 0.02 * LEAST))


def test_light_that_changes_is_followed_in_some_frames(moments):
    for _ in range(8):
        mean, variance = moments.follow(MEAN + 3, VARIANCE * 9, epsilon=0.01)
    torch.testing.assert_close(mean, MEAN + 3, atol=0.4, rtol=0)
    torch.testing.assert_close(variance, VARIANCE * 9, atol=0, rtol=0.2)


def test_no_frame_of_the_same_light_is_followed_at_once(moments):
    mean, _ = moments.follow(MEAN + 0.99 * VARIANCE.sqrt(), VARIANCE, epsilon=0.0)
    torch.testing.assert_close(mean, MEAN + 0.99 * VARIANCE.sqrt() * MOST)


def test_light_that_is_switched_on_is_taken_as_it_is(moments):
    lit = moments.follow(MEAN + 5, VARIANCE * 4, epsilon=0.01)
    assert torch.equal(lit[0], MEAN + 5)
    assert torch.equal(lit[1], VARIANCE * 4)
    back = moments.follow(MEAN, VARIANCE, epsilon=0.01)  # it was a flash
    assert torch.equal(back[0], MEAN)


def test_noise_in_a_plain_channel_is_no_change():
    moments = SlowMoments()
    moments.follow(torch.zeros(2), torch.tensor([1e-9, 1e-9]), epsilon=0.01)
    moments.follow(torch.zeros(2), torch.tensor([1e-6, 1e-12]), epsilon=0.01)
    assert moments.moved < 1e-3


def test_a_new_shot_begins_anew(moments):
    moments.forget()
    mean, _ = moments.follow(MEAN + 3, VARIANCE, epsilon=0.01)
    assert torch.equal(mean, MEAN + 3)


def test_what_fails_has_taken_nothing_in(moments):
    def fail():
        with undone_by_errors([moments]):
            moments.follow(MEAN + 1, VARIANCE, epsilon=0.01)
            raise MemoryError

    moved = moments.moved
    with pytest.raises(MemoryError):
        fail()
    assert torch.equal(moments.mean, MEAN)
    assert torch.equal(moments.variance, VARIANCE)
    assert moments.moved == moved
    with undone_by_errors([moments]):
        moments.follow(MEAN + 1, VARIANCE, epsilon=0.01)
    assert not torch.equal(moments.mean, MEAN)
