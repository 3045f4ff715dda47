"""`stylize methods`: which methods there are, and the options of each one's own."""

from __future__ import annotations

import click

from stylize.models.methods import METHODS, NAMES

from .tables import show_json, show_section, show_table


@click.command()
@click.argument("name", required=False, type=click.Choice(NAMES))
@click.option("--json", "as_json", is_flag=True, help="JSON for other programs.")
def methods(name: str | None, *, as_json: bool) -> None:
    """List the methods; or show one, with the options that --set takes."""
    if name is not None:
        _show(name, as_json=as_json)
        return
    rows = [
        (
            known,
            method.summary,
            "any" if method.any_style else "one",
            "yes" if method.vgg else "no",
            method.paper or "ours",
        )
        for known, method in METHODS.items()
    ]
    titles = ("method", "what", "styles", "needs a VGG", "paper")
    if as_json:
        show_json([dict(zip(titles, row, strict=True)) for row in rows])
        return
    show_table(titles, rows)


def _show(name: str, *, as_json: bool) -> None:
    from stylize.pipeline.method_options import (
        PICTURE,
        choices,
        default_of,
        described,
        option_fields,
    )

    method = next(method for known, method in METHODS.items() if known == name)
    options = {option.name: default_of(option) for option in option_fields(name)}
    if as_json:
        show_json({"method": name, "summary": method.summary, "options": options})
        return
    show_section({"method": name, "what": method.summary, "paper": method.paper or "ours"})
    if options:
        said, words = described(name), choices(name)
        lines = {
            key: said[key]
            + (f" One of {', '.join(words[key])}" if key in words else "")
            + (", or the file of a picture." if key == PICTURE else "." if key in words else "")
            + f"  [default: {'the usual' if value is None else value}]"
            for key, value in options.items()
        }
        show_section(lines, title="options (--set NAME=VALUE)")
