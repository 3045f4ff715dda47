"""Part of the runs for films: from a file to smooth paintings, each stage in its own thread."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack

from stylize.models.weights import RAFT_SMALL

from .batch import gather
from .denoise_source import denoise_source
from .device import choose_device
from .events import Outbox
from .fade_from_black import fade_from_black
from .film.read_video import read_video
from .flow import use_one_thread
from .flow_follow import follow
from .flow_pan import find_pans
from .flow_raft import find_raft
from .flow_window import windows
from .prefetch import Prefetch
from .prepare import Painter
from .prepare_timeline import TimelinePainter
from .shots import find_shots
from .smooth import smooth
from .smooth_window import smooth_window
from .values import Batch, Film, Frame, Span

FRAMES_AHEAD = 4
"""Frames that may wait between two stages: enough to even out their paces, few enough for 8K."""


def painted_batches(
    film: Film,
    *,
    painter: Painter | TimelinePainter,
    span: Span,
    outbox: Outbox,
    stages: ExitStack,
) -> tuple[Iterator[Batch], dict[str, object]]:
    """Read a film, paint it, and smooth it over time.

    Args:
        film: from `probe_video`.
        painter: what to paint with.
        span: the part to paint.
        outbox: told how many frames are read, and what a person should know.
        stages: holds the threads that read and paint.

    Returns:
        What is painted, to be mixed with what is beneath (see `batch.scatter`), and what made it,
        for the metadata of the output.

    Raises:
        StylizeError: it cannot be read or painted.
    """
    use_one_thread()
    settings = painter.choice.settings
    frames = read_video(
        film, span=span, deinterlace=settings.deinterlace, hw=settings.hw, notify=outbox.notify
    )
    read: Iterable[Frame] = outbox.count("read", frames)
    if settings.cuts:
        read = find_shots(read)
    if settings.denoise_source:
        read = denoise_source(read)
    if painter.lattice > 1:
        read = find_pans(read)
    ahead = Prefetch(read, depth=FRAMES_AHEAD)
    painted = painter.paint(
        gather(stages.enter_context(ahead), size=painter.batch_size), on_step=outbox.step
    )
    if settings.freeze:
        painted = fade_from_black(painted)
    made_by = painter.provenance()
    if settings.smooth == "off":
        return painted, made_by
    ahead_of_smoothing = stages.enter_context(Prefetch(painted, depth=1))
    if settings.smooth == "best":
        device = choose_device(settings.device)
        raft = find_raft(device)
        if raft is not None:
            slow = (
                "; on a processor smoothing takes ten times as long" if device.type == "cpu" else ""
            )
            outbox.notify(f"flow is found by RAFT, whose weights are here{slow}")
            made_by["flow"] = RAFT_SMALL.name
        seen = windows(ahead_of_smoothing, find=raft)
        return smooth_window(stages.enter_context(Prefetch(seen, depth=1))), made_by
    followed = follow(ahead_of_smoothing)
    return smooth(stages.enter_context(Prefetch(followed, depth=1))), made_by
