"""Frame planes: a decoded frame's samples, whatever its pixel format, and what its tags mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt
from av.video.format import VideoFormat
from av.video.reformatter import ColorRange, VideoReformatter

from ..values import Colour, Matrix, Range
from .colour import Plane, PlaneLayout

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame
    from av.video.plane import VideoPlane

T = TypeVar("T", np.uint8, np.uint16)

# H.273's matrix codes that we can undo. Constant-luminance BT.2020 (10) hardly differs to the eye.
_MATRICES: dict[int, Matrix] = {
    1: "bt709",
    4: "fcc",
    5: "bt601",
    6: "bt601",
    7: "smpte240m",
    8: "ycgco",
    9: "bt2020nc",
    10: "bt2020nc",
}
_UNSPECIFIED = 2
_BT2020_PRIMARIES = 9
# Pixels to a chroma sample, across and down.
_SUBSAMPLINGS = {
    (1, 1): "444",
    (2, 1): "422",
    (2, 2): "420",
    (4, 1): "411",
    (4, 4): "410",
    (1, 2): "440",
}
# FFmpeg's names of the formats with one plane a component, as this machine orders bytes.
_PLANAR = re.compile(
    r"(?P<stem>gray|gbra?p|yuv[aj]?(?P<subsampling>444|422|420|411|410|440)p)((?P<depth>\d+)le)?"
)


@dataclass(frozen=True, slots=True, eq=False)
class FramePlanes:
    """A frame's samples.

    Attributes:
        planes: as `layout` orders them, cropped to the picture; views of the frame's memory.
        layout: depth, subsampling and family.
        alpha: a plane of the same depth and full range, or None.
    """

    planes: list[Plane]
    layout: PlaneLayout
    alpha: Plane | None


class PlaneReader:
    """Takes the planes out of decoded frames; keeps the converter that packed formats need."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def __call__(self, frame: VideoFrame) -> FramePlanes:
        """Return the samples of `frame`, unchanged in value."""
        planar = _planar_format(frame.format.name)
        if planar != frame.format.name:
            # The same range on both sides: only the order of the samples changes.
            frame = self._reformatter.reformat(
                frame,
                format=planar,
                src_color_range=ColorRange.MPEG,
                dst_color_range=ColorRange.MPEG,
                threads=1,  # with more, 8 samples where two slices meet are now and then wrong
            )
        layout = layout_of(planar)
        planes = [_samples(plane, layout.depth) for plane in frame.planes]
        alpha = planes.pop() if has_alpha(planar) else None
        return FramePlanes(planes, layout, alpha)


def layout_of(pixel_format: str) -> PlaneLayout:
    """Return the layout of the planes that `PlaneReader` makes of a pixel format."""
    return _layout(_planar_format(pixel_format))


def has_alpha(pixel_format: str) -> bool:
    """Whether a pixel format says how opaque pixels are."""
    described = VideoFormat(pixel_format)
    return described.has_palette or any(part.is_alpha for part in described.components)


def colour_of(frame: VideoFrame, *, stated: VideoCodecContext) -> Colour:
    """Return what a frame's samples mean; what no tag says is guessed as players guess it.

    Args:
        frame: as decoded.
        stated: the stream's own context: the container's tags, for decoders that drop them.
    """
    name = frame.format.name
    family = layout_of(name).family
    tagged_range = int(frame.color_range) or int(stated.color_range)
    limited = tagged_range == ColorRange.MPEG or (not tagged_range and family == "yuv")
    range_: Range = "limited" if limited and not name.startswith("yuvj") else "full"
    primaries = _first_specified(frame.color_primaries, stated.color_primaries)
    transfer = _first_specified(frame.color_trc, stated.color_trc)
    if family == "rgb":
        return Colour("rgb", range_, primaries, transfer)
    matrix = _MATRICES.get(_first_specified(frame.colorspace, stated.colorspace))
    if matrix is None and primaries == _BT2020_PRIMARIES:
        matrix = "bt2020nc"
    elif matrix is None:
        matrix = "bt709" if frame.height >= 720 or frame.width >= 1280 else "bt601"
    return Colour(matrix, range_, primaries, transfer)


def _first_specified(*codes: int) -> int:
    return next((int(code) for code in codes if code != _UNSPECIFIED), _UNSPECIFIED)


@lru_cache
def _planar_format(name: str) -> str:
    """Name the smallest planar format that holds each sample of the format `name`; often itself."""
    if _PLANAR.fullmatch(name):
        return name
    described = VideoFormat(name, 256, 256)
    parts = described.components
    alpha = "a" if has_alpha(name) else ""
    if described.is_rgb or described.has_palette or name.startswith("xyz"):
        stem = f"gbr{alpha}p"
    elif sum(not part.is_alpha for part in parts) == 1:
        stem = "gbrap" if alpha else "gray"  # there is no planar grey with alpha
    else:
        steps = (256 // described.chroma_width(), 256 // described.chroma_height())
        stem = f"yuv{alpha}{_SUBSAMPLINGS[steps]}p"
    bits = max(part.bits for part in parts)
    if bits <= 8:
        return stem
    names = (f"{stem}{depth}le" for depth in range(min(bits, 16), 17))
    return next(filter(_exists, names))


def _exists(name: str) -> bool:
    try:
        VideoFormat(name)
    except ValueError:
        return False
    return True


@lru_cache
def _layout(planar: str) -> PlaneLayout:
    found = _PLANAR.fullmatch(planar)
    if found is None:
        raise ValueError(f"{planar!r} is no planar pixel format")
    stem, subsampling, depth = found["stem"], found["subsampling"], int(found["depth"] or 8)
    if subsampling is None:
        return PlaneLayout(depth, (0, 0), "grey" if stem == "gray" else "rgb")
    across, down = next(steps for steps, code in _SUBSAMPLINGS.items() if code == subsampling)
    return PlaneLayout(depth, (across.bit_length() - 1, down.bit_length() - 1), "yuv")


def _samples(plane: VideoPlane, depth: int) -> Plane:
    """View a plane's memory, without copying."""
    memory = memoryview(plane)
    if depth == 8:
        return _without_padding(np.frombuffer(memory, np.uint8), plane)
    return _without_padding(np.frombuffer(memory, np.uint16), plane)


def _without_padding(samples: npt.NDArray[T], plane: VideoPlane) -> npt.NDArray[T]:
    across = plane.line_size // samples.itemsize
    return samples[: plane.height * across].reshape(plane.height, across)[:, : plane.width]
