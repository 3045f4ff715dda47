"""Everything a preset may set and what is allowed: options, TOML files and the API all pass here.

Layers are laid over each other, the later the stronger: defaults < a preset's < what was typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any, Literal, TypedDict, get_args

from .errors import SettingsError
from .keyframes import ALLOWED as ALLOWED_KEYFRAMES
from .keyframes import read_keyframes

Precision = Literal["auto", "fp32", "bf16", "fp16"]
Refining = Literal["gatys", "nnst"]
NOT_REFINED = "no"
"""What unsets a preset's `refine`."""
Deinterlace = Literal["auto", "off"]
Smooth = Literal["fast", "best", "off"]

SMALLEST_SIZE = 16
"""Pixels of the shorter side: networks need about so many to see a stroke."""


class SettingsOptions(TypedDict, total=False):
    """The fields of `Settings` as keyword arguments: the options of the Python API."""

    strength: float
    keep_color: bool
    match_color: bool
    denoise: float
    size: int | None
    style_scale: float | None
    device: str
    precision: Precision
    batch: int | None
    seed: int
    smooth: Smooth
    denoise_source: bool
    cuts: bool
    freeze: bool
    refine: Refining | None
    keyframes: str | None
    codec: str | None
    crf: float | None
    quality: int | None
    encoder_preset: str | None
    pixel_format: str | None
    hw: bool
    deinterlace: Deinterlace


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to paint and how to encode; a value that is not allowed cannot be held.

    Attributes:
        strength: share of the painting in the result, 0 (the source) to 1.
        keep_color: whether the source's colours replace the painting's.
        match_color: whether a style takes on the source's colours before it is painted like; of a
            film, those of its first frame.
        denoise: how much fine noise is taken out of the painting, 0 (none) to 1; edges stay.
        size: shorter side for stylising, in pixels; None: the source's own. It enlarges long, thin
            pictures only so far (see `restyle.working_size`).
        style_scale: size of the strokes on the picture, whatever its resolution: at 1 they are as
            large on it as on the painting. It chooses the size for stylising, so `size` cannot be
            given beside it. None: strokes have the network's own size in pixels.
        device: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`.
        precision: of the network's arithmetic; `auto`: fp32 for pictures, and for films what the
            device is fastest in.
        batch: frames painted at once; None: chosen from their size.
        seed: of every random choice.
        smooth: `fast`: what was painted stays where it was from frame to frame of a film; `best`:
            likewise, by frames on both sides, which holds stiller and takes longer; `off`: each
            frame by itself.
        denoise_source: whether noise is taken out of films before they are painted.
        cuts: whether cuts are looked for in films; without, a film is one shot.
        freeze: whether networks go by a shot, not by each of its frames: their norms by its light,
            and the lattice by which they see with its pan; and whether what is nearly black stays
            so.
        refine: optimiser that makes key frames of films finer, and the frames between by them;
            None: films are left as their network paints them. `no` becomes None, and beats a
            preset's.
        keyframes: which frames those are: `auto`, `every:12`, or times such as `0,2.5,0:07`; None:
            `auto`.
        codec: encoder of films by its FFmpeg name; None: the container's usual one.
        crf: constant rate factor of films, lower is better; None: the encoder's usual one.
        quality: of JPEG, WebP and AVIF pictures, higher is better; of films it is put on the
            encoder's own scale, unless `crf` is given. None: the usual one.
        encoder_preset: speed of the film encoder, as it names it; None: its usual one.
        pixel_format: of films, as FFmpeg names it; None: the encoder's usual one.
        hw: whether to decode and encode films with the graphics card where it can.
        deinterlace: `auto`: interlaced films become progressive; `off`: left as they are.

    Raises:
        SettingsError: a value has a wrong type or is out of range, or two exclude each other.
    """

    strength: float = 1.0
    keep_color: bool = False
    match_color: bool = False
    denoise: float = 0.0
    size: int | None = None
    style_scale: float | None = None
    device: str = "auto"
    precision: Precision = "auto"
    batch: int | None = None
    seed: int = 0
    smooth: Smooth = "fast"
    denoise_source: bool = False
    cuts: bool = True
    freeze: bool = True
    refine: Refining | None = None
    keyframes: str | None = None
    codec: str | None = None
    crf: float | None = None
    quality: int | None = None
    encoder_preset: str | None = None
    pixel_format: str | None = None
    hw: bool = False
    deinterlace: Deinterlace = "auto"

    def __post_init__(self) -> None:
        for field in fields(self):
            value = _check(field.name, getattr(self, field.name))
            object.__setattr__(self, field.name, value)  # 1 becomes 1.0 where a float is due
        _refuse_both({"size": self.size, "style_scale": self.style_scale})
        if self.refine == NOT_REFINED:
            object.__setattr__(self, "refine", None)
            object.__setattr__(self, "keyframes", None)


@dataclass(frozen=True, slots=True)
class _Rule:
    """What a setting may be.

    Attributes:
        allowed: completes the sentence "strength must be …".
        take: the value in its own type, or None where it is refused.
    """

    allowed: str
    take: Callable[[object], object]


def _number(low: float, high: float) -> _Rule:
    def take(value: object) -> float | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return float(value) if low <= value <= high else None  # NaN is in no range

    return _Rule(f"a number from {low:g} to {high:g}", take)


def _whole(low: int, high: int) -> _Rule:
    def take(value: object) -> int | None:
        if isinstance(value, bool) or not isinstance(value, int):
            return None
        return value if low <= value <= high else None

    return _Rule(f"a whole number from {low} to {high}", take)


def _word(pattern: str, allowed: str) -> _Rule:
    def take(value: object) -> str | None:
        return value if isinstance(value, str) and re.fullmatch(pattern, value) else None

    return _Rule(allowed, take)


def _choice(literal: object) -> _Rule:
    *words, last = get_args(literal)
    return _word("|".join((*words, last)), f"{', '.join(words)} or {last}")


def _switch() -> _Rule:
    return _Rule("true or false", lambda value: value if isinstance(value, bool) else None)


def _keyframes() -> _Rule:
    def take(value: object) -> str | None:
        if not isinstance(value, str):
            return None
        read_keyframes(value)
        return value

    return _Rule(ALLOWED_KEYFRAMES, take)


_SHOWN = 80  # characters
_NAME = r"[A-Za-z0-9][\w.:-]*"

_RULES: dict[str, _Rule] = {
    "strength": _number(0, 1),
    "keep_color": _switch(),
    "match_color": _switch(),
    "denoise": _number(0, 1),
    "size": _whole(SMALLEST_SIZE, 16384),
    "style_scale": _number(0.1, 10),
    "device": _word(r"auto|cpu|cuda(:\d{1,3})?|mps", "auto, cpu, cuda, cuda:N or mps"),
    "precision": _choice(Precision),
    "batch": _whole(1, 256),
    "seed": _whole(0, 2**63 - 1),
    "smooth": _choice(Smooth),
    "denoise_source": _switch(),
    "cuts": _switch(),
    "freeze": _switch(),
    "refine": _word("gatys|nnst|no", "gatys or nnst, or no"),
    "keyframes": _keyframes(),
    "codec": _word(_NAME, "the name of an encoder, such as libx264"),
    "crf": _number(0, 63),
    "quality": _whole(1, 100),
    "encoder_preset": _word(_NAME, "a preset of the encoder, such as medium"),
    "pixel_format": _word(_NAME, "the name of a pixel format, such as yuv420p"),
    "hw": _switch(),
    "deinterlace": _choice(Deinterlace),
}

_EXCLUSIVE = ("size", "style_scale")
"""Both choose the size at which the network sees the picture."""

_DEFAULTS: dict[str, object] = {field.name: field.default for field in fields(Settings)}


def allowed(name: str) -> str:
    """What a setting may be, in words: "a number from 0 to 1"."""
    return _RULES[name].allowed


def default(name: str) -> object:
    """The value a setting has when nothing sets it."""
    return _DEFAULTS[name]


def flag(name: str) -> str:
    """The option of a setting, as it is typed: `--keep-color`."""
    return f"--{name.replace('_', '-')}"


def check_settings(layer: Mapping[str, object]) -> dict[str, object]:
    """Check the names and values of one layer; a whole number becomes a float where one is due.

    Raises:
        SettingsError: a name is unknown, a value has a wrong type or is out of range, or two
            exclude each other.
    """
    for name in layer:
        if name not in _RULES:
            known = f"(settings: {', '.join(_RULES)})"
            raise SettingsError(f"no setting {name!r}{did_you_mean(name, _RULES)} {known}")
    checked = {name: _check(name, value) for name, value in layer.items()}
    _refuse_both(checked)
    return checked


def laid_over(below: Mapping[str, object], above: Mapping[str, object]) -> dict[str, object]:
    """One layer of settings from two: what the upper one sets beats the lower one.

    Raises:
        SettingsError: one of them is wrong (see `check_settings`).
    """
    lower, upper = check_settings(below), check_settings(above)
    if any(upper.get(name) is not None for name in _EXCLUSIVE):
        lower = {name: value for name, value in lower.items() if name not in _EXCLUSIVE}
    return {**lower, **upper}


def resolve(*layers: Mapping[str, object]) -> Settings:
    """Lay settings over the defaults, each layer over those before it.

    Args:
        *layers: the weakest first: a preset's settings, then what the user typed.

    Raises:
        SettingsError: one of them is wrong (see `check_settings`).
    """
    merged: dict[str, Any] = {}  # checked just below: Settings takes only its own types
    for layer in layers:
        merged = laid_over(merged, layer)
    return Settings(**merged)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a sentence that refuses a name: "; did you mean 'mosaic'?", or nothing."""
    near = get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def shown(value: object) -> str:
    """A refused value as an error says it: as Python writes it, cut to what fits in a line."""
    try:
        text = repr(value)
    except ValueError:  # Python writes out no whole number of more than 4300 digits
        return "a number without end"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _refuse_both(values: Mapping[str, object]) -> None:
    if all(values.get(name) is not None for name in _EXCLUSIVE):
        raise SettingsError(
            f"{' and '.join(_EXCLUSIVE)} exclude each other, as both choose how large the network "
            "sees the picture: leave one out"
        )


def _check(name: str, value: object) -> object:
    if value is None and _DEFAULTS[name] is None:
        return None
    taken = _RULES[name].take(value)
    if taken is None:
        raise SettingsError(f"{name} must be {_RULES[name].allowed} (got {shown(value)})")
    return taken
