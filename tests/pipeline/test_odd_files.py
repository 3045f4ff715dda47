"""Every odd file there is, through the whole program: painted right, or refused in one line."""

import re
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from PIL import Image

from stylize.pipeline import Finished, Span, stylize_image, stylize_video
from stylize.pipeline.errors import StylizeError

SHARED = Path(__file__).parents[2].parent / "shared/assets"
FILMS = sorted(p.name for p in (SHARED / "odd_videos").glob("*"))
FRAMES = 5

NO_PICTURE = re.compile("no video stream|no frame can be decoded|not a film")
SOUNDS_AND_TEXTS = (".aac", ".adts", ".mp3", ".srt")


def attempt(job: Callable[[], Finished]) -> Finished | str:
    """What was done, or why it was refused."""
    try:
        return job()
    except StylizeError as error:
        return str(error)


def is_one_line(said: str, source: Path) -> bool:
    return source.name in said and len(said) < 400 and said.isprintable()


@pytest.mark.slow
@pytest.mark.parametrize("name", FILMS or ["none"])
def test_an_odd_film_is_painted_or_refused(
    name: str, shared: Path, network_file: Path, tmp_path: Path
):
    source = shared / "odd_videos" / name
    target = tmp_path / "painted.mp4"
    options = {"span": Span(frames=FRAMES), "size": 32, "encoder_preset": "ultrafast"}
    done = attempt(lambda: stylize_video(source, target, model=network_file, **options))
    if isinstance(done, str):
        assert is_one_line(done, source)
        assert NO_PICTURE.search(done)
        assert list(tmp_path.iterdir()) == []
        return
    assert source.suffix not in SOUNDS_AND_TEXTS
    with av.open(target) as film:
        times = [frame.time for frame in film.decode(video=0)]
    assert len(times) == done.written
    assert 1 <= len(times) <= FRAMES
    assert times == sorted(set(times))


@pytest.mark.slow
def test_an_odd_picture_is_painted_or_refused(shared: Path, network_file: Path, tmp_path: Path):
    painted = 0
    sources = sorted((shared / "odd_images").iterdir())[::6]  # reading is tested over all
    for source in sources:
        target = tmp_path / "painted.png"
        done = attempt(lambda s=source, t=target: stylize_image(s, t, model=network_file, size=32))
        if isinstance(done, str):
            assert is_one_line(done, source) or "painted.png: cannot write films" in done
            continue
        painted += 1
        with Image.open(done.target) as picture:
            assert picture.format == "PNG"
        done.target.unlink()
    assert painted > len(sources) / 2
