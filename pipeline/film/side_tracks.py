"""Tracks beside the picture: each kind takes a source's packets and makes the target's.

Times are seconds of the source; a track shifts them to the target's clock.
"""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import av
from av.audio.stream import AudioStream
from av.subtitles.codeccontext import SubtitleCodecContext

if TYPE_CHECKING:
    from av.audio.codeccontext import AudioCodecContext
    from av.container import OutputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.subtitles.stream import SubtitleStream

NEARLY_IN_ORDER = Fraction(1, 10)
"""Packets that are this many seconds too early are moved; what is earlier still is damage."""


class DamagedPacketError(Exception):
    """A packet cannot be taken along; those after it may be fine."""


@dataclass(slots=True)
class Clock:
    """From the source's seconds to strictly increasing ticks of the output.

    Attributes:
        offset: the source's time that becomes zero.
        last: the latest tick given out.
    """

    offset: Fraction
    last: int | None = None

    def tick(self, time: Fraction, time_base: Fraction) -> int:
        """The nearest tick after the last one."""
        tick = round((time - self.offset) / time_base)
        if self.last is not None:
            tick = max(tick, self.last + 1)
        self.last = tick
        return tick


class Track(ABC):
    """One track of the output besides the painted picture."""

    def __init__(self, output: Stream, offset: Fraction) -> None:
        self.output = output
        self.clock = Clock(offset)

    def tick(self, time: Fraction, time_base: Fraction) -> int:
        """The tick for a packet that begins at `time`.

        Raises:
            DamagedPacketError: that lies far before the last one.
        """
        last = self.clock.last
        if last is not None:
            early = last * time_base - (time - self.clock.offset)
            if early > NEARLY_IN_ORDER:
                raise DamagedPacketError("time stamps jump back")
        return self.clock.tick(time, time_base)

    @abstractmethod
    def take(self, packet: Packet[Stream], time: Fraction) -> Iterator[Packet[Stream]]:
        """Turn a packet of the source, which begins at `time`, into packets of the target.

        Raises:
            DamagedPacketError: it cannot be.
        """

    def rest(self) -> Iterator[Packet[Stream]]:
        """Give what is still held back at the end."""
        return iter(())


class CopiedTrack(Track):
    """Packets go through as they are; only their clock may change."""

    def __init__(self, source: Stream, output: Stream, offset: Fraction) -> None:
        super().__init__(output, offset)
        self._frame: Fraction | None = None
        if isinstance(source, AudioStream) and source.codec_context.sample_rate:
            context = source.codec_context
            self._frame = Fraction(context.frame_size, context.sample_rate) or None
        self._expected: Fraction | None = None

    def take(self, packet: Packet[Stream], time: Fraction) -> Iterator[Packet[Stream]]:
        """Send the packet on."""
        source_base = packet.time_base
        time = self._unrounded(time, source_base)
        time_base = self.output.time_base or source_base
        duration = (packet.duration or 0) * source_base
        packet.pts = packet.dts = self.tick(time, time_base)
        packet.duration = round(duration / time_base)
        packet.time_base = time_base
        packet.stream = self.output
        yield packet

    def _unrounded(self, time: Fraction, source_base: Fraction) -> Fraction:
        """Undo a source's rounding to coarser ticks: sound has so many samples per packet."""
        if self._frame is None or source_base <= (self.output.time_base or source_base):
            return time
        expected, self._expected = self._expected, time + self._frame
        if expected is None or abs(time - expected) > source_base:
            return time
        self._expected = expected + self._frame
        return expected


class TranscodedAudio(Track):
    """Sound is decoded, fitted to what the encoder takes, and encoded."""

    def __init__(self, source: AudioStream, output: AudioStream, offset: Fraction) -> None:
        super().__init__(output, offset)
        self._source = source
        self._encoder = output.codec_context
        self._graph: av.filter.Graph | None = None

    def take(self, packet: Packet[Stream], time: Fraction) -> Iterator[Packet[Stream]]:
        """Decode the packet and encode what is complete."""
        try:
            frames = self._source.decode(packet)
        except av.FFmpegError as error:
            raise DamagedPacketError("sound cannot be decoded") from error
        for frame in frames:
            if self._graph is None:
                self._graph = self._fitting(frame)
            base = frame.time_base or packet.time_base
            start = time if frame.pts is None else frame.pts * base
            frame.time_base = Fraction(1, frame.sample_rate)
            frame.pts = round((start - self.clock.offset) * frame.sample_rate)
            try:
                self._graph.push(frame)
            except (av.FFmpegError, ValueError) as error:
                raise DamagedPacketError("sound changes its format") from error
            yield from self._encoded()

    def rest(self) -> Iterator[Packet[Stream]]:
        """Drain decoder, filters and encoder."""
        if self._graph is None:
            return
        self._graph.push(None)
        yield from self._encoded()
        yield from self._stamped(self._encoder.encode(None))

    def _fitting(self, frame: av.AudioFrame) -> av.filter.Graph:
        """Filters that resample, and fill gaps with silence so that sound stays in step."""
        graph = av.filter.Graph()
        encoder = self._encoder
        nodes = [
            graph.add_abuffer(
                sample_rate=frame.sample_rate,
                format=frame.format.name,
                layout=frame.layout.name,
                time_base=Fraction(1, frame.sample_rate),
            ),
            graph.add("aresample", f"{encoder.sample_rate}:async=1"),
            graph.add(
                "aformat",
                f"sample_fmts={encoder.format.name}:channel_layouts={encoder.layout.name}",
            ),
        ]
        if encoder.frame_size:
            nodes.append(graph.add("asetnsamples", f"n={encoder.frame_size}:p=0"))
        graph.link_nodes(*nodes, graph.add("abuffersink")).configure()
        return graph

    def _encoded(self) -> Iterator[Packet[Stream]]:
        while self._graph is not None:
            try:
                frame = self._graph.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            if isinstance(frame, av.AudioFrame):
                yield from self._stamped(self._encoder.encode(frame))

    def _stamped(self, packets: Sequence[Packet[Stream]]) -> Iterator[Packet[Stream]]:
        for packet in packets:
            packet.stream = self.output
            yield packet


class ConvertedSubtitle(Track):
    """Text is decoded and written in the target's own format."""

    def __init__(
        self,
        source: SubtitleStream,
        output: Stream,
        encoder: SubtitleCodecContext,
        offset: Fraction,
    ) -> None:
        super().__init__(output, offset)
        self._source = source
        self._encoder = encoder

    def take(self, packet: Packet[Stream], time: Fraction) -> Iterator[Packet[Stream]]:
        """Convert one line of text."""
        try:
            text = self._source.codec_context.decode2(packet)
            if text is None or not text.rects:
                return
            converted = self._encoder.encode_subtitle(text)
        except (av.FFmpegError, ValueError) as error:
            raise DamagedPacketError("a subtitle cannot be converted") from error
        time_base = self.output.time_base or packet.time_base
        seconds = (packet.duration or 0) * packet.time_base
        if not seconds and text.end_display_time < 2**32 - 1:
            seconds = Fraction(text.end_display_time, 1000)
        converted.pts = converted.dts = self.tick(time, time_base)
        converted.duration = round(seconds / time_base)
        converted.time_base = time_base
        converted.stream = self.output
        yield converted


def can_copy(source: Stream, muxer: str) -> bool:
    """Ask a muxer, in memory, whether it takes a stream as it is."""
    try:
        with av.open(io.BytesIO(), "w", format=muxer) as trial:
            trial.add_stream_from_template(source, opaque=True)
            trial.start_encoding()
    except (av.FFmpegError, ValueError):
        return False
    return True


def add_copy(container: OutputContainer, source: Stream, offset: Fraction) -> Track:
    """Add a track that copies `source`."""
    output = container.add_stream_from_template(source, opaque=True)
    return CopiedTrack(source, output, offset)


_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1"}
_BITS_PER_CHANNEL = {"aac": 96_000, "libopus": 80_000}  # more than listeners can tell apart


def add_transcoded(
    container: OutputContainer, source: AudioStream, encoder: str, offset: Fraction
) -> Track | None:
    """Add a track of encoded sound, or None where the source does not say what it holds."""
    context = source.codec_context
    channels = min(context.layout.nb_channels, max(_LAYOUTS))
    if not channels or not context.sample_rate:
        return None
    rates = av.Codec(encoder, "w").audio_rates or [context.sample_rate]
    output = container.add_stream(
        encoder, rate=context.sample_rate if context.sample_rate in rates else 48_000
    )
    if not isinstance(output, AudioStream):
        return None
    opened: AudioCodecContext = output.codec_context
    # Opus has its own four-channel layout.
    opened.layout = "quad" if (encoder, channels) == ("libopus", 4) else _LAYOUTS[channels]
    opened.bit_rate = _BITS_PER_CHANNEL[encoder] * channels
    opened.time_base = Fraction(1, opened.sample_rate)
    opened.open()
    return TranscodedAudio(source, output, offset)


def add_converted(
    container: OutputContainer, source: SubtitleStream, encoder: str, offset: Fraction
) -> Track | None:
    """Add a track of subtitles in another text format."""
    output = container.add_stream(encoder)
    output.time_base = Fraction(1, 1000)
    opened = output.codec_context
    if not isinstance(opened, SubtitleCodecContext):
        return None
    source.codec_context.open(strict=False)
    opened.subtitle_header = source.codec_context.subtitle_header
    return ConvertedSubtitle(source, output, opened, offset)
