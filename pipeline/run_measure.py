"""The run that measures: films side by side, pairs of frames, single frames, and what was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from time import monotonic

import torch

from stylize.models.errors import WeightsError
from stylize.models.extractor import load_vgg
from stylize.models.lpips import Lpips, load_lpips
from stylize.models.quality import SIDE, Meter
from stylize.models.read_picture import read_picture

from .errors import SourceError
from .events import Fetched, Measured, Notice, Report, Started, ignore
from .flow import METHOD, SMALLEST
from .measuring.findings import Findings, GapFindings
from .measuring.pairs import GAPS, pairs, shrunk
from .measuring.samples import FidelitySampler, StyleSampler
from .measuring.side_by_side import Moment, side_by_side
from .measuring.tally import Tally
from .picture.picture_formats import picture_format
from .picture.pictures import Kept
from .picture.steadiness_figure import steadiness_figure
from .picture.write_image import encode_image, write_image
from .run_reels import Reels, open_reels
from .spans import checked_span
from .targets import refuse_taken
from .values import Notify, Span


def measure_film(
    source: str | Path,
    output: str | Path,
    *,
    against: str | Path | None = None,
    style: str | Path | None = None,
    span: Span | None = None,
    plot: str | Path | None = None,
    overwrite: bool = False,
    report: Report = ignore,
) -> Findings:
    """Measure how steady a painted film is beside its source, and what that has cost.

    Frames are paired by time and seen with a shorter side of at most 480 pixels. Of each pair its
    figures are kept, 100 MB for an hour of film, and no picture. What is measured is defined in
    `stylize.pipeline.steadiness`.

    Args:
        source: the film that was painted.
        output: what it became: a film, or a folder of pictures.
        against: the same, painted frame by frame: what smoothing is to stay like.
        style: the picture that it was painted like; measuring style needs a VGG's weights.
        span: the part of the source that was painted, or that is to be measured; None: all.
        plot: a picture to draw the findings on.
        overwrite: whether a plot that is there may be replaced.
        report: called with each event.

    Raises:
        StylizeError: a film cannot be read, the films do not pair, or nothing can be measured.
    """
    began = monotonic()
    span = checked_span(span or Span())
    films = tuple(Path(film) for film in (source, output, against) if film is not None)
    target = None if plot is None else Path(plot)
    if target is not None:
        picture_format(target)  # a wrong extension is said before anything is measured
        used = films[1:] if style is None else (*films[1:], Path(style))
        refuse_taken(target, films[0], used=used, overwrite=overwrite)
    notify = _notifier(report)
    with ExitStack() as stack, torch.inference_mode():
        reels = open_reels(films, span=span, stack=stack, notify=notify)
        _check_size(reels, films[0])
        fidelity = None if against is None else FidelitySampler(_lpips())
        painted = None if style is None else _style(Path(style), reels.expected, report)
        report(Started(films[0], films[1], "steadiness", "frames", reels.expected))
        seen, tally = _Seen(report), Tally()
        moments = side_by_side(reels.films, start=span.start or Fraction(0))
        moments = shrunk(moments if painted is None else painted.watch(moments))
        moments = seen.watch(moments if fidelity is None else fidelity.watch(moments))
        for pair in pairs(moments):
            tally.add(pair)
    findings = Findings(
        films=films,
        flow=METHOD,
        size=seen.size,
        frames=seen.frames,
        shots=seen.shots,
        gaps=_measurable(tally, seen.frames, films[0]),
        fidelity=None if fidelity is None else fidelity.found(),
        style=None if painted is None else painted.found(),
        worst=tally.worst(),
        seconds=monotonic() - began,
    )
    if target is not None:
        drawn = steadiness_figure(findings)
        write_image(encode_image(drawn, target, alpha=None, kept=Kept(), notify=notify), target)
    return findings


class _Seen:
    """Counts moments as they pass."""

    def __init__(self, report: Report) -> None:
        self.frames = 0
        self.shots = 0
        self.size = (0, 0)
        self._report = report

    def watch(self, moments: Iterable[Moment]) -> Iterator[Moment]:
        for moment in moments:
            height, width = moment.pictures[0].shape[1:]
            self.size = (width, height)
            self.shots = moment.shot + 1
            yield moment
            self.frames += 1
            self._report(Measured(self.frames))


def _notifier(report: Report) -> Notify:
    return lambda text: report(Notice(text))


def _check_size(reels: Reels, source: Path) -> None:
    if min(reels.width, reels.height) < SMALLEST:
        raise SourceError(
            f"{source}: {reels.width}×{reels.height} pixels; motion can be found in frames of "
            f"{SMALLEST}×{SMALLEST} and more"
        )


def _lpips() -> Lpips | str:
    """The distance; or why there is none, for all else can be measured without it."""
    try:
        return load_lpips()
    except WeightsError as error:
        return str(error)


def _style(path: Path, expected: int | None, report: Report) -> StyleSampler:
    picture = read_picture(path, shorter=SIDE)
    vgg = load_vgg(progress=lambda done, total: report(Fetched(done, total)))
    return StyleSampler(Meter(vgg), picture, path, expected=expected)


def _measurable(tally: Tally, frames: int, source: Path) -> tuple[GapFindings, ...]:
    gaps = tally.gaps()
    if frames < 2:
        raise SourceError(
            f"{source}: only one frame; steadiness is measured between frames, two or more"
        )
    if not gaps or gaps[0].gap != GAPS[0]:
        raise SourceError(
            f"{source}: no two neighbouring frames show the same thing, so how steady a "
            "painting of it is cannot be measured"
        )
    return gaps
