"""Animations become films that can be read, whatever their format."""

from pathlib import Path

import av
import pytest
from PIL import Image

from stylize.pipeline.errors import SourceError
from stylize.pipeline.picture.animation import playable


def save(path: Path) -> Path:
    frames = [Image.new("RGBA", (32, 24), (80 * i, 0, 0, 255 - i)) for i in range(3)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=[40, 80, 120])
    return path


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.webp", "a.avif"])
def test_every_frame_can_be_read_at_its_time(name: str, tmp_path: Path):
    with playable(save(tmp_path / name)) as path, av.open(path) as film:
        times = [float(frame.time or 0) for frame in film.decode(video=0)]
    assert times == pytest.approx([0, 0.04, 0.12])


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
    with pytest.raises(SourceError, match=r"a\.webp: this animation cannot be read"):  # noqa: SIM117
        with playable(tmp_path / "a.webp"):
            pass
