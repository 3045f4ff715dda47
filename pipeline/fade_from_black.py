"""What is nearly black in a film stays so: films fade from black, and to it, with their paintings.

Networks paint what is nearly black as bright as all else, and with it the blocks in which it was
compressed. Only how much of a painting is to show is said here: what is smoothed or refined is all
of it, so nothing of a darker frame is carried into a lighter one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import torch
from torch import Tensor

from .values import Batch, Frame

DARK, LIT = 0.02, 0.35
"""Brightness of what is brightest in a frame: at the one nothing of the painting shows, from the
other on all of it. Above are nearly all frames that are no fade. Measured on two seconds of film
that fade from black, with `wave` and no smoothing: painted as they were, they differed from frame
to frame by 0.019; with 0.2 in place of 0.35 by 0.009, and so by 0.007."""
BRIGHTEST = 0.01
"""Share of the pixels that are called the brightest: a lamp in the dark is less."""
_SECOND = slice(None, None, 2)


def fade_from_black(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Let the source through where frames are nearly black.

    Args:
        batches: the source pictures in `frames`, on the CPU.

    Yields:
        The batches, in which only as much of each painting is to show as its frame has light.
    """
    for batch in batches:
        yield replace(batch, frames=tuple(map(_in_its_light, batch.frames)))


def _in_its_light(frame: Frame) -> Frame:
    share = light(frame.sight)
    if share == 1:
        return frame
    cover = torch.ones(1, 1, 1) if frame.cover is None else frame.cover
    return replace(frame, cover=share * cover)


def light(picture: Tensor) -> float:
    """How far (3, H, W) RGB in [0, 1] has come out of black, 0 to 1; light may be of any colour."""
    bright = picture[:, _SECOND, _SECOND].amax(0).flatten()
    count = max(1, round(bright.numel() * BRIGHTEST))
    if (bright >= LIT).count_nonzero() >= count:  # as in nearly every frame: nothing to be sorted
        return 1.0
    most = bright.topk(count, sorted=False).values
    return min(1.0, max(0.0, (most.mean().item() - DARK) / (LIT - DARK)))
