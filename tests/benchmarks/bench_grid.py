"""Measures what networks add of their own: a grid, a stamped motif, a band along the border.

    python tests/benchmarks/bench_grid.py --style STYLE.jpg [--classic JOHNSON] NETWORKS …

**Grid.** Painted are 512×512 of flat grey, of a smooth gradient, of a synthetic plain sky, of a
vignette, and of grey with noise of a deviation of 0.02 (four times), and whole photographs;
measured is the middle 384×384, and of each photograph the calmest 256×256 there is. For the periods
2, 4 and 8 pixels: the power of the strongest line of that grid over its spectral neighbourhood, and
in brackets the RMS of all its lines together in 255ths (see `repetition.py`). Judge by both: on
flat grey a network that works at 1/8 of the size must paint something that repeats every 8 pixels,
so its ratio is large however calm it is, and its depth must be next to nothing. `RMS` is that of
all that was painted there.

**Motif.** The highest peak of the autocorrelation of what is painted on the noisy grey, more
than 4 pixels away from its middle, beside the same of the style picture.

**Border.** Mean absolute difference, in 255ths, between a picture painted and the same place of a
larger picture painted (64 pixels more on every side): of the outermost 8 pixels, and of a band of
8 pixels that begins 64 pixels further in, which differs only because the norms see another
picture. Means over the photographs, which are those of `samples` unless `--photographs` names a
folder. Asserts nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click
import torch
from painters import PRECISIONS, YARDSTICK, Painter, painter
from repetition import grid, spectrum, strongest_repeat
from torch import Tensor
from torch.nn.functional import avg_pool2d

from stylize.models.read_picture import read_picture

SIDE, MIDDLE, CALM_SIDE = 512, 384, 256
PERIODS = (2, 4, 8)
NOISY_GREY = "noisy grey"
NOISE, NOISY = 0.02, 4
BAND, MORE = 8, 64
SAMPLES = Path(__file__).parents[2] / "samples/photos"
ZENITH, HORIZON = (0.30, 0.50, 0.80), (0.80, 0.87, 0.93)


def _flat() -> Tensor:
    return torch.full((3, SIDE, SIDE), 0.5)


def _gradient() -> Tensor:
    """Brighter to the lower right, at a slope that is on no axis, and warmer to the right."""
    line = torch.linspace(0, 1, SIDE)
    warmth = torch.tensor([0.1, 0.0, -0.1])[:, None, None] * line
    return 0.2 + 0.2 * line + 0.4 * line[:, None] + warmth + 0.05


def _sky() -> Tensor:
    """Blue above, pale below, brighter towards a sun out of the frame."""
    line = torch.linspace(0, 1, SIDE)
    zenith, horizon = (torch.tensor(colour)[:, None, None] for colour in (ZENITH, HORIZON))
    share = line[:, None].square().expand(SIDE, SIDE)
    glow = torch.exp(-((line - 1.2) ** 2 + (line[:, None] - 0.8) ** 2) * 2)
    return (zenith + (horizon - zenith) * share + 0.1 * glow).clamp(0, 1)


def _vignette() -> Tensor:
    """White paper under a lens that is dark towards the corners, in the steps of a file."""
    line = torch.linspace(-1, 1, SIDE)
    light = 0.8 - 0.24 * (line.square() + line[:, None].square())
    return ((light * 255).round() / 255).expand(3, SIDE, SIDE)


def _noisy_grey(seed: int) -> Tensor:
    noise = torch.randn(3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))
    return 0.5 + NOISE * noise


def _middle(picture: Tensor) -> Tensor:
    edge = (SIDE - MIDDLE) // 2
    return picture[:, edge:-edge, edge:-edge]


def _calmest(picture: Tensor) -> tuple[slice, slice]:
    """Rows and columns of the square in which a photograph changes least."""
    changes = picture.diff(dim=1)[:, :, 1:].square() + picture.diff(dim=2)[:, 1:].square()
    means = avg_pool2d(changes.sum(0)[None], CALM_SIDE - 1, 8)[0]
    row, column = divmod(int(means.argmin()), means.shape[1])
    return slice(8 * row, 8 * row + CALM_SIDE), slice(8 * column, 8 * column + CALM_SIDE)


def _grids(paint: Painter, photographs: Iterable[Tensor]) -> dict[str, list[Tensor]]:
    """What is to be calm, by the name of what was painted."""
    made = {
        "flat grey": _flat(),
        "gradient": _gradient(),
        "sky": _sky(),
        "vignette": _vignette(),
    }
    parts = {name: [_middle(paint(picture))] for name, picture in made.items()}
    parts[NOISY_GREY] = [_middle(paint(_noisy_grey(seed))) for seed in range(NOISY)]
    parts["photographs"] = [paint(p)[(slice(None), *_calmest(p))] for p in photographs]
    return parts


def _rms(picture: Tensor) -> float:
    return ((picture - picture.mean((1, 2), keepdim=True)).square().mean().sqrt() * 255).item()


def _border(paint: Painter, photograph: Tensor) -> tuple[float, float]:
    """Difference from a larger picture along the border, and further in."""
    larger = paint(photograph)[:, MORE:-MORE, MORE:-MORE]
    smaller = paint(photograph[:, MORE:-MORE, MORE:-MORE].contiguous())
    difference = (larger - smaller).abs().mean(0) * 255
    outer, inner = _ring(difference, 0), _ring(difference, MORE)
    return outer.mean().item(), inner.mean().item()


def _ring(values: Tensor, depth: int) -> Tensor:
    """What lies in a band along the border, that many pixels in."""
    height, width = values.shape
    row, column = torch.arange(height)[:, None], torch.arange(width)
    inwards = torch.minimum(
        torch.minimum(row, height - 1 - row), torch.minimum(column, width - 1 - column)
    )
    return values[(inwards >= depth) & (inwards < depth + BAND)]


def _report(name: str, paint: Painter, photographs: list[Tensor]) -> None:
    click.echo(f"\n{name}")
    grids = _grids(paint, photographs)
    for on, parts in grids.items():
        power = torch.stack([spectrum(part) for part in parts]).mean(0)
        lines = [grid(power, period) for period in PERIODS]
        cells = "  ".join(f"{line.ratio:10.4g} ({line.levels:5.2f})" for line in lines)
        click.echo(f"  {on:12}{cells}  {sum(map(_rms, parts)) / len(parts):8.2f}")
    click.echo("  motif   {:.3f} at {:.1f} px".format(*strongest_repeat(grids[NOISY_GREY])))
    bands = torch.tensor([_border(paint, photograph) for photograph in photographs]).mean(0)
    click.echo("  border  {:.1f} along it, {:.1f} further in".format(*bands.tolist()))


@click.command()
@click.argument("networks", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--style", required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--style-side", default=512, show_default=True, help="Pixels of its shorter side.")
@click.option(
    "--classic",
    type=click.Path(path_type=Path, exists=True),
    default=YARDSTICK,
    help="The yardstick.",
)
@click.option("--photographs", type=click.Path(path_type=Path, file_okay=False), default=SAMPLES)
@click.option("--precision", default="float32", show_default=True, type=click.Choice(PRECISIONS))
@click.option("--threads", default=2, show_default=True)
@torch.inference_mode()
def main(
    networks: tuple[Path, ...],
    style: Path,
    style_side: int,
    classic: Path,
    photographs: Path,
    precision: str,
    threads: int,
) -> None:
    """Print grid, motif and border of NETWORKS, of the classic one and of no network at all."""
    torch.set_num_threads(threads)
    target = read_picture(style, shorter=style_side)
    pictures = [read_picture(path, shorter=SIDE) for path in sorted(photographs.glob("*.jpg"))]
    click.echo(
        f"  {'painted on':12}" + "".join(f"{f'{p} px':>10} (RMS)   " for p in PERIODS) + " RMS"
    )
    painters: dict[str, Painter] = {"nothing: the pictures themselves": lambda picture: picture}
    painters[f"classic: {classic.name}"] = painter(classic, style=target, precision=precision)
    for path in networks:
        painters[str(path)] = painter(path, style=target, precision=precision)
    for name, paint in painters.items():
        _report(name, paint, pictures)
    motif = "{:.3f} at {:.1f} px".format(*strongest_repeat([target]))
    click.echo(f"\nthe style picture {style}, RMS {_rms(target):.2f}\n  motif   {motif}")


if __name__ == "__main__":
    main()
