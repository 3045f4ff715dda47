"""How far the pictures of a film have panned: what most of each does, shot by shot."""

import pytest
import torch
from torch.nn.functional import interpolate

from stylize.pipeline.flow_pan import STILL, find_pans
from stylize.pipeline.values import Frame

HIGH, WIDE = 96, 144


def texture(seed=1, *, high=2 * HIGH, wide=3 * WIDE):
    coarse = torch.rand(1, 3, high // 6, wide // 6, generator=torch.Generator().manual_seed(seed))
    return interpolate(coarse, (high, wide), mode="bicubic").clamp(0, 1)[0]


SCENE = texture()


def view(right, down=0, *, high=HIGH, wide=WIDE):
    """What a camera sees that has moved to the right and down: its picture moves the other way."""
    return SCENE[:, down : down + high, right : right + wide].contiguous()


def pans(pictures, *, shots=None):
    frames = [Frame(each, shot=shots[i] if shots else 0) for i, each in enumerate(pictures)]
    given = list(find_pans(frames))
    assert all(a.picture is b.picture for a, b in zip(given, frames, strict=True))
    return [frame.pan for frame in given]


@pytest.mark.parametrize(("right", "down"), [(1, 0), (3, 2), (9, -4), (-2, 0)])
def test_the_pan_adds_up_from_frame_to_frame(right, down):
    found = pans([view(100 + i * right, 40 + i * down) for i in range(6)])
    for index, pan in enumerate(found):
        assert pan == pytest.approx((-index * right, -index * down), abs=0.15 * max(1, index))


def test_it_is_in_pixels_of_the_frame_however_large_that_is():
    large = texture(2, high=720, wide=1280)
    found = pans([large[:, :, i : i + 1000].contiguous() for i in (0, 7, 14)])
    assert found[2] == pytest.approx((-14, 0), abs=0.8)


def test_each_shot_begins_anew():
    found = pans([view(0), view(4), view(90, 50), view(94, 50)], shots=[0, 0, 1, 1])
    assert found[0] == found[2] == (0, 0)
    assert found[1][0] == pytest.approx(found[3][0], abs=0.2) == pytest.approx(-4, abs=0.2)


def test_what_is_small_and_moves_by_itself_is_no_pan():
    def frame(index):
        picture = view(50).clone()
        picture[:, 30:60, 10 + 6 * index : 40 + 6 * index] = texture(3)[:, :30, :30]
        return picture

    assert pans([frame(i) for i in range(6)])[-1] == (0, 0)


def test_noise_does_not_add_up_to_a_pan():
    generator = torch.Generator().manual_seed(4)
    noise = [torch.randn(view(0).shape, generator=generator) * 0.02 for _ in range(120)]
    found = pans([(view(0) + each).clamp(0, 1) for each in noise])
    assert max(abs(value) for pan in found for value in pan) < 0.25


def test_a_pan_slower_than_what_stands_still_is_not_lost():
    large = texture(6, high=HIGH, wide=32 * 32 + 96)
    slow = [
        interpolate(large[None, :, :, i : i + 32 * 32], (HIGH, 32), mode="area")[0]
        for i in range(96)
    ]
    assert STILL > 1 / 32
    assert pans(slow)[-1][0] == pytest.approx(-95 / 32, abs=0.8)


def under_sky(share, noise, *, right=0, seed=0):
    """A view with so much plain sky above it, and noise of so many steps of 8 bits."""
    picture = view(200 + right).clone()
    picture[:, : int(share * HIGH)] = torch.tensor([0.5, 0.7, 0.9])[:, None, None]
    generator = torch.Generator().manual_seed(seed)
    return (picture + torch.randn(picture.shape, generator=generator) * noise / 255).clamp(0, 1)


@pytest.mark.parametrize("share", [0.6, 0.8, 0.95])
@pytest.mark.parametrize("noise", [0.25, 1, 2])
def test_a_plain_sky_does_not_say_how_the_rest_moves(share, noise):
    still = pans([under_sky(share, noise, seed=i) for i in range(12)])
    assert max(abs(value) for pan in still for value in pan) < 0.25
    if share < 0.9:
        found = pans([under_sky(share, noise, right=2 * i, seed=i) for i in range(12)])
        assert found[-1] == pytest.approx((-22, 0), abs=0.6)


def test_a_low_film_is_followed_in_its_own_pixels():
    tall = texture(7, high=80, wide=3 * WIDE)
    found = pans([tall[:, 60 - i : 66 - i, :200].contiguous() for i in range(4)])
    assert found[-1][1] == pytest.approx(3, abs=0.7)


def test_a_plain_film_does_not_move():
    assert pans([torch.full((3, 48, 64), 0.5)] * 3) == [(0, 0)] * 3


@pytest.mark.parametrize("size", [(1, 1), (2, 90), (16, 16)])
def test_tiny_frames_are_followed_too(size):
    found = pans([view(i, high=size[0], wide=size[1]) for i in range(3)])
    assert len(found) == 3


def test_motion_is_found_in_the_picture_without_its_noise():
    generator = torch.Generator().manual_seed(5)
    noisy = torch.rand(3, HIGH, WIDE, generator=generator)
    frames = [Frame(noisy, clean=view(i * 3)) for i in range(3)]
    assert [each.pan for each in find_pans(frames)][-1][0] == pytest.approx(-6, abs=0.3)
