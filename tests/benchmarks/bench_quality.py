"""Measures how well looks paint: style, Gram and content loss over photographs never trained on.

    python tests/benchmarks/bench_quality.py STYLE.jpg PHOTOGRAPHS NETWORK.safetensors …

The Gatys-normalised VGG-19; content, style and output each with a shorter side of 512 pixels.
Style is the sum over relu1_1, 2_1, 3_1, 4_1 of MSE(mean) + MSE(deviation) over channels; Gram the
sum over the same layers of MSE(FFᵀ / (C·H·W)) × 10⁴; content the MSE at relu4_1. It prints the
means over the photographs, of the photographs themselves and of each network. Asserts nothing.
"""

from __future__ import annotations

from pathlib import Path

import click
import torch
from torch import Tensor

from stylize.models import load_model
from stylize.models.losses import (
    CONTENT_LAYER,
    STYLE_LAYERS,
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


def _losses(vgg: Vgg, painted: Tensor, photograph: Tensor, style: Tensor) -> list[float]:
    layers = {*STYLE_LAYERS, CONTENT_LAYER}
    found, wanted = vgg(painted[None], layers), vgg(photograph[None], layers)
    target = style_target(vgg(style[None], STYLE_LAYERS))
    measured = {layer: statistics(found[layer]) for layer in STYLE_LAYERS}
    moments = sum(moments_loss(measured[layer], target[layer]).item() for layer in STYLE_LAYERS)
    gram = sum(gram_loss(measured[layer], target[layer]).item() for layer in STYLE_LAYERS)
    return [moments, gram * GRAM_SCALE, content_loss(found, wanted).item()]


@click.command()
@click.argument("style", type=click.Path(path_type=Path, exists=True))
@click.argument("photographs", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("networks", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--vgg", type=click.Path(path_type=Path, exists=True))
@torch.inference_mode()
def main(style: Path, photographs: Path, networks: tuple[Path, ...], vgg: Path | None) -> None:
    """Print style, Gram and content loss of NETWORKS for the picture STYLE."""
    tensors = torch.load(find_weights(VGG19, given=vgg), weights_only=True)
    extractor = Vgg(VGG19_NORMALISED, tensors)
    target = read_picture(style, shorter=SIDE)
    pictures = [read_picture(path, shorter=SIDE) for path in sorted(photographs.glob("*.jpg"))]
    painters = {"the photographs": lambda picture: picture}
    for path in networks:
        network = load_model(path).network
        painters[str(path)] = lambda picture, network=network: network(picture[None])[0]
    for name, paint in painters.items():
        rows = [_losses(extractor, paint(p), p, target) for p in pictures]
        means = torch.tensor(rows).mean(0).tolist()
        click.echo("style {:.3f}  Gram {:.3f}  content {:.3f}  ".format(*means) + name)


if __name__ == "__main__":
    main()
