"""Part of the runs for films: from a file to smooth paintings, each stage in its own thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from .batch import gather
from .events import Outbox
from .film.read_video import read_video
from .flow import use_one_thread
from .flow_follow import follow
from .prefetch import Prefetch
from .prepare import Painter
from .prepare_timeline import TimelinePainter
from .shots import find_shots
from .smooth import smooth
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
    """Read a film, paint it, and smooth it over time.

    Args:
        film: from `probe_video`.
        painter: what to paint with.
        span: the part to paint.
        outbox: told how many frames are read, and what a person should know.
        stages: holds the threads that read and paint.

    Raises:
        StylizeError: it cannot be read or painted.
    """
    use_one_thread()
    settings = painter.choice.settings
    frames = read_video(
        film, span=span, deinterlace=settings.deinterlace, hw=settings.hw, notify=outbox.notify
    )
    read = outbox.count("read", frames)
    ahead = Prefetch(find_shots(read) if settings.cuts else read, depth=FRAMES_AHEAD)
    painted = painter.paint(gather(stages.enter_context(ahead), size=painter.batch_size))
    if settings.smooth == "off":
        return painted
    followed = follow(stages.enter_context(Prefetch(painted, depth=1)))
    return smooth(stages.enter_context(Prefetch(followed, depth=1)))
