"""`stylize measure`: how steady a painted film is."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import interruption
from .file_names import FileName
from .progress import reporting
from .tables import show_json, show_section, show_table
from .times import TIME

if TYPE_CHECKING:
    from stylize.pipeline import Findings
    from stylize.pipeline.measuring.findings import GapFindings

STDOUT = Path("-")


@click.command()
@click.argument("source", type=FileName(), metavar="SOURCE")
@click.argument("output", type=FileName(), metavar="OUTPUT")
@click.option(
    "--against",
    type=FileName(),
    metavar="FILM",
    help="The same, painted frame by frame: what smoothing must stay like.",
)
@click.option(
    "--style",
    type=FileName(),
    metavar="PICTURE",
    help="Measure style and content too: what it was painted like.",
)
@click.option("--start", type=TIME, help="Begin here: seconds, or 1:02:03.5.")
@click.option("--end", type=TIME, help="End before here.")
@click.option("--frames", type=int, metavar="N", help="At most this many frames.")
@click.option(
    "--plot",
    type=FileName(),
    metavar="FILE.png",
    help="Draw error over time and the worst places.",
)
@click.option(
    "--json",
    "as_json",
    type=FileName(allow_dash=True),
    metavar="FILE",
    help="Write all figures as JSON; - prints them in place of the table.",
)
@click.option("--overwrite", is_flag=True, help="Replace files that are there already.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
def measure(
    source: Path,
    output: Path,
    against: Path | None,
    style: Path | None,
    start: Fraction | None,
    end: Fraction | None,
    frames: int | None,
    plot: Path | None,
    as_json: Path | None,
    *,
    overwrite: bool,
    quiet: bool,
) -> None:
    """Measure how steady OUTPUT is, which was painted from the film SOURCE.

    OUTPUT is a film or a folder of its frames; give --start, --end and --frames as they were given
    to `stylize video`. An excess of 1 means that it holds still as well as the source does.
    """
    from stylize.pipeline import Span, measure_film
    from stylize.pipeline.targets import refuse_taken

    interruption.clean_up_first()
    to = None if as_json == STDOUT else as_json
    if to is not None:
        if plot is not None and to.absolute() == plot.absolute():
            raise click.UsageError(f"--json and --plot name one file: {to}")
        used = [path for path in (output, against, style) if path is not None]
        refuse_taken(to, source, used=used, overwrite=overwrite)
    with reporting(quiet=quiet, as_json_lines=False) as report:
        found = measure_film(
            source,
            output,
            against=against,
            style=style,
            span=Span(start, end, frames),
            plot=plot,
            overwrite=overwrite,
            report=report,
        )
    if as_json == STDOUT:
        show_json(found.as_json())
        return
    _show(found)
    if to is not None:
        _write(found, to)


def _write(found: Findings, target: Path) -> None:
    from stylize.pipeline.partial import partial, write_bytes

    with partial(target) as place:
        write_bytes(place, f"{json.dumps(found.as_json(), indent=2)}\n".encode(), target)


def _show(found: Findings) -> None:
    names = [path.name for path in found.films]
    if len(set(names)) < len(names):
        names = [str(path) for path in found.films]
    width, height = found.size
    shots = f", {found.shots} shots" if found.shots > 1 else ""
    click.echo(f"{found.frames} frames of {width}×{height}{shots}; flow: {found.flow}\n")
    titles = ("gap", "film", "pairs", "visible", "error ×10⁴", "gradient ×10⁴", "kept", "excess")
    show_table(titles, [row for gap in found.gaps for row in _rows(gap, names)])
    if found.fidelity is not None:
        lpips = found.fidelity.lpips
        over = _over(found.fidelity.frames)
        shown = found.fidelity.missing if lpips is None else f"{lpips:.3f}  ({over})"
        kept = _share(found.gaps[0].kept(1, of=2))
        facts = {"LPIPS": shown, "gradient kept": kept}
        show_section(facts, title=f"{names[1]} beside {names[2]}")
    if found.style is not None:
        rows = [
            (name, f"{one.style:.3f}", f"{one.gram:.3f}", f"{one.content:.3f}")
            for name, one in zip(names, found.style.losses, strict=True)
        ]
        click.echo(f"\nlike {found.style.picture.name} ({_over(found.style.frames)})")
        show_table(("film", "style", "Gram", "content"), rows)


def _rows(gap: GapFindings, names: list[str]) -> list[tuple[str, ...]]:
    return [
        (
            str(gap.gap),
            name,
            str(len(gap.pairs)),
            f"{mean.visible:.0%}",
            _figure(mean.error * 1e4),
            _figure(mean.gradient * 1e4),
            _share(gap.kept(film)),
            _figure(gap.excess(film)) if film else "",
        )
        for film, (name, mean) in enumerate(zip(names, gap.means, strict=True))
    ]


def _over(frames: int) -> str:
    return f"mean of {frames} frames" if frames != 1 else "one frame"


def _figure(value: float) -> str:
    """Three figures; large numbers whole."""
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def _share(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.0%}"
