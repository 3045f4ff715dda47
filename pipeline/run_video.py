"""The run for films: read, batch, restyle, write, with every stage in its own time."""

from __future__ import annotations

import json
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Unpack

from .batch import scatter
from .choose import PaintOptions, choose
from .errors import SettingsError
from .events import Fetched, Finished, Notice, Outbox, Report, Skipped, Started, ignore
from .film.encoding import FILM_ENDINGS, Encoding
from .film.write_video import check_target, write_video
from .prepare import Painter, prepare
from .prepare_refinement import Refinement, prepare_refinement
from .prepare_timeline import TimelinePainter, prepare_timeline
from .run_attended import Attended
from .run_keyframes import paint_keyframes
from .run_opened import opened_film
from .run_painting import FRAMES_AHEAD, painted_batches
from .settings import Settings, flag
from .spans import checked_span, expected_frames
from .styles import Style, StyleSource, as_styles
from .targets import Existing, beside, is_due
from .timeline import Timeline
from .timeline_file import TimelineSource, find_timeline
from .values import SETTINGS_KEY, Film, Span

_ENCODING = ("codec", "crf", "quality", "encoder_preset", "pixel_format")
"""Settings that say nothing of PNGs. (`hw` reads films, too.)"""


def stylize_video(
    source: str | Path,
    target: str | Path | None = None,
    *,
    span: Span | None = None,
    timeline: TimelineSource | None = None,
    refine_style: StyleSource | None = None,
    keyframes_only: bool = False,
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
        refine_style: what key frames are to be refined like; None: like all.
        keyframes_only: whether only the refined key frames are wanted, as pictures in a folder.
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
    refine, like = choice.settings.refine, as_styles(refine_style)
    _check_refining(choice.settings, over_time, like, keyframes_only=keyframes_only)
    if keyframes_only:
        _refuse_encoding(options)
    if refine is not None:
        choice = replace(choice, name=f"{choice.name}-{refine}")
    if target is None:
        kept, otherwise = ((), "") if keyframes_only else (FILM_ENDINGS, ".mp4")
        look = f"{choice.name}-keyframes" if keyframes_only else choice.name
        target = beside(source, look, kept=kept, otherwise=otherwise)
    target = Path(target)
    used = choice.files if over_time is None else over_time.files
    if not keyframes_only:
        check_target(target, source=source)
    if not is_due(source, target, existing, used=(*used, *(style.path for style in like))):
        report(Skipped(source, f"{target} is there already"))
        return Finished(target, "frames", 0, 1, 0, 0.0)

    def download(done: int, total: int) -> None:
        report(Fetched(done, total))

    with opened_film(source, notify=lambda text: report(Notice(text))) as film:
        whole = partial(
            paint_film,
            film,
            target,
            span=span,
            metadata=metadata,
            report=report,
        )
        if over_time is not None:
            return whole(painter=prepare_timeline(over_time, film, span=span, download=download))
        painter = prepare(choice, film=True, download=download)
        if refine is None:
            return whole(painter=painter)
        refinement = prepare_refinement(
            choice, film=film, span=span, styles=like, download=download
        )
        if not keyframes_only:
            return whole(painter=painter, refinement=refinement)
        return paint_keyframes(
            film,
            target,
            painter=painter,
            refinement=refinement,
            span=span,
            metadata=metadata,
            report=report,
        )


def paint_film(
    film: Film,
    target: Path,
    *,
    painter: Painter | TimelinePainter,
    span: Span,
    metadata: bool,
    report: Report,
    refinement: Refinement | None = None,
) -> Finished:
    """Send a film through all stages.

    Args:
        film: from `probe_video`.
        target: the output.
        painter: what to paint with.
        span: the part to paint.
        metadata: whether to store the settings in the output.
        report: called with each event, from the caller's thread.
        refinement: what makes it finer; None: it is left as it is painted.

    Raises:
        StylizeError: it cannot be read, painted or written; nothing half-written is left.
    """
    settings = painter.choice.settings
    began = monotonic()
    source, look = film.named, painter.choice.name
    outbox = Outbox(report)
    try:
        with ExitStack() as stages:
            batches, made_by = painted_batches(
                film, painter=painter, span=span, outbox=outbox, stages=stages
            )
            if refinement is not None:
                refinement.on_step = outbox.step
                refinement.notify = outbox.notify
                made_by |= refinement.provenance()
                batches = refinement.refine(batches)
            painted = outbox.count("painted", scatter(batches))
            finished = stages.enter_context(Attended(painted, depth=FRAMES_AHEAD, outbox=outbox))
            written = write_video(
                finished,
                target,
                film=film,
                encoding=_encoding(settings),
                span=span,
                metadata={SETTINGS_KEY: json.dumps(made_by)} if metadata else None,
                notify=outbox.notify,
            )
            stages.enter_context(closing(written))
            report(Started(source, target, look, "frames", expected_frames(film, span)))
            for _ in outbox.count("written", written):
                outbox.deliver()
    finally:
        outbox.deliver_events()
    return Finished(target, "frames", outbox.counted("written"), 0, 0, monotonic() - began)


def _check_refining(
    settings: Settings,
    over_time: Timeline | None,
    like: tuple[Style, ...],
    *,
    keyframes_only: bool,
) -> None:
    """Refuse what does not go with refining, or not without it."""
    refine = settings.refine
    if refine is None and (keyframes_only or like):
        what = "--keyframes-only" if keyframes_only else "--refine-style"
        raise SettingsError(f"{what} goes with --refine gatys or --refine nnst: name one of them")
    if refine is not None and over_time is not None:
        raise SettingsError(
            "--refine and a style that changes over time (--at, --timeline) exclude each other"
        )
    if refine is not None and settings.strength == 0:
        raise SettingsError(
            f"--refine {refine} would not show with a strength of 0: give more, or --refine no"
        )


def _refuse_encoding(typed: PaintOptions) -> None:
    """Refuse what says how a film is to be encoded where none is; a preset may say it."""
    for name in _ENCODING:
        if typed.get(name) is not None:
            raise SettingsError(
                f"{flag(name)} is for films, and --keyframes-only writes PNGs: leave it out"
            )


def _encoding(settings: Settings) -> Encoding:
    return Encoding(
        codec=settings.codec,
        crf=settings.crf,
        quality=settings.quality,
        encoder_preset=settings.encoder_preset,
        pixel_format=settings.pixel_format,
        hw=settings.hw,
    )
