"""First stage for a still picture: read any file into an upright sRGB frame, and what to keep."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from PIL import Image, ImageFile, TiffImagePlugin

from ..errors import AnimatedPictureError
from ..values import Frame, Notify
from .colour_profile import ProfileError, convert, convert_deep, lab_to_srgb, srgb_profile
from .decode_picture import Decoded, decode
from .open_picture import moves, opened
from .picture_metadata import clean_exif, clean_xmp, iptc, orientation, resolution, texts
from .pictures import Kept, Picture

if TYPE_CHECKING:
    import numpy.typing as npt
    from torch import Tensor

# EXIF orientation to what makes the picture upright: swap the axes, then flip these (1 = rows).
_UPRIGHT: dict[int, tuple[bool, tuple[int, ...]]] = {
    1: (False, ()),
    2: (False, (2,)),
    3: (False, (1, 2)),
    4: (False, (1,)),
    5: (True, ()),
    6: (True, (2,)),
    7: (True, (1, 2)),
    8: (True, (1,)),
}


def read_image(
    path: Path,
    *,
    animated: Literal["refuse", "first frame"] = "refuse",
    notify: Notify = lambda _: None,
) -> Picture:
    """Read a still picture.

    Colours are converted to sRGB from the profile in the file (without one, RGB and grey are
    taken as sRGB, and CMYK is converted by its plain formula). A PNG's `gAMA` is not applied, as
    in most programs. Of a file with several pages the first is read. 16 bits a channel are kept
    for RGB and grey.

    Args:
        path: a file of one of the formats in `picture_formats`, whatever its extension.
        animated: what to do about an animation.
        notify: told what was lost or chosen on the way, if anything was.

    Raises:
        AnimatedPictureError: it is an animation, and that was to be refused.
        SourceError: it cannot be read: missing, of no known format, damaged, cut off, or of more
            pixels than `PIXEL_LIMIT`.
    """
    with opened(path) as (image, file):
        if animated == "refuse" and moves(image):
            raise AnimatedPictureError(
                f"{path}: an animated {image.format} is a film (see: stylize video)"
            )
        # Not n_frames, which reads all pages and fails where a later one is damaged.
        if isinstance(image, TiffImagePlugin.TiffImageFile) and image.tag_v2.next:
            notify(f"{path}: has several pages; the first is painted")
        decoded = decode(image, file)
        if decoded.note:
            notify(f"{path}: {decoded.note}")
        colour, icc = _to_srgb(decoded, image.info.get("icc_profile"), path, notify)
        return _assembled(image, decoded, colour, icc=icc, path=path)


def _assembled(
    image: ImageFile.ImageFile,
    decoded: Decoded,
    colour: npt.NDArray[np.generic],
    *,
    icc: bytes,
    path: Path,
) -> Picture:
    """Turn decoded samples upright and put them beside what is kept."""
    turn = orientation(image)
    picture = _upright(_tensor(colour), turn)
    alpha = None
    if decoded.alpha is not None and decoded.alpha.min() < np.iinfo(decoded.alpha.dtype).max:
        alpha = _upright(_tensor(decoded.alpha[..., None]), turn)
    dpi = resolution(image)
    if dpi is not None and _UPRIGHT[turn][0]:
        dpi = (dpi[1], dpi[0])
    kept = Kept(
        source=path,
        depth=8 if isinstance(decoded.colour, Image.Image) or colour.dtype == np.uint8 else 16,
        exif=clean_exif(image),
        xmp=clean_xmp(image),
        iptc=iptc(image),
        icc=icc,
        dpi=dpi,
        text=texts(image),
    )
    return Picture(Frame(picture, alpha=alpha), kept)


def _to_srgb(
    decoded: Decoded, icc: bytes | None, path: Path, notify: Notify
) -> tuple[npt.NDArray[np.generic], bytes]:
    """Convert to sRGB: (H, W, 3) samples, and the profile that is right for them, if any."""
    if icc:
        try:
            return _by_profile(decoded, icc, path, notify), srgb_profile()
        except ProfileError as error:
            notify(f"{path}: its colour profile is not used: {error}")
    colour = decoded.colour
    if not isinstance(colour, Image.Image):
        return _three_channels(colour), b""
    return np.asarray(lab_to_srgb(colour) if colour.mode == "LAB" else colour.convert("RGB")), b""


def _by_profile(
    decoded: Decoded, icc: bytes, path: Path, notify: Notify
) -> npt.NDArray[np.generic]:
    colour = decoded.colour
    if isinstance(colour, Image.Image):
        return np.asarray(lab_to_srgb(colour) if colour.mode == "LAB" else convert(colour, icc))
    converted = convert_deep((colour / np.float32(65535)).astype(np.float32), icc)
    if converted is not None:
        return _three_channels(converted)
    notify(f"{path}: 8 of its 16 bits are read, because its colour profile is a table")
    shallow = np.rint(colour / 257).astype(np.uint8)
    return np.asarray(
        convert(Image.fromarray(shallow.squeeze(-1) if colour.shape[-1] == 1 else shallow), icc)
    )


def _three_channels(colour: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    return np.broadcast_to(colour, (*colour.shape[:2], 3))


def _tensor(samples: npt.NDArray[np.generic]) -> Tensor:
    """(H, W, C) samples as (C, H, W) float32 in [0, 1]."""
    planes = np.ascontiguousarray(np.moveaxis(samples, -1, 0))
    if planes.dtype == np.uint8:
        return torch.from_numpy(planes).float().div_(255)
    if planes.dtype == np.uint16:
        return torch.from_numpy(planes.astype(np.float32)).div_(65535)
    return torch.from_numpy(planes)


def _upright(picture: Tensor, turn: int) -> Tensor:
    swapped, flipped = _UPRIGHT[turn]
    if swapped:
        picture = picture.transpose(1, 2)
    return picture.flip(flipped).contiguous() if flipped else picture.contiguous()
