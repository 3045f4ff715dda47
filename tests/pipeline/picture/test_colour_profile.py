"""Embedded profiles become sRGB: in 8 bits by Little CMS, in 16 bits by formulas that agree."""

import io
import itertools
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from stylize.pipeline.picture.colour_profile import (
    ProfileError,
    convert,
    convert_deep,
    lab_to_srgb,
    srgb_profile,
)

# XYZ of the primaries under D50 (columns of the published matrices).
SRGB = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.7141))
DISPLAY_P3 = ((0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407))
ADOBE_RGB = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))


def _fixed(*values: float) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def _curv(*values: int) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(f">I{len(values)}H", len(values), *values)


def _para(kind: int, *values: float) -> bytes:
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + _fixed(*values)


GAMMA_2_2 = _curv(563)  # 563/256, as Adobe RGB has it
SRGB_CURVE = _para(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def _profile(space: bytes, tags: dict[bytes, bytes], *, pcs: bytes = b"XYZ ") -> bytes:
    """An ICC profile of version 4 with these tags."""
    kind = b"prtr" if space == b"CMYK" else b"mntr"
    table, data, at = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, tag in tags.items():
        table += struct.pack(">4sII", name, at + len(data), len(tag))
        data += tag.ljust(-(-len(tag) // 4) * 4, b"\0")
    header = struct.pack(
        ">I4sI4s4s4s12x4s", at + len(data), b"", 0x04300000, kind, space, pcs, b"acsp"
    )
    header = header.ljust(68, b"\0") + _fixed(0.9642, 1, 0.8249)
    return header.ljust(128, b"\0") + table + data


def _rgb(primaries, curve: bytes) -> bytes:
    columns = {
        name: b"XYZ \0\0\0\0" + _fixed(*xyz)
        for name, xyz in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True)
    }
    return _profile(b"RGB ", {**columns, **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)})


def _grey(curve: bytes) -> bytes:
    return _profile(b"GRAY", {b"kTRC": curve})


def _table(channels: int, corners) -> bytes:
    """A profile made of a table: the Lab colours of all corners, with the rest mixed of them."""
    grid = b""
    for corner in itertools.product((0, 1), repeat=channels):
        lightness, a, b = corners(corner)
        grid += bytes((round(lightness * 2.55), round(a + 128), round(b + 128)))
    straight = bytes(range(256))
    table = b"mft1\0\0\0\0" + bytes((channels, 3, 2, 0)) + _fixed(1, 0, 0, 0, 1, 0, 0, 0, 1)
    table += straight * channels + grid + straight * 3
    return _profile(b"CMYK" if channels == 4 else b"RGB ", {b"A2B0": table}, pcs=b"Lab ")


CURVES = {
    "gamma": GAMMA_2_2,
    "linear": _curv(),
    "table": _curv(*(round(65535 * (i / 255) ** 1.8) for i in range(256))),
    "para 0": _para(0, 1.8),
    "para 1": _para(1, 2.2, 1.05, -0.05),
    "para 2": _para(2, 2.2, 1.05, -0.05, 0.0),
    "para 3": SRGB_CURVE,
    "para 4": _para(4, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045, 0.0, 0.0),
}
PRIMARIES = {"Display P3": DISPLAY_P3, "Adobe RGB": ADOBE_RGB}


@pytest.fixture(scope="module")
def colours():
    return np.random.default_rng(1).integers(0, 256, (40, 50, 3), dtype=np.uint8)


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("primaries", PRIMARIES)
def test_the_formulas_agree_with_little_cms(colours, primaries, curve):
    icc = _rgb(PRIMARIES[primaries], CURVES[curve])
    ours = convert_deep(colours.astype(np.float32) / 255, icc)
    theirs = np.asarray(convert(Image.fromarray(colours), icc), np.float32)
    difference = np.abs(ours * 255 - theirs)
    assert difference.max() < 1.25  # theirs is rounded, and coarse near black
    assert difference.mean() < 0.25


@pytest.mark.parametrize("curve", ["gamma", "table", "para 1", "para 3"])
def test_the_formulas_for_grey_agree_with_little_cms(colours, curve):
    icc = _grey(CURVES[curve])
    grey = colours[..., :1]
    ours = convert_deep(grey.astype(np.float32) / 255, icc)
    theirs = np.asarray(convert(Image.fromarray(grey[..., 0]), icc), np.float32)[..., :1]
    assert ours.shape == grey.shape
    assert np.abs(ours * 255 - theirs).max() < 1.6


def test_a_black_that_is_lifted_is_compensated():
    ramp = np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, -1)
    for curve in (_para(1, 2.2, 1 / 1.1, 0.1 / 1.1), _para(2, 2.2, 1 / 1.1, 0.1 / 1.1, 0.05)):
        icc = _rgb(ADOBE_RGB, curve)
        ours = convert_deep(ramp.astype(np.float32) / 255, icc)
        theirs = np.asarray(convert(Image.fromarray(ramp), icc), np.float32)
        assert ours[0, 0].tolist() == [0, 0, 0]
        assert np.abs(ours * 255 - theirs).max() < 1


def test_a_profile_with_the_colours_of_srgb_changes_no_pixel(colours):
    icc = _rgb(SRGB, SRGB_CURVE)
    assert np.array_equal(np.asarray(convert(Image.fromarray(colours), icc)), colours)
    samples = colours.astype(np.float32) / 255
    assert np.array_equal(convert_deep(samples, icc), samples)


def test_greys_stay_grey_and_white_stays_white():
    ramp = np.linspace(0, 1, 256, dtype=np.float32)[:, None, None].repeat(3, -1)
    turned = convert_deep(ramp, _rgb(DISPLAY_P3, SRGB_CURVE))
    # The published primaries are rounded to five places, and so is this.
    assert np.abs(turned - ramp).max() < 2e-4


def test_sixteen_bits_give_more_colours_than_eight():
    ramp = np.linspace(0.2, 0.25, 1000, dtype=np.float32)[None, :, None].repeat(3, -1)
    turned = convert_deep(ramp, _rgb(ADOBE_RGB, GAMMA_2_2))
    assert len(np.unique((turned[..., 0] * 65535).round())) > 900


def test_a_wide_colour_is_clipped_to_the_edge_of_srgb():
    green = np.array([[[0, 1, 0]]], np.float32)
    assert convert_deep(green, _rgb(DISPLAY_P3, SRGB_CURVE)).ravel() == pytest.approx(
        (0, 1, 0), abs=1e-6
    )


def test_cmyk_is_converted_by_its_own_profile():
    icc = _table(4, lambda inks: (100 - 25 * sum(inks), 0, 0))
    image = Image.new("CMYK", (1, 1), (255, 255, 0, 0))
    # L* = 50 is 119 in sRGB
    assert convert(image, icc).getpixel((0, 0)) == pytest.approx((119, 119, 119), abs=1)


def test_lab_is_converted_without_a_profile():
    image = Image.new("LAB", (1, 1), (128, 128, 128))
    assert lab_to_srgb(image).getpixel((0, 0)) == pytest.approx((119, 119, 119), abs=1)


def test_a_profile_of_tables_is_left_to_little_cms():
    icc = _table(3, lambda inks: (sum(inks) / 3 * 100, 0, 0))
    assert convert_deep(np.zeros((1, 1, 3), np.float32), icc) is None
    image = Image.new("RGB", (1, 1), (255, 0, 0))
    assert convert(image, icc).getpixel((0, 0)) == pytest.approx((78, 78, 78), abs=1)  # L* = 33


def test_a_profile_for_other_colours_is_refused():
    with pytest.raises(ProfileError, match="it is for GRAY, the picture is RGB"):
        convert(Image.new("RGB", (1, 1)), _grey(GAMMA_2_2))
    with pytest.raises(ProfileError, match="it is for RGB, the picture is GRAY"):
        convert_deep(np.zeros((1, 1, 1), np.float32), _rgb(DISPLAY_P3, GAMMA_2_2))


@pytest.mark.parametrize("icc", [b"nothing", _rgb(DISPLAY_P3, GAMMA_2_2)[:200], b"\0" * 300])
def test_a_damaged_profile_is_refused(icc):
    with pytest.raises(ProfileError, match="damaged"):
        convert(Image.new("RGB", (1, 1)), icc)


def test_a_damaged_curve_is_refused():
    with pytest.raises(ProfileError, match="damaged"):
        convert_deep(np.zeros((1, 1, 1), np.float32), _grey(_para(9, 1.0)))


def test_our_srgb_profile_is_srgb_and_always_the_same():
    made = ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile()))
    assert "sRGB" in ImageCms.getProfileDescription(made)
    image = Image.new("RGB", (1, 1), (10, 200, 90))
    assert convert(image, srgb_profile()) is image
    assert srgb_profile()[24:36] == struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
