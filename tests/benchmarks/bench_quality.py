"""Measures how well networks paint: style, Gram and content loss over photographs never trained on.

    python tests/benchmarks/bench_quality.py --style STYLE.jpg … PHOTOGRAPHS NETWORK.safetensors …

`stylize.models.quality` says what is measured. It prints the means over the photographs, for each
style of the photographs themselves and of each network, and each network's mean over the styles. A
network for one style paints as it does whatever the style it is measured against. Asserts nothing.
"""

from __future__ import annotations

from pathlib import Path

import click
import torch
from painters import Painter, painter
from torch import Tensor

from stylize.models.extractor import load_vgg
from stylize.models.quality import SIDE, Meter
from stylize.models.read_picture import read_picture

THEMSELVES = "the photographs"

_FILES = click.Path(path_type=Path, exists=True)


def _row(name: str, losses: Tensor) -> None:
    click.echo("  style {:.3f}  Gram {:.3f}  content {:.3f}  ".format(*losses.tolist()) + name)


@click.command()
@click.argument("photographs", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("networks", nargs=-1, type=_FILES)
@click.option("--style", "styles", multiple=True, required=True, type=_FILES)
@click.option("--vgg", type=_FILES)
@click.option("--threads", type=int, help="Of torch.")
@torch.inference_mode()
def main(
    photographs: Path,
    networks: tuple[Path, ...],
    styles: tuple[Path, ...],
    vgg: Path | None,
    threads: int | None,
) -> None:
    """Print style, Gram and content loss of NETWORKS for each style over PHOTOGRAPHS."""
    if threads:
        torch.set_num_threads(threads)
    meter = Meter(load_vgg(given=vgg))
    pictures = [read_picture(path, shorter=SIDE) for path in sorted(photographs.glob("*.jpg"))]
    contents = [meter.see(picture) for picture in pictures]
    totals: dict[str, list[Tensor]] = {}
    for path in styles:
        click.echo(path.stem)
        picture = read_picture(path, shorter=SIDE)
        style = meter.see(picture)
        paints: dict[str, Painter] = {THEMSELVES: lambda picture: picture}
        paints |= {str(network): painter(network, style=picture) for network in networks}
        for name, paint in paints.items():
            rows = [
                meter.losses(meter.see(paint(picture)), content, style)
                for picture, content in zip(pictures, contents, strict=True)
            ]
            totals.setdefault(name, []).append(torch.stack(rows).mean(0))
            _row(name, totals[name][-1])
    if len(styles) > 1:
        click.echo(f"mean of the {len(styles)}")
        for name, means in totals.items():
            _row(name, torch.stack(means).mean(0))


if __name__ == "__main__":
    main()
