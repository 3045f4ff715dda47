"""Films with sound (MP4, MOV, Matroska, WebM): encode pictures, mux them among the other tracks."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from pathlib import Path
from typing import TYPE_CHECKING

import av
from av.codec.hwaccel import HWAccel
from av.video.frame import PictureType
from av.video.stream import VideoStream

from ..errors import TargetError
from ..values import Film, Frame, Notify, Span
from .encoding import Container, Encoder, fit_size, open_encoder
from .fill_frame import FrameFiller, frame_filler
from .matroska_aspect import store_pixel_aspect
from .side_streams import Cut, SideStreams
from .side_tracks import Clock
from .video_source import end_of_part

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from av.packet import Packet

_MATROSKA_TICK = Fraction(1, 1000)  # FFmpeg's muxer knows no other
_FASTEST_AV1 = 240  # SVT-AV1 does not open for more frames a second
_MEASURED_BY_X265 = 3  # frames; of fewer it gives decoding times out of unset memory
_LARGEST_TIMESCALE = 2**30

# What a time code can count in; FFmpeg's MP4 muxer fails on any other rate.
_TIMECODE_RATES = {
    *(Fraction(rate) for rate in (24, 25, 30, 48, 50, 60)),
    *(Fraction(rate * 1000, 1001) for rate in (24, 30, 48, 60)),
}

_ASPECT_IN_STREAM = {"libx264", "libx265", "mpeg4", "mpeg2video"}


@dataclass(frozen=True, slots=True)
class FilmJob:
    """All that is settled about an output before its first frame.

    Attributes:
        film: the source.
        target: the output, for messages and its extension.
        kind: the container.
        encoder: of the picture.
        span: which part of the source the frames are.
        metadata: stored beside the source's own.
        notify: told what cannot be kept.
    """

    film: Film
    target: Path
    kind: Container
    encoder: Encoder
    span: Span
    metadata: Mapping[str, str]
    notify: Notify

    def zero(self, first: Frame) -> Fraction:
        """The source's time that becomes zero: where a part begins; no time may be negative."""
        return first.time if self.span.start is not None else min(first.time, Fraction(0))

    def filler(self, first: Frame) -> FrameFiller:
        """Settle, by the first frame's size, how pictures become samples."""
        height, width = first.picture.shape[1:]
        pixel_format, size = fit_size(self.encoder, width=width, height=height, notify=self.notify)
        return frame_filler(
            self.encoder, pixel_format=pixel_format, size=size, colour=self.film.colour
        )


class FilmWriter:
    """A film on its way into a file; made when the first frame is there.

    Raises:
        TargetError: the encoder does not open.
    """

    def __init__(self, path: Path, *, job: FilmJob, first: Frame) -> None:
        self._path = path
        self._job = job
        cut = _cut(job, first)
        self._clock = Clock(cut.offset)
        self._filler = job.filler(first)
        exact = job.kind.muxer in {"mp4", "mov"}
        self._time_base = job.film.time_base if exact else _MATROSKA_TICK
        self._held: av.VideoFrame | None = None
        self._durations: dict[int, int] = {}
        self._end = first.time
        self._count = 0
        self._duration = 0
        self._uneven = False
        self._finished = False
        with ExitStack() as stack:
            self._sides = stack.enter_context(
                SideStreams(job.film.path, cut=cut, notify=job.notify)
            )
            self._output = av.open(str(path.absolute()), "w", format=job.kind.muxer)
            stack.callback(self._discard)
            self._stream = self._add_picture()
            self._sides.add_to(
                self._output, picture=self._stream, kind=job.kind, suffix=job.target.suffix
            )
            self._describe()
            open_encoder(self._output.start_encoding, job.encoder, job.target)
            self._opened = stack.pop_all()

    def add(self, frame: Frame) -> None:
        """Encode a frame, and write what comes before it."""
        self._count += 1
        filled = self._filler.fill(frame)
        filled.time_base = self._time_base
        filled.pts = tick = self._clock.tick(frame.time, self._time_base)
        self._end = frame.time + frame.duration
        end = round((self._end - self._clock.offset) / self._time_base)
        self._encode_held()
        self._held = filled
        # A tick's difference is rounding.
        self._uneven |= self._duration > 0 and abs(end - tick - self._duration) > 1
        self._duration = self._durations[tick] = max(1, end - tick)

    def finish(self) -> None:
        """Write all that is left and complete the file."""
        if self._held is not None and self._uneven:
            # As a key frame it is also the last packet in the file. MP4 stores distances between
            # packets and a duration for the last one only: so the film ends when it should.
            self._held.pict_type = PictureType.I
        self._encode_held()
        # One packet at a time: a slow encoder holds seconds of work, and Ctrl-C is heard between.
        self._mux(self._stream.codec_context.encode_lazy(None))
        self._sides.finish(self._output, self._sound_end())
        self._finished = True
        self._output.close()
        self._store_aspect()

    def close(self) -> None:
        """Let go of the source and, where it was not finished, of the file."""
        self._opened.close()

    def _sound_end(self) -> Fraction | None:
        """Where all else ends: with what was asked for, not with a picture that ended before."""
        span = self._job.span
        if span.frames is not None and self._count >= span.frames:
            return self._end
        if span.end is not None:
            return max(self._end, self._job.film.begin + span.end)
        return None

    def _add_picture(self) -> VideoStream:
        encoder, film = self._job.encoder, self._job.film
        hardware = HWAccel("vaapi") if encoder.hardware == "vaapi" else None
        rate = film.rate.limit_denominator(100_000)
        if encoder.name == "libsvtav1":
            rate = min(rate, Fraction(_FASTEST_AV1))
        stream = self._output.add_stream(encoder.name, rate=rate, hwaccel=hardware)
        if not isinstance(stream, VideoStream):
            raise TargetError(f"{self._job.target}: {encoder.name} is no encoder of pictures")
        self._filler.prepare(stream.codec_context, encoder, film.pixel_aspect)
        stream.time_base = stream.codec_context.time_base = self._time_base
        if encoder.name in {"libx265", "hevc_nvenc"} and self._time_base is not _MATROSKA_TICK:
            stream.codec_context.codec_tag = "hvc1"  # Apple's players know no other
        return stream

    def _describe(self) -> None:
        metadata = self._output.metadata
        metadata.update(self._job.metadata)
        if self._job.kind.muxer in {"matroska", "webm"}:
            # Sound that begins before the picture must not push the picture back.
            self._output.container_options["avoid_negative_ts"] = "disabled"
            return
        if self._job.film.rate not in _TIMECODE_RATES:
            metadata.pop("timecode", None)
            self._stream.metadata.pop("timecode", None)
        # Begin times are stored in ticks of the film as a whole: fine enough for every track.
        bases = [each.time_base for each in self._output.streams if each.time_base]
        timescale = lcm(*(base.denominator for base in bases))
        if timescale > _LARGEST_TIMESCALE:
            timescale = self._time_base.denominator
        self._output.container_options.update(
            movflags="faststart+use_metadata_tags", movie_timescale=str(timescale)
        )

    def _store_aspect(self) -> None:
        aspect, (width, height) = self._job.film.pixel_aspect, self._filler.size
        if aspect == 1 or self._job.kind.muxer not in {"matroska", "webm"}:
            return
        if self._job.encoder.name in _ASPECT_IN_STREAM:
            return
        if not store_pixel_aspect(self._path, width=width, height=height, pixel_aspect=aspect):
            self._job.notify(f"{self._job.target.name}: no room for the pixel aspect {aspect}")

    def _encode_held(self) -> None:
        if self._held is not None:
            self._mux(self._stream.codec_context.encode(self._held))

    def _mux(self, packets: Iterable[Packet[VideoStream]]) -> None:
        for packet in packets:
            packet.stream = self._stream
            if packet.pts is not None:
                packet.duration = self._durations.pop(packet.pts, packet.duration)
            if self._job.encoder.name == "libx265" and self._count < _MEASURED_BY_X265:
                packet.dts = packet.pts
            decoded = packet.dts if packet.dts is not None else packet.pts or 0
            self._sides.mux_until(self._output, decoded * self._time_base + self._clock.offset)
            self._output.mux(packet)

    def _discard(self) -> None:
        if not self._finished:
            # Closing would write an index and move all data; without a file it fails at once.
            with suppress(OSError):  # Windows keeps what is open
                self._path.unlink(missing_ok=True)
        with suppress(av.FFmpegError, OSError):
            self._output.close()


def _cut(job: FilmJob, first: Frame) -> Cut:
    film, span = job.film, job.span
    begins = first.time if span.start is not None else None
    return Cut(job.zero(first), begins, end_of_part(film, span, since=begins))
