"""What a job tells while it runs: values for progress bars, logs and other programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal


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


Event = Started | Advanced | Notice | Skipped | Failed | Finished
Report = Callable[[Event], None]


def ignore(event: Event) -> None:
    """Report to nobody."""


def as_json(event: Event) -> dict[str, object]:
    """The event as plain values: its name in lower case under `event`, then its fields."""
    fields = {k: str(v) if isinstance(v, Path) else v for k, v in asdict(event).items()}
    return {"event": type(event).__name__.lower(), **fields}
