"""The run for one picture."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Literal, Unpack

from .batch import scatter
from .choose import PaintOptions, choose
from .errors import SourceError, TargetError
from .events import (
    Advanced,
    Fetched,
    Finished,
    Notice,
    Outbox,
    Report,
    Skipped,
    Started,
    ignore,
)
from .film.encoding import has_scale
from .film.write_video import check_target
from .partial import partial, write_bytes
from .picture.open_picture import is_animated
from .picture.picture_formats import MOVING, WRITABLE, picture_format
from .picture.pictures import Kept
from .picture.read_image import read_image
from .picture.write_image import encode_image
from .prepare import Painter, prepare
from .prepare_refinement import prepare_refinement
from .run_attended import attended
from .run_opened import opened_film
from .run_video import paint_film
from .settings import flag
from .targets import Existing, beside, is_due
from .values import Batch, Frame, Notify, Span

OF_FILMS = (
    *("codec", "crf", "encoder_preset", "pixel_format", "hw", "deinterlace"),
    *("smooth", "cuts", "freeze", "denoise_source", "refine", "keyframes"),
)
"""Settings that say nothing to a still picture. Those of a preset are for its films."""


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
    if _is_folder(source):
        raise SourceError(f"{source}: a folder, not a picture (see: stylize folder)")
    moving = is_animated(source)
    kept, otherwise = (MOVING, MOVING[-1]) if moving else (WRITABLE, ".png")
    to = Path(target or beside(source, choice.name, kept=kept, otherwise=otherwise))
    unit: Literal["frames", "pictures"] = "frames" if moving else "pictures"
    if not moving:
        if _is_folder(to):
            raise TargetError(f"{to}: is a folder; name the picture in it")
        picture_format(to)  # a wrong extension is said before anything is painted
    else:
        _check_film(to, source)
    if not is_due(source, to, existing, used=choice.files):
        report(Skipped(source, f"{to} is there already"))
        return Finished(to, unit, 0, 1, 0, 0.0)
    if moving:
        painter = prepare(
            choice, film=True, download=lambda done, total: report(Fetched(done, total))
        )
        return paint_animation(source, to, painter, metadata=metadata, report=report)
    outbox = Outbox(report)
    try:
        picture = attended(lambda: read_image(source, notify=outbox.notify), outbox)
        painter = attended(lambda: prepare(choice, film=False, download=outbox.download), outbox)
        report(Started(source, to, choice.name, "pictures", 1))
        for text in without_effect(options, [to]):
            outbox.notify(text)
        batch = Batch(picture.frame.picture[None], (picture.frame,))
        with partial(to) as place:
            (painted,) = attended(
                lambda: list(scatter(painter.paint([batch], on_step=outbox.step))), outbox
            )
            store = painter.provenance() if metadata else None
            encoded = attended(
                lambda: encode_frame(
                    painted, to, picture.kept, painter, store=store, notify=outbox.notify
                ),
                outbox,
            )
            write_bytes(place, encoded, to)
        outbox.post(Advanced(1, 1, 1))
    finally:
        outbox.deliver_events()
    return Finished(to, "pictures", 1, 0, 0, monotonic() - began)


def _check_film(target: Path, source: Path) -> None:
    try:
        check_target(target, source=source)
    except TargetError as error:
        why = f"{source.name} is animated, and painted as a film"
        raise type(error)(f"{error} ({why})") from error


def without_effect(given: PaintOptions, targets: Iterable[Path]) -> list[str]:
    """What to say of options that change nothing where still pictures alone are painted."""
    said = []
    if idle := [flag(name) for name in OF_FILMS if given.get(name) is not None]:
        several = len(idle) > 1
        said.append(f"no film is painted: {', '.join(idle)} change{'' if several else 's'} nothing")
    written = {picture_format(target) for target in targets}
    if given.get("quality") is not None and all(each.quality is None for each in written):
        titles = sorted(each.title for each in written)
        are = "are" if len(titles) > 1 else "is"
        said.append(f"{' and '.join(titles)} {are} lossless: --quality changes nothing")
    return said


def _is_folder(path: Path) -> bool:
    with suppress(OSError):  # reading it will say why
        return path.is_dir()
    return False


def paint_animation(
    source: Path, target: Path, painter: Painter, *, metadata: bool, report: Report
) -> Finished:
    """Paint an animated picture as a film; a quality meant for pictures may not be one for it."""
    settings = painter.choice.settings
    if not has_scale(target) and (settings.quality, settings.crf) != (None, None):
        report(Notice(f"{target.name}: its format has no scale of quality"))
        plain = replace(settings, quality=None, crf=None)
        painter = replace(painter, choice=replace(painter.choice, settings=plain))
    with opened_film(source, notify=lambda text: report(Notice(text))) as film:
        refinement = None
        if settings.refine is not None and settings.strength > 0:
            refinement = prepare_refinement(
                painter.choice,
                film=film,
                span=Span(),
                download=lambda done, total: report(Fetched(done, total)),
            )
        return paint_film(
            film,
            target,
            painter=painter,
            span=Span(),
            metadata=metadata,
            report=report,
            refinement=refinement,
        )


def encode_frame(
    frame: Frame,
    target: Path,
    kept: Kept,
    painter: Painter,
    *,
    store: dict[str, object] | None,
    notify: Notify,
) -> bytes:
    """A painted frame as the file that it becomes, with what was kept of its source."""
    return encode_image(
        frame.picture,
        target,
        alpha=frame.alpha,
        kept=kept,
        quality=painter.choice.settings.quality,
        metadata=store,
        notify=notify,
    )
