"""Style pictures as they are named: paths with shares, read from options and files, and their name.

painting.jpg                     one
painting.jpg:0.7  sketch.png:0.3 a mixture; only the ratios of the shares matter
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from stylize.models.methods import ANY_STYLE

from .errors import SettingsError
from .settings import shown

LARGEST_SHARE = 1_000_000
LONGEST_NAME = 40
"""Characters of a look's name: it becomes a part of the names of files, which have their limit."""


@dataclass(frozen=True, slots=True)
class Style:
    """A style picture, and its share in the mixture.

    Raises:
        SettingsError: the share is not allowed.
    """

    path: Path
    share: float = 1.0

    def __post_init__(self) -> None:
        share = self.share
        number = isinstance(share, int | float) and not isinstance(share, bool)
        if not number or not 0 <= share <= LARGEST_SHARE:
            raise SettingsError(
                f"{self.path}: its share must be a number from 0 to {LARGEST_SHARE} "
                f"(got {shown(share)})"
            )

    def __str__(self) -> str:
        """As it is typed."""
        return f"{self.path}:{self.share}"


StyleSource = str | Path | Sequence[str | Path | tuple[str | Path, float] | Style]
"""What the Python API takes: a path, or several, each alone or with its share."""


def typed_style(text: str, *, located: Callable[[str], Path] = Path) -> Style:
    """Read `PICTURE[:SHARE]`.

    What follows the last colon is a share only if it is a number and there is no file of the
    whole name: `C:/painting.jpg` and a file `a:0.7` are pictures.

    Args:
        text: what was typed.
        located: makes a path of its part that names the picture.

    Raises:
        SettingsError: the share is not allowed, or nothing was typed.
    """
    if not text:
        raise SettingsError("a style needs the name of a picture (an empty name is given)")
    before, _, after = text.rpartition(":")
    if before and not _is_file(located(text)):
        with suppress(ValueError):
            return Style(located(before), float(after))
    return Style(located(text))


def as_styles(source: StyleSource | None) -> tuple[Style, ...]:
    """Style pictures as the Python API takes them.

    Raises:
        SettingsError: it is something else, a share is not allowed, or none is above 0.
    """
    if source is None:
        return ()
    if isinstance(source, str | Path):
        return (Style(Path(source)),)
    if not isinstance(source, Sequence):
        raise _no_style(source)
    styles = tuple(_as_style(one) for one in source)
    if styles and not any(style.share for style in styles):
        raise SettingsError("one of the styles must have a share above 0")
    return styles


def style_name(styles: Sequence[Style]) -> str:
    """The name of the look that these styles make, as part of the name of an output."""
    stems = (re.sub(r"[^\w.-]+", "-", style.path.stem).strip("-.") for style in styles)
    return "+".join(stem or "style" for stem in stems)[:LONGEST_NAME].rstrip("-.+")


def check_looks_named(
    *,
    preset: object | None,
    model: object | None,
    styles: Sequence[Style],
    method: str | None = None,
) -> None:
    """Refuse what names no look, or more than one, or a method for a style that is not there.

    Raises:
        SettingsError: it does.
    """
    if preset is None and model is None and not styles:
        raise SettingsError("name a look by --preset, by --model or by --style (none is given)")
    if preset is not None and (model is not None or styles):
        other = "--model" if model is not None else "--style"
        raise SettingsError(
            f"name a look by --preset or by {other} (both are given): a preset has a network and "
            "a style of its own"
        )
    if preset is not None and method is not None:
        raise SettingsError("a preset has a method of its own: leave out --preset or --method")
    if method is not None and model is None:
        check_style_wanted(method, styles, held_by="--method")


def check_style_wanted(method: str, styles: Sequence[Style], *, held_by: object) -> None:
    """Refuse style pictures for a network that has its own, and their lack for one that has none.

    Args:
        method: of the network.
        styles: what it is to paint like.
        held_by: the file that says so, for the message.

    Raises:
        SettingsError: they do not go together.
    """
    if method in ANY_STYLE and not styles:
        raise SettingsError(f"{held_by}: {method} paints like any picture: name one by --style")
    if method not in ANY_STYLE and styles:
        raise SettingsError(
            f"{held_by}: {method} has learnt one style: leave out --style, or name a method that "
            f"paints in any ({', '.join(ANY_STYLE)})"
        )


def _is_file(path: Path) -> bool:
    """Whether there is such a file; of a name that cannot be there is none."""
    with suppress(OSError, ValueError):
        return path.is_file()
    return False


def _as_style(source: object) -> Style:
    match source:
        case Style():
            return source
        case str() | Path():
            return Style(Path(source))
        case (str() | Path()) as path, share:
            return Style(Path(path), cast("float", share))  # it is refused there if it is none
    raise _no_style(source)


def _no_style(source: object) -> SettingsError:
    return SettingsError(
        f"style must be a path, or a list of paths and of pairs (path, share) (got {shown(source)})"
    )
