"""Sound, subtitles, chapters and all else of a source are found again in the film."""

import io
from collections import defaultdict
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from stylize.pipeline.film.encoding import Encoding
from stylize.pipeline.film.read_video import probe_video, read_video
from stylize.pipeline.film.side_metadata import kept_chapters, kept_metadata
from stylize.pipeline.film.write_video import write_video
from stylize.pipeline.values import Span

FASTEST = {".webm": "8"}
RATE = 48000


def rewrite(source: Path, target: Path, *, span: Span | None = None, frames: int | None = None):
    """Write the film's own frames, the first `frames` of them only, as if that were all of it."""
    notes: list[str] = []
    span = span or Span()
    film = probe_video(source, notify=lambda _: None)
    pictures = read_video(film, span=span, notify=lambda _: None)
    if frames is not None:
        pictures = (frame for frame, _ in zip(pictures, range(frames), strict=False))
    preset = FASTEST.get(target.suffix, "ultrafast")
    if target.suffix in ("", ".gif"):
        preset = None
    encoding = Encoding(encoder_preset=preset)
    list(
        write_video(pictures, target, film=film, encoding=encoding, span=span, notify=notes.append)
    )
    return [note.removeprefix(f"{source.name}: ") for note in notes]


def packets(path: Path, kind: str) -> dict[int, list[tuple[Fraction, bytes]]]:
    """Times and payloads of each track of a kind, by its number."""
    found = defaultdict(list)
    with av.open(path, metadata_errors="replace") as film:
        streams = [stream for stream in film.streams if stream.type == kind]
        numbers = {stream.index: number for number, stream in enumerate(streams)}
        for packet in film.demux(streams):
            if packet.size:
                time = packet.pts * packet.time_base
                found[numbers[packet.stream_index]].append((time, bytes(packet)))
    return dict(found)


def payloads(path: Path, kind: str) -> dict[int, list[bytes]]:
    return {track: [data for _, data in each] for track, each in packets(path, kind).items()}


def apart(one, other) -> Fraction:
    """The largest distance between the times of the same packets."""
    assert one.keys() == other.keys()
    return max(
        abs(a - b) for track in one for (a, _), (b, _) in zip(one[track], other[track], strict=True)
    )


REAL = [
    "clips/bbb_480p24_30s_aac51_cuts.mp4",
    "clips/mdn_frog_480p30_8s_aac.mp4",
    "odd_videos/androidx_sample_with_chapters.mkv",
    "odd_videos/androidx_sample_with_pgs_subtitles.mkv",
    "odd_videos/androidx_sample_with_vobsub.mkv",
    "odd_videos/camera_Sony_ILCE-7M3_(A7M3).mts",
    "odd_videos/libwebm_bbb_480p_vp9_opus_1second.webm",
    "odd_videos/torchcodec_nasa_13013.mp4",
    "odd_videos/vali_test_mpeg4.mpg",
    "odd_videos/mmaction_test.avi",
    "odd_videos/streamio_awesome'movie.mov",
]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("name", REAL)
def test_sound_of_real_films_is_copied_packet_for_packet(shared, tmp_path, name, suffix):
    source, target = shared / name, tmp_path / f"film{suffix}"
    notes = rewrite(source, target, frames=2)
    if any("transcoded" in note for note in notes):
        assert (suffix, Path(name).suffix) == (".mov", ".webm")  # no Opus in QuickTime
        return
    assert payloads(target, "audio") == payloads(source, "audio")
    tolerance = (
        Fraction(1, 1000) if suffix == ".mkv" or source.suffix == ".mkv" else Fraction(1, 8000)
    )
    assert apart(packets(target, "audio"), packets(source, "audio")) <= tolerance


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("clips/bbb_480p24_30s_aac51_cuts.mp4", ".mp4"),
        ("odd_videos/torchcodec_nasa_13013.mp4", ".mov"),
        ("odd_videos/androidx_sample_with_chapters.mkv", ".mkv"),
        ("odd_videos/libwebm_bbb_480p_vp9_opus_1second.webm", ".webm"),
        ("odd_videos/libwebm_bbb_480p_vp9_opus_1second.webm", ".mkv"),
    ],
)
def test_times_of_copied_sound_are_equal_where_the_container_can(shared, tmp_path, name, suffix):
    rewrite(shared / name, tmp_path / f"film{suffix}", frames=2)
    found = packets(tmp_path / f"film{suffix}", "audio")
    assert found == packets(shared / name, "audio")


@pytest.mark.parametrize("name", REAL)
def test_webm_gets_all_sound_copied_or_transcoded(shared, tmp_path, name):
    source, target = shared / name, tmp_path / "film.webm"
    notes = rewrite(source, target, frames=1)
    before, after = packets(source, "audio"), packets(target, "audio")
    assert before.keys() == after.keys()
    opus = name.endswith(".webm")
    assert sum("transcoded to libopus: .webm" in note for note in notes) == (
        0 if opus else len(before)
    )
    for track, each in before.items():
        step = each[-1][0] - each[-2][0]
        assert abs(each[-1][0] - after[track][-1][0]) <= step + Fraction(1, 50)
        assert abs(max(each[0][0], 0) - max(after[track][0][0], 0)) < Fraction(1, 20)


def test_subtitles_of_real_films_are_copied_where_they_fit(shared, tmp_path):
    pgs = shared / "odd_videos" / "androidx_sample_with_pgs_subtitles.mkv"
    assert rewrite(pgs, tmp_path / "film.mkv", frames=2) == []
    assert packets(tmp_path / "film.mkv", "subtitle") == packets(pgs, "subtitle")
    notes = rewrite(pgs, tmp_path / "film.mp4", frames=2)
    assert notes == [
        "subtitle 1 (hdmv_pgs_subtitle) is left out: .mp4 takes only text; .mkv keeps it"
    ]
    nasa = shared / "odd_videos" / "torchcodec_nasa_13013.mp4"
    notes = rewrite(nasa, tmp_path / "film.mp4", frames=2)
    assert notes == ["only one of 2 video tracks is painted; others are left out"]
    assert packets(tmp_path / "film.mp4", "subtitle") == packets(nasa, "subtitle")


@pytest.mark.parametrize(("suffix", "codec"), [(".mkv", "subrip"), (".webm", "webvtt")])
def test_text_becomes_the_containers_own_text(shared, tmp_path, suffix, codec):
    source, target = shared / "odd_videos" / "torchcodec_nasa_13013.mp4", tmp_path / f"f{suffix}"
    notes = rewrite(source, target, frames=1)
    assert f"subtitle 1 (mov_text) becomes {codec}: {suffix} does not take it as it is" in notes
    before, after = packets(source, "subtitle"), packets(target, "subtitle")
    lines = [(time, data[2:].decode()) for time, data in before[0] if len(data) > 2]
    assert lines
    found = [(time, data.decode()) for time, data in after[0]]
    assert [text for _, text in found] == [text for _, text in lines]
    assert all(abs(a - b) < Fraction(1, 1000) for (a, _), (b, _) in zip(found, lines, strict=True))


def test_sound_that_the_file_says_nothing_of_is_left_out(shared, tmp_path):
    source = shared / "odd_videos" / "muxjs_test-no-audio-segment.ts"
    notes = rewrite(source, tmp_path / "film.mp4", frames=2)
    assert notes == ["audio 1 (aac) is left out: the file does not say what it holds"]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
def test_sound_of_an_unknown_codec_is_left_out(shared, tmp_path, suffix):
    data = (shared / "odd_videos" / "openshot_test1.mp4").read_bytes()
    source = tmp_path / "source.mp4"
    source.write_bytes(data.replace(b"ac-3", b"ac-4"))  # FFmpeg has no decoder for AC-4
    notes = rewrite(source, tmp_path / f"film{suffix}", frames=2)
    assert notes == ["audio 1 (unknown) is left out: its codec is not known here"]


def tone(seconds: float, *, click: float, rate: int = RATE) -> np.ndarray:
    """Silence with one click, so that its time can be found again."""
    samples = np.zeros((1, round(seconds * rate)), np.int16)
    begin = round(click * rate)
    samples[:, begin : begin + 48] = 20000
    return samples


SUBTITLE = b"1,0,Default,,0,0,0,,"


@pytest.fixture(scope="session")
def rich(tmp_path_factory):
    """Two seconds with everything: two languages, subtitles, chapters, a font and a cover."""
    path = tmp_path_factory.mktemp("rich") / "rich.mkv"
    with av.open(path, "w") as film:
        film.metadata.update(title="Everything", artist="Nobody", MAKER="us")
        film.set_chapters(
            [
                {
                    "id": index + 1,
                    "start": index * 1000,
                    "end": (index + 1) * 1000,
                    "time_base": Fraction(1, 1000),
                    "metadata": {"title": name},
                }
                for index, name in enumerate(("Dawn", "Dusk"))
            ]
        )
        picture = film.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        picture.metadata["title"] = "The picture"
        sounds = []
        for codec, language in (("pcm_s16le", "eng"), ("vorbis", "fra")):
            options = {"strict": "experimental"}
            sound = film.add_stream(codec, rate=RATE, options=options if codec == "vorbis" else {})
            sound.codec_context.layout = "mono" if codec != "vorbis" else "stereo"
            sound.metadata.update(language=language, title=f"In {language}")
            sounds.append(sound)
        sounds[1].disposition = av.stream.Disposition.default | av.stream.Disposition.original
        text = film.add_stream("subrip")
        text.metadata["language"] = "deu"
        text.disposition = av.stream.Disposition.forced
        text.time_base = Fraction(1, 1000)
        text.codec_context.subtitle_header = b"[Script Info]\n"
        film.add_attachment("font.ttf", "font/ttf", b"no font at all" * 10)
        cover = io.BytesIO()
        Image.new("RGB", (20, 10), "red").save(cover, "JPEG")
        film.add_attachment("cover.jpg", "image/jpeg", cover.getvalue())
        for index in range(50):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), index * 5, np.uint8))
            frame.pts, frame.time_base = index, Fraction(1, 25)
            film.mux(picture.encode(frame))
        film.mux(picture.encode(None))
        for sound in sounds:
            samples = tone(2, click=1.25)
            for begin in range(0, samples.shape[1], 960):
                chunk = np.ascontiguousarray(samples[:, begin : begin + 960])
                frame = av.AudioFrame.from_ndarray(chunk, "s16", "mono")
                frame.rate, frame.pts, frame.time_base = RATE, begin, Fraction(1, RATE)
                film.mux(sound.encode(frame))
            film.mux(sound.encode(None))
        for start, line in ((100, b"early"), (900, b"over the cut"), (1600, b"late")):
            line = av.subtitles.subtitle.SubtitleSet.create(SUBTITLE + line, 0, 300, start)
            packet = text.codec_context.encode_subtitle(line)
            packet.time_base, packet.stream = Fraction(1, 1000), text
            film.mux(packet)
    return path


def clicks(path: Path) -> list[float]:
    """When each sound track clicks, in seconds."""
    found = []
    with av.open(path) as film:
        count = len(film.streams.audio)
    for track in range(count):
        with av.open(path) as film:
            best = (0.0, 0.0)
            for frame in film.decode(audio=track):
                step = 1 if frame.format.is_planar else frame.layout.nb_channels
                samples = np.abs(frame.to_ndarray()[0, ::step].astype(float))
                samples /= 32768 if frame.format.name.startswith("s16") else 1
                peak = int(samples.argmax())
                best = max(best, (samples[peak], float(frame.time) + peak / frame.sample_rate))
            found.append(best[1])
    return found


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".mov", ".webm"])
def test_everything_of_a_rich_film_goes_through(rich, tmp_path, suffix):
    rewrite(rich, tmp_path / f"film{suffix}")
    with av.open(tmp_path / f"film{suffix}") as film:
        metadata = {key.lower(): value for key, value in film.metadata.items()}
        assert metadata["title"] == "Everything"
        assert metadata["artist"] == "Nobody"
        assert metadata["maker"] == "us"
        assert [stream.language for stream in film.streams.audio] == ["eng", "fra"]
        default = [bool(stream.disposition & 1) for stream in film.streams.audio]
        assert default == [False, True]
        assert film.streams.subtitles[0].language in {"deu", "ger"}  # QuickTime knows the latter
        chapters = [
            (
                chapter["metadata"]["title"],
                chapter["start"] * chapter["time_base"],
                chapter["end"] * chapter["time_base"],
            )
            for chapter in film.chapters()
        ]
        assert chapters == [("Dawn", 0, 1), ("Dusk", 1, 2)]
    assert all(abs(click - 1.25) < 0.003 for click in clicks(tmp_path / f"film{suffix}"))


def test_matroska_keeps_a_rich_film_as_it_is(rich, tmp_path):
    target = tmp_path / "film.mkv"
    assert rewrite(rich, target) == []
    assert packets(target, "audio") == packets(rich, "audio")
    assert packets(target, "subtitle") == packets(rich, "subtitle")
    with av.open(target) as film:
        assert film.streams.video[0].metadata["title"] == "The picture"
        assert bool(film.streams.subtitles[0].disposition & av.stream.Disposition.forced)
        fonts = [each for each in film.streams if each.type == "attachment"]
        assert [(font.name, font.data) for font in fonts] == [("font.ttf", b"no font at all" * 10)]
        covers = [each for each in film.streams.video if each.disposition.value & 1024]
        assert len(covers) == 1


def test_mp4_says_what_it_changes_and_leaves_out(rich, tmp_path):
    assert rewrite(rich, tmp_path / "film.mp4") == [
        "audio 1 (pcm_s16le) is transcoded to aac: .mp4 does not take it as it is",
        "audio 2 (vorbis) is transcoded to aac: .mp4 does not take it as it is",
        "subtitle 1 (subrip) becomes mov_text: .mp4 does not take it as it is",
        "attachment 1 (font.ttf) is left out; .mkv keeps it",
        "the cover picture is left out; .mkv keeps it",
    ]


@pytest.mark.parametrize(("name", "holder"), [("film.gif", ".gif"), ("frames", "a folder")])
def test_what_holds_a_picture_alone_says_what_it_leaves_out(rich, tmp_path, name, holder):
    lost = "sound, subtitles, chapters or attachments"
    said = f"{holder} has no {lost}: the film's are left out"
    assert rewrite(rich, tmp_path / name, frames=2) == [said]


def test_other_pictures_of_a_film_are_not_left_out_without_a_word(shared, tmp_path):
    source = shared / "odd_videos/torchcodec_nasa_13013.mp4"
    notes = rewrite(source, tmp_path / "frames", frames=2)
    assert "a folder has no sound or subtitles: the film's are left out" in notes
    assert "only one of 2 video tracks is painted; others are left out" in notes


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_a_part_takes_its_part_of_everything(rich, tmp_path, suffix):
    span = Span(start=Fraction(1), end=Fraction(3, 2))
    target = tmp_path / f"film{suffix}"
    rewrite(rich, target, span=span)
    # The last frame begins at 0.48 s and lasts to 0.52 s; packets of sound are kept whole.
    for each in packets(target, "audio").values():
        assert all(Fraction(-1, 10) < time < Fraction(52, 100) for time, _ in each)
        assert each[-1][0] > Fraction(45, 100)
    assert all(abs(click - 0.25) < 0.003 for click in clicks(target))
    texts = [data for _, data in packets(target, "subtitle")[0] if b"cut" in data]
    assert len(texts) == 1
    assert not any(
        b"early" in data or b"late" in data for _, data in packets(target, "subtitle")[0]
    )
    with av.open(target) as film:
        (chapter,) = film.chapters()
        assert chapter["metadata"]["title"] == "Dusk"
        assert chapter["start"] == 0
        assert chapter["end"] * chapter["time_base"] == Fraction(1, 2)


def test_an_end_counts_from_the_films_begin_where_the_part_begins_in_a_gap(tmp_path):
    path = tmp_path / "slow.mkv"
    with av.open(path, "w") as film:
        chapter = {"id": 1, "start": 0, "end": 25, "time_base": Fraction(1), "metadata": {}}
        film.set_chapters([chapter])
        picture = film.add_stream("ffv1", rate=1)
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        sound = film.add_stream("pcm_s16le", rate=RATE, layout="mono")
        for second in range(25):
            if second in {0, 10, 20, 21}:
                frame = av.VideoFrame(64, 48, "yuv420p")
                frame.pts, frame.time_base = second, Fraction(1)
                film.mux(picture.encode(frame))
            frame = av.AudioFrame.from_ndarray(np.zeros((1, RATE), np.int16), "s16", "mono")
            frame.rate, frame.pts, frame.time_base = RATE, second * RATE, Fraction(1, RATE)
            film.mux(sound.encode(frame))
        film.mux(picture.encode(None))
    rewrite(path, tmp_path / "film.mkv", span=Span(start=Fraction(1), end=Fraction(12)))
    (heard,) = packets(tmp_path / "film.mkv", "audio").values()
    # The only picture is the one at 10 s; it lasts until 20 s.
    assert (heard[0][0], heard[-1][0]) == (0, 9)
    rewrite(path, tmp_path / "film.mkv", span=Span(start=Fraction(11), end=Fraction(22)))
    (heard,) = packets(tmp_path / "film.mkv", "audio").values()
    assert heard[-1][0] == 1
    with av.open(tmp_path / "film.mkv") as film:
        (chapter,) = film.chapters()
        assert chapter["end"] * chapter["time_base"] == 2


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (Span(frames=6), [(0, 4), (4, 6)]),
        (Span(frames=3), [(0, 3)]),
        (Span(frames=10), [(0, 4), (4, 10)]),
        (Span(start=Fraction(2), frames=4), [(0, 2), (2, 4)]),
        (Span(start=Fraction(2), end=Fraction(5), frames=4), [(0, 2), (2, 3)]),
    ],
)
def test_a_limit_of_frames_cuts_the_chapters_where_the_last_one_ends(tmp_path, span, expected):
    path = tmp_path / "slow.mkv"
    with av.open(path, "w") as film:
        film.set_chapters(
            [
                {"id": id_, "start": start, "end": end, "time_base": Fraction(1), "metadata": {}}
                for id_, start, end in ((1, 0, 4), (2, 4, 10))
            ]
        )
        picture = film.add_stream("libx264", rate=25, options={"bf": "2", "g": "3"})
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        for second in range(10):
            frame = av.VideoFrame(64, 48, "yuv420p")
            frame.pts, frame.time_base = second * 25, Fraction(1, 25)
            film.mux(picture.encode(frame))
        film.mux(picture.encode(None))
    rewrite(path, tmp_path / "film.mkv", span=span)
    with av.open(tmp_path / "film.mkv") as film:
        times = [
            tuple(chapter[side] * chapter["time_base"] for side in ("start", "end"))
            for chapter in film.chapters()
        ]
    assert times == expected


def test_what_is_said_of_the_painted_track_is_kept_where_there_are_two(tmp_path):
    """FFmpeg itself would take the one of many frames; the larger is painted."""
    path = tmp_path / "two.mkv"
    with av.open(path, "w") as film:
        tracks = []
        for width, count in ((16, 20), (32, 2)):
            picture = film.add_stream("ffv1", rate=25)
            picture.width, picture.height, picture.pix_fmt = width, 16, "yuv420p"
            picture.metadata["title"] = f"{width} wide"
            picture.disposition = av.stream.Disposition.default
            tracks.append((picture, count))
        for picture, count in tracks:
            for number in range(count):
                frame = av.VideoFrame(picture.width, 16, "yuv420p")
                frame.pts, frame.time_base = number, Fraction(1, 25)
                film.mux(picture.encode(frame))
            film.mux(picture.encode(None))
    with av.open(path) as film:
        assert film.streams.best("video").width == 16
    rewrite(path, tmp_path / "film.mkv")
    with av.open(tmp_path / "film.mkv") as film:
        (picture,) = film.streams.video
        assert (picture.width, picture.metadata["title"]) == (32, "32 wide")


def test_a_limit_of_frames_cuts_the_sound_there(rich, tmp_path):
    rewrite(rich, tmp_path / "film.mkv", span=Span(frames=10))
    for each in packets(tmp_path / "film.mkv", "audio").values():
        assert Fraction(3, 10) < each[-1][0] < Fraction(2, 5)


def test_sound_longer_than_the_picture_is_kept_whole(rich, tmp_path):
    rewrite(rich, tmp_path / "film.mkv", frames=3)
    assert packets(tmp_path / "film.mkv", "audio") == packets(rich, "audio")


@pytest.mark.parametrize("span", [Span(end=Fraction(9999)), Span(frames=99)])
def test_asking_for_more_than_there_is_cuts_no_sound(rich, tmp_path, span):
    rewrite(rich, tmp_path / "film.mkv", span=span, frames=3)
    assert packets(tmp_path / "film.mkv", "audio") == packets(rich, "audio")


def test_a_source_cut_short_gives_what_it_has(rich, tmp_path):
    data = rich.read_bytes()
    (tmp_path / "short.mkv").write_bytes(data[: len(data) * 2 // 3])
    rewrite(tmp_path / "short.mkv", tmp_path / "film.mp4")
    assert 1 <= len(packets(tmp_path / "film.mp4", "audio")) <= 2


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_damage_in_sound_is_survived(rich, tmp_path, suffix):
    data = bytearray(rich.read_bytes())
    noise = np.random.default_rng(0)
    for place in noise.integers(len(data) // 2, len(data), 200):
        data[place] = noise.integers(256)
    (tmp_path / "bad.mkv").write_bytes(data)
    rewrite(tmp_path / "bad.mkv", tmp_path / f"film{suffix}", frames=3)
    assert read_video(probe_video(tmp_path / f"film{suffix}", notify=print), notify=print)


def test_facts_of_the_sources_own_file_are_not_copied():
    source = {
        "title": "kept",
        "MAJOR_BRAND": "isom",
        "encoder": "Lavf",
        "BPS": "1",
        "_STATISTICS_TAGS": "BPS",
        "empty": "",
        "STYLIZE": "of an earlier painting",
        "timecode": "01:00:00:00",
    }
    assert kept_metadata(source, timecode=False) == {"title": "kept"}
    assert kept_metadata(source, timecode=True)["timecode"] == "01:00:00:00"


def test_chapters_outside_a_part_are_left_out():
    second = Fraction(1)
    chapters = [
        {"id": i, "start": i, "end": i + 1, "time_base": second, "metadata": {}} for i in range(4)
    ]
    kept = kept_chapters(chapters, offset=second, end=Fraction(3))
    assert [(each["id"], each["start"], each["end"]) for each in kept] == [(1, 0, 1), (2, 1, 2)]


def recording(
    path: Path,
    *,
    begin: int = 0,
    seconds: float = 3,
    sound: float | None = None,
    codecs: tuple[str, str] = ("libx264", "mp2"),
    rate: int = RATE,
) -> Path:
    """A film whose pictures and sound are noise, interleaved as a camera does."""
    with av.open(path, "w") as film:
        picture = film.add_stream(codecs[0], rate=25)
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        picture.codec_context.gop_size = 12
        tones = film.add_stream(codecs[1], rate=rate, layout="mono")
        noise = np.random.default_rng(begin + int(seconds))
        fitting = av.AudioResampler(tones.codec_context.format, "mono", rate)
        length = sound or seconds
        for index in range(round(max(seconds, length) * 25)):
            if index < seconds * 25:
                frame = av.VideoFrame.from_ndarray(noise.integers(0, 255, (48, 64, 3), np.uint8))
                frame.pts, frame.time_base = index + begin * 25, Fraction(1, 25)
                film.mux(picture.encode(frame))
            if index < length * 25:
                samples = noise.integers(-9000, 9000, (1, rate // 25), np.int16)
                frame = av.AudioFrame.from_ndarray(samples, "s16", "mono")
                frame.rate, frame.time_base = rate, Fraction(1, rate)
                frame.pts = (index + begin * 25) * (rate // 25)
                for fitted in fitting.resample(frame):
                    film.mux(tones.encode(fitted))
        for stream in (picture, tones):
            film.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("name", "picture", "start"),
    [("film.flv", "libx264", 1), ("film.flv", "libx264", 3), ("film.swf", "flv", 3)],
)
def test_a_part_has_its_sound_where_the_source_cannot_seek(tmp_path, name, picture, start):
    path = recording(tmp_path / name, seconds=6, codecs=(picture, "libmp3lame"), rate=22050)
    begin = probe_video(path, notify=pytest.fail).begin + start
    rewrite(path, tmp_path / "film.mkv", span=Span(start=Fraction(start), end=Fraction(start + 1)))
    inside = [data for time, data in packets(path, "audio")[0] if begin <= time < begin + 1]
    assert payloads(tmp_path / "film.mkv", "audio")[0] == inside


@pytest.mark.parametrize(
    ("begins", "sound", "suffix"),
    [
        *(((0, 0), 3, ".mkv"), ((0, 0), 2.6, ".mkv"), ((0, 0), 3.3, ".mkv")),
        *(((5, 40_000), 3, ".mp4"), ((40_000, 5), 3, ".mkv"), ((9, 4), 3, ".mkv")),
    ],
)
def test_sound_stays_with_the_picture_where_recordings_were_joined(tmp_path, begins, sound, suffix):
    one = recording(tmp_path / "one.ts", begin=begins[0], sound=sound)
    two = recording(tmp_path / "two.ts", begin=begins[1], seconds=4)
    both = tmp_path / "both.ts"
    both.write_bytes(one.read_bytes() + two.read_bytes())
    target = tmp_path / f"film{suffix}"
    rewrite(both, target)
    shown = sorted(time for time, _ in packets(target, "video")[0])
    assert len(shown) == 175
    found = {data: time for time, data in packets(target, "audio")[0]}
    for part, first in ((one, 0), (two, 75)):
        move = shown[first] - min(time for time, _ in packets(part, "video")[0])
        heard = packets(part, "audio")[0]
        # What the first recording has more of sound than of picture covers the second's.
        covered = 2 + round(max(0, sound - 3) * RATE / 1152) if part == two else 0
        assert sum(data in found for _, data in heard) >= len(heard) - covered - 2
        for time, data in heard[covered:]:
            assert data not in found or abs(found[data] - time - move) <= Fraction(1, 1000)


@pytest.mark.parametrize("start", [1, 2, 4, 6])
@pytest.mark.parametrize("lengths", [(3, 4), (5, 2)])
def test_a_part_of_joined_recordings_has_the_sound_of_its_pictures(tmp_path, lengths, start):
    parts = [
        recording(tmp_path / f"{number}.ts", seconds=seconds)
        for number, seconds in enumerate(lengths)
    ]
    both = tmp_path / "both.ts"
    both.write_bytes(b"".join(part.read_bytes() for part in parts))
    rewrite(both, tmp_path / "whole.mkv")
    rewrite(both, tmp_path / "part.mkv", span=Span(start=Fraction(start)))
    begin = min(time for time, _ in packets(tmp_path / "whole.mkv", "video")[0]) + start
    assert len(packets(tmp_path / "part.mkv", "video")[0]) == 175 - 25 * start
    wanted = [
        (time - begin, data)
        for time, data in packets(tmp_path / "whole.mkv", "audio")[0]
        if time >= begin
    ]
    heard = packets(tmp_path / "part.mkv", "audio")[0]
    assert [data for _, data in heard] == [data for _, data in wanted]
    assert apart({0: heard}, {0: wanted}) <= Fraction(1, 1000)


def test_transcoded_sound_goes_on_where_recordings_were_joined(tmp_path):
    parts = [recording(tmp_path / f"{begin}.ts", begin=begin) for begin in (9, 4)]
    (tmp_path / "both.ts").write_bytes(b"".join(part.read_bytes() for part in parts))
    rewrite(tmp_path / "both.ts", tmp_path / "film.webm")
    times = [time for time, _ in packets(tmp_path / "film.webm", "audio")[0]]
    assert max(after - before for before, after in pairwise(times)) < Fraction(1, 20)
    pictures = [time for time, _ in packets(tmp_path / "film.webm", "video")[0]]
    assert len(pictures) == 150
    assert abs(times[-1] - max(pictures)) < Fraction(1, 10)


def test_transcoded_sound_is_whole_also_where_its_decoder_is_late(tmp_path):
    path = tmp_path / "source.avi"
    with av.open(path, "w") as film:
        picture = film.add_stream("mpeg4", rate=5)
        picture.width, picture.height, picture.pix_fmt = 16, 16, "yuv420p"
        sound = film.add_stream("wmav2", rate=RATE, layout="mono")
        sound.bit_rate = 128_000
        for index in range(5):
            frame = av.VideoFrame(16, 16, "yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 5)
            film.mux(picture.encode(frame))
        film.mux(picture.encode(None))
        resampler = av.AudioResampler("fltp", "mono", RATE, frame_size=2048)
        samples = av.AudioFrame.from_ndarray(tone(1, click=0.99), "s16", "mono")
        samples.rate, samples.pts, samples.time_base = RATE, 0, Fraction(1, RATE)
        for frame in [*resampler.resample(samples), *resampler.resample(None)]:
            film.mux(sound.encode(frame))
        film.mux(sound.encode(None))
    rewrite(path, tmp_path / "film.mp4")
    assert samples_in(tmp_path / "film.mp4") >= samples_in(path)


def samples_in(path: Path) -> int:
    with av.open(path) as film:
        return sum(frame.samples for frame in film.decode(audio=0))
