"""Make the README's picture of a film with a look that ships: `python samples/figures.py`."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import av
from PIL import Image, ImageOps

from stylize.pipeline import stylize_video
from stylize.pipeline.picture.sheet import sheet

HERE = Path(__file__).parent
FILM_LOOK = "mosaic"
STILLS = 4


def film(size: tuple[int, int] = (320, 180)) -> Image.Image:
    """Paint the sample clip: some of its frames above, the same frames painted below."""
    source = HERE / "clip.mp4"
    with TemporaryDirectory() as folder:
        target = Path(folder) / "clip.mkv"
        stylize_video(source, target, preset=FILM_LOOK, crf=10)
        rows = [
            [ImageOps.fit(still, size) for still in stills(path, STILLS)]
            for path in (source, target)
        ]
    return sheet(rows)


def stills(path: Path, count: int) -> list[Image.Image]:
    """Return `count` of a film's frames, evenly spread and away from its ends."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    places = [round((k + 0.5) * len(frames) / count) for k in range(count)]
    return [Image.fromarray(frames[place].to_ndarray(format="rgb24")) for place in places]


def main() -> None:
    """Write `figures/film.jpg` beside this script."""
    folder = HERE / "figures"
    folder.mkdir(exist_ok=True)
    film().save(folder / "film.jpg", quality=86)


if __name__ == "__main__":
    main()
