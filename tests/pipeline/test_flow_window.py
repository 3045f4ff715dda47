"""What frames know of each other: who is asked, where pixels are, and whose light is the same."""

import weakref

import pytest
import torch
from torch.nn.functional import interpolate

from stylize.pipeline.flow_window import APART, windows
from stylize.pipeline.values import Batch, Fade, Frame

HIGH, WIDE = 64, 96


def scene(right=0, *, high=HIGH, wide=WIDE):
    coarse = torch.rand(1, 3, HIGH // 2, 3 * WIDE // 4, generator=torch.Generator().manual_seed(1))
    whole = interpolate(coarse, (HIGH, 3 * WIDE), mode="bicubic").clamp(0, 1)[0]
    return whole[:, :high, right : right + wide].contiguous()


def found(sources, shots=None):
    frames = [Frame(each, shot=shots[i] if shots else 0) for i, each in enumerate(sources)]
    return list(windows(Batch(frame.picture[None], (frame,)) for frame in frames))


def apart(window):
    return sorted(neighbour.apart for neighbour in window.neighbours)


def test_every_frame_comes_out_in_its_turn_among_those_that_there_are():
    sources = [scene()] * 20
    given = found(sources)
    assert [id(window.frame.picture) for window in given] == [id(each) for each in sources]
    assert apart(given[0]) == [1, 2, 4, 8]
    assert apart(given[3]) == [-2, -1, 1, 2, 4, 8]
    assert apart(given[10]) == [-8, -4, -2, -1, 1, 2, 4, 8]
    assert apart(given[19]) == [-8, -4, -2, -1]
    assert [window.begins for window in given] == [True] + [False] * 19


def test_shots_and_sizes_know_nothing_of_each_other():
    sources = [scene(), scene(), scene(40), scene(high=50, wide=61), scene(high=50, wide=61)]
    given = found(sources, [0, 0, 1, 1, 1])
    assert [apart(window) for window in given] == [[1], [-1], [], [1], [-1]]
    assert [window.begins for window in given] == [True, False, True, True, False]


@pytest.mark.parametrize("step", [0, 2, 6])
def test_flow_leads_to_the_same_thing_however_far_the_frame(step):
    """At six pixels a frame, half of what is seen is gone after eight."""
    window = found([scene(step * i) for i in range(9)])[0]
    for neighbour in window.neighbours:
        gone = step * neighbour.apart
        inner = (slice(8, -8), slice(gone // 2 + 8, WIDE // 2 - 8))  # flow is in half the size
        scale = WIDE / neighbour.flow.shape[1]
        across = neighbour.flow[inner[0], 8 + gone // 2 :][..., 0] * scale
        assert abs(across[:, : (WIDE - gone) // 2 - 16].mean() + gone) < 0.5


def test_a_frame_of_another_thing_is_not_trusted():
    given = found([scene(), scene(), 1 - scene(90)])
    first, second = given[0].neighbours
    assert first.trust.mean() > 0.9
    assert second.trust.mean() < 0.3


def test_light_counts_where_one_side_alone_is_known():
    given = found([scene() * (1 - 0.03 * i) for i in range(17)])
    assert all(neighbour.undated is None for neighbour in given[8].neighbours)
    dated = {neighbour.apart: neighbour.undated.mean() for neighbour in given[0].neighbours}
    assert sorted(dated, key=dated.get, reverse=True) == list(APART)
    assert dated[8] < 0.1


def test_frames_of_another_style_are_not_asked_and_are_no_side():
    frames = [Frame(scene()) for _ in range(12)]
    styles = [Fade(float(i >= 6)) for i in range(12)]
    batches = (
        Batch(frame.picture[None], (frame,), (style,))
        for frame, style in zip(frames, styles, strict=True)
    )
    given = list(windows(batches))
    assert apart(given[6]) == [1, 2, 4]
    assert apart(given[5]) == [-4, -2, -1]
    assert all(neighbour.undated is not None for neighbour in given[6].neighbours)


def test_how_much_the_source_differs_is_known_of_the_next_frame_and_of_the_furthest():
    noise = torch.Generator().manual_seed(2)
    sources = [(scene() + 0.02 * torch.randn(3, HIGH, WIDE, generator=noise)) for _ in range(9)]
    differences = {each.apart: each.difference for each in found(sources)[0].neighbours}
    assert [each for each in APART if differences[each] is not None] == [1, 8]
    assert differences[1].shape == (8, 12)
    assert 0.3 < differences[1].mean() / (2 * 0.02**2) < 1.7


def test_a_painting_is_let_go_when_no_frame_to_come_asks_for_it():
    frames = [Frame(scene()) for _ in range(40)]
    held, alive = [], []
    for window in windows(Batch(frame.picture[None], (frame,)) for frame in frames):
        held.append(weakref.ref(window.fresh.brightness))
        del window
        alive.append(sum(each() is not None for each in held))
    assert max(alive) <= max(APART) + 1
