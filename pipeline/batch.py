"""Second stage: gather frames of one size into batches, and scatter batches into frames again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import torch

from .values import Batch, Frame

WAITING_BATCHES = 4
"""How many batches' worth of frames may wait for company of their own size."""


def gather(frames: Iterable[Frame], *, size: int) -> Iterator[Batch]:
    """Stack frames of equal height and width.

    Frames of one size stay in order, so a film comes out as it went in. Where sizes are mixed (a
    folder of pictures), frames wait for others of their size, and the size that has waited
    longest goes first once `WAITING_BATCHES * size` frames are held.

    Args:
        frames: of any sizes.
        size: at most this many frames in a batch.

    Yields:
        Batches of 1 to `size` frames; the last ones may be short.
    """
    waiting: dict[torch.Size, list[Frame]] = {}
    held = 0
    for frame in frames:
        group = waiting.setdefault(frame.picture.shape, [])
        group.append(frame)
        held += 1
        if len(group) == size:
            full = frame.picture.shape
        elif held == WAITING_BATCHES * size:
            full = next(iter(waiting))
        else:
            continue
        ready = waiting.pop(full)
        held -= len(ready)
        yield _stack(ready)
    for group in waiting.values():
        yield _stack(group)


def scatter(batches: Iterable[Batch]) -> Iterator[Frame]:
    """Give each picture back its frame's time, duration and alpha."""
    for batch in batches:
        for frame, picture in zip(batch.frames, batch.pictures, strict=True):
            yield replace(frame, picture=picture)


def _stack(frames: list[Frame]) -> Batch:
    return Batch(torch.stack([frame.picture for frame in frames]), tuple(frames))
