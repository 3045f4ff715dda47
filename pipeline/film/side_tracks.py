"""Tracks beside the picture: what each kind keeps to, and those that are copied.

Times are seconds of the source; a track shifts them to the target's clock.
"""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import av
from av.audio.stream import AudioStream

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet
    from av.stream import Stream

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
