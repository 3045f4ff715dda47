"""Animated pictures that FFmpeg cannot play, as files that it can."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image, ImageSequence
from PIL.PngImagePlugin import getchunks, putchunk

from ..errors import SourceError
from .open_picture import opened

PIXEL_LIMIT = 40_000_000
"""Larger frames are refused, as several of them are held at once: 8K has 33 megapixels."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_REPLACES = b"\0\0"  # a frame, alpha and all, what was shown before it
_UNSAID = 100  # milliseconds for which browsers show a frame that does not say


@contextmanager
def playable(path: Path) -> Iterator[Path]:
    """Give a file with the frames of an animation that can be read as a film.

    GIF and APNG are films as they are. FFmpeg reads no animated WebP, and one frame only of an
    animated AVIF; of these a lossless copy is made, which is gone afterwards.

    Raises:
        SourceError: the animation is damaged, or has frames larger than `PIXEL_LIMIT`.
    """
    with TemporaryDirectory(prefix="stylize-") as folder:
        copy = Path(folder) / "animation.apng"
        with opened(path) as (animation, _):
            if animation.width * animation.height > PIXEL_LIMIT:
                raise SourceError(
                    f"{path}: an animation of {animation.width}x{animation.height} is too large "
                    f"(at most {PIXEL_LIMIT // 1_000_000} megapixels a frame)"
                )
            if animation.format in ("WEBP", "AVIF"):
                _copy(animation, copy)
        yield copy if copy.exists() else path


def count_frames(path: Path) -> int:
    """How many frames an animation has.

    Raises:
        SourceError: it cannot be read.
    """
    with opened(path) as (animation, _):
        return _count(animation)


def times_played(path: Path) -> int:
    """How often an animation is shown; 0: for ever.

    Raises:
        SourceError: it cannot be read.
    """
    with opened(path) as (animation, _):
        said = animation.info.get("loop")
        if animation.format != "GIF":
            return int(said or 0)
        if said is None:
            return 1
        return int(said) + 1 if said else 0  # it says how often it begins anew


def _count(animation: Image.Image) -> int:
    return int(getattr(animation, "n_frames", 1))


def _copy(animation: Image.Image, target: Path) -> None:
    """Write an APNG of whole frames, one by one: Pillow would hold all of them to compare them."""
    mode = "RGBA" if animation.mode == "RGBA" else "RGB"
    count = _count(animation)
    numbers = itertools.count()  # of the chunks that PNG numbers
    with target.open("wb") as file:
        file.write(_SIGNATURE)
        for index, frame in enumerate(ImageSequence.Iterator(animation)):
            chunks = getchunks(frame.convert(mode), compress_level=1)
            if index == 0:
                putchunk(file, b"IHDR", *(data for kind, data, _ in chunks if kind == b"IHDR"))
                putchunk(file, b"acTL", struct.pack(">II", count, 0))
            shown = struct.pack(">IIIIHH", *frame.size, 0, 0, *_delay(frame))
            putchunk(file, b"fcTL", _packed(next(numbers)), shown, _REPLACES)
            picture = [data for kind, data, _ in chunks if kind == b"IDAT"]
            if index == 0:
                putchunk(file, b"IDAT", *picture)
            else:
                putchunk(file, b"fdAT", _packed(next(numbers)), *picture)
        putchunk(file, b"IEND")


def _packed(number: int) -> bytes:
    return struct.pack(">I", number)


def _delay(frame: Image.Image) -> tuple[int, int]:
    """A loaded frame's duration as PNG stores it: 16 bits over 16 bits, in seconds."""
    milliseconds = int(frame.info.get("duration", 0)) or _UNSAID
    if milliseconds < 1 << 16:
        return milliseconds, 1000
    return min(round(milliseconds / 1000), (1 << 16) - 1), 1
