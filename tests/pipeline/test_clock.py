"""Times are read exactly as they are written, and shown as a clock shows them."""

from fractions import Fraction

import pytest

from stylize.pipeline.clock import clock, read_time
from stylize.pipeline.errors import SettingsError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", Fraction(90)),
        ("0.1", Fraction(1, 10)),
        (".5", Fraction(1, 2)),
        ("1:30", Fraction(90)),
        ("90:00", Fraction(5400)),
        ("1:02:03.5", Fraction(7447, 2)),
        ("00:00:12.001", Fraction(12001, 1000)),
    ],
)
def test_seconds_and_clock_times_are_read_exactly(text: str, seconds: Fraction):
    assert read_time(text) == seconds


@pytest.mark.parametrize("text", ["", "-1", "soon", "1:2:3:4", "1:", "1e3", "nan"])
def test_what_is_no_time_is_refused_with_the_forms_allowed(text: str):
    with pytest.raises(SettingsError, match=r"is no time \(seconds: 12\.5, or a clock time: 1:02"):
        read_time(text)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (Fraction(0), "0:00"),
        (Fraction(12), "0:12"),
        (Fraction(1, 3), "0:00.333"),
        (Fraction(5999, 100), "0:59.99"),
        (Fraction(119_9999, 10_000), "2:00"),
        (Fraction(7447, 2), "1:02:03.5"),
        (Fraction(-5), "-0:05"),
    ],
)
def test_a_time_is_shown_as_a_clock_shows_it(seconds: Fraction, shown: str):
    assert clock(seconds) == shown
