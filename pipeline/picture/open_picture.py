"""Open a picture file with Pillow: within limits, silently, and with its errors in one line."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from mimetypes import guess_type
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageFile, PngImagePlugin, UnidentifiedImageError

from ..errors import SourceError
from .picture_formats import READERS, UNREADABLE

TEXT_LIMIT = 64 << 20
"""Bytes that a PNG's profile or one of its texts may unfold into: Pillow's limit is 1 MB, and the
profiles of printers and the histories of editors are larger."""
PIXEL_LIMIT = 300_000_000
"""Larger pictures are refused before they are decoded: cameras reach 200 megapixels, and beyond
that a small file that unfolds into many gigabytes (a decompression bomb) is more likely."""

# Pillow logs some damage as errors, and a program that sets up no logging would see them printed.
logging.getLogger("PIL").addHandler(logging.NullHandler())

_ANIMATED = ("GIF", "PNG", "WEBP", "AVIF")  # in others several pictures are pages or layers
_pillow_is_set = threading.Lock()


@contextmanager
def opened(
    path: Path, *, formats: tuple[str, ...] = READERS
) -> Iterator[tuple[ImageFile.ImageFile, BinaryIO]]:
    """Open a picture, not loaded yet, and the file that it is read from.

    What Pillow raises while it is open becomes an error of ours; errors of ours pass. Pillow's
    limit of pixels is global in the process, so one picture is open at a time.

    Args:
        path: the file.
        formats: those that are tried, by Pillow's names.

    Raises:
        SourceError: it cannot be read: missing, of no known format, damaged, cut off, or of more
            pixels than `PIXEL_LIMIT`.
    """
    with _said_in_one_line(path):
        if not path.is_file():
            raise SourceError(f"{path}: {'not a' if path.exists() else 'no such'} file")
        with path.open("rb") as file, _pillow_limits():
            yield Image.open(file, formats=formats), file


def moves(image: Image.Image) -> bool:
    """Whether an opened picture is an animation."""
    return image.format in _ANIMATED and bool(getattr(image, "is_animated", False))


def is_animated(path: Path) -> bool:
    """Whether a file is an animation, from its header; False if it cannot be read."""
    try:
        with opened(path, formats=_ANIMATED) as (image, _):
            return moves(image)
    except SourceError:
        return False  # reading it will say why


@contextmanager
def _pillow_limits() -> Iterator[None]:
    """Set Pillow's limits and silence its warnings while one picture is read.

    They are global in the process, so one picture is read at a time and they are put back after.
    """
    with _pillow_is_set, warnings.catch_warnings():
        # Pillow warns of damaged metadata, which does no harm to the picture.
        warnings.simplefilter("ignore")
        before = Image.MAX_IMAGE_PIXELS, PngImagePlugin.MAX_TEXT_CHUNK
        Image.MAX_IMAGE_PIXELS = PIXEL_LIMIT // 2  # Pillow refuses beyond twice its limit
        PngImagePlugin.MAX_TEXT_CHUNK = TEXT_LIMIT
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS, PngImagePlugin.MAX_TEXT_CHUNK = before


@contextmanager
def _said_in_one_line(path: Path) -> Iterator[None]:
    """Turn whatever a damaged file makes Pillow raise into an error of ours."""
    try:
        yield
    except SourceError:
        raise
    except Image.DecompressionBombError as error:
        raise SourceError(
            f"{path}: more than {PIXEL_LIMIT // 1_000_000} megapixels, which is the limit"
        ) from error
    except Exception as error:
        raise SourceError(
            f"{path}: not a picture that can be read ({_why(error, path)})"
        ) from error


def _why(error: Exception, path: Path) -> str:
    if isinstance(error, UnidentifiedImageError):
        if (guess_type(path.name)[0] or "").startswith("video/"):
            return "a film by its name, which stylize video paints"
        if path.stat().st_size == 0:
            return "the file is empty"
        if title := UNREADABLE.get(path.suffix.lower()):
            return f"{title} is not supported; save it as AVIF, JPEG or PNG"
        return "no known format, or damaged at its beginning"
    if isinstance(error, MemoryError):
        return "not enough memory"
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(said.split())[:120] or type(error).__name__
