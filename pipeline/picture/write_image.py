"""Last stage for a still picture: round it, put back what was kept, and encode it."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from ..errors import TargetError
from ..partial import partial
from ..values import SETTINGS_KEY, Notify
from .encode_png import write_png
from .encode_tiff import write_tiff
from .picture_formats import PictureFormat, picture_format
from .picture_metadata import completed_exif
from .pictures import Depth, Kept

if TYPE_CHECKING:
    import numpy.typing as npt
    from torch import Tensor

_JPEG_SEGMENT = 65_000  # bytes of EXIF or XMP that fit in a JPEG, with room for their names
_FULL_CHROMA = 90  # from this quality on JPEG keeps chroma at full size: strokes stay saturated


def write_image(
    picture: Tensor,
    target: Path,
    *,
    alpha: Tensor | None,
    kept: Kept,
    quality: int | None = None,
    metadata: Mapping[str, str] | None = None,
    notify: Notify = lambda _: None,
) -> None:
    """Write a picture in the format of the target's extension; it appears whole or not at all.

    Args:
        picture: (3, H, W) float RGB; what lies outside [0, 1] is clamped. On any device.
        target: its extension chooses among `picture_formats.WRITABLE`.
        alpha: (1, H, W) in [0, 1]; None: opaque. Where the format has none, white shows through.
        kept: depth (16 bits for PNG and TIFF), EXIF, XMP, profile, resolution and texts.
        quality: 1 to 100, of JPEG, WebP and AVIF; None: the format's own. PNG and TIFF are exact.
        metadata: the settings that made the picture, put in as JSON: a PNG's text `stylize`, or
            the key `stylize` of the EXIF user comment elsewhere. None: nothing is put in.
        notify: told what the format could not hold.

    Raises:
        TargetError: unknown extension; too large for the format; the target is the source or
            cannot be written.
    """
    form = picture_format(target)
    height, width = picture.shape[-2:]
    if max(height, width) > form.longest_side:
        raise TargetError(
            f"{target}: {width}×{height} is too large for {form.title} "
            f"(at most {form.longest_side} a side); choose .png or .tiff"
        )
    if kept.source is not None and target.exists() and target.samefile(kept.source):
        raise TargetError(f"{target}: is the source itself; choose another name or folder")
    if alpha is not None and not form.alpha:
        notify(f"{target}: {form.title} has no transparency; white shows through")
        picture, alpha = torch.lerp(torch.ones_like(picture), picture, alpha.to(picture)), None
    samples = _rounded(picture, alpha, depth=kept.depth if form.deep else 8)
    completed = _completed(kept, form, size=(width, height), settings=metadata)
    if form.name == "JPEG":
        completed = _fitting(completed, target, notify)
    with partial(target) as temporary:
        try:
            _encode(samples, temporary, form=form, kept=completed, quality=quality)
        except (OSError, ValueError, RuntimeError, MemoryError, struct.error) as error:
            strerror = error.strerror if isinstance(error, OSError) else None
            said = strerror or str(error) or type(error).__name__
            raise TargetError(f"{target}: cannot be written ({said})") from error


def _rounded(
    picture: Tensor, alpha: Tensor | None, *, depth: Depth
) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
    """(H, W, 3), or (H, W, 4) with alpha, each sample rounded to its nearest code."""
    planes = picture if alpha is None else torch.cat((picture, alpha.to(picture)))
    # Casting cuts off the fraction, so the half that makes it round is added first.
    codes = planes.detach().float().clamp(0, 1).mul_((1 << depth) - 1).add_(0.5)
    codes = codes.permute(1, 2, 0)
    if depth == 8:
        return codes.to(torch.uint8).contiguous().cpu().numpy()
    return codes.to(torch.int32).contiguous().cpu().numpy().astype(np.uint16)


def _completed(
    kept: Kept, form: PictureFormat, *, size: tuple[int, int], settings: Mapping[str, str] | None
) -> Kept:
    """Add the settings where the format is best read: PNG in a text, others in EXIF."""
    if form.name != "PNG":
        return replace(kept, exif=completed_exif(kept.exif, size=size, settings=settings))
    text = dict(kept.text)
    if settings is not None:
        text[SETTINGS_KEY] = json.dumps(dict(settings), ensure_ascii=False)
    return replace(kept, exif=completed_exif(kept.exif, size=size, settings=None), text=text)


def _fitting(kept: Kept, target: Path, notify: Notify) -> Kept:
    """Leave out EXIF or XMP that is too long for a JPEG, saying so."""
    if len(kept.exif) > _JPEG_SEGMENT:
        notify(f"{target}: EXIF of {len(kept.exif)} bytes does not fit in a JPEG and is left out")
        kept = replace(kept, exif=b"")
    if len(kept.xmp) > _JPEG_SEGMENT:
        notify(f"{target}: XMP of {len(kept.xmp)} bytes does not fit in a JPEG and is left out")
        kept = replace(kept, xmp=b"")
    return kept


def _encode(
    samples: npt.NDArray[np.uint8] | npt.NDArray[np.uint16],
    path: Path,
    *,
    form: PictureFormat,
    kept: Kept,
    quality: int | None,
) -> None:
    if form.name == "PNG":
        write_png(path, samples, kept=kept)
        return
    if form.name == "TIFF":
        write_tiff(path, samples, kept=kept)
        return
    quality = quality if quality is not None else form.quality or 0
    options: dict[str, Any] = {"exif": kept.exif, "xmp": kept.xmp, "icc_profile": kept.icc}
    if form.name == "JPEG":
        options["subsampling"] = "4:4:4" if quality >= _FULL_CHROMA else "4:2:0"
        options["dpi"] = kept.dpi and tuple(round(value) for value in kept.dpi)
        options["comment"] = kept.text.get("Comment")
    if form.name == "AVIF":
        options["subsampling"] = "4:4:4"
    given = {name: value for name, value in options.items() if value}
    with path.open("wb") as file:
        Image.fromarray(samples).save(file, form.name, quality=quality, **given)
