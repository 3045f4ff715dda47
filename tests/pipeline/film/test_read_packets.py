"""Packets tell where a key frame is and when frames end, without being decoded."""

from dataclasses import dataclass
from fractions import Fraction

import av
import pytest

from stylize.pipeline.film.read_packets import end_of_frames, packets_before
from stylize.pipeline.film.read_video import probe_video, read_video
from stylize.pipeline.film.video_source import VideoSource


@dataclass
class Packet:
    pts: int | None
    dts: int | None
    is_keyframe: bool = False
    time_base: Fraction = Fraction(1, 25)


def stored(*numbers, keys=()):
    """Packets in this order of presentation, decoded one tick after another."""
    delay = max(place - number for place, number in enumerate(numbers))
    return [
        Packet(number, place - delay, is_keyframe=number in keys)
        for place, number in enumerate(numbers)
    ]


def times(path):
    film = probe_video(path, notify=pytest.fail)
    return [frame.time for frame in read_video(film, notify=lambda _: None)]


@pytest.mark.parametrize("name", ["film.mkv", "film.mp4", "film.avi", "film.flv"])
@pytest.mark.parametrize("since", [None, 4, 13])
def test_frames_end_where_the_next_one_begins(tmp_path, name, since):
    path = tmp_path / name
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"g": "12"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(30):
            frame = av.VideoFrame(64, 48, "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    shown = times(path)
    begin, left = (None, shown) if since is None else (shown[since], shown[since:])
    with VideoSource(path) as source:
        found = [source.end_of(count, since=begin) for count in range(1, len(left) + 2)]
    assert found == [*left[1:], None, None]


def test_frames_that_are_stored_before_others_end_later():
    packets = stored(0, 4, 2, 1, 3, 8, 6, 5, 7)
    found = [end_of_frames(packets, count, since=Fraction(1, 25)) for count in range(1, 9)]
    assert found == [*(Fraction(number, 25) for number in range(2, 9)), None]


def test_no_more_is_read_than_tells_the_end():
    packets = iter(stored(*range(100)))
    assert end_of_frames(packets, 10, since=None) == Fraction(10, 25)
    assert next(packets).pts == 11


def test_a_key_frame_is_found_by_the_packets_before_it():
    packets = stored(0, 3, 1, 2, 4, 7, 5, 6, 8, keys=(0, 4, 8))
    found = [packets_before(packets, Fraction(number, 25)) for number in range(9)]
    assert found == [0, 0, 0, 0, 4, 4, 4, 4, 8]


@pytest.mark.parametrize("begin", [0, 30, 5_000_000], ids=["back", "half back", "far ahead"])
def test_no_key_frame_is_found_beyond_where_recordings_were_joined(begin):
    one, two = stored(*range(40, 80), keys=(40, 52)), stored(*range(90), keys=(0, 24))
    for packet in two:
        packet.pts, packet.dts = packet.pts + begin, packet.dts + begin
    assert packets_before([*one, *two], Fraction(60, 25)) == 12
    assert packets_before([*one, *two], Fraction(81, 25)) is None
    assert packets_before(one, Fraction(39, 25)) is None
