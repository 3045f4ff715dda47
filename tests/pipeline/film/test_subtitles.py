"""Subtitles that are converted or cut: each text is shown when it was, and as long."""

from fractions import Fraction
from pathlib import Path

import av
import pytest

from stylize.pipeline.film.encoding import Encoding
from stylize.pipeline.film.read_video import probe_video, read_video
from stylize.pipeline.film.write_video import write_video
from stylize.pipeline.values import Span

FIELDS = b"1,0,Default,,0,0,0,,"
SECONDS = 8


@pytest.fixture
def subtitled(tmp_path):
    """Makes a film of some seconds with lines that begin, and last, so many milliseconds.

    A frame lasts as many ticks as `each` says, whatever the film's rate of five a second.
    """

    def make(*lines: tuple[int, int, str], each: int = 1) -> Path:
        path = tmp_path / "source.mkv"
        with av.open(path, "w") as film:
            picture = film.add_stream("ffv1", rate=5)
            picture.width, picture.height, picture.pix_fmt = 16, 16, "yuv420p"
            text = film.add_stream("subrip")
            text.time_base = Fraction(1, 1000)
            text.codec_context.subtitle_header = b"[Script Info]\n"
            for begin, duration, words in lines:
                line = FIELDS + words.encode()
                shown = av.subtitles.subtitle.SubtitleSet.create(line, 0, duration, begin)
                packet = text.codec_context.encode_subtitle(shown)
                packet.time_base, packet.stream = Fraction(1, 1000), text
                film.mux(packet)
            for index in range(0, 5 * SECONDS, each):
                frame = av.VideoFrame(16, 16, "yuv420p")
                frame.pts, frame.time_base = index, Fraction(1, 5)
                film.mux(picture.encode(frame))
            film.mux(picture.encode(None))
        return path

    return make


def shown(source: Path, suffix: str, *, span: Span | None = None) -> list[tuple[float, float, str]]:
    """When each text begins and ends in the film written, in seconds."""
    target, span = source.with_name(f"film{suffix}"), span or Span()
    film = probe_video(source, notify=lambda _: None)
    frames = read_video(film, span=span, notify=lambda _: None)
    encoding = Encoding(encoder_preset="8" if suffix == ".webm" else "ultrafast")
    list(
        write_video(frames, target, film=film, encoding=encoding, span=span, notify=lambda _: None)
    )
    head = 2 if suffix in {".mp4", ".mov"} else 0
    with av.open(target) as written:
        packets = [packet for packet in written.demux(subtitles=0) if packet.size > head]
        return [
            (
                float(packet.pts * packet.time_base),
                float((packet.pts + packet.duration) * packet.time_base),
                bytes(packet)[head:].decode(),
            )
            for packet in packets
        ]


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_lines_that_overlap_are_shown_together_where_one_text_is_shown_at_a_time(subtitled, suffix):
    source = subtitled(
        (500, 4500, "SIGN"), (1000, 1000, "one"), (2000, 500, "two"), (6000, 1000, "three")
    )
    assert shown(source, suffix) == [
        (0.5, 1.0, "SIGN"),
        (1.0, 2.0, "SIGN\none"),
        (2.0, 2.5, "SIGN\ntwo"),
        (2.5, 5.0, "SIGN"),
        (6.0, 7.0, "three"),
    ]


def test_lines_that_begin_together_are_one_text(subtitled):
    source = subtitled((1000, 500, "a"), (1000, 500, "b"), (1000, 1000, "c"))
    assert shown(source, ".mp4") == [(1.0, 1.5, "a\nb\nc"), (1.5, 2.0, "c")]


@pytest.mark.parametrize("suffix", [".mkv", ".webm"])
def test_lines_that_overlap_stay_apart_where_they_may(subtitled, suffix):
    source = subtitled((500, 2000, "long"), (1000, 500, "short"))
    assert shown(source, suffix) == [(0.5, 2.5, "long"), (1.0, 1.5, "short")]


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".webm"])
def test_lines_after_one_another_go_through_as_they_are(subtitled, suffix):
    source = subtitled((500, 500, "a"), (1000, 500, "b"), (3000, 4000, "c"))
    assert shown(source, suffix) == [(0.5, 1.0, "a"), (1.0, 1.5, "b"), (3.0, 7.0, "c")]


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_no_line_stays_longer_than_the_part_that_is_written(subtitled, suffix):
    source = subtitled((1000, 6000, "long"), (3500, 4000, "later"))
    span = Span(start=Fraction(2), end=Fraction(3))
    assert shown(source, suffix, span=span) == [(0.0, 1.0, "long")]
    with av.open(source.with_name(f"film{suffix}")) as film:
        assert film.duration == 1_000_000


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
@pytest.mark.parametrize(
    ("start", "frames", "expected"),
    [
        (None, 6, [(0.5, 1.5, "a"), (3.0, 4.0, "b"), (4.5, 6.0, "long")]),
        (2, 4, [(1.0, 2.0, "b"), (2.5, 4.0, "long")]),
        (2, 9, [(1.0, 2.0, "b"), (2.5, 5.5, "long")]),
    ],
)
def test_lines_stay_as_long_as_the_frames_that_were_asked_for(
    subtitled, suffix, start, frames, expected
):
    source = subtitled((500, 1000, "a"), (3000, 1000, "b"), (4500, 3000, "long"), each=5)
    start = None if start is None else Fraction(start)
    assert shown(source, suffix, span=Span(start=start, frames=frames)) == expected
