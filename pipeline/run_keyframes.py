"""The run for a film's key frames alone: a preview of what refining makes of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from time import monotonic

from .errors import TargetError
from .events import Finished, Outbox, Report, Started, Stepped
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
) -> Finished:
    """Write the refined key frames of a film as pictures, such as `00-01-07.500.png`.

    Their names are hours, minutes and seconds since the film began. Each appears, whole, as soon
    as it is there: one can be looked at while the next is painted. Those of an earlier time are
    removed first; other files in the folder are left.

    Args:
        film: from `probe_video`.
        folder: to write to; it is made where it is not.
        painter: what to paint with.
        refinement: what to refine with.
        span: the part to paint.
        metadata: whether to store the settings in the pictures.
        report: called with each event, from the caller's thread.

    Raises:
        StylizeError: it cannot be read, painted or written.
    """
    began = monotonic()
    report(Started(film.path, folder, painter.choice.name, "pictures", None))
    outbox = Outbox(report)
    refinement.on_step = lambda done, total: outbox.post(Stepped(done, total))
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
            for _ in outbox.count("written", written):
                outbox.deliver()
    finally:
        outbox.deliver_events()
    return Finished(folder, "pictures", outbox.counted("written"), 0, 0, monotonic() - began)


def key_name(time: Fraction) -> str:
    """The name of a key frame's picture, by its time in seconds from the film's first frame."""
    minutes, rest = divmod(max(0, round(time * 1000)), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}-{minutes:02}-{rest // 1000:02}.{rest % 1000:03}.png"


def _written(
    frames: Iterable[Frame],
    folder: Path,
    *,
    origin: Fraction,
    metadata: Mapping[str, object] | None,
) -> Iterator[Frame]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            if _NAME.fullmatch(old.name):
                old.unlink()
    except OSError as error:
        reason = error.strerror or str(error)
        raise TargetError(f"{folder}: no folder to write key frames to ({reason})") from error
    for frame in frames:
        target = folder / key_name(frame.time - origin)
        picture = encode_image(
            frame.picture, target, alpha=frame.alpha, kept=Kept(), metadata=metadata
        )
        write_image(picture, target)
        yield frame
