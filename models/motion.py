"""Motion made from still pictures, so that a network learns to be steady without any film.

After ReReVST (Wang 2020, 2003.02047): what the network paints on a moved, noisy, slightly brighter
copy must be the moved painting. Motion is a sub-pixel shift, a zoom and a smooth warp; shifts span
more than the 8 pixels of the coarsest scale, so that every phase of its sampling is met.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional as F  # noqa: N812 - its name everywhere

SHIFT = 8.0
"""Pixels, either way."""
ZOOM = 0.03
"""Of the size, either way."""
WARP = 1.5
"""Pixels (deviation) of the smooth warp, of which there are `WARP_CELLS` waves a side at most."""
WARP_CELLS = 4
NOISE = 0.03
"""Largest deviation of the noise: a dim film at a high ISO."""
BRIGHTNESS = 0.03
"""Of the range, either way: a flickering lamp."""


@dataclass(frozen=True, slots=True)
class Motion:
    """One motion for each of N pictures.

    Attributes:
        grid: (N, H, W, 2), where each pixel comes from, in the coordinates of `grid_sample`.
        seen: (N, 1, H, W), 1 where it comes from inside the picture.
    """

    grid: Tensor
    seen: Tensor

    def to(self, device: torch.device) -> Motion:
        """The same motion on a device."""
        return Motion(self.grid.to(device), self.seen.to(device))

    def move(self, pictures: Tensor) -> Tensor:
        """Move (N, 3, H, W); bicubic, because linear sampling would teach the network to blur."""
        device = pictures.device
        able = torch.device("cpu") if device.type == "mps" else device  # mps knows linear alone
        moved = F.grid_sample(
            pictures.to(able),
            self.grid.to(able),
            mode="bicubic",
            padding_mode="border",
            align_corners=False,
        )
        return moved.to(device)


def random_motion(number: int, height: int, width: int, *, generator: Generator) -> Motion:
    """Draw a motion for each of `number` pictures of the given size in pixels (on the CPU)."""
    size = torch.tensor([width, height])

    def draw(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator) * 2 - 1

    shift = draw(number, 1, 1, 2) * SHIFT * 2 / size
    zoom = 1 + draw(number, 1, 1, 1) * ZOOM
    coarse = torch.randn(number, 2, WARP_CELLS, WARP_CELLS, generator=generator) * WARP
    warp = F.interpolate(coarse, (height, width), mode="bicubic", align_corners=False)
    still = torch.eye(2, 3).expand(number, 2, 3)
    identity = F.affine_grid(still, [number, 1, height, width], align_corners=False)
    grid = identity * zoom + shift + warp.permute(0, 2, 3, 1) * 2 / size
    seen = (grid.abs() <= 1).all(-1)[:, None].float()
    return Motion(grid, seen)


def disturb(pictures: Tensor, *, generator: Generator) -> Tensor:
    """Add noise and a change of brightness to (N, 3, H, W) RGB in [0, 1], as a camera would."""
    number = len(pictures)
    noise = torch.randn(pictures.shape, generator=generator)
    depth = torch.rand(number, 1, 1, 1, generator=generator) * NOISE
    light = (torch.rand(number, 1, 1, 1, generator=generator) * 2 - 1) * BRIGHTNESS
    return (pictures + (noise * depth + light).to(pictures.device)).clamp(0, 1)


def steadiness_loss(moved_painting: Tensor, painting_of_moved: Tensor, seen: Tensor) -> Tensor:
    """Mean squared difference over what both show, (N, 3, H, W) each."""
    difference = (moved_painting - painting_of_moved).square() * seen
    return difference.sum() / (seen.sum() * difference.shape[1]).clamp_min(1)
