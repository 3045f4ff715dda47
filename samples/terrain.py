"""Land as a map of heights: ridged mountains or soft hills, and rays that meet it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from rays import unit
from texture import Texture, spectral
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Terrain:
    """Heights over a square of the plane.

    Attributes:
        heights: (S, S), row z and column x.
        extent: the square reaches from -extent to extent in x, and from -extent to extent in z.
    """

    heights: Tensor
    extent: float

    def at(self, x: Tensor, z: Tensor) -> Tensor:
        """Return the height (N,) at points of the plane."""
        grid = torch.stack([x, z], dim=-1)[None, None] / self.extent
        found = functional.grid_sample(
            self.heights[None, None], grid, padding_mode="border", align_corners=False
        )
        return found[0, 0, 0]

    def normal(self, x: Tensor, z: Tensor, *, step: float) -> Tensor:
        """Return the unit normal (N, 3) by differences over `step`."""
        slope_x = (self.at(x + step, z) - self.at(x - step, z)) / (2 * step)
        slope_z = (self.at(x, z + step) - self.at(x, z - step)) / (2 * step)
        return unit(torch.stack([-slope_x, torch.ones_like(x), -slope_z], dim=1))

    def meet(self, origins: Tensor, directions: Tensor, *, far: float, steps: int = 300) -> Tensor:
        """Return how far each ray (N,) goes until it meets the land; infinity for none."""
        met = torch.full((len(origins),), torch.inf)
        active = torch.arange(len(origins))
        travelled = torch.full((len(origins),), 0.05)
        peak = float(self.heights.max())
        for _ in range(steps):
            t = travelled[active]
            p = origins[active] + t[:, None] * directions[active]
            gap = p[:, 1] - self.at(p[:, 0], p[:, 2])
            hit = gap < 5e-4 * t
            met[active[hit]] = t[hit]
            travelled[active] = t + (0.3 * gap).clamp(min=8e-4 * t.clamp(min=1))
            rising = (p[:, 1] > peak) & (directions[active, 1] >= 0)
            active = active[~hit & (t < far) & ~rising]
            if not len(active):
                break
        return met

    def shade(self, points: Tensor, light: Tensor, *, far: float, steps: int = 40) -> Tensor:
        """Return how much of the light from (3,) is seen (N,) over the land."""
        seen = torch.ones(len(points))
        for k in range(1, steps + 1):
            t = far * (k / steps) ** 2
            p = points + t * light
            gap = p[:, 1] - self.at(p[:, 0], p[:, 2])
            seen = torch.minimum(seen, 0.5 + 12 * gap / t)
        return seen.clamp(0, 1)


def ridges(size: int, *, octaves: int, waves: float, seed: int) -> Tensor:
    """Return (size, size) heights in about [0, 1]: a ridged multifractal (Musgrave 1994)."""
    axis = torch.arange(size) / size
    z, x = torch.meshgrid(axis, axis, indexing="ij")
    base = _lumps(seed)
    heights, weight, gain = torch.zeros(size, size), torch.ones(size, size), 0.5
    for k in range(octaves):
        turn = torch.tensor(0.7 * k)
        u = (x * turn.cos() - z * turn.sin()).reshape(-1)
        v = (x * turn.sin() + z * turn.cos()).reshape(-1)
        noise = base.at(u + 0.37 * k, v + 0.71 * k, period=4.0 / (waves * 2**k))
        ridge = (1 - noise.reshape(size, size).abs() / 1.6).clamp(min=0) ** 2 * weight
        heights += gain * ridge
        weight, gain = (1.7 * ridge).clamp(0, 1), gain * 0.5
    return heights


def _lumps(seed: int) -> Texture:
    """Smooth lumps of one size, about four waves a period."""
    texture = spectral(512, slope=0.0, seed=seed, lowest=1.0)
    transform = torch.fft.fft2(texture.values)
    wave = torch.fft.fftfreq(512) * 512
    radius = torch.hypot(wave[:, None], wave[None, :])
    field = torch.fft.ifft2(transform * torch.exp(-(((radius - 4) / 2.0) ** 2))).real
    return Texture(field / field.std())
