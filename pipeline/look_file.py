"""A look's TOML file: read and checked, or made.

What it may hold:

    summary = "One line for the list."
    method = "swift"                      # the kind of network
    weights = "night.safetensors"         # its file: absolute, or as seen from here
    # based_on = "wave"                   # instead of these two: the network of a look that ships

    # method = "micro"                    # or else the network for any style, which ships,
    # style = "night.jpg"                 # and a picture, or several: ["a.jpg:0.7", "b.jpg:0.3"]
    # mask = ["sky.png", "ground.png"]    # and where each of them paints
    # [options]                           # of the method's own (see: stylize methods)
    # iterations = 500                    # where it is gatys or nnst

    [origin]                              # lines of text: title, artist, date, licence …
    title = "The Starry Night"

    [settings]                            # fields of `Settings`; keep-color will do as well
    strength = 0.8
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal

from stylize.models.methods import ANY_STYLE, METHODS, NAMES, MethodName
from stylize.presets import shipped

from .errors import PresetError, SettingsError, reason
from .method_options import located
from .settings import Settings, check_settings, did_you_mean, shown
from .styles import Style, as_styles, typed_style
from .toml_file import check_keys, line, lines, read_toml, table, underscored

Source = Literal["shipped", "user", "file"]
WITHOUT_A_FILE = ("micro", "adain", "gatys", "nnst")
"""Methods that paint with no file named: what they need ships, is found, or is not there."""

_SETTINGS = {field.name for field in fields(Settings)}
_KEYS = (
    *("summary", "method", "weights", "style", "mask", "options", "based_on", "origin"),
    "settings",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What to paint like: a network, where it comes from, and the settings that suit it.

    Attributes:
        name: what users type.
        summary: one line of text, may be empty.
        method: the kind of network.
        weights: file of the network; None: the network for any style that ships.
        origin: title, artist, date … of the picture it was trained on.
        settings: checked settings, for `resolve`: the layer below what the user types.
        source: `shipped`, `user` (in the user's folder) or `file` (anywhere else).
        path: the file that says all this.
        based_on: the name of the look that ships whose network this is, if it is one's.
        styles: what a method for any style is to paint like; none for any other.
        masks: where each of them paints, or none.
        options: of the method's own.
    """

    name: str
    summary: str
    method: MethodName
    weights: Path | None
    origin: Mapping[str, str]
    settings: Mapping[str, object]
    source: Source
    path: Path
    based_on: str | None = None
    styles: tuple[Style, ...] = ()
    masks: tuple[Path, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)


def read_look(path: Path, source: Source) -> Look:
    """Read a look from its file; the file's name is the look's.

    Raises:
        PresetError: the file cannot be read, is no TOML, or holds something that is not allowed.
    """
    try:
        document = read_toml(path, what="preset")
    except SettingsError as error:
        raise PresetError(str(error)) from error
    try:
        return _look(document, path=path, source=source)
    except SettingsError as error:
        raise PresetError(f"{path}: {error}") from error


def expanded(path: str) -> Path:
    """A path as a person writes it: `~` and `~name` stand for home folders.

    Raises:
        PresetError: there is no such user.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise PresetError(f"{path}: there is no such home folder") from error


def styles_in(folder: Path, named: Sequence[str]) -> tuple[Style, ...]:
    """Styles that a file in a folder names, with their shares.

    Raises:
        PresetError: a picture is not there.
    """
    styles = tuple(typed_style(one, located=lambda n: folder / expanded(n)) for one in named)
    for style in styles:
        check_there(style.path, "style")
    return styles


def masks_in(folder: Path, named: Sequence[str]) -> tuple[Path, ...]:
    """Masks, likewise."""
    masks = tuple(folder / expanded(one) for one in named)
    for mask in masks:
        check_there(mask, "mask")
    return masks


def check_there(path: Path, key: str, *, folder: bool = False) -> None:
    """Refuse a file that a look names and that is not there.

    Args:
        path: the file.
        key: by which the look names it.
        folder: whether a folder will do.

    Raises:
        PresetError: it is not.
    """
    try:
        there = path.is_file() or (folder and path.is_dir())
    except OSError as error:
        raise PresetError(f"{key}: cannot look for {path} ({reason(error)})") from error
    if not there:
        raise PresetError(f"{key}: there is no file {path}")


def look_document(
    look: Look, *, settings: Mapping[str, object], summary: str | None = None
) -> dict[str, object]:
    """What the file of a look says that paints like `look` with other settings.

    The network of a shipped look is named, not located: it moves when the program is reinstalled.

    Args:
        look: gives the network and its origin.
        settings: all of them; those that are None are left out, as TOML has no such value.
        summary: one line; None: that of `look`.

    Raises:
        SettingsError: the summary, or the path of a file, is more than a line of printable text.
    """
    ours = look.name if look.source == "shipped" else look.based_on
    document: dict[str, object] = {"summary": line(summary or look.summary, "summary")}
    if ours:
        document["based_on"] = ours
        if look.origin != read_look(shipped()[ours], "shipped").origin:
            document["origin"] = dict(look.origin)
    else:
        document["method"] = look.method
        if look.weights is not None:
            document["weights"] = line(str(look.weights.absolute()), "weights")
        if look.styles:
            named = (f"{style.path.absolute()}:{style.share}" for style in look.styles)
            document["style"] = [line(one, "style") for one in named]
        document["origin"] = dict(look.origin)
    if look.options:
        document["options"] = located(look.options, Path.cwd())
    if look.masks:
        document["mask"] = [line(str(mask.absolute()), "mask") for mask in look.masks]
    document["settings"] = {key: value for key, value in settings.items() if value is not None}
    return document


def _look(document: Mapping[str, object], *, path: Path, source: Source) -> Look:
    for key in document:
        if key.replace("-", "_") in _SETTINGS:
            raise SettingsError(f"{key!r} is a setting: write it below the line [settings]")
    check_keys(document, _KEYS)
    origin = {key: line(value, f"origin.{key}") for key, value in table(document, "origin").items()}
    base = _base(document)
    method = base.method if base else _method(document)
    return Look(
        name=path.stem,
        summary=line(document.get("summary", ""), "summary"),
        method=method,
        weights=base.weights if base else _weights(document, method, path=path, source=source),
        origin=origin or (base.origin if base else {}),
        settings=_settings(table(document, "settings")),
        source=source,
        path=path,
        based_on=base.name if base else None,
        styles=_styles(document, method, path=path),
        masks=masks_in(path.parent, lines(document, "mask")),
        options=located(table(document, "options"), path.parent),
    )


def _base(document: Mapping[str, object]) -> Look | None:
    """The look that ships whose network this file borrows, if it does."""
    if "based_on" not in document:
        return None
    if twice := {"method", "weights", "style"}.intersection(document):
        raise PresetError(
            f"based_on already gives the network: leave out {' and '.join(sorted(twice))}"
        )
    name, looks = line(document["based_on"], "based_on"), shipped()
    if name not in looks:
        near = did_you_mean(name, looks)
        raise PresetError(f"based_on: no look {name!r} ships{near} (these do: {', '.join(looks)})")
    return read_look(looks[name], "shipped")


def _method(document: Mapping[str, object]) -> MethodName:
    method = document.get("method")
    if method not in NAMES:
        got = f"got {shown(method)}" if "method" in document else "it is missing"
        raise PresetError(f"method must be {', '.join(NAMES[:-1])} or {NAMES[-1]} ({got})")
    return method


def _weights(
    document: Mapping[str, object], method: MethodName, *, path: Path, source: Source
) -> Path | None:
    named = line(document.get("weights", ""), "weights")
    if not named:
        if method in WITHOUT_A_FILE:
            return None
        raise PresetError("weights must name the file of a network (or use based_on)")
    if not METHODS[method].trained:
        raise PresetError(f"weights must be left out where method is {method}: it has no network")
    weights = path.parent / expanded(named)
    if source != "shipped":  # those are there: tests hold it
        check_there(weights, "weights", folder=True)  # public networks may come in several files
    return weights


def _styles(document: Mapping[str, object], method: MethodName, *, path: Path) -> tuple[Style, ...]:
    """The style pictures of a method for any style."""
    named = lines(document, "style")
    if bool(named) != (method in ANY_STYLE):
        wants = "must name a picture" if not named else "must be left out"
        raise PresetError(f"style {wants} where method is {method}")
    return as_styles(styles_in(path.parent, named))


def _settings(given: Mapping[str, object]) -> dict[str, object]:
    try:
        return check_settings(underscored(given))
    except SettingsError as error:
        raise SettingsError(f"[settings] {error}") from error
