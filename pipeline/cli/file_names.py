"""Names of files and folders, as they are typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


class FileName(click.Path):
    """A name as a `Path`. Whether it can be read is said by who reads it, as of any file.

    Args:
        exists: whether it must be there.
        file_okay: whether it may be a file.
        dir_okay: whether it may be a folder.
        allow_dash: whether `-` stands for the standard output.
    """

    def __init__(
        self,
        *,
        exists: bool = False,
        file_okay: bool = True,
        dir_okay: bool = True,
        allow_dash: bool = False,
    ) -> None:
        super().__init__(
            exists=exists,
            file_okay=file_okay,
            dir_okay=dir_okay,
            readable=False,
            allow_dash=allow_dash,
            path_type=Path,
        )

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:  # as in the base class
        """Refuse an empty name: as a path it would be the folder that one is in."""
        if value == "":
            self.fail("an empty name (is it a variable of the shell that is not set?)", param, ctx)
        if value == "-" and not self.allow_dash:
            self.fail(
                "name a file: films and pictures go through no pipe (./- is one called -)",
                param,
                ctx,
            )
        return super().convert(value, param, ctx)
