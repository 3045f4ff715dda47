"""Measures how well networks paint: style, Gram and content loss over photographs never trained on.

    python tests/benchmarks/bench_quality.py --style STYLE.jpg … PHOTOGRAPHS NETWORK.safetensors …

The Gatys-normalised VGG-19; content, style and output each with a shorter side of 512 pixels.
Style is the sum over relu1_1, 2_1, 3_1, 4_1 of MSE(mean) + MSE(deviation) over channels; Gram the
sum over the same layers of MSE(FFᵀ / (C·H·W)) × 10⁴; content the MSE at relu4_1. It prints the
means over the photographs, for each style of the photographs themselves and of each network, and
each network's mean over the styles. A network for one style paints as it does whatever the style
it is measured against. Asserts nothing.
"""

from __future__ import annotations

from pathlib import Path

import click
import torch
from painters import Painter, painter
from torch import Tensor

from stylize.models.losses import (
    CONTENT_LAYER,
    STYLE_LAYERS,
    StyleTarget,
    content_loss,
    gram_loss,
    moments_loss,
    statistics,
    style_target,
)
from stylize.models.read_picture import read_picture
from stylize.models.vgg import VGG19_NORMALISED, Vgg
from stylize.models.weights import VGG19, find_weights

SIDE = 512
GRAM_SCALE = 1e4
THEMSELVES = "the photographs"

_FILES = click.Path(path_type=Path, exists=True)


def _losses(vgg: Vgg, painted: Tensor, content: dict[str, Tensor], target: StyleTarget) -> Tensor:
    """Style, Gram and content loss of a painting, (1, 3, H, W)."""
    found = vgg(painted, {*STYLE_LAYERS, CONTENT_LAYER})
    measured = {layer: statistics(found[layer]) for layer in STYLE_LAYERS}
    moments = sum(moments_loss(measured[layer], target[layer]).item() for layer in STYLE_LAYERS)
    gram = sum(gram_loss(measured[layer], target[layer]).item() for layer in STYLE_LAYERS)
    return torch.tensor([moments, gram * GRAM_SCALE, content_loss(found, content).item()])


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
    tensors = torch.load(find_weights(VGG19, given=vgg), weights_only=True)
    extractor = Vgg(VGG19_NORMALISED, tensors)
    pictures = [
        read_picture(path, shorter=SIDE)[None] for path in sorted(photographs.glob("*.jpg"))
    ]
    contents = [extractor(picture, [CONTENT_LAYER]) for picture in pictures]
    totals: dict[str, list[Tensor]] = {}
    for style in styles:
        click.echo(style.stem)
        picture = read_picture(style, shorter=SIDE)
        target = style_target(extractor(picture[None], STYLE_LAYERS))
        paints: dict[str, Painter] = {THEMSELVES: lambda picture: picture}
        paints |= {str(path): painter(path, style=picture) for path in networks}
        for name, paint in paints.items():
            rows = [
                _losses(extractor, paint(picture[0])[None], content, target)
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
