"""Part of the runs for films: from a file to batches that are painted, each stage in its thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from .batch import gather
from .events import Outbox
from .film.read_video import read_video
from .prefetch import Prefetch
from .prepare import Painter
from .prepare_timeline import TimelinePainter
from .values import Batch, Film, Span

FRAMES_AHEAD = 4
"""Frames that may wait between two stages: enough to even out their paces, few enough for 8K."""


def painted_batches(
    film: Film,
    *,
    painter: Painter | TimelinePainter,
    span: Span,
    outbox: Outbox,
    stages: ExitStack,
) -> Iterator[Batch]:
    """Read a film and paint it.

    Args:
        film: from `probe_video`.
        painter: what to paint with.
        span: the part to paint.
        outbox: told how many frames are read, and what a person should know.
        stages: holds the thread that reads.

    Raises:
        StylizeError: it cannot be read or painted.
    """
    settings = painter.choice.settings
    frames = read_video(
        film, span=span, deinterlace=settings.deinterlace, hw=settings.hw, notify=outbox.notify
    )
    ahead = stages.enter_context(Prefetch(outbox.count("read", frames), depth=FRAMES_AHEAD))
    return painter.paint(gather(ahead, size=painter.batch_size))
