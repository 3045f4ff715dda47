"""Fifth stage: keep what was painted where it was, so that a film stands still.

Each pixel of a frame is looked up in the last one by optical flow between the source pictures.
Where the flow can be trusted, the last painting, itself smoothed, is carried over and mixed with
the fresh one; where something comes into view, changes or ends a shot, the fresh painting stands
alone. It is causal: no frame waits for a later one, and all that is carried is in `Memory`.

The parts: `flow` finds and follows motion, `flow_trust` says where it holds, `flow_carry` mixes,
`smooth_need` says how much.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .flow import Field, Grey, fetch, grey, motion
from .flow_carry import changed, crisp, enlarged, interleaved, mixed, planar
from .flow_trust import not_dated, not_repainted, renewed, seen_before, steps
from .smooth_need import calming, difference, shares
from .values import Batch, Frame

FLOW_SCALE = 0.4
"""Of the frame's size: where the flow is found. In half the size it takes half as long again and
finds hardly more; in a third an excess of 1.32 becomes 1.37."""
SMALLEST_SIDE, LARGEST_SIDE = 16, 540
"""Pixels of the shorter side there: what the flow needs, and what time allows."""
PACE = 0.2
"""Share of each frame in how much calming there is, so that it does not itself flicker."""


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """All that goes from one frame to the next.

    Attributes:
        shot: of the last frame.
        source: (3, H, W), the last frame.
        painting: (3, H, W), as it was smoothed.
        carried: (H, W, 3), the same, as OpenCV has pictures.
        seen: (h, w), the last frame in the size in which the flow is found.
        remembered: (h, w), of 0 to 255: the mean of frames of which broad strokes are.
        degree: how much calming there was, 0 to 1; None before the second frame.
    """

    shot: int
    source: Tensor
    painting: Tensor
    carried: Field
    seen: Grey
    remembered: Field
    degree: float | None = None


def smooth(batches: Iterable[Batch], *, memory: Memory | None = None) -> Iterator[Batch]:
    """Smooth paintings over time.

    The first painting of each shot is left as it is, and so are frames that were not painted.
    Frames of a shot are of one size and come in their order. A frame of 1280×720 takes about 36 ms
    of one core, half of it for the flow and for fetching what is carried over.

    Args:
        batches: the paintings in `pictures`, the source pictures in `frames`.
        memory: of the frame before the first, for a film that is painted in parts.

    Yields:
        The batches, with their paintings smoothed.
    """
    for batch in batches:
        smoothed = []
        for frame, painting in zip(batch.frames, batch.pictures, strict=True):
            memory = follow(memory, frame, painting)
            smoothed.append(memory.painting)
        yield replace(batch, pictures=torch.stack(smoothed))


def follow(memory: Memory | None, frame: Frame, painting: Tensor) -> Memory:
    """Smooth one painting.

    Args:
        memory: of the frame before, or None.
        frame: with its source picture.
        painting: (3, H, W) float32 in [0, 1], on the CPU.

    Returns:
        What the next frame is to know; the smoothed painting is in it.
    """
    if memory is None or _begins(memory, frame) or torch.equal(painting, frame.picture):
        seen = grey(frame.picture, size=_flow_size(*frame.picture.shape[-2:]))
        remembered = seen.astype("float32")
        carried = interleaved(painting)
        return Memory(frame.shot, frame.picture, painting, carried, seen, remembered)
    return _carried(memory, frame, painting)


def _begins(memory: Memory, frame: Frame) -> bool:
    return memory.shot != frame.shot or memory.source.shape != frame.picture.shape


def _carried(memory: Memory, frame: Frame, painting: Tensor) -> Memory:
    now = grey(frame.picture, size=memory.seen.shape)
    there = motion(now, memory.seen, detail="fine")
    back = motion(memory.seen, now, detail="coarse")
    trust = seen_before(memory.seen, now, there=there, back=back)

    places = enlarged(there, size=(painting.shape[1], painting.shape[2]))
    fresh = interleaved(painting)
    change = changed(fresh, fetch(memory.carried, *places, sharp=True))
    trust = trust * not_repainted(change.broad, size=trust.shape)
    remembered = fetch(memory.remembered, *steps(there))
    broad_trust = trust * not_dated(now, remembered)

    needed = calming(
        difference(
            source=frame.picture,
            last=memory.source,
            places=places,
            fresh=fresh,
            change=change,
            trust=trust,
        )
    )
    degree = needed if memory.degree is None else memory.degree + PACE * (needed - memory.degree)
    fine, broad = shares(degree)
    picture = mixed(fresh, change, shares=(fine, broad), trust=trust, broad_trust=broad_trust)
    picture = crisp(picture, fresh)
    return Memory(
        frame.shot,
        frame.picture,
        planar(picture),
        picture,
        now,
        renewed(remembered, now, broad_trust, share=broad),
        degree,
    )


def _flow_size(height: int, width: int) -> tuple[int, int]:
    """Height and width in which the flow is found; tiny pictures are enlarged for it."""
    scale = min(FLOW_SCALE, LARGEST_SIDE / min(height, width))
    return max(SMALLEST_SIDE, round(height * scale)), max(SMALLEST_SIDE, round(width * scale))
