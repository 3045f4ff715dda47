"""Reading films, made here: their times, colours, orientations, spans, and their damage."""

import io
import os
import re
import sys
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from av.video.reformatter import VideoReformatter
from PIL import Image

from stylize.pipeline.errors import SourceError
from stylize.pipeline.film import deinterlace
from stylize.pipeline.film import read_video as reading
from stylize.pipeline.film.colour import planes_to_rgb, rgb_to_planes
from stylize.pipeline.film.frame_planes import layout_of
from stylize.pipeline.film.read_video import probe_video, read_video
from stylize.pipeline.film.video_source import VideoSource
from stylize.pipeline.values import Colour, Span

LOSSLESS = {"preset": "ultrafast", "qp": "0"}
TS_PACKET = 188


def picture_of(number, width=64, height=48):
    """Large, smooth shapes in mild colours that are nowhere the same; they move with `number`."""
    y, x = torch.meshgrid(torch.linspace(0, 1, height), torch.linspace(0, 1, width), indexing="ij")
    red = 0.3 + 0.4 * x
    green = 0.35 + 0.3 * (y * 3 + number * 0.05).sin() * 0.5 + 0.1
    blue = 0.6 - 0.3 * x * y
    return torch.stack((red, green, blue))


def _filled(picture, pixel_format, colour):
    frame = av.VideoFrame(picture.shape[2], picture.shape[1], pixel_format)
    samples = rgb_to_planes(picture, layout=layout_of(pixel_format), colour=colour)
    for plane, values in zip(frame.planes, samples, strict=True):
        memory = np.zeros((plane.height, plane.line_size // values.itemsize), values.dtype)
        memory[:, : plane.width] = values
        plane.update(memory.tobytes())
    return frame


def make_film(
    path,
    *,
    ticks=range(10),
    time_base=Fraction(1, 25),
    size=(64, 48),
    codec="libx264",
    pixel_format="yuv420p",
    colour=None,
    matrix=None,
    options=LOSSLESS,
    prepare=lambda _stream: None,
    pictures=picture_of,
):
    """Write a film whose frame n shows `pictures(n)` at `ticks[n]`; `matrix` is the tag's code."""
    colour = colour or Colour("bt601")
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=Fraction(25), options=dict(options))
        stream.width, stream.height = size
        stream.pix_fmt = pixel_format
        stream.codec_context.time_base = stream.time_base = time_base
        context = stream.codec_context
        if matrix is not None:
            context.colorspace = matrix
            context.color_range = 1 if colour.range == "limited" else 2
            context.color_primaries, context.color_trc = colour.primaries, colour.transfer
        prepare(stream)
        for number, tick in enumerate(ticks):
            frame = _filled(pictures(number, *size), pixel_format, colour)
            frame.pts, frame.time_base = tick, time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def read(path, **options):
    """Probe and read a film; return what it is, its frames, and what was notified."""
    notices = []
    film = probe_video(path, notify=notices.append)
    frames = list(read_video(film, notify=notices.append, **options))
    return film, frames, notices


def peak_noise_ratio(one, two):
    return -10 * torch.log10(((one - two) ** 2).mean() + 1e-12).item()


# ---- time


@pytest.mark.parametrize(
    ("time_base", "ticks"),
    [
        (Fraction(1, 24000), [1001 * n for n in range(8)]),
        (Fraction(1, 30000), [1001 * n for n in range(8)]),
        (Fraction(1, 90000), [0, 3000, 3100, 9000, 90000, 90007, 100000]),
        (Fraction(1, 12800), [13760 + 512 * n for n in range(5)]),
    ],
    ids=["23.976", "29.97", "uneven", "late start"],
)
@pytest.mark.parametrize("b_frames", ["0", "3"])
def test_times_are_those_of_the_file(tmp_path, time_base, ticks, b_frames):
    film, frames, notices = read(
        make_film(
            tmp_path / "film.mp4",
            ticks=ticks,
            time_base=time_base,
            options={**LOSSLESS, "bf": b_frames},
        )
    )
    assert [frame.time for frame in frames] == [tick * time_base for tick in ticks]
    assert [f.duration for f in frames[:-1]] == [
        (after - before) * time_base for before, after in pairwise(ticks)
    ]
    assert frames[-1].duration > 0
    assert film.frames == len(frames)
    assert all((frame.time / film.time_base).denominator == 1 for frame in frames)
    assert notices == []


def test_a_raw_stream_without_time_stamps_gets_its_times_from_its_rate(tmp_path):
    path = make_film(tmp_path / "film.h264", time_base=Fraction(1, 50))
    film, frames, _ = read(path)
    assert film.frames is None
    assert [frame.time for frame in frames] == [n / film.rate for n in range(10)]


@pytest.mark.parametrize(
    ("begins", "said"),
    [
        ((10, 0), "time stamps out of order put right"),
        ((0, 40_000), "time stamps that jump ahead by more than an hour put right"),
    ],
)
def test_joined_recordings_are_one_film_without_a_gap(tmp_path, begins, said):
    parts = [
        make_film(tmp_path / f"{begin}.ts", ticks=range(begin * 25, begin * 25 + 10))
        for begin in begins
    ]
    path = tmp_path / "joined.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    film, frames, notices = read(path)
    assert [frame.time - film.begin for frame in frames] == [Fraction(n, 25) for n in range(20)]
    assert film.duration == frames[-1].time + frames[-1].duration - film.begin == Fraction(20, 25)
    assert film.frames == 20
    assert notices == [f"joined.ts: {said}"]


B_FRAMES = {
    "as x264 does": {"preset": "medium"},
    "sixteen in a row": {"bf": "16", "x264-params": "b-adapt=0:scenecut=0"},
}


@pytest.mark.parametrize("options", B_FRAMES.values(), ids=B_FRAMES)
def test_b_frames_in_a_file_without_times_of_presentation_are_shown_one_by_one(tmp_path, options):
    path = make_film(tmp_path / "film.avi", ticks=range(60), options={**options, "g": "24"})
    film, frames, notices = read(path)
    assert [frame.time - film.begin for frame in frames] == [Fraction(n, 25) for n in range(60)]
    assert {frame.duration for frame in frames} == {Fraction(1, 25)}
    for number, frame in enumerate(frames):
        assert peak_noise_ratio(frame.picture, picture_of(number)) > 40
    assert notices == ["film.avi: time stamps out of order put right"]


def test_the_facts_of_a_film(tmp_path):
    film, _, _ = read(make_film(tmp_path / "film.mp4", ticks=range(50)))
    assert (film.width, film.height, film.frames) == (64, 48, 50)
    assert film.rate == 25
    assert film.duration == 2
    assert film.pixel_aspect == 1
    assert film.colour == Colour("bt601", "limited", 2, 2)
    assert not film.has_alpha


# ---- spans


@pytest.mark.parametrize("key_frames_every", ["1", "4", "250"])
def test_a_span_begins_and_ends_exactly(tmp_path, key_frames_every):
    path = make_film(
        tmp_path / "film.mp4",
        ticks=range(100, 130),
        options={**LOSSLESS, "bf": "2", "g": key_frames_every},
    )
    everything = read(path)[1]
    span = Span(start=Fraction(11, 25), end=Fraction(20, 25))
    part = read(path, span=span)[1]
    assert [frame.time for frame in part] == [Fraction(n, 25) for n in range(111, 120)]
    for one, two in zip(part, everything[11:20], strict=True):
        assert one.duration == two.duration
        assert torch.equal(one.picture, two.picture)


@pytest.mark.parametrize("start", [1, 12, 22, 30, 59])
@pytest.mark.parametrize("open_gop", ["0", "1"])
def test_a_span_has_the_frames_of_the_whole_where_time_stamps_come_late(tmp_path, open_gop, start):
    options = {"g": "12", "x264-params": f"open-gop={open_gop}:scenecut=0:b-adapt=0"}
    path = make_film(tmp_path / "film.avi", ticks=range(60), options=options)
    _same_frames(path, Fraction(start, 25), 60 - start)


def _joined(path, counts, **options):
    """Two recordings of so many frames in one file, which both begin at the same time."""
    options = {"options": {**LOSSLESS, "g": "12", "bf": "2"}, **options}
    parts = [
        make_film(
            path.with_name(f"{number}{path.suffix}"),
            ticks=range(count),
            pictures=lambda n, *size, since=100 * number: picture_of(since + n, *size),
            **options,
        )
        for number, count in enumerate(counts)
    ]
    return _write(path, b"".join(part.read_bytes() for part in parts))


@pytest.mark.parametrize(
    ("counts", "start"),
    [
        *(((25, 150), 15), ((25, 150), 60), ((100, 25), 25), ((100, 25), 110)),
        *(((50, 50), 14), ((50, 50), 50), ((50, 50), 75)),
    ],
)
def test_a_span_has_the_frames_of_the_whole_where_recordings_were_joined(tmp_path, counts, start):
    path = _joined(tmp_path / "film.ts", counts)
    everything = read(path)[1]
    assert len(everything) == sum(counts)
    begin = everything[start].time - everything[0].time
    _same_frames(path, begin, sum(counts) - start)


@pytest.mark.parametrize("start", [30, 75])
def test_joined_programme_streams_are_no_other(tmp_path, start):
    path = _joined(tmp_path / "film.mpg", (50, 50), codec="mpeg2video", options={"bf": "2"})
    _same_frames(path, Fraction(start, 25), 100 - start)


@pytest.mark.parametrize("counts", [(25, 150), (100, 25), (50, 50), (60,)])
def test_joined_recordings_last_as_long_as_all_of_them(tmp_path, counts):
    film, frames, _ = read(_joined(tmp_path / "film.ts", counts))
    assert film.duration == frames[-1].time + frames[-1].duration - film.begin
    with pytest.raises(SourceError, match=f"; the film lasts {float(film.duration):.2f} s"):
        read(film.path, span=Span(start=film.duration))


def test_what_lies_before_a_start_in_a_transport_stream_is_not_decoded(tmp_path, monkeypatch):
    path = make_film(tmp_path / "film.ts", ticks=range(60), options={**LOSSLESS, "g": "12"})
    film, decoded, decode = probe_video(path, notify=pytest.fail), [], VideoSource._decoded

    def noting(source, packet):
        frames = decode(source, packet)
        decoded.extend(round((frame.pts * source.time_base - film.begin) * 25) for frame in frames)
        return frames

    monkeypatch.setattr(VideoSource, "_decoded", noting)
    frames = list(read_video(film, span=Span(start=Fraction(2)), notify=pytest.fail))
    assert [frame.time - film.begin for frame in frames] == [Fraction(n, 25) for n in range(50, 60)]
    first = decoded.index(48)  # what is before was decoded to find the film's first frame
    assert decoded[first:] == list(range(48, 60))
    assert max(decoded[:first]) < 24


def _same_frames(path, start, count):
    """Reading from `start` must give the last `count` frames of the whole film."""
    everything = read(path)[1][-count:]
    part = read(path, span=Span(start=start))[1]
    assert [frame.time for frame in part] == [frame.time for frame in everything]
    for one, two in zip(part, everything, strict=True):
        assert one.duration == two.duration
        assert torch.equal(one.picture, two.picture)


def test_a_start_between_two_frames_begins_with_the_second(tmp_path):
    path = make_film(tmp_path / "film.mp4")
    part = read(path, span=Span(start=Fraction(1, 30), frames=2))[1]
    assert [frame.time for frame in part] == [Fraction(1, 25), Fraction(2, 25)]


def test_a_film_that_cannot_seek_is_read_from_its_beginning(tmp_path):
    path = make_film(tmp_path / "film.h264")
    everything, part = read(path)[1], read(path, span=Span(start=Fraction(1, 10), frames=2))[1]
    late = [frame for frame in everything if frame.time >= Fraction(1, 10)]
    assert [frame.time for frame in part] == [frame.time for frame in late[:2]]
    assert torch.equal(part[0].picture, late[0].picture)


def test_a_span_without_a_frame_is_refused_and_says_how_long_the_film_is(tmp_path):
    path = make_film(tmp_path / "film.mp4")
    with pytest.raises(SourceError, match=r"/film\.mp4: no frame from 5 s to 6 s; .* 0\.40 s$"):
        read(path, span=Span(start=Fraction(5), end=Fraction(6)))
    assert read(path, span=Span(frames=0))[1] == []


# ---- pictures


@pytest.mark.parametrize("range_", ["limited", "full"])
@pytest.mark.parametrize(
    ("code", "matrix"),
    [
        *((1, "bt709"), (4, "fcc"), (5, "bt601"), (6, "bt601")),
        *((7, "smpte240m"), (8, "ycgco"), (9, "bt2020nc")),
    ],
)
def test_colours_are_read_by_the_matrix_and_range_of_the_tags(tmp_path, code, matrix, range_):
    colour = Colour(matrix, range_, primaries=1, transfer=1)
    path = make_film(tmp_path / "film.mp4", ticks=[0, 1], colour=colour, matrix=code)
    film, frames, _ = read(path)
    assert film.colour == colour
    assert peak_noise_ratio(frames[0].picture, picture_of(0)) > 44


@pytest.mark.parametrize(
    "pixel_format",
    [
        *("yuv420p", "yuv422p", "yuv444p", "yuv410p", "yuv411p", "gray"),
        *("yuv420p10le", "yuv422p10le", "yuv420p12le", "yuv444p12le", "yuv444p16le"),
        *("gbrp10le", "gbrp12le", "gbrp16le", "gray16le"),
    ],
)
@pytest.mark.parametrize("size", [(64, 48), (63, 48), (64, 47), (33, 17)])
def test_every_depth_and_layout_is_read_at_even_and_odd_sizes(tmp_path, pixel_format, size):
    colour = {"gb": Colour("rgb", "full"), "gr": Colour("bt601", "full")}.get(pixel_format[:2])
    colour = colour or Colour("bt601")
    path = make_film(
        tmp_path / "film.mkv",
        ticks=[0, 40],
        time_base=Fraction(1, 1000),
        codec="ffv1",
        pixel_format=pixel_format,
        options={},
        colour=colour,
        size=size,
    )
    film, frames, _ = read(path)
    assert (film.width, film.height) == size
    layout = layout_of(pixel_format)
    samples = rgb_to_planes(picture_of(0, *size), layout=layout, colour=colour)
    expected = planes_to_rgb(samples, layout=layout, colour=colour)
    assert torch.equal(frames[0].picture, expected)
    if layout.family != "grey" and max(layout.chroma) < 2:
        assert peak_noise_ratio(frames[0].picture, picture_of(0, *size)) > 35


def test_alpha_comes_with_the_frames(tmp_path):
    path = tmp_path / "film.mov"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("qtrle", rate=25)
        stream.width, stream.height, stream.pix_fmt = 32, 16, "argb"
        pixels = np.full((16, 32, 4), (51, 102, 153, 0), np.uint8)
        pixels[:, 16:, 3] = 204
        for tick in range(3):
            frame = av.VideoFrame.from_ndarray(pixels, "rgba").reformat(format="argb", threads=1)
            frame.pts = tick
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    film, frames, _ = read(path)
    assert film.has_alpha
    assert film.colour.matrix == "rgb"
    for frame in frames:
        assert frame.alpha.shape == (1, 16, 32)
        assert frame.alpha[0, 0, [0, 16]].tolist() == pytest.approx([0, 0.8])
        assert frame.picture[:, 0, 20].tolist() == pytest.approx([0.2, 0.4, 0.6])


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("flipped", [False, True])
def test_every_orientation_becomes_upright(tmp_path, transposed, mirrored, flipped):
    one, across, down = 1 << 16, -1 if mirrored else 1, -1 if flipped else 1
    turn = (
        (0, down * one, 0, across * one, 0) if transposed else (across * one, 0, 0, 0, down * one)
    )

    def prepare(stream):
        stream.set_display_matrix([*turn, 0, 0, 0, 1 << 30])
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)

    film, frames, _ = read(make_film(tmp_path / "film.mp4", ticks=[0, 1], prepare=prepare))
    expected = picture_of(0)
    expected = expected.transpose(1, 2) if transposed else expected
    expected = expected.flip([2] if mirrored else []).flip([1] if flipped else [])
    assert (film.width, film.height) == ((48, 64) if transposed else (64, 48))
    assert film.pixel_aspect == (Fraction(3, 4) if transposed else Fraction(4, 3))
    assert peak_noise_ratio(frames[0].picture, expected) > 40


_QUARTER_TURNS = {1: 0, 3: 2, 6: -1, 8: 1}
"""Of EXIF's orientations those without a mirror, as turns against the clock that put upright."""


def _with_exif(orientation):
    """A small picture and what a camera writes beside it."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Maker", orientation
    pixels = (picture_of(0) * 255).round().byte().permute(1, 2, 0).numpy()
    return Image.fromarray(pixels), exif


@pytest.mark.parametrize("orientation", _QUARTER_TURNS)
@pytest.mark.parametrize("name", ["film.avi", "film.mov"])
def test_films_of_camera_jpegs_with_exif_become_upright(tmp_path, name, orientation):
    jpeg = io.BytesIO()
    picture, exif = _with_exif(orientation)
    picture.save(jpeg, "JPEG", exif=exif, quality=95)
    with av.open(str(tmp_path / name), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        container.start_encoding()
        for tick in range(3):
            packet = av.Packet(jpeg.getvalue())
            packet.pts, packet.dts, packet.duration = tick, tick, 1
            packet.time_base, packet.stream = Fraction(1, 25), stream
            packet.is_keyframe = True
            container.mux(packet)
    film, frames, notices = read(tmp_path / name)
    expected = picture_of(0).rot90(_QUARTER_TURNS[orientation], (1, 2))
    assert (film.height, film.width) == expected.shape[1:]
    assert len(frames) == 3
    assert all(peak_noise_ratio(frame.picture, expected) > 30 for frame in frames)
    assert notices == []


@pytest.mark.parametrize("orientation", _QUARTER_TURNS)
def test_an_apng_lies_throughout_as_its_first_frame_says(tmp_path, orientation):
    first, exif = _with_exif(orientation)
    others = [Image.new("RGB", first.size, (0, 90 * n, 200)) for n in range(2)]
    others[0].putpixel((0, 0), (255, 0, 0))
    first.save(tmp_path / "a.png", save_all=True, append_images=others, duration=40, exif=exif)
    film, frames, notices = read(tmp_path / "a.png")
    turns = _QUARTER_TURNS[orientation]
    assert (film.height, film.width) == picture_of(0).rot90(turns, (1, 2)).shape[1:]
    for frame, picture in zip(frames, [first, *others], strict=True):
        pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1) / 255
        assert peak_noise_ratio(frame.picture, pixels.rot90(turns, (1, 2))) > 100
    assert notices == []


@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
def test_hdr_is_tone_mapped_and_said_once(tmp_path, transfer, name):
    path = make_film(
        tmp_path / "film.mp4",
        ticks=range(3),
        pixel_format="yuv420p10le",
        colour=Colour("bt2020nc", "limited", 9, transfer),
        matrix=9,
        pictures=lambda _n, width, height: torch.full((3, height, width), 0.5),
    )
    film, frames, notices = read(path)
    assert notices == [f"film.mp4: HDR ({name}) tone-mapped to SDR"]
    assert film.colour == Colour("bt709", "limited", 1, 1)
    grey = frames[0].picture
    assert grey.std() < 0.01
    assert 0.55 < grey.mean() < 0.75  # 92 nits of PQ, 51 of HLG, where white is 203


def test_bt2020_without_hdr_is_left_as_it_is(tmp_path):
    colour = Colour("bt2020nc", "limited", 9, 14)
    path = make_film(tmp_path / "film.mp4", ticks=[0, 1], colour=colour, matrix=9)
    film, frames, notices = read(path)
    assert film.colour == colour
    assert notices == []
    assert peak_noise_ratio(frames[0].picture, picture_of(0)) > 44


# ---- what changes on the way


def test_a_new_size_on_the_way_is_scaled_to_the_first_and_said_once(tmp_path):
    parts = [
        make_film(tmp_path / "a.h264", ticks=range(3)),
        make_film(tmp_path / "b.h264", ticks=range(3), size=(32, 24)),
    ]
    path = tmp_path / "both.h264"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    film, frames, notices = read(path)
    assert notices == ["both.h264: its size changes on the way; scaled to 64×48 throughout"]
    assert len(frames) == 6
    assert {tuple(frame.picture.shape) for frame in frames} == {(3, film.height, film.width)}
    assert peak_noise_ratio(frames[4].picture, picture_of(1)) > 30


def test_a_new_pixel_format_on_the_way_is_read_by_its_own_layout(tmp_path):
    parts = [
        make_film(tmp_path / "a.h264", ticks=range(3)),
        make_film(tmp_path / "b.h264", ticks=range(3), pixel_format="yuv444p10le"),
    ]
    path = tmp_path / "both.h264"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    _, frames, notices = read(path)
    assert notices == []
    for number, frame in enumerate(frames):
        assert peak_noise_ratio(frame.picture, picture_of(number % 3)) > 40


# ---- interlaced films


def _striped(number, width, height):
    """A bright bar that jumps between the two fields of a frame, as moving things do."""
    picture = torch.full((3, height, width), 0.2)
    for field in range(2):
        left = 4 * (2 * number + field)
        picture[:, field::2, left : left + 12] = 0.8
    return picture


def _combing(picture):
    """How much lines differ from the mean of their neighbours."""
    return (picture[:, 1:-1] - (picture[:, :-2] + picture[:, 2:]) / 2).abs().mean()


@pytest.fixture
def interlaced(tmp_path):
    return make_film(
        tmp_path / "film.mp4",
        ticks=[0, 1, 2, 5, 6, 7],
        pixel_format="yuv420p",
        options={**LOSSLESS, "x264-params": "tff=1"},
        pictures=_striped,
    )


def test_interlaced_frames_are_woven_into_progressive_ones_at_their_own_times(interlaced):
    as_is = read(interlaced, deinterlace="off")[1]
    woven = read(interlaced)[1]
    assert (
        [f.time for f in woven]
        == [f.time for f in as_is]
        == [Fraction(n, 25) for n in (0, 1, 2, 5, 6, 7)]
    )
    assert [f.duration for f in woven] == [f.duration for f in as_is]
    assert _combing(as_is[2].picture) > 0.05
    for before, after in zip(as_is, woven, strict=True):
        assert _combing(after.picture) < _combing(before.picture) / 3
        one_field = [after.picture[:, field::2] - before.picture[:, field::2] for field in (0, 1)]
        assert min(difference.abs().max() for difference in one_field) == 0


def test_a_progressive_film_sets_no_filter_up(tmp_path, monkeypatch):
    path = make_film(tmp_path / "film.mp4")
    monkeypatch.setattr(deinterlace, "_Bwdif", None)
    assert len(read(path)[1]) == 10


# ---- damage and what is no film


def _spoiled(path, damaged):
    """Overwrite the inside of the packets with these numbers."""
    with av.open(str(path)) as container:
        packets = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    data = bytearray(path.read_bytes())
    random = np.random.default_rng(0)
    for number in damaged:
        start, size = packets[number]
        data[start + 4 : start + size] = random.bytes(size - 4)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("damaged", [[7, 8], [28, 29]], ids=["inside", "at the end"])
def test_damaged_packets_are_stepped_over_and_counted_once(tmp_path, damaged):
    path = make_film(tmp_path / "film.mp4", ticks=range(30), options={**LOSSLESS, "g": "5"})
    _, frames, notices = read(_spoiled(path, damaged))
    assert notices == ["film.mp4: 2 damaged packets skipped"]
    assert [frame.time for frame in frames] == [
        Fraction(n, 25) for n in range(30) if n not in damaged
    ]


@pytest.mark.parametrize(("name", "codec"), [("film.mkv", "libx264"), ("film.avi", "mpeg4")])
def test_a_film_that_is_cut_short_says_so(tmp_path, name, codec):
    path = make_film(tmp_path / name, ticks=range(60), codec=codec, size=(320, 240), options={})
    assert read(path)[2] == []
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    _, frames, notices = read(path)
    assert 5 < len(frames) < 50
    assert re.search(rf"{name}: ends early: the last \d\.\d\d of \d\.\d\d s", " ".join(notices))
    assert read(path, span=Span(frames=3))[2] == []


def test_a_late_film_says_what_its_times_count_from(tmp_path):
    path = make_film(tmp_path / "film.mkv", ticks=range(50, 60))
    with pytest.raises(
        SourceError, match=r"no frame from 2\.2 s; .*count from its first .* at 2 s$"
    ):
        read(path, span=Span(start=Fraction(11, 5)))


def test_a_whole_film_that_is_shorter_than_the_start_is_not_called_cut_short(tmp_path):
    path = make_film(tmp_path / "film.mp4", ticks=range(50))
    notices: list[str] = []
    film = probe_video(path, notify=notices.append)
    frames = read_video(film, span=Span(start=Fraction(9)), notify=notices.append)
    with pytest.raises(SourceError, match=r"no frame from 9 s; the film lasts 2\.00 s$"):
        list(frames)
    assert notices == []


def test_frames_lost_at_the_end_of_joined_recordings_repeat_no_earlier_one(tmp_path, monkeypatch):
    parts = [
        make_film(tmp_path / f"{count}.ts", ticks=range(count), options={**LOSSLESS, "bf": "2"})
        for count in (60, 10)
    ]
    path = _write(tmp_path / "joined.ts", b"".join(part.read_bytes() for part in parts))
    decoded = VideoSource._decoded

    def losing(source, packet):
        """What PyAV does where the first packet that is still in the decoder is damaged."""
        return decoded(source, packet) if packet is not None else []

    monkeypatch.setattr(VideoSource, "_decoded", losing)
    _, frames, _ = read(path)
    assert 60 < len(frames) < 70
    for number, frame in enumerate(frames):
        assert peak_noise_ratio(frame.picture, picture_of(number % 60)) > 40


def test_frames_of_which_a_part_was_lost_on_the_way_are_kept_and_counted(tmp_path):
    path = make_film(tmp_path / "film.ts", ticks=range(30), size=(320, 240), options={"g": "1"})
    data = path.read_bytes()
    packets = [data[at : at + TS_PACKET] for at in range(0, len(data), TS_PACKET)]
    del packets[len(packets) // 2]
    _, frames, notices = read(_write(path, b"".join(packets)))
    assert notices == ["film.ts: 1 frame decoded only in part"]
    assert [frame.time - frames[0].time for frame in frames] == [Fraction(n, 25) for n in range(30)]


def test_a_film_in_which_nothing_decodes_is_refused(tmp_path):
    path = _spoiled(make_film(tmp_path / "film.mp4"), range(10))
    with pytest.raises(SourceError, match=r"/film\.mp4: no frame can be decoded \(h264: .*\)$"):
        read(path)


def test_a_film_that_is_cut_off_is_read_as_far_as_it_goes(tmp_path):
    path = make_film(tmp_path / "film.mkv", ticks=range(30), options={**LOSSLESS, "g": "5"})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    _, frames, _ = read(path)
    assert 8 <= len(frames) <= 20
    assert peak_noise_ratio(frames[5].picture, picture_of(5)) > 40


def _write(path, data):
    path.write_bytes(data)
    return path


def test_what_is_no_film_is_refused_in_one_line(tmp_path):
    picture = tmp_path / "a.png"
    Image.new("RGB", (8, 8)).save(picture)
    cut = make_film(tmp_path / "cut.mp4")
    cut.write_bytes(cut.read_bytes()[:-400])  # MP4 has its table of contents at the end
    for path, reason in [
        (tmp_path / "none.mp4", "no such file"),
        (tmp_path, "a folder, not a film"),
        (_write(tmp_path / "empty.mp4", b""), "an empty file"),
        (_write(tmp_path / "a.txt", b"Hello, world.\n" * 60), "text, not a film"),
        (_write(tmp_path / "a.mp4", b"Words.\n" * 40), "not a film, or damaged at its start"),
        (picture, "a picture, not a film"),
        (cut, "not a film, or damaged at its start"),
    ]:
        with pytest.raises(SourceError, match=reason) as caught:
            probe_video(path, notify=pytest.fail)
        assert str(caught.value).startswith(f"{path}: ")
        assert "\n" not in str(caught.value)


def test_a_folder_is_named_as_it_was_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match=r"^\.: a folder, not a film"):
        probe_video(Path(), notify=pytest.fail)


def test_a_sound_file_with_a_cover_has_no_video(tmp_path):
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as container:
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 16, 16, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        sound = container.add_stream("aac", rate=48000, layout="mono")
        silence = av.AudioFrame("fltp", "mono", 1024)
        silence.sample_rate = 48000
        for plane in silence.planes:
            plane.update(bytes(plane.buffer_size))
        for stream, frame in ((cover, av.VideoFrame(16, 16, "yuvj420p")), (sound, silence)):
            frame.pts = 0
            container.mux([*stream.encode(frame), *stream.encode(None)])
    with pytest.raises(
        SourceError, match=r"no video stream \(found: audio aac, cover picture mjpeg\)"
    ):
        probe_video(path, notify=pytest.fail)


def test_the_larger_of_two_streams_is_the_film(tmp_path):
    path = tmp_path / "film.mkv"
    with av.open(str(path), "w") as container:
        streams = []
        for width in (16, 32):
            stream = container.add_stream("ffv1", rate=25)
            stream.width, stream.height, stream.pix_fmt = width, 16, "yuv420p"
            streams.append(stream)
        for stream in streams:
            frame = _filled(picture_of(0, stream.width, 16), "yuv420p", Colour())
            frame.pts = 0
            container.mux([*stream.encode(frame), *stream.encode(None)])
    assert probe_video(path, notify=pytest.fail).width == 32


def test_a_name_that_looks_like_a_protocol_is_still_a_file(tmp_path, monkeypatch):
    make_film(tmp_path / "film.mp4").rename(tmp_path / "concat:a|b.mp4")
    monkeypatch.chdir(tmp_path)
    assert probe_video(Path("concat:a|b.mp4"), notify=pytest.fail).width == 64


# ---- resources


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_the_file_is_closed_when_the_reader_stops_early(tmp_path):
    path = make_film(tmp_path / "film.mp4")

    def is_open():
        return any(
            link.exists() and link.samefile(path) for link in Path("/proc/self/fd").iterdir()
        )

    film = probe_video(path, notify=pytest.fail)
    assert not is_open()
    frames = read_video(film, notify=pytest.fail)
    next(frames)
    assert is_open()
    frames.close()
    assert not is_open()


def test_without_hardware_the_processor_decodes_and_says_so(tmp_path, monkeypatch):
    path = make_film(tmp_path / "film.mp4")
    monkeypatch.setattr(reading, "working_device", lambda _path: None)
    _, frames, notices = read(path, hw=True)
    assert len(frames) == 10
    assert notices == ["film.mp4: no hardware here decodes it; decoded by the processor"]


def test_with_hardware_the_frames_are_the_same(tmp_path):
    path = make_film(tmp_path / "film.mp4", size=(320, 240))
    software = read(path)[1]
    hardware = read(path, hw=True)[1]  # by the processor where there is none
    assert [frame.time for frame in hardware] == [frame.time for frame in software]
    for one, two in zip(software, hardware, strict=True):
        assert torch.equal(one.picture, two.picture)


def test_swscale_sees_the_same_colours(tmp_path):
    path = make_film(tmp_path / "film.mp4", ticks=[0, 1], pixel_format="yuv444p")
    _, frames, _ = read(path)
    with av.open(str(path)) as container:
        decoded = next(container.decode(video=0))
        theirs = VideoReformatter().reformat(decoded, format="rgb24", threads=1).to_ndarray()
    theirs = torch.from_numpy(theirs).permute(2, 0, 1) / 255
    assert peak_noise_ratio(frames[0].picture, theirs) > 45


def test_a_start_reached_by_seeking_begins_at_a_picture_that_stands_alone(shared):
    film = probe_video(shared / "odd_videos/vali_test_mpeg4.mpg", notify=lambda _: None)
    unseeked = list(read_video(film, span=Span(frames=25), notify=lambda _: None))
    start = unseeked[20].time - unseeked[0].time
    seeked = list(read_video(film, span=Span(start=start, frames=3), notify=lambda _: None))
    for one, other in zip(unseeked[20:23], seeked, strict=True):
        assert one.time == other.time
        assert torch.equal(one.picture, other.picture)


def test_what_is_no_file_on_disk_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(SourceError, match=r"pipe\.mp4: not a file on disk"):
        probe_video(tmp_path / "pipe.mp4", notify=lambda _: None)


def test_tags_in_no_known_letters_are_no_reason_not_to_read_a_film(tmp_path):
    path = tmp_path / "old.avi"
    with av.open(path, "w") as film:
        film.metadata["title"] = "title"
        stream = film.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        film.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        film.mux(stream.encode(None))
    path.write_bytes(path.read_bytes().replace(b"title", "\u00e9t\u00e9!!".encode("latin-1")))
    assert len(list(read_video(probe_video(path, notify=print), notify=print))) == 1
