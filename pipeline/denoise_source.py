"""Between reading and gathering, where asked for: take noise out of a film before it is painted.

A network paints noise as it paints everything, and noise is new in every frame. Each frame is mixed
with the one before, itself without noise and moved to its places by optical flow, where the two
differ by no more than noise does. Noise goes, and what moves, changes or begins stays as it is;
nothing is blurred in space. It is causal, and nothing is carried from shot to shot.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch

from .flow import Grey, motion, small_grey
from .flow_carry import Carried, changed, enlarged, fetched, parted, repainted
from .flow_noise import LEAST, Level, grain, level, noise, without
from .values import Frame

SHARE = 0.2
"""Of each frame where there is nothing but noise: a third of its deviation remains, nearly."""
FLOW_SCALE = 0.25
"""Of the frame's size: where the flow is found. Noise is weaker there."""
PACE = 0.1
"""Share of each frame in the level of noise."""


@dataclass(frozen=True, slots=True, eq=False)
class _Memory:
    """All that goes from one frame to the next.

    Attributes:
        frame: the last one.
        calm: without its noise, as it is carried.
        seen: (h, w), in the size in which flow is found.
        level: of noise; None before the second frame.
    """

    frame: Frame
    calm: Carried
    seen: Grey
    level: Level | None = None


def denoise_source(frames: Iterable[Frame]) -> Iterator[Frame]:
    """Give the frames of a film their `clean` pictures.

    Their `picture` stays as it is, for all that the painting is mixed with: what is not painted is
    left untouched. The first frame of a shot is its own clean picture. For 1280×720 it takes about
    40 ms of one core a frame.

    Args:
        frames: of one film, in order, with their shots.
    """
    memory: _Memory | None = None
    for frame in frames:
        if memory is None or not frame.goes_on(memory.frame):
            memory = _begun(frame)
        else:
            memory = _next(memory, frame)
        yield memory.frame


def _begun(frame: Frame) -> _Memory:
    clean = replace(frame, clean=frame.picture)
    return _Memory(clean, parted(frame.picture), small_grey(frame.picture, scale=FLOW_SCALE))


def _next(memory: _Memory, frame: Frame) -> _Memory:
    now, fresh = small_grey(frame.picture, scale=FLOW_SCALE), parted(frame.picture)
    there = motion(now, memory.seen, detail="finest")
    places = enlarged(there, size=fresh.brightness.shape)
    change = changed(fresh, fetched(memory.calm, there, places)).whole
    found = level(change)
    if memory.level is not None:
        found = Level(
            memory.level.brightness + PACE * (found.brightness - memory.level.brightness),
            memory.level.colours + PACE * (found.colours - memory.level.colours),
        )
    if found.brightness < LEAST:
        return replace(_begun(frame), level=found)
    change = grain(change, found)
    calm = without(fresh, change, noise(change, found) * np.float32(1 - SHARE))
    clean = torch.empty_like(frame.picture)
    repainted(frame.picture, fresh, calm, out=clean)
    return _Memory(replace(frame, clean=clean), calm, now, found)
