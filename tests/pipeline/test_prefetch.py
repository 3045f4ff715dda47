"""Running ahead in a thread: order, bounds, errors and ends."""

import time
from collections.abc import Iterator
from threading import Event, active_count, current_thread

import pytest

from stylize.pipeline.prefetch import Prefetch


def test_items_come_in_order():
    with Prefetch(range(100), depth=3) as items:
        assert list(items) == list(range(100))


def test_the_work_is_done_in_another_thread():
    names = (current_thread().name for _ in range(1))
    with Prefetch(names, depth=1) as items:
        assert list(items) != [current_thread().name]


def test_no_more_than_depth_items_are_made_ahead():
    made: list[int] = []
    full = Event()

    def make() -> Iterator[int]:
        for i in range(10):
            made.append(i)
            if len(made) == 3:
                full.set()
            yield i

    with Prefetch(make(), depth=2) as items:
        assert next(items) == 0
        assert full.wait(5)
        assert len(made) <= 4  # one taken, two waiting, at most one in the making


def test_while_a_large_item_waits_no_other_is_made():
    made: list[int] = []

    def make() -> Iterator[int]:
        for i in range(6):
            made.append(i)
            yield i

    with Prefetch(make(), depth=4, large=lambda item: item % 2 == 1) as items:
        for item in items:
            time.sleep(0.05)
            # A small one lets the large one after it be made, and that one nothing.
            assert max(made) <= item + (2 if item % 2 == 1 else 1)
    assert len(made) == 6


def test_an_error_comes_after_the_items_before_it():
    def fail() -> Iterator[int]:
        yield 1
        raise ValueError("no second one")

    with Prefetch(fail(), depth=4) as items:
        assert next(items) == 1
        with pytest.raises(ValueError, match="no second one"):
            next(items)
        assert list(items) == []


def test_leaving_early_closes_the_source_and_ends_the_thread():
    closed = Event()

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    before = active_count()
    with Prefetch(endless(), depth=2) as items:
        next(items)
    assert closed.is_set()
    assert active_count() == before


def test_closing_the_first_of_a_chain_wakes_the_second():
    never = Event()

    def slow() -> Iterator[int]:
        yield 1
        never.wait(30)
        yield 2

    first = Prefetch(slow(), depth=1)
    with first, Prefetch(iter(first), depth=1) as second:
        assert next(second) == 1
        never.set()
        first.close()
        assert list(second) in ([], [2])


def test_closing_before_the_start_is_harmless():
    Prefetch([1], depth=1).close()
