"""`stylize image` and `stylize folder`: paint one picture, or every one in a folder."""

from __future__ import annotations

from pathlib import Path

import click

from . import interruption
from .file_names import FileName
from .options import encoding_options, look_options, restyle_options, typed_options
from .outputs import Job, existing, output_options
from .progress import reporting


@click.command(cls=Job)
@click.argument("source", type=FileName(), metavar="PICTURE")
@click.option(
    "-o",
    "--output",
    type=FileName(),
    help="jpg, png, webp, tiff or avif; of an animated one what stylize video writes.  "
    "[default: PICTURE-LOOK.…]",
)
@look_options
@restyle_options
@encoding_options
@output_options
def image(
    source: Path,
    output: Path | None,
    *,
    overwrite: bool,
    skip_existing: bool,
    metadata: bool,
    quiet: bool,
    as_json: bool,
    **painting: object,
) -> None:
    """Paint one picture; an animated one is painted as a film.

    (stylize video has more options for those: --smooth, --start and others.)
    """
    there = existing(overwrite=overwrite, skip_existing=skip_existing, otherwise="refuse")
    from stylize.pipeline import stylize_image

    interruption.clean_up_first()
    with reporting(quiet=quiet, as_json_lines=as_json) as report:
        report(
            stylize_image(
                source,
                output,
                existing=there,
                metadata=metadata,
                report=report,
                **typed_options(painting),
            )
        )


@click.command(cls=Job)
@click.argument("source", type=FileName(), metavar="FOLDER")
@click.option(
    "-o",
    "--output",
    type=FileName(file_okay=False),
    help="Folder to write to; keeps the tree.  [default: FOLDER-LOOK]",
)
@click.option(
    "--recursive/--no-recursive", default=True, help="Go into folders below.  [default: yes]"
)
@click.option(
    "--format",
    "extension",
    metavar="EXT",
    help="Write all but animations as jpg, png, webp, tiff or avif.  [default: as the source]",
)
@look_options
@restyle_options
@encoding_options
@output_options
def folder(
    source: Path,
    output: Path | None,
    extension: str | None,
    *,
    recursive: bool,
    overwrite: bool,
    skip_existing: bool,
    metadata: bool,
    quiet: bool,
    as_json: bool,
    **painting: object,
) -> int:
    """Paint every picture in a folder; run again, it goes on where it stopped."""
    there = existing(overwrite=overwrite, skip_existing=skip_existing, otherwise="skip")
    from stylize.pipeline import stylize_folder

    interruption.clean_up_first()
    with reporting(quiet=quiet, as_json_lines=as_json) as report:
        done = stylize_folder(
            source,
            output,
            recursive=recursive,
            extension=extension,
            existing=there,
            metadata=metadata,
            report=report,
            **typed_options(painting),
        )
        report(done)
    return 1 if done.failed else 0
