"""What FFmpeg's muxers leave out of animations: the last frame's duration, and metadata."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO
from xml.sax.saxutils import escape

_PNG_SIGNATURE = 8
_GIF_DELAY = 4  # bytes from a graphic control extension's beginning
_MOST_IN_SUBBLOCK = 255
_WEBP_FLAGS = 15  # bytes from the beginning of an animation frame's data
_REPLACES = 0x02  # a frame what was shown before it; FFmpeg has all laid over each other
_MOST_IN_DELAY = 65535  # in either part of the fraction of a second that PNG stores


def complete_animation(
    path: Path,
    *,
    muxer: str,
    last_duration: Fraction,
    last_size: int,
    size: tuple[int, int],
    alpha: bool,
    metadata: Mapping[str, str],
) -> None:
    """Add what is missing to a finished file.

    Args:
        path: a GIF, WebP or APNG that FFmpeg has closed.
        muxer: `gif`, `webp` or `apng`.
        last_duration: of the last frame, in seconds.
        last_size: bytes of the last frame's packet.
        size: width and height in pixels.
        alpha: whether it may be transparent.
        metadata: stored as GIF comments, XMP in WebP, and text in PNG.
    """
    with path.open("r+b") as file:
        if muxer == "gif":
            _complete_gif(file, last_duration, last_size, metadata)
        elif muxer == "apng":
            _complete_png(file, last_duration, metadata)
        else:
            _let_webp_frames_replace(file)
            if metadata:
                _describe_webp(file, metadata, size, alpha=alpha)


def _complete_gif(
    file: BinaryIO, duration: Fraction, last_size: int, metadata: Mapping[str, str]
) -> None:
    trailer = file.seek(-1, 2)
    file.seek(trailer - last_size)
    packet = file.read(last_size)
    control = packet.find(b"\x21\xf9\x04")
    file.seek(trailer - last_size + control + _GIF_DELAY)
    file.write(struct.pack("<H", min(round(duration * 100), 65535)))
    file.seek(trailer)
    for key, value in metadata.items():
        text = f"{key}: {value}".encode()
        file.write(b"\x21\xfe")
        for begin in range(0, len(text), _MOST_IN_SUBBLOCK):
            block = text[begin : begin + _MOST_IN_SUBBLOCK]
            file.write(bytes([len(block)]) + block)
        file.write(b"\x00")
    file.write(b"\x3b")


def _complete_png(file: BinaryIO, duration: Fraction, metadata: Mapping[str, str]) -> None:
    control, place, kind = None, _PNG_SIGNATURE, b""
    while kind != b"IEND":
        file.seek(place)
        length, kind = struct.unpack(">I4s", file.read(8))
        if kind == b"fcTL":
            control = place
        end, place = place, place + length + 12
    if control is not None:
        file.seek(control + 8)
        fields = bytearray(file.read(26))
        fields[20:24] = struct.pack(">HH", *_png_delay(duration))
        file.seek(control)
        file.write(_png_chunk(b"fcTL", bytes(fields)))
    file.seek(end)
    for key, value in metadata.items():
        # Keyword, no compression, no language, no translated keyword, text.
        text = key.encode("latin-1", "replace")[:79] + b"\0\0\0\0\0" + value.encode()
        file.write(_png_chunk(b"iTXt", text))
    file.write(_png_chunk(b"IEND", b""))


def _png_delay(duration: Fraction) -> tuple[int, int]:
    """The nearest fraction of which both parts fit."""
    longest = min(duration, Fraction(_MOST_IN_DELAY))
    delay = longest.limit_denominator(int(_MOST_IN_DELAY / max(longest, Fraction(1))))
    return delay.numerator, delay.denominator


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _let_webp_frames_replace(file: BinaryIO) -> None:
    """Or what is transparent in a frame would show those before it."""
    file.seek(12)
    while len(head := file.read(8)) == 8:
        kind, length = struct.unpack("<4sI", head)
        begin = file.tell()
        if kind == b"ANMF":
            file.seek(begin + _WEBP_FLAGS)
            flags = file.read(1)[0]
            file.seek(begin + _WEBP_FLAGS)
            file.write(bytes([flags | _REPLACES]))
        file.seek(begin + length + length % 2)


def _describe_webp(
    file: BinaryIO, metadata: Mapping[str, str], size: tuple[int, int], *, alpha: bool
) -> None:
    """Append XMP, say so in the header (the flag in VP8X) and correct the size of the whole."""
    file.seek(12)
    if file.read(4) != b"VP8X":  # a single picture needs no such header otherwise
        width, height = ((each - 1).to_bytes(3, "little") for each in size)
        file.seek(12)
        picture = file.read()
        file.seek(12)
        file.write(b"VP8X" + struct.pack("<II", 10, 0x10 * alpha) + width + height + picture)
    file.seek(20)
    flags = file.read(1)[0]
    file.seek(20)
    file.write(bytes([flags | 0x04]))
    text = escape(json.dumps(dict(metadata), ensure_ascii=False)).encode()
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        b'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description>'
        + text
        + b"</dc:description></rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    file.seek(0, 2)
    file.write(b"XMP " + struct.pack("<I", len(xmp)) + xmp + b"\0" * (len(xmp) % 2))
    end = file.tell()
    file.seek(4)
    file.write(struct.pack("<I", end - 8))
