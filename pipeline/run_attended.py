"""Part of the runs: do something long in another thread, and report what it leaves as it comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from .events import Outbox
from .prefetch import Prefetch

T = TypeVar("T")


def attended(work: Callable[[], T], outbox: Outbox) -> T:
    """What the work returns or raises; deep in a computation the main thread hears no Ctrl-C."""

    def watched() -> T:
        try:
            return work()
        finally:
            outbox.end()

    with Prefetch((watched() for _ in range(1)), depth=1) as results:
        outbox.deliver_until_end()
        return next(results)
