"""The run for pictures: one, or every one in a folder; a bad one never stops the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from time import monotonic
from typing import Literal, TypeVar, Unpack

from .batch import gather, scatter
from .choose import PaintOptions, choose
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
    Stepped,
    ignore,
)
from .film.read_video import probe_video
from .picture.animation import playable
from .picture.find_pictures import find_pictures, name_targets
from .picture.open_picture import is_animated
from .picture.picture_formats import MOVING, WRITABLE, picture_format
from .picture.pictures import Kept
from .picture.read_image import read_image
from .picture.write_image import encode_image, write_image
from .prefetch import Prefetch
from .prepare import Painter, prepare
from .run_attended import attended
from .run_video import paint_film
from .targets import Existing, beside, is_due
from .values import Batch, Frame, Notify, Span

T = TypeVar("T")

PICTURES_AHEAD = 2
"""Pictures that may wait between two stages: a large one takes hundreds of megabytes."""


def stylize_image(
    source: str | Path,
    target: str | Path | None = None,
    *,
    existing: Existing = "refuse",
    metadata: bool = True,
    report: Report = ignore,
    **options: Unpack[PaintOptions],
) -> Finished:
    """Paint a picture; an animated one is painted as a film.

    Args:
        source: the picture.
        target: the painted picture, its format by its extension; None: beside the source, named
            after the look.
        existing: what to do if the target is there.
        metadata: whether to store in the picture the settings that made it.
        report: called with each event.
        **options: what to paint like, and how: see `PaintOptions`.

    Returns:
        What was done; `skipped` is 1 if the target was there and was left.

    Raises:
        StylizeError: see `stylize.pipeline.errors`; nothing half-written is left.
    """
    began = monotonic()
    source = Path(source)
    choice = choose(**options)
    moving = is_animated(source)
    kept, otherwise = (MOVING, MOVING[-1]) if moving else (WRITABLE, ".png")
    to = Path(target or beside(source, choice.name, kept=kept, otherwise=otherwise))
    unit: Literal["frames", "pictures"] = "frames" if moving else "pictures"
    if not moving:
        picture_format(to)  # a wrong extension is said before anything is painted
    if not _is_due(source, to, existing):
        report(Skipped(source, f"{to} is there already"))
        return Finished(to, unit, 0, 1, 0, 0.0)
    if moving:
        painter = prepare(
            choice, film=True, download=lambda done, total: report(Fetched(done, total))
        )
        return _paint_animation(_Job(source, to), painter, metadata=metadata, report=report)
    outbox = Outbox(report)
    try:
        picture = attended(lambda: read_image(source, notify=outbox.notify), outbox)
        painter = attended(lambda: prepare(choice, film=False, download=outbox.download), outbox)
        painter.network.on_step = lambda done, total: outbox.post(Stepped(done, total))
        report(Started(source, to, choice.name, "pictures", 1))
        batch = Batch(picture.frame.picture[None], (picture.frame,))
        (painted,) = attended(lambda: list(scatter(painter.paint([batch]))), outbox)
        store = painter.provenance() if metadata else None
        encoded = attended(
            lambda: _encode(painted, to, picture.kept, painter, store=store, notify=outbox.notify),
            outbox,
        )
        write_image(encoded, to)
    finally:
        outbox.deliver_events()
    return Finished(to, "pictures", 1, 0, 0, monotonic() - began)


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
    sources = find_pictures(
        source, recursive=recursive, skip=target, notify=lambda text: report(Notice(text))
    )
    if not sources:
        raise SourceError(f"{source}: holds no pictures")
    animated = {path for path in sources if is_animated(path)}
    targets = name_targets(
        sources, root=source, output=target, extension=extension, animated=animated
    )
    due = [_Job(path, to) for path, to in targets.items() if _is_due(path, to, existing)]
    skipped = len(sources) - len(due)
    report(Started(source, target, choice.name, "pictures", len(due)))
    written = failed = 0
    if due:
        painter = prepare(
            choice, film=False, download=lambda done, total: report(Fetched(done, total))
        )
        run = _FolderRun(painter, metadata=metadata, report=report)
        run.paint_stills([job for job in due if job.source not in animated])
        run.paint_animations([job for job in due if job.source in animated])
        written, failed = run.written, run.failed
    return Finished(target, "pictures", written, skipped, failed, monotonic() - began)


@dataclass(frozen=True, slots=True)
class _Job:
    source: Path
    target: Path


class _FolderRun:
    """Paints pictures and reports those that fail, whatever it is that they make fail."""

    def __init__(self, painter: Painter, *, metadata: bool, report: Report) -> None:
        self.written = self.failed = 0
        self._painter = painter
        self._metadata = metadata
        self._store = painter.provenance() if metadata else None
        self._report = report
        self._outbox = Outbox(self._tell)
        self._jobs: list[_Job] = []
        self._kept: dict[Fraction, Kept] = {}
        self._refusal: Exception | None = None

    def paint_stills(self, jobs: list[_Job]) -> None:
        """Read, paint, encode and write every picture that does not move.

        A frame's time is the index of its job, so that batches may mix their order.
        """
        self._jobs = jobs
        outbox, painter = self._outbox, self._painter
        try:
            with ExitStack() as stages:
                read = _ahead(stages, outbox.count("read", self._read()))
                batches = gather(read, size=painter.batch_size)
                painted = _ahead(stages, outbox.count("painted", self._paint(batches)))
                encoded = _ahead(stages, self._encode(painted))
                for _ in outbox.count("written", self._write(encoded)):
                    outbox.deliver()
        finally:
            self.written = outbox.counted("written")
            outbox.deliver_events()

    def paint_animations(self, jobs: list[_Job]) -> None:
        """Paint as films the pictures that move."""
        for job in jobs:
            self._tell(Notice(f"{job.source}: is animated: painted as a film"))
            try:
                _paint_animation(job, self._painter, metadata=self._metadata, report=self._tell)
            except Exception as error:
                if error is self._refusal:
                    raise
                self._tell(_failed(job, error))  # one bad file must not end the others
            else:
                self.written += 1

    def _read(self) -> Iterator[Frame]:
        for index, job in enumerate(self._jobs):
            time = Fraction(index)
            try:
                picture = read_image(job.source, notify=self._outbox.notify)
            except Exception as error:  # noqa: BLE001 (one bad file must not end the others)
                self._fail(job, error)
            else:
                self._kept[time] = picture.kept
                yield replace(picture.frame, time=time)

    def _paint(self, batches: Iterable[Batch]) -> Iterator[Frame]:
        for batch in batches:
            try:
                painted = list(scatter(self._painter.paint([batch])))
            except Exception as error:  # noqa: BLE001 (one bad file must not end the others)
                for frame in batch.frames:
                    self._fail(self._job(frame), error)
            else:
                yield from painted

    def _encode(self, frames: Iterable[Frame]) -> Iterator[tuple[_Job, bytes]]:
        for frame in frames:
            job, kept = self._job(frame), self._kept.pop(frame.time)
            try:
                encoded = _encode(
                    frame,
                    job.target,
                    kept,
                    self._painter,
                    store=self._store,
                    notify=self._outbox.notify,
                )
            except Exception as error:  # noqa: BLE001 (one bad file must not end the others)
                self._fail(job, error)
            else:
                yield job, encoded

    def _write(self, encoded: Iterable[tuple[_Job, bytes]]) -> Iterator[_Job]:
        for job, content in encoded:
            try:
                write_image(content, job.target)
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
        try:
            self._report(event)
        except Exception as error:
            self._refusal = error  # no picture is to blame: it goes on to whoever called
            raise


def _failed(job: _Job, error: Exception) -> Failed:
    if isinstance(error, StylizeError):
        return Failed(job.source, str(error))
    said = " ".join(str(error).split())
    return Failed(job.source, f"{job.source}: {type(error).__name__}: {said}")


def _ahead(stages: ExitStack, items: Iterator[T]) -> Iterator[T]:
    """Run a stage in a thread of its own until the stack is left."""
    return stages.enter_context(Prefetch(items, depth=PICTURES_AHEAD))


def _is_due(source: Path, target: Path, existing: Existing) -> bool:
    try:
        return is_due(source, target, existing)
    except OSError:
        return True  # a path that cannot be looked at: reading or writing it will say why


def _folder_beside(source: Path, look: str) -> Path:
    """A folder next to the source, for `.` and `..` too, which have no name of their own."""
    named = source if source.name not in ("", "..") else source.resolve()
    return named.parent / f"{named.name}-{look}"


def _paint_animation(job: _Job, painter: Painter, *, metadata: bool, report: Report) -> Finished:
    with playable(job.source) as source:
        film = probe_video(source, notify=lambda text: report(Notice(text)))
        return paint_film(
            film,
            job.target,
            painter=painter,
            span=Span(),
            metadata=metadata,
            report=report,
            shown_as=job.source,
        )


def _encode(
    frame: Frame,
    target: Path,
    kept: Kept,
    painter: Painter,
    *,
    store: dict[str, object] | None,
    notify: Notify,
) -> bytes:
    return encode_image(
        frame.picture,
        target,
        alpha=frame.alpha,
        kept=kept,
        quality=painter.choice.settings.quality,
        metadata=store,
        notify=notify,
    )
