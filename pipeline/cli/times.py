"""Times on the command line."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import click

from stylize.pipeline.clock import read_time
from stylize.pipeline.errors import SettingsError


class _Time(click.ParamType[Fraction]):
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
