"""`stylize presets`: list the looks, show one, save one, say where they are."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import cast

import click

from stylize.models.methods import MethodName
from stylize.pipeline.choose import PaintOptions, choose
from stylize.pipeline.looks import (
    BrokenLook,
    Look,
    find_look,
    list_looks,
    model_look,
    save_look,
    user_folder,
)
from stylize.pipeline.styles import check_style_wanted
from stylize.presets import shipped

from .options import (
    encoding_options,
    look_options,
    restyle_options,
    steadying_options,
    typed_options,
    typed_settings,
)
from .tables import show_json, show_section, show_table

_NO_FILE = {"micro": "the network for any style, which ships", "adain": "the published decoder"}
"""What a look paints with that names no file."""

_json_option = click.option("--json", "as_json", is_flag=True, help="JSON for other programs.")


@click.group()
def presets() -> None:
    """List, show and save looks."""


@presets.command("list")
@_json_option
def list_command(*, as_json: bool) -> None:
    """List all looks: those that ship and your own."""
    looks = list_looks()
    if as_json:
        show_json([asdict(look) for look in looks])
        return
    show_table(("preset", "what", "method", "from"), [_row(look) for look in looks])


@presets.command()
@click.argument("name", metavar="NAME|FILE.toml")
@_json_option
def show(name: str, *, as_json: bool) -> None:
    """Show what a look is and what it sets."""
    look = find_look(name)
    if as_json:
        show_json(asdict(look))
        return
    facts = {
        "name": look.name,
        "summary": look.summary,
        "method": look.method,
        "weights": look.weights or _NO_FILE.get(look.method, "none: it optimises"),
        **({"style": ", ".join(map(str, look.styles))} if look.styles else {}),
        **({"mask": ", ".join(map(str, look.masks))} if look.masks else {}),
        "from": f"{_origin(look)}: {look.path}",
    }
    show_section(facts)
    show_section(look.options, title="options")
    show_section(look.origin, title="origin")
    show_section({k: json.dumps(v) for k, v in look.settings.items()}, title="settings")


@presets.command(short_help="Save a look of yours under a name.")
@click.argument("name")
@look_options
@click.option("--summary", metavar="TEXT", help="One line for the list.")
@restyle_options
@steadying_options
@encoding_options
@click.option("--overwrite", is_flag=True, help="Replace a preset of yours with this name.")
def save(
    name: str,
    *,
    summary: str | None,
    overwrite: bool,
    **painting: object,
) -> None:
    """Save under NAME the look of --preset, --model or --style with the settings given here."""
    typed = typed_settings(painting)
    look = _based_on(typed_options(painting))
    path = save_look(name, based_on=look, settings=typed, summary=summary, overwrite=overwrite)
    if name in shipped():
        click.echo(f"Note: this hides the preset {name!r} that ships.", err=True)
    click.echo(path)


@presets.command()
def path() -> None:
    """Print the folder that holds your own presets."""
    click.echo(user_folder())


def _based_on(typed: PaintOptions) -> Look:
    choice = choose(**typed)
    masks, options = choice.masks, choice.options
    if (preset := typed.get("preset")) is not None:
        return replace(find_look(str(preset)), masks=masks, options=options)
    method, weights = choice.method, None
    if (model := typed.get("model")) is not None:
        from stylize.models import load_model  # brings torch: only where weights are opened

        weights = Path(model).absolute()
        method = cast("MethodName", load_model(weights).method)
        check_style_wanted(method, choice.styles, held_by=model)
    return model_look(
        weights, method=method or "micro", styles=choice.styles, masks=masks, options=options
    )


def _origin(look: Look | BrokenLook) -> str:
    if isinstance(look, Look) and look.source != "user":
        return "shipped" if look.source == "shipped" else "a file"
    return "yours, hides the shipped one" if look.name in shipped() else "yours"


def _row(look: Look | BrokenLook) -> tuple[str, str, str, str]:
    if isinstance(look, BrokenLook):
        return look.name, f"broken: {look.reason}", "", _origin(look)
    return look.name, look.summary, look.method, _origin(look)
