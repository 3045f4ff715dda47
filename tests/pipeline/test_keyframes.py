"""Key frames: what may be asked for, in one line what may not, and which frames it means."""

from fractions import Fraction
from pathlib import Path

import pytest

from stylize.pipeline.errors import SettingsError
from stylize.pipeline.keyframes import (
    ENOUGH,
    FURTHEST,
    SOONEST,
    KeyChooser,
    Keyframes,
    read_keyframes,
    refuse_outside,
)
from stylize.pipeline.values import Colour, Film, Span

ALLOWED = "keyframes must be auto, every:N with N from 1 to 48, or rising times such as 0,2.5,0:07"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("auto", Keyframes()),
        ("every:1", Keyframes(every=1)),
        ("every:48", Keyframes(every=48)),
        ("3", Keyframes(times=(Fraction(3),))),
        ("0,2.5,0:07", Keyframes(times=(Fraction(0), Fraction(5, 2), Fraction(7)))),
        ("0, 1:00.25", Keyframes(times=(Fraction(0), Fraction(241, 4)))),
    ],
)
def test_what_may_be_asked_for_is_read(text, found):
    assert read_keyframes(text) == found


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("every:0", "N is 0"),
        ("every:49", "N is 49"),
        ("", "'' is no time (seconds: 12.5, or a clock time: 1:02:03.5)"),
        ("1,", "'' is no time (seconds: 12.5, or a clock time: 1:02:03.5)"),
        ("every:-1", "'every:-1' is no time (seconds: 12.5, or a clock time: 1:02:03.5)"),
        ("always", "'always' is no time (seconds: 12.5, or a clock time: 1:02:03.5)"),
        ("3,2", "0:02 does not come after 0:03"),
        ("1,1.0", "0:01 does not come after 0:01"),
    ],
)
def test_what_may_not_is_refused_in_one_line_that_says_why(text, why):
    with pytest.raises(SettingsError) as refused:
        read_keyframes(text)
    assert str(refused.value) == f"{ALLOWED} (got {text!r}: {why})"


def _film(duration):
    return Film(
        path=Path("holiday.mp4"), width=4, height=4, time_base=Fraction(1, 25), rate=Fraction(25),
        frames=None, duration=duration, pixel_aspect=Fraction(1), colour=Colour(), has_alpha=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("span", "message"),
    [
        (Span(), r"none can be at 0:07: holiday\.mp4 ends before, at 0:06\.5"),
        (Span(start=Fraction(1)), r"none can be at 0:00\.5, outside the part that is painted"),
        (Span(end=Fraction(2)), r"none can be at 0:02, outside the part that is painted"),
    ],
)
def test_times_outside_the_film_or_the_part_are_refused(span, message):
    keyframes = Keyframes(times=(Fraction(1, 2), Fraction(2), Fraction(7)))
    with pytest.raises(SettingsError, match=f"^keyframes: {message}$"):
        refuse_outside(keyframes, _film(Fraction(13, 2)), span)


def test_a_film_that_does_not_say_how_long_it_is_takes_any_time():
    refuse_outside(Keyframes(times=(Fraction(7),)), _film(None), Span())
    refuse_outside(Keyframes(), _film(Fraction(1)), Span(start=Fraction(3)))


def _chosen(keyframes, shown, *, rate=25):
    """Numbers of the frames that are chosen in a shot that shows so much of its last key frame."""
    chooser, since, found = KeyChooser(keyframes, origin=Fraction(3)), None, []
    for index, share in enumerate(shown):
        since = None if since is None else since + 1
        if chooser.wants(3 + Fraction(index + 1) / rate, since=since, shown=share):
            found.append(index)
            since = 0
    return found


def test_counted_frames_are_counted_from_the_beginning_of_the_shot():
    assert _chosen(Keyframes(every=4), [1.0] * 10) == [0, 4, 8]
    assert _chosen(Keyframes(every=1), [0.0] * 3) == [0, 1, 2]


def test_a_named_time_means_the_frame_that_is_shown_then():
    times = (Fraction(0), Fraction(1, 10), Fraction(11, 100), Fraction(1, 5))
    assert _chosen(Keyframes(times=times), [1.0] * 9) == [0, 2, 5]
    assert _chosen(Keyframes(times=(Fraction("0.79"),)), [1.0] * 20) == [19]


def test_a_frame_is_found_by_the_name_that_its_picture_has():
    rate = Fraction(24000, 1001)
    for index in range(1, 10):
        named = Fraction(round(index / rate * 1000), 1000)
        assert _chosen(Keyframes(times=(named,)), [1.0] * 10, rate=rate) == [index]


def test_times_that_never_come_are_known():
    chooser = KeyChooser(Keyframes(times=(Fraction(1), Fraction(2), Fraction(3))))
    assert chooser.wants(Fraction(3, 2), since=None, shown=0.0)
    assert not chooser.wants(Fraction(2), since=1, shown=1.0)
    assert chooser.left == (2, 3)
    assert KeyChooser(Keyframes(every=2)).left == ()


def test_by_itself_a_key_frame_comes_when_enough_has_changed():
    shown = [1.0] * 20 + [ENOUGH - 0.01] + [1.0] * 5
    assert _chosen(Keyframes(), shown) == [0, 20]


def test_by_itself_key_frames_come_neither_too_soon_nor_too_late():
    assert _chosen(Keyframes(), [0.0] * (2 * SOONEST + 1)) == [0, SOONEST, 2 * SOONEST]
    assert _chosen(Keyframes(), [1.0] * (FURTHEST + 2)) == [0, FURTHEST]
