"""Looks: what to paint like and how, found by name or by file, listed and saved.

A name stands for the user's own look first, then for one that ships. `look_file` says what a look's
file holds.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from mimetypes import guess_type
from pathlib import Path

import platformdirs
import tomli_w
from natsort import natsorted

from stylize.models.methods import MethodName
from stylize.models.weights import own_folder
from stylize.presets import shipped

from .errors import PresetError, TargetError, reason
from .look_file import (
    Look,
    Source,
    check_there,
    expanded,
    look_document,
    read_look,
)
from .method_options import check_matching
from .partial import partial
from .settings import did_you_mean, laid_over
from .styles import Style, style_name

__all__ = [
    "BrokenLook",
    "Look",
    "find_look",
    "is_named",
    "list_looks",
    "may_name",
    "model_look",
    "names_file",
    "names_picture",
    "save_look",
    "user_folder",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenLook:
    """A file in the user's folder that holds no look, and why."""

    name: str
    path: Path
    reason: str


def user_folder() -> Path:
    """Where the user's own looks are: `$STYLIZE_PRESETS`, or in the platform's config folder.

    Raises:
        PresetError: the variable names the home folder of nobody, or this user has none.
    """
    folder = _user_folder()
    if folder is None:
        raise PresetError(
            "there is no home folder to keep presets in: name one in $STYLIZE_PRESETS"
        )
    return folder


def _user_folder() -> Path | None:
    named = os.environ.get("STYLIZE_PRESETS")
    if named:
        return expanded(named).absolute()
    config = own_folder(platformdirs.user_config_dir)
    return config and config / "presets"


def find_look(name_or_path: str) -> Look:
    """Find a look: a file if it ends in `.toml` or holds a `/`, else the user's, else a shipped.

    Raises:
        PresetError: there is no such look, or its file is not as it should be.
    """
    if names_picture(name_or_path):
        raise PresetError(f"{name_or_path}: a picture by its name; paint like it with --style")
    if name_or_path.endswith((".safetensors", ".pth")):
        raise PresetError(f"{name_or_path}: a network by its name; paint with it by --model")
    if names_file(name_or_path):
        return read_look(expanded(name_or_path), "file")
    files = _files()
    if name_or_path not in files:
        near = did_you_mean(name_or_path, files)
        raise PresetError(f"no preset {name_or_path!r}{near} (see: stylize presets list)")
    return read_look(*files[name_or_path])


def may_name(name: str) -> bool:
    """Whether a look may be called so."""
    return re.fullmatch(r"\w[\w-]{0,63}", name) is not None


def is_named(name: str) -> bool:
    """Whether there is a look of this name."""
    return name in _files()


def names_picture(name_or_path: str) -> bool:
    """Whether it is a picture by its name."""
    return (guess_type(name_or_path)[0] or "").startswith("image/")


def names_file(name_or_path: str) -> bool:
    """Whether a look is named by its file, rather than by its name."""
    separators = {"/", os.sep, os.altsep}
    return name_or_path.endswith(".toml") or bool(separators.intersection(name_or_path))


def list_looks() -> list[Look | BrokenLook]:
    """All looks that have a name, in natural order; a file that holds none says why."""
    looks: list[Look | BrokenLook] = []
    for name, (path, source) in _files().items():
        try:
            looks.append(read_look(path, source))
        except PresetError as error:
            looks.append(BrokenLook(name=name, path=path, reason=str(error)))
    return natsorted(looks, key=lambda look: look.name)


def model_look(
    weights: Path | None,
    *,
    method: MethodName,
    styles: tuple[Style, ...] = (),
    masks: tuple[Path, ...] = (),
    options: Mapping[str, object] | None = None,
) -> Look:
    """A look that is a method and nothing else: what `--model` and `--style` paint like.

    Args:
        weights: file of the network; None: the method's own, if it has one.
        method: how to paint.
        styles: what a method for any style is to paint like. They name the look, where there are
            any, otherwise the file of the network does.
        masks: where each of them paints, or none.
        options: of the method's own.
    """
    of = weights or styles[0].path
    return Look(
        name=style_name(styles) if styles else of.stem,
        summary="",
        method=method,
        weights=weights,
        origin={},
        settings={},
        source="file",
        path=of,
        styles=styles,
        masks=masks,
        options=options or {},
    )


def save_look(
    name: str,
    *,
    based_on: Look,
    settings: Mapping[str, object],
    summary: str | None = None,
    overwrite: bool = False,
) -> Path:
    """Save a look in the user's folder, where it hides a shipped one of the same name.

    Args:
        name: letters, digits, `-` and `_`.
        based_on: gives the network, its origin, and what is not given here.
        settings: laid over those of `based_on`.
        summary: one line for the list; None: that of `based_on`.
        overwrite: whether to replace an earlier one.

    Returns:
        The file, which appears whole or not at all.

    Raises:
        PresetError: the name cannot be used, is taken, or the file cannot be written.
        SettingsError: a setting is not allowed, or the path of a file is no printable text.
    """
    if not may_name(name):
        allowed = "up to 64 letters, digits, - and _, with no - in front"
        raise PresetError(f"a preset cannot be called {name!r} (allowed: {allowed})")
    for style in based_on.styles:
        check_there(style.path, "style")
    for mask in based_on.masks:
        check_there(mask, "mask")
    path = user_folder() / f"{name}.toml"
    merged = laid_over(based_on.settings, settings)
    check_matching(based_on.method, match=bool(merged.get("match_color")))
    document = look_document(based_on, settings=merged, summary=summary)
    try:
        if path.exists() and not overwrite:
            raise PresetError(f"preset {name!r} is there already: {path} (--overwrite replaces it)")
        with partial(path) as temporary:
            temporary.write_text(tomli_w.dumps(document), encoding="utf-8")
    except (OSError, TargetError) as error:
        said = reason(error.__cause__ or error)
        raise PresetError(
            f"{path}: cannot save the preset there ({said}); $STYLIZE_PRESETS names another folder"
        ) from error
    return path


def _files() -> dict[str, tuple[Path, Source]]:
    """All files of looks that have a name; the user's hide those that ship."""
    files: dict[str, tuple[Path, Source]] = {
        name: (path, "shipped") for name, path in shipped().items()
    }
    folder = _user_folder()
    if folder is None:
        return files
    try:
        own = [path for path in folder.glob("*.toml") if not path.name.startswith(".")]
    except OSError as error:
        raise PresetError(f"{folder}: cannot list the presets there ({reason(error)})") from error
    # Hidden are those that a killed process left half saved.
    files |= {path.stem: (path, "user") for path in own}
    return files
