"""Shots: cuts and dissolves begin one; flashes, fades, flicker and motion do not."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from stylize.pipeline.film.read_video import probe_video, read_video
from stylize.pipeline.flow_thumbnail import mixture, thumbnail, unlike
from stylize.pipeline.shots import AHEAD, find_shots
from stylize.pipeline.values import Frame

RATE = 24
WIDE, HIGH = 128, 72


def scene(seed, *, frames=30, step=1):
    """A picture that a camera pans over, to the right."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, 12, 48, generator=generator)
    whole = interpolate(coarse, (HIGH, WIDE * 4), mode="bicubic").clamp(0, 1)[0]
    return [whole[:, :, step * i : step * i + WIDE] for i in range(frames)]


def shots(pictures, *, rate=RATE):
    frames = [Frame(each.contiguous(), Fraction(i, rate)) for i, each in enumerate(pictures)]
    stamped = list(find_shots(iter(frames)))
    assert [each.time for each in stamped] == [each.time for each in frames]
    assert all(a.picture is b.picture for a, b in zip(stamped, frames, strict=True))
    return [each.shot for each in stamped]


def begins(numbers):
    return [i for i in range(1, len(numbers)) if numbers[i] != numbers[i - 1]]


def blend(first, second):
    """One scene turns into another over their whole length."""
    shares = torch.linspace(0, 1, len(first) + 2)[1:-1]
    return [a * (1 - s) + b * s for a, b, s in zip(first, second, shares, strict=True)]


def test_a_cut_begins_a_shot_at_its_first_frame():
    assert shots(scene(1) + scene(2) + scene(3)) == [0] * 30 + [1] * 30 + [2] * 30


@pytest.mark.parametrize("step", [0, 1, 3])
def test_a_film_without_a_cut_is_one_shot_standing_or_moving(step):
    assert shots(scene(1, frames=60, step=step)) == [0] * 60


@pytest.mark.parametrize("length", [1, 2])
@pytest.mark.parametrize("light", [lambda p: torch.ones_like(p), lambda p: (p * 3).clamp(0, 1)])
def test_a_flash_is_no_cut(length, light):
    film = scene(1)
    film[12 : 12 + length] = [light(each) for each in film[12 : 12 + length]]
    assert begins(shots(film)) == []


def test_light_that_flickers_is_no_cut():
    film = [each * (0.5 if i % 2 else 0.9) for i, each in enumerate(scene(1))]
    assert begins(shots(film)) == []


def test_noise_on_a_plain_film_is_no_cut():
    generator = torch.Generator().manual_seed(0)
    film = [0.5 + 0.01 * torch.randn(3, HIGH, WIDE, generator=generator) for _ in range(20)]
    assert begins(shots(film)) == []


@pytest.mark.parametrize(("length", "step"), [(12, 0), (24, 0), (24, 1), (36, 1)])
def test_a_dissolve_begins_one_shot_within_it_or_shortly_after(length, step):
    first, second = (scene(i, frames=40 + length, step=step) for i in (1, 2))
    film = first[:40] + blend(first[40:], second[:length]) + second[length:]
    found = begins(shots(film))
    assert len(found) == 1
    assert 40 < found[0] <= 40 + length + 3


@pytest.mark.parametrize("rate", [10, 60, 240])
def test_a_dissolve_is_found_at_any_rate(rate):
    first, second = (scene(i, frames=4 * rate, step=0) for i in (1, 2))
    film = first[: 2 * rate] + blend(first[:rate], second[:rate]) + second[:rate]
    found = begins(shots(film, rate=rate))
    assert len(found) == 1
    assert 2 * rate < found[0] <= 3 * rate + 3


def test_a_fade_to_black_and_back_to_the_same_is_one_shot():
    light = [1.0] * 10 + [1 - i / 12 for i in range(13)] + [i / 12 for i in range(13)] + [1.0] * 10
    film = [each * share for each, share in zip(scene(1, frames=46), light, strict=True)]
    assert begins(shots(film)) == []


def test_what_else_comes_out_of_black_is_a_new_shot():
    down = [each * (1 - i / 12) for i, each in enumerate(scene(1, frames=13))]
    up = [each * (i / 12) for i, each in enumerate(scene(2, frames=13))]
    found = begins(shots(scene(1, frames=10) + down + up))
    assert len(found) == 1
    assert 23 < found[0] < 30


def test_a_shot_of_one_frame_is_one():
    assert shots([*scene(1), *scene(2, frames=1), *scene(3)]) == [0] * 30 + [1] + [2] * 30


@pytest.mark.parametrize("size", [(1, 1), (5, 12), (31, 47), (720, 3)])
def test_films_of_any_size_and_of_one_frame_are_one_shot(size):
    assert shots([torch.rand(3, *size)]) == [0]
    assert shots([torch.zeros(3, *size)] * 4) == [0] * 4


def test_no_frames_are_no_shots():
    assert list(find_shots([])) == []


def test_only_as_many_frames_wait_as_a_flash_may_last():
    taken = []

    def source():
        for i, picture in enumerate(scene(1)):
            taken.append(i)
            yield Frame(picture, Fraction(i, RATE))

    next(find_shots(source()))
    assert len(taken) == AHEAD + 1


def test_a_brighter_and_a_moved_picture_are_like_it_and_another_is_not():
    film, other = [thumbnail(each) for each in scene(1, step=4)], thumbnail(scene(2)[0])
    dark = thumbnail(scene(1, step=4)[0] * 0.4)
    assert unlike(film[0], dark) < 0.05
    assert unlike(film[0], film[1]) < 0.2
    assert unlike(film[0], other) > 0.8


def test_a_mixture_is_told_by_its_shares():
    first, second = scene(1)[0], scene(2)[0]
    middle = thumbnail(0.3 * first + 0.7 * second)
    found = mixture(thumbnail(first), middle, thumbnail(second))
    np.testing.assert_allclose([found.first, found.last], [0.3, 0.7], atol=0.02)
    assert found.unexplained < 0.01 < found.by_one


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "cuts"),
    [
        ("bikes_640x272_25_10s_4cuts", [30, 76, 137, 187, 242]),
        ("davis_blackswan_480p30_50f", []),
        ("propainter_sample1_360p", []),
        ("winter_scenes_360p12_8s_flicker", []),
    ],
)
def test_the_cuts_of_real_films_are_found_and_nothing_else(shared, name, cuts):
    film = probe_video(shared / "clips" / f"{name}.mp4", notify=lambda _: None)
    frames = read_video(film, notify=lambda _: None)
    small = (  # a thumbnail of a thumbnail is the same, and there is less to hold
        Frame(interpolate(each.picture[None], (HIGH, WIDE), mode="area")[0], each.time)
        for each in frames
    )
    assert begins([each.shot for each in find_shots(small)]) == cuts
