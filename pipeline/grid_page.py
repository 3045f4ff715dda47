"""A grid as an HTML page: plain and self-contained, with small pictures that lead to large ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

MARK = '<meta name="generator" content="stylize grid">'
"""By this an index is known as ours."""

_STYLE = """
body { margin: 1rem; font: 16px/1.4 system-ui, sans-serif; color: #333; background: #fff }
table { border-spacing: 6px }
th { font-weight: 500; overflow-wrap: anywhere }
thead th { position: sticky; top: 0; z-index: 1; background: #fffc; padding: 4px }
tbody th { text-align: right; max-width: 12rem; padding-right: 6px }
td { text-align: center; vertical-align: middle }
td.failed { background: #e8e8e8 }
img { display: block; margin: auto; height: auto }
@media (prefers-color-scheme: dark) {
  body { color: #ddd; background: #161616 }
  thead th { background: #161616cc }
  td.failed { background: #2c2c2c }
}
"""


@dataclass(frozen=True, slots=True)
class Tile:
    """A picture on the page.

    Attributes:
        picture: its file, as seen from the page.
        thumbnail: that of its small form, likewise.
        size: width and height of the small form in pixels.
    """

    picture: str
    thumbnail: str
    size: tuple[int, int]


def grid_page(
    *,
    title: str,
    headings: Sequence[str],
    styles: Sequence[Tile | None],
    rows: Sequence[tuple[str, Sequence[Tile | None]]],
) -> bytes:
    """Write the page.

    Args:
        title: of the page.
        headings: one for each column.
        styles: the picture that each column paints like, None where there is none to show; empty:
            no column has one.
        rows: name and pictures of each row, None for one that failed.

    Returns:
        The page in UTF-8.
    """
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        MARK,
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title>",
        f"<style>{_STYLE}</style>",
        "</head>",
        "<body>",
        "<table>",
        "<thead>",
        "<tr><th></th>" + "".join(f'<th scope="col">{escape(h)}</th>' for h in headings) + "</tr>",
        "</thead>",
        "<tbody>",
    ]
    if styles:
        cells = [_cell(tile, f"style of {h}", "") for tile, h in zip(styles, headings, strict=True)]
        lines.append(_row("style", cells))
    for name, tiles in rows:
        cells = [
            _cell(tile, f"{name}: {heading}", "failed")
            for tile, heading in zip(tiles, headings, strict=True)
        ]
        lines.append(_row(name, cells))
    lines += ["</tbody>", "</table>", "</body>", "</html>", ""]
    return "\n".join(lines).encode(errors="replace")


def _row(name: str, cells: Sequence[str]) -> str:
    return f'<tr><th scope="row">{escape(name)}</th>{"".join(cells)}</tr>'


def _cell(tile: Tile | None, words: str, otherwise: str) -> str:
    """A picture that leads to its large form, or the word for what is not there."""
    if tile is None:
        return f'<td class="{otherwise}">{otherwise}</td>' if otherwise else "<td></td>"
    width, height = tile.size
    return (
        f'<td><a href="{quote(tile.picture)}"><img src="{quote(tile.thumbnail)}" '
        f'width="{width}" height="{height}" loading="lazy" alt="{escape(words)}"></a></td>'
    )
