"""What a picture file says beside its pixels: cleaned when read, completed when written."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from PIL import ExifTags, Image

SETTINGS_KEY = "stylize"
"""Where the settings that made a picture stand: this PNG text, or this key of the JSON object in
the EXIF user comment."""

_ORIENTATION = ExifTags.Base.Orientation
_EXIF = ExifTags.IFD.Exif
_COMMENT_IN_ASCII = b"ASCII\0\0\0"  # the charset code that starts an EXIF user comment

# The tags that say something of the picture. Others describe how the source's samples lay in its
# file (a TIFF keeps them in the same list) and would be lies in the output.
_DESCRIPTIVE: frozenset[int] = frozenset({
    *(
        ExifTags.Base[name]
        for name in (
            "ImageDescription", "Make", "Model", "Software", "DateTime", "Artist", "HostComputer",
            "Copyright", "Rating", "RatingPercent", "XPTitle", "XPComment", "XPAuthor",
            "XPKeywords", "XPSubject",
        )
    ),
})  # fmt: skip
# Inside the EXIF directory: a pointer that would point nowhere once the block is rewritten.
_POINTERS: frozenset[int] = frozenset({ExifTags.IFD.Interop})
_SRGB = 1  # value of the tag ColorSpace

# A PNG keyword: Latin-1, 1 to 79 characters, no space at either end (PNG 1.2, section 11.3.4.2).
_KEYWORD = re.compile(r"(?! )[\x20-\x7e\xa1-\xff]{1,79}(?<! )")
_NOT_TEXT = frozenset({SETTINGS_KEY, "XML:com.adobe.xmp"})


def orientation(image: Image.Image) -> int:
    """How a loaded picture must be turned, as EXIF numbers it: 1 (upright) to 8."""
    if image.format == "TIFF":
        return 1  # Pillow turns these while loading
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 (a damaged block makes Pillow raise nearly anything)
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def clean_exif(image: Image.Image) -> bytes:
    """The EXIF block of a loaded picture without orientation, thumbnail and layout of the file.

    Returns:
        The block, with its `Exif` prefix; empty if there is nothing to keep. Tags that cannot be
        written back are left out.
    """
    clean = Image.Exif()
    try:
        source = image.getexif()
        for tag in _DESCRIPTIVE.intersection(source):
            _copy(source[tag], tag, clean)
        for group in (_EXIF, ExifTags.IFD.GPSInfo):
            for tag, value in source.get_ifd(group).items():
                if tag not in _POINTERS:
                    _copy(value, tag, clean, group=group)
    except Exception:  # noqa: BLE001 (a damaged block makes Pillow raise nearly anything)
        return clean.tobytes() if _has_content(clean) else b""
    details = clean.get_ifd(_EXIF)
    if ExifTags.Base.ColorSpace in details:
        details[ExifTags.Base.ColorSpace] = _SRGB
    return clean.tobytes() if _has_content(clean) else b""


def _copy(value: Any, tag: int, target: Image.Exif, *, group: int | None = None) -> None:
    """Copy one tag if Pillow can write its value: damaged files hold values of wrong types."""
    trial = Image.Exif()
    directory: Any = trial if group is None else trial.get_ifd(group)
    directory[tag] = value
    try:
        trial.tobytes()
    except Exception:  # noqa: BLE001 (what fails, and how, depends on the damage)
        return
    directory = target if group is None else target.get_ifd(group)
    directory[tag] = value


def _has_content(exif: Image.Exif) -> bool:
    return bool(len(exif) or exif.get_ifd(_EXIF) or exif.get_ifd(ExifTags.IFD.GPSInfo))


def clean_xmp(image: Image.Image) -> bytes:
    """The XMP packet of a loaded picture with a neutral orientation; empty if there is none."""
    packet = image.info.get("xmp", image.info.get("XML:com.adobe.xmp", b""))
    if isinstance(packet, str):
        packet = packet.encode()
    if not isinstance(packet, bytes):
        return b""
    packet = re.sub(rb"(tiff:Orientation\s*=\s*[\"'])[2-8]", rb"\g<1>1", packet)
    return re.sub(rb"(<tiff:Orientation>\s*)[2-8]", rb"\g<1>1", packet)


def resolution(image: Image.Image) -> tuple[float, float] | None:
    """Pixels an inch, across and down as the samples lie; None if unknown or absurd."""
    try:
        across, down = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    plausible = all(math.isfinite(value) and 1 <= value < 65_536 for value in (across, down))
    return (across, down) if plausible else None


def texts(image: Image.Image) -> dict[str, str]:
    """The named texts of a loaded picture; earlier settings of this program are left out."""
    found = {
        key: str(value)
        for key, value in getattr(image, "text", {}).items()
        if _KEYWORD.fullmatch(key)
        and key not in _NOT_TEXT
        and not key.startswith("Raw profile type")
    }
    comment = None if image.format == "PNG" else image.info.get("comment")
    if isinstance(comment, bytes):
        comment = comment.decode("utf-8", "replace")
    if isinstance(comment, str) and comment.strip("\0 "):
        found.setdefault("Comment", comment.strip("\0 "))
    return found


def completed_exif(
    exif: bytes, *, size: tuple[int, int], settings: Mapping[str, str] | None
) -> bytes:
    """Bring a clean EXIF block up to date for the picture that is written.

    Args:
        exif: from `clean_exif`, or empty.
        size: width and height of the output.
        settings: put into the user comment as JSON, with this program named as the software;
            None: neither is touched.

    Returns:
        The block, with its `Exif` prefix; empty if there is nothing to say.
    """
    if not exif and settings is None:
        return b""
    block = Image.Exif()
    block.load(exif)
    details = block.get_ifd(_EXIF)
    if ExifTags.Base.ExifImageWidth in details:
        details[ExifTags.Base.ExifImageWidth], details[ExifTags.Base.ExifImageHeight] = size
    if settings is not None:
        comment = json.dumps({SETTINGS_KEY: dict(settings)})  # ASCII: JSON escapes the rest
        details[ExifTags.Base.UserComment] = _COMMENT_IN_ASCII + comment.encode("ascii")
        block[ExifTags.Base.Software] = " ".join(filter(None, ("stylize", settings.get("version"))))
    return block.tobytes()
