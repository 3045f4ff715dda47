"""Pictures as training sees them: upright, in sRGB, opaque, and of the size that is asked for."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from PIL import ExifTags, Image, ImageCms, UnidentifiedImageError
from torch import Tensor

from .errors import TrainingError

# Pillow logs some damage as errors, and a program that sets up no logging would see them printed.
logging.getLogger("PIL").addHandler(logging.NullHandler())

FORMATS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}
"""Of the pictures that training looks for, by the ends of their names."""
_READ = (*dict.fromkeys(FORMATS.values()), "GIF", "AVIF")
"""All that is read, whatever the name says."""
_TURNS = dict(
    zip(
        range(2, 9),
        (
            Image.Transpose.FLIP_LEFT_RIGHT,
            Image.Transpose.ROTATE_180,
            Image.Transpose.FLIP_TOP_BOTTOM,
            Image.Transpose.TRANSPOSE,
            Image.Transpose.ROTATE_270,
            Image.Transpose.TRANSVERSE,
            Image.Transpose.ROTATE_90,
        ),
        strict=True,
    )
)
"""What makes a picture upright, by its EXIF orientation."""
_PROFILED = ("L", "RGB", "CMYK")
"""The modes that a colour profile can be for."""


@contextmanager
def pillow_is_quiet() -> Iterator[None]:
    """Keep Pillow's warnings about damaged files to itself: it reads them or it does not.

    For all threads: to be entered by the main one, around the others.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\b")
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        yield


def opens(path: Path) -> bool:
    """Whether a file looks like a picture that can be read."""
    try:
        with Image.open(path, formats=_READ) as picture:
            return min(picture.size) > 0
    except Exception:  # noqa: BLE001 (a damaged file makes Pillow raise nearly anything)
        return False


def read_picture(path: Path, *, shorter: int | None = None) -> Tensor:
    """Read a picture upright; what is transparent is seen on white.

    Args:
        path: the file.
        shorter: scale it so that its shorter side has this many pixels.

    Returns:
        (3, H, W) float32 RGB in [0, 1].

    Raises:
        TrainingError: it cannot be read.
    """
    try:
        with Image.open(path, formats=_READ) as opened:
            if shorter:
                opened.draft("RGB", (2 * shorter, 2 * shorter))
            picture = _opaque(_in_8_bits(_upright(opened)))
            if shorter:
                picture = _scaled(picture, shorter)
            picture = _in_srgb(picture, opened.info.get("icc_profile"))
    except Exception as error:
        said = getattr(error, "strerror", None) or error
        if isinstance(error, UnidentifiedImageError):
            said = f"none of {', '.join(_READ)}, or damaged at its beginning"
        raise TrainingError(f"{path}: cannot be read as a picture ({said})") from error
    samples = np.asarray(picture, dtype=np.float32) / 255
    return torch.from_numpy(samples).permute(2, 0, 1)


def _upright(picture: Image.Image) -> Image.Image:
    picture.load()  # a TIFF is turned by that, and has no orientation from then on
    try:
        turn = _TURNS.get(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # noqa: BLE001 (so does a damaged block)
        turn = None
    return picture if turn is None else picture.transpose(turn)


def _in_8_bits(picture: Image.Image) -> Image.Image:
    """The same picture, where it is grey of 16 bits or of floats: Pillow would clip it."""
    if not picture.mode.startswith(("I", "F")):
        return picture
    levels = 1.0 if picture.mode == "F" else 65535.0
    samples = np.nan_to_num(np.asarray(picture, dtype=np.float32) * (255 / levels))
    return Image.fromarray(samples.round().clip(0, 255).astype(np.uint8))


def _opaque(picture: Image.Image) -> Image.Image:
    """A picture of a mode in `_PROFILED`."""
    if picture.has_transparency_data:
        painted = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", painted.size, "white"), painted).convert(
            "RGB"
        )
    return picture if picture.mode in _PROFILED else picture.convert("RGB")


def _scaled(picture: Image.Image, shorter: int) -> Image.Image:
    factor = shorter / min(picture.size)
    size = [max(shorter, round(side * factor)) for side in picture.size]
    return picture.resize((size[0], size[1]), Image.Resampling.LANCZOS)


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Colours as a profile means them; as they are where it is damaged or for other pictures."""
    if profile:
        try:
            given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            srgb = ImageCms.createProfile("sRGB")
            meant = ImageCms.profileToProfile(picture, given, srgb, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
            meant = None
        if meant is not None:
            return meant
    return picture.convert("RGB")
