"""Waiting for another thread: its events are reported meanwhile, and nothing of it is lost."""

import pytest

from stylize.pipeline.events import Notice, Outbox
from stylize.pipeline.run_attended import Attended, attended


def _worded(outbox, words):
    for word in words:
        outbox.notify(word)
        yield word


def test_what_an_item_leaves_is_reported_before_the_item_is_given():
    said = []
    outbox = Outbox(said.append)
    with Attended(_worded(outbox, "abc"), depth=1, outbox=outbox) as items:
        for index, item in enumerate(items):
            assert item == "abc"[index]
            assert Notice(item) in said
    assert said == [Notice(word) for word in "abc"]


def test_events_may_be_delivered_in_between():
    outbox = Outbox(lambda event: None)
    taken = []
    with Attended(_worded(outbox, "abcdefgh"), depth=8, outbox=outbox) as items:
        for item in items:
            taken.append(item)
            outbox.deliver()  # the thread may be far ahead
    assert "".join(taken) == "abcdefgh"


def test_an_error_is_raised_in_its_turn():
    outbox = Outbox(lambda event: None)

    def broken():
        yield 1
        raise ValueError("the second")

    with Attended(broken(), depth=2, outbox=outbox) as items:
        assert next(items) == 1
        with pytest.raises(ValueError, match="the second"):
            next(items)


def test_leaving_early_closes_the_items():
    outbox, closed = Outbox(lambda event: None), []

    def endless():
        try:
            while True:
                yield 1
        finally:
            closed.append(True)

    with Attended(endless(), depth=1, outbox=outbox) as items:
        next(items)
    assert closed == [True]


def test_nothing_is_an_end_at_once():
    outbox = Outbox(lambda event: None)
    with Attended([], depth=1, outbox=outbox) as items:
        assert list(items) == []


def test_a_download_ends_with_what_waits_for_it():
    removed = []

    def interrupted(_event):
        raise KeyboardInterrupt

    outbox = Outbox(interrupted)

    def fetch():
        try:
            while True:
                outbox.download(1, 2)
        finally:
            removed.append("what is there of the file")

    with pytest.raises(KeyboardInterrupt):
        attended(fetch, outbox)
    assert removed
