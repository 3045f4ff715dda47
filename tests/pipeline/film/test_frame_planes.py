"""Planes of decoded frames: no sample changes value, whatever the pixel format."""

import av
import numpy as np
import pytest
from av.video.reformatter import VideoReformatter

from stylize.pipeline.film.colour import PlaneLayout
from stylize.pipeline.film.frame_planes import PlaneReader, colour_of, has_alpha, layout_of
from stylize.pipeline.values import Colour

WIDTH, HEIGHT = 34, 18  # no multiple of what lines are padded to

# A packed format, and the planar one with the same samples.
PACKED = {
    "nv12": "yuv420p",
    "nv21": "yuv420p",
    "nv16": "yuv422p",
    "nv24": "yuv444p",
    "p010le": "yuv420p10le",
    "p012le": "yuv420p12le",
    "p210le": "yuv422p10le",
    "p410le": "yuv444p10le",
    "yuyv422": "yuv422p",
    "uyvy422": "yuv422p",
    "y210le": "yuv422p10le",
    "vuya": "yuva444p",
    "xv30le": "yuv444p10le",
    "ayuv64le": "yuva444p16le",
    "yuv420p10be": "yuv420p10le",
    "rgb24": "gbrp",
    "bgr24": "gbrp",
    "bgr0": "gbrp",
    "0rgb": "gbrp",
    "bgra": "gbrap",
    "argb": "gbrap",
    "rgb48le": "gbrp16le",
    "rgba64be": "gbrap16le",
    "x2rgb10le": "gbrp10le",
    "gbrp10be": "gbrp10le",
    "gray12be": "gray12le",
}


def _random(pixel_format):
    """A frame of a planar format with random samples, and those samples."""
    random = np.random.default_rng(5)
    frame = av.VideoFrame(WIDTH, HEIGHT, pixel_format)
    depth = layout_of(pixel_format).depth
    kind = np.uint8 if depth == 8 else np.uint16
    samples = []
    for plane in frame.planes:
        across = plane.line_size // np.dtype(kind).itemsize
        memory = random.integers(0, 1 << depth, (plane.height, across)).astype(kind)
        plane.update(memory.tobytes())
        samples.append(memory[:, : plane.width])
    return frame, samples


def _read(frame):
    read = PlaneReader()(frame)
    return [*read.planes, *([] if read.alpha is None else [read.alpha])]


@pytest.mark.parametrize("planar", sorted({*PACKED.values(), "yuv411p", "yuv440p", "yuvj422p"}))
def test_planar_samples_are_taken_as_they_lie(planar):
    frame, samples = _random(planar)
    for got, expected in zip(_read(frame), samples, strict=True):
        assert np.array_equal(got, expected)


@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("range_", [1, 2])
def test_packed_samples_are_unpacked_without_loss(packed, range_):
    frame, samples = _random(PACKED[packed])
    packer = VideoReformatter()
    packing = packer.reformat(
        frame, format=packed, src_color_range=range_, dst_color_range=range_, threads=1
    )
    packing.color_range = range_
    assert packing.format.name == packed
    for got, expected in zip(_read(packing), samples, strict=True):
        assert np.array_equal(got, expected)


def test_a_palette_is_looked_up_with_its_alpha():
    frame = av.VideoFrame(8, 2, "pal8")
    indices, palette = frame.planes
    indices.update(bytes([0, 1, *[0] * (indices.line_size - 2)]) * 2)
    colours = np.zeros((256, 4), np.uint8)  # blue, green, red, alpha
    colours[0], colours[1] = (1, 2, 3, 255), (40, 50, 60, 128)
    palette.update(colours.tobytes())
    read = PlaneReader()(frame)
    assert [int(plane[0, 1]) for plane in read.planes] == [50, 40, 60]
    assert read.alpha is not None
    assert read.alpha[0, :2].tolist() == [255, 128]


def test_black_and_white_become_grey():
    frame = av.VideoFrame(8, 1, "monow")
    frame.planes[0].update(bytes([0b01010101] * frame.planes[0].line_size))
    read = PlaneReader()(frame)
    assert read.layout == PlaneLayout(8, (0, 0), "grey")
    assert read.planes[0][0, :4].tolist() == [255, 0, 255, 0]


@pytest.mark.parametrize(
    ("pixel_format", "layout"),
    [
        ("yuv420p", PlaneLayout(8, (1, 1), "yuv")),
        ("yuv411p", PlaneLayout(8, (2, 0), "yuv")),
        ("yuva422p12le", PlaneLayout(12, (1, 0), "yuv")),
        ("gbrap10le", PlaneLayout(10, (0, 0), "rgb")),
        ("gbrpf32le", PlaneLayout(16, (0, 0), "rgb")),
        ("gray9le", PlaneLayout(9, (0, 0), "grey")),
        ("ya8", PlaneLayout(8, (0, 0), "rgb")),
    ],
)
def test_every_format_has_a_layout(pixel_format, layout):
    assert layout_of(pixel_format) == layout


@pytest.mark.parametrize(
    ("pixel_format", "alpha"),
    [("yuv420p", False), ("yuva420p", True), ("bgr0", False), ("pal8", True), ("ya16le", True)],
)
def test_alpha_is_known_from_the_format(pixel_format, alpha):
    assert has_alpha(pixel_format) is alpha


class _Tags:
    """Colour tags, as a frame or a stream carries them."""

    def __init__(self, *, matrix=2, range_=0, primaries=2, transfer=2, size=(64, 48), name=""):
        self.colorspace, self.color_range = matrix, range_
        self.color_primaries, self.color_trc = primaries, transfer
        self.width, self.height = size
        self.format = av.VideoFormat(name or "yuv420p")


@pytest.mark.parametrize(
    ("frame", "stated", "colour"),
    [
        (_Tags(), _Tags(), Colour("bt601", "limited")),
        (_Tags(size=(1280, 720)), _Tags(), Colour("bt709", "limited")),
        (_Tags(size=(1280, 544)), _Tags(), Colour("bt709", "limited")),
        (_Tags(name="yuvj420p"), _Tags(), Colour("bt601", "full")),
        (_Tags(name="gray"), _Tags(), Colour("bt601", "full")),
        (_Tags(name="gray", range_=1), _Tags(), Colour("bt601", "limited")),
        (_Tags(name="bgra", matrix=0), _Tags(), Colour("rgb", "full")),
        (_Tags(name="gbrp", range_=1), _Tags(), Colour("rgb", "limited")),
        (_Tags(matrix=1, range_=2), _Tags(matrix=5), Colour("bt709", "full")),
        (_Tags(), _Tags(matrix=4, range_=2), Colour("fcc", "full")),
        (_Tags(), _Tags(primaries=9, transfer=14), Colour("bt2020nc", "limited", 9, 14)),
        (_Tags(matrix=7), _Tags(), Colour("smpte240m", "limited")),
        (_Tags(matrix=8), _Tags(), Colour("ycgco", "limited")),
        (_Tags(matrix=0), _Tags(), Colour("bt601", "limited")),
    ],
)
def test_tags_are_believed_and_their_absence_is_guessed(frame, stated, colour):
    assert colour_of(frame, stated=stated) == colour
