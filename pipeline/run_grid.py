"""The run for grids: paint pictures in many ways, and lay them out in rows and columns to compare.

One picture with labels, or a folder with every painting and a page that shows them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Unpack

from stylize.models.methods import MethodName

from .choose import choose
from .errors import SettingsError, StylizeError, TargetError, reason
from .events import Finished, Outbox, Report, Skipped, Started, ignore
from .grid import distinct_names, make_columns
from .grid_files import (
    INDEX,
    PICTURES,
    THUMBNAILS,
    Paths,
    as_paths,
    find_contents,
    grid_is_due,
    is_folder,
)
from .grid_page import Tile, grid_page
from .partial import partial, write_bytes
from .picture.picture_formats import picture_format
from .picture.pictures import Kept
from .picture.sheet import Cell, as_picture, empty, page_size, sheet
from .picture.write_image import encode_image
from .run_attended import attended
from .run_cells import ORIGINAL, STYLES, Cells, Made
from .settings import SettingsOptions, shown
from .targets import Existing

WIDTHS = range(16, 4097)
"""Of a cell, in pixels."""
SHEET_PIXELS = 64_000_000
"""In one picture at most: to encode that takes 1.7 GB."""


def stylize_grid(
    contents: Paths,
    target: str | Path,
    *,
    styles: Paths = (),
    presets: Paths = (),
    methods: Sequence[MethodName] = (),
    models: Paths = (),
    strengths: Sequence[float] = (),
    method_options: Mapping[str, object] | Sequence[Mapping[str, object]] = (),
    width: int = 320,
    existing: Existing = "refuse",
    metadata: bool = True,
    report: Report = ignore,
    **options: Unpack[SettingsOptions],
) -> Finished:
    """Paint pictures in many ways, to compare them: a row for each picture, a column for each way.

    Columns are the product of what is given more than once: styles, each painted by each of the
    methods and models, then presets; and all of them in each strength. The first column shows the
    originals. A cell that cannot be painted is reported and stays empty, and the rest goes on.

    Args:
        contents: pictures, and folders of pictures.
        target: a picture (`.jpg`, `.png` …) of all, each shrunk to a cell; or, without an extension
            of pictures, a folder with each painting in full size and a page that shows them.
        styles: pictures to paint like.
        presets: names or TOML files.
        methods: how to paint like the styles; none: as the models do, or else as `micro` does.
        models: files of networks that paint like the styles; without styles, of networks that have
            learnt one.
        strengths: shares of the painting in the result; none: what `options` or the presets say.
        method_options: for those of the methods that have options of their own; several sets of
            them are compared.
        width: of a cell, in pixels.
        existing: what to do if the target is there.
        metadata: whether to store in the pictures the settings that made them.
        report: called with each event, from the caller's thread.
        **options: fields of `Settings`; they beat the presets'.

    Returns:
        What was done: how many cells were painted and how many failed; `skipped` is 1 if the target
        was there and was left.

    Raises:
        StylizeError: a content or a style is missing, an option is wrong, the target cannot be
            written, or no cell at all can be painted; nothing half-written is left.
    """
    began = monotonic()
    target, outbox = Path(target), Outbox(report)
    _check_width(width)
    columns = make_columns(
        styles=as_paths(styles),
        presets=as_paths(presets),
        methods=methods,
        models=as_paths(models),
        strengths=strengths,
        method_options=[method_options] if isinstance(method_options, Mapping) else method_options,
        settings=options,
    )
    ways = [(column.label, choose(**column.options)) for column in columns]
    as_folder = is_folder(target)
    rows = find_contents(as_paths(contents), skip=target, notify=outbox.notify)
    used = [path for _, choice in ways for path in choice.files]
    if not grid_is_due(target, [*rows, *used], existing, as_folder=as_folder):
        report(Skipped(rows[0], f"{target} is there already"))
        return Finished(target, "pictures", 0, 1, 0, 0.0)
    count = len(rows) * len(ways)
    look = f"{len(rows)} × {len(ways)} pictures"
    report(Started(as_paths(contents)[0], target, look, "pictures", count))
    cells = Cells(rows, ways, width=width, full=as_folder, metadata=metadata, outbox=outbox)
    names, labels = distinct_names(rows), [ORIGINAL, *(column.label for column in columns)]
    try:
        with partial(target) as place:
            output: _Folder | _Sheet = (_Folder if as_folder else _Sheet)(
                place, target, names=names, labels=labels
            )
            _fill(output, cells, outbox)
            if not outbox.counted("written"):
                raise StylizeError(f"{target}: not written, as nothing could be painted")
            store: dict[str, object] | None = {"grid": cells.made_by} if metadata else None
            output.write(attended(lambda: output.finished(store), outbox))
    finally:
        outbox.deliver_events()
    painted = outbox.counted("written")
    return Finished(target, "pictures", painted, 0, count - painted, monotonic() - began)


def _fill(output: _Folder | _Sheet, cells: Cells, outbox: Outbox) -> None:
    for made in cells.styles():
        output.keep(made)
    for made in outbox.count("read", cells.originals()):
        output.keep(made)
        outbox.deliver()
    for made in outbox.count("written", outbox.count("painted", cells.painted())):
        output.keep(made)
        outbox.deliver()


class _Sheet:
    """All cells on one picture.

    Args:
        place: where to write it.
        target: where it will be.
        names: of the rows.
        labels: of the columns.
    """

    def __init__(
        self, place: Path, target: Path, *, names: Sequence[str], labels: Sequence[str]
    ) -> None:
        self._place = place
        self._target = target
        self._names = names
        self._labels = labels
        self._cells: dict[tuple[int, int], Cell] = {}

    def keep(self, made: Made) -> None:
        """Take a cell.

        Raises:
            TargetError: the sheet becomes too large.
        """
        self._cells[made.row, made.column] = made.cell
        if made.column == 0 or made.row == STYLES:
            self._check_size()

    def finished(self, store: dict[str, object] | None) -> bytes:
        """Lay the cells out and encode the sheet, with what is to be stored in it."""
        columns = range(len(self._labels))
        rows: list[list[Cell | None]] = []
        names = list(self._names)
        if any(row == STYLES for row, _ in self._cells):
            rows.append([self._cells.get((STYLES, column)) for column in columns])
            names.insert(0, "style")
        for row in range(len(self._names)):
            failed = empty(self._size(row), "failed")
            rows.append([self._cells.get((row, column), failed) for column in columns])
        page = as_picture(sheet(rows, headings=self._labels, names=names))
        return encode_image(page, self._target, alpha=None, kept=Kept(), metadata=store)

    def write(self, encoded: bytes) -> None:
        """Write the sheet."""
        write_bytes(self._place, encoded, self._target)

    def _size(self, row: int) -> tuple[int, int]:
        """Of the cells in a row: of the original, or if it could not be read, of another one."""
        originals = (cell for (_, column), cell in self._cells.items() if column == 0)
        return (self._cells.get((row, 0)) or next(originals)).size

    def _check_size(self) -> None:
        rows = [(row, cell.height) for (row, column), cell in self._cells.items() if column == 0]
        heights = [height for row, height in rows if row != STYLES]
        styles = [cell.height for (row, _), cell in self._cells.items() if row == STYLES]
        if styles:
            heights.append(max(styles))
        widths = [max(cell.width for cell in self._cells.values())] * len(self._labels)
        width, height = page_size(widths, heights or [1], self._labels, self._names)
        if max(width, height) > picture_format(self._target).longest_side or (
            width * height > SHEET_PIXELS
        ):
            raise TargetError(
                f"{self._target}: the grid becomes too large for one picture ({width}×{height} and "
                "more); make cells smaller by --width, or name a folder"
            )


class _Folder:
    """Each picture in full size, small pictures of all, and a page that shows them.

    Args:
        place: where to write it.
        target: where it will be.
        names: of the rows.
        labels: of the columns.
    """

    def __init__(
        self, place: Path, target: Path, *, names: Sequence[str], labels: Sequence[str]
    ) -> None:
        self._place = place
        self._target = target
        self._names = names
        self._labels = labels
        self._tiles: dict[tuple[int, int], Tile] = {}
        try:
            for folder in (place / PICTURES, place / THUMBNAILS):
                folder.mkdir(parents=True)
        except OSError as error:
            raise TargetError(f"{target}: cannot be written ({reason(error)})") from error

    def keep(self, made: Made) -> None:
        """Write a picture, large and small.

        Raises:
            TargetError: it cannot be written.
        """
        picture = f"{PICTURES}/{made.file}"
        thumbnail = f"{THUMBNAILS}/{Path(made.file).stem}.jpg"
        small = encode_image(as_picture(made.cell), Path(thumbnail), alpha=None, kept=Kept())
        write_bytes(self._place / picture, made.encoded, self._target)
        write_bytes(self._place / thumbnail, small, self._target)
        self._tiles[made.row, made.column] = Tile(picture, thumbnail, made.cell.size)

    def finished(self, _: dict[str, object] | None) -> bytes:
        """The page; the settings are stored in the pictures."""
        columns = range(len(self._labels))
        styles = [self._tiles.get((STYLES, column)) for column in columns]
        return grid_page(
            title=self._target.name,
            headings=self._labels,
            styles=styles if any(styles) else [],
            rows=[
                (name, [self._tiles.get((row, column)) for column in columns])
                for row, name in enumerate(self._names)
            ],
        )

    def write(self, page: bytes) -> None:
        """Write the page."""
        write_bytes(self._place / INDEX, page, self._target)


def _check_width(width: object) -> None:
    if isinstance(width, bool) or not isinstance(width, int) or width not in WIDTHS:
        raise SettingsError(
            f"width must be a whole number from {WIDTHS[0]} to {WIDTHS[-1]} (got {shown(width)})"
        )
