"""Pictures to learn from are read upright, in sRGB, opaque and without clipping."""

import struct

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms

from stylize.models import TrainingError
from stylize.models.read_picture import opens, read_picture


def test_a_picture_is_read_upright_in_colour_and_at_its_size(tmp_path):
    path = tmp_path / "turned.jpg"
    picture = Image.new("RGB", (60, 40), (255, 0, 0))
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(path, exif=exif, quality=95)
    assert read_picture(path).shape == (3, 60, 40)
    scaled = read_picture(path, shorter=20)
    assert scaled.shape == (3, 30, 20)
    assert (scaled.mean((1, 2)) - torch.tensor([1.0, 0.0, 0.0])).abs().max() < 0.02


def test_grey_and_palette_pictures_become_rgb(tmp_path):
    for mode in ("L", "P", "RGBA", "1"):
        path = tmp_path / f"{mode}.png"
        Image.new(mode, (8, 8), 1 if mode in "P1" else 255 if mode == "L" else "white").save(path)
        assert read_picture(path).shape == (3, 8, 8)


def test_a_picture_cut_short_is_an_error(tmp_path, photographs):
    path = tmp_path / "short.png"
    path.write_bytes((photographs / "0.png").read_bytes()[:-200])
    with pytest.raises(TrainingError, match=r"short.png: cannot be read as a picture \("):
        read_picture(path)


@pytest.mark.parametrize("suffix", ["png", "tiff"])
@pytest.mark.parametrize("shorter", [None, 8])
def test_greys_of_16_bits_are_not_clipped(tmp_path, suffix, shorter):
    path = tmp_path / f"deep.{suffix}"
    ramp = np.linspace(0, 65535, 16).round().astype(np.uint16)
    Image.fromarray(np.tile(ramp, (16, 1))).save(path)
    row = read_picture(path, shorter=shorter)[0, 4]
    if shorter is None:
        wanted = torch.from_numpy(ramp.astype(np.float32)) / 65535
        torch.testing.assert_close(row, wanted, atol=1 / 255, rtol=0)
    assert (row.diff() > 0).all()
    assert row[-1] > 0.95


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_seen_on_white(tmp_path, mode):
    path = tmp_path / "glass.png"
    picture = Image.new("RGBA", (4, 2), (0, 0, 0, 0))
    picture.paste((0, 0, 0, 255), (0, 0, 1, 2))
    picture.paste((0, 0, 0, 128), (1, 0, 2, 2))
    picture.convert(mode).save(path)
    row = read_picture(path)[0, 0] * 255
    assert row[[0, 2, 3]].tolist() == [0, 255, 255]
    assert abs(row[1] - 127) <= 1


def straight_profile() -> bytes:
    """A profile of sRGB's primaries whose curves are straight: what is 0.5 in it is 0.735."""
    made = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for index in range(struct.unpack_from(">I", made, 128)[0]):
        name, offset, size = struct.unpack_from(">4sII", made, 132 + 12 * index)
        if name in (b"rTRC", b"gTRC", b"bTRC"):
            made[offset : offset + size] = struct.pack(">4sIII", b"curv", 0, 0, 0).ljust(
                size, b"\0"
            )
    return bytes(made)


def test_colours_are_those_of_the_profile(tmp_path):
    path = tmp_path / "linear.png"
    Image.new("RGB", (4, 4), (128, 128, 128)).save(path, icc_profile=straight_profile())
    assert (read_picture(path) - 0.737).abs().max() < 0.01


@pytest.mark.parametrize("profile", [b"junk", straight_profile()[:200]])
def test_a_damaged_profile_is_left_aside(tmp_path, profile):
    path = tmp_path / "odd.png"
    Image.new("RGB", (4, 4), (128, 0, 255)).save(path, icc_profile=profile)
    assert (read_picture(path)[:, 0, 0] * 255).tolist() == [128, 0, 255]


def test_a_profile_for_another_kind_of_picture_is_left_aside(tmp_path):
    path = tmp_path / "grey.png"
    Image.new("L", (4, 4), 128).save(path, icc_profile=straight_profile())
    assert (read_picture(path)[:, 0, 0] * 255).tolist() == [128, 128, 128]


def test_damage_that_nobody_foresaw_is_an_error_too(tmp_path, monkeypatch):
    path = tmp_path / "a.jpg"
    Image.new("RGB", (9, 7)).save(path)

    def stumble(_):
        raise struct.error("required argument is not an integer")

    monkeypatch.setattr(Image.Image, "load", stumble)
    with pytest.raises(TrainingError, match=r"a\.jpg: cannot be read as a picture \(required"):
        read_picture(path)


@pytest.mark.parametrize("error", [AttributeError, TypeError, struct.error])
def test_a_picture_whose_exif_is_damaged_is_read_as_it_lies(tmp_path, monkeypatch, error):
    path = tmp_path / "a.jpg"
    Image.new("RGB", (9, 7)).save(path)

    def stumble(_):
        raise error

    monkeypatch.setattr(Image.Image, "getexif", stumble)
    assert read_picture(path).shape == (3, 7, 9)


def test_what_is_no_picture_that_is_read_is_refused_whatever_it_is_called(tmp_path):
    path = tmp_path / "drawing.jpg"
    path.write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 7\n%%EndComments\n%%EOF\n")
    assert not opens(path)
    with pytest.raises(TrainingError, match=r"drawing\.jpg: cannot be read as a picture \(none of"):
        read_picture(path)


@pytest.mark.parametrize("kind", ["GIF", "AVIF", "MPO"])
def test_pictures_of_other_formats_are_read_whatever_they_are_called(tmp_path, kind):
    path = tmp_path / "a.jpg"
    Image.new("RGB", (16, 12), (200, 100, 50)).save(path, kind)
    assert opens(path)
    wanted = torch.tensor([200, 100, 50])[:, None, None] / 255
    assert torch.allclose(read_picture(path), wanted.expand(3, 12, 16), atol=0.02)


def test_floats_from_0_to_1_are_seen_as_they_are(tmp_path):
    values = np.array([[0, 0.25, 1.0, 0.5]], np.float32)
    Image.fromarray(values).save(tmp_path / "a.tif")
    assert read_picture(tmp_path / "a.tif")[0, 0].tolist() == pytest.approx(values[0], abs=0.003)
