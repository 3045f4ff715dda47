"""What a picture file says beside its pixels: cleaned when read, completed when written."""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Mapping
from typing import Any

from PIL import ExifTags, Image, ImageFile, IptcImagePlugin

from ..values import SETTINGS_KEY

_ORIENTATION = ExifTags.Base.Orientation
_Directories = dict[int, dict[int, Any]]
_TOP = 0  # the block itself, beside the directories inside it
_EXIF: int = ExifTags.IFD.Exif
_GPS: int = ExifTags.IFD.GPSInfo
_HISTORY: int = ExifTags.Base.ImageHistory
_OUR_LINE = f'{{"{SETTINGS_KEY}":'  # how a line of ours in the history begins

# The tags that say something of the picture. Others describe how the source's samples lay in its
# file (a TIFF keeps them in the same list) and would be lies in the output.
_DESCRIPTIVE: frozenset[int] = frozenset(
    ExifTags.Base[name]
    for name in (
        "ImageDescription",
        "Make",
        "Model",
        "Software",
        "DateTime",
        "Artist",
        "HostComputer",
        "Copyright",
        "Rating",
        "RatingPercent",
        "XPTitle",
        "XPComment",
        "XPAuthor",
        "XPKeywords",
        "XPSubject",
    )
)
# Inside the EXIF directory: a pointer that would point nowhere once the block is rewritten.
_POINTERS: frozenset[int] = frozenset({ExifTags.IFD.Interop})
_SRGB = 1  # value of the tag ColorSpace

# A PNG keyword: Latin-1, 1 to 79 characters, no space at either end (PNG 1.2, section 11.3.4.2).
_KEYWORD = re.compile(r"(?! )[\x20-\x7e\xa1-\xff]{1,79}(?<! )")
_NOT_TEXT = frozenset({SETTINGS_KEY, "XML:com.adobe.xmp"})

# A PNG's predefined keywords to the EXIF tag that means the same; the first that is there wins.
_TAG_OF_TEXT: dict[str, int] = {
    "Description": ExifTags.Base.ImageDescription,
    "Title": ExifTags.Base.ImageDescription,
    "Comment": ExifTags.Base.ImageDescription,
    "Author": ExifTags.Base.Artist,
    "Copyright": ExifTags.Base.Copyright,
    "Software": ExifTags.Base.Software,
}


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

    The line that an earlier run of this program left in its history is left out, too.

    Returns:
        The block, with its `Exif` prefix; empty if there is nothing to keep. Tags that cannot be
        written back are left out.
    """
    try:
        found = _directories(image.getexif())
    except Exception:  # noqa: BLE001 (a damaged block makes Pillow raise nearly anything)
        return b""
    kept: _Directories = {
        group: {
            tag: value
            for tag, value in tags.items()
            if (tag in _DESCRIPTIVE if group == _TOP else tag not in _POINTERS)
            and _can_be_written(group, tag, value)
        }
        for group, tags in found.items()
    }
    if history := _foreign_history(kept[_EXIF].pop(_HISTORY, "")):
        kept[_EXIF][_HISTORY] = history
    if ExifTags.Base.ColorSpace in kept[_EXIF]:
        kept[_EXIF][ExifTags.Base.ColorSpace] = _SRGB
    return _block(kept)


def _foreign_history(history: object) -> str:
    """The lines of an image history that are not ours."""
    text = history.decode("latin-1") if isinstance(history, bytes) else str(history)
    return "\n".join(line for line in text.splitlines() if not line.startswith(_OUR_LINE))


def _directories(exif: Image.Exif) -> _Directories:
    """The tags of the block itself and of the directories inside it."""
    top = {tag: exif[tag] for tag in exif if tag not in (_EXIF, _GPS)}
    return {_TOP: top, **{group: dict(exif.get_ifd(group)) for group in (_EXIF, _GPS)}}


def _block(directories: _Directories) -> bytes:
    exif = Image.Exif()
    for group, tags in directories.items():
        if tags:
            target: Any = exif if group == _TOP else exif.get_ifd(group)
            for tag, value in tags.items():
                target[tag] = as_written(value)
    return exif.tobytes() if any(directories.values()) else b""


def as_written(value: Any) -> Any:
    """An EXIF value as it must be given to Pillow, which reads text as Latin-1 but writes ASCII.

    Text beyond ASCII, of whatever encoding, goes back as the bytes that it came from.
    """
    if isinstance(value, str) and not value.isascii():
        return value.encode("latin-1", "replace")
    return value


def _can_be_written(group: int, tag: int, value: Any) -> bool:
    """Whether Pillow can write a value: damaged files hold values of wrong types."""
    try:
        _block({group: {tag: value}})
    except Exception:  # noqa: BLE001 (what fails, and how, depends on the damage)
        return False
    return True


def clean_xmp(image: Image.Image) -> bytes:
    """The XMP packet of a loaded picture with a neutral orientation; empty if there is none."""
    packet = image.info.get("xmp", image.info.get("XML:com.adobe.xmp", b""))
    if isinstance(packet, str):
        packet = packet.encode()
    if not isinstance(packet, bytes):
        return b""
    packet = re.sub(rb"(tiff:Orientation\s*=\s*[\"'])[2-8]", rb"\g<1>1", packet)
    return re.sub(rb"(<tiff:Orientation>\s*)[2-8]", rb"\g<1>1", packet)


def iptc(image: ImageFile.ImageFile) -> bytes:
    """The IPTC records of a loaded JPEG or TIFF, in the order of their numbers; may be empty."""
    try:
        found = IptcImagePlugin.getiptcinfo(image) or {}
    except Exception:  # noqa: BLE001 (a damaged block makes Pillow raise nearly anything)
        return b""
    records = b""
    for (record, dataset), values in sorted(found.items()):
        for value in values if isinstance(values, list) else [values]:
            if value and len(value) < 1 << 15:  # longer ones have another form, and no use
                records += struct.pack(">BBBH", 0x1C, record, dataset, len(value)) + value
    return records


def iptc_segment(records: bytes) -> bytes:
    """The segment of a JPEG that holds IPTC records: Photoshop's block 0x0404; empty for none."""
    if not records:
        return b""
    block = b"8BIM" + struct.pack(">HHI", 0x0404, 0, len(records)) + records
    content = b"Photoshop 3.0\0" + block + b"\0" * (len(records) % 2)
    return b"\xff\xed" + struct.pack(">H", len(content) + 2) + content


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
    exif: bytes,
    *,
    size: tuple[int, int],
    settings: Mapping[str, object] | None = None,
    text: Mapping[str, str] | None = None,
) -> tuple[bytes, frozenset[str]]:
    """Bring a clean EXIF block up to date for the picture that is written.

    Args:
        exif: from `clean_exif`, or empty.
        size: width and height of the output.
        settings: appended to the image history, as a line of JSON; None: nothing is.
        text: named texts, each put into the tag that means the same if that is free.

    Returns:
        The block, with its `Exif` prefix, empty if there is nothing to say; and the names of the
        texts that stand in it.
    """
    block = Image.Exif()
    block.load(exif)
    directories = _directories(block)
    top, details = directories[_TOP], directories[_EXIF]
    if ExifTags.Base.ExifImageWidth in details:
        details[ExifTags.Base.ExifImageWidth], details[ExifTags.Base.ExifImageHeight] = size
    if settings is not None:
        line = json.dumps({SETTINGS_KEY: dict(settings)})  # ASCII: JSON escapes the rest
        details[_HISTORY] = "\n".join(filter(None, (details.get(_HISTORY), line)))
    said = set()
    for name, tag in _TAG_OF_TEXT.items():
        value = (text or {}).get(name, "").encode()
        if value and top.setdefault(tag, value) in (value, value.decode("latin-1")):
            said.add(name)
    return _block(directories), frozenset(said)
