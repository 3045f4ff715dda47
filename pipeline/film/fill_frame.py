"""From pictures to FFmpeg's frames: colour, sample depth, alpha and padding of what is encoded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

import av
import numpy as np
import torch
from av.codec.context import ThreadType
from torch import Tensor
from torch.nn.functional import pad

from ..errors import TargetError
from ..values import Colour, Frame, Matrix
from .colour import Plane, PlaneLayout, alpha_to_plane, rgb_to_planes
from .encoding import Encoder, chroma_of

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext
    from av.video.plane import VideoPlane

# Codes of ITU-T H.273; BT.601 has two, told apart by the primaries.
_MATRIX_CODES: dict[Matrix, int] = {
    "rgb": 0,
    "bt709": 1,
    "fcc": 4,
    "bt601": 6,
    "smpte240m": 7,
    "ycgco": 8,
    "bt2020nc": 9,
}
_BT470BG = 5
_RANGE_CODES = {"limited": 1, "full": 2}

# The matrices that an encoder's own stream can name; others would be lost on the way.
_MATRICES: dict[str, set[Matrix]] = {
    "libvpx-vp9": {"bt709", "bt601", "smpte240m", "bt2020nc"},
    "prores_ks": {"bt709", "bt601", "bt2020nc"},
}
_LIMITED_ONLY = {"prores_ks", "dnxhd", "mpeg4", "mpeg2video", "libvpx"}
_FULL_ONLY = {"mjpeg"}


@dataclass(frozen=True, slots=True)
class FrameFiller:
    """Makes the frames that an encoder takes.

    Attributes:
        pixel_format: what the encoder takes.
        planar: the format with a plane for each component that is filled first.
        size: width and height to encode; the picture may be a pixel smaller.
        colour: of the samples.
        keeps_alpha: whether transparency goes along; if not, it becomes black.
    """

    pixel_format: str
    planar: str
    size: tuple[int, int]
    colour: Colour
    keeps_alpha: bool

    @property
    def matrix_code(self) -> int:
        """The matrix as H.273 counts it."""
        if self.colour.matrix == "bt601" and self.colour.primaries == _BT470BG:
            return _BT470BG
        return _MATRIX_CODES[self.colour.matrix]

    @property
    def range_code(self) -> int:
        """The range as FFmpeg counts it."""
        return _RANGE_CODES[self.colour.range]

    def fill(self, frame: Frame) -> av.VideoFrame:
        """Turn a picture into samples; its time is left to the caller.

        Raises:
            TargetError: it has another size than the film.
        """
        picture, alpha = self._padded(frame.picture), frame.alpha
        if alpha is not None:
            alpha = self._padded(alpha)
            if not self.keeps_alpha:
                picture = picture * alpha
        parts = av.VideoFormat(self.planar).components
        layout = PlaneLayout(parts[0].bits, chroma_of(self.planar), _family(self.planar))
        planes = rgb_to_planes(picture, layout=layout, colour=self.colour)
        if any(part.is_alpha for part in parts):
            if alpha is None or not self.keeps_alpha:
                alpha = torch.ones_like(picture[:1])
            planes.append(alpha_to_plane(alpha, depth=layout.depth))
        filled = av.VideoFrame(*self.size, self.planar)
        for index, plane in enumerate(planes):
            _copy(plane, filled.planes[index])
        if self.planar != self.pixel_format:
            filled = filled.reformat(format=self.pixel_format, threads=1)  # see PlaneReader
        return self.tag(filled)

    def prepare(self, context: VideoCodecContext, encoder: Encoder, pixel_aspect: Fraction) -> None:
        """Tell an encoder, before it is opened, what it will get."""
        context.width, context.height = self.size
        context.pix_fmt = self.pixel_format
        context.sample_aspect_ratio = pixel_aspect
        context.colorspace, context.color_range = self.matrix_code, self.range_code
        context.color_primaries = self.colour.primaries
        context.color_trc = self.colour.transfer
        context.options = dict(encoder.options)
        context.thread_type = ThreadType.AUTO  # slices alone, PyAV's choice, cost x264 quality

    def tag(self, target: av.VideoFrame) -> av.VideoFrame:
        """Say on a frame how its samples stand for RGB."""
        target.colorspace, target.color_range = self.matrix_code, self.range_code
        target.color_primaries, target.color_trc = self.colour.primaries, self.colour.transfer
        return target

    def _padded(self, picture: Tensor) -> Tensor:
        height, width = picture.shape[1:]
        across, down = self.size[0] - width, self.size[1] - height
        if not across and not down:
            return picture
        if {across, down} - {0, 1}:
            raise TargetError(
                f"a frame of {width}×{height} in a film of {self.size[0]}×{self.size[1]}: "
                "all frames must have one size"
            )
        return pad(picture[None], (0, across, 0, down), mode="replicate")[0]


def frame_filler(
    encoder: Encoder, *, pixel_format: str, size: tuple[int, int], colour: Colour
) -> FrameFiller:
    """Settle how pictures become an encoder's samples.

    Args:
        encoder: what will take the frames.
        pixel_format: what it takes for films of this size.
        size: width and height to encode.
        colour: how the source's samples stand for RGB: kept where the encoder can.
    """
    planar = _planar(pixel_format, alpha=encoder.keeps_alpha)
    kept = _kept_colour(encoder.name, colour, family=_family(planar), size=size)
    return FrameFiller(pixel_format, planar, size, kept, encoder.keeps_alpha)


def _kept_colour(encoder: str, colour: Colour, *, family: str, size: tuple[int, int]) -> Colour:
    if family == "rgb":
        return replace(colour, matrix="rgb", range="full")
    if colour.matrix not in _MATRICES.get(encoder, _MATRIX_CODES) or colour.matrix == "rgb":
        high_definition = size[0] >= 1280 or size[1] >= 720
        limited = "limited" if colour.matrix == "rgb" else colour.range
        colour = replace(colour, matrix="bt709" if high_definition else "bt601", range=limited)
    if encoder in _LIMITED_ONLY:
        return replace(colour, range="limited")
    return replace(colour, range="full") if encoder in _FULL_ONLY else colour


def _planar(pixel_format: str, *, alpha: bool) -> str:
    """The format with one plane for each component that holds the same samples."""
    each = av.VideoFormat(pixel_format)
    planes = [part.plane for part in each.components]
    bits = each.components[0].bits if each.components else 8
    if each.is_planar and len(set(planes)) == len(planes) and not each.is_big_endian:
        return pixel_format
    if len(planes) == 1 and not each.is_rgb and not each.has_palette:
        return pixel_format  # grey
    depth = "" if bits <= 8 else f"{bits}le"
    if each.is_rgb or each.has_palette:
        return f"gbr{'a' if alpha else ''}p{depth}"
    name = {(1, 1): "420", (1, 0): "422"}.get(chroma_of(pixel_format), "444")
    return f"yuv{name}p{depth}"


def _family(planar: str) -> Literal["yuv", "rgb", "grey"]:
    each = av.VideoFormat(planar)
    if each.is_rgb:
        return "rgb"
    return "yuv" if len(each.components) > 2 else "grey"


def _copy(plane: Plane, target: VideoPlane) -> None:
    """Lay rows into FFmpeg's memory, where each begins at a multiple of some power of two."""
    rows = plane.view(np.uint8).reshape(plane.shape[0], -1)
    memory = np.frombuffer(memoryview(target), np.uint8).reshape(-1, target.line_size)
    memory[: rows.shape[0], : rows.shape[1]] = rows
