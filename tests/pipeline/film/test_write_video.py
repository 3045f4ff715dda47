"""Films that were written are decoded again: times, pictures, colour, and nothing half-done."""

import io
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from time import monotonic

import av
import numpy as np
import pytest
import torch
from PIL import Image

from stylize.pipeline.errors import SourceError, TargetError
from stylize.pipeline.film.encoding import Encoding
from stylize.pipeline.film.read_video import probe_video, read_video
from stylize.pipeline.film.write_video import write_video
from stylize.pipeline.values import Colour, Frame, Span

FAST = {".mp4": "ultrafast", ".m4v": "ultrafast", ".mov": "ultrafast", ".mkv": "ultrafast"}
NTSC = [Fraction(1001 * i, 30000) for i in range(9)]
FILM = [Fraction(1001 * i, 24000) for i in range(9)]
LATE = [Fraction(3, 2) + Fraction(i, 25) for i in range(9)]
UNEVEN = [Fraction(i, 30000) for i in (0, 1001, 1500, 3003, 9009, 9500, 10000, 12000, 13000)]


def scene(index, width=64, height=48):
    """A smooth picture that moves."""
    y, x = torch.meshgrid(torch.linspace(0, 6, height), torch.linspace(0, 9, width), indexing="ij")
    waves = [torch.sin(x + index / 3), torch.cos(y - index / 4), torch.sin(x + y)]
    return 0.5 + 0.3 * torch.stack(waves)


def frames(times, *, last=Fraction(1, 25), size=(64, 48), alpha=None):
    for index, (start, end) in enumerate(pairwise([*times, times[-1] + last])):
        yield Frame(scene(index, *size), start, end - start, alpha)


def write(target, film, source=None, *, notes=None, span=None, metadata=None, **encoding):
    if "encoder_preset" not in encoding and "codec" not in encoding and not film.has_alpha:
        encoding["encoder_preset"] = FAST.get(target.suffix)
    return list(
        write_video(
            frames(LATE) if source is None else source,
            target,
            film=film,
            encoding=Encoding(**encoding),
            span=span or Span(),
            metadata=metadata,
            notify=[].append if notes is None else notes.append,
        )
    )


def read(path):
    return list(read_video(probe_video(path, notify=lambda _: None), notify=lambda _: None))


def psnr(one, other):
    return float(-10 * torch.log10((one - other).square().mean()))


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("f.mp4", "h264"),
        ("f.mp4", "h265"),
        ("f.mp4", "av1"),
        ("f.mp4", "vp9"),
        ("f.m4v", "h264"),
        ("f.mov", "h264"),
        ("f.mov", "prores"),
    ],
)
@pytest.mark.parametrize("times", [NTSC, FILM, LATE, UNEVEN], ids=["ntsc", "film", "late", "vfr"])
def test_times_are_exact_in_mp4_and_mov(film, tmp_path, name, codec, times):
    write(tmp_path / name, film, frames(times), codec=codec)
    found = read(tmp_path / name)
    assert [frame.time for frame in found] == times
    assert [frame.duration for frame in found[:-1]] == [b - a for a, b in pairwise(times)]


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("f.mkv", "h264"),
        ("f.mkv", "h265"),
        ("f.mkv", "ffv1"),
        ("f.webm", "vp9"),
        ("f.webm", "av1"),
    ],
)
@pytest.mark.parametrize("times", [NTSC, LATE, UNEVEN], ids=["ntsc", "late", "vfr"])
def test_times_are_those_of_the_nearest_millisecond_in_matroska(film, tmp_path, name, codec, times):
    write(tmp_path / name, film, frames(times), codec=codec)
    found = read(tmp_path / name)
    assert [frame.time for frame in found] == [Fraction(round(t * 1000), 1000) for t in times]


@pytest.mark.parametrize("name", ["f.mp4", "f.mov", "f.mkv"])
@pytest.mark.parametrize("last", [Fraction(1, 100), Fraction(1, 5)], ids=["short", "long"])
def test_the_last_frame_is_shown_as_long_as_it_was(film, tmp_path, name, last):
    write(tmp_path / name, film, frames(UNEVEN, last=last), codec="h264")
    with av.open(tmp_path / name) as written:
        packets = [packet for packet in written.demux(video=0) if packet.size]
    final = max(packets, key=lambda packet: packet.pts)
    assert final.duration * final.time_base == last
    assert packets[-1] is final


def test_equal_durations_at_the_end_of_an_uneven_film_do_not_hide_that_it_is_uneven(film, tmp_path):
    times = [*UNEVEN, UNEVEN[-1] + Fraction(1, 30)]
    write(tmp_path / "f.mp4", film, frames(times, last=Fraction(1, 30)), encoder_preset="medium")
    found = read(tmp_path / "f.mp4")[-1]
    assert (found.time, found.duration) == (times[-1], Fraction(1, 30))
    with av.open(tmp_path / "f.mp4") as written:
        packets = [packet for packet in written.demux(video=0) if packet.size]
    assert packets[-1].duration * packets[-1].time_base == Fraction(1, 30)


def test_matroska_needs_no_key_frame_at_the_end(film, tmp_path):
    write(tmp_path / "f.mkv", film, frames(NTSC, last=Fraction(1001, 30000)))
    with av.open(tmp_path / "f.mkv") as written:
        keys = [packet.is_keyframe for packet in written.demux(video=0) if packet.size]
    assert keys == [True] + [False] * 8


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60)])
@pytest.mark.parametrize("name", ["f.mp4", "f.mkv"])
def test_the_average_rate_is_that_of_the_source(film, tmp_path, name, rate):
    times = [index / rate for index in range(9)]
    write(tmp_path / name, replace(film, rate=rate), frames(times, last=1 / rate))
    with av.open(tmp_path / name) as written:
        assert written.streams.video[0].average_rate == rate


def test_frames_closer_than_a_tick_do_not_collide(film, tmp_path):
    times = [Fraction(i, 4000) for i in range(9)]
    write(tmp_path / "f.mkv", film, frames(times))
    found = [frame.time for frame in read(tmp_path / "f.mkv")]
    assert len(set(found)) == len(times)


@pytest.mark.parametrize("name", ["f.mp4", "f.mkv", "f.gif", "frames"])
def test_a_part_with_a_start_begins_at_zero(film, tmp_path, name):
    write(tmp_path / name, film, span=Span(start=Fraction(1)))
    if name == "frames":
        assert (tmp_path / name / "timestamps.txt").read_text().splitlines()[1] == "0"
    else:
        assert read(tmp_path / name)[0].time == 0


@pytest.mark.parametrize("range_", ["limited", "full"])
@pytest.mark.parametrize("matrix", ["bt709", "bt601", "fcc", "smpte240m", "bt2020nc", "ycgco"])
@pytest.mark.parametrize("name", ["f.mp4", "f.mkv", "f.mov"])
def test_colour_is_converted_and_tagged_as_the_source_says(film, tmp_path, name, matrix, range_):
    colour = Colour(matrix, range_, primaries=9, transfer=14)
    write(tmp_path / name, replace(film, colour=colour), crf=1, pixel_format="yuv444p")
    assert probe_video(tmp_path / name, notify=lambda _: None).colour == colour
    for index, frame in enumerate(read(tmp_path / name)):
        assert psnr(frame.picture, scene(index)) > 44


@pytest.mark.parametrize(
    ("name", "codec", "kept"),
    [
        ("f.mp4", "h265", "full"),
        ("f.webm", "vp9", "full"),
        ("f.webm", "av1", "full"),
        ("f.mov", "prores", "limited"),
        ("f.mkv", "ffv1", "full"),
    ],
)
def test_every_codec_is_tagged_with_what_it_holds(film, tmp_path, name, codec, kept):
    colour = Colour("bt709", "full", primaries=1, transfer=1)
    write(tmp_path / name, replace(film, colour=colour), codec=codec)
    found = probe_video(tmp_path / name, notify=lambda _: None).colour
    assert found == replace(colour, range=kept)
    assert psnr(read(tmp_path / name)[0].picture, scene(0)) > 35


@pytest.mark.parametrize(("size", "matrix"), [((64, 48), "bt601"), ((16, 720), "bt709")])
def test_samples_of_rgb_become_the_usual_matrix_of_their_size(film, tmp_path, size, matrix):
    colour = Colour("rgb", "full", primaries=1, transfer=1)
    write(tmp_path / "f.mp4", replace(film, colour=colour), frames(LATE, size=size))
    found = probe_video(tmp_path / "f.mp4", notify=lambda _: None).colour
    assert found == Colour(matrix, "limited", primaries=1, transfer=1)


def test_a_matrix_that_vp9_cannot_name_is_replaced(film, tmp_path):
    write(tmp_path / "f.webm", replace(film, colour=Colour("ycgco")))
    assert probe_video(tmp_path / "f.webm", notify=lambda _: None).colour.matrix == "bt601"
    assert psnr(read(tmp_path / "f.webm")[0].picture, scene(0)) > 35


# What FFmpeg's decoders call the same samples.
DECODED_AS = {"nv12": "yuv420p", "gray": "yuv420p", "rgb48le": "gbrp16le"}


@pytest.mark.parametrize(
    ("codec", "pixel_format"),
    [("h264", each) for each in ("yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le")]
    + [("h264", each) for each in ("nv12", "gray", "yuv444p10le")]
    + [("h265", each) for each in ("yuv420p12le", "yuv422p12le", "yuv444p12le", "gbrp10le")]
    + [("ffv1", each) for each in ("yuv420p16le", "yuva420p", "bgr0", "gbrp12le", "rgb48le")]
    + [("vp9", each) for each in ("yuv444p", "gbrp", "yuva420p")],
)
def test_pixel_formats_that_are_asked_for_hold_the_picture(film, tmp_path, codec, pixel_format):
    write(tmp_path / "f.mkv", film, codec=codec, pixel_format=pixel_format)
    found = read(tmp_path / "f.mkv")
    if "yuva" in pixel_format:  # a plane of its own that nobody filled would be noise
        assert all(frame.alpha is None or (frame.alpha == 1).all() for frame in found)
    else:
        with av.open(tmp_path / "f.mkv") as written:
            stored = written.streams.video[0].codec_context.pix_fmt
        assert stored == DECODED_AS.get(pixel_format, pixel_format)
    wanted = scene(0)
    if pixel_format == "gray":
        weights = torch.tensor([0.2126, 0.7152, 0.0722]).view(3, 1, 1)
        wanted = (wanted * weights).sum(0, keepdim=True).expand(3, -1, -1)
    assert psnr(found[0].picture, wanted) > 33


@pytest.mark.parametrize("size", [(65, 49), (64, 49), (65, 48)])
@pytest.mark.parametrize("name", ["f.mp4", "f.webm", "f.mov", "f.gif", "f.webp", "f.apng"])
def test_odd_sizes_are_kept(film, tmp_path, name, size):
    notes: list[str] = []
    write(tmp_path / name, film, frames(LATE, size=size), notes=notes)
    with (
        Image.open(tmp_path / name)
        if name[-4:] in {"webp", ".gif", "apng"}
        else av.open(tmp_path / name) as written
    ):
        found = written.size if isinstance(written, Image.Image) else None
    if found is None:
        picture = read(tmp_path / name)[0].picture
        found = (picture.shape[2], picture.shape[1])
        assert psnr(picture, scene(0, *size)) > 33
    assert found == size
    assert any("odd" in note for note in notes) == (name in {"f.mp4", "f.mov"})


def test_an_odd_size_grows_by_its_edge_where_a_pixel_format_was_asked_for(film, tmp_path):
    write(tmp_path / "f.mp4", film, frames(LATE, size=(65, 49)), pixel_format="yuv420p", crf=1)
    picture = read(tmp_path / "f.mp4")[0].picture
    assert picture.shape == (3, 50, 66)
    assert psnr(picture[:, :49, :65], scene(0, 65, 49)) > 35
    assert psnr(picture[:, :, 65], picture[:, :, 64]) > 35


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("f.mp4", "h264"),
        ("f.mp4", "vp9"),
        ("f.mov", "prores"),
        ("f.mkv", "h264"),
        ("f.mkv", "ffv1"),
        ("f.webm", "vp9"),
        ("f.webm", "av1"),
    ],
)
def test_the_pixel_aspect_is_kept(film, tmp_path, name, codec):
    # 160 × 16/10 is whole, so that Matroska's display width rounds nothing.
    aspect = Fraction(8, 5)
    source = frames(LATE, size=(160, 48))
    write(tmp_path / name, replace(film, pixel_aspect=aspect), source, codec=codec)
    assert probe_video(tmp_path / name, notify=lambda _: None).pixel_aspect == aspect
    assert len(read(tmp_path / name)) == len(LATE)


HOLE = torch.ones(1, 48, 64)
HOLE[:, :, :32] = 0


@pytest.mark.parametrize("name", ["f.webm", "f.mov", "f.mkv"])
def test_transparency_is_kept(film, tmp_path, name):
    source = frames(LATE, alpha=HOLE)
    codec = {"codec": "ffv1"} if name == "f.mkv" else {}
    write(tmp_path / name, replace(film, has_alpha=True), source, **codec)
    for index, frame in enumerate(read(tmp_path / name)):
        assert (frame.alpha - HOLE)[:, :, (torch.arange(64) - 32).abs() > 2].abs().max() < 0.02
        assert psnr(frame.picture[:, :, 34:], scene(index)[:, :, 34:]) > 33


@pytest.mark.parametrize("name", ["f.gif", "f.webp", "f.apng"])
def test_animations_keep_transparency(film, tmp_path, name):
    write(tmp_path / name, replace(film, has_alpha=True), frames(LATE, alpha=HOLE))
    with Image.open(tmp_path / name) as animation:
        for index in range(animation.n_frames):
            animation.seek(index)
            pixels = np.asarray(animation.convert("RGBA"))
            assert (pixels[:, :30, 3] == 0).all()
            assert (pixels[:, 34:, 3] == 255).all()


def test_transparency_that_is_lost_becomes_black_and_is_said_once(film, tmp_path):
    notes: list[str] = []
    source = frames(LATE, alpha=HOLE)
    write(tmp_path / "f.mp4", replace(film, has_alpha=True), source, notes=notes)
    assert notes == ["f.mp4: transparency becomes black; .webm, .mov and .apng keep it"]
    picture = read(tmp_path / "f.mp4")[0].picture
    assert picture[:, :, :28].max() < 0.03
    assert psnr(picture[:, :, 36:], scene(0)[:, :, 36:]) > 33


@pytest.mark.parametrize("metadata", [None, {"stylize": "{}"}], ids=["bare", "described"])
@pytest.mark.parametrize("name", ["f.gif", "f.webp", "f.apng"])
def test_what_moves_over_nothing_leaves_no_trail(film, tmp_path, name, metadata):
    def square(place):
        alpha = torch.zeros(1, 48, 64)
        alpha[:, 8:24, place : place + 16] = 1
        return alpha

    source = frames(LATE[:3])
    moving = [replace(each, alpha=square(16 * i)) for i, each in enumerate(source)]
    write(tmp_path / name, replace(film, has_alpha=True), moving, metadata=metadata)
    with Image.open(tmp_path / name) as picture:
        assert picture.n_frames == 3
        for index in range(3):
            picture.seek(index)
            seen = np.asarray(picture.convert("RGBA"))[..., 3] > 127
            assert (seen == square(16 * index)[0].bool().numpy()).all()


@pytest.mark.parametrize(("name", "tick"), [("f.gif", 10), ("f.webp", 1), ("f.apng", 0)])
def test_animations_keep_every_duration_the_last_too(film, tmp_path, name, tick):
    times = [Fraction(i, 100) for i in (50, 54, 62, 65, 80)]
    write(tmp_path / name, film, frames(times, last=Fraction(33, 100)))
    with Image.open(tmp_path / name) as animation:
        durations = []
        for index in range(animation.n_frames):
            animation.seek(index)
            animation.load()
            durations.append(animation.info["duration"])
        assert animation.info["loop"] == 0
    assert durations == [40, 80, 30, 150, 330]


@pytest.mark.parametrize(
    ("last", "shown"),
    [(Fraction(270001, 90000), 3000), (Fraction(1001, 30000), 33), (Fraction(90000), 65535000)],
)
def test_a_png_stores_the_nearest_last_duration_that_fits(film, tmp_path, last, shown):
    write(tmp_path / "f.apng", film, frames(NTSC[:2], last=last))
    with Image.open(tmp_path / "f.apng") as animation:
        animation.seek(1)
        assert animation.info["duration"] == pytest.approx(shown, abs=0.5)


def test_animations_look_like_the_film(film, tmp_path):
    for name, least in [("f.gif", 30), ("f.webp", 30), ("f.apng", 50)]:
        write(tmp_path / name, film)
        with Image.open(tmp_path / name) as animation:
            for index in range(animation.n_frames):
                animation.seek(index)
                pixels = torch.from_numpy(np.asarray(animation.convert("RGB")).copy())
                assert psnr(pixels.permute(2, 0, 1) / 255, scene(index)) > least


def test_a_folder_holds_numbered_pictures_and_exact_times(film, tmp_path):
    write(
        tmp_path / "out", film, frames(NTSC[:3], last=Fraction(1, 8)), metadata={"look": "wave\n2"}
    )
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["000001.png", "000002.png", "000003.png", "timestamps.txt"]
    assert (tmp_path / "out" / "timestamps.txt").read_text().splitlines() == [
        *("# timestamp format v2", "# look: wave 2"),
        *("0", "33.366666667", "66.733333333", "191.733333333"),
    ]
    pixels = torch.from_numpy(np.asarray(Image.open(tmp_path / "out" / "000002.png")).copy())
    assert torch.equal(pixels.permute(2, 0, 1), (scene(1) * 255).round().byte())


def test_a_folder_begins_at_zero_where_the_film_begins_before(film, tmp_path):
    times = [Fraction(n, 25) for n in (-2, -1, 0)]
    write(tmp_path / "out", film, frames(times))
    listed = (tmp_path / "out" / "timestamps.txt").read_text().splitlines()
    assert listed[1:] == ["0", "40", "80", "120"]


def test_a_folder_with_other_things_is_not_replaced(film, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "child.jpg").write_bytes(b"dear")
    with pytest.raises(TargetError, match="photos: a folder that holds other files; choose a new"):
        write(tmp_path / "photos", film)
    assert (tmp_path / "photos" / "child.jpg").read_bytes() == b"dear"


def test_an_earlier_folder_of_frames_is_replaced(film, tmp_path):
    write(tmp_path / "out", film)
    write(tmp_path / "out", film, frames(LATE[:2]))
    assert len(list((tmp_path / "out").glob("*.png"))) == 2


SETTINGS = {"stylize": '{"preset": "wave", "strength": 1}'}


@pytest.mark.parametrize("name", ["f.mp4", "f.mov", "f.mkv", "f.webm"])
def test_settings_are_stored_in_films(film, tmp_path, name):
    write(tmp_path / name, film, metadata=SETTINGS)
    with av.open(tmp_path / name) as written:
        found = {key.lower(): value for key, value in written.metadata.items()}
    assert found["stylize"] == SETTINGS["stylize"]


@pytest.mark.parametrize("alpha", [None, torch.ones(1, 48, 64) / 2], ids=["opaque", "transparent"])
def test_settings_are_stored_in_a_webp_of_one_frame(film, tmp_path, alpha):
    opaque = write(tmp_path / "bare.webp", film, frames(LATE[:1]))
    assert len(opaque) == 1
    source = frames(LATE[:1], alpha=alpha)
    film = replace(film, has_alpha=alpha is not None)
    write(tmp_path / "f.webp", film, source, metadata=SETTINGS)
    with Image.open(tmp_path / "f.webp") as picture:
        assert b"wave" in picture.info["xmp"]
        assert (picture.size, picture.mode) == ((64, 48), "RGB" if alpha is None else "RGBA")
        pixels = torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1) / 255
    assert psnr(pixels[:3], scene(0)) > 30
    assert alpha is None or (pixels[3] - 0.5).abs().max() < 0.01


def test_settings_are_stored_in_animations(film, tmp_path):
    long = SETTINGS | {"long": "ä" * 400}
    for name in ("f.gif", "f.webp", "f.apng"):
        write(tmp_path / name, film, metadata=long)
        with Image.open(tmp_path / name) as animation:
            last = animation.n_frames - 1
            animation.seek(last)
            animation.load()
            assert last + 1 == len(LATE)
            if name == "f.apng":
                assert animation.text["stylize"] == SETTINGS["stylize"]
                assert animation.text["long"] == long["long"]
            if name == "f.webp":
                assert b"wave" in animation.info["xmp"]
    assert b'stylize: {"preset": "wave"' in (tmp_path / "f.gif").read_bytes()


def test_sound_that_an_animation_cannot_have_is_said_once(film, tmp_path, shared):
    notes: list[str] = []
    source = shared / "clips" / "mdn_frog_480p30_8s_aac.mp4"
    write(tmp_path / "f.gif", replace(film, path=source), notes=notes)
    assert notes == ["mdn_frog_480p30_8s_aac.mp4: .gif has no sound: the film's is left out"]


class Stop(BaseException):
    """As an interruption: no `Exception`."""


def stopping(error: BaseException, after: int = 5) -> Iterator[Frame]:
    yield from list(frames(LATE))[:after]
    raise error


@pytest.mark.parametrize("name", ["f.mp4", "f.mkv", "f.webm", "f.gif", "f.apng", "f.webp", "out"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, Stop, SourceError])
def test_an_interruption_leaves_nothing(film, tmp_path, name, error):
    with pytest.raises(error, match="now"):
        write(tmp_path / name, film, stopping(error("now")))
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_leaves_nothing_where_open_files_cannot_be_removed(
    film, tmp_path, monkeypatch
):
    refused: set[Path] = set()
    remove = Path.unlink

    def unlink(path, **options):
        if path not in refused:  # as Windows does until it is closed
            refused.add(path)
            raise PermissionError(13, "used by another process", str(path))
        remove(path, **options)

    monkeypatch.setattr(Path, "unlink", unlink)
    with pytest.raises(KeyboardInterrupt, match="now"):
        write(tmp_path / "f.mp4", film, stopping(KeyboardInterrupt("now")))
    assert refused
    assert list(tmp_path.iterdir()) == []


def contents(folder):
    return {path: path.is_file() and path.read_bytes() for path in folder.rglob("*")}


@pytest.mark.parametrize("name", ["f.mp4", "f.gif", "out"])
def test_an_interruption_leaves_an_earlier_output_as_it_was(film, tmp_path, name):
    write(tmp_path / name, film)
    earlier = contents(tmp_path)
    written = write_video(
        frames(LATE), tmp_path / name, film=film, encoding=Encoding(), notify=lambda _: None
    )
    next(written)
    written.close()
    assert contents(tmp_path) == earlier


def test_each_frame_is_given_back_when_it_was_taken(film, tmp_path):
    source = list(frames(LATE))
    assert write(tmp_path / "f.mp4", film, source) == source


def test_the_source_itself_is_no_target(film, silent, tmp_path):
    (tmp_path / "link.mkv").symlink_to(silent)
    for target in (silent, tmp_path / "link.mkv"):
        with pytest.raises(TargetError, match="is the source itself; choose another name"):
            write(target, film)


def test_a_wrong_wish_is_refused_before_a_frame_is_made(film, tmp_path):
    def never() -> Iterator[Frame]:
        pytest.fail("a frame was asked for")
        yield

    encoding = Encoding(crf=99)
    with pytest.raises(TargetError, match="crf must be from 0 to 51, not 99"):
        write_video(
            never(), tmp_path / "f.mp4", film=film, encoding=encoding, notify=lambda _: None
        )


def test_a_frame_of_another_size_is_refused(film, tmp_path):
    source = [*frames(LATE[:2]), *frames(LATE[2:4], size=(32, 24))]
    with pytest.raises(TargetError, match="a frame of 32×24 in a film of 64×48: all frames must"):
        write(tmp_path / "f.mp4", film, source)
    assert list(tmp_path.iterdir()) == []


def test_no_frames_are_no_film(film, tmp_path):
    with pytest.raises(TargetError, match=r"f\.mp4: there was no frame to write"):
        write(tmp_path / "f.mp4", film, [])
    assert list(tmp_path.iterdir()) == []


def test_an_encoder_that_does_not_open_says_why(film, tmp_path):
    with pytest.raises(TargetError, match=r"libx265 cannot be opened: Image size is too small"):
        write(tmp_path / "f.mp4", film, frames(LATE, size=(8, 6)), codec="h265")
    assert list(tmp_path.iterdir()) == []


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """Stand in for a full disk: the kernel refuses to let files grow."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("name", ["f.mp4", "f.mkv", "f.gif", "f.apng", "out"])
def test_a_full_disk_is_one_line_and_leaves_nothing(film, tmp_path, name):
    with files_up_to(600), pytest.raises(TargetError, match=r"stopped: file too large"):
        write(tmp_path / name, film)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_at_the_list_of_times_is_one_line(film, tmp_path):
    times = [Fraction(i, 30000) for i in range(60)]  # the list is larger than each picture
    blank = (replace(frame, picture=torch.zeros(3, 48, 64)) for frame in frames(times))
    with files_up_to(400), pytest.raises(TargetError, match=r"out: png stopped: file too large"):
        write(tmp_path / "out", film, blank)
    assert list(tmp_path.iterdir()) == []


def test_a_slow_encoder_can_be_interrupted_at_the_end(film, tmp_path):
    def flushed_after(interruption: float | None) -> float:
        def stop(*_: object) -> None:
            raise Stop("now")

        def source() -> Iterator[Frame]:
            nonlocal began
            yield from frames(NTSC * 4, size=(320, 240))
            began = monotonic()
            if interruption is not None:
                signal.setitimer(signal.ITIMER_REAL, interruption)

        began = 0.0
        earlier = signal.signal(signal.SIGALRM, stop)
        try:
            with suppress(Stop):
                write(tmp_path / "f.mp4", film, source(), encoder_preset="placebo", crf=1)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, earlier)
        return monotonic() - began

    whole = flushed_after(None)
    assert flushed_after(whole / 20) < whole / 2


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("name", ["f.mp4", "f.mkv"])
def test_h265_of_very_few_frames_has_times(film, tmp_path, name, count):
    times = [Fraction(i, 25) for i in range(count)]
    for _ in range(3):  # what x265 takes out of unset memory may be right by chance
        write(tmp_path / name, film, frames(times), codec="h265")
        assert [frame.time for frame in read(tmp_path / name)] == times
        assert all(frame.duration == Fraction(1, 25) for frame in read(tmp_path / name))


def test_mp4_can_be_played_while_it_is_loaded(film, tmp_path):
    write(tmp_path / "f.mp4", film)
    data = (tmp_path / "f.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_h265_is_tagged_as_apple_wants_it(film, tmp_path):
    write(tmp_path / "f.mp4", film, codec="h265")
    assert b"hvc1" in (tmp_path / "f.mp4").read_bytes()


@pytest.mark.parametrize("codec", ["h264", "vp8", "mpeg4", "msmpeg4", "mjpeg"])
def test_a_quality_changes_the_size_and_the_picture(film, tmp_path, codec):
    sizes, likeness = [], []
    for quality in (10, 60, 95):
        write(tmp_path / "f.mkv", film, codec=codec, quality=quality)
        sizes.append((tmp_path / "f.mkv").stat().st_size)
        likeness.append(psnr(read(tmp_path / "f.mkv")[0].picture, scene(0)))
    assert (sizes, likeness) == (sorted(sizes), sorted(likeness))
    assert sizes[2] > 1.3 * sizes[0]
    assert likeness[2] > likeness[0] + 3


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv444p", "yuv420p10le"])
def test_a_film_passes_through_rgb_as_well_as_encoded_directly(
    film, shared, tmp_path, pixel_format
):
    source = shared / "clips" / "propainter_sample1_360p.mp4"
    probed = probe_video(source, notify=lambda _: None)
    span = Span(frames=6)
    options = {"crf": "18", "preset": "medium"}
    direct = io.BytesIO()
    with av.open(source) as original, av.open(direct, "w", format="mp4") as output:
        decoded = [frame for _, frame in zip(range(6), original.decode(video=0), strict=False)]
        stream = output.add_stream("libx264", rate=30, options=options)
        stream.width, stream.height = decoded[0].width, decoded[0].height
        stream.pix_fmt, stream.codec_context.thread_type = pixel_format, "AUTO"
        for frame in decoded:
            frame.pict_type = 0  # or the source's choices of key frames would be imposed
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    direct.seek(0)
    with av.open(direct) as encoded:
        ideal = [frame.to_ndarray(format="yuv420p") for frame in encoded.decode(video=0)]
    wanted = [frame.to_ndarray(format="yuv420p") for frame in decoded]
    painted = read_video(probed, span=span, notify=lambda _: None)
    write(tmp_path / "f.mp4", probed, painted, span=span, pixel_format=pixel_format, codec="h264")
    with av.open(tmp_path / "f.mp4") as encoded:
        found = [frame.to_ndarray(format="yuv420p") for frame in encoded.decode(video=0)]
    loss = _psnr(ideal, wanted) - _psnr(found, wanted)
    assert loss < 0.2


def _psnr(one, other):
    error = np.square(np.stack(one).astype(float) - np.stack(other)).mean()
    return 10 * np.log10(255**2 / error)
