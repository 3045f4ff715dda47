"""What to paint with: from what a person names (a preset, a network, styles, a method) to a choice.

It reads small files only; `prepare` then loads what was chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict, Unpack

from stylize.models.methods import METHODS, NAMES, TRAINED, MethodName

from .errors import SettingsError
from .looks import find_look, is_named, may_name, names_picture
from .method_options import check_matching, check_options, picture_to_start_from
from .micro_file import micro_file
from .settings import NOT_REFINED, Settings, SettingsOptions, did_you_mean, resolve
from .styles import Style, StyleSource, as_styles, check_looks_named, style_name

_BEGINNING = ("init", "scales")
"""Options of optimisers that do not count where there is a painting to begin with."""


class LookOptions(TypedDict, total=False):
    """What to paint like: the options of the Python API that `Settings` does not hold."""

    preset: str | Path | None
    model: str | Path | None
    style: StyleSource | None
    method: MethodName | None
    mask: str | Path | Sequence[str | Path] | None
    method_options: Mapping[str, object] | None


class PaintOptions(LookOptions, SettingsOptions, total=False):
    """Everything that decides what is painted and how it is encoded.

    Give `preset`, or else `model` (and `style`, if that network paints in any), or `style` alone.

    Keys:
        preset: a preset's name or TOML file.
        model: a file of weights, or a folder with those of a public checkpoint.
        style: a picture to paint like, or several, each alone or as a pair with its share in the
            mixture.
        method: how to paint like `style`; None: as the network of `model` does, or else `micro`.
        mask: a picture for each style, in their order: it paints where its mask is white. Where
            all are black the source is left. A look with a style of its own takes one mask.
        method_options: options of the method's own (see: stylize methods), or with `refine` of
            that one's.

    All others are fields of `Settings`; they beat the preset's.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What to paint with.

    Attributes:
        name: of the look, for the names of outputs.
        settings: in force.
        method: how to paint; None: as the network in `weights` says.
        weights: the network's file, or folder; None for a method that ships none and needs none.
        styles: pictures to paint like.
        masks: where each of them paints, or none.
        options: of the method's own.
    """

    name: str
    settings: Settings
    method: MethodName | None = None
    weights: Path | None = None
    styles: tuple[Style, ...] = ()
    masks: tuple[Path, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)

    @property
    def files(self) -> tuple[Path, ...]:
        """What is read to paint with: no output may take their place."""
        others = (self.weights, picture_to_start_from(self.options))
        named = (path for path in others if path is not None)
        return (*(style.path for style in self.styles), *self.masks, *named)


def choose(**given: Unpack[PaintOptions]) -> Choice:
    """Find the look and lay the given settings over its own.

    Raises:
        SettingsError: no look is named or more than one, or an option or a style is wrong.
        PresetError: there is no such preset.
        ModelError: the network that ships is missing.
    """
    look, settings = split(given)
    preset, model, method = look.get("preset"), look.get("model"), look.get("method")
    styles, masks = as_styles(look.get("style")), as_masks(look.get("mask"))
    options = dict(look.get("method_options") or {})
    check_method(method)
    if settings.get("keyframes") is not None and settings.get("refine") == NOT_REFINED:
        raise SettingsError("keyframes are those of --refine, which is 'no': leave out one of both")
    check_looks_named(preset=preset, model=model, styles=styles, method=method)
    check_kinds(model, styles)
    if preset is not None:
        found = find_look(str(preset))
        name, method, styles = found.name, found.method, found.styles
        weights = found.weights
        resolved = resolve(found.settings, settings)
        # With `refine` a preset's options are the optimiser's: without it they are nobody's.
        own = found.options if resolved.refine or not found.settings.get("refine") else {}
        masks, options = masks or found.masks, {**own, **options}
    else:
        resolved = resolve(settings)
        weights = Path(model) if model is not None else None
        name = _name(styles, method, weights)
    check_masks(masks, styles)
    if weights is None:
        method = method or "micro"
        weights = micro_file() if method == "micro" else None
    check_weights(method, weights)
    check_refining(resolved, method, options)
    check_matching(method, match=resolved.match_color)
    check_options(resolved.refine or method, options)
    return Choice(
        name=name,
        settings=resolved,
        method=method,
        weights=weights,
        styles=styles,
        masks=masks,
        options=options,
    )


def split(given: PaintOptions) -> tuple[LookOptions, SettingsOptions]:
    """What to paint like, and the rest: the settings."""
    look = LookOptions.__annotations__
    of_look = {key: value for key, value in given.items() if key in look}
    of_settings = {key: value for key, value in given.items() if key not in look}
    return of_look, of_settings  # type: ignore[return-value]  # a key tells which


def as_masks(source: str | Path | Sequence[str | Path] | None) -> tuple[Path, ...]:
    """Masks as the Python API takes them."""
    if source is None:
        return ()
    if isinstance(source, str | Path):
        return (Path(source),)
    return tuple(Path(one) for one in source)


def check_method(method: str | None) -> None:
    """Refuse a method that there is not.

    Raises:
        SettingsError: it is none.
    """
    if method is not None and method not in METHODS:
        near = did_you_mean(method, NAMES)
        raise SettingsError(f"no method {method!r}{near} (methods: {', '.join(NAMES)})")


def check_kinds(model: str | Path | None, styles: Sequence[Style]) -> None:
    """Refuse what is a look of another kind by its name.

    Raises:
        SettingsError: it is.
    """
    if model is not None and names_picture(str(model)):
        raise SettingsError(f"{model}: a picture by its name; paint like it with --style")
    if model is not None and str(model).endswith(".toml"):
        raise SettingsError(f"{model}: a preset by its name; paint by it with --preset")
    for style in styles:
        name = str(style.path)
        if may_name(name) and not style.path.exists() and is_named(name):
            raise SettingsError(f"{name}: no such picture, but a preset: paint by --preset {name}")


def check_masks(masks: Sequence[Path], styles: Sequence[Style]) -> None:
    """Refuse masks that do not go with the styles.

    Raises:
        SettingsError: there are more or fewer.
    """
    wanted = max(1, len(styles))
    if masks and len(masks) != wanted:
        raise SettingsError(
            f"{len(masks)} mask{'s' * (len(masks) > 1)} for {wanted} style{'s' * (wanted > 1)}: "
            "name one --mask for each --style, in their order"
        )


def check_refining(
    settings: Settings, method: MethodName | None, options: Mapping[str, object]
) -> None:
    """Refuse what does not go with refining, or not without it.

    Raises:
        SettingsError: there is such a thing.
    """
    refine = settings.refine
    if refine is None:
        if settings.keyframes is not None:
            raise SettingsError(
                "keyframes are those of --refine gatys or --refine nnst: name one of them"
            )
        return
    if method is not None and not METHODS[method].trained:
        raise SettingsError(
            f"{method} optimises every frame, and --refine some of them: leave out one of both"
        )
    for name in _BEGINNING:
        if name in options:
            raise SettingsError(
                f"{refine}: {name} says how to begin, and --refine begins with the fast painting"
            )


def check_weights(method: MethodName | None, weights: Path | None) -> None:
    """Refuse a network for a method that has none, and the lack of one for a method that needs it.

    Raises:
        SettingsError: they do not go together.
    """
    if method is None:
        return
    if weights is not None and method not in TRAINED:
        raise SettingsError(f"{method} optimises and has no network: leave out --model")
    if weights is None and method in TRAINED and method != "adain":
        raise SettingsError(
            f"no network of method {method} ships: name one by --model, or train one "
            f"(stylize train --method {method})"
        )


def _name(styles: Sequence[Style], method: MethodName | None, weights: Path | None) -> str:
    """Of a look that has none: its styles and how they are painted, or else its network."""
    if styles:
        return style_name(styles) + (f"-{method}" if method is not None else "")
    return weights.stem if weights is not None else str(method)
