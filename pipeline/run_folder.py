"""The run for a folder: every picture in it; a bad one never stops the rest."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from time import monotonic
from typing import Unpack

from .batch import gather, scatter
from .choose import Choice, PaintOptions, choose
from .errors import SourceError, StylizeError
from .events import (
    Event,
    Failed,
    Fetched,
    Finished,
    Notice,
    Outbox,
    Report,
    Skipped,
    Started,
    ignore,
)
from .partial import check_folder
from .picture.find_pictures import find_pictures, name_targets
from .picture.open_picture import is_animated
from .picture.pictures import Kept
from .picture.read_image import read_image
from .picture.write_image import write_image
from .prefetch import Prefetch
from .prepare import Painter, prepare
from .run_attended import Attended
from .run_image import encode_frame, paint_animation, without_effect
from .targets import Existing, is_due
from .values import Batch, Frame

PICTURES_AHEAD = 2
"""Pictures that may wait between two stages."""
LARGE_PIXELS = 12_000_000
"""Of a picture beside which no other waits: it takes 144 MB as float32 RGB."""


def stylize_folder(
    source: str | Path,
    target: str | Path | None = None,
    *,
    recursive: bool = True,
    extension: str | None = None,
    existing: Existing = "skip",
    metadata: bool = True,
    report: Report = ignore,
    **options: Unpack[PaintOptions],
) -> Finished:
    """Paint every picture in a folder, into a folder of the same tree.

    A picture that cannot be read, painted or written is reported, and the rest goes on. What is
    there already is left, so running it again goes on where it stopped.

    Args:
        source: the folder.
        target: the folder to write to; None: beside the source, named after the look.
        recursive: whether to go into the folders below.
        extension: of all outputs (`.png`); None: each source's own where it can be written.
        existing: what to do about targets that are there.
        metadata: whether to store in each picture the settings that made it.
        report: called with each event, from the caller's thread.
        **options: what to paint like, and how: see `PaintOptions`.

    Returns:
        What was done: how many were written, skipped and failed.

    Raises:
        StylizeError: the folder, the look or a setting is wrong. One bad picture raises nothing.
    """
    began = monotonic()
    source = Path(source)
    choice = choose(**options)
    target = Path(target) if target is not None else _folder_beside(source, choice.name)
    lost: list[str] = []
    sources = find_pictures(source, recursive=recursive, skip=target, notify=lost.append)
    for reason in lost:
        report(Failed(source, reason))
    if not sources:
        raise SourceError(f"{source}: holds no pictures (films are painted by stylize video)")
    animated = {path for path in sources if is_animated(path)}
    targets = name_targets(
        sources, root=source, output=target, extension=extension, animated=animated
    )
    due = [
        _Job(path, to, there=os.path.lexists(to))
        for path, to in targets.items()
        if is_due(path, to, existing, used=choice.files)
    ]
    skipped = len(sources) - len(due)
    check_folder(target)
    report(Started(source, target, choice.name, "pictures", len(due)))
    if skipped and not due:
        report(Notice(f"{target}: all are there already and are left (--overwrite replaces them)"))
    stills = [job for job in due if job.source not in animated]
    films = [job for job in due if job.source in animated]
    if stills and not films:
        for text in without_effect(options, [job.target for job in stills]):
            report(Notice(text))
    run = _FolderRun(choice, metadata=metadata, report=report)
    run.paint_stills(stills)
    run.paint_animations(films)
    skipped, failed = skipped + run.skipped, run.failed + len(lost)
    return Finished(target, "pictures", run.written, skipped, failed, monotonic() - began)


@dataclass(frozen=True, slots=True)
class _Job:
    source: Path
    target: Path
    there: bool


class _FolderRun:
    """Paints pictures and reports those that fail, whatever it is that they make fail."""

    def __init__(self, choice: Choice, *, metadata: bool, report: Report) -> None:
        self.written = self.skipped = self.failed = 0
        self._choice = choice
        self._metadata = metadata
        self._report = report
        self._outbox = Outbox(self._tell)
        self._jobs: list[_Job] = []
        self._kept: dict[Fraction, Kept] = {}
        self._refusal: Exception | None = None

    def paint_stills(self, jobs: list[_Job]) -> None:
        """Read, paint, encode and write every picture that does not move.

        A frame's time is the index of its job, so that batches may mix their order.
        """
        if not jobs:
            return
        self._jobs = jobs
        outbox, painter = self._outbox, self._prepared(film=False)
        try:
            with ExitStack() as stages:
                read = _ahead(stages, outbox.count("read", self._read()))
                batches = gather(read, size=painter.batch_size)
                painted = outbox.count("painted", self._paint(batches, painter))
                files = self._encode(_ahead(stages, painted), painter)
                encoded = stages.enter_context(Attended(files, depth=PICTURES_AHEAD, outbox=outbox))
                for _ in outbox.count("written", self._write(encoded)):
                    outbox.deliver()
        finally:
            self.written = outbox.counted("written")
            outbox.deliver_events()

    def paint_animations(self, jobs: list[_Job]) -> None:
        """Paint as films the pictures that move."""
        if not jobs:
            return
        for job in jobs:
            if (skipped := _skipped(job)) is not None:
                self._tell(skipped)
                continue
            painter = self._prepared(film=True)  # anew: it knows of its film when that is over
            self._tell(Notice(f"{job.source}: is animated: painted as a film"))
            try:
                paint_animation(
                    job.source,
                    job.target,
                    painter,
                    metadata=self._metadata,
                    report=self._tell,
                )
            except Exception as error:
                if error is self._refusal:
                    raise
                self._tell(_failed(job, error))  # one bad file must not end the others
            else:
                self.written += 1

    def _prepared(self, *, film: bool) -> Painter:
        def download(done: int, total: int) -> None:
            self._report(Fetched(done, total))

        return prepare(self._choice, film=film, download=download)

    def _read(self) -> Iterator[Frame]:
        for index, job in enumerate(self._jobs):
            time = Fraction(index)
            if (skipped := _skipped(job)) is not None:
                self._outbox.post(skipped)
                continue
            try:
                picture = read_image(job.source, notify=self._outbox.notify)
            except Exception as error:  # noqa: BLE001 (one bad file must not end the others)
                self._fail(job, error)
            else:
                self._kept[time] = picture.kept
                yield replace(picture.frame, time=time)

    def _paint(self, batches: Iterable[Batch], painter: Painter) -> Iterator[Frame]:
        for batch in batches:
            yield from self._painted(batch, painter)

    def _painted(self, batch: Batch, painter: Painter) -> Iterator[Frame]:
        """Paint a batch; where that fails, each of its pictures alone."""
        frames, painted = batch.frames, None
        try:
            painted = list(scatter(painter.paint([batch], on_step=self._outbox.step)))
        except Exception as error:  # noqa: BLE001 (one bad file must not end the others)
            if len(frames) == 1:
                self._kept.pop(frames[0].time)
                self._fail(self._job(frames[0]), error)
        if painted is not None:
            yield from painted
        elif len(frames) > 1:
            for frame in frames:
                yield from self._painted(Batch(frame.picture[None], (frame,)), painter)

    def _encode(self, frames: Iterable[Frame], painter: Painter) -> Iterator[tuple[_Job, bytes]]:
        store = painter.provenance() if self._metadata else None
        for frame in frames:
            job, kept = self._job(frame), self._kept.pop(frame.time)
            try:
                encoded = encode_frame(
                    frame,
                    job.target,
                    kept,
                    painter,
                    store=store,
                    notify=self._outbox.notify,
                )
            except Exception as error:  # noqa: BLE001 (one bad file must not end the others)
                self._fail(job, error)
            else:
                yield job, encoded

    def _write(self, encoded: Iterable[tuple[_Job, bytes]]) -> Iterator[_Job]:
        for job, content in encoded:
            try:
                write_image(content, job.target, there=job.there)
            except Exception as error:  # noqa: BLE001 (one bad file must not end the others)
                self._fail(job, error)
            else:
                yield job

    def _job(self, frame: Frame) -> _Job:
        return self._jobs[int(frame.time)]

    def _fail(self, job: _Job, error: Exception) -> None:
        self._outbox.post(_failed(job, error))

    def _tell(self, event: Event) -> None:
        self.failed += isinstance(event, Failed)
        self.skipped += isinstance(event, Skipped)
        try:
            self._report(event)
        except Exception as error:
            self._refusal = error  # no picture is to blame: it goes on to whoever called
            raise


def _skipped(job: _Job) -> Skipped | None:
    """What to say of a job that another run has done since this one began; None: it is due."""
    if job.there or not os.path.lexists(job.target):
        return None
    return Skipped(job.source, f"{job.target} has been made meanwhile")


def _failed(job: _Job, error: Exception) -> Failed:
    said = " ".join(str(error).split())
    if not isinstance(error, StylizeError):
        return Failed(job.source, f"{job.source}: {type(error).__name__}: {said}")
    named = any(path.name in said for path in (job.source, job.target))
    return Failed(job.source, said if named else f"{job.source}: {said}")


def _ahead(stages: ExitStack, frames: Iterator[Frame]) -> Iterator[Frame]:
    """Run a stage in a thread of its own until the stack is left."""
    return stages.enter_context(Prefetch(frames, depth=PICTURES_AHEAD, large=_is_large))


def _is_large(frame: Frame) -> bool:
    return frame.picture[0].numel() > LARGE_PIXELS


def _folder_beside(source: Path, look: str) -> Path:
    """A folder next to the source, for `.` and `..` too, which have no name of their own."""
    named = source if source.name not in ("", "..") else source.resolve()
    return named.parent / f"{named.name}-{look}"
