"""Choices that FFmpeg lists and cannot do are refused before a frame is painted."""

from collections.abc import Iterator

import pytest

from stylize.pipeline.errors import TargetError
from stylize.pipeline.film.encoding import Encoding
from stylize.pipeline.film.write_video import write_video
from stylize.pipeline.values import Frame


def start(target, film, **encoding):
    def never() -> Iterator[Frame]:
        pytest.fail("a frame was asked for")
        yield

    notes: list[str] = []
    write_video(never(), target, film=film, encoding=Encoding(**encoding), notify=notes.append)
    assert notes == []


@pytest.mark.parametrize(
    ("name", "encoding", "said"),
    [
        ("f.mov", {"codec": "rawvideo"}, "what rawvideo makes of yuv420p cannot be read again"),
        ("f.mp4", {"codec": "vp9", "pixel_format": "yuv440p"}, "of yuv440p cannot be read again"),
        ("f.mkv", {"codec": "h265", "pixel_format": "yuva420p"}, "libx265 .+ support alpha"),
        ("f.mov", {"codec": "h263"}, "h263 cannot be opened: .+ not valid for the H.263 codec"),
        ("f.mkv", {"codec": "rv20"}, "rv20 cannot be opened: The Matroska muxer does not yet"),
        ("f.mov", {"codec": "gif"}, "what gif makes of pal8 cannot be read again"),
    ],
)
def test_what_cannot_be_done_is_refused_with_what_can(film, tmp_path, name, encoding, said):
    for _ in range(3):  # FFmpeg says repeated things differently
        with pytest.raises(TargetError, match=rf"(?s){said}.*; try another .+ in \.m..: h264, "):
            start(tmp_path / name, film, **encoding)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("f.mkv", {"codec": "rawvideo"}),
        ("f.mkv", {"codec": "h265", "pixel_format": "gbrp12le"}),
        ("f.mov", {"codec": "prores"}),
        ("f.webm", {"pixel_format": "yuv444p"}),
    ],
)
def test_what_can_be_done_passes_without_a_word(film, tmp_path, name, encoding):
    start(tmp_path / name, film, **encoding)
    assert list(tmp_path.iterdir()) == []
