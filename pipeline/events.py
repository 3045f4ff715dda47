"""What a job tells while it runs: values for progress bars, logs and other programs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Literal, TypeVar

T = TypeVar("T")

HEARS_AFTER_SECONDS = 0.25 if os.name == "nt" else None
"""How often who waits looks up: on Windows Ctrl-C does not wake it. Elsewhere it need not."""


@dataclass(frozen=True, slots=True)
class Started:
    """A job begins; `total` is how many frames or pictures are expected, None if unknown."""

    source: Path
    target: Path
    look: str
    unit: Literal["frames", "pictures"]
    total: int | None


@dataclass(frozen=True, slots=True)
class Advanced:
    """How many frames or pictures each stage has finished so far."""

    read: int
    painted: int
    written: int


@dataclass(frozen=True, slots=True)
class Stepped:
    """How many of its steps a method that takes many has done on the picture in the making."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Measured:
    """How many frames of a film have been measured so far."""

    frames: int


@dataclass(frozen=True, slots=True)
class Fetched:
    """How many bytes of a file of weights have come so far."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a person should know but that stops nothing."""

    text: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """This one was left as it is, and why."""

    source: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """This one could not be done, and why; the rest goes on."""

    source: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The job is done: how many frames or pictures were written, and in how many seconds."""

    target: Path
    unit: Literal["frames", "pictures"]
    written: int
    skipped: int
    failed: int
    seconds: float


Event = Started | Advanced | Stepped | Measured | Fetched | Notice | Skipped | Failed | Finished
Report = Callable[[Event], None]


Stage = Literal["read", "painted", "written"]


class Outbox:
    """Takes events and counts from the threads of all stages; delivers them in the caller's.

    Args:
        report: receives each event, in the thread that calls `deliver`.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._waiting: SimpleQueue[Event | None] = SimpleQueue()
        self._ends = 0
        self._called_off = False
        self._counts: dict[Stage, int] = {"read": 0, "painted": 0, "written": 0}

    def post(self, event: Event) -> None:
        """Leave an event, from any thread."""
        self._waiting.put(event)

    def notify(self, text: str) -> None:
        """Leave a notice, from any thread."""
        self.post(Notice(text))

    def download(self, done: int, total: int) -> None:
        """Leave how far a download is, from any thread.

        Raises:
            KeyboardInterrupt: it was called off; so it removes what is there of its file.
        """
        if self._called_off:
            raise KeyboardInterrupt
        self.post(Fetched(done, total))

    def call_off(self) -> None:
        """Let a download end, whose progress nobody waits for any more."""
        self._called_off = True

    def step(self, done: int, total: int) -> None:
        """Leave how far the picture in the making is, from any thread."""
        self.post(Stepped(done, total))

    def count(self, stage: Stage, items: Iterator[T]) -> Iterator[T]:
        """Pass items on, counting them; each stage is counted in one thread only."""
        for item in items:
            self._counts[stage] += 1
            yield item

    def counted(self, stage: Stage) -> int:
        """How many items have passed this stage."""
        return self._counts[stage]

    def deliver(self) -> None:
        """Report what was left, then how far each stage has come."""
        self.deliver_events()
        self._report(Advanced(**self._counts))

    def deliver_events(self) -> None:
        """Report what was left."""
        while True:
            try:
                event = self._waiting.get_nowait()
            except Empty:
                return
            if event is None:
                self._ends += 1
            else:
                self._report(event)

    def end(self) -> None:
        """Let one call of `deliver_until_end` come to its end, from any thread."""
        self._waiting.put(None)

    def deliver_until_end(self) -> None:
        """Report what is left, as it comes, until the next end is, if none has passed yet."""
        if self._ends:
            self._ends -= 1
            return
        while True:
            try:
                event = self._waiting.get(timeout=HEARS_AFTER_SECONDS)
            except Empty:
                continue
            if event is None:
                return
            self._report(event)


def ignore(event: Event) -> None:
    """Report to nobody."""


def as_json(event: Event) -> dict[str, object]:
    """The event as plain values: its name in lower case under `event`, then its fields."""
    fields = {k: str(v) if isinstance(v, Path) else v for k, v in asdict(event).items()}
    return {"event": type(event).__name__.lower(), **fields}
