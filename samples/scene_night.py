"""A harbour by night: lit windows, lamps and moored boats, the moon, and all of it in the water."""

from __future__ import annotations

import torch
from harbour import Fronts, Quay, boats, hill
from rays import look, mix, rgb, step, unit
from texture import spectral
from torch import Tensor

EYE = (0.0, 1.75, 10.0)
MOON = unit(torch.tensor([8.6, 9.7, -28.0]))
BAND = 65536
"""Rays taken at once: few enough for their numbers to stay in the processor's cache."""
GLANCES = 5
"""Ripples looked at for each ray that meets the water."""


class Night:
    """All that can be seen along a ray, but for the water."""

    def __init__(self) -> None:
        self.cloud = spectral(1024, slope=1.7, seed=81)
        self.star = spectral(512, slope=0.0, seed=82)
        self.ripple = spectral(1024, slope=1.6, seed=83, lowest=4.0)
        self.fronts = Fronts(reach=19.0, seed=85)
        self.quay = Quay(seed=86)

    def light(self, origins: Tensor, rays: Tensor) -> Tensor:
        """Return the light (N, 3) that comes along rays that look away from us."""
        light = self._sky(rays)
        for z, paint in (
            (-70.0, lambda x, y: hill(x, y, self.cloud)),
            (-18.0, self.fronts.paint),
            (-16.5, self.quay.paint),
            (-13.0, boats),
        ):
            x, y = _meet(origins, rays, z)
            colour, cover = paint(x, y)
            light = mix(light, colour, cover * (y > -0.02))
            if z == -16.5:
                light = light + self.quay.halo(x, y)
        return light

    def _sky(self, rays: Tensor) -> Tensor:
        height = rays[:, 1].abs()
        light = mix(rgb("#3c4a7c"), rgb("#0c1740"), step(0.0, 0.5, height)) * 0.55
        towards = rays @ MOON
        glow = (1 - towards).clamp(min=0)
        light = light + rgb("#c8d0f0") * (0.16 * torch.exp(-glow * 40))[:, None]
        x, y = rays[:, 0] / (height + 0.25), 1 / (height + 0.25)
        cover = step(-0.3, 1.5, self.cloud.at(x, y * 1.6, period=3.4))
        bright = 0.17 + 0.5 * torch.exp(-glow * 30)
        star = self.star.at(rays[:, 0], rays[:, 1], period=1.4)
        light = light + (step(3.1, 4.2, star) * 0.8)[:, None] * rgb("#e8ecff")
        light = mix(light, rgb("#98a4d0") * bright[:, None], 0.75 * cover)
        disc = step(0.99940, 0.99952, towards)
        mare = self.cloud.at(rays[:, 0], rays[:, 1], period=0.16)
        moon = mix(rgb("#fff6dc"), rgb("#c8bc9c"), step(-0.3, 1.3, mare)) * 1.7
        return mix(light, moon, disc * (1 - 0.35 * cover))

    def water(self, points: Tensor, rays: Tensor, distance: Tensor) -> Tensor:
        """Return the light (N, 3) that the water throws back."""
        total = torch.zeros_like(points)
        for k in range(GLANCES):
            normal = self._normal(points, distance, 0.07 * (k + 1) / GLANCES)
            into = (rays * normal).sum(dim=1, keepdim=True)
            mirror = rays - 2 * into * normal
            mirror[:, 1] = mirror[:, 1].abs().clamp(min=5e-3)
            fresnel = 0.06 + 0.94 * (1 + into[:, 0]).clamp(0, 1) ** 3.5
            seen = self.light(points, unit(mirror))
            total += mix(rgb("#04101c") * 0.8, seen, fresnel)
        return total / GLANCES

    def _normal(self, points: Tensor, distance: Tensor, shift: float) -> Tensor:
        """Ripples, drawn out across the view; `shift` looks a little beside the point."""
        x, z = points[:, 0] + shift, points[:, 2] + shift
        strength = 0.05 / (1 + 0.045 * distance)
        long = self.ripple.at(x * 0.45, z, period=6.0)
        short = self.ripple.at(x * 0.5 + 2.0, z, period=2.2)
        side = self.ripple.at(x * 0.6, z + 1.0, period=3.4)
        slope_z = (long + 0.7 * short) * strength
        return unit(torch.stack([side * strength * 0.35, torch.ones_like(x), slope_z], dim=1))


def render(width: int, height: int) -> Tensor:
    """Return the scene's light (H * W, 3)."""
    night = Night()
    origins, rays = look(EYE, (0.0, 3.3, -18.0), width=width, height=height, fov=36)
    light = torch.empty(len(rays), 3)
    for k in range(0, len(rays), BAND):
        band = slice(k, k + BAND)
        o, d = origins[band], rays[band]
        here = night.light(o, d)
        reach = torch.where(d[:, 1] < 0, -o[:, 1] / d[:, 1].clamp(max=-1e-6), torch.inf)
        wet = reach * -d[:, 2] < EYE[2] + 13.0 + 3.3
        if bool(wet.any()):
            points = o[wet] + reach[wet, None] * d[wet]
            hulls, cover = boats(*_meet(o[wet], d[wet], -13.0))
            water = night.water(points, d[wet], reach[wet])
            front = (reach[wet] * -d[wet][:, 2] < EYE[2] + 13.0).float()
            here[wet] = mix(water, hulls, cover * (1 - front))
        light[band] = here
    return light


def _meet(origins: Tensor, rays: Tensor, z: float) -> tuple[Tensor, Tensor]:
    """Return x and y (N,) where rays cross a plane of that z."""
    points = origins + ((z - origins[:, 2]) / rays[:, 2].clamp(max=-1e-4))[:, None] * rays
    return points[:, 0], points[:, 1]
