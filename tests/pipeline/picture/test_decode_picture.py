"""Every mode and depth becomes the right samples; 16 bits are compared with another decoder."""

import struct
import zlib

import av
import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from stylize.pipeline.errors import SourceError
from stylize.pipeline.picture.pictures import Picture
from stylize.pipeline.picture.read_image import read_image


def _codes(picture: Picture, depth: int) -> np.ndarray:
    """(H, W, 3) codes of that many bits; fails unless every sample is exactly one of them."""
    codes = picture.frame.picture.double() * ((1 << depth) - 1)
    assert (codes - codes.round()).abs().max() < 0.01
    return codes.round().int().permute(1, 2, 0).numpy()


def _alpha(picture: Picture, depth: int) -> np.ndarray:
    assert picture.frame.alpha is not None
    return (picture.frame.alpha[0].double() * ((1 << depth) - 1)).round().int().numpy()


def _png(path, samples: np.ndarray, colour_type: int, *chunks: tuple[bytes, bytes]) -> None:
    """Write a 16-bit PNG by hand: the least that the format asks for."""
    height, width = samples.shape[:2]
    rows = samples.astype(">u2").reshape(height, -1).view(np.uint8)
    data = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, body in (
            (b"IHDR", header),
            *chunks,
            (b"IDAT", zlib.compress(data)),
            (b"IEND", b""),
        ):
            file.write(struct.pack(">I", len(body)) + kind + body)
            file.write(struct.pack(">I", zlib.crc32(kind + body)))


def _tiff(path, samples: np.ndarray, **tags: object) -> None:
    """Write an uncompressed TIFF of one strip by hand, in the byte order of `samples`."""
    order = b"MM" if samples.dtype.byteorder == ">" else b"II"
    directory = TiffImagePlugin.ImageFileDirectory_v2(prefix=order)
    channels = samples.shape[2] if samples.ndim == 3 else 1
    values = {
        "ImageWidth": samples.shape[1],
        "ImageLength": samples.shape[0],
        "BitsPerSample": (samples.itemsize * 8,) * channels,
        "Compression": 1,
        "PhotometricInterpretation": 2 if channels > 1 else 1,
        "StripOffsets": 0,
        "SamplesPerPixel": channels,
        "RowsPerStrip": samples.shape[0],
        "StripByteCounts": samples.nbytes,
        **tags,
    }
    for name, value in values.items():
        directory[_TAGS[name]] = value
    with path.open("wb") as file:
        directory.save(file)
        file.write(samples.tobytes())


_TAGS = {
    "ImageWidth": 256,
    "ImageLength": 257,
    "BitsPerSample": 258,
    "Compression": 259,
    "PhotometricInterpretation": 262,
    "StripOffsets": 273,
    "Orientation": 274,
    "SamplesPerPixel": 277,
    "RowsPerStrip": 278,
    "StripByteCounts": 279,
    "ExtraSamples": 338,
    "SampleFormat": 339,
}


@pytest.fixture
def words():
    return np.random.default_rng(2).integers(0, 65536, (7, 9, 4), dtype=np.uint16)


def _decoded_by_ffmpeg(path) -> np.ndarray:
    codec = "png" if path.suffix == ".png" else "tiff"
    frame = av.CodecContext.create(codec, "r").decode(av.Packet(path.read_bytes()))[0]
    samples = frame.to_ndarray()
    return samples if samples.ndim == 3 else samples[..., None].repeat(3, -1)


@pytest.mark.parametrize(
    "name",
    [
        "pngsuite__basi2c16.png",
        "pngsuite__cs3n2c16.png",
        "pngsuite__oi2n2c16.png",
        "pngsuite__pp0n2c16.png",
        "pngsuite__g03n0g16.png",
        "pngsuite__g04n0g16.png",
        "sharp__Flag_of_the_Netherlands-16bit.png",
        "torchcodec__gradient_16bit.png",
        "imagemagick__tiff__input_gray_12bit.tiff",
        "imagemagick__tiff__input_gray_16bit.tiff",
        "pillow__16bit.cropped.tif",
        "pillow__uint16_1_4660.tif",
    ],
)
def test_real_pictures_of_16_bits_keep_every_bit(shared, name):
    path = shared / "odd_images" / name
    picture = read_image(path)
    assert picture.kept.depth == 16
    assert np.array_equal(_codes(picture, 16), _decoded_by_ffmpeg(path))


def test_a_tiled_tiff_of_16_bits_keeps_every_bit(shared):
    path = shared / "odd_images" / "pillow__tiff_16bit_RGB.tiff"
    codes = _codes(read_image(path), 16)
    with Image.open(path) as image:  # which gives the upper bytes
        assert np.array_equal(codes >> 8, np.asarray(image))
    assert len(np.unique(codes & 255)) > 200


def test_16_bit_rgb_png(tmp_path, words):
    _png(tmp_path / "x.png", words[..., :3], 2)
    picture = read_image(tmp_path / "x.png")
    assert np.array_equal(_codes(picture, 16), words[..., :3])
    assert picture.frame.alpha is None


def test_16_bit_rgba_png(tmp_path, words):
    _png(tmp_path / "x.png", words, 6)
    picture = read_image(tmp_path / "x.png")
    assert np.array_equal(_codes(picture, 16), words[..., :3])
    assert np.array_equal(_alpha(picture, 16), words[..., 3])


def test_16_bit_grey_and_alpha_png(tmp_path, words):
    _png(tmp_path / "x.png", words[..., :2], 4)
    picture = read_image(tmp_path / "x.png")
    assert np.array_equal(_codes(picture, 16), words[..., :1].repeat(3, -1))
    assert np.array_equal(_alpha(picture, 16), words[..., 1])


def test_a_transparent_colour_of_16_bits_is_matched_in_all_of_them(tmp_path, words):
    words[2, 3, :3] = (0x1234, 0x5678, 0x9ABC)
    words[2, 4, :3] = (0x1234, 0x5678, 0x9ABD)
    key = (b"tRNS", struct.pack(">3H", 0x1234, 0x5678, 0x9ABC))
    _png(tmp_path / "x.png", words[..., :3], 2, key)
    alpha = _alpha(read_image(tmp_path / "x.png"), 16)
    assert (alpha[2, 3], alpha[2, 4]) == (0, 65535)
    assert (alpha == 0).sum() == 1


def test_a_transparent_grey_of_16_bits(tmp_path, words):
    words[2, 3, 0] = 0x1234
    _png(tmp_path / "x.png", words[..., :1], 0, (b"tRNS", struct.pack(">H", 0x1234)))
    alpha = _alpha(read_image(tmp_path / "x.png"), 16)
    assert alpha[2, 3] == 0
    assert (alpha == 0).sum() == 1


@pytest.mark.parametrize("order", ["<u2", ">u2"])
def test_16_bit_tiff_in_both_byte_orders(tmp_path, words, order):
    _tiff(tmp_path / "x.tif", words[..., :3].astype(order))
    assert np.array_equal(_codes(read_image(tmp_path / "x.tif"), 16), words[..., :3])


def test_16_bit_tiff_with_straight_alpha(tmp_path, words):
    _tiff(tmp_path / "x.tif", words, ExtraSamples=2)
    picture = read_image(tmp_path / "x.tif")
    assert np.array_equal(_codes(picture, 16), words[..., :3])
    assert np.array_equal(_alpha(picture, 16), words[..., 3])


def test_16_bit_tiff_with_premultiplied_alpha(tmp_path, words):
    alpha = words[..., 3:].astype(np.int64)
    alpha[0, 0] = 0
    multiplied = (words[..., :3] * alpha + 32767) // 65535
    _tiff(tmp_path / "x.tif", np.concatenate((multiplied, alpha), -1).astype("<u2"), ExtraSamples=1)
    picture = read_image(tmp_path / "x.tif")
    assert np.array_equal(_alpha(picture, 16), alpha[..., 0])
    assert _codes(picture, 16)[0, 0].tolist() == [0, 0, 0]
    solid = alpha[..., 0] > 6553  # at a tenth of opacity a step becomes ten
    assert np.abs(_codes(picture, 16) - words[..., :3])[solid].max() <= 6


def test_8_bit_tiff_with_premultiplied_alpha(tmp_path):
    _tiff(tmp_path / "x.tif", np.array([[[50, 25, 0, 128]]], np.uint8), ExtraSamples=1)
    picture = read_image(tmp_path / "x.tif")
    assert _codes(picture, 8).tolist() == [[[99, 49, 0]]]
    assert _alpha(picture, 8).tolist() == [[128]]


def test_a_fourth_channel_that_is_no_alpha_is_not_taken_for_one(tmp_path, words):
    _tiff(tmp_path / "x.tif", words, ExtraSamples=0)
    picture = read_image(tmp_path / "x.tif")
    assert np.array_equal(_codes(picture, 16), words[..., :3])
    assert picture.frame.alpha is None


def test_a_16_bit_tiff_is_turned_upright(tmp_path, words):
    _tiff(tmp_path / "x.tif", words[..., :3], Orientation=6)
    picture = read_image(tmp_path / "x.tif")
    assert np.array_equal(_codes(picture, 16), np.rot90(words[..., :3], -1))


def test_white_may_be_zero_in_a_grey_tiff_of_16_bits(tmp_path, words):
    _tiff(tmp_path / "x.tif", words[..., 0], PhotometricInterpretation=0)
    assert np.array_equal(_codes(read_image(tmp_path / "x.tif"), 16)[..., 0], 65535 - words[..., 0])


def test_planes_that_lie_apart_are_read_in_8_bits_with_a_notice(shared):
    path = shared / "odd_images" / "pillow__tiff_strip_planar_16bit_RGB.tiff"
    notices: list[str] = []
    picture = read_image(path, notify=notices.append)
    with Image.open(path) as image:
        assert np.array_equal(_codes(picture, 8), np.asarray(image))
    assert picture.kept.depth == 8
    assert notices == [f"{path}: 8 of its 16 bits are read, because its channels lie apart"]


@pytest.mark.parametrize("order", ["<", ">"])
def test_uncompressed_planes_of_16_bits_are_refused_with_the_way_out(tmp_path, words, order):
    height, width = words.shape[:2]
    planes = words[..., :3].transpose(2, 0, 1).astype(f"{order}u2")
    tags = ((256, 4, 1, width), (257, 4, 1, height), (258, 3, 3, 0), (259, 3, 1, 1), (262, 3, 1, 2),
            (273, 4, 3, 0), (277, 3, 1, 3), (278, 4, 1, height), (279, 4, 3, 0),
            (284, 3, 1, 2))  # fmt: skip
    first = 8 + 2 + 12 * len(tags) + 4
    kept = {258: first, 273: first + 6, 279: first + 18}
    shift = {3: 16 if order == ">" else 0, 4: 0}
    entries = [
        struct.pack(f"{order}HHII", tag, kind, count, kept.get(tag, value << shift[kind]))
        for tag, kind, count, value in tags
    ]
    begin, each = first + 30, 2 * width * height
    rest = struct.pack(f"{order}3H", 16, 16, 16)
    rest += struct.pack(f"{order}3I", *(begin + plane * each for plane in range(3)))
    rest += struct.pack(f"{order}3I", each, each, each)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, len(tags))
    content = head + b"".join(entries) + bytes(4) + rest + planes.tobytes()
    (tmp_path / "x.tif").write_bytes(content)
    with pytest.raises(SourceError, match="16 bits lie apart; save it with interleaved ones"):
        read_image(tmp_path / "x.tif")


def test_floats_from_0_to_1_are_taken_as_they_are(tmp_path):
    values = np.array([[0, 0.25, 1.0, 0.5]], np.float32)
    Image.fromarray(values).save(tmp_path / "x.tif")
    notices: list[str] = []
    picture = read_image(tmp_path / "x.tif", notify=notices.append)
    assert picture.frame.picture[0].tolist() == [pytest.approx(values[0].tolist(), abs=1e-5)]
    assert (picture.kept.depth, notices) == (16, [])


def test_other_floats_are_stretched_with_a_notice(tmp_path):
    Image.fromarray(np.array([[-1, 0, 3, np.nan, np.inf]], np.float32)).save(tmp_path / "x.tif")
    notices: list[str] = []
    picture = read_image(tmp_path / "x.tif", notify=notices.append)
    expected = [0, 0.25, 1, 0.25, 0.25]  # what is not a number counts as zero
    assert picture.frame.picture[2, 0].tolist() == pytest.approx(expected, abs=1e-5)
    assert "its values, -1 to 3, are stretched from black to white" in notices[0]


def test_a_float_picture_of_one_value_is_black_or_that_value(tmp_path):
    for value, expected in ((7.0, 0.0), (0.5, 0.5), (np.nan, 0.0)):
        Image.fromarray(np.full((2, 2), value, np.float32)).save(tmp_path / "x.tif")
        picture = read_image(tmp_path / "x.tif").frame.picture
        assert picture.unique().tolist() == pytest.approx([expected], abs=1e-5)


def test_pnm_of_16_bits(tmp_path, words):
    body = words[..., 0].astype(">u2").tobytes()
    (tmp_path / "x.pgm").write_bytes(b"P5 9 7 65535\n" + body)
    assert np.array_equal(_codes(read_image(tmp_path / "x.pgm"), 16)[..., 1], words[..., 0])
    (tmp_path / "x.ppm").write_bytes(b"P6 9 7 65535\n" + words[..., :3].astype(">u2").tobytes())
    assert np.array_equal(_codes(read_image(tmp_path / "x.ppm"), 16), words[..., :3])


def test_a_ppm_of_10_bits_reaches_white(tmp_path):
    row = np.array([0, 1, 512, 1023, 1023, 1023], ">u2")
    (tmp_path / "x.ppm").write_bytes(b"P6 2 1 1023\n" + row.tobytes())
    notices: list[str] = []
    read = _codes(read_image(tmp_path / "x.ppm", notify=notices.append), 16)
    assert read.tolist() == [[[0, 64, 32800], [65535] * 3]]
    assert notices == []


def test_a_ppm_in_plain_text_says_that_8_of_its_bits_are_read(tmp_path):
    (tmp_path / "x.ppm").write_bytes(b"P3 2 1 65535\n0 32768 65535 0 0 0\n")
    notices: list[str] = []
    read = _codes(read_image(tmp_path / "x.ppm", notify=notices.append), 8)
    assert read.tolist() == [[[0, 128, 255], [0, 0, 0]]]
    assert "8 of its 16 bits are read" in notices[0]


def test_12_bits_packed_in_a_tiff_reach_white(tmp_path):
    packed = bytes((0xFF, 0xF0, 0x00, 0x80, 0x00, 0x00))  # 4095, 0, 2048, 0
    pixels = np.frombuffer(packed, np.uint8).reshape(1, 6)
    _tiff(
        tmp_path / "x.tif",
        pixels,
        ImageWidth=4,
        BitsPerSample=12,
        StripByteCounts=6,
    )
    codes = _codes(read_image(tmp_path / "x.tif"), 16)[0, :, 0]
    assert codes.tolist() == [65535, 0, pytest.approx(2048 / 4095 * 65535, abs=0.6), 0]


SHADES = {
    "1": Image.linear_gradient("L").convert("1"),
    "L": Image.linear_gradient("L"),
    "LA": Image.merge("LA", (Image.linear_gradient("L"), Image.radial_gradient("L"))),
    "P": Image.radial_gradient("L").convert("P"),
    "RGB": Image.merge("RGB", (Image.linear_gradient("L"),) * 2 + (Image.radial_gradient("L"),)),
    "RGBA": Image.merge("RGBA", (Image.linear_gradient("L"),) * 3 + (Image.radial_gradient("L"),)),
}


@pytest.mark.parametrize("mode", SHADES)
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_every_mode_of_8_bits_is_what_pillow_makes_of_it(tmp_path, mode, suffix):
    SHADES[mode].save(tmp_path / f"x{suffix}")
    picture = read_image(tmp_path / f"x{suffix}")
    assert np.array_equal(_codes(picture, 8), np.asarray(SHADES[mode].convert("RGB")))
    if mode.endswith("A"):
        assert np.array_equal(_alpha(picture, 8), np.asarray(SHADES[mode].getchannel("A")))
    else:
        assert picture.frame.alpha is None


def test_a_palette_with_transparency(tmp_path):
    image = Image.new("P", (3, 1))
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    image.putdata([0, 1, 2])
    image.save(tmp_path / "x.png", transparency=bytes((0, 128)))
    picture = read_image(tmp_path / "x.png")
    assert _codes(picture, 8).tolist() == [[[255, 0, 0], [0, 255, 0], [0, 0, 255]]]
    assert _alpha(picture, 8).tolist() == [[0, 128, 255]]


@pytest.mark.parametrize(("mode", "key"), [("RGB", (1, 2, 3)), ("L", 7), ("1", 0)])
def test_one_colour_may_be_transparent(tmp_path, mode, key):
    image = Image.new(mode, (4, 4), 1 if mode == "1" else "white")
    image.putpixel((1, 2), key)
    image.save(tmp_path / "x.png", transparency=key)
    alpha = _alpha(read_image(tmp_path / "x.png"), 8)
    assert alpha[2, 1] == 0
    assert (alpha == 255).sum() == 15


def test_an_alpha_that_is_opaque_everywhere_is_no_alpha(tmp_path):
    Image.new("RGBA", (3, 3), (1, 2, 3, 255)).save(tmp_path / "x.png")
    assert read_image(tmp_path / "x.png").frame.alpha is None


@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
def test_cmyk_without_a_profile_has_the_right_hues(tmp_path, suffix):
    image = Image.new("CMYK", (64, 16))
    for index, inks in enumerate([(255, 0, 0, 0), (0, 255, 0, 0), (0, 0, 255, 0), (0, 0, 0, 255)]):
        image.paste(inks, (index * 16, 0, index * 16 + 16, 16))
    image.save(tmp_path / f"x{suffix}")  # Pillow writes a JPEG as Adobe does, with inks inverted
    codes = _codes(read_image(tmp_path / f"x{suffix}"), 8)[8, 8::16]
    expected = np.array([[0, 255, 255], [255, 0, 255], [255, 255, 0], [0, 0, 0]])
    assert np.abs(codes - expected).max() <= 3


def test_lab_looks_like_the_same_picture_in_rgb(shared):
    lab = _codes(read_image(shared / "odd_images" / "pillow__hopper.Lab.tif"), 8)
    rgb = _codes(read_image(shared / "odd_images" / "pillow__hopper.bmp"), 8)
    assert np.abs(lab - rgb).mean() < 6


def test_a_picture_cut_off_is_refused(tmp_path, words):
    for suffix in (".png", ".tif"):
        whole = tmp_path / f"whole{suffix}"
        (_png(whole, words[..., :3], 2) if suffix == ".png" else _tiff(whole, words[..., :3]))
        cut = tmp_path / f"cut{suffix}"
        cut.write_bytes(whole.read_bytes()[:-60])
        with pytest.raises(SourceError, match=r"cut\.\w+: not a picture that can be read"):
            read_image(cut)
