"""The run for a film's key frames alone: a preview of what refining makes of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from time import monotonic

from .errors import TargetError
from .events import Finished, Outbox, Report, Started
from .film.encoding import FILM_ENDINGS
from .partial import check_folder
from .picture.picture_formats import READABLE
from .picture.pictures import Kept
from .picture.write_image import encode_image, write_image
from .prepare import Painter
from .prepare_refinement import Refinement
from .run_attended import Attended
from .run_painting import painted_batches
from .values import Film, Frame, Span

_NAME = re.compile(r"\d{2,}-\d\d-\d\d\.\d{3}\.png")


def paint_keyframes(
    film: Film,
    folder: Path,
    *,
    painter: Painter,
    refinement: Refinement,
    span: Span,
    metadata: bool,
    report: Report,
    shown_as: Path,
) -> Finished:
    """Write the refined key frames of a film as pictures, such as `00-01-07.500.png`.

    Their names are hours, minutes and seconds since the film began. Each appears, whole, as soon
    as it is there: one can be looked at while the next is painted. Those of an earlier run are
    removed when all are there; other files in the folder are left.

    Args:
        film: from `probe_video`.
        folder: to write to; it is made where it is not.
        painter: what to paint with.
        refinement: what to refine with.
        span: the part to paint.
        metadata: whether to store the settings in the pictures.
        report: called with each event, from the caller's thread.
        shown_as: the file that a person named, where `film` is a copy of it.

    Raises:
        StylizeError: it cannot be read, painted or written.
    """
    began = monotonic()
    earlier = _key_frames(folder)
    report(Started(shown_as, folder, painter.choice.name, "pictures", None))
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
        TargetError: it may not.
    """
    if folder.suffix.lower() in {*FILM_ENDINGS, *READABLE} and not folder.is_dir():
        raise TargetError(f"{folder}: key frames go into a folder; name one without an extension")
    check_folder(folder)
    try:
        there = folder.iterdir() if folder.exists() else ()
        return {path for path in there if _NAME.fullmatch(path.name)}
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise TargetError(f"{folder}: no folder to write key frames to ({reason})") from error


def _written(
    frames: Iterable[Frame],
    folder: Path,
    *,
    origin: Fraction,
    metadata: Mapping[str, object] | None,
) -> Iterator[Path]:
    """Write key frames, and say where each is."""
    for frame in frames:
        target = folder / key_name(frame.time - origin)
        picture = encode_image(
            frame.picture, target, alpha=frame.alpha, kept=Kept(), metadata=metadata
        )
        write_image(picture, target)
        yield target
