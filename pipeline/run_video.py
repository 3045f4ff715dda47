"""The run for films: read, batch, restyle, write, with every stage in its own time."""

from __future__ import annotations

import json
from contextlib import ExitStack, closing
from pathlib import Path
from time import monotonic
from typing import Unpack

from .batch import gather, scatter
from .choose import PaintOptions, choose
from .events import Fetched, Finished, Notice, Outbox, Report, Skipped, Started, ignore
from .film.encoding import Encoding
from .film.read_video import probe_video, read_video
from .film.write_video import write_video
from .prefetch import Prefetch
from .prepare import Painter, prepare
from .prepare_timeline import TimelinePainter, prepare_timeline
from .settings import Settings
from .spans import checked_span, expected_frames
from .targets import Existing, beside, is_due
from .timeline_file import TimelineSource, find_timeline
from .values import SETTINGS_KEY, Film, Span

FRAMES_AHEAD = 4
"""Frames that may wait between two stages: enough to even out their paces, few enough for 8K."""

_KEPT_SUFFIXES = {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".gif", ".apng"}


def stylize_video(
    source: str | Path,
    target: str | Path | None = None,
    *,
    span: Span | None = None,
    timeline: TimelineSource | None = None,
    existing: Existing = "refuse",
    metadata: bool = True,
    report: Report = ignore,
    **options: Unpack[PaintOptions],
) -> Finished:
    """Paint a film; its times, sound, subtitles and chapters go through.

    Args:
        source: the film.
        target: the painted film, its format by its extension, or a folder for PNGs; None: beside
            the source, named after the look.
        span: the part to paint; None: all.
        timeline: what changes over time, or the file that says so; then `options` say what the
            film begins with, and are for the whole of it. None: nothing changes.
        existing: what to do if the target is there.
        metadata: whether to store in the film the settings that made it.
        report: called with each event, from the caller's thread.
        **options: what to paint like, and how: see `PaintOptions`.

    Returns:
        What was done; `skipped` is 1 if the target was there and was left.

    Raises:
        StylizeError: see `stylize.pipeline.errors`; nothing half-written is left.
    """
    source = Path(source)
    span = checked_span(span or Span())
    over_time = None if timeline is None else find_timeline(timeline, options)
    choice = choose(**options) if over_time is None else over_time.choice
    target = (
        Path(target)
        if target is not None
        else beside(source, choice.name, kept=_KEPT_SUFFIXES, otherwise=".mp4")
    )
    if not is_due(source, target, existing):
        report(Skipped(source, f"{target} is there already"))
        return Finished(target, "frames", 0, 1, 0, 0.0)
    film = probe_video(source, notify=lambda text: report(Notice(text)))

    def download(done: int, total: int) -> None:
        report(Fetched(done, total))

    painter: Painter | TimelinePainter
    if over_time is None:
        painter = prepare(choice, film=True, download=download)
    else:
        painter = prepare_timeline(over_time, film, download=download)
    return paint_film(film, target, painter=painter, span=span, metadata=metadata, report=report)


def paint_film(
    film: Film,
    target: Path,
    *,
    painter: Painter | TimelinePainter,
    span: Span,
    metadata: bool,
    report: Report,
    shown_as: Path | None = None,
) -> Finished:
    """Send a film through all stages.

    Args:
        film: from `probe_video`.
        target: the output.
        painter: what to paint with.
        span: the part to paint.
        metadata: whether to store the settings in the output.
        report: called with each event, from the caller's thread.
        shown_as: the file that a person named, where `film` is a copy of it.

    Raises:
        StylizeError: it cannot be read, painted or written; nothing half-written is left.
    """
    settings = painter.choice.settings
    began = monotonic()
    source, look = shown_as or film.path, painter.choice.name
    report(Started(source, target, look, "frames", expected_frames(film, span)))
    outbox = Outbox(report)
    frames = read_video(
        film, span=span, deinterlace=settings.deinterlace, hw=settings.hw, notify=outbox.notify
    )
    try:
        with ExitStack() as stages:
            ahead = stages.enter_context(Prefetch(outbox.count("read", frames), depth=FRAMES_AHEAD))
            painted = scatter(painter.paint(gather(ahead, size=painter.batch_size)))
            finished = stages.enter_context(
                Prefetch(outbox.count("painted", painted), depth=FRAMES_AHEAD)
            )
            written = write_video(
                finished,
                target,
                film=film,
                encoding=_encoding(settings),
                span=span,
                metadata={SETTINGS_KEY: json.dumps(painter.provenance())} if metadata else None,
                notify=outbox.notify,
            )
            stages.enter_context(closing(written))
            for _ in outbox.count("written", written):
                outbox.deliver()
    finally:
        outbox.deliver_events()
    return Finished(target, "frames", outbox.counted("written"), 0, 0, monotonic() - began)


def _encoding(settings: Settings) -> Encoding:
    return Encoding(
        codec=settings.codec,
        crf=settings.crf,
        quality=settings.quality,
        encoder_preset=settings.encoder_preset,
        pixel_format=settings.pixel_format,
        hw=settings.hw,
    )
