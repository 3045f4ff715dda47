"""Names that people type become encoders and options, or one line that says what is allowed."""

from fractions import Fraction
from pathlib import Path

import pytest

from stylize.pipeline.errors import TargetError
from stylize.pipeline.film.encoding import (
    Encoder,
    Encoding,
    choose_encoder,
    container_of,
    fit_size,
)


def choose(target: str, *, has_alpha: bool = False, notes: list[str] | None = None, **encoding):
    return choose_encoder(
        Path(target),
        encoding=Encoding(**encoding),
        has_alpha=has_alpha,
        rate=Fraction(25),
        notify=[].append if notes is None else notes.append,
    )


@pytest.mark.parametrize(
    ("target", "encoder", "pixel_format"),
    [
        ("film.mp4", "libx264", "yuv420p"),
        ("film.M4V", "libx264", "yuv420p"),
        ("film.mov", "libx264", "yuv420p"),
        ("film.mkv", "libx264", "yuv420p"),
        ("film.webm", "libvpx-vp9", "yuv420p"),
        ("film.gif", "gif", "pal8"),
        ("film.webp", "libwebp", "bgra"),
        ("film.apng", "apng", "rgb24"),
        ("frames", "png", "rgb24"),
    ],
)
def test_every_container_has_its_usual_encoder(target, encoder, pixel_format):
    chosen = choose(target)
    assert (chosen.name, chosen.pixel_format) == (encoder, pixel_format)
    assert not chosen.keeps_alpha


@pytest.mark.parametrize(
    ("target", "encoder", "pixel_format"),
    [
        ("film.webm", "libvpx-vp9", "yuva420p"),
        ("film.mov", "prores_ks", "yuva444p10le"),
        ("film.gif", "gif", "pal8"),
        ("film.webp", "libwebp", "bgra"),
        ("film.apng", "apng", "rgba"),
        ("frames", "png", "rgba"),
    ],
)
def test_a_transparent_film_stays_so_where_it_can(target, encoder, pixel_format):
    chosen = choose(target, has_alpha=True)
    assert (chosen.name, chosen.pixel_format) == (encoder, pixel_format)
    assert chosen.keeps_alpha


def test_mp4_keeps_no_transparency():
    assert not choose("film.mp4", has_alpha=True).keeps_alpha
    assert not choose("film.mp4", has_alpha=True, codec="vp9").keeps_alpha
    assert not choose("film.mov", has_alpha=True, codec="h264").keeps_alpha


@pytest.mark.parametrize(
    ("name", "encoder"),
    [
        ("h264", "libx264"),
        ("H265", "libx265"),
        ("hevc", "libx265"),
        ("av1", "libsvtav1"),
        ("vp8", "libvpx"),
        ("vp9", "libvpx-vp9"),
        ("ffv1", "ffv1"),
        ("prores", "prores_ks"),
        ("libx264", "libx264"),
        ("mpeg4", "mpeg4"),
    ],
)
def test_codecs_have_the_names_that_people_type(name, encoder):
    assert choose("film.mkv", codec=name).name == encoder


@pytest.mark.parametrize("name", ["film.avi", "film.png", "film.wav", "a.b"])
def test_an_extension_that_cannot_be_written_lists_those_that_can(name):
    with pytest.raises(TargetError, match=r"use one of \.mp4, \.m4v, .+ folder of PNGs"):
        container_of(Path(name))


def test_a_folder_that_is_there_is_a_folder_whatever_its_name(tmp_path):
    (tmp_path / "take.2").mkdir()
    assert container_of(tmp_path / "take.2").muxer == "folder"


@pytest.mark.parametrize(
    ("target", "codec", "allowed"),
    [
        ("film.webm", "h264", "in .webm: vp9, av1"),
        ("film.mp4", "prores", "in .mp4: h264, h265, av1, vp9"),
        ("film.gif", "h264", "in .gif: gif"),
        ("film.mp4", "aac", "in .mp4: h264"),
        ("frames", "h264", "in a folder: png"),
    ],
)
def test_a_codec_for_another_container_is_refused_with_those_allowed(target, codec, allowed):
    with pytest.raises(TargetError, match=f"'{codec}' does not go there; {allowed}"):
        choose(target, codec=codec)


def test_a_codec_that_does_not_exist_is_refused_with_those_allowed():
    with pytest.raises(TargetError, match=r"no encoder 'divx' here; in \.mov: h264, h265, prores"):
        choose("film.mov", codec="divx")


def test_the_usual_quality_is_that_of_the_encoder():
    assert choose("film.mp4").options == {"crf": "18", "preset": "medium"}
    assert choose("film.webm").options["crf"] == "24"


def test_a_rate_factor_beats_a_quality():
    assert choose("film.mp4", crf=21.5, quality=10).options["crf"] == "21.5"


@pytest.mark.parametrize("codec", ["h264", "h265", "vp9", "av1"])
def test_a_higher_quality_is_a_lower_factor_within_the_scale(codec):
    factors = [
        float(choose("film.mkv", codec=codec, quality=quality).options["crf"])
        for quality in (1, 50, 100)
    ]
    assert 63 > factors[0] > factors[1] > factors[2] > 0


def test_webp_has_a_quality_and_no_factor():
    assert choose("film.webp", quality=100).options["quality"] == "100"
    with pytest.raises(TargetError, match="libwebp has no rate factor: use --quality"):
        choose("film.webp", crf=20)


def test_an_encoder_of_ffmpegs_own_takes_a_quantiser():
    best = choose("film.mkv", codec="mpeg4", quality=100).options
    assert best == {"qmin": "1", "qmax": "1"}
    with pytest.raises(TargetError, match="mpeg4 has no rate factor: use --quality"):
        choose("film.mkv", codec="mpeg4", crf=20)


def test_an_encoder_of_fixed_rates_is_refused_with_those_allowed():
    with pytest.raises(TargetError, match=r"mpeg2video takes only a few .+; in \.mkv: h264, h265"):
        choose("film.mkv", codec="mpeg2video")


@pytest.mark.parametrize(
    ("target", "codec", "pixel_format"),
    [
        ("frames", "png", "monob"),
        ("frames", "png", "pal8"),
        ("film.apng", "apng", "pal8"),
        ("film.gif", "gif", "rgb4_byte"),
        ("film.mkv", "ffv1", "gbrpf32le"),
        ("film.mov", "msrle", None),
    ],
)
def test_a_pixel_format_that_pictures_cannot_become_is_refused(target, codec, pixel_format):
    with pytest.raises(TargetError, match=f"{codec} does not take pixel format .*; ") as said:
        choose(target, codec=codec, pixel_format=pixel_format)
    assert str(pixel_format) not in str(said.value).partition(";")[2]


@pytest.mark.parametrize(
    ("codec", "crf", "highest"), [("h264", 60, 51), ("av1", 64, 63), ("h265", -1, 51)]
)
def test_a_factor_off_the_scale_is_refused_with_the_scale(codec, crf, highest):
    with pytest.raises(TargetError, match=rf"crf must be from \d to {highest}, not {crf}"):
        choose("film.mp4", codec=codec, crf=crf)


@pytest.mark.parametrize("codec", ["ffv1", "jpeg2000", "snow"])
@pytest.mark.parametrize("option", [{"crf": 20}, {"quality": 90}])
def test_an_encoder_whose_quality_cannot_be_set_says_so(codec, option):
    (name,) = option
    with pytest.raises(TargetError, match=f"{codec} has no scale of quality: leave out --{name}"):
        choose("film.mkv", codec=codec, **option)


def test_an_unknown_preset_is_refused_with_those_there_are():
    with pytest.raises(
        TargetError, match=r"libx264 has no encoder preset 'swift'; it has ultrafast, "
    ):
        choose("film.mp4", encoder_preset="swift")
    with pytest.raises(TargetError, match=r"ffv1 has no encoder preset 'slow'; it has none"):
        choose("film.mkv", codec="ffv1", encoder_preset="slow")


def test_a_preset_reaches_the_option_of_the_encoder():
    assert choose("film.mp4", encoder_preset="veryfast").options["preset"] == "veryfast"
    assert choose("film.webm", encoder_preset="8").options["cpu-used"] == "8"
    assert choose("film.mov", codec="prores", encoder_preset="lt").options["profile"] == "lt"


def test_an_unknown_pixel_format_is_refused_with_those_there_are():
    with pytest.raises(TargetError, match=r"libx264 does not take pixel format 'rgb24'; .*yuv420p"):
        choose("film.mp4", pixel_format="rgb24")


def test_hardware_that_is_not_there_is_said_and_done_without():
    notes: list[str] = []
    chosen = choose("film.gif", hw=True, notes=notes)
    assert chosen.name == "gif"
    assert notes == ["no hardware encoder for gif opens here; using gif"]


@pytest.mark.parametrize(
    ("codec", "pixel_format", "size", "expected", "note"),
    [
        ("h264", None, (65, 49), ("yuv444p", (65, 49)), "encoded as yuv444p"),
        ("h265", None, (64, 49), ("yuv444p", (64, 49)), "encoded as yuv444p"),
        ("h264", "yuv420p", (65, 49), ("yuv420p", (66, 50)), "make 66×50"),
        ("h264", "yuv422p", (65, 49), ("yuv422p", (66, 49)), "make 66×49"),
        ("h264", "yuv444p", (65, 49), ("yuv444p", (65, 49)), None),
        ("h264", None, (64, 48), ("yuv420p", (64, 48)), None),
        ("vp9", None, (65, 49), ("yuv420p", (65, 49)), None),
        ("av1", None, (65, 49), ("yuv420p", (65, 49)), None),
    ],
)
def test_odd_sizes_are_kept_or_grow_by_a_pixel_with_a_notice(
    codec, pixel_format, size, expected, note
):
    notes: list[str] = []
    encoder = choose("film.mkv", codec=codec, pixel_format=pixel_format)
    assert fit_size(encoder, width=size[0], height=size[1], notify=notes.append) == expected
    assert [note in text for text in notes] == ([] if note is None else [True])


def test_odd_sizes_grow_for_hardware():
    notes: list[str] = []
    encoder = Encoder("h264_nvenc", {}, "nv12", keeps_alpha=False, chosen_format=False)
    assert encoder.hardware == "nvenc"
    fitted = fit_size(encoder, width=5, height=4, notify=notes.append)
    assert fitted == ("nv12", (6, 4))
    assert len(notes) == 1
