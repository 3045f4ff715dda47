"""Tracks of subtitles in a text format that the target's container takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import av
from av.subtitles.codeccontext import SubtitleCodecContext

from .side_tracks import NEARLY_IN_ORDER, DamagedPacketError, Track

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.subtitles.stream import SubtitleStream

_TEXT = 2
"""Bytes in which a text of MP4 says how long it is; behind it may stand how it looks."""
_SUBTITLE_TICK = Fraction(1, 1000)


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
        line = self.converted(packet, time)
        if line is not None:
            yield self.packed(line.text, line.begin, line.end or line.begin)

    def converted(self, packet: Packet[Stream], time: Fraction) -> _Line | None:
        """What a packet that begins at `time` says, if anything.

        Raises:
            DamagedPacketError: it cannot be converted.
        """
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

    def packed(self, text: bytes, begin: Fraction, end: Fraction) -> Packet[Stream]:
        """A packet that shows a text, in the target's format, between two times."""
        packet: Packet[Stream] = av.Packet(text)
        time_base = self.output.time_base or _SUBTITLE_TICK
        packet.pts = packet.dts = self.tick(begin, time_base)
        packet.duration = round((end - begin) / time_base)
        packet.time_base = time_base
        packet.stream = self.output
        return packet


class FlatSubtitle(Track):
    """For formats that show one text at a time, as MP4's: lines that overlap are joined.

    FFmpeg would show each only when the one before it has gone, and be late from then on.

    Args:
        text: converts each line.
    """

    def __init__(self, text: ConvertedSubtitle) -> None:
        super().__init__(text.output, text.clock.offset)
        self._text = text
        self._shown: list[_Line] = []
        self._since = text.clock.offset

    def take(self, packet: Packet[Stream], time: Fraction) -> Iterator[Packet[Stream]]:
        """Show one line more from here on."""
        line = self._text.converted(packet, time)
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
            return self._text.packed(texts[0], begin, end)
        words = b"\n".join(text[_TEXT : _TEXT + int.from_bytes(text[:_TEXT])] for text in texts)
        return self._text.packed(len(words).to_bytes(_TEXT) + words, begin, end)


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
    converted = ConvertedSubtitle(source, output, opened, offset)
    return FlatSubtitle(converted) if encoder == "mov_text" else converted
