"""Joined recordings: where the picture's time stamps jump, those of the other tracks follow it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from .frame_times import JUMP_AHEAD, JUMP_BACK

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.stream import VideoStream

_MAY_JUMP = 0x200
"""FFmpeg's flag of formats whose time stamps may begin anew on the way (AVFMT_TS_DISCONT)."""

_MOST_HELD = 500
"""Packets that wait for the picture to jump, too: ten seconds of sound. Where it does not, the
track's own time stamps are damaged, and stay as they are."""

APART = Fraction(2)
"""Seconds: the tracks of a transport stream lie this far apart in the file at most."""


def may_be_joined(container: InputContainer) -> bool:
    """Whether recordings, each with a clock of its own, may follow one another in such a file.

    There a time stamp does not tell the place in the film, and so FFmpeg's seeking leads into any
    of them; and the duration that FFmpeg makes of the last time stamp is that of one of them.
    """
    return bool(container.format.flags & _MAY_JUMP)


def joined(
    packets: Iterable[Packet[Stream]], *, picture: VideoStream | None
) -> Iterator[Packet[Stream]]:
    """Move each recording in a file by what `frame_times` moves its pictures by.

    Where recordings were joined, their tracks begin anew at the same place in the file, give or
    take some packets. All of them are moved alike, so that sound and picture stay together.

    Args:
        packets: of all tracks, in the order of the file.
        picture: the track whose frames are painted; None: nothing is moved.

    Yields:
        All packets that hold something but the picture's.
    """
    recordings = _Recordings(picture)
    held: deque[tuple[Packet[Stream], int]] = deque()
    for packet in packets:
        if not packet.size:
            continue
        if picture is not None and packet.stream_index == picture.index:
            recordings.follow(packet)
        else:
            held.append((packet, recordings.number(packet)))
        while held and (recordings.knows(held[0][1]) or len(held) > _MOST_HELD):
            yield recordings.moved(*held.popleft())
    recordings.settle()
    for each in held:
        yield recordings.moved(*each)


def end_of(packets: Iterable[Packet[VideoStream]], *, picture: VideoStream) -> Fraction | None:
    """When the last picture of all recordings has gone, in seconds on the clock of the first.

    Args:
        packets: of the picture, in the order of the file.
        picture: their track.

    Returns:
        None if no packet says when it is shown.
    """
    recordings = _Recordings(picture)
    for packet in packets:
        recordings.follow(packet)
    recordings.settle()
    return recordings.end


@dataclass(slots=True)
class _Place:
    """Where a track is: in which recording, and when its last packet there begins and ends."""

    recording: int
    begin: Fraction
    end: Fraction

    def jumps_to(self, time: Fraction) -> bool:
        return time < self.begin - JUMP_BACK or time > self.end + JUMP_AHEAD


class _Recordings:
    """What is known of the recordings in a file, counted from 0."""

    def __init__(self, picture: VideoStream | None) -> None:
        rate = picture.average_rate if picture is not None else None
        self._step = 1 / rate if rate else Fraction(0)
        self._moves = [Fraction(0)]  # of each recording that the picture has come to
        self._places: dict[int, _Place] = {}
        self._shown: _Place | None = None  # the picture's: its decoding time and its latest end
        self._first: Fraction | None = None  # the earliest picture of a recording just begun
        self._goes_on = Fraction(0)  # when that one is to be shown
        self._begun = Fraction(0)  # the decoding time at which the picture's recording began
        self._alone = 0  # a recording of which all tracks must be: the one before lies far behind

    def follow(self, packet: Packet[Stream] | Packet[VideoStream]) -> None:
        """Take notice of a packet of the picture."""
        tick, pts, dts = packet.time_base, packet.pts, packet.dts
        if pts is None or dts is None:
            return
        # Pictures are stored in another order than they are shown in.
        shown, decoded = pts * tick, dts * tick
        end = shown + (packet.duration * tick if packet.duration else self._step)
        place = self._shown
        if place is None:
            self._shown = _Place(0, decoded, end)
        elif place.jumps_to(decoded):
            self.settle()
            self._goes_on = place.end + self._moves[-1]
            self._first, self._begun = shown, decoded
            self._shown = _Place(place.recording + 1, decoded, end)
        else:
            place.begin, place.end = decoded, max(place.end, end)
            if decoded - self._begun > APART:
                self._alone = place.recording
        if self._first is not None:
            self._first = min(self._first, shown)
            if self._first <= decoded:  # none that is shown earlier can follow
                self.settle()

    def settle(self) -> None:
        """Settle how far the recording that has just begun is moved."""
        if self._first is not None:
            self._moves.append(self._goes_on - self._first)
            self._first = None

    @property
    def end(self) -> Fraction | None:
        """When the pictures so far end, on the clock of the first recording."""
        return None if self._shown is None else self._shown.end + self._moves[-1]

    def number(self, packet: Packet[Stream]) -> int:
        """Find out which recording a packet of another track is of."""
        place = self._places.get(packet.stream_index)
        recording = self._alone if place is None else max(place.recording, self._alone)
        if packet.pts is None:
            return recording
        begin = packet.pts * packet.time_base
        if place is not None and place.jumps_to(begin):
            recording = max(place.recording + 1, self._alone)
        end = begin + (packet.duration or 0) * packet.time_base
        self._places[packet.stream_index] = _Place(recording, begin, end)
        return recording

    def knows(self, recording: int) -> bool:
        """Whether it is known how far a recording is moved."""
        return recording < len(self._moves)

    def moved(self, packet: Packet[Stream], recording: int) -> Packet[Stream]:
        """Move a packet's time stamps."""
        ticks = round(self._moves[min(recording, len(self._moves) - 1)] / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts + ticks
        packet.dts = None if packet.dts is None else packet.dts + ticks
        return packet
