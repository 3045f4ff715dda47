"""How far the flow is off, by what goes there and back; and how the light has changed."""

import numpy as np
import pytest
import torch

from stylize.pipeline import flow_follow
from stylize.pipeline.flow_trust import (
    DATED,
    light_between,
    missed,
    not_dated,
    round_trip,
    seen_before,
    unlike,
)
from stylize.pipeline.values import Batch, Frame

SIZE = (24, 33)
ALL = np.ones((12, 17), np.float32)


def flow(right, down):
    return np.full((*SIZE, 2), (right, down), np.float32)


def test_what_comes_back_misses_nothing():
    assert missed(round_trip(flow(3, -2), flow(-3, 2)), ALL) == 0


def test_what_does_not_is_off_by_its_square():
    assert missed(round_trip(flow(3, -2), flow(-1, 3)), ALL) == pytest.approx(2**2 + 1**2)


def test_only_what_is_trusted_counts_and_nothing_is_known_where_nothing_is():
    back = flow(-3, 2)
    back[:, 16:] = 100
    left = ALL.copy()
    left[:, 6:] = 0
    assert missed(round_trip(flow(3, -2), back), left) == 0
    assert missed(round_trip(flow(3, -2), flow(-3, 2)), 0 * ALL) > 1e5


def test_it_is_said_in_pixels_of_the_frame(monkeypatch):
    def astray(first, second, *, detail):
        return np.full((*first.shape, 2), (1, 0), np.float32)

    monkeypatch.setattr(flow_follow, "motion", astray)
    picture = torch.rand(3, 600, 800, generator=torch.Generator().manual_seed(1))
    frames = (Frame(picture), Frame(picture))
    (followed,) = flow_follow.follow([Batch(torch.stack([picture, picture]), frames)])
    scale = 600 / followed.sights[1].seen.shape[0]
    assert followed.sights[1].motion.missed == pytest.approx((2 * scale) ** 2, rel=0.01)


TEXTURE = np.random.default_rng(3).uniform(40, 120, (48, 66)).astype(np.float32)
FOUND = np.ones_like(TEXTURE)


def changed(share):
    """The texture, so much of it white."""
    now = TEXTURE.copy()
    now[:, : round(share * now.shape[1])] = 255
    return now


def test_the_light_of_a_fade_is_found_though_something_else_has_come_in():
    now = 1.3 * TEXTURE - 20
    now[:12, :12] = 255
    gain, offset = light_between(TEXTURE, now, FOUND)
    assert gain == pytest.approx(1.3, rel=0.03)
    assert offset == pytest.approx(-20, abs=3)


@pytest.mark.parametrize("share", [0.1, 0.25, 0.4])
def test_what_comes_in_does_not_change_the_light_of_the_rest(share):
    assert light_between(TEXTURE, changed(share), FOUND) == (1, 0)


def test_nor_does_a_lamp():
    lit = TEXTURE.copy()
    lit[:, :20] = 1.2 * lit[:, :20] + 90
    assert light_between(TEXTURE, lit, FOUND) == (1, 0)


def test_where_nothing_can_be_seen_any_more_light_explains_nothing():
    assert light_between(TEXTURE, np.full_like(TEXTURE, 250), FOUND) == (1, 0)


def test_a_flow_that_errs_is_no_change_of_light():
    gain, offset = light_between(TEXTURE, np.roll(TEXTURE, 1, axis=1), FOUND)
    assert gain == pytest.approx(1, abs=0.02)
    assert offset == pytest.approx(0, abs=2)


def test_where_nothing_is_found_again_nothing_is_known_of_the_light():
    assert light_between(TEXTURE, 2 * TEXTURE, 0 * FOUND) == (1, 0)


def test_what_only_the_light_has_changed_is_trusted():
    last, now = TEXTURE.astype(np.uint8), (1.5 * TEXTURE).astype(np.uint8)
    still = np.zeros((*TEXTURE.shape, 2), np.float32)
    trust, light = seen_before(last, now, round_trip(still, still))
    assert trust.min() > 0.9
    assert light.gain == pytest.approx(1.5, rel=0.03)
    before, present = (each.astype(np.float32) / 255 for each in (last, now))
    assert unlike(before, present, light).mean() < np.square(present - before).mean() / 100


def test_what_changes_all_over_is_dated_before_what_changes_somewhere():
    now = TEXTURE.copy()
    now[:24, :12] += DATED / 2
    somewhere = not_dated(now, TEXTURE)
    all_over = not_dated(TEXTURE + DATED / 2, TEXTURE)
    assert not_dated(TEXTURE, TEXTURE).min() == 1
    assert somewhere.min() > 0.7
    assert all_over.max() < 0.4
    assert somewhere.dtype == all_over.dtype == np.float32
