"""Whether a graphics card may round to 10 bits what it convolves in float32.

Left to itself it does, and is faster for it. An optimiser does not mind; a network lays a lattice
over all that is plain. PyTorch has one switch for all threads: where one of them paints while
another optimises, the one that must not round has its way.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, get_ident

import torch

_LOCK = Lock()
_WISHES: dict[int, list[bool]] = {}
"""Of each thread that has any, the innermost last."""
_BEFORE: list[bool] = []
"""How the switch was before there were wishes."""


@contextmanager
def tf32(*, allowed: bool) -> Iterator[None]:
    """Let it, or not, while a block or a decorated function runs."""
    thread = get_ident()
    with _LOCK:
        if not _WISHES:
            _BEFORE.append(torch.backends.cudnn.allow_tf32)
        _WISHES.setdefault(thread, []).append(allowed)
        _switch()
    try:
        yield
    finally:
        with _LOCK:
            _WISHES[thread].pop()
            if not _WISHES[thread]:
                del _WISHES[thread]
            _switch()


def _switch() -> None:
    """Allow what all threads allow, or what was allowed before, if none wishes anything."""
    allowed = all(wishes[-1] for wishes in _WISHES.values()) if _WISHES else _BEFORE.pop()
    torch.backends.cudnn.allow_tf32 = allowed
