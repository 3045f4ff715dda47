"""Single pictures as values: the frame to paint, and what goes from the source to the output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ..values import Frame

Depth = Literal[8, 16]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a picture's output is to have in common with its source.

    Attributes:
        source: the file that was read; it is never written over.
        depth: bits a channel.
        exif: an EXIF block whose orientation is neutral; empty: none.
        xmp: an XMP packet whose orientation is neutral; empty: none.
        iptc: the records of press agencies (IPTC-IIM); empty: none.
        icc: an sRGB profile if the source had a profile (its pixels are sRGB now); empty: none.
        dpi: pixels an inch, across and down.
        text: named texts (PNG text chunks, a JPEG's or GIF's comment as `Comment`).
    """

    source: Path | None = None
    depth: Depth = 8
    exif: bytes = b""
    xmp: bytes = b""
    iptc: bytes = b""
    icc: bytes = b""
    dpi: tuple[float, float] | None = None
    text: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A still picture, ready to paint.

    Attributes:
        frame: sRGB, upright, at time 0; its alpha is None when every pixel is opaque.
        kept: what the output takes from the source.
    """

    frame: Frame
    kept: Kept
