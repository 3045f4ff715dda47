"""Frames into batches and back."""

from dataclasses import replace
from fractions import Fraction

import pytest
import torch

from stylize.pipeline import batch
from stylize.pipeline.batch import gather, scatter
from stylize.pipeline.values import Frame


def frame(index: int, height: int = 4, width: int = 6) -> Frame:
    picture = torch.full((3, height, width), index / 100)
    return Frame(picture, Fraction(index, 25), Fraction(1, 25), torch.ones(1, height, width))


def two(height: int, width: int) -> int:
    return 2


def test_frames_of_one_size_fill_batches_in_order_and_the_last_is_short():
    batches = list(gather((frame(i) for i in range(5)), size=two))
    assert [len(b.frames) for b in batches] == [2, 2, 1]
    assert [f.time for b in batches for f in b.frames] == [Fraction(i, 25) for i in range(5)]
    assert batches[0].pictures.shape == (2, 3, 4, 6)


def test_mixed_sizes_are_never_stacked_together_and_none_is_lost():
    frames = [frame(i, *((4, 6) if i % 3 else (6, 4))) for i in range(10)]
    batches = list(gather(frames, size=two))
    assert {b.pictures.shape[2:] for b in batches} == {(4, 6), (6, 4)}
    assert sorted(f.time for b in batches for f in b.frames) == [f.time for f in frames]


def test_the_size_of_a_batch_may_depend_on_the_pictures():
    frames = [frame(0, 2, 2), frame(1, 8, 8), frame(2, 2, 2)]
    batches = list(gather(frames, size=lambda height, width: 1 if height > 4 else 2))
    assert [len(b.frames) for b in batches] == [1, 2]


def test_pictures_that_find_no_company_do_not_pile_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(batch, "WAITING_PIXELS", 100)
    sizes = [(4, 5 + i) for i in range(10)]
    held = 0
    most = 0
    source = []

    def frames():
        nonlocal held, most
        for i, size in enumerate(sizes):
            held += size[0] * size[1]
            most = max(most, held)
            source.append(size)
            yield frame(i, *size)

    for ready in gather(frames(), size=two):
        held -= ready.pictures[0, 0].numel() * len(ready.frames)
    assert most < 100 + 3 * 4 * 14
    assert held == 0


def test_scattering_gives_each_picture_its_own_time_duration_and_alpha():
    frames = [frame(i) for i in range(3)]
    scattered = list(scatter(gather(frames, size=two)))
    for before, after in zip(frames, scattered, strict=True):
        assert torch.equal(after.picture, before.picture)
        assert (after.time, after.duration) == (before.time, before.duration)
        assert after.alpha is before.alpha


def test_a_batch_ends_where_a_shot_does():
    shots = [0, 0, 0, 1, 2, 2]
    frames = [replace(frame(i), shot=shot) for i, shot in enumerate(shots)]
    batches = list(gather(frames, size=two))
    assert [[f.shot for f in b.frames] for b in batches] == [[0, 0], [0], [1], [2, 2]]
    assert [f.time for f in scatter(batches)] == [f.time for f in frames]
    assert [f.shot for f in scatter(batches)] == shots


def test_nobody_of_any_size_waits_for_a_shot_that_is_over():
    frames = [frame(0, 4, 6), frame(1, 6, 4), replace(frame(2, 4, 6), shot=1)]
    batches = list(gather(frames, size=two))
    assert [[f.shot for f in b.frames] for b in batches] == [[0], [0], [1]]
