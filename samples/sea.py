"""The open sea: waves that travel, the sky they mirror, the light that crests let through."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from rays import mix, rgb, step, unit
from texture import spectral
from torch import Tensor

if TYPE_CHECKING:
    from sky import Sky

World = Callable[[Tensor, Tensor], Tensor]
"""Light (N, 3) that comes to points (N, 3) along directions (N, 3), as seen in the water."""


class Sea:
    """Waves on the plane y = 0, moving with time.

    Args:
        height: of the waves, from the middle to a crest.
        length: of the longest waves.
        wind: direction they run to, radians from x towards z.
        seed: of their directions and phases.
    """

    def __init__(self, *, height: float, length: float, wind: float, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        count = 9
        share = torch.arange(count) / (count - 1)
        turn = wind + (torch.rand(count, generator=generator) - 0.5) * (0.7 + 1.3 * share)
        wave = 2 * math.pi / (length * 0.72 ** torch.arange(count))
        self.wave = torch.stack([wave * turn.cos(), wave * turn.sin()])
        self.speed = (9.81 * wave).sqrt() * 0.5
        self.phase = torch.rand(count, generator=generator) * 2 * math.pi
        self.size = height * 0.62 ** torch.arange(count) * 0.55
        self.top = float(self.size.sum())
        self.ripple = spectral(512, slope=1.15, seed=seed + 1, lowest=3.0)
        self.foam = spectral(512, slope=1.2, seed=seed + 2)

    def height(self, x: Tensor, z: Tensor, time: float, *, waves: int = 9) -> Tensor:
        """Return the height (N,) of the water; crests are sharper than troughs."""
        total = torch.zeros_like(x)
        for k in range(waves):
            angle = self._angle(k, x, z, time)
            total += self.size[k] * (2 * ((angle.sin() + 1) / 2) ** 1.7 - 0.85)
        return total

    def _angle(self, k: int, x: Tensor, z: Tensor, time: float) -> Tensor:
        return x * self.wave[0, k] + z * self.wave[1, k] - self.speed[k] * time + self.phase[k]

    def meet(self, origins: Tensor, directions: Tensor, time: float, *, steps: int = 28) -> Tensor:
        """Return how far rays (N,) go until the water; infinity for those that look up."""
        down = directions[:, 1] < -1e-4
        reach = torch.full((len(origins),), torch.inf)
        o, d = origins[down], directions[down]
        low = (self.top - o[:, 1]) / d[:, 1]
        high = ((-self.top - o[:, 1]) / d[:, 1]).clamp(max=400.0)
        low = low.clamp(min=0.0, max=390.0)
        found = high.clone()
        before = low.clone()
        open_ = torch.ones(len(o), dtype=torch.bool)
        for k in range(1, steps + 1):
            t = low + (high - low) * k / steps
            p = o + t[:, None] * d
            under = (p[:, 1] < self.height(p[:, 0], p[:, 2], time, waves=6)) & open_
            found = torch.where(under, t, found)
            before = torch.where(open_ & ~under, t, before)
            open_ &= ~under
        for _ in range(5):
            middle = (before + found) / 2
            p = o + middle[:, None] * d
            under = p[:, 1] < self.height(p[:, 0], p[:, 2], time, waves=6)
            found, before = torch.where(under, middle, found), torch.where(under, before, middle)
        reach[down] = found
        return reach

    def normal(self, x: Tensor, z: Tensor, distance: Tensor, time: float) -> Tensor:
        """Return the unit normal (N, 3), calmer where waves are too far to be told apart."""
        e = 0.018 * distance.clamp(min=1)
        here = self.height(x, z, time)
        slope_x = (self.height(x + e, z, time) - here) / e
        slope_z = (self.height(x, z + e, time) - here) / e
        strength = 0.065 / (1 + 0.07 * distance)
        for period, drift in ((3.1, 0.33), (1.1, -0.21)):
            u, v = x + drift * time, z + 0.7 * drift * time
            slope_x = slope_x + strength * self.ripple.at(u, v, period=period)
            slope_z = slope_z + strength * self.ripple.at(v + 0.5, u, period=period)
        return unit(torch.stack([-slope_x, torch.ones_like(x), -slope_z], dim=1))

    def light(
        self, points: Tensor, rays: Tensor, distance: Tensor, *, time: float, sky: Sky,
        world: World, deep: str, clear: str,
    ) -> Tensor:  # fmt: skip
        """Return the light (N, 3) that comes from the water.

        Args:
            points: (N, 3) on the water.
            rays: (N, 3) that look at them.
            distance: (N,) from the camera.
            time: seconds.
            sky: above it.
            world: what it mirrors.
            deep: colour of deep water.
            clear: colour of light through a crest.
        """
        x, height, z = points.unbind(dim=1)
        normal = self.normal(x, z, distance, time)
        into = (rays * normal).sum(dim=1, keepdim=True)
        mirror = rays - 2 * into * normal
        mirror[:, 1] = mirror[:, 1].abs().clamp(min=0.01)
        mirror = unit(mirror)
        fresnel = 0.03 + 0.97 * (1 + into[:, 0]).clamp(0, 1) ** 5
        crest = step(-0.2 * self.top, 0.75 * self.top, height)
        through = (0.4 + 0.6 * (rays @ sky.sun).clamp(min=0)) * crest
        body = mix(rgb(deep).expand_as(points), rgb(clear), (0.85 * through).clamp(0, 1))
        colour = body + (world(points, mirror) - body) * (fresnel * 0.93)[:, None]
        glitter = (mirror @ sky.sun).clamp(min=0) ** 340 * 9
        colour = colour + rgb(sky.glow) * glitter[:, None]
        froth = self.foam.at(x - 0.4 * time, z, period=7.0)
        foam = step(0.55, 0.95, height / self.top + 0.22 * froth) * step(-0.4, 1.0, froth)
        return mix(colour, rgb("#e8eef0") * 0.85, 0.75 * foam)
