"""First stage for films: decode frames, upright, in RGB, each with its exact time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import chain, dropwhile, islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from av.buffer import Buffer
from torch.nn.functional import interpolate

from ..errors import SourceError
from ..values import Colour, Film, Frame, Notify, Span
from .colour import plane_to_alpha, planes_to_rgb
from .deinterlace import deinterlaced
from .frame_planes import PlaneReader, colour_of, has_alpha
from .frame_times import Timed, timed
from .orientation import Orientation, orientation_of, orientation_of_turn, upright
from .tone_map import HDR_TRANSFERS, tone_map
from .video_source import VideoSource, working_device

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from torch import Tensor

_EARLY = Fraction(1)
"""Seconds, or a tenth of a film, by which its frames may end before it is said to."""


def probe_video(path: Path, *, notify: Notify) -> Film:
    """Find out what a film is, by decoding its first frame.

    Args:
        path: the file.
        notify: told when the film is HDR, and so will be tone-mapped.

    Raises:
        SourceError: the file is missing, no film, or nothing in it can be decoded.
    """
    with VideoSource(path) as source:
        first = next(source.frames(), None)
        if first is None:
            raise _nothing_decoded(source)
        turned = (_orientation(first) or Orientation()).transposed
        colour = colour_of(first, stated=source.stream.codec_context)
        if colour.transfer in HDR_TRANSFERS:
            notify(f"{path.name}: HDR ({HDR_TRANSFERS[colour.transfer]}) tone-mapped to SDR")
            colour = Colour("bt709", "limited", primaries=1, transfer=1)
        aspect = source.stream.sample_aspect_ratio or Fraction(1)
        rate = source.rate
        if first.pts is None and first.duration:  # a raw stream's own rate is FFmpeg's default
            rate = 1 / (first.duration * source.time_base)
        begin = (first.pts or 0) * source.time_base
        duration = source.duration(begin)
        return Film(
            path=path,
            width=first.height if turned else first.width,
            height=first.width if turned else first.height,
            time_base=source.time_base,
            rate=rate,
            frames=source.stream.frames or (round(duration * rate) if duration else None),
            duration=duration,
            pixel_aspect=1 / aspect if turned else aspect,
            colour=colour,
            has_alpha=has_alpha(first.format.name),
            begin=begin,
        )


def read_video(
    film: Film,
    *,
    span: Span = Span(),  # noqa: B008 - frozen
    deinterlace: Literal["auto", "off"] = "auto",
    hw: bool = False,
    notify: Notify,
) -> Iterator[Frame]:
    """Read a film's frames.

    Args:
        film: as `probe_video` described it.
        span: which part; times are kept as they are in the file.
        deinterlace: `auto`: interlaced frames become progressive; `off`: they stay.
        hw: decode with hardware if there is any that can.
        notify: told, once each, of damage, odd time stamps and changes of size.

    Yields:
        Frames of the film's size with strictly increasing times. None is left out but those
        that are too damaged to decode.

    Raises:
        SourceError: nothing can be decoded, or nothing lies within the span.
    """
    device = working_device(film.path) if hw else None
    if hw and device is None:
        notify(f"{film.named.name}: no hardware here decodes it; decoded by the processor")
    said: set[str] = set()

    def once(text: str) -> None:
        if text not in said:
            said.add(text)
            notify(f"{film.named.name}: {text}")

    with VideoSource(film.path, device=device) as source:
        reading = _Reading(film, source, deinterlace=deinterlace, once=once)
        nothing, end = True, film.begin
        for moment in reading.within(span):
            nothing, end = False, moment.time + moment.duration
            yield reading.frame(moment)
        if damage := _damage(source.damaged, reading.marred):
            once(damage)
        if not nothing and span.end is None and span.frames is None and not reading.repaired:
            missing = _missing(film, source, end)
            if missing is not None:
                once(missing)
        if nothing and not reading.began:
            raise _nothing_decoded(source)
        if nothing and span.frames != 0:
            raise _nothing_within(film, span)


class _Reading:
    """One pass over a film; `once` is told what a person should know.

    Attributes:
        began: whether a frame was decoded.
        repaired: whether time stamps were put right.
        marred: how many of the frames given were decoded only in part.
    """

    def __init__(
        self,
        film: Film,
        source: VideoSource,
        *,
        deinterlace: Literal["auto", "off"],
        once: Callable[[str], None],
    ) -> None:
        self.began = self.repaired = False
        self.marred = 0
        self._film = film
        self._source = source
        self._deinterlace = deinterlace
        self._once = once
        self._planes = PlaneReader()
        self._lies = Orientation()

    def within(self, span: Span) -> Iterator[Timed[VideoFrame]]:
        """Decode, and leave out what lies outside the span before it costs more than that."""
        moments = self._moments()
        first = next(moments, None)
        if first is None:
            return
        self.began = True
        self._lies = _orientation(first.frame) or self._lies
        begin = first.time + (span.start or 0)
        moments = self._moments_from(begin, first) if span.start else chain([first], moments)
        inside: Iterator[Timed[VideoFrame]]
        inside = dropwhile(lambda moment: moment.time < begin, moments)
        if span.end is not None:
            end = first.time + span.end
            inside = takewhile(lambda moment: moment.time < end, inside)
        yield from islice(inside, span.frames)

    def frame(self, moment: Timed[VideoFrame]) -> Frame:
        """Make the upright RGB picture of the film's size."""
        decoded = moment.frame
        self.marred += decoded.is_corrupt
        samples = self._planes(decoded)
        colour = colour_of(decoded, stated=self._source.stream.codec_context)
        picture = planes_to_rgb(samples.planes, layout=samples.layout, colour=colour)
        if colour.transfer in HDR_TRANSFERS:
            picture = tone_map(picture, transfer=colour.transfer, primaries=colour.primaries)
        alpha = None
        if samples.alpha is not None:
            alpha = plane_to_alpha(samples.alpha, depth=samples.layout.depth)
        orientation = _orientation(decoded) or self._lies
        picture = self._fitted(upright(picture, orientation))
        alpha = alpha if alpha is None else self._fitted(upright(alpha, orientation))
        return Frame(picture, moment.time, moment.duration, alpha)

    def _moments(self) -> Iterator[Timed[VideoFrame]]:
        frames = self._source.frames()
        return timed(
            deinterlaced(frames) if self._deinterlace == "auto" else frames,
            time_base=self._source.time_base,
            rate=self._film.rate,
            repaired=self._repair,
            late=self._source.late,
            is_last_packet=lambda frame: frame.pts == self._source.last_packet,
        )

    def _moments_from(
        self, begin: Fraction, first: Timed[VideoFrame]
    ) -> Iterator[Timed[VideoFrame]]:
        """Decode from the key frame before `begin`, or from the start where seeking fails."""
        # After seeking, frames without time stamps would not know where they are.
        if first.frame.pts is not None and self._source.seek(begin):
            moments = self._moments()
            landed = next(moments, None)
            # A file without an index may lead to a frame that cannot stand alone.
            if landed is not None and landed.frame.key_frame and landed.time <= begin:
                return chain([landed], moments)
        self._source.rewind()
        return self._moments()

    def _repair(self, text: str) -> None:
        self.repaired = True
        self._once(text)

    def _fitted(self, picture: Tensor) -> Tensor:
        size = (self._film.height, self._film.width)
        if picture.shape[1:] == size:
            return picture
        self._once(f"its size changes on the way; scaled to {size[1]}×{size[0]} throughout")
        scaled = interpolate(picture[None], size, mode="bilinear", antialias=True)
        return scaled[0].clamp_(0, 1)


def _orientation(frame: VideoFrame) -> Orientation | None:
    """How a frame lies; None if it does not say: an APNG tells it with its first frame only."""
    try:
        matrix = frame.side_data.get("DISPLAYMATRIX")
    except ValueError:
        # PyAV 18.1 gives none of a frame's side data where it does not know all of it, as EXIF;
        # the angle it still gives, but not whether the frame is mirrored.
        return orientation_of_turn(frame.rotation)
    return orientation_of(bytes(matrix)) if isinstance(matrix, Buffer) else None


def _damage(packets: int, frames: int) -> str:
    """What to say of packets left out, and of frames whose lost parts the decoder filled."""
    skipped = f"{packets} damaged packet{'s' * (packets > 1)} skipped"
    marred = f"{frames} frame{'s' * (frames > 1)} decoded only in part"
    return ", ".join([skipped] * (packets > 0) + [marred] * (frames > 0))


def _missing(film: Film, source: VideoSource, end: Fraction) -> str | None:
    """What to say where frames end long before the film does: it is cut short, or damaged."""
    lasts = source.own_duration
    if lasts is None:
        return None
    # Some files count from their first frame, others from 0.
    missing = min(film.begin, Fraction(0)) + lasts - end
    if missing <= min(_EARLY, lasts / 10):
        return None
    return f"ends early: the last {float(missing):.2f} of {float(lasts):.2f} s cannot be found"


def _nothing_decoded(source: VideoSource) -> SourceError:
    return SourceError(
        f"{source.path}: no frame can be decoded "
        f"({source.decoder.name}: damaged, encrypted, cut short, or of a kind that is not known "
        "here)"
    )


def _nothing_within(film: Film, span: Span) -> SourceError:
    start = f"from {float(span.start or 0):g} s"
    end = "" if span.end is None else f" to {float(span.end):g} s"
    lasts = "" if film.duration is None else f"; the film lasts {float(film.duration):.2f} s"
    late = f"; times count from its first frame, at {float(film.begin):g} s" * (film.begin > 0)
    return SourceError(f"{film.named}: no frame {start}{end}{lasts}{late}")
