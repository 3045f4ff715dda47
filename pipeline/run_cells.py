"""Part of the run for grids: make the picture of each cell, and tell of those that fail."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .batch import scatter
from .choose import Choice
from .errors import SettingsError, StylizeError
from .events import Failed, Outbox
from .fit_style import on_white
from .grid import distinct_names
from .picture.read_image import read_image
from .picture.sheet import Cell, as_cell
from .picture.write_image import encode_image
from .prepare import Painter, prepare
from .resize import resize
from .run_attended import attended
from .targets import printable
from .values import Batch

ORIGINAL = "original"
STYLES = -1
"""The row of the style pictures, above that of the first content."""
TALLEST, TALLEST_STYLE = 2.0, 1.0
"""Heights of a cell per width: what is narrower becomes smaller."""
_NAME = 28
"""Characters of each part of the name of a file, which may have 255 bytes."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a cell shows.

    Attributes:
        row: which content; `STYLES` for a style picture.
        column: which way to paint it; 0 for the content itself.
        cell: the picture, as large as a cell.
        file: a name for it, of its own in the grid.
        encoded: the picture in full size; empty unless asked for.
    """

    row: int
    column: int
    cell: Cell
    file: str
    encoded: bytes


class Cells:
    """Makes the cells of a grid, column after column, each in a thread that is not the caller's.

    Args:
        contents: what to paint.
        ways: the choices to paint it by, each with its label.
        width: of a cell in pixels.
        full: whether each picture is wanted in full size too.
        metadata: whether those pictures keep the settings that made them.
        outbox: told what goes on, and what failed.

    Attributes:
        made_by: what made each column so far, for metadata.
    """

    def __init__(
        self,
        contents: Sequence[Path],
        ways: Sequence[tuple[str, Choice]],
        *,
        width: int,
        full: bool,
        metadata: bool,
        outbox: Outbox,
    ) -> None:
        self.made_by: list[dict[str, object]] = []
        self._contents = contents
        self._names = distinct_names(contents)
        self._ways = ways
        self._width = width
        self._full = full
        self._metadata = metadata
        self._outbox = outbox
        self._unreadable: set[int] = set()

    def styles(self) -> Iterator[Made]:
        """Show the picture that a column paints like, if it is one alone.

        Raises:
            SourceError: a style cannot be read, be it one of several.
        """
        for column, (_, choice) in enumerate(self._ways, 1):
            for style in choice.styles:
                made = self._made(style.path, STYLES, column)
                if isinstance(made, Exception):
                    raise made
                if len(choice.styles) == 1:
                    yield made

    def originals(self) -> Iterator[Made]:
        """Show the contents themselves; one that cannot be read is not painted."""
        for row, content in enumerate(self._contents):
            made = self._made(content, row, 0)
            if isinstance(made, Exception):
                self._unreadable.add(row)
                self._fail(content, _said(made))
            else:
                yield made

    def painted(self) -> Iterator[Made]:
        """Paint what could be read of the contents.

        Raises:
            SettingsError: this machine, or a network, does not do what was asked for.
        """
        for column, (label, choice) in enumerate(self._ways, 1):
            painter = self._prepared(label, choice)
            for row, content in enumerate(self._contents):
                if painter is None or row in self._unreadable:
                    continue
                made = self._made(content, row, column, painter)
                if isinstance(made, Exception):
                    self._fail(content, f"{content}, {label}: {_said(made)}")
                else:
                    yield made

    def _prepared(self, label: str, choice: Choice) -> Painter | None:
        try:
            painter = attended(
                lambda: prepare(choice, film=False, download=self._outbox.download), self._outbox
            )
        except SettingsError:
            raise
        except StylizeError as error:
            self._fail(choice.weights or Path(choice.name), f"{label}: {error}")
            return None
        self.made_by.append({"column": printable(label), **painter.provenance()})
        return painter

    def _made(
        self, path: Path, row: int, column: int, painter: Painter | None = None
    ) -> Made | Exception:
        """Make a cell, or give back why not: what a report raises is another matter, and passes."""

        def work() -> Made | Exception:
            try:
                return self._make(path, row, column, painter)
            except Exception as error:  # noqa: BLE001 (one bad cell must not end the others)
                return error

        return attended(work, self._outbox)

    def _make(self, path: Path, row: int, column: int, painter: Painter | None) -> Made:
        notify = self._outbox.notify if painter is None else _unheard  # once is enough
        picture = read_image(path, animated="first frame", notify=notify)
        frame = picture.frame
        if painter is not None:
            batch = Batch(frame.picture[None], (frame,))
            (frame,) = scatter(painter.paint([batch], on_step=self._outbox.step))
        seen = on_white(frame)
        tallest = TALLEST_STYLE if row == STYLES else TALLEST
        size = _cell_size(seen.shape[-2], seen.shape[-1], self._width, tallest)
        cell = as_cell(resize(seen[None], size)[0])
        file = f"{self._file_name(row, column)}{'.jpg' if frame.alpha is None else '.png'}"
        if not self._full:
            return Made(row, column, cell, file, b"")
        store = painter.provenance() if painter is not None and self._metadata else None
        quality = painter.choice.settings.quality if painter is not None else None
        encoded = encode_image(
            frame.picture,
            Path(file),
            alpha=frame.alpha,
            kept=picture.kept,
            quality=quality,
            metadata=store,
        )
        return Made(row, column, cell, file, encoded)

    def _file_name(self, row: int, column: int) -> str:
        name = "style" if row == STYLES else self._names[row]
        label = ORIGINAL if column == 0 else self._ways[column - 1][0]
        words = (re.sub(r"[^\w.-]+", "-", word)[:_NAME].strip("-.") for word in (name, label))
        return f"{row + 1:03}-{column:02}-{'-'.join(word for word in words if word)}"

    def _fail(self, source: Path, reason: str) -> None:
        self._outbox.post(Failed(source, reason))


def _cell_size(height: int, width: int, wanted: int, tallest: float) -> tuple[int, int]:
    """Height and width in a cell, in its full width where that is not too tall."""
    scale = min(wanted / width, tallest * wanted / height)
    return max(1, round(height * scale)), max(1, round(width * scale))


def _said(error: Exception) -> str:
    if isinstance(error, StylizeError):
        return str(error)
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def _unheard(_: str) -> None:
    """Tell nobody."""
