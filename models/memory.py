"""The machine's memory: work that cannot fit is refused, for the system would end the program."""

from __future__ import annotations

import os

import torch


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
    # The processor's allocator raises a plain RuntimeError; only its text tells.
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def _bytes_of_machine() -> int | None:
    """None where the system does not tell it so (Windows)."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None
