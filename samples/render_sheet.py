"""Paint six photographs in every look that ships: `python samples/render_sheet.py --help`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image, ImageOps

from stylize.pipeline import stylize_image
from stylize.pipeline.looks import list_looks
from stylize.pipeline.picture.sheet import GAP, LABEL, sheet

HERE = Path(__file__).parent
PHOTOGRAPHS = ("portrait", "street", "lake", "cat", "night", "page")
"""A face, a street, a landscape, an animal, night, and lines with lettering."""
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
WIDEST = 2400
"""Of the sheet, in pixels, unless the width of a cell is given."""

Paint = Callable[[Path, Path], object]
"""Paints the first file into the second."""


def shipped_looks() -> list[str]:
    """Return the names of the looks that ship."""
    return [look.name for look in list_looks() if getattr(look, "source", None) == "shipped"]


def columns(looks: Iterable[str], styles: Iterable[Path]) -> list[tuple[str, Paint]]:
    """Return each column's heading and what paints it: looks first, then pictures as styles."""
    named: list[tuple[str, Paint]] = [(look, partial(stylize_image, preset=look)) for look in looks]
    return named + [(_words(style), partial(stylize_image, style=[style])) for style in styles]


def photographs(folder: Path | None) -> list[Path]:
    """Return the pictures of a folder, or the six that ship."""
    if folder is None:
        return [HERE / "photos" / f"{name}.jpg" for name in PHOTOGRAPHS]
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not found:
        raise SystemExit(f"{folder}: holds no photographs ({', '.join(sorted(SUFFIXES))})")
    return found


def render(
    sources: Sequence[Path], painters: Sequence[tuple[str, Paint]], *, width: int | None = None
) -> Image.Image:
    """Paint the sheet: a row for each photograph, the original first.

    Args:
        sources: the photographs.
        painters: the heading of each further column and what paints it.
        width: of a cell, in pixels; None: as wide as `WIDEST` allows, up to 360. Cells are 3:2.
    """
    count = len(painters) + 1
    width = width or min(360, (WIDEST - LABEL + GAP) // count - GAP)
    size = (width, round(width * 2 / 3))
    rows = []
    with TemporaryDirectory() as folder:
        target = Path(folder) / "painted.png"
        for source in sources:
            row = [_cell(source, size)]
            for _, paint in painters:
                paint(source, target)
                row.append(_cell(target, size))
                target.unlink()
            rows.append(row)
    headings = ("photograph", *(heading for heading, _ in painters))
    return sheet(rows, headings=headings, names=[_words(source) for source in sources])


def _words(path: Path) -> str:
    return path.stem.replace("_", " ")


def _cell(path: Path, size: tuple[int, int]) -> Image.Image:
    with Image.open(path) as picture:
        upright = ImageOps.exif_transpose(picture).convert("RGB")
    return ImageOps.fit(upright, size, Image.Resampling.LANCZOS)


def _options(arguments: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(description="Paint photographs in many looks into one picture.")
    parser.add_argument("--photos", type=Path, metavar="FOLDER", help="paint these photographs")
    parser.add_argument("--looks", nargs="*", metavar="NAME", help="only these looks")
    parser.add_argument("--styles", nargs="*", type=Path, default=[], metavar="PICTURE",
                        help="add a column in the style of each picture")  # fmt: skip
    parser.add_argument("--width", type=int, metavar="PIXELS", help="of a cell")
    parser.add_argument("-o", "--output", type=Path, default=HERE / "figures" / "sheet.jpg",
                        metavar="FILE", help="the sheet (default: figures/sheet.jpg)")  # fmt: skip
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Paint the sheet that the arguments ask for."""
    options = _options(arguments)
    looks = shipped_looks() if options.looks is None else options.looks
    painters = columns(looks, options.styles)
    page = render(photographs(options.photos), painters, width=options.width)
    page.save(options.output, quality=84)


if __name__ == "__main__":
    main()
