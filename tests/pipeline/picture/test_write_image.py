"""What is written is decoded again: the pixels, the bits, the transparency and what was kept."""

import json
from dataclasses import replace

import av
import numpy as np
import pytest
import torch
from PIL import ExifTags, Image, IptcImagePlugin

from stylize.pipeline.errors import TargetError
from stylize.pipeline.picture.colour_profile import srgb_profile
from stylize.pipeline.picture.picture_formats import WRITABLE, PictureFormat
from stylize.pipeline.picture.pictures import Kept
from stylize.pipeline.picture.read_image import read_image
from stylize.pipeline.picture.write_image import encode_image, write_image

EVERY = sorted(WRITABLE)
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-'
    b'syntax-ns#"><rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" '
    b'dc:format="x"/></rdf:RDF></x:xmpmeta>'
)
SETTINGS = {"preset": "wave", "version": "1.2.3", "note": "Straße"}


def write(picture, target, **options) -> None:
    """Both halves of the last stage."""
    write_image(encode_image(picture, target, **options), target)


@pytest.fixture
def picture():
    """(3, 37, 53) noise, so that the predictors of PNG and TIFF have something to do."""
    return torch.rand(3, 37, 53, generator=torch.Generator().manual_seed(4))


@pytest.fixture
def alpha():
    return torch.rand(1, 37, 53, generator=torch.Generator().manual_seed(5))


@pytest.fixture
def smooth():
    """(3, 64, 96) in slow waves, which lossy formats keep well."""
    across, down = torch.linspace(0, 3, 96), torch.linspace(0, 3, 64)[:, None]
    return torch.stack([0.5 + 0.4 * torch.sin(across * k + down) for k in (1, 2, 3)])


def _kept() -> Kept:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Zenith"
    exif[ExifTags.Base.Software] = "firmware 1"
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.ISOSpeedRatings] = 400
    details[ExifTags.Base.ExifImageWidth] = 9999
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    return Kept(
        exif=exif.tobytes(),
        xmp=XMP,
        icc=srgb_profile(),
        dpi=(300, 150),
        text={"Comment": "by hand", "Title": "Über"},
    )


def _decoded_by_ffmpeg(path) -> np.ndarray:
    codec = "png" if path.suffix == ".png" else "tiff"
    frame = av.CodecContext.create(codec, "r").decode(av.Packet(path.read_bytes()))[0]
    return frame.to_ndarray()


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("transparent", [False, True])
def test_lossless_formats_hold_the_nearest_code_of_every_sample(
    tmp_path, picture, alpha, suffix, depth, transparent
):
    path = tmp_path / f"x{suffix}"
    write(picture, path, alpha=alpha if transparent else None, kept=Kept(depth=depth))
    planes = torch.cat((picture, alpha)) if transparent else picture
    exact = (planes.double() * ((1 << depth) - 1)).permute(1, 2, 0).numpy()
    decoded = _decoded_by_ffmpeg(path)
    assert decoded.dtype == (np.uint8 if depth == 8 else np.uint16)
    assert np.abs(decoded - exact).max() < 0.505  # float32 cannot tell a half from nearly a half


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_reading_gives_back_what_was_written(tmp_path, picture, alpha, suffix, depth):
    path = tmp_path / f"x{suffix}"
    top = (1 << depth) - 1
    picture, alpha = (picture * top).round() / top, (alpha * top).round() / top
    write(picture, path, alpha=alpha, kept=Kept(depth=depth))
    back = read_image(path)
    assert back.kept.depth == depth
    assert torch.equal(back.frame.picture, picture)
    assert torch.equal(back.frame.alpha, alpha)


def test_a_tiff_of_many_strips_is_whole(tmp_path):
    tall = torch.rand(3, 700, 600, generator=torch.Generator().manual_seed(6))
    write(tall, tmp_path / "x.tif", alpha=None, kept=Kept(depth=16))
    exact = (tall.double() * 65535).permute(1, 2, 0).numpy()
    assert np.abs(_decoded_by_ffmpeg(tmp_path / "x.tif") - exact).max() < 0.505
    with Image.open(tmp_path / "x.tif") as image:
        assert len(image.tag_v2[273]) == 3


def test_samples_are_rounded_and_clamped(tmp_path):
    values = torch.tensor([-1.0, 0.49 / 255, 0.51 / 255, 254.4 / 255, 254.6 / 255, 2.0])
    write(values.expand(3, 1, 6), tmp_path / "x.png", alpha=None, kept=Kept())
    with Image.open(tmp_path / "x.png") as image:
        assert np.asarray(image)[0, :, 0].tolist() == [0, 0, 1, 254, 255, 255]


def test_a_picture_that_needs_its_gradient_or_is_not_contiguous_is_written(tmp_path, picture):
    odd = picture.transpose(1, 2).requires_grad_()
    write(odd, tmp_path / "x.png", alpha=None, kept=Kept())
    assert read_image(tmp_path / "x.png").frame.picture.shape == (3, 53, 37)


@pytest.mark.parametrize(
    ("suffix", "said"), [(".jpg", ["JPEG"]), (".webp", ["WebP"]), (".png", [])]
)
def test_bits_that_a_format_has_no_room_for_are_told(tmp_path, smooth, suffix, said):
    notices: list[str] = []
    write(smooth, tmp_path / f"x{suffix}", alpha=None, kept=Kept(depth=16), notify=notices.append)
    wanted = [f"{title} has 8 bits for a colour, of the 16 it is read in" for title in said]
    assert [notice.rpartition(": ")[2] for notice in notices] == wanted


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".webp", ".avif"])
def test_lossy_formats_look_the_same(tmp_path, smooth, suffix):
    path = tmp_path / f"x{suffix}"
    write(smooth, path, alpha=None, kept=Kept(depth=16))
    with Image.open(path) as image:
        assert image.format == {".jpg": "JPEG", ".jpeg": "JPEG"}.get(suffix, suffix[1:].upper())
    error = (read_image(path).frame.picture - smooth).square().mean()
    assert -10 * error.log10() > 40  # dB


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".avif"])
def test_a_lower_quality_makes_a_smaller_file(tmp_path, picture, suffix):
    sizes = []
    for quality in (10, None, 100):
        path = tmp_path / f"x{quality}{suffix}"
        write(picture, path, alpha=None, kept=Kept(), quality=quality)
        sizes.append(path.stat().st_size)
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[1] / 2


@pytest.mark.parametrize("suffix", [".jpg", ".avif"])
def test_chroma_keeps_its_full_size(tmp_path, suffix):
    stripes = torch.zeros(3, 32, 64)
    stripes[0, :, ::2], stripes[2, :, 1::2] = 1, 1  # red, blue, red …
    write(stripes, tmp_path / f"x{suffix}", alpha=None, kept=Kept())
    back = read_image(tmp_path / f"x{suffix}").frame.picture
    assert back[0, :, ::2].mean() > 0.9
    assert back[0, :, 1::2].mean() < 0.1


@pytest.mark.parametrize("suffix", [s for s in EVERY if WRITABLE[s].alpha])
def test_transparency_is_kept_where_the_format_holds_it(tmp_path, smooth, suffix):
    path = tmp_path / f"x{suffix}"
    alpha = torch.linspace(0, 1, 96).expand(1, 64, 96)
    notices: list[str] = []
    write(smooth, path, alpha=alpha, kept=Kept(), notify=notices.append)
    assert (read_image(path).frame.alpha - alpha).abs().max() < 0.03
    assert notices == []


def test_white_shows_through_where_the_format_has_no_transparency(tmp_path):
    path = tmp_path / "x.jpg"
    notices: list[str] = []
    alpha = torch.tensor([0.0, 0.5, 1.0]).repeat_interleave(16).expand(1, 16, 48)
    write(torch.zeros(3, 16, 48), path, alpha=alpha, kept=Kept(), notify=notices.append)
    shown = read_image(path).frame.picture[:, 8, 8::16]
    assert shown.flatten().tolist() == pytest.approx([1, 0.5, 0] * 3, abs=0.01)
    assert notices == [f"{path}: JPEG has no transparency; white shows through"]


@pytest.mark.parametrize("suffix", EVERY)
@pytest.mark.parametrize("depth", [8, 16])
def test_what_is_kept_stands_in_the_file(tmp_path, picture, suffix, depth):
    path = tmp_path / f"x{suffix}"
    write(picture, path, alpha=None, kept=replace(_kept(), depth=depth))
    with Image.open(path) as image:
        assert image.info["icc_profile"] == srgb_profile()
        image.load()
        exif = image.getexif()
        assert exif[ExifTags.Base.Make] == "Zenith"
        assert exif[ExifTags.Base.Software] == "firmware 1"
        details = exif.get_ifd(ExifTags.IFD.Exif)
        assert details[ExifTags.Base.ISOSpeedRatings] == 400
        assert details[ExifTags.Base.ExifImageWidth] == 53
        assert ExifTags.Base.UserComment not in details
        assert exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] == "N"
        assert exif.get(ExifTags.Base.Orientation, 1) == 1
        if suffix in (".png", ".jpg", ".jpeg", ".tif", ".tiff"):
            assert image.info["dpi"] == pytest.approx((300, 150), abs=0.1)
        if suffix == ".png":
            assert (image.text["Title"], image.text["Comment"]) == ("Über", "by hand")
        if suffix == ".jpg":
            assert image.info["comment"] == b"by hand"
    kept = read_image(path).kept
    assert XMP in kept.xmp
    assert kept.icc == srgb_profile()


@pytest.mark.parametrize("suffix", EVERY)
def test_nothing_is_in_the_file_when_nothing_is_kept(tmp_path, picture, suffix):
    path = tmp_path / f"x{suffix}"
    write(picture, path, alpha=None, kept=Kept())
    kept = read_image(path).kept
    assert (kept.exif, kept.xmp, kept.icc, kept.text) == (b"", b"", b"", {})


@pytest.mark.parametrize("suffix", [s for s in EVERY if s != ".png"])
@pytest.mark.parametrize("kept", [Kept(), _kept()], ids=["alone", "with the source's EXIF"])
def test_settings_can_be_read_back_from_exif(tmp_path, picture, suffix, kept):
    path = tmp_path / f"x{suffix}"
    write(picture, path, alpha=None, kept=kept, metadata=SETTINGS)
    with Image.open(path) as image:
        exif = image.getexif()
        history = exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ImageHistory]
        assert exif.get(ExifTags.Base.Software) == ("firmware 1" if kept.exif else None)
        assert exif.get(ExifTags.Base.Make) == ("Zenith" if kept.exif else None)
    assert json.loads(history) == {"stylize": SETTINGS}


@pytest.mark.parametrize("suffix", EVERY)
def test_what_the_photographer_wrote_survives_and_earlier_settings_do_not(
    tmp_path, picture, suffix
):
    exif = Image.Exif()
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.UserComment] = b"ASCII\0\0\0my own"
    details[ExifTags.Base.ImageHistory] = "cropped"
    exif[ExifTags.Base.Artist] = "Jörg".encode()
    paths = [tmp_path / f"{step}{suffix}" for step in range(3)]
    kept = Kept(exif=exif.tobytes())
    for path, metadata in zip(paths, ({"preset": "old"}, {"preset": "new"}, None), strict=True):
        write(picture, path, alpha=None, kept=kept, metadata=metadata)
        kept = read_image(path).kept
    for path, ours in zip(paths, (["old"], ["new"], []), strict=True):
        with Image.open(path) as image:
            details = image.getexif().get_ifd(ExifTags.IFD.Exif)
        assert details[ExifTags.Base.UserComment] == b"ASCII\0\0\0my own"
        assert "Jörg".encode() in path.read_bytes()
        history, *later = details[ExifTags.Base.ImageHistory].splitlines()
        assert history == "cropped"
        if suffix != ".png":
            assert [json.loads(line)["stylize"]["preset"] for line in later] == ours
    assert not any(word in paths[2].read_bytes() for word in (b"stylize", b"preset"))


IPTC = b"\x1c\x02\x19\0\x03sea\x1c\x02\x19\0\x04boat\x1c\x02\x78\0\x05Hello"


@pytest.mark.parametrize("suffix", EVERY)
def test_iptc_records_are_kept_or_their_loss_is_told(tmp_path, picture, suffix):
    path, notices = tmp_path / f"x{suffix}", []
    write(picture, path, alpha=None, kept=Kept(iptc=IPTC), notify=notices.append)
    if WRITABLE[path.suffix].iptc:
        assert (read_image(path).kept.iptc, notices) == (IPTC, [])
        with Image.open(path) as image:
            assert IptcImagePlugin.getiptcinfo(image)[2, 25] == [b"sea", b"boat"]
    else:
        title = WRITABLE[path.suffix].title
        assert notices == [f"{path}: {title} has no place for its IPTC records"]


@pytest.mark.parametrize("suffix", [s for s in EVERY if s != ".png"])
def test_texts_go_into_exif_or_their_loss_is_told(tmp_path, picture, suffix):
    path, notices = tmp_path / f"x{suffix}", []
    text = {"Author": "Jörg", "Title": "Sea", "Warning": "wet", "Description": "A boat"}
    write(picture, path, alpha=None, kept=Kept(text=text), notify=notices.append)
    with Image.open(path) as image:
        exif = image.getexif()
        assert exif[ExifTags.Base.Artist].encode("latin-1").decode() == "Jörg"
        assert exif[ExifTags.Base.ImageDescription] == "A boat"
    title = WRITABLE[path.suffix].title
    assert notices == [f"{path}: {title} has no place for its text 'Title' and its text 'Warning'"]


@pytest.mark.parametrize("depth", [8, 16])
def test_settings_can_be_read_back_from_a_text_of_a_png(tmp_path, picture, depth):
    kept = replace(_kept(), depth=depth)
    write(picture, tmp_path / "x.png", alpha=None, kept=kept, metadata=SETTINGS)
    with Image.open(tmp_path / "x.png") as image:
        assert json.loads(image.text["stylize"]) == SETTINGS
        assert image.text["Title"] == "Über"


def test_a_painting_painted_again_holds_the_new_settings_alone(tmp_path, picture):
    write(picture, tmp_path / "a.png", alpha=None, kept=Kept(), metadata={"preset": "old"})
    kept = read_image(tmp_path / "a.png").kept
    write(picture, tmp_path / "b.png", alpha=None, kept=kept, metadata={"preset": "new"})
    assert b'"old"' not in (tmp_path / "b.png").read_bytes()


def test_the_same_picture_gives_the_same_bytes(tmp_path, picture):
    for suffix in EVERY:
        for name in ("a", "b"):
            path = tmp_path / f"{name}{suffix}"
            write(picture, path, alpha=None, kept=_kept(), metadata=SETTINGS)
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_exif_and_xmp_too_long_for_a_jpeg_are_left_out_with_a_notice(tmp_path, picture):
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = "x" * 70_000
    text = {"Comment": "x" * 70_000}
    kept = Kept(exif=exif.tobytes(), xmp=XMP.ljust(70_000), text=text)
    notices: list[str] = []
    path = tmp_path / "x.jpg"
    write(picture, path, alpha=None, kept=kept, notify=notices.append)
    assert read_image(path).kept.exif == b""
    what = [line.partition(" of ")[0] for line in notices]
    assert what == [f"{path}: {name}" for name in ("EXIF", "XMP", "a comment")]


def test_an_extension_that_is_not_written_is_refused(tmp_path, picture):
    with pytest.raises(TargetError, match=r"a picture with '\.bmp'; allowed: \.jpg, \.jpeg, \.png"):
        write(picture, tmp_path / "x.bmp", alpha=None, kept=Kept())
    with pytest.raises(TargetError, match=r"a picture with no extension; allowed"):
        write(picture, tmp_path / "x", alpha=None, kept=Kept())


def test_an_upper_case_extension_is_understood(tmp_path, picture):
    write(picture, tmp_path / "X.PNG", alpha=None, kept=Kept())
    with Image.open(tmp_path / "X.PNG") as image:
        assert image.format == "PNG"


@pytest.mark.parametrize(("suffix", "most"), [(".webp", 16383), (".jpg", 65500), (".avif", 32768)])
def test_a_picture_too_large_for_its_format_is_refused(tmp_path, suffix, most):
    with pytest.raises(TargetError, match=rf"{most + 1}×1 is too large for \w+ .at most {most} a"):
        write(torch.zeros(3, 1, most + 1), tmp_path / f"x{suffix}", alpha=None, kept=Kept())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("suffix", "most"), [(".webp", 16383), (".jpg", 65500)])
def test_a_picture_just_within_the_limit_is_written(tmp_path, suffix, most):
    write(torch.zeros(3, 1, most), tmp_path / f"x{suffix}", alpha=None, kept=Kept())
    assert read_image(tmp_path / f"x{suffix}").frame.picture.shape == (3, 1, most)


def test_the_source_is_never_written_over(tmp_path, picture):
    path = tmp_path / "x.png"
    write(picture, path, alpha=None, kept=Kept())
    before = path.read_bytes()
    (tmp_path / "link.png").symlink_to(path)
    for target in (path, tmp_path / "link.png"):
        with pytest.raises(TargetError, match=r"is the source itself; choose another name"):
            write(1 - picture, target, alpha=None, kept=read_image(path).kept)
    assert path.read_bytes() == before


def test_a_failure_leaves_the_earlier_output_and_nothing_half_written(
    tmp_path, picture, monkeypatch
):
    path = tmp_path / "x.png"
    write(picture, path, alpha=None, kept=Kept())
    before = path.read_bytes()

    def fail_halfway(part, _content):
        part.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(path), "write_bytes", fail_halfway)
    with pytest.raises(TargetError, match=r"x\.png: cannot be written \(no space left on device\)"):
        write(picture, path, alpha=None, kept=Kept())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_does_not_exist_is_made(tmp_path, picture):
    write(picture, tmp_path / "a" / "b" / "x.png", alpha=None, kept=Kept())
    assert (tmp_path / "a" / "b" / "x.png").is_file()


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path, picture):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(TargetError, match="cannot make its folder"):
        write(picture, tmp_path / "file" / "x.png", alpha=None, kept=Kept())


def test_every_written_format_is_described():
    for form in WRITABLE.values():
        assert isinstance(form, PictureFormat)
        assert (form.quality is None) == (form.name in ("PNG", "TIFF"))
