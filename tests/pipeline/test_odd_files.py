"""Every odd file there is, through the whole program: painted right, or refused in one line."""

import re
from pathlib import Path

import av
import pytest
from PIL import Image

from stylize.pipeline import Span, stylize_image, stylize_video
from stylize.pipeline.errors import StylizeError

SHARED = Path(__file__).parents[2].parent / "shared/assets"
FILMS = sorted(p.name for p in (SHARED / "odd_videos").glob("*"))
FRAMES = 5

NO_PICTURE = re.compile("no video stream|no frame can be decoded|not a film")
SOUNDS_AND_TEXTS = (".aac", ".adts", ".mp3", ".srt")


def one_line(error: StylizeError, source: Path) -> bool:
    said = str(error)
    return source.name in said and len(said) < 400 and said.isprintable()


@pytest.mark.slow
@pytest.mark.parametrize("name", FILMS or ["none"])
def test_an_odd_film_is_painted_or_refused(
    name: str, shared: Path, network_file: Path, tmp_path: Path
):
    source = shared / "odd_videos" / name
    target = tmp_path / "painted.mp4"
    try:
        done = stylize_video(
            source,
            target,
            model=network_file,
            span=Span(frames=FRAMES),
            size=32,
            encoder_preset="ultrafast",
        )
    except StylizeError as error:
        assert one_line(error, source), error
        assert NO_PICTURE.search(str(error)), error
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
        try:
            done = stylize_image(source, target, model=network_file, size=32)
        except StylizeError as error:
            assert one_line(error, source) or "painted.png: cannot write films" in str(error), error
            continue
        painted += 1
        with Image.open(done.target) as picture:
            assert picture.format == "PNG"
        done.target.unlink()
    assert painted > len(sources) / 2
