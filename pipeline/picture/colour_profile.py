"""From the colours of an embedded ICC profile to sRGB, in 8 bits or in 16.

8 bits are converted by Little CMS (relative colorimetric, black point compensated: what photo
editors do). It has no way in for 16 bits through Pillow, so the profiles that 16-bit photographs
carry (a curve for each channel and a matrix: Adobe RGB, Display P3, ProPhoto; a curve alone for
greys) are computed here by the formulas of ICC.1:2022, sections 8.3 and 10.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

Samples = npt.NDArray[np.float32]

_SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}
"""Pillow's mode to the colour space in an ICC profile."""

# Linear sRGB to XYZ under D50, the light of profile connection (Bradford adaptation), per
# IEC 61966-2-1.
_SRGB_TO_XYZ = np.array([
    [0.4360747, 0.3850649, 0.1430804],
    [0.2225045, 0.7168786, 0.0606169],
    [0.0139322, 0.0971045, 0.7141733],
])  # fmt: skip


class ProfileError(ValueError):
    """A profile is damaged or does not fit its picture; says which."""


@cache
def srgb_profile() -> bytes:
    """An sRGB profile for outputs, the same bytes every time."""
    made = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    made[24:36] = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)  # the date would differ at each run
    return bytes(made)


def convert(image: Image.Image, icc: bytes) -> Image.Image:
    """Convert a picture to sRGB.

    Args:
        image: of mode RGB, L or CMYK.
        icc: the profile of its colours.

    Returns:
        An RGB picture; the very pixels of an RGB picture whose profile is sRGB in all but name.

    Raises:
        ProfileError: the profile is damaged, or is not for such a picture.
    """
    if image.mode == "RGB" and _is_srgb(icc):
        return image
    transform = _transform(icc, image.mode)
    return ImageCms.applyTransform(image, transform) or image


def lab_to_srgb(image: Image.Image) -> Image.Image:
    """Convert a picture of mode LAB, which needs no profile, to sRGB."""
    transform = ImageCms.buildTransform(
        ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB"
    )
    return ImageCms.applyTransform(image, transform) or image


def convert_deep(samples: Samples, icc: bytes) -> Samples | None:
    """Convert samples to sRGB without rounding them to 8 bits.

    Args:
        samples: (H, W, 3) RGB or (H, W, 1) grey in [0, 1].
        icc: the profile of their colours.

    Returns:
        (H, W, 3) or (H, W, 1) in [0, 1], or None if the profile has tables instead of curves.

    Raises:
        ProfileError: the profile is damaged, or is not for such a picture.
    """
    grey = samples.shape[-1] == 1
    if not grey and _is_srgb(icc):
        return samples
    _opened(icc, "L" if grey else "RGB")
    profile = _Curves.read(icc)
    if profile is None or len(profile.curves) != samples.shape[-1]:
        return None
    linear = np.empty_like(samples)
    for channel, curve in enumerate(profile.curves):
        # 16-bit samples have 65,536 values: a table of them all is exact and quick.
        codes = (samples[..., channel] * 65535 + 0.5).astype(np.uint16)
        linear[..., channel] = curve[codes]
    if profile.to_srgb is not None:
        linear = (linear.reshape(-1, 3) @ profile.to_srgb.T).reshape(samples.shape)
    return _encode_srgb(linear)


def _opened(icc: bytes, mode: str) -> ImageCms.ImageCmsProfile:
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        space = profile.profile.xcolor_space.strip()
    except (OSError, TypeError, ValueError) as error:
        raise ProfileError("it is damaged") from error
    if space != _SPACES[mode]:
        raise ProfileError(f"it is for {space}, the picture is {_SPACES[mode]}")
    return profile


@lru_cache(maxsize=4)
def _transform(icc: bytes, mode: str) -> ImageCms.ImageCmsTransform:
    try:
        return ImageCms.buildTransform(
            _opened(icc, mode),
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except ImageCms.PyCMSError as error:
        raise ProfileError("it is damaged") from error


@lru_cache(maxsize=4)
def _is_srgb(icc: bytes) -> bool:
    """Whether a profile moves no colour of a fine grid by more than one step of 255."""
    steps = np.linspace(0, 255, 18).round().astype(np.uint8)
    grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    image = Image.fromarray(grid)
    moved = ImageCms.applyTransform(image, _transform(icc, "RGB")) or image
    return bool((np.abs(np.asarray(moved, np.int16) - grid) <= 1).all())


@dataclass(frozen=True, slots=True, eq=False)
class _Curves:
    """A profile made of curves, one a channel, and for RGB a matrix.

    Attributes:
        curves: for each of 65,536 sample values, the linear light in [0, 1].
        to_srgb: (3, 3), linear RGB of the profile to linear sRGB; None for greys.
    """

    curves: tuple[Samples, ...]
    to_srgb: Samples | None

    @classmethod
    def read(cls, icc: bytes) -> _Curves | None:
        """Read the tags; None if the profile works by tables or lacks what it needs."""
        tags = _tags(icc)
        if b"A2B0" in tags or b"A2B1" in tags:
            return None
        try:
            if b"kTRC" in tags:
                return cls((_curve(tags[b"kTRC"]),), None)
            curves = tuple(_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC"))
            columns = [_xyz(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
        except KeyError:
            return None
        except (struct.error, ValueError, IndexError) as error:
            raise ProfileError("it is damaged") from error
        to_srgb = np.linalg.inv(_SRGB_TO_XYZ) @ np.array(columns).T
        return cls(curves, to_srgb.astype(np.float32))


def _tags(icc: bytes) -> dict[bytes, bytes]:
    """The tag table, which follows the header of 128 bytes."""
    try:
        (number,) = struct.unpack_from(">I", icc, 128)
        entries = [struct.unpack_from(">4sII", icc, 132 + 12 * index) for index in range(number)]
    except struct.error as error:
        raise ProfileError("it is damaged") from error
    return {name: icc[start : start + length] for name, start, length in entries}


def _xyz(tag: bytes) -> tuple[float, float, float]:
    x, y, z = struct.unpack_from(">3i", tag, 8)
    return x / 65536, y / 65536, z / 65536


def _curve(tag: bytes) -> Samples:
    """Evaluate a `curv` or `para` tag at the 65,536 values of a sample."""
    at = np.linspace(0, 1, 65536)
    if tag[:4] == b"curv":
        (number,) = struct.unpack_from(">I", tag, 8)
        if number == 0:
            light = at
        elif number == 1:
            light = at ** (struct.unpack_from(">H", tag, 12)[0] / 256)
        else:
            points = np.frombuffer(tag, ">u2", number, 12) / 65535
            light = np.interp(at, np.linspace(0, 1, number), points)
    elif tag[:4] == b"para":
        light = _parametric(at, tag)
    else:
        raise ValueError(f"unknown curve {tag[:4]!r}")
    # Black point compensation: a curve may start above zero, where black is not quite black.
    return np.asarray(((light - light[0]) / (1 - light[0])).clip(0, 1), np.float32)


def _parametric(at: npt.NDArray[np.float64], tag: bytes) -> npt.NDArray[np.float64]:
    """ICC.1:2022, table 68: (a x + b)^g + e above d, c x + f below it."""
    (kind,) = struct.unpack_from(">H", tag, 8)
    count = (1, 3, 4, 5, 7)[kind]
    values = [value / 65536 for value in struct.unpack_from(f">{count}i", tag, 12)]
    g, a, b, c, d, e, f = (values + [0.0] * 7)[:7]
    if kind == 0:
        return np.asarray(at**g)
    if kind in (1, 2):
        # Their break lies where a x + b is zero; below it the curve is flat (at c for kind 2).
        flat = c if kind == 2 else 0.0
        c, d, e, f = 0.0, -b / a, flat, flat
    bent = np.maximum(a * at + b, 0) ** g + e
    return np.asarray(np.where(at >= d, bent, c * at + f))


def _encode_srgb(linear: Samples) -> Samples:
    """The transfer curve of IEC 61966-2-1."""
    linear = linear.clip(0, 1)
    low = linear * 12.92
    high = 1.055 * linear ** np.float32(1 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, low, high).astype(np.float32)
