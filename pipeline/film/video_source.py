"""Video source: an open film file, the stream in it that is the film, and its decoder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import chain, islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

import av
from av.codec.context import CodecContext, ThreadType
from av.codec.hwaccel import HWAccel, hwdevices_available
from av.error import FFmpegError
from av.stream import Disposition
from av.video.codeccontext import VideoCodecContext

from ..clock import read_time
from ..errors import SettingsError, SourceError
from .frame_times import JUMP_BACK
from .joined_tracks import end_of, may_be_joined
from .read_packets import end_of_frames, packets_before

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from ..values import Film, Span

# FFmpeg's own decoders of these leave the alpha plane out; libvpx's keep it.
_ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}


_CONTAINER_TICK = Fraction(1, av.time_base)


_MOST_B_FRAMES = 16
"""In a row: x264 and x265 make no more, and H.264 and H.265 put no frame off further."""


PIXEL_LIMIT = 140_000_000
"""Pixels in a frame: 16K film has 133 million; more is a broken or hostile file."""


class VideoSource:
    """A film that is being read. Use it as a context manager: leaving it closes the file.

    Args:
        path: the file.
        device: FFmpeg's name of the hardware that shall decode (`cuda`, …); None: the processor.
        threads: whether several frames may be decoded at once, or only parts of one: slower, but
            nothing is on its way when the file ends.

    Attributes:
        stream: the stream that is the film.
        decoder: the stream's own, or another that can do more.
        damaged: how many packets could not be read or decoded so far.
        last_packet: time stamp of the packet read last, in ticks.

    Raises:
        SourceError: the file is missing, no film, or nothing in it can be decoded here.
    """

    stream: VideoStream
    decoder: VideoCodecContext

    def __init__(
        self,
        path: Path,
        *,
        device: str | None = None,
        threads: Literal["AUTO", "SLICE"] = "AUTO",
    ) -> None:
        self.path = path
        self.damaged = 0
        self.last_packet: int | None = None
        self._device = device
        self._threads = threads
        self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._container.close()

    def frames(self) -> Iterator[VideoFrame]:
        """Decode from where the file stands to its end, stepping over what is damaged."""
        sent, last, joined = 0, None, False
        for packet in self._packets():
            sent += 1
            for frame in self._decoded(packet):
                joined |= self._jumps_back(last, frame.pts)
                last = _later(last, frame.pts)
                yield frame
        on_the_way = min(sent, self.decoder.delay + self.decoder.reorder_depth)
        damaged = self.damaged
        rest = self._decoded(None)
        for frame in rest:
            joined |= self._jumps_back(last, frame.pts)
            last = _later(last, frame.pts)
            yield frame
        lost = len(rest) < on_the_way and self._threads == "AUTO"
        if lost and last is not None and not joined:
            # PyAV stops emptying a decoder at the first damaged packet, and what other threads
            # had ready is lost with it. So the end is decoded once more without them; but not
            # where recordings are joined, of which an earlier one may have later time stamps.
            with VideoSource(self.path, threads="SLICE") as again:
                yield from again.frames_after(last)
                self.damaged = damaged + again.damaged

    def frames_after(self, tick: int) -> Iterator[VideoFrame]:
        """Decode only what has a later time stamp than `tick`, and count only the damage there."""
        if not self._seek(tick * self.time_base):
            return
        for packet in chain(self._packets(), [None]):
            frames = self._decoded(packet)
            if packet is not None and packet.pts is not None and packet.pts <= tick:
                self.damaged = 0
            yield from (frame for frame in frames if frame.pts is not None and frame.pts > tick)

    def seek(self, time: Fraction) -> bool:
        """Go to the last key frame at or before `time`; say whether the file can do that.

        Not where time stamps come late: which frame one belongs to is known from the start only.
        """
        if self.late > 1:
            return False
        return self._read_up_to(time) if may_be_joined(self._container) else self._seek(time)

    def _read_up_to(self, time: Fraction) -> bool:
        """Read, without decoding, what lies before the key frame: twice, to know which it is."""
        self.rewind()
        before = packets_before(self._packets(), time)
        if before is None:
            return False
        self.rewind()
        for _ in islice(self._packets(), before):
            pass
        return True

    def _seek(self, time: Fraction) -> bool:
        try:
            self._container.seek(int(time / self.time_base), stream=self.stream, backward=True)
        except (FFmpegError, OverflowError):
            return False
        self.decoder.flush_buffers()
        return True

    def rewind(self) -> None:
        """Begin anew; by opening the file again, for not every file can seek."""
        self._container.close()
        self.damaged = 0
        self._open()

    @property
    def time_base(self) -> Fraction:
        """Seconds per tick."""
        return self.stream.time_base or Fraction(1, 1000)

    @property
    def late(self) -> int:
        """How many frames too late a time stamp may come out of the decoder.

        AVI has no times of presentation. FFmpeg numbers the packets as they are stored, and a frame
        that is stored before some that are shown earlier brings its number too late.
        """
        reorders = self.decoder.reorder_depth > 0
        return _MOST_B_FRAMES if reorders and self._container.format.name == "avi" else 1

    @property
    def rate(self) -> Fraction:
        """Frames a second, on average; 25 if the file has no idea."""
        stated = self.stream.average_rate or self.stream.guessed_rate
        # Streams whose rate FFmpeg cannot find get their time base's 90,000 or 1,000.
        return stated if stated and stated < 1000 else Fraction(25)

    @property
    def own_duration(self) -> Fraction | None:
        """Seconds of the picture alone, or None if the file does not say."""
        if self.stream.duration:
            return self.stream.duration * self.time_base
        with suppress(SettingsError):  # Matroska's, which is a tag
            return read_time(self.stream.metadata.get("DURATION", ""))
        return None

    def duration(self, begin: Fraction) -> Fraction | None:
        """Seconds, or None if the file does not say.

        Where recordings may be joined, no header knows: the file is read through, without decoding.
        That takes as long as the disk does: FFmpeg goes through nearly 2 GB in a second.

        Args:
            begin: when the first frame is shown, in seconds.
        """
        if may_be_joined(self._container):
            with VideoSource(self.path) as again:
                end = end_of(again._packets(), picture=again.stream)
            return None if end is None or end <= begin else end - begin
        if (own := self.own_duration) is not None:
            return own
        if self._container.duration:
            return self._container.duration * _CONTAINER_TICK
        return None

    def end_of(self, frames: int, *, since: Fraction | None) -> Fraction | None:
        """When so many frames, from `since` on, have gone.

        None: not before the film ends, or only decoding would tell.
        """
        if may_be_joined(self._container):
            return None
        if since is None or not self.seek(since):
            self.rewind()
        return end_of_frames(self._packets(), frames, since=since)

    def _jumps_back(self, before: int | None, after: int | None) -> bool:
        if before is None or after is None:
            return False
        return (before - after) * self.time_base > JUMP_BACK

    def _open(self) -> None:
        self._container = _opened(self.path, self._device)
        try:
            self.stream = film_stream(self._container, self.path)
            self.decoder = _decoder(self.stream)
            self.decoder.thread_type = ThreadType[self._threads]
        except BaseException:
            self._container.close()
            raise

    def _packets(self) -> Iterator[Packet[VideoStream]]:
        packets = self._container.demux(self.stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except FFmpegError:  # the rest of the file cannot be found
                self.damaged += 1
                return
            # Empty packets in AVI mean that the picture stays; to a decoder, the end.
            if packet.size:
                self.last_packet = packet.pts
                yield packet

    def _decoded(self, packet: Packet[VideoStream] | None) -> list[VideoFrame]:
        try:
            return self.decoder.decode(packet)
        except FFmpegError:
            self.damaged += 1
            return []


def end_of_part(film: Film, span: Span, *, since: Fraction | None) -> Fraction | None:
    """When a part of a film ends, in the film's own times; None: with it, or nobody can know.

    Args:
        film: as `probe_video` described it.
        span: the part.
        since: when it begins; None: with the film.
    """
    ends = [] if span.end is None else [film.begin + span.end]
    if span.frames is not None:
        # Their number alone does not tell: frames may last a second each, whatever the film's rate.
        with VideoSource(film.path) as source:
            last = source.end_of(span.frames, since=since)
        ends += [] if last is None else [last]
    return min(ends, default=None)


def _later(one: int | None, other: int | None) -> int | None:
    return other if one is None or (other is not None and other > one) else one


def working_device(path: Path) -> str | None:
    """Find hardware that really decodes this film, by decoding a frame with each kind there is."""
    for device in hwdevices_available():
        try:
            with VideoSource(path, device=device) as source:
                if source.decoder.is_hwaccel and next(source.frames(), None) is not None:
                    return device
        except SourceError:
            continue
    return None


def film_stream(container: InputContainer, path: Path) -> VideoStream:
    """Choose the stream that is the film: of those marked as default, the largest.

    Raises:
        SourceError: there is none, its codec is unknown, or its frames are too large.
    """
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not streams:
        counts = Counter(_described(stream) for stream in container.streams)
        found = ", ".join(f"{n} × {name}" if n > 1 else name for name, n in counts.items())
        raise SourceError(f"{path}: no video stream (found: {found or 'nothing'})")
    known = [stream for stream in streams if stream.codec_context is not None]
    if not known:
        raise SourceError(f"{path}: its video codec is unknown to FFmpeg here")
    chosen = max(
        known,
        key=lambda s: (bool(s.disposition & Disposition.default), s.width * s.height),
    )
    if chosen.width * chosen.height > PIXEL_LIMIT:
        raise SourceError(
            f"{path}: {chosen.width}x{chosen.height} pixels a frame; "
            f"at most {PIXEL_LIMIT // 1_000_000} megapixels can be painted"
        )
    return chosen


def _opened(path: Path, device: str | None) -> InputContainer:
    if path.is_dir():
        raise SourceError(f"{path}: a folder, not a film (stylize folder paints its pictures)")
    if not path.exists():
        raise SourceError(f"{path}: no such file")
    if not path.is_file():
        raise SourceError(f"{path}: not a file on disk (found: a device or a pipe); save it first")
    if not path.stat().st_size:
        raise SourceError(f"{path}: an empty file")
    hardware = HWAccel(device, allow_software_fallback=False) if device else None
    try:
        # With its protocol named, a path with a colon in it is still a path.
        container = av.open(f"file:{path}", hwaccel=hardware, metadata_errors="replace")
    except (FFmpegError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceError(f"{path}: not a film, or damaged at its start ({reason})") from error
    kind = container.format.name
    if kind == "tty":
        container.close()
        raise SourceError(f"{path}: text, not a film")
    if kind.endswith("_pipe") or kind == "image2":
        container.close()
        raise SourceError(f"{path}: a picture, not a film (see: stylize image)")
    return container


def _described(stream: Stream) -> str:
    kind = str(getattr(stream, "type", "unknown"))
    context = getattr(stream, "codec_context", None)
    return (
        f"{'cover picture' if kind == 'video' else kind} {context.name if context else ''}".strip()
    )


def _decoder(stream: VideoStream) -> VideoCodecContext:
    decoder = stream.codec_context
    name = _ALPHA_DECODERS.get(decoder.codec.canonical_name)
    if name in av.codecs_available and stream.metadata.get("alpha_mode") == "1":
        able = CodecContext.create(name, "r")
        if isinstance(able, VideoCodecContext):
            able.extradata = decoder.extradata
            decoder = able
    return decoder
