"""Encode TIFF of 8 or 16 bits a channel; Pillow writes colour in 8 bits only."""

from __future__ import annotations

import io
import zlib

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, TiffImagePlugin, TiffTags

from .picture_metadata import as_written
from .pictures import Kept

Samples = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]

_DEFLATE = 8
_RGB = 2
_INTERLEAVED = 1
_HORIZONTAL = 2  # predictor: each sample as its difference from the pixel to its left
_STRAIGHT_ALPHA = 2
_INCH = 2
_COMPRESSION = 6  # zlib's usual compromise between time and size
_STRIP = 1 << 20  # bytes in a strip before compression
_DIRECTORIES = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)


def encode_tiff(samples: Samples, *, kept: Kept) -> bytes:
    """Encode a TIFF, compressed without loss, with everything that is kept but named texts.

    Args:
        samples: (H, W, 3) or (H, W, 4), not premultiplied; their type says how many bits.
        kept: EXIF (its tags become the file's own, as TIFF wants it), IPTC, XMP, profile,
            resolution.

    Raises:
        struct.error: it would be larger than the 4 GiB that a TIFF can address.
    """
    height, width, channels = samples.shape
    rows = max(1, _STRIP // (width * channels * samples.itemsize))
    strips = [_packed(samples[top : top + rows]) for top in range(0, height, rows)]
    lengths = [len(strip) for strip in strips]

    directory = TiffImagePlugin.ImageFileDirectory_v2(prefix=b"II")
    _describe(directory, kept)
    directory[TiffImagePlugin.IMAGEWIDTH] = width
    directory[TiffImagePlugin.IMAGELENGTH] = height
    directory[TiffImagePlugin.BITSPERSAMPLE] = (samples.itemsize * 8,) * channels
    directory[TiffImagePlugin.COMPRESSION] = _DEFLATE
    directory[TiffImagePlugin.PHOTOMETRIC_INTERPRETATION] = _RGB
    directory[TiffImagePlugin.SAMPLESPERPIXEL] = channels
    directory[TiffImagePlugin.ROWSPERSTRIP] = rows
    directory[TiffImagePlugin.PLANAR_CONFIGURATION] = _INTERLEAVED
    directory[TiffImagePlugin.PREDICTOR] = _HORIZONTAL
    if channels == 4:
        directory[TiffImagePlugin.EXTRASAMPLES] = _STRAIGHT_ALPHA
    directory[TiffImagePlugin.STRIPBYTECOUNTS] = tuple(lengths)
    # Pillow adds the place where the directory ends; LONG, so that the sum fits.
    directory[TiffImagePlugin.STRIPOFFSETS] = tuple(np.cumsum([0, *lengths[:-1]]).tolist())
    directory.tagtype[TiffImagePlugin.STRIPOFFSETS] = TiffTags.LONG
    file = io.BytesIO()
    directory.save(file)
    file.writelines(strips)
    return file.getvalue()


def _packed(rows: Samples) -> bytes:
    """Apply the predictor to some rows, then compress them."""
    differences = rows.copy()
    differences[:, 1:] -= rows[:, :-1]
    little_endian = differences.astype(differences.dtype.newbyteorder("<"))
    return zlib.compress(little_endian.tobytes(), _COMPRESSION)


def _describe(directory: TiffImagePlugin.ImageFileDirectory_v2, kept: Kept) -> None:
    """Put in what says something of the picture rather than of its samples."""
    exif = Image.Exif()
    exif.load(kept.exif)
    for tag in set(exif).difference(_DIRECTORIES):
        directory[tag] = as_written(exif[tag])
    for group in _DIRECTORIES:
        if details := exif.get_ifd(group):
            directory[group] = {tag: as_written(value) for tag, value in details.items()}
    if kept.iptc:
        directory[TiffImagePlugin.IPTC_NAA_CHUNK] = kept.iptc
    if kept.xmp:
        directory[TiffImagePlugin.XMP] = kept.xmp
    if kept.icc:
        directory[TiffImagePlugin.ICCPROFILE] = kept.icc
    if kept.dpi:
        directory[TiffImagePlugin.RESOLUTION_UNIT] = _INCH
        directory[TiffImagePlugin.X_RESOLUTION], directory[TiffImagePlugin.Y_RESOLUTION] = kept.dpi
