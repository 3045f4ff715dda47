"""Times as people write them: seconds (`90`, `1.5`) or a clock time (`1:30`, `0:01:30.040`)."""

from __future__ import annotations

import re
from fractions import Fraction

from .errors import SettingsError


def read_time(text: str) -> Fraction:
    """Seconds, exactly as they were written.

    Raises:
        SettingsError: it is no time, or a negative one.
    """
    found = re.fullmatch(r"(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d*)?|\.\d+)", text)
    if found is None:
        raise SettingsError(f"{text!r} is no time (seconds: 12.5, or a clock time: 1:02:03.5)")
    hours, minutes, seconds = found.groups("0")
    return 3600 * int(hours) + 60 * int(minutes) + Fraction(seconds)


def clock(time: Fraction) -> str:
    """A time as a clock shows it, to the millisecond: 0:12, 1:02:03.5."""
    thousandths = abs(round(time * 1000))
    minutes, rest = divmod(thousandths, 60_000)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest // 1000:02}" + f".{rest % 1000:03}".rstrip("0").rstrip(".")
    shown = f"{hours}:{minutes:02}:{seconds}" if hours else f"{minutes}:{seconds}"
    return f"-{shown}" if time < 0 else shown
