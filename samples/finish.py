"""The darkroom: from linear light to a picture with a filmic curve, bloom, vignette and grain."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional


def develop(
    light: Tensor, *, width: int, height: int, exposure: float = 1.0, grain: float = 0.007,
    bloom: float = 0.12, seed: int = 0,
) -> Image.Image:  # fmt: skip
    """Develop a picture.

    Args:
        light: (n * H * n * W, 3) linear light, for any whole oversampling n.
        width: W, of the picture.
        height: H, likewise.
        exposure: multiplies the light.
        grain: deviation of the grain, of the range from black to white.
        bloom: share of the bright light that spreads.
        seed: of the grain.
    """
    factor = round((len(light) / (width * height)) ** 0.5)
    planes = light.T.reshape(1, 3, height * factor, width * factor) * exposure
    planes = functional.avg_pool2d(_curve(planes), factor)
    glow = (planes - 0.72).clamp(min=0)
    planes = planes + bloom * 3 * _soften(glow, width / 90)
    grey = planes.mean(dim=1, keepdim=True)
    planes = grey + (planes - grey) * 1.18
    v = torch.linspace(-1, 1, height)[:, None]
    u = torch.linspace(-1, 1, width)[None, :]
    planes = planes * (1 - 0.2 * ((u**2 + v**2) / 2) ** 1.5)
    generator = torch.Generator().manual_seed(seed)
    specks = _soften(torch.randn(1, 1, height, width, generator=generator), 0.6)
    planes = (planes + grain * specks / specks.std()).clamp(0, 1)
    return Image.fromarray(np.rint(planes[0].permute(1, 2, 0).numpy() * 255).astype(np.uint8))


def _curve(light: Tensor) -> Tensor:
    """Narkowicz's fit of the ACES film curve (2015), then the display's gamma."""
    light = light.clamp(min=0) * 0.8
    film = light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14)
    return film.clamp(0, 1) ** (1 / 2.2)


def _soften(planes: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of (1, C, H, W)."""
    reach = max(1, round(3 * sigma))
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma) ** 2)
    kernel = (kernel / kernel.sum()).expand(planes.shape[1], 1, 1, -1)
    count = planes.shape[1]
    wide = functional.pad(planes, (reach, reach, reach, reach), mode="replicate")
    wide = functional.conv2d(wide, kernel, groups=count)
    return functional.conv2d(wide, kernel.transpose(2, 3), groups=count)
