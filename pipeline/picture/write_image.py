"""Last stage for a still picture: round it, put back what was kept, and encode it."""

from __future__ import annotations

import io
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
from ..partial import partial, write_bytes
from ..values import SETTINGS_KEY, Notify
from .encode_png import encode_png
from .encode_tiff import encode_tiff
from .picture_formats import PictureFormat, picture_format
from .picture_metadata import completed_exif, iptc_segment
from .pictures import Depth, Kept

if TYPE_CHECKING:
    import numpy.typing as npt
    from torch import Tensor

_JPEG_SEGMENT = 65_000  # bytes of EXIF, XMP … that fit in a JPEG, with room for their names
_FULL_CHROMA = 90  # from this quality on JPEG keeps chroma at full size: strokes stay saturated


def encode_image(
    picture: Tensor,
    target: Path,
    *,
    alpha: Tensor | None,
    kept: Kept,
    quality: int | None = None,
    metadata: Mapping[str, object] | None = None,
    notify: Notify = lambda _: None,
) -> bytes:
    """Encode a picture in the format of the target's extension; `write_image` puts it there.

    Args:
        picture: (3, H, W) float RGB; what lies outside [0, 1] is clamped. On any device.
        target: its extension chooses among `picture_formats.WRITABLE`.
        alpha: (1, H, W) in [0, 1]; None: opaque. Where the format has none, white shows through.
        kept: depth (16 bits for PNG and TIFF), EXIF, IPTC (JPEG and TIFF), XMP, profile,
            resolution and texts (where there are no texts, in the tags of EXIF that mean the same).
        quality: 1 to 100, of JPEG, WebP and AVIF; None: the format's own. PNG and TIFF are exact.
        metadata: the settings that made the picture, put in as JSON: a PNG's text `stylize`, or
            elsewhere the key `stylize` of the last line of the EXIF image history (tag 0x9213).
            None: nothing is put in.
        notify: told what the format could not hold.

    Raises:
        TargetError: unknown extension; too large for the format; cannot be encoded; the target is
            the source.
    """
    form = picture_format(target)
    height, width = picture.shape[-2:]
    if max(height, width) > form.longest_side:
        raise TargetError(
            f"{target}: {width}×{height} is too large for {form.title} "
            f"(at most {form.longest_side} a side); choose .png or .tiff"
        )
    if kept.source is not None and _is_same(target, kept.source):
        raise TargetError(f"{target}: is the source itself; choose another name or folder")
    if alpha is not None and not form.alpha:
        notify(f"{target}: {form.title} has no transparency; white shows through")
        picture, alpha = torch.lerp(torch.ones_like(picture), picture, alpha.to(picture)), None
    if kept.depth > 8 and not form.deep:
        notify(f"{target}: {form.title} has 8 bits for a colour, of the {kept.depth} it is read in")
    samples = _rounded(picture, alpha, depth=kept.depth if form.deep else 8)
    completed = _completed(
        kept, form, target, size=(width, height), settings=metadata, notify=notify
    )
    try:
        return _encode(samples, form=form, kept=completed, quality=quality)
    except (OSError, ValueError, RuntimeError, MemoryError, struct.error) as error:
        said = str(error) or type(error).__name__
        raise TargetError(f"{target}: cannot be encoded as {form.title} ({said})") from error


def write_image(encoded: bytes, target: Path, *, there: bool | None = None) -> None:
    """Write an encoded picture; it appears whole or not at all.

    Args:
        encoded: from `encode_image`.
        target: where it goes.
        there: whether a file was there when the work on it began; None: it does not matter.

    Raises:
        TargetError: it cannot be written.
    """
    with partial(target, there=there) as place:
        write_bytes(place, encoded, target)


def _is_same(target: Path, source: Path) -> bool:
    try:
        return target.samefile(source)
    except OSError:
        return False  # not there, or not to be seen: writing it will say why


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
    kept: Kept,
    form: PictureFormat,
    target: Path,
    *,
    size: tuple[int, int],
    settings: Mapping[str, object] | None,
    notify: Notify,
) -> Kept:
    """Add the settings, and put what is kept where the format has a place for it, or say so."""
    text = {key: value for key, value in kept.text.items() if form.texts in (key, "all")}
    others = {key: value for key, value in kept.text.items() if key not in text}
    in_exif = settings if form.texts != "all" else None
    exif, said = completed_exif(kept.exif, size=size, settings=in_exif, text=others)
    if settings is not None and in_exif is None:
        text[SETTINGS_KEY] = json.dumps(dict(settings), ensure_ascii=False)
    lost = [f"its text {key!r}" for key in others if key not in said]
    if kept.iptc and not form.iptc:
        lost.append("its IPTC records")
    if lost:
        notify(f"{target}: {form.title} has no place for {' and '.join(lost)}")
    completed = replace(kept, exif=exif, text=text, iptc=kept.iptc if form.iptc else b"")
    return _fitting(completed, target, notify) if form.name == "JPEG" else completed


def _fitting(kept: Kept, target: Path, notify: Notify) -> Kept:
    """Leave out what is too long for a segment of a JPEG, saying so."""
    comment = kept.text.get("Comment", "").encode()
    parts = {"EXIF": kept.exif, "XMP": kept.xmp, "IPTC": kept.iptc, "a comment": comment}
    long = {name: len(part) for name, part in parts.items() if len(part) > _JPEG_SEGMENT}
    for name, length in long.items():
        notify(f"{target}: {name} of {length} bytes does not fit in a JPEG and is left out")
    return replace(
        kept,
        exif=b"" if "EXIF" in long else kept.exif,
        xmp=b"" if "XMP" in long else kept.xmp,
        iptc=b"" if "IPTC" in long else kept.iptc,
        text={} if "a comment" in long else kept.text,
    )


def _encode(
    samples: npt.NDArray[np.uint8] | npt.NDArray[np.uint16],
    *,
    form: PictureFormat,
    kept: Kept,
    quality: int | None,
) -> bytes:
    if form.name == "PNG":
        return encode_png(samples, kept=kept)
    if form.name == "TIFF":
        return encode_tiff(samples, kept=kept)
    quality = quality if quality is not None else form.quality or 0
    options: dict[str, Any] = {"exif": kept.exif, "xmp": kept.xmp, "icc_profile": kept.icc}
    if form.name == "JPEG":
        options["subsampling"] = "4:4:4" if quality >= _FULL_CHROMA else "4:2:0"
        options["dpi"] = kept.dpi and tuple(round(value) for value in kept.dpi)
        options["comment"] = kept.text.get("Comment")
        options["extra"] = iptc_segment(kept.iptc)
    if form.name == "AVIF":
        options["subsampling"] = "4:4:4"
    given = {name: value for name, value in options.items() if value}
    file = io.BytesIO()
    Image.fromarray(samples).save(file, form.name, quality=quality, **given)
    return file.getvalue()
