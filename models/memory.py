"""The machine's memory: work that cannot fit is refused, for the system would end the program."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import torch

_SAID = (
    "can't allocate memory",  # the processor's allocator
    "not enough memory",  # the same on Windows
    "backend out of memory",  # Apple's cards
    "Invalid buffer size",  # the same, for a single tensor
)
"""Of what are plain RuntimeErrors only the text tells."""
_LIMITS = tuple(
    map(Path, ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"))
)
"""Where Linux says how much a container may have; more than that ends whoever asks for it."""


def refuse_beyond(needed: int, device: torch.device) -> None:
    """Refuse work that needs more memory than the machine has, where that can be known.

    A graphics card refuses by itself. A system does not: it hands out what it has not got, and
    ends whoever makes use of it, without a word.

    Args:
        needed: bytes.
        device: where the work is to be done.

    Raises:
        torch.OutOfMemoryError: there is not so much.
    """
    there = _bytes_of_machine() if device.type == "cpu" else None
    if there is not None and needed > there:
        raise torch.OutOfMemoryError(
            f"about {needed / 1e9:.0f} GB are needed, and this machine has {there / 1e9:.0f} GB"
        )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether it says that a device has not as much memory as was asked for."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(said in str(error) for said in _SAID)


def _bytes_of_machine() -> int | None:
    """What this process may have of it; None where the system does not tell it so (Windows)."""
    known = []
    with suppress(AttributeError, OSError, ValueError):
        known.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for path in _LIMITS:
        with suppress(OSError, ValueError):  # no such file, or "max"
            known.append(int(path.read_text()))
    return min(known, default=None)
