"""Noise to look up: periodic textures with a power-law spectrum, read at any point of the plane."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Texture:
    """A periodic field on the plane, of mean 0 and deviation 1.

    Attributes:
        values: (S, S), one period.
    """

    values: Tensor

    def at(self, x: Tensor, y: Tensor, *, period: float = 1.0) -> Tensor:
        """Return the field (N,) at the points, stretched to repeat after `period`."""
        size = len(self.values)
        u, v = x / period * size, y / period * size
        column, row = u.floor(), v.floor()
        s, t = u - column, v - row
        left, top = column.long() % size, row.long() % size
        right, bottom = (left + 1) % size, (top + 1) % size
        flat = self.values.reshape(-1)
        upper = flat[top * size + left] * (1 - s) + flat[top * size + right] * s
        lower = flat[bottom * size + left] * (1 - s) + flat[bottom * size + right] * s
        return upper * (1 - t) + lower * t

    def around(self, points: Tensor, normal: Tensor, *, period: float) -> Tensor:
        """Return the field (N,) on surfaces: three projections, weighted by the normal."""
        weight = normal.abs() ** 3
        weight = weight / weight.sum(dim=1, keepdim=True)
        x, y, z = points.unbind(dim=1)
        faces = torch.stack(
            [
                self.at(y, z, period=period),
                self.at(z, x, period=period),
                self.at(x, y, period=period),
            ],
            dim=1,
        )
        return (weight * faces).sum(dim=1)


def spectral(size: int, *, slope: float, seed: int, lowest: float = 1.0) -> Texture:
    """Make a texture whose amplitude falls as frequency to the power of -`slope`.

    Args:
        size: samples along one period.
        slope: 0 is white noise, 1 rocks, about 1.8 clouds and hills.
        seed: of the phases.
        lowest: frequencies below this many waves a period are left out.
    """
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(size, size, generator=generator)
    wave = torch.fft.fftfreq(size) * size
    radius = torch.hypot(wave[:, None], wave[None, :])
    filtered = torch.fft.fft2(noise) * (radius.clamp(min=1) ** -slope) * (radius >= lowest)
    field = torch.fft.ifft2(filtered).real
    return Texture((field - field.mean()) / field.std())
