"""Outputs that are whole or not there: work goes into a hidden neighbour, then takes its place."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import TargetError

_STEM_BYTES = 150  # of the 255 that a name may have on nearly all file systems


@contextmanager
def partial(target: Path) -> Iterator[Path]:
    """Give a path to write to, and move what was written to `target` on success.

    The temporary path lies beside the target (a move within one folder is atomic), is hidden, names
    this process and keeps the extension. Whoever uses it makes a file or a folder there. On any
    failure, interruption included, it is removed and an earlier output stays as it was.

    Raises:
        TargetError: the folder cannot be made or written to, or the result cannot be moved.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TargetError(
            f"{target}: cannot make its folder ({_reason(error)}); choose another with --output"
        ) from error
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise TargetError(
            f"{target}: cannot write to folder {target.parent}; choose another with --output"
        )
    # Cut by bytes, which is what file systems count, and never inside a character.
    stem = os.fsencode(target.stem)[:_STEM_BYTES].decode("utf-8", "ignore")
    temporary = target.with_name(f".{stem}.{os.getpid()}.part{target.suffix}")
    _remove(temporary)  # left by a process of the same number that was killed
    try:
        yield temporary
        _replace(temporary, target)
    finally:
        _remove(temporary)


def _replace(temporary: Path, target: Path) -> None:
    """Put the finished file or folder in the target's place."""
    try:
        if not (temporary.is_dir() and target.is_dir()):
            temporary.replace(target)
            return
        # A folder that is not empty cannot be replaced in one step: step it aside first.
        aside = temporary.with_name(f"{temporary.name}.old")
        _remove(aside)
        target.rename(aside)
        try:
            temporary.rename(target)
        except OSError:
            aside.rename(target)
            raise
        _remove(aside)
    except OSError as error:
        raise TargetError(f"{target}: cannot put the result there ({_reason(error)})") from error


def _remove(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
