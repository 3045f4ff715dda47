"""Tracks beside the picture: each kind takes a source's packets and makes the target's.

Times are seconds of the source; a track shifts them to the target's clock.
"""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import suppress
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


_TEXT = 2
"""Bytes in which a text of MP4 says how long it is; behind it may stand how it looks."""
_SUBTITLE_TICK = Fraction(1, 1000)


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

    def until(self, time: Fraction) -> Iterator[Packet[Stream]]:
        """Give what is held back no longer, as the film is at this time."""
        return iter(())

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
        self._end = offset

    def take(self, packet: Packet[Stream], time: Fraction) -> Iterator[Packet[Stream]]:
        """Decode the packet and encode what is complete."""
        try:
            frames = self._source.decode(packet)
        except av.FFmpegError as error:
            raise DamagedPacketError("sound cannot be decoded") from error
        self._end = time + (packet.duration or 0) * packet.time_base
        yield from self._fitted(frames, time, packet.time_base)

    def rest(self) -> Iterator[Packet[Stream]]:
        """Drain decoder, filters and encoder."""
        with suppress(av.FFmpegError, DamagedPacketError):
            frames = self._source.decode(None)
            yield from self._fitted(frames, self._end, Fraction(1, self._source.sample_rate))
        if self._graph is None:
            return
        self._graph.push(None)
        yield from self._encoded()
        yield from self._stamped(self._encoder.encode(None))

    def _fitted(
        self, frames: Sequence[av.AudioFrame], time: Fraction, time_base: Fraction
    ) -> Iterator[Packet[Stream]]:
        """Encode what is complete; frames that say nothing else begin at `time`."""
        for frame in frames:
            if self._graph is None:
                self._graph = self._fitting(frame)
            start = time if frame.pts is None else frame.pts * (frame.time_base or time_base)
            frame.time_base = Fraction(1, frame.sample_rate)
            frame.pts = round((start - self.clock.offset) * frame.sample_rate)
            try:
                self._graph.push(frame)
            except (av.FFmpegError, ValueError) as error:
                raise DamagedPacketError("sound changes its format") from error
            yield from self._encoded()

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


@dataclass(frozen=True, slots=True)
class _Line:
    """What a subtitle says.

    Attributes:
        text: in the target's format.
        begin: in seconds of the source.
        end: likewise; None: until another begins.
    """

    text: bytes
    begin: Fraction
    end: Fraction | None


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
        line = self._converted(packet, time)
        if line is not None:
            yield self._packed(line.text, line.begin, line.end or line.begin)

    def _converted(self, packet: Packet[Stream], time: Fraction) -> _Line | None:
        try:
            text = self._source.codec_context.decode2(packet)
            if text is None or not text.rects:
                return None
            converted = self._encoder.encode_subtitle(text)
        except (av.FFmpegError, ValueError) as error:
            raise DamagedPacketError("a subtitle cannot be converted") from error
        seconds = (packet.duration or 0) * packet.time_base
        if not seconds and text.end_display_time < 2**32 - 1:
            seconds = Fraction(text.end_display_time, 1000)
        return _Line(bytes(converted), time, time + seconds if seconds else None)

    def _packed(self, text: bytes, begin: Fraction, end: Fraction) -> Packet[Stream]:
        packet: Packet[Stream] = av.Packet(text)
        time_base = self.output.time_base or _SUBTITLE_TICK
        packet.pts = packet.dts = self.tick(begin, time_base)
        packet.duration = round((end - begin) / time_base)
        packet.time_base = time_base
        packet.stream = self.output
        return packet


class FlatSubtitle(ConvertedSubtitle):
    """The same for formats that show one text at a time, as MP4's: lines that overlap are joined.

    FFmpeg would show each only when the one before it has gone, and be late from then on.
    """

    def __init__(
        self,
        source: SubtitleStream,
        output: Stream,
        encoder: SubtitleCodecContext,
        offset: Fraction,
    ) -> None:
        super().__init__(source, output, encoder, offset)
        self._shown: list[_Line] = []
        self._since = offset

    def take(self, packet: Packet[Stream], time: Fraction) -> Iterator[Packet[Stream]]:
        """Show one line more from here on."""
        line = self._converted(packet, time)
        if line is None:
            return
        if self._since - time > NEARLY_IN_ORDER:
            raise DamagedPacketError("time stamps jump back")
        yield from self.until(time)
        if self._shown and self._since < time:
            yield self._joined(time)
        self._since = max(self._since, time)
        self._shown = [each for each in self._shown if each.end is not None] + [line]

    def until(self, time: Fraction) -> Iterator[Packet[Stream]]:
        """Write what was shown, up to the last change until then."""
        while ends := [each.end for each in self._shown if each.end and each.end <= time]:
            end = min(ends)
            if end > self._since:
                yield self._joined(end)
            self._shown = [each for each in self._shown if each.end is None or each.end > end]

    def rest(self) -> Iterator[Packet[Stream]]:
        """Write what is still shown at the end."""
        yield from self.until(
            max((each.end for each in self._shown if each.end), default=self._since)
        )
        if self._shown:
            yield self._joined(self._since)

    def _joined(self, end: Fraction) -> Packet[Stream]:
        """All that is shown, from where the last one ended."""
        begin, self._since = self._since, end
        texts = [each.text for each in self._shown]
        if len(texts) == 1:
            return self._packed(texts[0], begin, end)
        words = b"\n".join(text[_TEXT : _TEXT + int.from_bytes(text[:_TEXT])] for text in texts)
        return self._packed(len(words).to_bytes(_TEXT) + words, begin, end)


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
    output.time_base = _SUBTITLE_TICK
    opened = output.codec_context
    if not isinstance(opened, SubtitleCodecContext):
        return None
    source.codec_context.open(strict=False)
    opened.subtitle_header = source.codec_context.subtitle_header
    kind = FlatSubtitle if encoder == "mov_text" else ConvertedSubtitle
    return kind(source, output, opened, offset)
