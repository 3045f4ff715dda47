"""Fifth stage at its best: paintings stand still as the frames on both sides have them.

Each painting is mixed with those of the frames one, two, four and eight before and after it, each
fetched once from where it was painted, as far as both frames show the same. A mean that looks both
ways lags behind nothing, so it calms more than one that only looks back, and departs less from what
was painted. Broad strokes, whose blinking is seen best, are also carried on from frame to frame, as
`smooth` does it; fine ones are not, for each fetch would cost some of their crispness.

The parts: `flow_window` gathers frames and finds the flow between them, `flow_trust` says where it
holds, `flow_fade` brings paintings to the style of a frame, `flow_mean` mixes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from .flow import Field, fetch
from .flow_carry import Carried, broad_band, enlarged, enlarged_as, repainted
from .flow_fade import Standing, moved_on, way
from .flow_mean import FINE, Mean, same_look
from .flow_trust import not_dated, not_repainted, renewed, steps
from .flow_window import REACH, Neighbour, Window
from .smooth_need import Difference, difference
from .values import Batch

CARRIED = 0.95
"""Share of the last frame in broad strokes."""
ALLOWED = {1: 0.35, REACH: 0.6}
"""By how many frames two are apart: of the source's difference, the painting may have as much, by
their gradients, in its fine band. Four films and three looks came to 0.6 to 1.0 (gap of 1) and 0.8
to 1.4 (gap of 10) at an LPIPS of 0.036; by 0.45 and 0.75 to 0.7 to 1.1 and 0.9 to 1.4 at 0.032."""
BROADER = 3.0
"""How much more calming there is in the broad band than in the fine one, in which a painting is
sooner unlike the network's."""
DATED = 3.0
"""As in `flow_trust`, where more is carried on."""
PACE = 0.2
"""Share of each frame in how much calming there is, so that it does not itself flicker."""
_DEGREES = np.linspace(0, 1, 21)


@dataclass(frozen=True, slots=True, eq=False)
class _Memory:
    """All that goes from one frame to the next.

    Attributes:
        broad: the broad band of the last painting, as it was smoothed.
        standing: where it stands in a film whose style changes.
        remembered: (h, w), of 0 to 255: the mean of frames of which it is.
        degree: how much calming there was in the fine band, 0 to 1.
    """

    broad: Carried
    standing: Standing
    remembered: Field
    degree: float


def smooth_window(windows: Iterable[Window]) -> Iterator[Batch]:
    """Smooth paintings over time, by what comes before them and after them.

    Frames that were not painted are left as they are, and so are shots of one frame. For 1280×720
    it takes about 140 ms of one core a frame.

    Args:
        windows: of `flow_window.windows`.

    Yields:
        Each frame in a batch of its own, its painting smoothed.
    """
    memory: _Memory | None = None
    for window in windows:
        if window.begins:
            memory = None
        memory, wanted = _mixed(memory, window)
        picture = window.painting
        if not torch.equal(picture, window.frame.picture):
            picture = torch.empty_like(picture)
            repainted(window.painting, window.fresh, wanted, out=picture)
        yield Batch(picture[None], (window.frame,))


def _mixed(memory: _Memory | None, window: Window) -> tuple[_Memory, Carried]:
    """Smooth one painting."""
    mean = Mean(window.fresh, window.standing)
    needed = []
    last: Neighbour | None = None
    for neighbour in window.neighbours:
        change, trust = mean.add(neighbour)
        if neighbour.difference is not None:
            found = difference(
                source=neighbour.difference,
                source_gradient=window.gradient,
                trust=trust,
                broad_trust=trust,
                fresh=window.fresh,
                change=change,
            )
            needed.append(_needed(found, neighbour.apart))
        if neighbour.apart == -1:
            last = neighbour
    if memory is None or last is None:
        degree = max(needed, default=0.0)
        broad, remembered = mean.broad(_of_broad(degree)), window.seen.astype(np.float32)
    else:
        # Behind the last frame nothing comes that would tell how much is needed.
        degree = memory.degree + PACE * (max(needed, default=memory.degree) - memory.degree)
        share = _of_broad(degree)
        broad, remembered = _carried(memory, mean.broad(share), window, last, CARRIED * share)
    return _Memory(broad, window.standing, remembered, degree), mean.mixed(degree, broad)


def _of_broad(degree: float) -> float:
    """How much calming there is in the broad band."""
    return min(1.0, BROADER * degree)


def _carried(
    memory: _Memory, broad: Carried, window: Window, last: Neighbour, share: float
) -> tuple[Carried, Field]:
    """Mix broad strokes with those of the last frame."""
    places = enlarged(last.flow, size=broad.brightness.shape)
    parts = way(memory.standing, window.standing) or (0.0, 0.0)
    old = moved_on(memory.broad, _broad_change(memory.standing), parts[0])
    before = Carried(*(fetch(e, *places, sharp=True) for e in (old.brightness, old.colours)))
    before = moved_on(before, _broad_change(window.standing), parts[1])
    gone = Carried(broad.brightness - before.brightness, broad.colours - before.colours)
    remembered = fetch(memory.remembered, *steps(last.flow))
    trust = last.trust * not_repainted(gone, size=last.trust.shape)
    trust = trust * not_dated(window.seen, remembered, dated=DATED)
    trust *= np.float32(same_look(broad, gone, trust))
    kept = enlarged_as(trust * np.float32(share), gone.brightness)
    mixed = Carried(
        broad.brightness - kept * gone.brightness, broad.colours - kept[..., None] * gone.colours
    )
    return mixed, renewed(remembered, window.seen, trust, share=1 - share)


def _broad_change(standing: Standing) -> Carried | None:
    """The broad band of what a fade changes."""
    return None if standing.change is None else broad_band(standing.change)


def _needed(found: Difference, apart: int) -> float:
    """How much calming keeps the fine band's difference within what is allowed, 0 to 1."""
    enough = _REMAINING[apart] * found.fine <= ALLOWED[apart] * found.plain
    return float(_DEGREES[enough.argmax()]) if enough.any() else 1.0


def _remaining(apart: int) -> Field:
    """Of what two frames differ by where nothing is mixed, what they do for each degree."""
    found = []
    for degree in _DEGREES:
        weights = np.zeros(4 * REACH + 1)
        for each, fine in FINE.items():
            weights[[2 * REACH - each, 2 * REACH + each]] = degree * fine
        weights[2 * REACH] = 1
        weights /= weights.sum()
        found.append(np.square(weights - np.roll(weights, apart)).sum() / 2)
    return np.array(found)


_REMAINING = {apart: _remaining(apart) for apart in ALLOWED}
