"""A timeline's TOML file: read and checked.

What it may hold:

    style = "morning.jpg"         # what the film begins with; without any of preset, model and
    strength = 0.8                # style it begins untouched
    fade = 2                      # seconds that every change takes, if it says nothing else

    [[moment]]
    at = "0:12"                   # from the film's first frame: seconds, or 1:02:03.5
    style = ["noon.jpg:0.7", "morning.jpg:0.3"]

    [[moment]]
    at = "0:20"
    preset = "wave"               # or model = "night.safetensors"
    fade = 0.5

    [[moment]]
    at = "0:30"                   # what is not said goes on: wave, ever fainter
    strength = 0

Beside these, every moment and the beginning may have `method`, `mask`, `[options]` of the method's
own, and the settings that may change over time (`timeline.OF_A_MOMENT`). Files are named as seen
from the timeline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from fractions import Fraction
from pathlib import Path
from typing import cast

from .choose import PaintOptions, split
from .clock import clock, read_time
from .errors import SettingsError
from .look_file import expanded, masks_in, styles_in
from .looks import names_file
from .method_options import located
from .settings import Settings, check_settings, shown
from .timeline import OF_A_MOMENT, Change, Timeline, continued, make_timeline
from .toml_file import check_keys, line, lines, read_toml, table, underscored

TimelineSource = str | Path | Sequence[Change]
"""What the Python API takes: a file, or what changes."""

_LOOK = ("preset", "style", "model", "method", "mask", "options")
_KEYS = (*_LOOK, *OF_A_MOMENT, "fade")
_MOMENT = "moment"


@dataclass(frozen=True, slots=True)
class Script:
    """What a timeline's file says.

    Attributes:
        beginning: what the film begins with.
        changes: in the order of the file.
    """

    beginning: PaintOptions
    changes: tuple[Change, ...]


def read_timeline(path: Path) -> Script:
    """Read a timeline from its file.

    Raises:
        SettingsError: the file cannot be read, is no TOML, or holds something that is not allowed;
            the message says where.
    """
    document = read_toml(path, what="timeline")
    try:
        return _script(document, folder=path.parent)
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from error


def find_timeline(source: TimelineSource, options: PaintOptions) -> Timeline:
    """The timeline that a person names, with the looks of all its moments.

    Args:
        source: its file, or the changes in the order of their times.
        options: for the whole film, and what it begins with; they beat the file's.

    Raises:
        SettingsError: the file or one of its moments cannot be so; the message says where.
        PresetError: there is no such preset.
        ModelError: the network that ships is missing.
    """
    check_settings(split(options)[1])
    if not isinstance(source, str | Path):
        return make_timeline(source, beginning=options)
    path = Path(source)
    script = read_timeline(path)
    try:
        beginning = continued(script.beginning, options)
        return make_timeline(script.changes, beginning=beginning, name=path.stem)
    except SettingsError as error:
        raise type(error)(f"{path}: {error}") from error


def _script(document: Mapping[str, object], *, folder: Path) -> Script:
    tables = document.get(_MOMENT, [])
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        raise SettingsError(f"each {_MOMENT} must be a table of its own, under [[{_MOMENT}]]")
    top = {key: value for key, value in document.items() if key != _MOMENT}
    beginning = _checked(top, (*_KEYS, _MOMENT))
    usual = _time(beginning.pop("fade"), "fade") if "fade" in beginning else None
    changes = tuple(
        _change(one, number=number, usual=usual, folder=folder)
        for number, one in enumerate(tables, 1)
    )
    return Script(_options(beginning, folder), changes)


def _change(
    given: Mapping[str, object], *, number: int, usual: Fraction | None, folder: Path
) -> Change:
    try:
        at = _time(given.get("at"), "at")
    except SettingsError as error:
        raise SettingsError(f"[[{_MOMENT}]] {number}: {error}") from error
    try:
        options = _checked({key: v for key, v in given.items() if key != "at"}, ("at", *_KEYS))
        fade = _time(options.pop("fade"), "fade") if "fade" in options else None
        if fade is None and at > 0:
            fade = usual
        return Change(at, _options(options, folder), fade)
    except SettingsError as error:
        raise SettingsError(f"at {clock(at)}: {error}") from error


def _checked(given: Mapping[str, object], known: tuple[str, ...]) -> dict[str, object]:
    options = underscored(given)
    for name in options:
        if name not in known and name in Settings.__dataclass_fields__:
            raise SettingsError(f"{name} holds for the whole film: give it on the command line")
    check_keys(options, known)
    return options


def _options(given: Mapping[str, object], folder: Path) -> PaintOptions:
    """The options of the Python API that a table stands for."""
    options = check_settings({key: value for key, value in given.items() if key in OF_A_MOMENT})
    if "preset" in given:
        options["preset"] = _preset(line(given["preset"], "preset"), folder)
    if "model" in given:
        options["model"] = folder / expanded(line(given["model"], "model"))
    if "style" in given:
        options["style"] = styles_in(folder, lines(given, "style"))
    if "mask" in given:
        options["mask"] = masks_in(folder, lines(given, "mask"))
    if "method" in given:
        options["method"] = line(given["method"], "method")
    if "options" in given:
        options["method_options"] = located(table(given, "options"), folder)
    return cast("PaintOptions", options)  # what is wrong in them is refused where looks are found


def _preset(named: str, folder: Path) -> str:
    """A look's name, or its file as seen from the timeline."""
    return str(folder / expanded(named)) if names_file(named) else named


def _time(value: object, key: str) -> Fraction:
    """A number of seconds, or a time as it is typed."""
    if isinstance(value, time):  # TOML has times of day: 00:00:12, without quotes
        value = value.isoformat()
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        got = "it is missing" if value is None else f"got {shown(value)}"
        raise SettingsError(f'{key} must be a time, such as 12.5 or "0:12" ({got})')
    try:
        return read_time(value if isinstance(value, str) else shown(value))
    except SettingsError as error:
        raise SettingsError(f"{key}: {error}") from error
