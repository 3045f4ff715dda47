"""Files that appear whole or not at all: written under a hidden name beside, then renamed."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

READABLE = 0o644
"""Permissions of a finished file: temporary files are made for their owner's eyes alone."""


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """Give a path to write to, which takes the target's place when the block ends well.

    Raises:
        OSError: the folder is missing or cannot be written to.
    """
    partial = _beside(target)
    try:
        yield partial
        with suppress(OSError):  # shares that know no permissions
            partial.chmod(READABLE)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def try_to_write(target: Path) -> None:
    """Fail now as `whole_file` would fail later.

    Raises:
        OSError: the folder is missing or cannot be written to, or the name is not allowed.
    """
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    _beside(target).unlink()


def _beside(target: Path) -> Path:
    """A new, empty, hidden file."""
    handle, name = tempfile.mkstemp(
        prefix=f".{target.stem}.part.", suffix=target.suffix, dir=target.parent
    )
    os.close(handle)
    return Path(name)
