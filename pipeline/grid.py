"""What a grid compares: from looks, methods and strengths, several of each, to its columns.

It reads no file and loads nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from stylize.models.methods import MethodName

from .choose import PaintOptions
from .errors import SettingsError
from .method_options import OPTIMISERS
from .settings import SettingsOptions


@dataclass(frozen=True, slots=True)
class Column:
    """One way to paint all pictures of a grid.

    Attributes:
        label: what sets it apart from the other columns.
        options: what `choose` takes.
    """

    label: str
    options: PaintOptions


@dataclass(frozen=True, slots=True)
class _Look:
    """What to paint like, in words: the style or preset, and what paints it where that differs."""

    name: str
    painted_by: str
    options: PaintOptions


def make_columns(
    *,
    styles: Sequence[Path] = (),
    presets: Sequence[str | Path] = (),
    methods: Sequence[MethodName] = (),
    models: Sequence[Path] = (),
    strengths: Sequence[float] = (),
    method_options: Sequence[Mapping[str, object]] = (),
    settings: SettingsOptions,
) -> list[Column]:
    """The product of what is given more than once.

    Styles come first, each painted by each of the methods and networks, then presets; where there
    is no style each network is a look of its own. All of them are painted in each strength.

    Args:
        styles: pictures to paint like.
        presets: names or TOML files.
        methods: how to paint like the styles.
        models: networks that paint like the styles, or have learnt one.
        strengths: shares of the painting in the result; none: as `settings` and presets say.
        method_options: of the methods that have options of their own; several are compared.
        settings: of all columns.

    Raises:
        SettingsError: nothing to paint like is named, a method without a style, or options without
            a method that has any.
    """
    painters = _painters(methods, models, method_options)
    looks = [
        _Look(name, painted_by, {"style": [style], **options})
        for (name, style), (painted_by, options) in product(
            zip(distinct_names(styles), styles, strict=True), painters or [("", PaintOptions())]
        )
    ]
    if not styles:
        if methods:
            raise SettingsError("a method paints like pictures: name one by --style, or several")
        looks = [_Look(name, "", options) for name, options in painters]
    taken = {look.name for look in looks}
    for name, preset in zip(distinct_names([Path(each) for each in presets]), presets, strict=True):
        looks.append(_Look(f"preset {name}" if name in taken else name, "", {"preset": preset}))
    if not looks:
        raise SettingsError("name a look by --style, by --preset or by --model (none is given)")
    several = len({look.name for look in looks}) > 1, len(painters) > 1, len(strengths) > 1
    layers: list[SettingsOptions] = [{"strength": strength} for strength in strengths] or [{}]
    return [
        Column(_label(look, layer, several), {**settings, **layer, **look.options})
        for look, layer in product(looks, layers)
    ]


def distinct_names(paths: Sequence[Path]) -> list[str]:
    """A short name for each file: its stem, with as much of the path as tells it from the others.

    Equal paths have equal names.
    """
    different = len(set(paths))
    forms = (
        [path.stem for path in paths],
        [path.name for path in paths],
        [str(Path(*path.parts[-2:])) for path in paths],
    )
    whole = [str(path) for path in paths]
    return next((names for names in forms if len(set(names)) == different), whole)


def _painters(
    methods: Sequence[MethodName], models: Sequence[Path], variants: Sequence[Mapping[str, object]]
) -> list[tuple[str, PaintOptions]]:
    """What may paint a style, each with its name."""
    if any(variants) and not set(OPTIMISERS).intersection(methods):
        raise SettingsError(f"--set is for {' and '.join(OPTIMISERS)}: name one by --method")
    differ = {
        key for one in variants for key in one if any(one[key] != o.get(key) for o in variants)
    }
    found: list[tuple[str, PaintOptions]] = []
    for method in methods:
        for own in variants if variants and method in OPTIMISERS else [{}]:
            words = [method, *(f"{key} {own[key]}" for key in own if key in differ)]
            found.append((" ".join(words), {"method": method, "method_options": own}))
    named = zip(distinct_names(models), models, strict=True)
    return found + [(name, {"model": model}) for name, model in named]


def _label(look: _Look, layer: SettingsOptions, several: tuple[bool, bool, bool]) -> str:
    strength = f"strength {layer['strength']:g}" if "strength" in layer else ""
    parts = zip((look.name, look.painted_by, strength), several, strict=True)
    return ", ".join(part for part, differs in parts if part and differs) or look.name
