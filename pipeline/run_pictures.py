"""The run for pictures: one, or every one in a folder; a bad one never stops the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from time import monotonic
from typing import Unpack

from .batch import gather, scatter
from .errors import AnimatedPictureError, SourceError, StylizeError
from .events import Event, Failed, Finished, Notice, Outbox, Report, Skipped, Started, ignore
from .film.read_video import probe_video
from .picture.animation import playable
from .picture.find_pictures import find_pictures, name_targets
from .picture.picture_formats import WRITABLE
from .picture.pictures import Kept
from .picture.read_image import read_image
from .picture.write_image import write_image
from .prefetch import Prefetch
from .prepare import Existing, Painter, beside, choose, is_due, prepare
from .run_video import paint_film
from .settings import SettingsOptions
from .values import Batch, Frame, Span

PICTURES_AHEAD = 2
"""Pictures that may wait between two stages: a large one takes hundreds of megabytes."""


def stylize_image(
    source: str | Path,
    target: str | Path | None = None,
    *,
    preset: str | Path | None = None,
    model: str | Path | None = None,
    existing: Existing = "refuse",
    metadata: bool = True,
    report: Report = ignore,
    **options: Unpack[SettingsOptions],
) -> Finished:
    """Paint a picture; an animated one is painted as a film.

    Args:
        source: the picture.
        target: the painted picture, its format by its extension; None: beside the source, named
            after the look.
        preset: a preset's name or TOML file; or else
        model: a file of weights.
        existing: what to do if the target is there.
        metadata: whether to store in the picture the settings that made it.
        report: called with each event.
        **options: fields of `Settings`; they beat the preset's.

    Returns:
        What was done; `skipped` is 1 if the target was there and was left.

    Raises:
        StylizeError: see `stylize.pipeline.errors`; nothing half-written is left.
    """
    began = monotonic()
    source = Path(source)
    choice = choose(preset=preset, model=model, options=options)
    outbox = Outbox(report)
    to = Path(target or beside(source, choice.name, kept=WRITABLE, otherwise=".png"))
    if not is_due(source, to, existing):
        report(Skipped(source, f"{to} is there already"))
        return Finished(to, "pictures", 0, 1, 0, 0.0)
    try:
        picture = read_image(source, notify=outbox.notify)
    except AnimatedPictureError:
        job = _Job(source, Path(target or _animated(source, to)))
        if not is_due(job.source, job.target, existing):
            report(Skipped(source, f"{job.target} is there already"))
            return Finished(job.target, "frames", 0, 1, 0, 0.0)
        return _paint_animation(job, prepare(choice, film=True), metadata=metadata, report=report)
    painter = prepare(choice, film=False)
    report(Started(source, to, choice.name, "pictures", 1))
    batch = Batch(picture.frame.picture[None], (picture.frame,))
    for frame in scatter(painter.paint([batch])):
        _write(frame, to, picture.kept, painter, metadata=metadata, outbox=outbox)
    outbox.deliver_events()
    return Finished(to, "pictures", 1, 0, 0, monotonic() - began)


def stylize_folder(
    source: str | Path,
    target: str | Path | None = None,
    *,
    preset: str | Path | None = None,
    model: str | Path | None = None,
    recursive: bool = True,
    extension: str | None = None,
    existing: Existing = "skip",
    metadata: bool = True,
    report: Report = ignore,
    **options: Unpack[SettingsOptions],
) -> Finished:
    """Paint every picture in a folder, into a folder of the same tree.

    A picture that cannot be read, painted or written is reported, and the rest goes on. What is
    there already is left, so running it again goes on where it stopped.

    Args:
        source: the folder.
        target: the folder to write to; None: beside the source, named after the look.
        preset: a preset's name or TOML file; or else
        model: a file of weights.
        recursive: whether to go into the folders below.
        extension: of all outputs (`.png`); None: each source's own where it can be written.
        existing: what to do about targets that are there.
        metadata: whether to store in each picture the settings that made it.
        report: called with each event, from the caller's thread.
        **options: fields of `Settings`; they beat the preset's.

    Returns:
        What was done: how many were written, skipped and failed.

    Raises:
        StylizeError: the folder, the look or a setting is wrong. One bad picture raises nothing.
    """
    began = monotonic()
    source = Path(source)
    choice = choose(preset=preset, model=model, options=options)
    target = (
        Path(target) if target is not None else source.with_name(f"{source.name}-{choice.name}")
    )
    sources = find_pictures(
        source, recursive=recursive, skip=target, notify=lambda text: report(Notice(text))
    )
    if not sources:
        raise SourceError(f"{source}: holds no pictures")
    targets = name_targets(sources, root=source, output=target, extension=extension)
    due = [_Job(path, to) for path, to in targets.items() if is_due(path, to, existing)]
    skipped = len(sources) - len(due)
    report(Started(source, target, choice.name, "pictures", len(due)))
    if not due:
        return Finished(target, "pictures", 0, skipped, 0, monotonic() - began)
    run = _FolderRun(due, prepare(choice, film=False), metadata=metadata, report=report)
    run.paint_stills()
    run.paint_animations(existing)
    return Finished(
        target,
        "pictures",
        run.written,
        skipped + run.skipped,
        run.failed,
        monotonic() - began,
    )


@dataclass(frozen=True, slots=True)
class _Job:
    source: Path
    target: Path


class _FolderRun:
    """Paints jobs; a frame's time is the index of its job, so that batches may mix their order."""

    def __init__(
        self, jobs: list[_Job], painter: Painter, *, metadata: bool, report: Report
    ) -> None:
        self.written = self.skipped = self.failed = 0
        self._jobs = jobs
        self._painter = painter
        self._metadata = metadata
        self._outbox = Outbox(self._tell)
        self._report = report
        self._kept: dict[Fraction, Kept] = {}
        self._animated: list[_Job] = []

    def paint_stills(self) -> None:
        """Read, paint and write every picture that does not move."""
        outbox, painter = self._outbox, self._painter
        try:
            with ExitStack() as stages:
                ahead = stages.enter_context(
                    Prefetch(outbox.count("read", self._read()), depth=PICTURES_AHEAD)
                )
                painted = self._paint(gather(ahead, size=painter.batch_size))
                finished = stages.enter_context(
                    Prefetch(outbox.count("painted", painted), depth=PICTURES_AHEAD)
                )
                for _ in outbox.count("written", self._write(finished)):
                    outbox.deliver()
        finally:
            self.written = outbox.counted("written")
            outbox.deliver_events()

    def paint_animations(self, existing: Existing) -> None:
        """Paint as films the pictures that turned out to move."""
        for job in self._animated:
            job = _Job(job.source, _animated(job.source, job.target))
            try:
                if not is_due(job.source, job.target, existing):
                    self.skipped += 1
                    continue
                self._tell(Notice(f"{job.source}: is animated: painted as a film"))
                _paint_animation(job, self._painter, metadata=self._metadata, report=self._tell)
                self.written += 1
            except StylizeError as error:
                self._tell(Failed(job.source, str(error)))

    def _read(self) -> Iterator[Frame]:
        for index, job in enumerate(self._jobs):
            time = Fraction(index)
            try:
                picture = read_image(job.source, notify=self._outbox.notify)
            except AnimatedPictureError:
                self._animated.append(job)
            except StylizeError as error:
                self._fail(job, error)
            else:
                self._kept[time] = picture.kept
                yield replace(picture.frame, time=time)

    def _paint(self, batches: Iterable[Batch]) -> Iterator[Frame]:
        for batch in batches:
            try:
                yield from scatter(self._painter.paint([batch]))
            except StylizeError as error:
                for frame in batch.frames:
                    self._fail(self._job(frame), error)

    def _write(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        for frame in frames:
            job, kept = self._job(frame), self._kept.pop(frame.time)
            try:
                _write(
                    frame,
                    job.target,
                    kept,
                    self._painter,
                    metadata=self._metadata,
                    outbox=self._outbox,
                )
            except StylizeError as error:
                self._fail(job, error)
            else:
                yield frame

    def _job(self, frame: Frame) -> _Job:
        return self._jobs[int(frame.time)]

    def _fail(self, job: _Job, error: StylizeError) -> None:
        self._outbox.post(Failed(job.source, str(error)))

    def _tell(self, event: Event) -> None:
        self.failed += isinstance(event, Failed)
        self._report(event)


def _paint_animation(job: _Job, painter: Painter, *, metadata: bool, report: Report) -> Finished:
    with playable(job.source) as source:
        film = probe_video(source, notify=lambda text: report(Notice(text)))
        return paint_film(
            film, job.target, painter=painter, span=Span(), metadata=metadata, report=report
        )


def _write(
    frame: Frame, target: Path, kept: Kept, painter: Painter, *, metadata: bool, outbox: Outbox
) -> None:
    write_image(
        frame.picture,
        target,
        alpha=frame.alpha,
        kept=kept,
        quality=painter.choice.settings.quality,
        metadata=painter.provenance() if metadata else None,
        notify=outbox.notify,
    )


def _animated(source: Path, target: Path) -> Path:
    """Where an animation goes whose still picture would have gone to `target`."""
    suffix = source.suffix.lower()
    return target.with_suffix(suffix if suffix in (".gif", ".webp") else ".apng")
