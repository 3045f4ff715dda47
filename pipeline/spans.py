"""Parts of films: whether there can be such a part, and how many frames it will have."""

from __future__ import annotations

import sys
from math import ceil
from numbers import Real

from .errors import SettingsError
from .values import Film, Span


def checked_span(span: Span) -> Span:
    """The span, if there can be such a part of a film.

    Raises:
        SettingsError: it is none.
    """
    for name, seconds in (("start", span.start), ("end", span.end)):
        if seconds is not None and not isinstance(seconds, Real):
            raise SettingsError(f"{name} must be a number of seconds (got {seconds!r})")
    if span.start is not None and span.start < 0:
        raise SettingsError(f"start must not be negative (got {float(span.start):g} s)")
    if span.end is not None and span.end <= (span.start or 0):
        raise SettingsError(f"end must lie after start (got {float(span.end):g} s)")
    if span.frames is not None and not (
        isinstance(span.frames, int) and 1 <= span.frames < sys.maxsize
    ):
        raise SettingsError(f"frames must be 1 or more (got {span.frames})")
    return span


def expected_frames(film: Film, span: Span) -> int | None:
    """About how many frames of a film lie within a span; None if the film does not say."""
    if film.frames is None or span == Span():
        return film.frames
    seconds = film.frames / film.rate
    end = min(span.end, seconds) if span.end is not None else seconds
    count = max(0, ceil((end - (span.start or 0)) * film.rate))
    return min(count, span.frames) if span.frames is not None else count
