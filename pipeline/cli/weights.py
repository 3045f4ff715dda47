"""`stylize weights`: which weights of others the program knows, where they are; fetch them."""

from __future__ import annotations

from dataclasses import asdict

import click

from stylize.models.weights import TABLE, cache_folder, converted, find_weights, searched

from . import interruption
from .tables import show_json, show_table

_NAMES = [file.name for file in TABLE]


@click.group()
def weights() -> None:
    """List, find and get weights of others: the VGGs, AdaIN's decoder, LPIPS, RAFT."""


@weights.command("list", short_help="List them, and where they are.")
@click.option("--json", "as_json", is_flag=True, help="JSON for other programs.")
def list_command(*, as_json: bool) -> None:
    """List the files that training, methods and measures need, and where they are."""
    found = {file.name: searched(file) or converted(file) for file in TABLE}
    if as_json:
        show_json([{**asdict(file), "path": found[file.name]} for file in TABLE])
        return
    rows = [
        (file.name, _size(file.size), file.licence, str(found[file.name] or "not here"))
        for file in TABLE
    ]
    show_table(("file", "size", "licence", "where"), rows)


def _size(count: int) -> str:
    return f"{count / 1e6:.3g} MB" if count >= 1e6 else f"{count / 1e3:.3g} kB"


@weights.command()
@click.argument("names", nargs=-1, required=True, metavar="FILE...", type=click.Choice(_NAMES))
@click.option("--quiet", is_flag=True, help="Show no progress.")
def get(names: tuple[str, ...], *, quiet: bool) -> None:
    """Fetch files by their names, check them, and print where they are."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    interruption.clean_up_first()
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as progress:
        for file in (file for file in TABLE if file.name in names):
            task = progress.add_task(file.name, total=file.size)

            def fetched(done: int, total: int, task: object = task) -> None:
                progress.update(task, completed=done, total=total)  # type: ignore[arg-type]

            path = find_weights(file, progress=fetched)
            progress.update(task, completed=file.size)
            click.echo(path)


@weights.command()
def path() -> None:
    """Print the folder that fetched files are kept in."""
    click.echo(cache_folder())
