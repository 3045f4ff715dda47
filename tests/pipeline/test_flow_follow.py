"""Following motion: where a frame's pixels are in the last one, shot by shot."""

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from stylize.pipeline.flow_follow import follow, with_surroundings
from stylize.pipeline.values import Batch, Frame

HIGH, WIDE = 72, 96


def scene(right=0, down=0, *, high=HIGH, wide=WIDE):
    generator = torch.Generator().manual_seed(1)
    coarse = torch.rand(1, 3, HIGH // 2, WIDE // 2, generator=generator)
    whole = interpolate(coarse, (2 * HIGH, 2 * WIDE), mode="bicubic").clamp(0, 1)[0]
    return whole[:, down : down + high, right : right + wide].contiguous()


def sights(sources, *, shots=None):
    frames = [Frame(each, shot=shots[i] if shots else 0) for i, each in enumerate(sources)]
    batches = [Batch(frame.picture[None], (frame,)) for frame in frames]
    return [each.sights[0] for each in follow(batches)]


@pytest.mark.parametrize(("right", "down"), [(0, 0), (3, 0), (2, 4)])
def test_places_lead_to_where_the_content_was(right, down):
    _, sight = sights([scene(), scene(right, down)])
    columns, rows = sight.motion.places
    inner = (slice(16, -16), slice(16, -16))
    assert abs((columns - range(WIDE))[inner].mean() - right) < 0.2
    assert abs((rows.T - range(HIGH)).T[inner].mean() - down) < 0.2
    assert sight.motion.trust.mean() > 0.8
    assert sight.motion.difference.mean() < 0.002


def test_nothing_is_known_of_the_first_frame_of_a_shot():
    found = sights([scene(), scene(1), scene(40, 40), scene(41, 40)], shots=[0, 0, 1, 1])
    assert [sight.motion is None for sight in found] == [True, False, True, False]


def test_a_frame_of_another_size_begins_anew():
    found = sights([scene(), scene(high=50, wide=61)])
    assert found[1].motion is None


def test_what_has_changed_altogether_is_not_trusted():
    _, sight = sights([scene(), 1 - scene(50, 30)])
    assert sight.motion.trust.mean() < 0.3


def test_motion_is_followed_from_batch_to_batch():
    frames = tuple(Frame(scene(i)) for i in range(4))
    whole = torch.stack([frame.picture for frame in frames])
    (together,) = follow([Batch(whole, frames)])
    parted = [
        s
        for each in follow([Batch(whole[:3], frames[:3]), Batch(whole[3:], frames[3:])])
        for s in each.sights
    ]
    for one, other in zip(together.sights[1:], parted[1:], strict=True):
        assert (one.motion.flow == other.motion.flow).all()


def noise_around_a_plain_square():
    picture = np.random.default_rng(3).integers(0, 255, (96, 128)).astype(np.uint8)
    picture[32:64, 48:80] = 120
    flow = np.zeros((96, 128, 2), np.float32)
    flow[..., 0] = 4
    return picture, flow


def test_what_is_plain_moves_along_with_what_is_around_it():
    picture, flow = noise_around_a_plain_square()
    flow[40:56, 56:72] = (-3, 2)  # where nothing can be seen
    found = with_surroundings(flow, picture)[44:52, 60:68].mean((0, 1))
    assert abs(found - (4, 0)).max() < 0.8


def test_in_the_middle_of_what_is_wide_and_plain_its_own_flow_stands():
    picture = np.random.default_rng(3).integers(0, 255, (288, 512)).astype(np.uint8)
    picture[40:250, 60:440] = 120
    flow = np.full((288, 512, 2), (9, -2), np.float32)
    np.testing.assert_allclose(with_surroundings(flow, picture), flow, atol=0.01)


def test_what_has_texture_moves_as_it_does():
    picture, flow = noise_around_a_plain_square()
    flow[:24, :40] = (1, -2)
    found = with_surroundings(flow, picture)
    np.testing.assert_allclose(found[:24, :40], flow[:24, :40], atol=0.01)
    np.testing.assert_allclose(found[70:], flow[70:], atol=0.01)


def test_a_picture_of_one_colour_stays_where_it_is():
    still = np.zeros((40, 50, 2), np.float32)
    assert np.abs(with_surroundings(still, np.full((40, 50), 7, np.uint8))).max() == 0


def test_a_plain_thing_in_a_film_moves_along_with_what_is_around_it():
    def frame(right):
        picture = scene(right).clone()
        picture[:, 10:60, 40 - right : 90 - right] = 0.5
        return picture

    _, sight = sights([frame(0), frame(4)])
    across = sight.motion.places[0] - np.arange(WIDE)
    assert np.abs(across[16:54, 42:80] - 4).mean() < 0.9  # by its own flow alone 1.8
