"""What the packets of a film's picture tell without being decoded: where and when frames are."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING

from .frame_times import JUMP_AHEAD

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.stream import VideoStream


def packets_before(packets: Iterable[Packet[VideoStream]], time: Fraction) -> int | None:
    """Count the packets before the last key frame at or before `time`.

    None if there is no such frame, or if a recording is joined to another before `time`: then only
    decoding what lies before tells where a frame is.
    """
    found, last = None, None
    for number, packet in enumerate(packets):
        tick = packet.time_base
        if packet.dts is not None:
            decoded = packet.dts * tick
            if last is not None and not last <= decoded <= last + JUMP_AHEAD:
                return None
            if decoded > time:
                break
            last = decoded
        if packet.is_keyframe and packet.pts is not None and packet.pts * tick <= time:
            found = number
    return found


def end_of_frames(
    packets: Iterable[Packet[VideoStream]], frames: int, *, since: Fraction | None
) -> Fraction | None:
    """When so many frames have gone, in seconds: when the one after them is shown.

    Args:
        packets: in the order of the file.
        frames: how many.
        since: those before are not counted; None: all are.

    Returns:
        None if there are no more frames than that.
    """
    shown: list[Fraction] = []
    for packet in packets:
        if packet.pts is None:
            continue
        time = packet.pts * packet.time_base
        if since is None or time >= since:
            insort(shown, time)
        del shown[frames + 1 :]
        # No frame is shown before it is decoded: none that is shown earlier can follow.
        decoded = None if packet.dts is None else packet.dts * packet.time_base
        if len(shown) > frames and decoded is not None and decoded >= shown[-1]:
            break
    return shown[frames] if len(shown) > frames else None
