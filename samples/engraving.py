"""A lighthouse in the manner of an old engraving: in lines that swell with the tone."""

from __future__ import annotations

import math

import torch
from isle import Isle
from rays import look, normals, step, unit
from texture import Texture, spectral
from torch import Tensor
from torch.nn import functional

SUN = unit(torch.tensor([-0.75, 0.45, 0.48]))
EYE = (0.2, 1.5, 14.0)
PLACE = (0.7, 0.0, -4.0)
LANTERN = 5.42
"""Height of the lamp above the sea."""
GAP = 4.3
"""From line to line, in pixels of a picture 768 wide."""


def engrave(width: int, height: int, *, scale: float) -> Tensor:
    """Return how much ink (H, W) there is: 0 is bare paper, 1 is black.

    Args:
        width: of the plate, in pixels.
        height: likewise.
        scale: pixels to a pixel of a picture 768 wide.
    """
    isle = Isle(PLACE, SUN, warm="#ffffff", cool="#ffffff")
    origins, rays = look(EYE, (-0.1, 3.0, -4.0), width=width, height=height, fov=33)
    wobble = spectral(512, slope=1.9, seed=91)
    v, u = torch.meshgrid(torch.arange(height) / scale, torch.arange(width) / scale, indexing="ij")
    u, v = u.reshape(-1), v.reshape(-1)
    light = torch.ones(len(rays), 3)
    reach = isle.behold(origins, rays, light)
    sea = -origins[:, 1] / rays[:, 1].clamp(max=-1e-6)
    sea = torch.where(rays[:, 1] < 0, sea, torch.inf)
    stone, wet = reach < sea, (sea <= reach) & sea.isfinite()
    ink = _sky(rays, u, v, wobble)
    points = origins[wet] + sea[wet, None] * rays[wet]
    ink[wet] = _sea(points, sea[wet], wobble)
    points = origins[stone] + reach[stone, None] * rays[stone]
    grey = light[stone].mean(dim=1)
    ink[stone] = _stone(isle, points, grey, u[stone], v[stone], wobble)
    depth = torch.where(stone, reach, 60.0)
    part = torch.where(stone, isle.parts(origins + depth[:, None] * rays).argmin(dim=1), -1)
    edge = _outline(depth.reshape(height, width), part.reshape(height, width), scale=scale)
    return torch.maximum(ink.reshape(height, width), edge)


def _lines(phase: Tensor, dark: Tensor) -> Tensor:
    """Ink (N,) of lines a unit of `phase` apart that cover the share `dark` of the paper."""
    off = (torch.remainder(phase, 1.0) - 0.5).abs()
    return step(0.06, -0.06, off - 0.5 * dark) * step(0.03, 0.07, dark)


def _sky(rays: Tensor, u: Tensor, v: Tensor, wobble: Texture) -> Tensor:
    """Level lines, left out in the clouds and where the lantern shines."""
    lamp = unit(torch.tensor(PLACE) + torch.tensor([0.0, LANTERN, 0.0]) - torch.tensor(EYE))
    across, up = rays[:, 0] - lamp[0], rays[:, 1] - lamp[1]
    turn = torch.atan2(up, across)
    beam = step(0.10, 0.06, (torch.remainder(turn - 0.16, math.pi) - 0.10).abs())
    near = torch.hypot(across, up)
    high = (rays[:, 1] / 0.45).clamp(0, 1)
    cloud = wobble.at(rays[:, 0] + 0.5, rays[:, 1] * 2.2, period=1.0)
    cover = step(0.10, 0.5, cloud + 0.25)
    under = step(0.7, 0.2, cloud) * cover
    dark = 0.16 + 0.34 * high
    dark = dark * (1 - cover) + 0.2 * under
    dark = dark * (1 - beam * step(0.6, 0.1, near)) * step(0.02, 0.1, near)
    return _lines(v / GAP + 0.25 * wobble.at(u, v, period=420.0), dark)


def _sea(points: Tensor, distance: Tensor, wobble: Texture) -> Tensor:
    """Waves in level lines that come closer towards the horizon."""
    x, _, z = points.unbind(dim=1)
    swell = wobble.at(x * 0.5, z, period=9.0)
    chop = wobble.at(x * 0.6 + 3.0, z, period=2.6)
    phase = 150.0 / distance + 0.45 * swell + 0.35 * chop
    shade = step(3.4, 0.6, (x - PLACE[0] + 0.6).abs()) * step(-9.0, -2.0, z) * step(5.0, 0.0, z)
    dark = 0.34 + 0.16 * swell + 0.1 * chop + 0.3 * shade
    return _lines(phase, dark.clamp(0.05, 0.8))


def _stone(
    isle: Isle, points: Tensor, grey: Tensor, u: Tensor, v: Tensor, wobble: Texture
) -> Tensor:
    """Rock, tower and house: lines along their forms, crossed by others in the shade."""
    part = isle.parts(points).argmin(dim=1)
    normal = normals(isle.field, points, step=0.12)
    rock = 0.62 - 0.75 * (normal @ SUN) + 0.4 * step(0.5, 0.1, points[:, 1])
    dark = 1.02 - 0.98 * (grey * 0.62).clamp(0, 1) ** 0.5
    dark = torch.where(part == 0, 0.35 * dark + 0.65 * rock, dark).clamp(0.1, 0.92)
    rough = wobble.around(points, normal, period=5.0)
    along = (0.75 * v + 0.5 * u) / GAP + 0.9 * rough
    level = points[:, 1] * 8.5
    upright = points[:, 0] * 9.0
    first = torch.where(part == 0, along, torch.where(part >= 4, upright, level))
    cross = (0.8 * v - 0.6 * u) / GAP + 0.8 * rough
    ink = _lines(first, dark * 0.9)
    ink = torch.maximum(ink, _lines(cross, ((dark - 0.5) * 1.3).clamp(0, 0.8)))
    return torch.where((part == 2) & (dark > 0.4), 1.0, ink)


def _outline(depth: Tensor, part: Tensor, *, scale: float) -> Tensor:
    """Ink (H, W) along the edges of things."""
    edge = torch.zeros_like(depth)
    for shift, side in ((1, 0), (1, 1)):
        jump = (depth.roll(shift, side) - depth).abs() > 0.35
        other = part.roll(shift, side) != part
        edge = torch.maximum(edge, (jump | other).float())
    edge[0], edge[:, 0] = 0.0, 0.0
    reach = max(1, round(0.45 * scale))
    return functional.max_pool2d(edge[None, None], 2 * reach + 1, stride=1, padding=reach)[0, 0]
