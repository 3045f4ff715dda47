"""Pixel aspect in Matroska and WebM, for encoders whose own streams do not carry it.

FFmpeg's muxer stores a picture's shape only where PyAV cannot say it. So it is put into the
finished file: the track's entry grows into the empty space that the muxer left before it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

_SEGMENT, _SEEK_HEAD, _VOID = 0x18538067, 0x114D9B74, 0xEC
_SEEK, _SEEK_ID, _SEEK_POSITION = 0x4DBB, 0x53AB, 0x53AC
_INFO, _TRACKS, _ENTRY, _VIDEO = 0x1549A966, 0x1654AE6B, 0xAE, 0xE0
_DISPLAY_WIDTH, _DISPLAY_HEIGHT, _DISPLAY_UNIT = 0x54B0, 0x54BA, 0x54B2
_CRC = 0xBF
_REPLACED = (_CRC, _DISPLAY_WIDTH, _DISPLAY_HEIGHT, _DISPLAY_UNIT)
_MOVED = (_INFO, _TRACKS)
_HEAD = 1 << 20
"""Bytes: index, information and track entries of any film lie within."""


@dataclass(frozen=True, slots=True)
class _Element:
    """An EBML element: its identity, and where it, its content and its end lie."""

    identity: int
    begin: int
    content: int
    end: int


def store_pixel_aspect(path: Path, *, width: int, height: int, pixel_aspect: Fraction) -> bool:
    """Say in a finished file how wide its pixels are.

    Args:
        path: written by FFmpeg's muxer, the picture as its first track.
        width: of the picture, in pixels.
        height: likewise.
        pixel_aspect: width of a pixel over its height.

    Returns:
        Whether there was room for it.
    """
    with path.open("r+b") as file:
        head = file.read(_HEAD)
        segment = next(each for each in _elements(head, 0, len(head)) if each.identity == _SEGMENT)
        found = {each.identity: each for each in _until_tracks(head, segment)}
        void, tracks = found.get(_VOID), found.get(_TRACKS)
        if void is None or tracks is None or tracks.end > len(head):
            return False
        # The same rounding as the muxer's own: whole pixels, the height as it is.
        shape = _number(_DISPLAY_WIDTH, round(width * pixel_aspect))
        shape += _number(_DISPLAY_HEIGHT, height)
        entry = _with_added(head, tracks, (_ENTRY, _VIDEO), shape)
        more = len(entry) - (tracks.end - tracks.begin)
        space = void.end - void.begin - more
        if space < 9:
            return False
        index = _moved_index(head, found[_SEEK_HEAD], more)
        empty = b"\xec\x01" + (space - 9).to_bytes(7, "big") + bytes(space - 9)
        between = head[void.end : tracks.begin]
        file.seek(found[_SEEK_HEAD].begin)
        file.write(index + head[found[_SEEK_HEAD].end : void.begin] + empty + between + entry)
    return True


def _until_tracks(head: bytes, segment: _Element) -> Iterator[_Element]:
    for element in _elements(head, segment.content, len(head)):
        yield element
        if element.identity == _TRACKS:
            return


def _elements(data: bytes, begin: int, end: int) -> Iterator[_Element]:
    while begin < end:
        id_length = 9 - data[begin].bit_length()
        identity = int.from_bytes(data[begin : begin + id_length], "big")
        length = 9 - data[begin + id_length].bit_length()
        content = begin + id_length + length
        size = int.from_bytes(data[begin + id_length : content], "big") & ((1 << 7 * length) - 1)
        yield _Element(identity, begin, content, content + size)
        begin = content + size


def _with_added(data: bytes, parent: _Element, path: tuple[int, ...], added: bytes) -> bytes:
    """The parent with `added` at the end of its first descendant along `path`."""
    content, found = b"", False
    for child in _elements(data, parent.content, parent.end):
        if child.identity in _REPLACED:
            continue
        if path and child.identity == path[0] and not found:
            content += _with_added(data, child, path[1:], added)
            found = True
        else:
            content += data[child.begin : child.end]
    content += b"" if path else added
    return _element(parent.identity, _checked(data, parent, content))


def _checked(data: bytes, parent: _Element, content: bytes) -> bytes:
    """Content with its check sum before it, if the parent had one."""
    first = next(_elements(data, parent.content, parent.end), None)
    if first is None or first.identity != _CRC:
        return content
    return _element(_CRC, zlib.crc32(content).to_bytes(4, "little")) + content


def _moved_index(head: bytes, index: _Element, by: int) -> bytes:
    """The index of the file with the places of what begins earlier now."""
    content = b""
    for child in _elements(head, index.content, index.end):
        if child.identity != _SEEK:
            continue
        fields = {each.identity: each for each in _elements(head, child.content, child.end)}
        named, place = fields[_SEEK_ID], fields[_SEEK_POSITION]
        position = int.from_bytes(head[place.content : place.end], "big")
        if int.from_bytes(head[named.content : named.end], "big") in _MOVED:
            position -= by
        stored = position.to_bytes(place.end - place.content, "big")
        content += _element(_SEEK, head[named.begin : named.end] + _element(_SEEK_POSITION, stored))
    return _element(_SEEK_HEAD, _checked(head, index, content))


def _number(identity: int, value: int) -> bytes:
    return _element(identity, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def _element(identity: int, content: bytes) -> bytes:
    length = next(each for each in range(1, 9) if len(content) < (1 << 7 * each) - 1)
    size = (len(content) | 1 << 7 * length).to_bytes(length, "big")
    return identity.to_bytes((identity.bit_length() + 7) // 8, "big") + size + content
