"""Where outputs go when nobody says, and whether one that is there already is due."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Literal, get_args

from .errors import SettingsError, TargetError

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


def is_due(source: Path, target: Path, existing: Existing) -> bool:
    """Whether to make this target: False if it is there and is to be skipped.

    Raises:
        SettingsError: `existing` is none of its values.
        TargetError: it is there and may not be replaced, or it is the source itself.
    """
    if existing not in get_args(Existing):
        allowed = ", ".join(get_args(Existing))
        raise SettingsError(f"existing must be one of {allowed} (got {existing!r})")
    try:
        there = target.exists()
        itself = there and source.exists() and target.samefile(source)
    except OSError:
        return True  # a path that cannot be looked at: reading or writing it will say why
    if itself:
        raise TargetError(f"{target}: is the source itself; name another output with --output")
    if not there or existing == "overwrite":
        return True
    if existing == "skip":
        return False
    raise TargetError(f"{target}: is there already (--overwrite replaces it, --skip-existing not)")


def refuse_taken(target: Path, sources: Iterable[Path], *, overwrite: bool) -> None:
    """Refuse an output that is there already, where to skip it would leave nothing to do.

    Raises:
        TargetError: it is there and may not be replaced, or it is one of the sources.
    """
    for source in sources:
        is_due(source, target, "overwrite")
    if not overwrite and os.path.lexists(target):
        raise TargetError(f"{target}: is there already (--overwrite replaces it)")


def printable(name: str) -> str:
    """A file's name as text: what is none (a name is bytes to the system) becomes `?`."""
    return name.encode(errors="replace").decode()
