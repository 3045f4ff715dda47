"""Times on the command line."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import click

from stylize.pipeline.clock import read_time
from stylize.pipeline.errors import SettingsError

if TYPE_CHECKING:
    _Type = click.ParamType[Fraction]
else:
    _Type = click.ParamType  # which takes no argument before click 8.4


class _Time(_Type):
    """Seconds or a clock time, kept exactly."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Fraction:
        try:
            return read_time(str(value))
        except SettingsError as error:
            self.fail(str(error), param, ctx)


TIME = _Time()
