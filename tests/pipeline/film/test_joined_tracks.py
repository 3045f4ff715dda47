"""Joined recordings: every track moves as the picture does, and a damaged track alone does not."""

from dataclasses import dataclass
from fractions import Fraction
from types import SimpleNamespace

import pytest

from stylize.pipeline.film.joined_tracks import joined

PICTURE, SOUND, TEXT = range(3)
FILM = SimpleNamespace(index=PICTURE, average_rate=Fraction(25))


@dataclass
class Packet:
    stream_index: int
    pts: int | None
    dts: int | None
    duration: int = 4
    size: int = 1
    time_base: Fraction = Fraction(1, 100)


def recording(begin, *, frames=100, texts=()):
    """Four seconds of picture and sound in hundredths of a second."""
    for tick in range(begin, begin + 4 * frames, 4):
        yield Packet(PICTURE, tick, tick)
        yield Packet(SOUND, tick + 1, tick + 1)
        if tick - begin in texts:
            yield Packet(TEXT, tick + 2, tick + 2)


def times(packets, track=SOUND, *, picture=FILM):
    found = list(joined(iter(packets), picture=picture))
    return [packet.pts for packet in found if packet.stream_index == track]


@pytest.mark.parametrize("begin", [0, 200, 5_000_000], ids=["back", "half back", "far ahead"])
def test_sound_goes_on_where_the_picture_does(begin):
    packets = [*recording(1000), *recording(begin)]
    assert times(packets) == list(range(1001, 1801, 4))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)], ids=["early", "late"])
def test_sound_that_is_stored_beyond_the_seam_moves_with_its_own_recording(order):
    one, two = list(recording(1000)), list(recording(0))
    sound, picture, other = one.pop(), two.pop(0), two.pop(0)
    between = [(sound, other, picture)[place] for place in order]
    assert times([*one, *between, *two]) == list(range(1001, 1801, 4))


def test_pictures_that_are_shown_before_the_first_one_that_is_stored_count():
    leading = [Packet(PICTURE, tick, dts) for tick, dts in ((8, -4), (0, 0), (4, 4))]
    packets = [*recording(1000), *leading, Packet(SOUND, 1, 1)]
    assert times(packets)[-1] == 1401


def test_a_seldom_track_moves_although_its_own_time_stamps_do_not_jump():
    packets = [*recording(0, texts=[40]), *recording(0, texts=[240])]
    assert times(packets, TEXT) == [42, 642]


def test_a_track_that_jumps_alone_stays_as_it_is():
    packets = list(recording(1000, frames=1000))
    packets[101].pts = packets[101].dts = 0
    expected = list(range(1001, 5001, 4))
    expected[50] = 0
    assert times(packets) == expected


def test_without_a_picture_nothing_is_moved():
    packets = [packet for packet in recording(1000) if packet.stream_index == SOUND]
    packets += [Packet(SOUND, 1, 1), Packet(SOUND, None, None), Packet(SOUND, 9, 9, size=0)]
    assert times(packets, picture=None) == [*range(1001, 1401, 4), 1, None]


def test_the_pictures_own_packets_and_empty_ones_do_not_come_out():
    packets = [*recording(0), Packet(SOUND, None, None, size=0)]
    assert times(packets, PICTURE) == []
    assert len(times(packets)) == 100
