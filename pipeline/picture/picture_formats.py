"""Which picture files there are: those that are read, and those that are written, with limits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import EncodingError

READABLE: dict[str, str] = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".mpo": "JPEG",
    ".png": "PNG",
    ".apng": "PNG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".avif": "AVIF",
    ".bmp": "BMP",
    ".dib": "DIB",
    ".gif": "GIF",
    ".pbm": "PPM",
    ".pgm": "PPM",
    ".ppm": "PPM",
    ".pnm": "PPM",
    ".pfm": "PPM",
    ".jp2": "JPEG2000",
    ".j2k": "JPEG2000",
    ".jpx": "JPEG2000",
    ".psd": "PSD",
    ".qoi": "QOI",
    ".ico": "ICO",
    ".cur": "CUR",
    ".icns": "ICNS",
    ".dds": "DDS",
    ".pcx": "PCX",
    ".sgi": "SGI",
    ".tga": "TGA",
}
"""Extension to Pillow's name of the format. What a file holds decides how it is read, so a JPEG
called `.png` is read too; formats that run other programs (EPS, WMF) are left out on purpose."""

READERS: tuple[str, ...] = tuple(dict.fromkeys(READABLE.values()))
"""The formats tried on a file, in order; TGA, which has no signature, is last."""

UNREADABLE: dict[str, str] = {".heic": "HEIC", ".heif": "HEIF", ".jxl": "JPEG XL"}
"""Pictures that are common and cannot be read: found in a folder, so that they are reported."""


@dataclass(frozen=True, slots=True)
class PictureFormat:
    """What a written format can hold.

    Attributes:
        name: as Pillow knows it.
        title: as people know it.
        longest_side: in pixels.
        quality: used when none is asked for; None: the format is lossless.
        alpha: whether it holds transparency.
        deep: whether it holds 16 bits a channel.
        texts: which named texts it holds beside EXIF: `all`, the one of this name, or none.
        iptc: whether it holds IPTC records.
    """

    name: str
    title: str
    longest_side: int
    quality: int | None = None
    alpha: bool = True
    deep: bool = False
    texts: Literal["all", "Comment"] | None = None
    iptc: bool = False


# Paint has fine, saturated strokes: qualities at which its edges stay clean to the eye.
_JPEG = PictureFormat("JPEG", "JPEG", 65_500, quality=92, alpha=False, texts="Comment", iptc=True)
_PNG = PictureFormat("PNG", "PNG", 2**31 - 1, deep=True, texts="all")
_WEBP = PictureFormat("WEBP", "WebP", 16_383, quality=90)
_TIFF = PictureFormat("TIFF", "TIFF", 2**31 - 1, deep=True, iptc=True)
_AVIF = PictureFormat("AVIF", "AVIF", 32_768, quality=82)  # decoders refuse longer sides

WRITABLE: dict[str, PictureFormat] = {
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".png": _PNG,
    ".webp": _WEBP,
    ".tif": _TIFF,
    ".tiff": _TIFF,
    ".avif": _AVIF,
}
"""Extension to the format written."""

MOVING = (".gif", ".webp", ".apng")
"""Extensions under which animations are written; the last is for those of all other formats."""


def picture_format(target: Path) -> PictureFormat:
    """Say what a target's extension asks for.

    Raises:
        EncodingError: pictures of that kind are not written.
    """
    try:
        return WRITABLE[target.suffix.lower()]
    except KeyError:
        found = f"'{target.suffix}'" if target.suffix else "no extension"
        raise EncodingError(
            f"{target}: cannot write a picture with {found}; allowed: {', '.join(WRITABLE)}"
        ) from None
