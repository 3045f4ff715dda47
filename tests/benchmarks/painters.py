"""What the benchmarks measure: networks out of their files, as functions of one picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
import torch
from torch import Tensor

from stylize.models import load_model
from stylize.models.any_style import Mixture
from stylize.models.extractor import load_vgg
from stylize.models.network import ready

Painter = Callable[[Tensor], Tensor]
"""(3, H, W) RGB in [0, 1] to the same, painted."""

YARDSTICK = Path(__file__).with_name("wave_johnson.safetensors")
"""The classic network of the painting of `wave`, trained as long as that; it does not ship."""
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def painter(path: Path, *, style: Tensor | None = None, precision: str = "float32") -> Painter:
    """Load a network, run eagerly; one for any style paints in that of `style`, (3, H, W)."""
    network = load_model(path).network
    if hasattr(network, "with_styles"):
        if style is None:
            raise click.UsageError(f"{path} paints in any style: name one by --style")
        vgg = None if network.reaches is None else load_vgg()
        network = network.with_styles(Mixture((style,)), vgg=vgg)
    dtype = PRECISIONS[precision]
    network = ready(network.eval(), torch.device("cpu"), dtype)
    return lambda picture: network(picture[None].to(dtype))[0].float().clamp(0, 1)
