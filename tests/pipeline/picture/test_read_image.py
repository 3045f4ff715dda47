"""A picture is read upright, in sRGB, with what its output must keep; or refused in one line."""

import io
import os
import threading
import warnings

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from stylize.pipeline.errors import AnimatedPictureError, SourceError
from stylize.pipeline.picture.open_picture import PIXEL_LIMIT
from stylize.pipeline.picture.read_image import read_image

# Orientation to the turn that a camera held so has made, as Pillow names it.
TURNED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-'
    b'syntax-ns#"><rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" '
    b'tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
)


@pytest.fixture
def photo():
    """An uneven picture of noise: any slip of a pixel or a channel shows."""
    noise = np.random.default_rng(3).integers(0, 256, (11, 14, 3), dtype=np.uint8)
    return Image.fromarray(noise)


def _pixels(picture) -> np.ndarray:
    return (picture.frame.picture * 255).round().byte().permute(1, 2, 0).numpy()


def _exif(**tags) -> Image.Exif:
    exif = Image.Exif()
    for name, value in tags.items():
        exif[ExifTags.Base[name]] = value
    return exif


def test_a_frame_is_contiguous_float_rgb_in_0_to_1(tmp_path, photo):
    photo.save(tmp_path / "x.png")
    frame = read_image(tmp_path / "x.png").frame
    assert frame.picture.shape == (3, 11, 14)
    assert frame.picture.dtype == torch.float32
    assert frame.picture.is_contiguous()
    assert (frame.time, frame.duration, frame.alpha) == (0, 0, None)


@pytest.mark.parametrize(
    "suffix", ["png", "jpg", "webp", "avif", "tif", "bmp", "ppm", "gif", "jp2"]
)
def test_pixels_are_those_that_pillow_decodes(tmp_path, photo, suffix):
    path = tmp_path / f"x.{suffix}"
    photo.save(path)
    with Image.open(path) as image:
        assert np.array_equal(_pixels(read_image(path)), np.asarray(image.convert("RGB")))


def test_what_a_file_holds_decides_not_its_name(tmp_path, photo):
    photo.save(tmp_path / "x.jpg", "PNG")
    assert np.array_equal(_pixels(read_image(tmp_path / "x.jpg")), np.asarray(photo))


@pytest.mark.parametrize("suffix", ["png", "tif", "webp"])
@pytest.mark.parametrize("number", TURNED)
def test_every_orientation_becomes_the_same_upright_picture(tmp_path, photo, number, suffix):
    turned = photo if TURNED[number] is None else photo.transpose(TURNED[number])
    options = {"lossless": True} if suffix == "webp" else {}
    turned.save(tmp_path / f"x.{suffix}", exif=_exif(Orientation=number), **options)
    assert np.array_equal(_pixels(read_image(tmp_path / f"x.{suffix}")), np.asarray(photo))


def test_real_files_of_all_orientations_show_the_same_scene(shared):
    folder = shared / "odd_images"
    shapes = set()
    for name in ("exif_orientation__Portrait_{}.jpg", "sharp__Portrait_{}.jpg"):
        for number in (1, 3, 4, 5, 6, 8):
            path = folder / name.format(number)
            if path.exists():
                shapes.add((name, tuple(read_image(path).frame.picture.shape)))
    assert len(shapes) == 2
    upright = read_image(folder / "pillow__hopper.bmp").frame.picture
    for number in (2, 3, 4, 5):
        turned = read_image(folder / f"pillow__hopper_orientation_{number}.jpg").frame.picture
        assert (turned - upright).abs().mean() < 0.025  # what JPEG loses


@pytest.mark.parametrize("number", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_ignored(tmp_path, photo, number):
    photo.save(tmp_path / "x.png", exif=_exif(Orientation=number))
    assert np.array_equal(_pixels(read_image(tmp_path / "x.png")), np.asarray(photo))


def test_alpha_is_turned_with_the_picture(tmp_path):
    image = Image.new("RGBA", (2, 1), (9, 9, 9, 255))
    image.putpixel((1, 0), (9, 9, 9, 0))
    image.save(tmp_path / "x.png", exif=_exif(Orientation=6))
    assert read_image(tmp_path / "x.png").frame.alpha.tolist() == [[[1], [0]]]


def test_an_orientation_in_xmp_alone_is_applied_and_then_neutral(tmp_path, photo):
    photo.transpose(TURNED[6]).save(tmp_path / "x.webp", lossless=True, xmp=XMP)
    picture = read_image(tmp_path / "x.webp")
    assert np.array_equal(_pixels(picture), np.asarray(photo))
    assert picture.kept.xmp == XMP.replace(b'"6"', b'"1"')


def test_exif_is_kept_without_orientation_and_without_the_layout_of_the_file(tmp_path, photo):
    exif = _exif(Orientation=6, Make="Zenith", Copyright="me", StripOffsets=4, XResolution=72.0)
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ISOSpeedRatings] = 400
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ColorSpace] = 65535
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    photo.save(tmp_path / "x.jpg", exif=exif)
    kept = Image.Exif()
    kept.load(read_image(tmp_path / "x.jpg").kept.exif)
    assert {kept[ExifTags.Base.Make], kept[ExifTags.Base.Copyright]} == {"Zenith", "me"}
    assert not {ExifTags.Base.Orientation, ExifTags.Base.StripOffsets}.intersection(kept)
    details = kept.get_ifd(ExifTags.IFD.Exif)
    assert details[ExifTags.Base.ISOSpeedRatings] == 400
    assert details[ExifTags.Base.ColorSpace] == 1  # the output is sRGB
    assert kept.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] == "N"


def test_a_tiffs_own_tags_become_exif(tmp_path, photo):
    photo.save(tmp_path / "x.tif", description="a boat", artist="Ada")
    kept = Image.Exif()
    kept.load(read_image(tmp_path / "x.tif").kept.exif)
    assert dict(kept) == {
        ExifTags.Base.ImageDescription: "a boat",
        ExifTags.Base.Artist: "Ada",
    }


def test_damaged_exif_is_left_out_and_the_picture_is_read(tmp_path, photo):
    photo.save(tmp_path / "x.jpg", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\x01\x0e\0\x02" * 9)
    picture = read_image(tmp_path / "x.jpg")
    assert picture.frame.picture.shape == (3, 11, 14)
    assert picture.kept.exif == b""


def test_resolution_turns_with_the_picture(tmp_path, photo):
    photo.save(tmp_path / "x.jpg", dpi=(300, 150))
    assert read_image(tmp_path / "x.jpg").kept.dpi == (300, 150)
    photo.save(tmp_path / "x.jpg", dpi=(300, 150), exif=_exif(Orientation=6))
    assert read_image(tmp_path / "x.jpg").kept.dpi == (150, 300)


def test_texts_are_kept_but_not_the_settings_of_an_earlier_run(tmp_path, photo):
    text = PngInfo()
    text.add_text("Title", "Über")
    text.add_text("stylize", "{}")
    text.add_itxt("XML:com.adobe.xmp", XMP.replace(b'"6"', b'"1"').decode())
    photo.save(tmp_path / "x.png", pnginfo=text)
    kept = read_image(tmp_path / "x.png").kept
    assert kept.text == {"Title": "Über"}
    assert b"xmpmeta" in kept.xmp


@pytest.mark.parametrize("suffix", ["jpg", "gif"])
def test_a_comment_is_kept(tmp_path, photo, suffix):
    photo.save(tmp_path / f"x.{suffix}", comment=b"by hand")
    assert read_image(tmp_path / f"x.{suffix}").kept.text == {"Comment": "by hand"}


def test_a_picture_that_says_nothing_keeps_nothing(tmp_path, photo):
    photo.save(tmp_path / "x.png")
    kept = read_image(tmp_path / "x.png").kept
    assert (kept.source, kept.depth) == (tmp_path / "x.png", 8)
    assert (kept.exif, kept.xmp, kept.icc, kept.dpi, kept.text) == (b"", b"", b"", None, {})


def test_colours_of_a_profile_become_srgb_and_the_output_gets_an_srgb_profile(shared):
    path = shared / "odd_images" / "libvips__avif-orientation-6.avif"  # Display P3
    picture = read_image(path)
    assert picture.frame.picture.shape == (3, 4032, 3024)
    assert b"sRGB" in ImageCms.ImageCmsProfile.tobytes(_opened(picture.kept.icc)).replace(
        b"\0", b""
    )
    with Image.open(path) as image:
        wide = np.asarray(image.convert("RGB").resize((64, 64), Image.Resampling.BOX)).astype(int)
    narrow = Image.fromarray(_pixels(picture)).resize((64, 64), Image.Resampling.BOX)
    spread = [np.ptp(pixels.astype(int), axis=-1).mean() for pixels in (wide, np.asarray(narrow))]
    assert spread[1] > spread[0] * 1.05  # the same colour has larger numbers in a smaller space


def _opened(icc: bytes) -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(io.BytesIO(icc))


def test_a_profile_that_does_not_fit_is_named_and_not_used(tmp_path, photo):
    photo.save(tmp_path / "x.png", icc_profile=b"no profile at all")
    notices: list[str] = []
    picture = read_image(tmp_path / "x.png", notify=notices.append)
    assert np.array_equal(_pixels(picture), np.asarray(photo))
    assert picture.kept.icc == b""
    assert notices == [f"{tmp_path / 'x.png'}: its colour profile is not used: it is damaged"]


def test_of_several_pages_the_first_is_read_with_a_notice(tmp_path, photo):
    photo.save(tmp_path / "x.tif", save_all=True, append_images=[Image.new("RGB", (3, 3))])
    notices: list[str] = []
    picture = read_image(tmp_path / "x.tif", notify=notices.append)
    assert np.array_equal(_pixels(picture), np.asarray(photo))
    assert notices == [f"{tmp_path / 'x.tif'}: has several pages; the first is painted"]


@pytest.mark.parametrize("suffix", ["gif", "png", "webp", "avif"])
def test_an_animation_is_refused_as_a_film(tmp_path, photo, suffix):
    path = tmp_path / f"x.{suffix}"
    photo.save(path, save_all=True, append_images=[Image.new("RGB", photo.size)], duration=100)
    with pytest.raises(AnimatedPictureError, match=r"an animated \w+ is a film"):
        read_image(path)


@pytest.mark.parametrize("suffix", ["gif", "png", "webp", "avif"])
def test_of_an_animation_the_first_frame_is_read_where_that_is_wanted(tmp_path, suffix):
    path = tmp_path / f"x.{suffix}"
    red, blue = (Image.new("RGB", (16, 16), colour) for colour in ("red", "blue"))
    red.save(path, save_all=True, append_images=[blue], duration=100)
    assert (
        np.abs(_pixels(read_image(path, animated="first frame")) - np.array([255, 0, 0])).max() < 9
    )


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(SourceError, match=r"x\.png: no such file$"):
        read_image(tmp_path / "x.png")
    with pytest.raises(SourceError, match=r": not a file$"):
        read_image(tmp_path)


def test_a_name_that_the_system_refuses_is_one_line(tmp_path):
    reason = r"n\.png: not a picture that can be read \(File name too long\)$"
    with pytest.raises(SourceError, match=reason):
        read_image(tmp_path / f"{'n' * 300}.png")


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "x.png")
    with pytest.raises(SourceError, match=r"x\.png: not a file$"):
        read_image(tmp_path / "x.png")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("x.png", b"", "the file is empty"),
        ("x.png", b"hello", "no known format, or damaged at its beginning"),
        ("x.heic", b"\0\0\0\x18ftypheic", "HEIC is not supported; save it as AVIF, JPEG or PNG"),
        ("x.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no known format"),
    ],
)
def test_a_file_that_is_no_picture_is_refused_with_the_reason(tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=f"{name}: not a picture that can be read .{reason}"):
        read_image(tmp_path / name)


def test_a_file_that_may_not_be_opened_is_refused(tmp_path, photo, monkeypatch):
    photo.save(tmp_path / "x.png")

    def refuse(*_arguments, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(tmp_path), "open", refuse)
    with pytest.raises(
        SourceError, match=r"x\.png: not a picture that can be read \(Permission denied\)"
    ):
        read_image(tmp_path / "x.png")


def test_a_large_profile_and_a_long_history_do_not_keep_a_png_from_being_read(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + bytes(3 << 20)
    texts = PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", "<history/>" * 300_000, zip=True)
    before = Image.new("RGB", (4, 3), (200, 100, 50))
    before.save(tmp_path / "x.png", icc_profile=profile, pnginfo=texts)
    picture = read_image(tmp_path / "x.png").frame.picture
    assert torch.allclose(picture[:, 0, 0] * 255, torch.tensor([200.0, 100.0, 50.0]), atol=1)


def test_more_pixels_than_the_limit_are_refused_before_they_are_decoded(tmp_path):
    side = int(PIXEL_LIMIT**0.5) + 1
    header = f"P5 {side} {side} 255\n".encode()
    (tmp_path / "x.pgm").write_bytes(header)
    with pytest.raises(SourceError, match=r"x\.pgm: more than 300 megapixels, which is the limit"):
        read_image(tmp_path / "x.pgm")


def test_up_to_the_limit_it_is_not_the_number_of_pixels_that_is_refused(tmp_path):
    # Beyond Pillow's own limit of 179 megapixels; the file holds none of them.
    (tmp_path / "x.bmp").write_bytes(_bitmap_header(16320, 12240))
    with pytest.raises(SourceError, match="truncated"):
        read_image(tmp_path / "x.bmp")


def _bitmap_header(width: int, height: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (1, 1)).save(stream, "BMP")
    data = bytearray(stream.getvalue())
    data[18:26] = width.to_bytes(4, "little") + height.to_bytes(4, "little")
    return bytes(data)


def test_pillows_settings_are_put_back(tmp_path, photo):
    photo.save(tmp_path / "x.png")
    (tmp_path / "bad.png").write_bytes(b"")
    before = Image.MAX_IMAGE_PIXELS, list(warnings.filters)
    read_image(tmp_path / "x.png")
    with pytest.raises(SourceError, match="empty"):
        read_image(tmp_path / "bad.png")
    assert (Image.MAX_IMAGE_PIXELS, warnings.filters) == before


def test_pictures_may_be_read_from_several_threads(tmp_path, photo):
    photo.save(tmp_path / "x.png")
    pictures = []
    threads = [
        threading.Thread(target=lambda: pictures.append(read_image(tmp_path / "x.png")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pictures) == 8
    assert all(np.array_equal(_pixels(picture), np.asarray(photo)) for picture in pictures)
