"""Make the README's pictures with the looks that ship: `python samples/figures.py`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import av
from PIL import Image, ImageDraw, ImageFont, ImageOps

from stylize.pipeline import stylize_image, stylize_video

HERE = Path(__file__).parent
PHOTOGRAPHS = ("lake", "fruit", "cat", "lighthouse", "balloons")
LOOKS = ("wave", "mosaic")
FILM_LOOK = "mosaic"
STILLS = 4
GAP, LABEL = 6, 26


def photographs(size: tuple[int, int] = (360, 240)) -> Image.Image:
    """Paint the sample photographs in every look: a row each, the original first."""
    rows = []
    with TemporaryDirectory() as folder:
        for name in PHOTOGRAPHS:
            source = HERE / "photos" / f"{name}.jpg"
            row = [Image.open(source)]
            for look in LOOKS:
                target = Path(folder) / f"{name}-{look}.png"
                stylize_image(source, target, preset=look)
                row.append(Image.open(target))
            rows.append([ImageOps.fit(picture, size) for picture in row])
    return sheet(rows, headings=("photograph", *LOOKS))


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
    return sheet(rows, headings=())


def stills(path: Path, count: int) -> list[Image.Image]:
    """Return `count` of a film's frames, evenly spread and away from its ends."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    places = [round((k + 0.5) * len(frames) / count) for k in range(count)]
    return [Image.fromarray(frames[place].to_ndarray(format="rgb24")) for place in places]


def sheet(rows: Sequence[Sequence[Image.Image]], *, headings: Sequence[str]) -> Image.Image:
    """Lay pictures of one size out in rows on white, with a heading above each column."""
    width, height = rows[0][0].size
    top = LABEL if headings else 0
    page = Image.new(
        "RGB",
        (len(rows[0]) * (width + GAP) - GAP, top + len(rows) * (height + GAP) - GAP),
        "white",
    )
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(size=16)
    for column, heading in enumerate(headings):
        middle = column * (width + GAP) + width / 2
        pen.text((middle, LABEL / 2), heading, fill="#333333", font=font, anchor="mm")
    for number, row in enumerate(rows):
        for column, picture in enumerate(row):
            page.paste(picture, (column * (width + GAP), top + number * (height + GAP)))
    return page


def main() -> None:
    """Write `figures/photos.jpg` and `figures/film.jpg` beside this script."""
    folder = HERE / "figures"
    folder.mkdir(exist_ok=True)
    photographs().save(folder / "photos.jpg", quality=84)
    film().save(folder / "film.jpg", quality=86)


if __name__ == "__main__":
    main()
