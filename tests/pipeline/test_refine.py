"""Refined strokes go with what they are on, end at cuts, and neither fade nor pop in between."""

import math
import weakref
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from stylize.pipeline.fade_from_black import fade_from_black
from stylize.pipeline.keyframes import FURTHEST, Keyframes
from stylize.pipeline.refine import refine, refine_keys
from stylize.pipeline.values import Batch, Frame

RATE = 25
INNER = (slice(None), slice(12, -12), slice(12, -12))
"""Away from the border, where a pan brings new things into view."""


class Painter:
    """A refiner that paints a texture of its own over the first frame, and leaves what it did."""

    def __init__(self, *, always=False):
        self.always, self.starts, self.again = always, [], []

    def __call__(self, picture, start, *, again):
        self.starts.append(start)
        self.again.append(again)
        if len(self.starts) > 1 and not self.always:
            return start
        return (start + strokes(picture.shape[-2:], seed=len(self.starts))).clamp(0, 1)


def strokes(size, *, seed=1):
    """Blots of some four pixels, of both signs."""
    noise = torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(seed))
    kernel = torch.exp(-torch.arange(-4.0, 5).square() / 3)
    kernel = (kernel[:, None] * kernel).expand(3, 1, 9, 9)
    blots = F.conv2d(noise, kernel, padding=4, groups=3)[0]
    return 0.08 * blots / blots.std()


def film(pictures, *, shots=None):
    """Frames, each in a batch of its own, whose fast painting is the picture, paler."""
    for index, picture in enumerate(pictures):
        time, shot = Fraction(index, RATE), shots[index] if shots else 0
        frame = Frame(picture, time, Fraction(1, RATE), shot=shot)
        yield Batch((0.2 + 0.6 * picture)[None], (frame,))


def fast(picture):
    return 0.2 + 0.6 * picture


def refined(pictures, refiner, *, shots=None, **options):
    done = list(refine(film(pictures, shots=shots), refiner=refiner, **options))
    frames = [frame for batch in done for frame in batch.frames]
    assert [frame.time for frame in frames] == [Fraction(i, RATE) for i in range(len(pictures))]
    for batch in done:
        assert batch.pictures.shape == (1, 3, *pictures[0].shape[-2:])
        assert 0 <= batch.pictures.min() <= batch.pictures.max() <= 1
    return [batch.pictures[0] for batch in done]


def alike(one, other):
    """Correlation of what is fine in two pictures."""
    planes = [(each - F.avg_pool2d(each, 15, 1, 7)).flatten() for each in (one, other)]
    return torch.corrcoef(torch.stack(planes))[0, 1].item()


def energy(picture, base):
    return (picture - base)[INNER].var().item()


@pytest.mark.parametrize("speed", [0, 1, 3])
def test_strokes_go_with_what_they_are_on(pan, speed):
    pictures = pan(10, speed=speed)
    painted = refined(pictures, Painter())
    wanted = painted[0]
    for index, (picture, source) in enumerate(zip(painted, pictures, strict=True)):
        shift = index * speed
        added = (picture - fast(source))[..., : 128 - shift][INNER]
        assert alike(added, (wanted - fast(pictures[0]))[..., shift:][INNER]) > 0.9


def sharpness(picture):
    return (picture - F.avg_pool2d(picture, 5, 1, 2))[INNER].square().mean().item()


def test_what_becomes_another_thing_bit_by_bit_keeps_its_strokes(pan):
    turns = torch.linspace(0, math.pi / 2, 13)
    ripples = [
        (0.5 + (one - 0.5) * turn.cos() + (other - 0.5) * turn.sin()).clamp(0, 1)
        for one, other, turn in zip(pan(13), pan(13, seed=4), turns, strict=True)
    ]
    painted = refined(ripples, Painter(), keyframes=Keyframes(every=20))
    assert sharpness(fast(ripples[12])) < 0.1 * sharpness(painted[0])
    assert 0.9 < sharpness(painted[12]) / sharpness(painted[0]) < 1.2


def test_between_pixels_strokes_are_as_sharp_as_on_them(pan):
    twice = pan(6, height=192, width=256)
    halves = [F.avg_pool2d(picture, 2) for picture in twice]  # half a pixel a frame
    painted = refined(halves, Painter(), keyframes=Keyframes(every=20))
    for picture in painted[1:]:
        assert 0.9 < sharpness(picture) / sharpness(painted[0]) < 1.1


def test_in_a_still_film_strokes_stay_exactly_and_neither_fade_nor_grow(pan):
    pictures = pan(1) * 30
    painted = refined(pictures, Painter(), keyframes=Keyframes(every=10))
    for picture in painted:
        assert (picture - painted[0]).abs().max() < 4e-3  # half precision, and flow of 0


def test_strokes_of_two_key_frames_that_disagree_keep_their_energy_between(pan):
    pictures = pan(13)
    painted = refined(pictures, Painter(always=True), keyframes=Keyframes(every=12))
    found = [energy(a, fast(b)) for a, b in zip(painted, pictures, strict=True)]
    assert found[0] > 1e-3
    middle = (found[0] + found[12]) / 2
    assert all(0.75 * min(found[0], found[12]) < each < 1.25 * found[12] for each in found[1:12])
    assert 0.75 < found[6] / middle < 1.25


def test_nothing_pops_at_a_key_frame(pan):
    pictures = pan(17)
    painted = refined(pictures, Painter(always=True), keyframes=Keyframes(every=8))
    changes = [
        (now[..., :-1] - before[..., 1:])[INNER].square().mean().sqrt().item()
        for before, now in pairwise(painted)
    ]
    calm = sorted(changes)[len(changes) // 2]
    assert max(changes) < 2 * calm + 0.005


def test_nothing_is_carried_across_a_cut(pan):
    one, other = pan(5), pan(5, seed=7)
    refiner = Painter()
    painted = refined(one + other, refiner, shots=[0] * 5 + [1] * 5)
    assert len(refiner.starts) == 2
    assert torch.equal(refiner.starts[1], fast(other[0]))
    for picture, source in zip(painted[5:], other, strict=True):
        assert torch.allclose(picture[INNER], fast(source)[INNER], atol=1e-2)


def test_a_key_frame_is_refined_again_if_most_of_it_was_refined_before(pan):
    calm, wild = Painter(), Painter()
    every = Keyframes(every=4)
    refined(pan(9) + pan(3, seed=7), calm, shots=[0] * 9 + [1] * 3, keyframes=every)
    assert calm.again == [False, True, True, False]
    refined([pan(1, seed=seed)[0] for seed in range(9)], wild, keyframes=every)
    assert wild.again == [False, False, False]


def test_a_shot_of_one_frame_is_refined_and_its_neighbours_know_nothing_of_it(pan):
    pictures = [*pan(3), pan(1, seed=5)[0], *pan(3, seed=9)]
    refiner = Painter(always=True)
    painted = refined(pictures, refiner, shots=[0, 0, 0, 1, 2, 2, 2])
    assert [torch.equal(start, fast(pictures[i])) for start, i in zip(
        refiner.starts, (0, 3, 4), strict=True)] == [True] * 3  # fmt: skip
    assert energy(painted[3], fast(pictures[3])) > 1e-3


def test_what_a_passing_square_uncovers_is_painted_fast_until_a_key_frame_sees_it(pan):
    background = pan(1, height=96, width=128)[0]
    square = pan(1, height=32, width=32, seed=3)[0] * 0.5
    pictures = []
    for index in range(9):
        picture = background.clone()
        picture[:, 32:64, 20 + 6 * index : 52 + 6 * index] = square
        pictures.append(picture)
    painted = refined(pictures, Painter())
    uncovered = (slice(None), slice(36, 60), slice(26, 60))
    on_square = (slice(None), slice(36, 60), slice(72, 96))
    added = painted[8] - fast(pictures[8])
    first = painted[0] - fast(pictures[0])
    for left in (20, 26, 40):  # neither what was there before, nor what has moved on
        ghost = first[:, 36:60, left : left + 34]
        assert abs(alike(added[uncovered], ghost)) < 0.25
    assert added[uncovered].var() < strokes((96, 128)).var() / 2
    assert alike(added[on_square], first[:, 36:60, 24:48]) > 0.8


def test_light_that_fades_is_followed_while_strokes_stay(pan):
    still = pan(1)[0]
    pictures = [still * (1 - 0.04 * index) for index in range(10)]
    painted = refined(pictures, Painter())
    broad = [F.avg_pool2d((p - fast(s))[INNER], 24, 24) for p, s in
             zip(painted, pictures, strict=True)]  # fmt: skip
    assert (broad[9] - broad[0]).abs().mean() < 0.01
    added = [(p - fast(s))[INNER] for p, s in zip(painted, pictures, strict=True)]
    assert alike(added[9], added[0]) > 0.85


@pytest.mark.parametrize("size", [(1, 1), (7, 9), (33, 31), (2, 50)])
def test_frames_of_any_size_are_refined(size):
    pictures = [torch.rand(3, *size, generator=torch.Generator().manual_seed(1))] * 4
    painted = refined(pictures, Painter(always=True), keyframes=Keyframes(every=2))
    assert all(picture.isfinite().all() for picture in painted)


def test_a_frame_comes_out_as_soon_as_its_next_key_frame_is_done(pan):
    taken = []

    def watched():
        for index, batch in enumerate(film(pan(20))):
            taken.append(index)
            yield batch

    done = refine(watched(), refiner=Painter(), keyframes=Keyframes(every=5))
    for index in range(20):
        next(done)
        assert taken[-1] == min(19, -(-index // 5) * 5)


def test_times_far_apart_hold_few_frames_and_hand_strokes_on(pan):
    pictures = pan(1, height=24, width=32) * (FURTHEST + 30)
    taken = []

    def watched():
        for index, batch in enumerate(film(pictures)):
            taken.append(index)
            yield batch

    refiner = Painter(always=True)
    times = (Fraction(0), Fraction(FURTHEST + 20, RATE))
    done = refine(watched(), refiner=refiner, keyframes=Keyframes(times=times))
    painted = []
    for index, batch in enumerate(done):
        painted.append(batch.pictures[0])
        assert taken[-1] - index <= FURTHEST
    assert len(refiner.starts) == 2
    assert alike(painted[FURTHEST + 5] - fast(pictures[0]), painted[0] - fast(pictures[0])) > 0.9


def test_strokes_do_not_set_in_at_once_where_the_first_key_frame_is_far(pan):
    pictures = pan(1, height=24, width=32) * (FURTHEST + 30)
    times = (Fraction(FURTHEST + 20, RATE),)
    painted = refined(pictures, Painter(always=True), keyframes=Keyframes(times=times))
    changes = [(each - fast(pictures[0])).abs().mean().item() for each in painted]
    assert max(changes[:20]) < 1e-3
    steps = [after - before for before, after in pairwise(changes[: FURTHEST + 21])]
    assert max(steps) < 0.05 * changes[FURTHEST + 20]


def test_a_shot_without_a_named_key_frame_is_left_as_it_was(pan):
    pictures = pan(8)
    keyframes = Keyframes(times=(Fraction(5, RATE),))
    painted = refined(pictures, Painter(), shots=[0] * 4 + [1] * 4, keyframes=keyframes)
    for picture, source in zip(painted[:4], pictures, strict=False):
        assert torch.allclose(picture, fast(source), atol=1e-3)
    # Backwards, too: the frame before the key frame has its strokes.
    assert energy(painted[4], fast(pictures[4])) > 0.5 * energy(painted[5], fast(pictures[5]))


def test_the_key_frames_alone_are_those_of_the_film(pan):
    pictures, keyframes = pan(9, speed=2), Keyframes(every=4)
    whole = refined(pictures, Painter(), keyframes=keyframes)
    keys = list(refine_keys(film(pictures), refiner=Painter(), keyframes=keyframes))
    assert [key.time for key in keys] == [0, Fraction(4, RATE), Fraction(8, RATE)]
    for key in keys:
        assert torch.equal(key.picture, whole[int(key.time * RATE)])


def test_only_what_was_refined_is_a_key_frame_however_far_apart_they_are(pan):
    pictures, refiner = pan(1, height=24, width=32) * (FURTHEST + 30), Painter(always=True)
    keyframes = Keyframes(times=(Fraction(0), Fraction(FURTHEST + 20, RATE)))
    keys = list(refine_keys(film(pictures), refiner=refiner, keyframes=keyframes))
    assert [key.time for key in keys] == list(keyframes.times)
    # Strokes were handed on in between all the same.
    assert alike(refiner.starts[1] - fast(pictures[0]), keys[0].picture - fast(pictures[0])) > 0.9


def test_a_person_is_told_of_times_that_never_came(pan):
    keyframes = Keyframes(times=(Fraction(0), Fraction(1), Fraction(3, 2)))
    for done in (refine, refine_keys):
        told = []
        list(done(film(pan(3)), refiner=Painter(), keyframes=keyframes, notify=told.append))
        assert told == ["no key frame at 0:01, 0:01.5: nothing that was painted is shown then"]


def covered(pictures, cover):
    """A film of whose paintings only a part is to show."""
    for batch in film(pictures):
        (frame,) = batch.frames
        yield replace(batch, frames=(replace(frame, cover=cover),))


@pytest.mark.parametrize("times", [(0, 8), (0, 60), ()])
def test_a_painting_shows_as_far_as_it_is_to_and_beneath_it_is_the_film(pan, times):
    pictures = pan(70 if 60 in times else 9, height=48, width=64)
    keyframes = Keyframes(times=tuple(Fraction(time, RATE) for time in times) or (Fraction(99),))
    cover = torch.linspace(-1, 1, 64).clamp(min=0).expand(1, 48, 64)
    whole = refined(pictures, Painter(always=True), keyframes=keyframes)
    options = {"refiner": Painter(always=True), "keyframes": keyframes}
    done = [batch.pictures[0] for batch in refine(covered(pictures, cover), **options)]
    for shown, painting, source in zip(done, whole, pictures, strict=True):
        assert (shown - source)[..., :32].abs().max() < 1e-5
        torch.testing.assert_close(shown, torch.lerp(source, painting, cover), atol=1e-5, rtol=0)
    options = {"refiner": Painter(always=True), "keyframes": keyframes}
    for key in refine_keys(covered(pictures, cover), **options):
        assert torch.equal(key.picture, done[int(key.time * RATE)])


def test_what_is_black_stays_black_and_its_strokes_are_there_for_what_follows(pan):
    pictures = [0 * each if index < 4 else each for index, each in enumerate(pan(8))]
    done = refine(fade_from_black(film(pictures)), refiner=Painter(), keyframes=Keyframes())
    shown = [batch.pictures[0] for batch in done]
    assert all(not each.any() for each in shown[:4])
    plain = refined(pictures, Painter())
    assert all(torch.equal(a, b) for a, b in zip(shown[4:], plain[4:], strict=True))


@pytest.mark.parametrize("cover", [None, torch.full((1, 1, 1), 0.5)])
def test_frames_that_wait_hold_no_picture_that_is_not_needed(pan, cover):
    held = []

    def watched():
        for batch in covered(pan(20), cover):
            (frame,) = batch.frames
            frame = replace(frame, picture=frame.picture.clone(), clean=frame.picture.clone())
            held.extend(map(weakref.ref, (frame.picture, frame.clean)))
            yield replace(batch, frames=(frame,))
            del frame, batch

    done = refine(watched(), refiner=Painter(), keyframes=Keyframes(every=19))
    next(done)
    next(done)  # comes with the next key frame: all others have waited
    assert len(held) == 40
    assert sum(each() is not None for each in held) <= 4


def test_a_film_of_one_frame_is_a_key_frame(pan):
    (picture,) = pan(1)
    (painted,) = refined([picture], Painter())
    assert energy(painted, fast(picture)) > 1e-3


def test_a_film_in_which_all_changes_gets_more_key_frames(pan):
    calm, wild = Painter(), Painter()
    refined(pan(24, speed=1), calm)
    refined(pan(24, speed=8), wild)
    assert len(calm.starts) < len(wild.starts) <= 4


def test_key_frames_are_those_that_are_shown_at_the_times_named(pan):
    times = [Fraction(0), Fraction(1, 10), Fraction(1, 2), Fraction(3, 5), Fraction(2)]
    ends = [*times[1:], Fraction(3)]
    frames = [
        Frame(picture, begin, end - begin)
        for picture, begin, end in zip(pan(5), times, ends, strict=True)
    ]
    batches = (Batch(fast(frame.picture)[None], (frame,)) for frame in frames)
    named = Keyframes(times=(Fraction(2, 5), Fraction(11, 20), Fraction(5, 2)))
    keys = list(refine_keys(batches, refiner=Painter(), keyframes=named))
    assert [key.time for key in keys] == [Fraction(1, 10), Fraction(1, 2), Fraction(2)]
