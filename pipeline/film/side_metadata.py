"""Metadata and chapters of a film, without what described only the source's own file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from ..values import SETTINGS_KEY

if TYPE_CHECKING:
    from av.container.core import Chapter

# Facts of the source's own encoding, container and sizes: wrong for the output, or written anew.
_OF_THE_FILE = {
    *("major_brand", "minor_version", "compatible_brands", "encoder", "encoded_by"),
    *("duration", "bps", "number_of_frames", "number_of_bytes", "source_id", "vendor_id"),
    *("rotate", "alpha_mode", "handler_name", "enc_key_id"),
    SETTINGS_KEY,  # of an earlier painting
}

# FFmpeg knows QuickTime's own languages by these codes only.
_QUICKTIME_LANGUAGES = {
    "deu": "ger",
    "fre": "fra",
    "nld": "dut",
    "swe": "sve",
    "ell": "gre",
    "isl": "ice",
    "zho": "chi",
    "hrv": "hr ",
}


def quicktime_language(code: str) -> str:
    """The code of a language (ISO 639-2) that ends up in a QuickTime file."""
    return _QUICKTIME_LANGUAGES.get(code, code)


def kept_metadata(metadata: Mapping[str, str], *, timecode: bool) -> dict[str, str]:
    """What of a container's or a stream's metadata holds for the output too.

    Args:
        metadata: of the source.
        timecode: whether the output begins where the source does, so that its time code holds.
    """
    return {
        key: value
        for key, value in metadata.items()
        if value
        and key.lower() not in _OF_THE_FILE
        and not key.lower().startswith("_statistics")
        and (timecode or key.lower() != "timecode")
    }


def kept_chapters(
    chapters: Sequence[Chapter], *, offset: Fraction, end: Fraction | None
) -> list[Chapter]:
    """Chapters on the output's clock, cut to its length.

    Args:
        chapters: of the source.
        offset: the source's time that becomes zero, in seconds.
        end: the source's time where the output ends; None: at the source's end.
    """
    kept: list[Chapter] = []
    for chapter in chapters:
        tick = chapter["time_base"] or Fraction(1, 1000)
        begins, ends = chapter["start"] * tick, chapter["end"] * tick
        if end is not None:
            ends = min(ends, end)
        begins = max(begins, offset)
        if begins >= ends:
            continue
        kept.append(
            {
                "id": chapter["id"],
                "start": round((begins - offset) / tick),
                "end": round((ends - offset) / tick),
                "time_base": tick,
                "metadata": dict(chapter["metadata"]),
            }
        )
    return kept
