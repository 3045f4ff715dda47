"""Outputs that are whole or not there: work goes into a hidden neighbour, then takes its place."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from secrets import token_hex
from time import time

from stylize.models.whole_file import ABANDONED

from .errors import TargetError, reason

_STEM_BYTES = 150  # of the 255 that a name may have on nearly all file systems
_TOKEN_BYTES = 4
_PART, _ASIDE = ".part", ".old"
"""In the names of what is in the making, and of an earlier folder that makes room for it."""

_REFUSED = "cannot put the result there"


@contextmanager
def partial(target: Path, *, there: bool | None = None) -> Iterator[Path]:
    """Give a path to write to, and move what was written to `target` on success.

    The temporary path lies beside the target (a move within one folder is atomic), is hidden, is
    nobody else's and keeps the extension. Whoever uses it makes a file or a folder there. On any
    failure, interruption included, it is removed with the folders that were made for it, and an
    earlier output stays as it was.

    Args:
        target: the output.
        there: whether one was there when the work began; None: it begins now.

    Raises:
        TargetError: the folder cannot be made or written to, the result cannot be moved, or
            somebody else has put something there meanwhile.
    """
    made: list[Path] = []
    temporary: Path | None = None
    try:
        place = _ready(target, made)
        temporary = _neighbour(place)
        was_there = os.path.lexists(place) if there is None else there
        yield temporary
        if os.path.lexists(place) and not was_there:
            raise TargetError(f"{target}: somebody else has made it meanwhile; theirs is left")
        try:
            _replace(temporary, place)
        except OSError as error:
            raise TargetError(f"{target}: {_REFUSED} ({reason(error)})") from error
    finally:
        if temporary is not None:
            _remove(temporary)
        with suppress(OSError):  # the first that holds something ends it
            for folder in made:
                folder.rmdir()


def write_bytes(place: Path, content: bytes, target: Path) -> None:
    """Write what becomes an output, or a part of it, to a path that `partial` gave.

    Raises:
        TargetError: it cannot be written.
    """
    try:
        place.write_bytes(content)
    except OSError as error:
        raise TargetError(f"{target}: cannot be written ({reason(error)})") from error


def check_folder(folder: Path) -> None:
    """Say before the work what would be said after it: that a folder cannot be written to.

    Args:
        folder: it is made later, where it is not there.

    Raises:
        TargetError: it, or the nearest above it that is there, is none or cannot be written to.
    """
    try:
        whole = folder.absolute()
        nearest = next(each for each in (whole, *whole.parents) if os.path.lexists(each))
        name = "" if nearest == whole else f"{nearest} "
        if not nearest.is_dir():
            raise TargetError(f"{folder}: {name}is a file, not a folder; choose another place")
    except OSError as error:
        raise TargetError(f"{folder}: cannot be looked at ({reason(error)})") from error
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise TargetError(f"{folder}: {name}cannot be written to; choose another place")


def _ready(target: Path, made: list[Path]) -> Path:
    """Make the target's folder, and give the target a name of its own (`.` has none)."""
    try:
        place = target.absolute()
        made += [folder for folder in place.parents if not folder.exists()]
        place.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        files = [folder for folder in target.parents if folder.is_file()]
        why = f"{files[0]} is a file" if files else reason(error)
        raise TargetError(f"{target}: cannot make its folder ({why}); choose another") from error
    if not os.access(place.parent, os.W_OK | os.X_OK):
        raise TargetError(f"{target}: cannot write to folder {target.parent}; choose another")
    try:
        with suppress(FileNotFoundError):
            place.lstat()
    except OSError as error:  # a name that is too long is no name, but nothing is at its place
        raise TargetError(f"{target}: {_REFUSED} ({reason(error)})") from error
    return place


def _neighbour(place: Path) -> Path:
    """A free hidden name; what killed runs left under such names is removed on the way.

    An earlier output that one of them had stepped aside is put back where there is no other.
    """
    # Cut by bytes, which is what file systems count, and never inside a character.
    stem = os.fsencode(place.stem)[:_STEM_BYTES].decode(sys.getfilesystemencoding(), "ignore")
    token, ending = "[0-9a-f]" * (2 * _TOKEN_BYTES), escape(place.suffix)
    for left in place.parent.glob(f".{escape(stem)}.{token}{_ASIDE}{ending}"):
        if os.path.lexists(place):
            _remove_abandoned(left)
        else:
            with suppress(OSError):
                left.rename(place)
    for left in place.parent.glob(f".{escape(stem)}.{token}{_PART}{ending}"):
        _remove_abandoned(left)
    return place.with_name(f".{stem}.{token_hex(_TOKEN_BYTES)}{_PART}{place.suffix}")


def _remove_abandoned(left: Path) -> None:
    with suppress(OSError):
        if time() - left.stat().st_mtime > ABANDONED:
            _remove(left)


def _replace(temporary: Path, target: Path) -> None:
    """Put the finished file or folder in the target's place."""
    if not (temporary.is_dir() and target.is_dir()):
        temporary.replace(target)
        return
    # A folder that is not empty cannot be replaced in one step: step it aside first.
    begin = temporary.name.removesuffix(f"{_PART}{target.suffix}")
    aside = temporary.with_name(f"{begin}{_ASIDE}{target.suffix}")
    try:
        target.rename(aside)
        temporary.rename(target)
    finally:  # whatever stopped it, an interruption too
        if target.exists():
            _remove(aside)
        else:
            aside.rename(target)


def _remove(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
