"""Hot-air balloons over a patchwork of fields on a summer morning."""

from __future__ import annotations

import math

import torch
from rays import length, look, march, mix, normals, rgb, shadow, step, unit
from sky import haze, noon
from terrain import Terrain
from texture import Texture, spectral
from torch import Tensor

SUN = unit(torch.tensor([-0.7, 0.42, 0.35]))
EXTENT = 60.0

BALLOONS: list[tuple[tuple[float, float, float], float, list[str]]] = [
    ((-2.6, 6.3, 7.5), 1.75, ["#d8202c", "#f6b820", "#f4ead2", "#1e5cb0"]),
    ((4.4, 5.0, 0.5), 1.6, ["#1f8a78", "#f4ead2", "#f08020", "#f4ead2"]),
    ((0.9, 7.6, -8.0), 1.55, ["#7a2a8c", "#e84a6a", "#f6c84a", "#e84a6a"]),
    ((14.0, 8.2, -16.0), 1.6, ["#f2c224", "#22408c", "#f2c224", "#d03020"]),
    ((-9.8, 6.6, -14.0), 1.5, ["#e86020", "#f6e8c8", "#2a7a3a", "#f6e8c8"]),
    ((-3.4, 7.4, -34.0), 1.5, ["#3070c0", "#f4ead2", "#3070c0", "#d8202c"]),
]
"""Where each balloon's middle is, its radius, and the colours of its gores."""


def _shape(q: Tensor, radius: float) -> Tensor:
    """An envelope that narrows to its mouth, gathered by its tapes."""
    y = q[:, 1] / radius
    across = torch.hypot(q[:, 0], q[:, 2])
    turn = torch.atan2(q[:, 2], q[:, 0])
    narrow = 1 - 0.62 * step(0.1, -1.45, y)
    gathers = 1 - 0.022 * (1 - (turn * 8).cos().abs()) * step(1.0, 0.6, y)
    body = torch.hypot(across / (narrow * gathers), q[:, 1] * 0.9) - radius
    return torch.maximum(body * 0.62, -q[:, 1] - 1.32 * radius)


def _basket(q: Tensor, radius: float) -> Tensor:
    """Wicker basket and four ropes."""
    p = torch.stack([q[:, 0], q[:, 1] + radius * 1.85, q[:, 2]], dim=1) / radius
    d = p.abs() - torch.tensor([0.15, 0.11, 0.15])
    box = length(d.clamp(min=0)) + d.amax(dim=1).clamp(max=0) - 0.015
    up = ((p[:, 1] - 0.1) / 0.45).clamp(0, 1)
    wide = 0.14 + 0.12 * up
    rope = torch.hypot(p[:, 0].abs() - wide, p[:, 2].abs() - wide) - 0.009
    rope = torch.maximum(rope, (p[:, 1] - 0.32).abs() - 0.24)
    return torch.minimum(box, rope) * radius * 0.9


def _field(p: Tensor) -> Tensor:
    return _parts(p).amin(dim=1)


def _parts(p: Tensor) -> Tensor:
    """Return (N, 2 B): distances to each envelope, then to each basket."""
    local = [(p - torch.tensor(place), radius) for place, radius, _ in BALLOONS]
    return torch.stack([_shape(*one) for one in local] + [_basket(*one) for one in local], dim=1)


def _land() -> Terrain:
    size = 1536
    hills = spectral(size, slope=2.6, seed=14).values
    axis = torch.linspace(-EXTENT, EXTENT, size)
    z, x = torch.meshgrid(axis, axis, indexing="ij")
    heights = hills * 0.75 * step(0.0, 26.0, torch.hypot(x, z - 14)) + 0.25 * hills
    heights = heights + 4.2 * step(-34.0, -58.0, z) * (0.6 + 0.3 * hills)
    trees = spectral(size, slope=0.5, seed=3, lowest=90.0).values.clamp(0, 3)
    return Terrain(
        heights + 0.16 * trees * _woods(x.reshape(-1), z.reshape(-1)).reshape(size, size), EXTENT
    )


def _cells(x: Tensor, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Cut the plane into crooked fields: a number, the run of its furrows, the way to its hedge."""
    u, v = x * 0.30 + 0.11 * z, z * 0.24 - 0.05 * x
    best = torch.full_like(x, 1e3)
    second, number = best.clone(), torch.zeros_like(x)
    for i in range(-1, 2):
        for j in range(-1, 2):
            a, b = u.floor() + i, v.floor() + j
            pu, pv = a + 0.15 + 0.7 * _hash(a, b, 1.0), b + 0.15 + 0.7 * _hash(a, b, 2.0)
            distance = torch.maximum((u - pu).abs(), (v - pv).abs())
            nearer = distance < best
            second = torch.where(nearer, best, torch.minimum(second, distance))
            number = torch.where(nearer, _hash(a, b, 3.0), number)
            best = torch.where(nearer, distance, best)
    turn = (number * 17.0).floor() * 0.9
    run = x * turn.cos() + z * turn.sin()
    return number, run, second - best


def _hash(a: Tensor, b: Tensor, salt: float) -> Tensor:
    return torch.remainder(torch.sin(a * 12.9898 + b * 78.233 + salt * 37.719) * 4375.5453, 1.0)


def _woods(x: Tensor, z: Tensor) -> Tensor:
    """Where trees stand (N,): hedges, and every sixth field."""
    number, _, hedge = _cells(x, z)
    return torch.maximum(step(0.05, 0.02, hedge), (number > 0.84).float() * step(0.02, 0.08, hedge))


def render(width: int, height: int) -> Tensor:
    """Return the scene's light (H * W, 3)."""
    land, sky, grain = _land(), noon(SUN, seed=44, clouds=0.75), spectral(512, slope=1.2, seed=7)
    origins, rays = look((0.0, 5.6, 19.0), (0.2, 5.15, 0.0), width=width, height=height, fov=42)
    light = sky.light(rays)
    ground = land.meet(origins, rays, far=110.0)
    balloon = march(_field, origins, rays, far=70, steps=120)
    low = ground.isfinite() & (ground < balloon)
    points = origins[low] + ground[low, None] * rays[low]
    light[low] = _earth(land, grain, points)
    high = balloon.isfinite() & (balloon <= ground)
    points = origins[high] + balloon[high, None] * rays[high]
    light[high] = _cloth(grain, points, rays[high])
    reach = torch.minimum(ground, balloon)
    seen = reach.isfinite()
    level = unit(rays[seen] * torch.tensor([1.0, 0.0, 1.0]) + torch.tensor([0.0, 0.03, 0.0]))
    light[seen] = haze(light[seen], sky.light(level) * 0.85, reach[seen], thickness=0.006)
    return light


def _earth(land: Terrain, grain: Texture, points: Tensor) -> Tensor:
    """Fields of corn, meadow, rape and plough, with hedges between them."""
    x, _, z = points.unbind(dim=1)
    number, run, hedge = _cells(x, z)
    palette = torch.stack([rgb(c) for c in ("#7a9a34", "#d8b84a", "#5c8a2c", "#e2cc2a", "#8a6238",
                                            "#98b44a", "#c8a050", "#466e28")])  # fmt: skip
    colour = palette[(number * 97.0).long() % len(palette)]
    fine = grain.at(x, z, period=6.0)
    rows = 1 + 0.13 * torch.sin(run * 24) * step(40.0, 8.0, (points[:, 2] - 19).abs())
    colour = colour * (rows * (1 + 0.12 * fine))[:, None]
    woods = mix(rgb("#1e3a16"), rgb("#41602a"), step(-1, 1.6, grain.at(x, z, period=1.7)))
    colour = mix(colour, woods, torch.maximum(step(0.055, 0.03, hedge), (number > 0.84).float()))
    normal = land.normal(x, z, step=0.09)
    shade = land.shade(points + normal * 0.02, SUN, far=6.0, steps=24)
    shade = shade * shadow(_field, points, SUN, softness=0.02, far=30.0, steps=30)
    facing = (normal @ SUN).clamp(min=0) * shade
    dome = 0.6 + 0.4 * normal[:, 1]
    return colour * (facing[:, None] * rgb("#ffeccc") * 2.6 + dome[:, None] * rgb("#a8c8f0") * 0.55)


def _cloth(grain: Texture, points: Tensor, rays: Tensor) -> Tensor:
    """Light from the balloons: gores of coloured cloth that glows where the sun shines through."""
    part = _parts(points).argmin(dim=1)
    normal = normals(_field, points, step=4e-3)
    colour = torch.zeros_like(points)
    for k, (place, radius, names) in enumerate(BALLOONS):
        q = (points - torch.tensor(place)) / radius
        dyes = torch.stack([rgb(n) for n in names])
        gore = ((torch.atan2(q[:, 2], q[:, 0]) / (2 * math.pi) * 16 + 16).floor()).long()
        zig = q[:, 1] + 0.12 * (torch.atan2(q[:, 2], q[:, 0]) * 8).cos()
        band = (zig.abs() < 0.22).long() * 2 + (q[:, 1] > 0.98).long()
        dyed = dyes[(gore + band) % len(dyes)]
        wicker = rgb("#8a5a2a") * (0.8 + 0.2 * torch.sin(q[:, 1] * 160))[:, None]
        colour = torch.where((part == k)[:, None], dyed, colour)
        colour = torch.where((part == k + len(BALLOONS))[:, None], wicker, colour)
    weave = 1 + 0.03 * grain.around(points, normal, period=1.5)
    seen = shadow(_field, points + normal * 0.06, SUN, softness=0.08, far=8.0)
    facing = (normal @ SUN).clamp(min=0) * seen
    through = 0.35 * (0.5 - 0.5 * (normal @ SUN)) * (part < len(BALLOONS))
    dome = 0.55 + 0.45 * normal[:, 1]
    mirror = rays - 2 * (rays * normal).sum(dim=1, keepdim=True) * normal
    shine = 0.25 * (mirror @ SUN).clamp(min=0) ** 24 * seen
    warm = (facing + through)[:, None] * rgb("#fff0d4") * 2.3
    return colour * weave[:, None] * (warm + dome[:, None] * rgb("#b4ccec") * 0.6) + shine[:, None]
