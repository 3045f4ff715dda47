"""Parts of films: which there can be, and how many frames they have."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from stylize.pipeline.errors import SettingsError
from stylize.pipeline.spans import checked_span, expected_frames
from stylize.pipeline.values import Colour, Film, Span


@pytest.fixture
def film() -> Film:
    """Four seconds of 25 frames."""
    return Film(
        path=Path("a.mp4"),
        width=64,
        height=48,
        time_base=Fraction(1, 25),
        rate=Fraction(25),
        frames=100,
        duration=Fraction(4),
        pixel_aspect=Fraction(1),
        colour=Colour(),
        has_alpha=False,
    )


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (Span(start=Fraction(-1)), r"start must not be negative \(got -1 s\)"),
        (Span(end=Fraction(0)), r"end must lie after start \(got 0 s\)"),
        (Span(Fraction(2), Fraction(3, 2)), r"end must lie after start \(got 1.5 s\)"),
        (Span(frames=0), r"frames must be 1 or more \(got 0\)"),
        (Span(frames=2.5), r"frames must be 1 or more \(got 2.5\)"),  # type: ignore[arg-type]
        (Span("0:01"), r"start must be a number of seconds \(got '0:01'\)"),  # type: ignore[arg-type]
        (Span(end="2"), r"end must be a number of seconds \(got '2'\)"),  # type: ignore[arg-type]
    ],
)
def test_a_part_that_cannot_be_is_refused(span: Span, said: str):
    with pytest.raises(SettingsError, match=said):
        checked_span(span)


@pytest.mark.parametrize(
    ("span", "frames"),
    [
        (Span(), 100),
        (Span(start=Fraction(1)), 75),
        (Span(start=Fraction(1), end=Fraction(3, 2)), 13),
        (Span(end=Fraction(9)), 100),
        (Span(start=Fraction(9)), 0),
        (Span(start=Fraction(1), frames=30), 30),
        (Span(start=Fraction(3), frames=30), 25),
    ],
)
def test_a_part_has_about_so_many_frames(film: Film, span: Span, frames: int):
    assert checked_span(span) is span
    assert expected_frames(film, span) == frames
    assert expected_frames(replace(film, frames=None), span) is None
