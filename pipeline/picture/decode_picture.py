"""From an opened picture of any mode to colour and alpha, with all of its bits.

Pillow decodes 16-bit colour to its upper bytes alone. It tells the order of the two bytes of a
sample by the name of a raw mode, so decoding once more with the opposite order gives the lower
bytes, exactly, for every compression that it knows.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile

from .picture_formats import READERS

if TYPE_CHECKING:
    from collections.abc import Iterable

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint16]

_OPPOSITE = {"L": "B", "B": "L", "N": "B" if sys.byteorder == "little" else "L"}
_BITS_PER_SAMPLE, _PHOTOMETRIC, _PLANES, _EXTRA_SAMPLES = 258, 262, 284, 338  # TIFF tags
_APART = 2
_WHITE_IS_ZERO = 0
_PREMULTIPLIED = (1,)


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A picture's samples, in the colours of its own profile.

    Attributes:
        colour: (H, W, 3) or (H, W, 1) uint16, or a Pillow picture of mode RGB, L, CMYK or LAB.
        alpha: (H, W) uint8 or uint16, not premultiplied; None: the picture has no transparency.
        note: what was lost or chosen on the way; empty: nothing.
    """

    colour: Words | Image.Image
    alpha: Bytes | Words | None = None
    note: str = ""


def decode(image: ImageFile.ImageFile, file: BinaryIO) -> Decoded:
    """Decode the first page of a picture.

    Args:
        image: opened from `file`, not loaded yet; it is loaded on return.
        file: the same file, which can be rewound.

    Raises:
        OSError, ValueError, SyntaxError: the file is damaged, as Pillow says.
    """
    rawmodes = {_rawmode(tile) for tile in image.tile}
    if image.mode == "RGBA" and rawmodes == {"LA;16B"}:
        return _grey_with_alpha(image)
    if image.mode in ("RGB", "RGBA") and rawmodes and all(";16" in name for name in rawmodes):
        return _deep(image, file)
    if image.mode == "RGB" and image.format == "PPM":
        return _portable(image, file)
    lost = any(";16" in name for name in rawmodes)
    bits = _tag(image, _BITS_PER_SAMPLE)
    if _tag(image, _PLANES) == _APART and not lost and isinstance(bits, tuple) and 16 in bits:
        # Pillow unpacks them as if each had 8 bits, and what comes out is striped.
        raise ValueError("its channels of 16 bits lie apart; save it with interleaved ones")
    twelve_bits = rawmodes == {"I;12"}
    image.load()
    if image.mode.startswith("I;16"):
        return _grey(image, top=4095 if twelve_bits else 65535)
    if image.mode in ("I", "F"):
        return _stretched(image)
    return _shallow(image, note="8 of its 16 bits are read" if lost else "")


def _shallow(image: Image.Image, *, note: str) -> Decoded:
    """8 bits a channel or fewer."""
    if image.mode in ("CMYK", "LAB"):
        return Decoded(image, note=note)
    alpha = None
    if image.has_transparency_data:
        alpha = np.asarray(image.convert("RGBA").getchannel("A"))
    grey = image.mode in ("1", "L", "LA", "La")
    return Decoded(image.convert("L" if grey else "RGB"), alpha, note)


def _deep(image: ImageFile.ImageFile, file: BinaryIO) -> Decoded:
    """16-bit RGB with or without alpha, byte by byte."""
    if _tag(image, _PLANES) == _APART and image.tile[0].codec_name == "libtiff":
        # libtiff's planes are unpacked by a fixed order, whatever the raw mode says.
        image.load()
        return _shallow(image, note="8 of its 16 bits are read, because its channels lie apart")
    premultiplied = _tag(image, _EXTRA_SAMPLES) == _PREMULTIPLIED
    low = Image.open(file, formats=READERS)
    low.tile = [_reordered(tile, opposite=_OPPOSITE) for tile in low.tile]
    low.load()
    file.seek(0)
    image.tile = [_reordered(tile, opposite={}) for tile in image.tile]
    image.load()
    samples = np.asarray(image).astype(np.uint16) << 8 | np.asarray(low)
    colour, alpha = samples[..., :3], samples[..., 3] if image.mode == "RGBA" else None
    if alpha is not None and premultiplied:
        colour = _unmultiplied(colour, alpha)
    key = image.info.get("transparency")
    if alpha is None and isinstance(key, tuple):
        alpha = _opaque_unless((colour == np.array(key)).all(axis=-1))
    return Decoded(colour, alpha)


def _portable(image: ImageFile.ImageFile, file: BinaryIO) -> Decoded:
    """PPM, of which Pillow keeps 8 bits: above 255 a number takes two bytes, upper first."""
    (tile,) = image.tile
    last = tile.args[-1] if isinstance(tile.args, tuple) else None
    top = last if isinstance(last, int) else 255
    if top <= 255 or tile.codec_name != "ppm":
        image.load()
        plain = "8 of its 16 bits are read, because it is plain text"
        return _shallow(image, note=plain if top > 255 else "")
    # Not by Pillow's decoder of such numbers, which goes through them one by one.
    image.tile = [tile._replace(codec_name="raw", args="RGB;16B")]
    image.load()
    file.seek(tile.offset)
    content = file.read(image.width * image.height * 6)
    codes = np.frombuffer(content, ">u2").reshape(image.height, image.width, 3)
    return Decoded(_stretched_to_16_bits(codes.astype(np.uint16), top))


def _grey_with_alpha(image: ImageFile.ImageFile) -> Decoded:
    """16-bit grey and alpha (PNG): four bytes a pixel, which are taken for RGBA."""
    image.tile = [tile._replace(args="RGBA") for tile in image.tile]
    image.load()
    upper, lower = np.asarray(image)[..., ::2], np.asarray(image)[..., 1::2]
    samples = upper.astype(np.uint16) << 8 | lower
    return Decoded(samples[..., :1], samples[..., 1])


def _grey(image: Image.Image, *, top: int) -> Decoded:
    """16-bit grey, or 12 bits in 16."""
    codes = np.asarray(image).astype(np.uint16)
    key = image.info.get("transparency")
    alpha = _opaque_unless(codes == key) if isinstance(key, int) else None
    codes = _stretched_to_16_bits(codes, top)
    if image.format == "TIFF" and _tag(image, _PHOTOMETRIC) == _WHITE_IS_ZERO:
        codes = 65535 - codes  # Pillow does this for 8 bits only
    return Decoded(codes[..., None], alpha)


def _stretched(image: Image.Image) -> Decoded:
    """32-bit integers and floats. What they mean is not written anywhere, so their range decides.

    Integers of 0 to 65535 and floats of 0 to 1 are taken as they are; anything else is stretched
    from its smallest to its largest value.
    """
    values = np.asarray(image).astype(np.float64)
    known = np.isfinite(values)
    values = np.where(known, values, 0)
    lowest, highest = (values[known].min(), values[known].max()) if known.any() else (0.0, 0.0)
    top = 65535.0 if image.mode == "I" else 1.0
    note = ""
    if lowest < 0 or highest > top:
        values = (values.clip(lowest, highest) - lowest) / (highest - lowest or 1)
        note = f"its values, {lowest:g} to {highest:g}, are stretched from black to white"
    else:
        values = values / top
    return Decoded((values * 65535 + 0.5).astype(np.uint16)[..., None], note=note)


def _stretched_to_16_bits(codes: Words, top: int) -> Words:
    if top == 65535:
        return codes
    return (codes * (65535 / top) + 0.5).clip(0, 65535).astype(np.uint16)


def _unmultiplied(colour: Words, alpha: Words) -> Words:
    """Divide by alpha; a transparent pixel, whose colour is lost, becomes black."""
    divided = colour * 65535.0 / np.maximum(alpha, 1)[..., None]
    return np.where(alpha[..., None] > 0, divided.clip(0, 65535) + 0.5, 0).astype(np.uint16)


def _opaque_unless(transparent: npt.NDArray[np.bool_]) -> Words:
    return np.where(transparent, 0, 65535).astype(np.uint16)


def _rawmode(tile: ImageFile._Tile) -> str:
    arguments = tile.args
    if isinstance(arguments, tuple) and arguments:
        arguments = arguments[0]
    return arguments if isinstance(arguments, str) else ""


def _reordered(tile: ImageFile._Tile, *, opposite: dict[str, str]) -> ImageFile._Tile:
    """The same tile with another byte order, and with premultiplied samples left as they are."""
    name = _rawmode(tile)
    name = f"{name[:-1]}{opposite.get(name[-1], name[-1])}".replace("RGBa", "RGBA")
    rest: Iterable[object] = tile.args[1:] if isinstance(tile.args, tuple) else ()
    return tile._replace(args=(name, *rest) if isinstance(tile.args, tuple) else name)


def _tag(image: Image.Image, number: int) -> object:
    return image.tag_v2.get(number) if hasattr(image, "tag_v2") else None
