"""Before the first stage of a folder: find its pictures, and give each output a name of its own."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import suppress
from itertools import chain, count
from pathlib import Path

from natsort import natsort_keygen, ns

from ..errors import SettingsError, SourceError, reason
from ..values import Notify
from .picture_formats import MOVING, READABLE, UNREADABLE, WRITABLE

_natural = natsort_keygen(alg=ns.IGNORECASE | ns.PATH)  # PATH: a.png before a 2.png


def find_pictures(
    folder: Path,
    *,
    recursive: bool = True,
    skip: Path | None = None,
    notify: Notify = lambda _: None,
) -> list[Path]:
    """List the pictures of a folder, known by their extensions, in natural order.

    A folder's own pictures come before those of the folders in it. Hidden files and folders are
    left out (outputs in the making are hidden), and a folder that several links lead to is entered
    once. Pictures that are known but cannot be read (HEIC, links to nothing) are listed: reading
    them says why.

    Args:
        folder: where to look.
        recursive: whether to look in the folders inside it.
        skip: a folder to leave out, such as the one for the outputs; `folder` itself is never
            left out.
        notify: told of a folder inside it that cannot be listed.

    Raises:
        SourceError: `folder` is no folder or cannot be listed.
    """
    try:
        if not folder.is_dir():
            there = folder.exists()
            wrong = "not a folder (stylize image paints one picture)" if there else "no such folder"
            raise SourceError(f"{folder}: {wrong}")
        visited = {_identity(folder)}
    except OSError as error:
        raise SourceError(f"{folder}: cannot be listed ({reason(error)})") from error
    if skip is not None:
        with suppress(OSError):  # not there, or not to be seen: then it will not be met either
            visited.add(_identity(skip))
    pictures: list[Path] = []
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        try:
            found, inner = _listed(current)
            new = [entry for entry in inner if _is_new(entry, visited)]
        except OSError as error:
            if current == folder:
                raise SourceError(f"{folder}: cannot be listed ({reason(error)})") from error
            notify(f"{current}: cannot be listed ({reason(error)}); its pictures are left out")
            continue
        pictures += found
        if recursive:
            waiting += reversed(new)
    return pictures


def name_targets(
    sources: Sequence[Path],
    *,
    root: Path,
    output: Path,
    extension: str | None = None,
    animated: Collection[Path] = (),
) -> dict[Path, Path]:
    """Give every source an output of its own under `output`, with the tree below `root` kept.

    A source keeps its name if that is of a format that is written (and has the extension asked
    for); otherwise its extension is replaced, by `.png` unless another is asked for. Animations
    keep theirs if they are written so, and become `.apng` otherwise. Where several would be called
    the same, the new extension follows the old one in all that do not keep theirs (`a.bmp` beside
    `a.png`: `a.bmp.png`), and after that a number. So what one of them has become is not taken for
    another that was added later.
    Names that differ only in case, or in how Unicode spells them, count as one: some file systems
    hold them so. Names depend on the sources alone, not on what exists.

    Args:
        sources: files below `root`, in the order in which they claim names.
        root: the folder that was searched.
        output: the folder for the outputs.
        extension: of every still output, such as `.jpg` or `jpg`; None: each keeps its own.
        animated: those of the sources that are animations.

    Raises:
        SettingsError: pictures with that extension are not written.
    """
    wanted = None if extension is None else f".{extension.removeprefix('.').lower()}"
    if wanted is not None and wanted not in WRITABLE:
        raise SettingsError(
            f"--format must be one of {', '.join(name[1:] for name in WRITABLE)} "
            f"(got {extension!r})"
        )
    names = {source: source.relative_to(root) for source in sources}
    new = {source: _extension(source, wanted, moves=source in animated) for source in sources}
    wishes = Counter(_spelling(names[each].with_suffix(new[each])) for each in sources)
    taken: set[str] = set()
    targets: dict[Path, Path] = {}
    # Whoever keeps its name goes first: `a.bmp` must not push `a.png` from its own name.
    for source in sorted(sources, key=lambda source: source.suffix != new[source]):
        name, keeps = names[source], source.suffix == new[source]
        plain = name.with_suffix(new[source])
        shared = not keeps and wishes[_spelling(plain)] > 1
        targets[source] = output / _free_name(None if shared else plain, name, new[source], taken)
    return {source: targets[source] for source in sources}


def _extension(source: Path, wanted: str | None, *, moves: bool) -> str:
    """The extension of an output: the source's own, as it is spelt, if it may have that."""
    own = source.suffix.lower()
    allowed: tuple[str, ...]
    if moves:
        allowed, otherwise = MOVING, MOVING[-1]
    elif wanted is not None:
        allowed, otherwise = (wanted,), wanted
    else:
        allowed, otherwise = tuple(WRITABLE), ".png"
    return source.suffix if own in allowed else otherwise


def _free_name(plain: Path | None, name: Path, extension: str, taken: set[str]) -> Path:
    candidates = chain(
        [] if plain is None else [plain],
        [name.with_name(name.name + extension)],
        (name.with_name(f"{name.name}.{number}{extension}") for number in count(2)),
    )
    free = next(candidate for candidate in candidates if _spelling(candidate) not in taken)
    taken.add(_spelling(free))
    return free


def _spelling(name: Path) -> str:
    """One spelling for all names that some file system may hold for the same."""
    return unicodedata.normalize("NFC", name.as_posix()).casefold()


def _listed(folder: Path) -> tuple[list[Path], list[Path]]:
    """The pictures and the folders in a folder, hidden ones left out, each in natural order."""
    entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    # Sorted twice: names that are equal in natural order, such as a1 and A01, stay in plain order.
    entries.sort(key=lambda entry: entry.name)
    entries.sort(key=lambda entry: _natural(entry.name))
    return (
        [entry for entry in entries if _is_picture(entry)],
        [entry for entry in entries if entry.is_dir()],
    )


def _is_picture(path: Path) -> bool:
    suffix = path.suffix.lower()
    known = suffix in READABLE or suffix in UNREADABLE
    return known and (path.is_file() or (path.is_symlink() and not path.exists()))


def _is_new(folder: Path, visited: set[tuple[int, int]]) -> bool:
    """Whether a folder is met for the first time, whatever path or link leads to it."""
    identity = _identity(folder)
    if identity in visited:
        return False
    visited.add(identity)
    return True


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino
