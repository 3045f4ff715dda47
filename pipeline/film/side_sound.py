"""A track of sound that the target's container cannot take as it is: decoded and encoded again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING

import av
from av.audio.stream import AudioStream

from .side_tracks import DamagedPacketError, Track

if TYPE_CHECKING:
    from av.audio.codeccontext import AudioCodecContext
    from av.container import OutputContainer
    from av.packet import Packet
    from av.stream import Stream

_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1"}
_BITS_PER_CHANNEL = {"aac": 96_000, "libopus": 80_000}  # more than listeners can tell apart


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
