"""Time stamps: kept where they are sound, repaired where they are not, never a frame lost."""

import itertools
from dataclasses import dataclass
from fractions import Fraction

import pytest

from stylize.pipeline.film.frame_times import FAR_AHEAD, OUT_OF_ORDER, timed


@dataclass
class Stamp:
    pts: int | None
    duration: int = 0


def _read(stamps, *, time_base=Fraction(1, 100), rate=Fraction(25), late=1):
    repairs = []
    frames = [s if isinstance(s, Stamp) else Stamp(s) for s in stamps]
    result = list(
        timed(iter(frames), time_base=time_base, rate=rate, repaired=repairs.append, late=late)
    )
    assert [moment.frame for moment in result] == frames
    for one, two in itertools.pairwise(result):
        assert one.time + one.duration == two.time
    ticks = [moment.time / time_base for moment in result]
    return ticks, [moment.duration / time_base for moment in result], repairs


def test_uneven_times_and_a_late_start_are_kept():
    ticks, durations, repairs = _read([700, 704, 705, 799])
    assert ticks == [700, 704, 705, 799]
    assert durations[:3] == [4, 1, 94]
    assert not repairs


def test_odd_rates_are_exact():
    result = timed(
        iter([Stamp(0, 1001), Stamp(1001, 1001), Stamp(2002, 1001)]),
        time_base=Fraction(1, 24000),
        rate=Fraction(24000, 1001),
        repaired=pytest.fail,
    )
    assert [moment.time for moment in result] == [Fraction(1001 * n, 24000) for n in range(3)]


def test_the_last_frame_lasts_as_long_as_it_says():
    assert _read([Stamp(0, 10), Stamp(10, 10), Stamp(20, 300)])[1] == [10, 10, 300]


def test_a_last_frame_with_a_doubtful_duration_lasts_as_long_as_its_neighbour():
    assert _read([Stamp(0, 1), Stamp(40, 1), Stamp(80, 1)])[1] == [40, 40, 40]
    assert _read([0, 40, 80])[1] == [40, 40, 40]


def test_a_last_frame_that_was_the_last_packet_is_believed():
    stamps = [Stamp(0, 9), Stamp(40, 9), Stamp(80, 25)]
    *_, last = timed(
        iter(stamps),
        time_base=Fraction(1, 100),
        rate=Fraction(25),
        repaired=pytest.fail,
        is_last_packet=lambda stamp: stamp.pts == 80,
    )
    assert last.duration == Fraction(25, 100)


def test_a_single_frame_lasts_as_long_as_it_says_or_as_the_rate_says():
    assert _read([Stamp(5, 7)])[:2] == ([5], [7])
    assert _read([5])[:2] == ([5], [4])


def test_no_frames_are_no_frames():
    assert _read([]) == ([], [], [])


def test_missing_times_follow_from_durations_and_else_from_the_rate():
    assert _read([None, None, None])[0] == [0, 4, 8]
    assert _read([Stamp(None, 3), Stamp(None, 3), Stamp(None, 3)])[0] == [0, 3, 6]
    assert _read([20, None, 28])[0] == [20, 24, 28]


def test_neighbours_with_their_times_exchanged_get_them_exchanged_again():
    ticks, durations, repairs = _read([1, 2, 4, 3, 5, 7, 6, 8])
    assert ticks == [1, 2, 3, 4, 5, 6, 7, 8]
    assert durations == [1] * 8
    assert repairs == [OUT_OF_ORDER] * 2


@pytest.mark.parametrize(
    "stamps",
    [
        [1, 4, 3, 5, 2, 8, 7, 9, 6, 10],
        [1, 4, 5, 6, 7, 8, 9, 10, 3, 11, 12, 13, 14, 15, 16, 17, 18, 2],
        [2, 1],
    ],
    ids=["three late", "sixteen late", "two frames"],
)
@pytest.mark.parametrize("time_base", [Fraction(1, 25), Fraction(1)])
def test_times_that_come_many_frames_late_are_put_in_order(stamps, time_base):
    ticks, durations, repairs = _read(stamps, time_base=time_base, rate=1 / time_base, late=16)
    assert ticks == sorted(stamps)
    assert durations == [1] * len(stamps)
    assert set(repairs) == {OUT_OF_ORDER}


def test_rising_times_stay_as_they_are_however_late_they_may_come():
    stamps = [700, 704, 705, 799, *range(900, 1300, 7)]
    ticks, _, repairs = _read(stamps, late=16)
    assert ticks == stamps
    assert not repairs


def test_equal_times_are_one_tick_apart():
    assert _read([0, 0, 0, 10])[0] == [0, 1, 2, 10]


def test_a_small_step_back_moves_no_other_frame():
    assert _read([0, 40, 80, 30, 120, 160])[0] == [0, 40, 80, 81, 120, 160]


def test_after_a_long_jump_back_time_goes_on():
    ticks, _, repairs = _read([Stamp(t, 4) for t in (500, 504, 508, 0, 4, 8)])
    assert ticks == [500, 504, 508, 512, 516, 520]
    assert repairs == [OUT_OF_ORDER]


def test_after_a_jump_ahead_by_hours_time_goes_on():
    late = 40_000 * 100
    ticks, durations, repairs = _read([Stamp(t, 4) for t in (500, 504, late, late + 4, late + 90)])
    assert ticks == [500, 504, 508, 512, 598]
    assert durations == [4, 4, 4, 86, 86]
    assert repairs == [FAR_AHEAD]


def test_a_time_far_ahead_of_all_others_moves_none_of_them():
    ticks, _, repairs = _read([Stamp(t, 4) for t in (0, 4, 8_000_000, 12, 16)])
    assert ticks == [0, 4, 8, 12, 16]
    assert repairs == [FAR_AHEAD, OUT_OF_ORDER]


@pytest.mark.parametrize(
    ("pause", "said"), [(50 * 60, 4), (3 * 3600, 3 * 3600 * 100)], ids=["silent", "as it says"]
)
def test_a_long_pause_is_kept_where_it_may_be_meant(pause, said):
    stamps = [Stamp(0, 4), Stamp(4, said), Stamp(4 + pause * 100, 4)]
    ticks, _, repairs = _read(stamps)
    assert ticks == [0, 4, 4 + pause * 100]
    assert not repairs


@pytest.mark.parametrize("late", [1, 16])
@pytest.mark.parametrize("seed", range(5))
def test_whatever_the_stamps_times_increase_strictly(seed, late):
    state = seed
    stamps = []
    for _ in range(50):
        state = (state * 1103515245 + 12345) % (1 << 31)
        stamps.append(None if state % 7 == 0 else state % 60 - 20)
    ticks = _read(stamps, late=late)[0]
    assert all(one < two for one, two in itertools.pairwise(ticks))
