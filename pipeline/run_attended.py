"""Part of the runs: do something long in another thread, and report what it leaves as it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from .events import Outbox
from .prefetch import Prefetch

T = TypeVar("T")


class Attended(Prefetch[T]):
    """Runs an iterator ahead of its consumer, who reports what it leaves while waiting for it.

    Args:
        items: consumed only in a thread of their own.
        depth: how many finished items may wait.
        outbox: what `items` leave events in, and the consumer delivers.
    """

    def __init__(self, items: Iterable[T], *, depth: int, outbox: Outbox) -> None:
        super().__init__(_announced(items, outbox), depth=depth)
        self._outbox = outbox

    def __next__(self) -> T:
        self._outbox.deliver_until_end()
        return super().__next__()


def attended(work: Callable[[], T], outbox: Outbox) -> T:
    """What the work returns or raises; deep in a computation the main thread hears no Ctrl-C."""

    def watched() -> T:
        try:
            return work()
        finally:
            outbox.end()

    with Prefetch((watched() for _ in range(1)), depth=1) as results:
        try:
            outbox.deliver_until_end()
            return next(results)
        except BaseException:
            outbox.call_off()
            raise


def _announced(items: Iterable[T], outbox: Outbox) -> Iterator[T]:
    """The items, each of which wakes whoever waits for it; and so does their end."""
    try:
        for item in items:
            outbox.end()
            yield item
    finally:
        close = getattr(items, "close", None)
        if close is not None:
            close()
        outbox.end()
