"""Tables for people: they fit the terminal, and are lines in columns where there is none."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import click


def show_json(value: object) -> None:
    """Print a value for other programs."""
    click.echo(json.dumps(value, indent=2, default=str))  # paths become text


def show_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under their titles."""
    # Imported here: the help needs neither.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

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


def show_section(facts: Mapping[str, object], *, title: str = "") -> None:
    """Print facts, a line each, under a title if there is one."""
    if title and facts:
        click.echo(f"\n{title}")
    indent, width = "  " if title else "", max(map(len, facts), default=0)
    for key, value in facts.items():
        click.echo(f"{indent}{key.ljust(width)}  {value}".rstrip())
