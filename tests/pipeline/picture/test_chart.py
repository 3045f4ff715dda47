"""Curves are where their values are, under numbers that a person can read."""

import numpy as np
import pytest
from PIL import ImageColor

from stylize.pipeline.picture.chart import CUT, Curve, chart, clock, nice

SIZE = (600, 300)
BLUE, RED = "#0072b2", "#d55e00"


def drawn(*curves, **options):
    page = chart(curves, size=SIZE, title="Error", **options)
    assert page.size == SIZE
    return np.asarray(page).astype(int)


def near(page, colour, tolerance=60):
    """Where a picture has about this colour, below the legend."""
    found = (np.abs(page - ImageColor.getrgb(colour)).sum(-1) < tolerance).nonzero()
    rows, columns = found
    return rows[rows > 60], columns[rows > 60]


def test_a_constant_is_a_level_line_over_the_whole_width():
    rows, columns = near(drawn(Curve("a", BLUE, [[(0, 2), (10, 2)]])), BLUE)
    assert rows.max() - rows.min() <= 3
    assert columns.max() - columns.min() > 450


def test_larger_values_are_higher_in_proportion_and_the_floor_is_zero():
    page = drawn(Curve("a", BLUE, [[(0, 2), (10, 2)]]), Curve("b", RED, [[(0, 1), (10, 1)]]))
    floor = 300 - 44
    high, low = (floor - near(page, colour)[0].mean() for colour in (BLUE, RED))
    assert high / low == pytest.approx(2, rel=0.02)


def test_a_break_between_runs_is_not_bridged():
    page = drawn(Curve("a", BLUE, [[(0, 1), (4, 1)], [(6, 1), (10, 1)]]))
    columns = set(near(page, BLUE)[1])
    gap = [column for column in range(min(columns), max(columns)) if column not in columns]
    assert len(gap) == pytest.approx(0.2 * (max(columns) - min(columns)), abs=4)


def test_a_single_point_is_a_dot():
    rows, columns = near(drawn(Curve("a", BLUE, [[(3, 1)]])), BLUE)
    assert rows.max() - rows.min() == pytest.approx(6, abs=1)
    assert columns.max() - columns.min() == pytest.approx(6, abs=1)


def test_the_last_curve_is_on_top():
    line = [[(0, 1), (10, 1)]]
    page = drawn(Curve("a", BLUE, line), Curve("b", RED, line))
    assert len(near(page, BLUE)[0]) == 0
    assert len(near(page, RED)[0]) > 400


def test_the_axis_reaches_as_far_as_it_is_told():
    half = near(drawn(Curve("a", BLUE, [[(0, 1), (5, 1)]]), until=10.0), BLUE)[1]
    whole = near(drawn(Curve("a", BLUE, [[(0, 1), (5, 1)]])), BLUE)[1]
    assert half.max() - half.min() == pytest.approx((whole.max() - whole.min()) / 2, abs=3)


def test_a_cut_is_a_dashed_line_where_it_is():
    page = drawn(Curve("a", BLUE, [[(0, 1), (10, 1)]]), cuts=[5])
    rows, columns = near(page, CUT, 30)
    middle = columns[(columns > 200) & (columns < 500) & (rows < 256)]
    assert set(middle) == {(84 + 560) // 2}
    field = 300 - 64 - 44
    assert len(set(rows[columns == 322])) == pytest.approx(field / 2, abs=6)


def test_marks_and_names_are_lettered():
    bare = drawn(Curve("", BLUE, [[(0, 1), (10, 1)]]))
    marked = drawn(Curve("name", BLUE, [[(0, 1), (10, 1)]]), marks=[(5, "A")])
    changed = (bare != marked).any(-1)
    assert changed[44:64, 316:328].any()
    assert changed[30:46, 108:150].any()
    assert not changed[64:].any()


def test_values_of_nothing_and_of_one_moment_can_be_drawn():
    assert len(near(drawn(Curve("a", BLUE, [[(0, 0), (1, 0)]])), BLUE)[0])
    assert len(near(drawn(Curve("a", BLUE, [[(1, 1e-9), (1, 2e-9)]])), BLUE)[0])


@pytest.mark.parametrize(
    ("value", "expected"), [(0.7, 1), (1, 1), (1.2, 2), (21, 25), (0.00026, 0.0005), (990, 1000)]
)
def test_nice_numbers_are_the_next_up(value, expected):
    assert nice(value) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (7.25, "7.25 s"), (0.5, "0.5 s"), (10, "10 s"), (59.999, "1:00"), (67.5, "1:07.5"),
     (3600, "60:00")],
)  # fmt: skip
def test_times_are_read_as_people_write_them(seconds, text):
    assert clock(seconds) == text
