"""A mountain lake at sunset: ridges in haze, pines on the shore, clouds in the still water."""

from __future__ import annotations

import pines
import torch
from rays import look, mix, rgb, step, unit
from sky import Sky, haze, sunset
from terrain import Terrain, ridges
from texture import Texture, spectral
from torch import Tensor

SUN = unit(torch.tensor([-0.8, 0.24, -0.42]))
FAR = 60.0
EXTENT = 34.0
TREES = [
    (0.9, 1.06, 0.86), (0.985, 1.05, 0.98), (0.815, 1.04, 0.52), (0.745, 1.05, 0.3),
    (0.025, 1.05, 0.6), (0.085, 1.04, 0.36), (0.14, 1.04, 0.22),
]  # fmt: skip


def _land() -> Terrain:
    """Mountains round a lake that opens towards the camera; the water lies at height 0."""
    size = 2048
    axis = torch.linspace(-EXTENT, EXTENT, size)
    z, x = torch.meshgrid(axis, axis, indexing="ij")
    peaks = ridges(size, octaves=9, waves=3.0, seed=21)
    bays = ridges(size, octaves=4, waves=9.0, seed=4)
    shore = torch.hypot((x + 0.6) * 0.62, (z - 8.0) * 0.5) - 6.2 + 3.0 * (bays - 0.4)
    rise = step(0.0, 17.0, shore)
    rise = 0.28 * step(-0.4, 1.8, shore) + rise
    heights = rise * (0.6 + 7.2 * peaks) - 0.25 * step(0.4, -1.0, shore)
    forest = spectral(size, slope=0.25, seed=8, lowest=200.0).values
    wood = step(0.1, 0.3, heights) * step(2.6, 1.4, heights)
    return Terrain(heights + wood * 0.055 * forest.clamp(-0.5, 3), EXTENT)


def render(width: int, height: int) -> Tensor:
    """Return the scene's light (H * W, 3)."""
    land, sky, detail = (
        _land(),
        sunset(SUN, seed=12, clouds=0.85),
        spectral(1024, slope=1.1, seed=2),
    )
    origins, rays = look((0.0, 0.75, 15.5), (0.4, 1.75, 0.0), width=width, height=height, fov=30)
    light = _above(land, sky, detail, origins, rays)
    reach = torch.where(rays[:, 1] < 0, -origins[:, 1] / rays[:, 1].clamp(max=-1e-6), torch.inf)
    wet = reach < land.meet(origins, rays, far=FAR)
    points = origins[wet] + reach[wet, None] * rays[wet]
    light[wet] = _water(land, sky, detail, points, rays[wet], reach[wet])
    cover = pines.stand(width, height, TREES, seed=5)
    return mix(light, rgb("#10140f") * 0.6, cover)


def _above(land: Terrain, sky: Sky, detail: Texture, origins: Tensor, rays: Tensor) -> Tensor:
    """Light from the land and the sky."""
    light = sky.light(rays)
    reach = land.meet(origins, rays, far=FAR)
    hit = reach.isfinite()
    points, distance = origins[hit] + reach[hit, None] * rays[hit], reach[hit]
    colour = _ground(land, detail, points)
    flat = rays[hit].clone()
    flat[:, 1] = 0.03
    air = sky.light(unit(flat)) * 0.14 + rgb("#6f8ad8") * 0.34
    light[hit] = haze(colour, air, distance, thickness=0.017)
    return light


def _ground(land: Terrain, detail: Texture, points: Tensor) -> Tensor:
    """Snow, rock, meadow and forest, lit by the low sun and the sky."""
    x, height, z = points.unbind(dim=1)
    normal = land.normal(x, z, step=0.06)
    rough = detail.at(x, z, period=2.2)
    shade = land.shade(points + normal * 0.03, SUN, far=14.0)
    rock = mix(rgb("#6a5a52"), rgb("#a08a78"), step(-1.5, 1.5, rough))
    meadow = mix(rgb("#5a5a24"), rgb("#8a7a38"), step(-1, 1, detail.at(x, z, period=7.0)))
    pines = mix(rgb("#16301a"), rgb("#3f5a26"), step(-1.2, 1.6, rough))
    colour = mix(rock, meadow, step(0.62, 0.8, normal[:, 1]) * step(2.8, 1.6, height))
    colour = mix(colour, pines, step(0.06, 0.2, height) * step(2.3, 1.5, height + 0.25 * rough))
    snow = step(2.3, 3.3, height + 0.35 * rough) * step(0.5, 0.68, normal[:, 1])
    colour = mix(colour, rgb("#f0f2f8"), snow)
    facing = (normal @ SUN).clamp(min=0) * shade
    rim = (0.5 + 0.5 * normal[:, 2].neg()).clamp(0, 1) * shade
    dome = 0.5 + 0.5 * normal[:, 1]
    return colour * (
        (facing * 3.2 + 0.25 * rim)[:, None] * rgb("#ffb070")
        + dome[:, None] * rgb("#9cb0e0") * 0.75
    )


def _water(
    land: Terrain, sky: Sky, detail: Texture, points: Tensor, rays: Tensor, distance: Tensor
) -> Tensor:
    """Still water: the mirrored world, rippled, over a dark bed."""
    x, _, z = points.unbind(dim=1)
    calm = 0.35 + 0.65 * step(-0.6, 0.9, detail.at(x * 0.25, z, period=11.0))
    ripple = 0.011 * calm / (1 + 0.05 * distance)
    slope_x = detail.at(x, z * 1.0, period=1.9) * ripple * 0.5
    slope_z = (detail.at(x * 0.35, z, period=1.3) + detail.at(x * 0.5 + 3, z, period=0.5)) * ripple
    normal = unit(torch.stack([slope_x, torch.ones_like(x), slope_z], dim=1))
    into = (rays * normal).sum(dim=1, keepdim=True)
    mirror = rays - 2 * into * normal
    mirror[:, 1] = mirror[:, 1].abs().clamp(min=2e-3)
    world = _above(land, sky, detail, points + 0.01 * normal, unit(mirror))
    fresnel = 0.05 + 0.95 * (1 + into[:, 0]).clamp(0, 1) ** 4
    bed = mix(rgb("#1c3a3a"), rgb("#3a5a50"), step(5.0, 1.5, distance))
    return bed * 0.5 * (1 - fresnel)[:, None] + world * fresnel[:, None] * 0.92
