"""Whether a graphics card may round to 10 bits what it convolves in float32.

Left to itself it does, and is faster for it. An optimiser does not mind; a network lays a lattice
over all that is plain.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def tf32(*, allowed: bool) -> Iterator[None]:
    """Let it, or not, while a block or a decorated function runs."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = allowed
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before
