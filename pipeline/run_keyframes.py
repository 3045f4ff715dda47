"""The run for a film's key frames alone: a preview of what refining makes of it."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from fractions import Fraction
from pathlib import Path
from time import monotonic

from .errors import TargetError, reason
from .events import Finished, Outbox, Report, Started
from .film.encoding import FILM_ENDINGS
from .partial import check_folder, partial, write_bytes
from .picture.picture_formats import READABLE
from .picture.pictures import Kept
from .picture.write_image import encode_image
from .prepare import Painter
from .prepare_refinement import Refinement
from .run_attended import Attended
from .run_painting import painted_batches
from .values import SETTINGS_KEY, Film, Frame, Span

_NAME = re.compile(r"\d{2,}-\d\d-\d\d\.\d{3}\.png")
_MARKS = tuple(kind + SETTINGS_KEY.encode() + b"\0" for kind in (b"tEXt", b"iTXt"))
"""How a PNG's text with the settings begins (in the second where they hold more than Latin)."""
_HEAD_BYTES = 65_536
"""Of a PNG: texts stand before the picture, and there is nothing else in a key frame of ours."""


def paint_keyframes(
    film: Film,
    folder: Path,
    *,
    painter: Painter,
    refinement: Refinement,
    span: Span,
    metadata: bool,
    report: Report,
) -> Finished:
    """Write the refined key frames of a film as pictures, such as `00-01-07.500.png`.

    Their names are hours, minutes and seconds since the film began. They appear when all are there,
    in the place of those of an earlier run; other files in the folder are left.

    Args:
        film: from `probe_video`.
        folder: to write to; it is made where it is not.
        painter: what to paint with.
        refinement: what to refine with.
        span: the part to paint.
        metadata: whether to store the settings in the pictures.
        report: called with each event, from the caller's thread.

    Raises:
        StylizeError: it cannot be read, painted or written, or the folder holds pictures of such
            names that may be somebody else's; nothing half-written is left.
    """
    began = monotonic()
    earlier = _key_frames(folder)
    report(Started(film.named, folder, painter.choice.name, "pictures", None))
    outbox = Outbox(report)
    refinement.on_step = outbox.step
    refinement.notify = outbox.notify
    try:
        with ExitStack() as stages:
            batches, made_by = painted_batches(
                film, painter=painter, span=span, outbox=outbox, stages=stages
            )
            made_by |= refinement.provenance()
            keys = outbox.count("painted", refinement.keys(batches))
            finished = stages.enter_context(Attended(keys, depth=1, outbox=outbox))
            written = _written(
                finished, folder, origin=film.begin, metadata=made_by if metadata else None
            )
            stages.enter_context(closing(written))
            for target in outbox.count("written", written):
                earlier.discard(target)
                outbox.deliver()
    finally:
        outbox.deliver_events()
    for left in earlier:
        left.unlink(missing_ok=True)
    return Finished(folder, "pictures", outbox.counted("written"), 0, 0, monotonic() - began)


def key_name(time: Fraction) -> str:
    """The name of a key frame's picture, by its time in seconds from the film's first frame."""
    minutes, rest = divmod(max(0, round(time * 1000)), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}-{minutes:02}-{rest // 1000:02}.{rest % 1000:03}.png"


def _key_frames(folder: Path) -> set[Path]:
    """What an earlier run has left in the folder of key frames, if that may be one.

    Raises:
        TargetError: it may not, or a picture in it does not say that it is ours.
    """
    if folder.suffix.lower() in {*FILM_ENDINGS, *READABLE} and not folder.is_dir():
        raise TargetError(f"{folder}: key frames go into a folder; name one without an extension")
    check_folder(folder)
    try:
        there = folder.iterdir() if folder.exists() else ()
        found = {path for path in there if _NAME.fullmatch(path.name)}
        strange = next((path for path in sorted(found) if not _is_ours(path)), None)
    except OSError as error:
        said = reason(error)
        raise TargetError(f"{folder}: no folder to write key frames to ({said})") from error
    if strange is not None:
        raise TargetError(
            f"{folder}: {strange.name} there holds no settings of ours, so it may be somebody "
            "else's picture; move it away, or choose a new folder"
        )
    return found


def _is_ours(picture: Path) -> bool:
    """Whether a file holds the settings of this program, as a PNG of ours does."""
    if not picture.is_file():
        return False
    with picture.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    return any(mark in head for mark in _MARKS)


def _written(
    frames: Iterable[Frame],
    folder: Path,
    *,
    origin: Fraction,
    metadata: Mapping[str, object] | None,
) -> Generator[Path, None, None]:
    """Write key frames, and say where each will be; they wait, hidden, until all are there.

    Raises:
        TargetError: one cannot be written, or there is none.
    """
    with ExitStack() as waiting:
        # A folder that is there may hold other files, so in it each picture waits by itself.
        new = None if folder.is_dir() else waiting.enter_context(_new_folder(folder))
        found = False
        for frame in frames:
            found = True
            target = folder / key_name(frame.time - origin)
            picture = encode_image(
                frame.picture, target, alpha=frame.alpha, kept=Kept(), metadata=metadata
            )
            place = new / target.name if new else waiting.enter_context(partial(target))
            write_bytes(place, picture, target)
            yield target
        if not found:
            raise TargetError(f"{folder}: there was no key frame to write")


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder that becomes this one on success."""
    with partial(folder) as place:
        try:
            place.mkdir()
        except OSError as error:
            raise TargetError(f"{folder}: cannot be made ({reason(error)})") from error
        yield place
