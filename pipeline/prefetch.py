"""The one place with threads: run an iterator ahead of its consumer, through a bounded queue."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from threading import Condition, Thread
from types import TracebackType
from typing import Generic, Self, TypeVar

from .events import HEARS_AFTER_SECONDS

T = TypeVar("T")

PATIENCE_SECONDS = 0.4
"""How long `close` waits for the thread: an interrupted job must end within two seconds, and a
job chains up to four of them. No thread writes files, so none can leave one half-written."""


class Prefetch(Generic[T]):
    """Iterates over `items` in a thread of its own, at most `depth` items ahead.

    Use it as a context manager: leaving it stops the thread, which closes `items` if that is a
    generator. What `items` raises is raised again, in its turn, in the consumer. Several of them
    may be chained: closing the first wakes whoever waits on it.

    Args:
        items: consumed only in the thread.
        depth: how many finished items may wait; bounds the memory.
        large: whether an item is so large that no other is made while it waits.
    """

    def __init__(
        self, items: Iterable[T], *, depth: int, large: Callable[[T], bool] = lambda _: False
    ) -> None:
        self._items = items
        self._depth = depth
        self._large = large
        self._ready: deque[T] = deque()
        self._failure: BaseException | None = None
        self._ended = False
        self._stopped = False
        self._changed = Condition()
        # A daemon: should one stage be deep in a long computation, the program may still end.
        self._thread = Thread(target=self._run, name="prefetch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        with self._changed:
            while not self._changed.wait_for(self._has_news, HEARS_AFTER_SECONDS):
                pass
            if self._ready and not self._stopped:
                item = self._ready.popleft()
                self._changed.notify_all()
                return item
            if self._failure is not None:
                failure, self._failure = self._failure, None
                raise failure
            raise StopIteration

    def close(self) -> None:
        """Stop after the item in the making, drop what waits, and wait a moment for the thread."""
        with self._changed:
            self._stopped = True
            self._ready.clear()
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join(PATIENCE_SECONDS)

    def _run(self) -> None:
        iterator = iter(self._items)
        try:
            while self._wait_for_room():
                try:
                    item = next(iterator)
                except StopIteration:
                    break
                self._offer(item)
        except BaseException as error:  # noqa: BLE001 - handed to the consumer, whatever it is
            self._failure = error
        finally:
            close = getattr(iterator, "close", None)
            if close is not None:
                close()
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _wait_for_room(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._has_room())
            return not self._stopped

    def _has_news(self) -> bool:
        return bool(self._ready) or self._ended or self._stopped

    def _has_room(self) -> bool:
        return len(self._ready) < self._depth and not any(map(self._large, self._ready))

    def _offer(self, item: T) -> None:
        with self._changed:
            if not self._stopped:
                self._ready.append(item)
            self._changed.notify_all()
