"""Files that appear whole or not at all: written under a hidden name beside, then renamed."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from secrets import token_hex
from time import time

ABANDONED = 24 * 60 * 60
"""Seconds: who still works on a file has written to it since."""


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """Give a path to write to, which takes the target's place when the block ends well.

    What killed runs left of the same target is removed on the way.

    Raises:
        OSError: the folder is missing or cannot be written to.
    """
    partial = _beside(target)
    try:
        yield partial
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
    """A new, empty, hidden file, for whom the user lets read new files."""
    start, end = f".{target.stem}.part.", target.suffix
    for left in target.parent.glob(f"{escape(start)}*{escape(end)}"):
        with suppress(OSError):
            if time() - left.stat().st_mtime > ABANDONED:
                left.unlink()
    path = target.with_name(f"{start}{token_hex(4)}{end}")
    path.touch(exist_ok=False)
    return path
