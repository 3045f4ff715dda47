"""Before a grid is painted: which pictures it is of, and whether its output may be made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .errors import SettingsError, SourceError, TargetError, reason
from .grid_page import MARK
from .picture.find_pictures import find_pictures
from .picture.picture_formats import WRITABLE, picture_format
from .targets import Existing, is_due, is_same, is_within
from .values import Notify

Paths = str | Path | Sequence[str | Path]

INDEX, PICTURES, THUMBNAILS = "index.html", "pictures", "thumbnails"
"""All that is in the folder of a grid."""
_OF_NOBODY = {".DS_Store", "Thumbs.db", "desktop.ini"}
"""Files that systems put into a folder by themselves."""


def as_paths(given: Paths) -> list[Path]:
    """Files as the Python API takes them: one, or several."""
    return [Path(one) for one in ([given] if isinstance(given, str | Path) else given)]


def find_contents(given: Sequence[Path], *, skip: Path, notify: Notify) -> list[Path]:
    """The pictures that were named, and those of the folders that were, each once.

    Args:
        given: pictures and folders.
        skip: the output, which is left out of the folders, be it a folder itself.
        notify: told of folders that cannot be listed.

    Raises:
        SettingsError: none is named.
        SourceError: one is not there, or a folder holds no pictures.
    """
    if not given:
        raise SettingsError("name the pictures to paint, or folders of them (none is given)")
    found: dict[Path, None] = {}
    for path in given:
        try:
            inside = find_pictures(path, skip=skip, notify=notify) if path.is_dir() else None
            if inside is None and not path.is_file():
                raise SourceError(f"{path}: no such file or folder")
        except OSError as error:
            raise SourceError(f"{path}: cannot be looked at ({reason(error)})") from error
        if inside is not None:  # an earlier grid of the folder is none of its pictures
            inside = [each for each in inside if not is_same(each, skip)]
        if inside == []:
            raise SourceError(f"{path}: holds no pictures")
        found |= dict.fromkeys(inside or [path])
    return list(found)


def is_folder(target: Path) -> bool:
    """Whether a grid goes into a folder: one that is there, or a name without an extension.

    Raises:
        TargetError: the extension is none of pictures that are written.
    """
    if not target.suffix or (target.suffix.lower() not in WRITABLE and target.is_dir()):
        return True
    try:
        picture_format(target)
    except TargetError as error:
        raise type(error)(f"{error}, or a name without extension for a folder") from error
    return False


def grid_is_due(
    target: Path, sources: Sequence[Path], existing: Existing, *, as_folder: bool
) -> bool:
    """Whether to make this grid: False if it is there and is to be skipped.

    Raises:
        SettingsError: `existing` is none of its values.
        TargetError: it is there and may not be replaced, is one of the sources or holds one, or is
            something else than a grid.
    """
    there = target / INDEX if as_folder else target
    try:
        due = [is_due(source, there, existing) for source in sources]
        if as_folder:
            _refuse_foreign(target, sources)
        elif target.is_dir():
            raise TargetError(f"{target}: is a folder; name a file, or a folder without extension")
    except OSError:
        return True  # a path that cannot be looked at: writing it will say why
    return all(due)


def _refuse_foreign(folder: Path, sources: Sequence[Path]) -> None:
    """Protect all but an earlier grid: a folder is replaced as a whole."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise TargetError(f"{folder}: is a file; a folder needs a name that is free")
    for source in sources:
        if is_within(source, folder):
            raise TargetError(f"{folder}: holds {source.name}, which is painted; choose a new one")
    if not _is_ours(folder):
        raise TargetError(f"{folder}: a folder that holds other files; choose a new one")


def _is_ours(folder: Path) -> bool:
    """Whether nothing is there but what we write."""
    names = {path.name for path in folder.iterdir()} - _OF_NOBODY
    if not names <= {INDEX, PICTURES, THUMBNAILS}:
        return False
    return not names or (INDEX in names and MARK.encode() in (folder / INDEX).read_bytes())
