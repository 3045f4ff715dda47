"""Animations become films that can be read, whatever their format."""

import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageSequence

from stylize.pipeline.errors import SourceError
from stylize.pipeline.film.read_video import probe_video, read_video
from stylize.pipeline.picture.animation import playable
from stylize.pipeline.picture.open_picture import is_animated


def save(path: Path) -> Path:
    frames = [Image.new("RGBA", (32, 24), (80 * i, 0, 0, 255 - i)) for i in range(3)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=[40, 80, 120])
    return path


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.webp", "a.avif"])
def test_every_frame_can_be_read_at_its_time(name: str, tmp_path: Path):
    with playable(save(tmp_path / name)) as path, av.open(path) as film:
        times = [float(frame.time or 0) for frame in film.decode(video=0)]
    assert times == pytest.approx([0, 0.04, 0.12])


@pytest.mark.parametrize("name", ["a.webp", "a.avif"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_copy_keeps_the_last_duration_and_whether_it_is_transparent(
    name: str, mode: str, tmp_path: Path
):
    path = tmp_path / name
    frames = [Image.new("RGBA", (33, 17), (80 * i, 0, 0, 255 - i)).convert(mode) for i in range(3)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=[40, 80000, 1200])
    with playable(path) as copy:
        film = probe_video(copy, notify=pytest.fail)
        read = list(read_video(film, notify=pytest.fail))
    assert (film.width, film.height) == (33, 17)
    assert film.has_alpha == (mode == "RGBA")
    assert [float(frame.duration) for frame in read] == [0.04, 80, 1.2]


def test_frames_without_a_duration_are_shown_as_browsers_show_them(tmp_path: Path):
    frames = [Image.new("RGB", (32, 24), (80 * i, 0, 0)) for i in range(3)]
    frames[0].save(
        tmp_path / "a.webp", save_all=True, append_images=frames[1:], duration=[40, 0, 0]
    )
    with playable(tmp_path / "a.webp") as path, av.open(path) as film:
        times = [float(frame.time or 0) for frame in film.decode(video=0)]
    assert times == pytest.approx([0, 0.04, 0.14])


COPY_AND_MEASURE = """
import re, sys
from pathlib import Path
from stylize.pipeline.picture.animation import playable

def most_memory():
    return int(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])

before = most_memory()
with playable(Path(sys.argv[1])):
    print(most_memory() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_an_animation_is_never_held_as_a_whole(tmp_path: Path):
    frames = [Image.new("RGB", (640, 480), (4 * i, 0, 255 - 4 * i)) for i in range(60)]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], duration=40)
    command = [sys.executable, "-c", COPY_AND_MEASURE, str(tmp_path / "a.webp")]
    kilobytes = int(subprocess.run(command, check=True, capture_output=True).stdout)
    assert kilobytes < 30_000  # measured: 11,000; what Pillow writes by itself: 52,000


@pytest.mark.parametrize(("suffix", "count"), [("webp", 3), ("avif", 5)])  # libwebp merges them
def test_equal_neighbours_stay_apart_and_the_rest_is_seen_as_it_was(
    suffix: str, count: int, tmp_path: Path
):
    colours = [(0, 0, 0, 0), (200, 0, 0, 120), (200, 0, 0, 120), (0, 0, 90, 255), (0, 0, 90, 255)]
    frames = [Image.new("RGBA", (32, 24), colour) for colour in colours]
    frames[3].putpixel((5, 5), (0, 0, 0, 0))
    frames[4].putpixel((5, 5), (0, 0, 0, 0))
    path = tmp_path / f"a.{suffix}"
    frames[0].save(
        path,
        save_all=True,
        append_images=frames[1:],
        duration=[40, 80, 40, 40, 40],
        **({"lossless": True} if suffix == "webp" else {"quality": 100}),
    )
    with Image.open(path) as animation:
        expected = [np.asarray(f.convert("RGBA")) for f in ImageSequence.Iterator(animation)]
    with playable(path) as copy, av.open(copy) as film:
        decoded = [frame.to_ndarray(format="rgba") for frame in film.decode(video=0)]
    assert len(expected) == len(decoded) == count
    for before, after in zip(expected, decoded, strict=True):
        assert np.array_equal(before[..., 3], after[..., 3])
        seen = before[..., 3:] > 0
        assert np.array_equal(before[..., :3] * seen, after[..., :3] * seen)


@pytest.mark.parametrize(
    ("side", "reason"),
    [(15_000, "an animation of 15000x15000 is too large"), (20_000, "more than 300 megapixels")],
)
def test_frames_that_are_too_large_are_refused_in_one_line(side: int, reason: str, tmp_path: Path):
    gif = bytearray(save(tmp_path / "a.gif").read_bytes())
    gif[6:10] = side.to_bytes(2, "little") * 2
    (tmp_path / "a.gif").write_bytes(gif)
    with pytest.raises(SourceError, match=rf"a\.gif: {reason}"):  # noqa: SIM117
        with playable(tmp_path / "a.gif"):
            pass


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.webp", "a.avif", "a.jpg"])
def test_an_animation_is_known_by_what_it_holds(name: str, tmp_path: Path):
    save(tmp_path / "film.png")
    path = (
        save(tmp_path / name)
        if name != "a.jpg"
        else (tmp_path / "film.png").rename(tmp_path / name)
    )
    assert is_animated(path)
    Image.new("RGB", (8, 8)).save(path)
    assert not is_animated(path)
    path.write_bytes(b"GIF89a")
    assert not is_animated(path)
    path.unlink()
    assert not is_animated(path)


def test_films_stay_where_they_are_and_copies_are_gone_afterwards(tmp_path: Path):
    with playable(save(tmp_path / "a.gif")) as path:
        assert path == tmp_path / "a.gif"
    with playable(save(tmp_path / "a.webp")) as path:
        assert path.exists()
        assert path != tmp_path / "a.webp"
    assert not path.exists()


def test_a_damaged_animation_is_refused_in_one_line(tmp_path: Path):
    whole = save(tmp_path / "a.webp").read_bytes()
    (tmp_path / "a.webp").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match=r"a\.webp: not a picture that can be read \("):  # noqa: SIM117
        with playable(tmp_path / "a.webp"):
            pass
