"""`stylize presets`: list the looks, show one, save one, say where they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import cast

import click

from stylize.pipeline.looks import (
    BrokenLook,
    Look,
    Method,
    find_look,
    list_looks,
    model_look,
    save_look,
    user_folder,
)
from stylize.pipeline.styles import Style, as_styles, check_looks_named, check_style_wanted
from stylize.presets import shipped

from .options import encoding_options, look_options, restyle_options, typed_settings

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
        _show_json([asdict(look) for look in looks])
        return
    _show_table([_row(look) for look in looks])


@presets.command()
@click.argument("name", metavar="NAME|FILE.toml")
@_json_option
def show(name: str, *, as_json: bool) -> None:
    """Show what a look is and what it sets."""
    look = find_look(name)
    if as_json:
        _show_json(asdict(look))
        return
    facts = {
        "name": look.name,
        "summary": look.summary,
        "method": look.method,
        "weights": look.weights or "the network for any style, which ships",
        **({"style": ", ".join(map(str, look.styles))} if look.styles else {}),
        "from": f"{_origin(look)}: {look.path}",
    }
    _show_section(facts)
    _show_section(look.origin, title="origin")
    _show_section({k: json.dumps(v) for k, v in look.settings.items()}, title="settings")


@presets.command()
@click.argument("name")
@look_options
@click.option("--summary", metavar="TEXT", help="One line for the list.")
@restyle_options
@encoding_options
@click.option("--overwrite", is_flag=True, help="Replace a preset of yours with this name.")
def save(
    name: str,
    *,
    preset: str | None,
    model: Path | None,
    style: tuple[Style, ...],
    summary: str | None,
    overwrite: bool,
    **settings: object,
) -> None:
    """Save under NAME the look of --preset, --model or --style with the settings given here."""
    typed = typed_settings(settings)
    look = _based_on(preset=preset, model=model, styles=as_styles(style))
    path = save_look(name, based_on=look, settings=typed, summary=summary, overwrite=overwrite)
    if name in shipped():
        click.echo(f"Note: this hides the preset {name!r} that ships.", err=True)
    click.echo(path)


@presets.command()
def path() -> None:
    """Print the folder that holds your own presets."""
    click.echo(user_folder())


def _based_on(*, preset: str | None, model: Path | None, styles: tuple[Style, ...]) -> Look:
    check_looks_named(preset=preset, model=model, styles=styles)
    if preset is not None:
        return find_look(preset)
    if model is None:
        return model_look(None, method="micro", styles=styles)
    from stylize.models import load_model  # brings torch: only where weights are opened

    method = cast("Method", load_model(model).method)  # a test holds that there are no others
    check_style_wanted(method, styles, held_by=model)
    return model_look(model.absolute(), method=method, styles=styles)


def _show_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2, default=str))  # paths become text


def _origin(look: Look | BrokenLook) -> str:
    if isinstance(look, Look) and look.source != "user":
        return "shipped" if look.source == "shipped" else "a file"
    return "yours, hides the shipped one" if look.name in shipped() else "yours"


def _row(look: Look | BrokenLook) -> tuple[str, str, str, str]:
    if isinstance(look, BrokenLook):
        return look.name, f"broken: {look.reason}", "", _origin(look)
    return look.name, look.summary, look.method, _origin(look)


def _show_table(rows: list[tuple[str, str, str, str]]) -> None:
    """A table that fits the terminal; lines in columns where there is none."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    titles = ("preset", "what", "method", "from")
    console = Console()
    if console.is_terminal:
        table = Table(*titles)
        for row in rows:
            table.add_row(*map(Text, row))
        console.print(table)
        return
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    for row in (titles, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def _show_section(facts: Mapping[str, object], *, title: str = "") -> None:
    if title and facts:
        click.echo(f"\n{title}")
    indent, width = "  " if title else "", max(map(len, facts), default=0)
    for key, value in facts.items():
        click.echo(f"{indent}{key.ljust(width)}  {value}".rstrip())
