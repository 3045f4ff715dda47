"""Where outputs go when nobody says, and whether one that is there already is due."""

from __future__ import annotations

import os
from collections.abc import Container, Sequence
from pathlib import Path
from typing import Literal, get_args

from .errors import SettingsError, TargetError
from .partial import check_folder

Existing = Literal["refuse", "overwrite", "skip"]
"""What to do about an output that is there already."""


def beside(source: Path, look: str, *, kept: Container[str], otherwise: str) -> Path:
    """Where the output goes when nobody says: next to its source, named after the look.

    Args:
        source: a film or a picture.
        look: the look's name.
        kept: extensions that stay, in lower case, with their dots.
        otherwise: the extension of all others.
    """
    suffix = source.suffix if source.suffix.lower() in kept else otherwise
    return source.parent / f"{source.stem}-{look}{suffix}"


def is_due(source: Path, target: Path, existing: Existing, *, used: Sequence[Path] = ()) -> bool:
    """Whether to make this target: False if it is there and is to be skipped.

    Args:
        source: what is painted.
        target: what it becomes.
        existing: what to do if that is there.
        used: all else that is read: styles, masks, networks.

    Raises:
        SettingsError: `existing` is none of its values.
        TargetError: it is there and may not be replaced, it is the source itself or is used, or it
            is a folder that holds what is used.
    """
    if existing not in get_args(Existing):
        allowed = ", ".join(get_args(Existing))
        raise SettingsError(f"existing must be one of {allowed} (got {existing!r})")
    try:
        there = os.path.lexists(target)
        if is_same(target, source):
            raise TargetError(f"{target}: is the source itself; name another output")
        if any(is_same(target, other) for other in used):
            raise TargetError(f"{target}: is read for this; name another output")
        for other in used if target.is_dir() else ():
            if is_within(other, target):
                raise TargetError(
                    f"{target}: holds {other.name}, which is read for this; name another output"
                )
    except OSError:
        return True  # a path that cannot be looked at: reading or writing it will say why
    if not there or existing == "overwrite":
        return True
    if existing == "skip":
        return not target.exists()  # a link to nothing
    raise TargetError(f"{target}: is there already (--overwrite replaces it, --skip-existing not)")


def refuse_taken(target: Path, source: Path, *, used: Sequence[Path] = (), overwrite: bool) -> None:
    """Refuse an output that is there already, where to skip it would leave nothing to do.

    Args:
        target: the output.
        source: what it says something of.
        used: all else that is read.
        overwrite: whether it may be replaced.

    Raises:
        TargetError: it is there and may not be replaced, is read itself, or cannot be written.
    """
    if target.is_dir():
        raise TargetError(f"{target}: is a folder; name a file")
    is_due(source, target, "overwrite", used=used)
    if not overwrite and os.path.lexists(target):
        raise TargetError(f"{target}: is there already (--overwrite replaces it)")
    check_folder(target.parent)


def is_same(target: Path, other: Path) -> bool:
    """Whether two paths, however they are written, lead to one file or folder that is there."""
    return target.exists() and other.exists() and target.samefile(other)


def is_within(path: Path, folder: Path) -> bool:
    """Whether a path lies in a folder that is there, however the two are written."""
    return any(is_same(parent, folder) for parent in path.resolve().parents)


def printable(name: str) -> str:
    """A file's name as text: what is none (a name is bytes to the system) becomes `?`."""
    return name.encode(errors="replace").decode()
