"""Options of a method's own: read from what was typed, and checked by the method itself."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

from stylize.models.methods import ANY_STYLE, METHODS

from .errors import SettingsError
from .settings import did_you_mean, shown

if TYPE_CHECKING:
    from torch import Tensor

    from stylize.models.methods import MethodName

OPTIMISERS = tuple(name for name, method in METHODS.items() if not method.trained)
"""Methods that have options of their own."""
NOT_TYPED = ("seed", "style_scale", "start")
"""Options that come from elsewhere: settings of every method, and the picture that `init` names."""

PICTURE = "init"
"""The option that may name a picture to start from, in place of one of its words."""


def check_matching(method: str | None, *, match: bool) -> None:
    """Refuse to give a style the picture's colours where it has been learnt with its own.

    Args:
        method: how to paint; None: not known yet.
        match: whether `match_color` is wanted.

    Raises:
        SettingsError: the method has learnt one style.
    """
    if match and method is not None and method not in ANY_STYLE:
        raise SettingsError(
            f"{method} has learnt its colours: --match-color goes with --style "
            "(--keep-color keeps the picture's own with any look)"
        )


def typed_option(text: str) -> tuple[str, object]:
    """Read `NAME=VALUE`; a value that is a number or true or false becomes one.

    Raises:
        SettingsError: there is no `=`, or no name before it.
    """
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise SettingsError(f"--set takes NAME=VALUE, such as iterations=500 (got {shown(text)})")
    return name.strip().replace("-", "_"), _value(value.strip())


def _value(text: str) -> object:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return text


def option_fields(method: str) -> tuple[Field[Any], ...]:
    """The options of a method, as fields with their defaults."""
    if method not in OPTIMISERS:
        return ()
    return tuple(field for field in fields(_options_class(method)) if field.name not in NOT_TYPED)


def default_of(option: Field[Any]) -> object:
    """What an option is when nobody sets it, as it is typed."""
    default = option.default if option.default is not MISSING else None
    if option.default_factory is not MISSING:
        default = option.default_factory()
    if isinstance(default, Mapping):
        return ",".join(f"{k}:{v:g}" if v != 1 else k for k, v in default.items())
    return default


def choices(method: str) -> dict[str, tuple[str, ...]]:
    """The words that an option of a method may be, of those that are words."""
    # Their module knows the name of a tensor only to type checkers.
    hints = get_type_hints(_options_class(method), localns={"Tensor": object})
    found = {name: get_args(hint) for name, hint in hints.items() if get_origin(hint) is Literal}
    return {name: words for name, words in found.items() if name not in NOT_TYPED}


def described(method: str) -> dict[str, str]:
    """What each option of a method is, out of its docstring."""
    text = inspect.getdoc(_options_class(method)) or ""
    listed = re.search(r"\nAttributes:\n(.*?)(\n\n|\Z)", text, re.DOTALL)
    found = re.findall(r"^    (\w+): (.*?)(?=^    \w|\Z)", listed[1] if listed else "", re.M | re.S)
    return {name: " ".join(what.replace("`", "").split()) for name, what in found}


def make_options(
    method: str,
    given: Mapping[str, object],
    *,
    seed: int = 0,
    style_scale: float | None = None,
    start: Tensor | None = None,
) -> Any:
    """The options of an optimiser, checked.

    Args:
        method: one of `OPTIMISERS`.
        given: what was typed or stood in a preset.
        seed: of every random choice.
        style_scale: size of the strokes; None: the method's own.
        start: (3, H, W), the picture that `picture_to_start_from` found.

    Raises:
        SettingsError: a name is unknown or a value is not allowed; the message says which are.
    """
    names = [field.name for field in option_fields(method)]
    for name in given:
        if name not in names:
            raise SettingsError(
                f"{method}: no option {name!r}{did_you_mean(name, names)} "
                f"(its options: {', '.join(names)})"
            )
    common: dict[str, object] = {"seed": seed}
    if style_scale is not None:
        common["style_scale"] = style_scale
    if start is not None:
        common["start"] = start
    picture = _named_start(given)
    if picture is not None and picture_to_start_from(given) is None:
        words = ", ".join(choices(method)[PICTURE])
        raise SettingsError(
            f"{method}: {PICTURE} must be {words}, or the file of a picture (got {shown(picture)})"
        )
    try:
        return _options_class(method)(**_read(given), **common)
    except (ValueError, TypeError) as error:
        raise SettingsError(f"{method}: {error}") from error


def _read(given: Mapping[str, object]) -> dict[str, object]:
    """Options as the method takes them: lists of layers read; without a picture to start from."""
    from stylize.models.gatys_options import parse_layers

    read = dict(given)
    for name in ("content_layers", "style_layers"):
        if isinstance(text := read.get(name), str):
            read[name] = parse_layers(text)
    if picture_to_start_from(given) is not None:
        del read[PICTURE]
    return read


def picture_to_start_from(given: Mapping[str, object]) -> Path | None:
    """The file that `init` names, where it is none of its words."""
    start = _named_start(given)
    return Path(start) if start is not None and Path(start).is_file() else None


def _named_start(given: Mapping[str, object]) -> str | None:
    """What `init` is, where it may name a file."""
    start = given.get(PICTURE)
    if not isinstance(start, str):
        return None
    from stylize.models.gatys_options import Start

    return None if start in get_args(Start) else start


def located(given: Mapping[str, object], folder: Path) -> dict[str, object]:
    """Options of a file that lies in a folder: a picture that they name is seen from there."""
    start = _named_start(given)
    if start is not None and (folder / start).is_file():
        return {**given, PICTURE: str(folder / start)}
    return dict(given)


def check_options(method: MethodName | None, given: Mapping[str, object]) -> None:
    """Refuse options that the method has not, or values that it does not take.

    Raises:
        SettingsError: as `make_options`; or the method has none.
    """
    if not given:
        return
    if method not in OPTIMISERS:
        raise SettingsError(
            f"{method or 'this network'} has no options of its own (--set); "
            f"{' and '.join(OPTIMISERS)} have (see: stylize methods)"
        )
    make_options(method, given)


def _options_class(method: str) -> type[Any]:
    # Imported here: they bring torch, and the help need not wait for it.
    if method == "gatys":
        from stylize.models.gatys_options import GatysOptions

        return GatysOptions
    from stylize.models.nnst import NnstOptions

    return NnstOptions
