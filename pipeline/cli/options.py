"""The options that commands share: what to paint like, and one for every setting.

Each is unset until the user types it.

Click only turns words into numbers here. What is allowed is the business of `settings`, so that a
wrong value is refused in the same words on the command line, in a TOML file and by the API.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from stylize.models.methods import NAMES
from stylize.pipeline.method_options import typed_option
from stylize.pipeline.settings import Settings, SettingsOptions, allowed, default, flag
from stylize.pipeline.styles import Style, typed_style

from .file_names import FileName

if TYPE_CHECKING:
    from stylize.pipeline.choose import PaintOptions

LOOK = ("preset", "model", "style", "method", "mask", "method_options")
"""The parameters that say what to paint like: the keys of `LookOptions`."""

_Command = TypeVar("_Command", bound=Callable[..., Any])
_Typed = TypeVar("_Typed")
_Decorator = Callable[[_Command], _Command]


def look_options(command: _Command) -> _Command:
    """Add the options that say what to paint like, named as the keys of `LookOptions`."""
    return _add(command, _PRESET, _STYLE, _METHOD, _MASK, _SET, _MODEL)


def restyle_options(command: _Command) -> _Command:
    """Add the options of painting, named as the fields of `Settings`."""
    return _add(
        command,
        _setting("strength", float, "N", "How much of the painting shows", compared=True),
        _switch("keep_color", "Keep the colours of the source."),
        _switch("match_color", "Give the style the colours of the source before painting."),
        _setting("denoise", float, "N", "Take fine noise out of the painting"),
        _setting("size", int, "PIXELS", "Shorter side while painting", unset="the source's"),
        _setting("style_scale", float, "N", "Size of strokes, 1 as on the painting", unset="none"),
        _setting("device", str, "NAME", "Where to compute"),
        _setting("precision", str, "NAME", "Arithmetic of the network"),
        _setting("batch", int, "N", "Frames painted at once", unset="by their size"),
        _setting("seed", int, "N", "Seed of every random choice"),
    )


def steadying_options(command: _Command) -> _Command:
    """Add the options of what crosses a film's frames, named as the fields of `Settings`."""
    return _add(
        command,
        _setting("smooth", str, "NAME", "Keep what was painted where it was"),
        _switch("denoise_source", "Take noise out of the film before it is painted."),
        _switch("cuts", "Look for cuts, and begin anew at each.  [default: --cuts]"),
        _switch(
            "freeze",
            "Paint by the light and the pan of a shot, not frame by frame.  [default: --freeze]",
        ),
        _setting("refine", str, "NAME", "Make key frames finer, and all by them", unset="no"),
        _setting("keyframes", str, "WHICH", "Those of --refine", unset="auto"),
    )


def encoding_options(command: _Command) -> _Command:
    """Add the options of reading and writing files, named as the fields of `Settings`."""
    return _add(
        command,
        _setting("codec", str, "NAME", "Film encoder", unset="by the file's ending"),
        _setting("crf", float, "N", "Film quality, lower is better", unset="18 for H.264"),
        _setting(
            "quality",
            int,
            "N",
            "Higher is better; in films --crf beats it",
            unset="92 in JPEG, 90 in WebP, 82 in AVIF",
        ),
        _setting("encoder_preset", str, "NAME", "Encoder speed", unset="the encoder's"),
        _setting("pixel_format", str, "NAME", "Film samples", unset="by the encoder"),
        _switch("hw", "Decode and encode on the graphics card where it can."),
        _setting("deinterlace", str, "NAME", "Interlaced films"),
    )


def typed_options(params: Mapping[str, object]) -> PaintOptions:
    """What to paint like and the settings, as far as the user typed them."""
    look = {name: params[name] for name in LOOK if params.get(name)}
    return cast("PaintOptions", {**look, **typed_settings(params)})


def typed_settings(params: Mapping[str, object]) -> SettingsOptions:
    """The settings among a command's parameters that the user typed: the strongest layer.

    Their names and kinds are right, as click made them; `resolve` checks their values.
    """
    names = (field.name for field in fields(Settings))
    typed = {name: params[name] for name in names if params.get(name) is not None}
    return cast("SettingsOptions", typed)


def _add(command: _Command, *options: _Decorator[_Command]) -> _Command:
    for option in reversed(options):  # as decorators are: the last is applied first
        command = option(command)
    return command


def _setting(
    name: str,
    kind: type[str | int | float],
    metavar: str,
    what: str,
    *,
    unset: str = "",
    compared: bool = False,
) -> _Decorator[Any]:
    """An option for a setting; one that grids compare is refused where it is given twice."""
    text = f"{what}: {allowed(name)}  [default: {unset or default(name)}]"
    one: dict[str, Any] = {"multiple": True, "callback": _only_one} if compared else {}
    return click.option(flag(name), name, type=kind, metavar=metavar, help=text, **one)


def _switch(name: str, what: str) -> _Decorator[Any]:
    flags = f"{flag(name)}/--no-{flag(name).removeprefix('--')}"
    return click.option(flags, name, default=None, help=what)


def typed_styles(
    _context: click.Context, _option: click.Parameter, typed: tuple[str, ...]
) -> tuple[Style, ...]:
    """Read what was typed for an option that names styles."""
    return tuple(typed_style(text) for text in typed)


def _only_one(
    _context: click.Context, option: click.Parameter, typed: tuple[_Typed, ...]
) -> _Typed | None:
    """The one that was typed: click would take the last of several without a word."""
    if len(typed) > 1:
        raise click.UsageError(
            f"{option.opts[0]} is given {len(typed)} times; stylize grid compares several"
        )
    return typed[0] if typed else None


def _own(
    _context: click.Context, _option: click.Parameter, typed: tuple[str, ...]
) -> dict[str, object]:
    own: dict[str, object] = {}
    for name, value in map(typed_option, typed):
        if name in own:
            raise click.UsageError(
                f"--set {name} is given more than once; stylize grid compares several"
            )
        own[name] = value
    return own


_PRESET: _Decorator[Any] = click.option(
    "--preset",
    multiple=True,
    callback=_only_one,
    metavar="NAME|FILE.toml",
    help="A look by name (see: stylize presets list) or file.",
)
_MODEL: _Decorator[Any] = click.option(
    "--model",
    multiple=True,
    callback=_only_one,
    type=FileName(),
    metavar="FILE.safetensors",
    help="A network of your own (see: stylize train).",
)
_METHOD: _Decorator[Any] = click.option(
    "--method",
    multiple=True,
    callback=_only_one,
    type=click.Choice(NAMES),
    metavar="NAME",
    help="How to paint like --style (see: stylize methods).  [default: micro]",
)
_MASK: _Decorator[Any] = click.option(
    "--mask",
    multiple=True,
    type=FileName(),
    metavar="PICTURE",
    help="Paint only where it is white; one for each --style, in their order.",
)
_SET: _Decorator[Any] = click.option(
    "--set",
    "method_options",
    multiple=True,
    callback=_own,
    metavar="NAME=VALUE",
    help="An option of the method's own (see: stylize methods NAME).",
)
_STYLE: _Decorator[Any] = click.option(
    "--style",
    multiple=True,
    callback=typed_styles,
    metavar="PICTURE[:SHARE]",
    help="Any picture to paint like; several are mixed by their shares.",
)
