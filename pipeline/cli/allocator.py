"""Memory that is freed stays with the program, for the tensors of the next step of training.

By default glibc gives the pages of a large tensor back to the system when it is freed, and the next
one gets others, which the system has to clear first: a sixth of a step's time.
"""

from __future__ import annotations

import ctypes
import os

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""What `mallopt` calls them (malloc.h)."""
KEPT = 1 << 30
"""Bytes that may be free before some are given back."""
LARGE = 256 << 20
"""Bytes of an allocation that is mapped by itself, and given back at once."""


def keep_freed_memory() -> None:
    """Let the C library keep what this thread frees, if it can and has not been told otherwise."""
    if any(name.startswith(("MALLOC_", "GLIBC_TUNABLES")) for name in os.environ):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # only glibc has it; Windows has no CDLL(None)
        return
    mallopt(_MMAP_THRESHOLD, LARGE)
    mallopt(_TRIM_THRESHOLD, KEPT)
