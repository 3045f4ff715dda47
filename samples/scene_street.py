"""A street of an old town on a summer's morning: painted houses, awnings, bunting, a church."""

from __future__ import annotations

import torch
from rays import look, march, mix, normals, openness, rgb, shadow, step, unit
from sky import haze, noon
from street import CHURCH, HALF, SHOP, WALKERS, Street, pane, window
from texture import Texture, spectral
from torch import Tensor

SUN = unit(torch.tensor([0.46, 0.78, 0.40]))
FAR = 90.0
BAND = 32768
"""Rays taken at once: few enough for their numbers to stay in the processor's cache."""
FRONTS = ("#e0b04c", "#d88a68", "#f0e2c0", "#9cb894", "#8cb0cc", "#c4604c", "#e8c8b4", "#d8c088")
SHUTTERS = ("#3c6a58", "#34547c", "#7c3430", "#5a6a3c", "#f0ece0", "#46505a")
AWNINGS = ("#c8323a", "#2c6a9c", "#2e7a4c", "#d88a24")
COATS = ("#b8242c", "#2c4470", "#3c3a38", "#c8a05c")
STRINGS = (-1.5, -8.0, -16.0)
"""Where along the street the strings of flags hang."""


def render(width: int, height: int) -> Tensor:
    """Return the scene's light (H * W, 3)."""
    street, grain = Street(), spectral(512, slope=1.1, seed=71)
    sky = noon(SUN, seed=33, clouds=0.35)
    origins, rays = look((0.9, 1.7, 7.0), (-0.55, 2.75, -12.0), width=width, height=height, fov=47)
    light = sky.light(rays)
    for k in range(0, len(rays), BAND):
        band = slice(k, k + BAND)
        here, o, d = light[band], origins[band], rays[band]
        reach = march(street.field, o, d, far=FAR, steps=120)
        hit = reach.isfinite()
        points = o[hit] + reach[hit, None] * d[hit]
        if len(points):
            colour = _lit(street, grain, points, d[hit], sky.light(unit(d[hit].abs())))
            air = sky.light(
                unit(d[hit] * torch.tensor([1.0, 0.0, 1.0]) + torch.tensor([0, 0.1, 0]))
            )
            here[hit] = haze(colour, air, reach[hit], thickness=0.0045)
        _bunting(here, o, d, reach)
    return light


def _lit(street: Street, grain: Texture, points: Tensor, rays: Tensor, sky: Tensor) -> Tensor:
    """Sun, sky and the light that the fronts throw back."""
    part = street.parts(points).argmin(dim=1)
    normal = normals(street.field, points, step=2e-3)
    colour, glass = _colours(street, grain, points, normal, part)
    lifted = points + normal * 0.05
    facing = (normal @ SUN).clamp(min=0)
    lit = facing > 0
    facing[lit] *= shadow(street.field, lifted[lit], SUN, softness=0.03, far=13.0, steps=22)
    open_sky = openness(street.field, lifted, normal, reach=0.9)
    dome = (0.55 + 0.45 * normal[:, 1]) * open_sky
    back = (0.5 - 0.5 * normal[:, 0]) * open_sky * step(9.0, 0.0, points[:, 1])
    light = colour * (
        facing[:, None] * rgb("#fff0d0") * 3.4
        + dome[:, None] * rgb("#a8c4f0") * 0.85
        + back[:, None] * rgb("#f0d0a0") * 0.28
    )
    fresnel = 0.12 + 0.5 * (1 + (rays * normal).sum(dim=1)).clamp(0, 1) ** 3
    across = mix(rgb("#7c6850") * 0.5, sky * 0.8, step(0.02, 0.3, rays[:, 1]))
    return mix(light, across, (glass * fresnel).clamp(0, 1))


def _colours(
    street: Street, grain: Texture, points: Tensor, normal: Tensor, part: Tensor
) -> tuple[Tensor, Tensor]:
    """Return colours (N, 3) and how much of glass (N,) there is in the points."""
    fine = grain.around(points, normal, period=1.4)
    house, glass = _front(street, points, normal, fine)
    draw, u = street.lot(points)
    stripe = step(-0.15, 0.15, torch.sin(u * 13.5))
    awning = mix(_choice(AWNINGS, draw[:, 3]), rgb("#f6f0e4"), stripe)
    blooms = step(0.3, 0.9, grain.around(points, normal, period=0.5))
    box = mix(rgb("#3a6a2c"), _choice(("#d8283c", "#e85a8c", "#f0c83c"), draw[:, 4]), blooms)
    iron = rgb("#1e2624").expand_as(points)
    lamp = rgb("#f4ecc8").expand_as(points)
    skins = [
        _ground(points, fine), house, awning, box, iron, lamp, _clothes(points),
        _tower(points, normal, fine),
    ]  # fmt: skip
    glass = glass * (part == 1) + 0.5 * (part == 5)
    return torch.stack(skins)[part, torch.arange(len(points))], glass


def _front(street: Street, points: Tensor, normal: Tensor, fine: Tensor) -> tuple[Tensor, Tensor]:
    """Plaster, ledges, shutters, windows with their bars, shop fronts and roofs."""
    x, y, _ = points.unbind(dim=1)
    draw, u = street.lot(points)
    before = HALF - x.abs()
    colour = _choice(FRONTS, draw[:, 4]) * (1 + 0.05 * fine)[:, None]
    across, up = pane(y, u)
    upper = (y > SHOP) & (y < street.eaves(draw) - 0.6)
    wing = step(0.24, 0.23, (across.abs() - 0.66).abs()) * step(0.75, 0.74, up.abs()) * upper
    slats = 0.85 + 0.15 * torch.sin(y * 70)
    shutter = _choice(SHUTTERS, draw[:, 5]) * slats[:, None]
    colour = mix(colour, shutter, wing * (draw[:, 1] < 0.75))
    frame = step(0.09, 0.07, window(y, u).clamp(min=0)) * upper * (1 - wing * (draw[:, 1] < 0.75))
    colour = mix(colour, rgb("#f4eee0"), frame)
    shop = y < SHOP - 0.1
    colour = mix(colour, _choice(SHUTTERS, draw[:, 0] * 0.9) * 0.9, shop * step(0.3, 0.5, y))
    ledge = step(0.05, 0.09, before)
    colour = mix(colour, rgb("#e8e0d0"), ledge)
    deep = step(-0.10, -0.13, before) * (before > -0.25)
    bars = torch.maximum(
        step(0.035, 0.025, across.abs()), step(0.03, 0.02, (up.abs() - 0.24).abs())
    )
    door = step(0.42, 0.41, (u - 1.05).abs()) * shop
    sash = step(0.05, 0.03, (torch.remainder(u, 0.8) - 0.4).abs()) * (1 - door)
    bars = torch.where(shop, sash, bars)
    inside = mix(rgb("#1c2830"), _goods(points, y), shop.float())
    inside = mix(inside, rgb("#6a3c22"), door)
    colour = mix(colour, mix(inside, rgb("#f0e8d8"), bars), deep)
    roof = step(0.3, 0.4, normal[:, 1]) * (before < -0.05)
    tiles = 0.85 + 0.15 * torch.sin(points[:, 2] * 24)
    colour = mix(colour, rgb("#a8523a") * tiles[:, None], roof)
    return colour, deep * (1 - bars) * (1 - door)


def _goods(points: Tensor, y: Tensor) -> Tensor:
    """What the shops show: lit shelves of things in all colours."""
    column, row = (points[:, 2] / 0.19).floor(), (y / 0.32).floor()
    chance = torch.remainder(torch.sin(column * 12.99 + row * 78.23) * 43.7, 1.0)
    across = (torch.remainder(points[:, 2], 0.19) / 0.19 - 0.5).abs()
    high = torch.remainder(y, 0.32) / 0.32
    thing = step(0.36, 0.28, across) * step(0.7, 0.6, high + 0.4 * chance)
    codes = ("#a8583c", "#d8b060", "#7a8058", "#e0d4bc", "#6a6a70", "#b87a4a")
    shelf = mix(rgb("#7a5c38"), rgb("#3a2818"), step(0.06, 0.03, (high - 0.96).abs()))
    return mix(shelf, _choice(codes, chance), thing) * (0.6 + 0.5 * y)[:, None]


def _ground(points: Tensor, fine: Tensor) -> Tensor:
    """Cobbles on the road, slabs on the pavements."""
    x, _, z = points.unbind(dim=1)
    row = (z / 0.26).floor()
    along = torch.remainder(x + 0.17 * torch.remainder(row, 2), 0.34) - 0.17
    away = torch.remainder(z, 0.26) - 0.13
    joint = torch.maximum(step(0.12, 0.165, along.abs()), step(0.085, 0.125, away.abs()))
    joint = joint * step(34.0, 4.0, 7.0 - z)
    tone = torch.sin((x / 0.34 + 0.5 * torch.remainder(row, 2)).floor() * 12.9 + row * 78.2)
    road = mix(rgb("#8c8478"), rgb("#b0a490"), 0.5 + 0.35 * tone + 0.15 * fine)
    road = mix(road, rgb("#5a544c"), 0.8 * joint)
    slab = step(0.02, 0.01, (torch.remainder(z, 0.9) - 0.45).abs())
    walk = mix(rgb("#c0b4a0") * (1 + 0.06 * fine)[:, None], rgb("#7c7466"), 0.6 * slab)
    return mix(road, walk, step(1.27, 1.25, HALF - x.abs()))


def _clothes(points: Tensor) -> Tensor:
    """Coats of a colour each, dark legs and hats, faces."""
    colour = rgb("#2a2624").expand_as(points)
    for k, (x, z, tall) in enumerate(WALKERS):
        near = torch.hypot(points[:, 0] - x, points[:, 2] - z) < 0.33
        up = points[:, 1] / tall
        colour = mix(colour, rgb(COATS[k]), near * (up > 0.32) * (up < 0.86))
        colour = mix(colour, rgb("#d8a080"), near * (up > 0.86) * (up < 0.937))
    return colour


def _tower(points: Tensor, normal: Tensor, fine: Tensor) -> Tensor:
    """Pale stone, belfry windows, a clock, a slate spire."""
    q = points - CHURCH
    stone = rgb("#d8c8a8") * (1 + 0.06 * fine)[:, None]
    window = step(0.62, 0.55, q[:, 0].abs()) * step(1.9, 1.8, (q[:, 1] - 14.0).abs())
    stone = mix(stone, rgb("#3a3630"), window * (normal[:, 2] > 0.5))
    clock = torch.hypot(q[:, 0], q[:, 1] - 10.2)
    stone = mix(stone, rgb("#f4f0e4"), step(1.15, 1.05, clock) * (normal[:, 2] > 0.5))
    hands = step(0.12, 0.06, (q[:, 0] - 0.35 * (q[:, 1] - 10.2)).abs()) * step(0.9, 0.8, clock)
    stone = mix(stone, rgb("#2a2622"), hands * (q[:, 1] > 10.1) * (normal[:, 2] > 0.5))
    slate = step(0.1, 0.2, normal[:, 1])
    return mix(stone, rgb("#5a6a74"), slate)


def _bunting(light: Tensor, origins: Tensor, rays: Tensor, reach: Tensor) -> None:
    """Hang strings of little flags across the street, nearest last."""
    for k, z in reversed(list(enumerate(STRINGS))):
        t = (z - origins[:, 2]) / rays[:, 2]
        p = origins + t[:, None] * rays
        x = p[:, 0]
        below = 5.0 - 0.35 * k % 2 + 0.055 * x * x - p[:, 1]
        u = torch.remainder(x + 0.2 * k, 0.5) - 0.25
        flag = step(0.0, 0.02, 0.2 * (1 - below / 0.46) - u.abs()) * step(0.0, 0.01, below)
        cord = step(0.018, 0.01, below.abs())
        number = ((x + 0.2 * k) / 0.5).floor()
        colours = ("#e03a3a", "#f4c430", "#3a7ac8", "#f4f0e8", "#3aa05a")
        colour = _choice(colours, torch.remainder(number * 0.2 + 0.01, 1.0)) * 0.9
        shown = ((t > 0) & (t < reach) & (x.abs() < HALF)).float()
        light[:] = mix(light, colour, flag * shown)
        light[:] = mix(light, rgb("#3a342c"), cord * shown * (1 - flag))


def _choice(codes: tuple[str, ...], chance: Tensor) -> Tensor:
    """Pick a colour (N, 3) by chance (N,)."""
    return torch.stack([rgb(code) for code in codes])[(chance * len(codes)).long()]
