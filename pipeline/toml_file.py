"""TOML files that people write (presets, timelines): read whole, or refused in one line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from unicodedata import category

from .errors import SettingsError, reason
from .settings import did_you_mean, shown


def read_toml(path: Path, *, what: str) -> dict[str, object]:
    """Read a file.

    Args:
        path: the file.
        what: it is to be, for the message: `preset`.

    Raises:
        SettingsError: it cannot be read or is no TOML; the message begins with its path.
    """
    try:
        text = path.read_bytes().decode().removeprefix("\ufeff")  # a mark of some editors
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(_located(path, text, str(error))) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: no TOML: its text is not UTF-8") from error
    except RecursionError as error:
        raise SettingsError(f"{path}: no {what}: its values are nested too deeply") from error
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        raise SettingsError(f"{path}: cannot read this {what} ({reason(error)})") from error


def check_keys(document: Mapping[str, object], known: Collection[str]) -> None:
    """Refuse what a table may not hold.

    Raises:
        SettingsError: it holds such a key.
    """
    for key in document:
        if key not in known:
            near = did_you_mean(key, known)
            raise SettingsError(f"no key {key!r}{near} (keys: {', '.join(known)})")


def underscored(table: Mapping[str, object]) -> dict[str, object]:
    """A table with its keys as they are called in Python: keep-color will do as well.

    Raises:
        SettingsError: a key is there in both spellings.
    """
    spelt: dict[str, object] = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        if name in spelt:
            raise SettingsError(f"{name} is given twice")
        spelt[name] = value
    return spelt


def table(document: Mapping[str, object], key: str) -> dict[str, object]:
    """A table out of another; empty if it is not there.

    Raises:
        SettingsError: it is something else.
    """
    found = document.get(key, {})
    if not isinstance(found, dict):
        raise SettingsError(f"{key} must be a table (got {shown(found)})")
    return found


def line(value: object, key: str) -> str:
    """One line of text, safe to show in a terminal; numbers and dates are written out.

    Raises:
        SettingsError: it is something else.
    """
    if isinstance(value, date):
        return str(value)
    text = value if isinstance(value, str) else shown(value)
    # Spaces of other kinds are harmless, and macOS puts them into the names of screenshots.
    printable = all(each.isprintable() or category(each) == "Zs" for each in text)
    if not isinstance(value, str | int) or not printable:
        raise SettingsError(f"{key} must be one line of printable text (got {shown(value)})")
    return text


def lines(document: Mapping[str, object], key: str) -> list[str]:
    """Several lines of text, or one; none if the key is not there.

    Raises:
        SettingsError: it is something else.
    """
    given = document.get(key, [])
    return [line(one, key) for one in (given if isinstance(given, list) else [given])]


def _located(path: Path, text: str, message: str) -> str:
    """The parser's message in the form of compilers: file, line, column, what."""
    what, _, where = message.rpartition(" (at ")
    if numbers := re.search(r"line (\d+), column (\d+)", where):
        row, column = numbers.groups()
    else:  # "at end of document"
        rows = text.split("\n")
        row, column = str(len(rows)), str(len(rows[-1]) + 1)
    return f"{path}:{row}:{column}: no TOML: {what[:1].lower()}{what[1:]}"
