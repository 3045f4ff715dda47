"""Encode PNG of 8 or 16 bits a channel; Pillow writes colour in 8 bits only."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from .pictures import Kept

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPE = {3: 2, 4: 6}  # channels to PNG's number for RGB and RGBA
_FILTER_UP = 2
_COMPRESSION = 6  # zlib's usual compromise between time and size


def encode_png(samples: npt.NDArray[np.uint8] | npt.NDArray[np.uint16], *, kept: Kept) -> bytes:
    """Encode a PNG with everything that is kept.

    Args:
        samples: (H, W, 3) or (H, W, 4), not premultiplied; their type says how many bits.
        kept: EXIF, XMP, profile, resolution and texts.
    """
    file = io.BytesIO()
    if samples.dtype == np.uint8:
        _save(Image.fromarray(samples), file, kept)
        return file.getvalue()
    height, width, channels = samples.shape
    header = struct.pack(">IIBBBBB", width, height, 16, _COLOUR_TYPE[channels], 0, 0, 0)
    picture = zlib.compress(_filtered(samples).data, _COMPRESSION)
    # All other chunks are those that Pillow writes for a picture of one pixel.
    pixel = io.BytesIO()
    _save(Image.new("RGB", (1, 1)), pixel, kept)
    file.write(_SIGNATURE)
    for kind, data in _chunks(pixel.getvalue()):
        _write_chunk(file, kind, {b"IHDR": header, b"IDAT": picture}.get(kind, data))
    return file.getvalue()


def _save(image: Image.Image, file: BinaryIO, kept: Kept) -> None:
    text = PngInfo()
    for key, value in kept.text.items():
        text.add_text(key, value)
    if kept.xmp:
        text.add_itxt("XML:com.adobe.xmp", kept.xmp.decode("utf-8", "replace"))
    options: dict[str, Any] = {"exif": kept.exif, "icc_profile": kept.icc, "dpi": kept.dpi}
    given = {name: value for name, value in options.items() if value}
    image.save(file, "PNG", pnginfo=text, **given)


def _filtered(samples: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    """Each row as its difference from the one above, behind a byte that says so."""
    height = samples.shape[0]
    rows = samples.astype(">u2").view(np.uint8).reshape(height, -1)
    filtered = np.empty((height, rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = _FILTER_UP
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    return filtered


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        yield kind, png[at + 8 : at + 8 + length]
        at += length + 12


def _write_chunk(file: BinaryIO, kind: bytes, data: bytes) -> None:
    check = zlib.crc32(data, zlib.crc32(kind))
    file.write(struct.pack(">I", len(data)) + kind)
    file.write(data)
    file.write(struct.pack(">I", check))
