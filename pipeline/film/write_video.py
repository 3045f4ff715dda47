"""Last stage for films: encode frames with their exact times and bring all else along."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import av

from ..errors import TargetError, reason
from ..partial import partial
from ..targets import is_same
from ..values import Film, Frame, Notify, Span
from .animation_writer import AnimationWriter
from .encoding import Container, Encoding, choose_encoder, container_of
from .film_writer import FilmJob, FilmWriter
from .folder_writer import FolderWriter, refuse_foreign_folder
from .side_streams import Cut, SideStreams
from .try_encoder import try_encoder


class _Writer(Protocol):
    """An output that takes frames."""

    def add(self, frame: Frame) -> None: ...

    def finish(self) -> None: ...

    def close(self) -> None: ...


def write_video(
    frames: Iterable[Frame],
    target: Path,
    *,
    film: Film,
    encoding: Encoding,
    span: Span = Span(),  # noqa: B008 - frozen
    metadata: Mapping[str, str] | None = None,
    notify: Notify,
) -> Generator[Frame, None, None]:
    """Write a film; its format follows from the target's extension.

    What was asked for is checked at once, before the first frame is made. The generator must be
    exhausted: its last step puts the film in place. Closed early, or with an error or an
    interruption, it leaves nothing behind and an earlier output as it was.

    Args:
        frames: of one size, in order, with the source's times.
        target: the file; or a folder for numbered PNGs and their times, if it has no extension.
        film: the source: its sound, subtitles and all else are copied, its colour and pixel
            aspect kept.
        encoding: codec, quality and the like.
        span: which part of the source the frames are. With a start, times are shifted so that the
            first frame is shown at 0.
        metadata: stored in the film beside the source's own.
        notify: told what cannot be kept.

    Returns:
        Yields each frame after it was encoded.

    Raises:
        TargetError: the target or the encoding cannot be, or writing fails.
    """
    kind = check_target(target, source=film.path)
    encoder = choose_encoder(
        target, encoding=encoding, has_alpha=film.has_alpha, rate=film.rate, notify=notify
    )
    job = FilmJob(film, target, kind, encoder, span, metadata or {}, notify)
    chosen = encoding.codec is not None or encoding.pixel_format is not None
    if chosen and kind.audio is not None and encoder.hardware is None:
        try_encoder(job)
    return _written(frames, job)


def check_target(target: Path, *, source: Path) -> Container:
    """Tell the kind of a film from its name, or refuse what can be none.

    Raises:
        TargetError: it has another extension, is the source, or a folder that holds other things.
    """
    kind = container_of(target)
    if is_same(target, source):
        raise TargetError(f"{target}: is the source itself; choose another name with --output")
    if kind.muxer == "folder":
        refuse_foreign_folder(target, source=source)
    return kind


def _written(frames: Iterable[Frame], job: FilmJob) -> Generator[Frame, None, None]:
    with partial(job.target) as temporary:
        writer: _Writer | None = None
        lost = False
        try:
            for frame in frames:
                if not lost and _loses_alpha(frame, job):
                    lost = True
                    job.notify(
                        f"{job.target.name}: transparency becomes black; "
                        ".webm, .mov and .apng keep it"
                    )
                with _reported(job):
                    writer = writer or _writer(temporary, job, frame)
                    writer.add(frame)
                yield frame
            if writer is None:
                raise TargetError(f"{job.target}: there was no frame to write")
            with _reported(job):
                writer.finish()
        finally:
            if writer is not None:
                writer.close()


def _writer(temporary: Path, job: FilmJob, first: Frame) -> _Writer:
    if job.kind.audio is not None:
        return FilmWriter(temporary, job=job, first=first)
    with SideStreams(job.film.path, cut=Cut(), notify=job.notify) as sides:
        sides.name_lost(job.target.suffix or "a folder")
    if job.kind.muxer == "folder":
        return FolderWriter(temporary, job=job, first=first)
    return AnimationWriter(temporary, job=job, first=first)


def _loses_alpha(frame: Frame, job: FilmJob) -> bool:
    return frame.alpha is not None and not job.encoder.keeps_alpha and bool((frame.alpha < 1).any())


@contextmanager
def _reported(job: FilmJob) -> Iterator[None]:
    try:
        yield
    except (av.FFmpegError, OSError) as error:
        said = reason(error)
        raise TargetError(f"{job.target}: {job.encoder.name} stopped: {said}") from error
