"""Second stage: gather frames of one size and shot into batches; scatter them into frames again.

Paintings are mixed with what is beneath them only as they are scattered, when all that comes in
between is done: what is not painted is neither smoothed nor refined.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import torch

from .values import Batch, Frame

WAITING_PIXELS = 64_000_000
"""Pixels of frames of other sizes that may wait for company: 768 MB as float32 RGB."""


def gather(frames: Iterable[Frame], *, size: Callable[[int, int], int]) -> Iterator[Batch]:
    """Stack frames of equal height and width, and of one shot.

    Frames of one size stay in order, so a film comes out as it went in. Where sizes are mixed (a
    folder of pictures), frames wait for others of their own size; those that have waited longest
    go first once more than `WAITING_PIXELS` are held. Nobody waits for a shot that is over.

    Args:
        frames: of any sizes.
        size: how many frames of this height and width make a batch.

    Yields:
        Batches in no set order of sizes; the last ones may be short.
    """
    waiting: dict[tuple[int, int], list[Frame]] = {}
    held = shot = 0
    for frame in frames:
        if frame.shot != shot:
            yield from map(_stack, waiting.values())
            waiting.clear()
            held, shot = 0, frame.shot
        height, width = frame.picture.shape[-2:]
        group = waiting.setdefault((height, width), [])
        group.append(frame)
        held += height * width
        if len(group) >= size(height, width):
            ready = waiting.pop((height, width))
        elif held > WAITING_PIXELS and len(waiting) > 1:
            ready = waiting.pop(next(iter(waiting)))
        else:
            continue
        held -= sum(other.picture[0].numel() for other in ready)
        yield _stack(ready)
    yield from map(_stack, waiting.values())


def scatter(batches: Iterable[Batch]) -> Iterator[Frame]:
    """Give each painting back its frame's time, duration, alpha and shot, and mix it with that.

    Args:
        batches: the paintings in `pictures`, the source pictures in `frames`, on the CPU.

    Yields:
        Each frame, its picture as much of the painting as is to show on the source.
    """
    for batch in batches:
        for frame, picture in zip(batch.frames, batch.pictures, strict=True):
            yield frame.painted(picture)


def _stack(frames: list[Frame]) -> Batch:
    return Batch(torch.stack([frame.picture for frame in frames]), tuple(frames))
