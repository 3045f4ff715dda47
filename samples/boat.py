"""A small sailing boat: hull, mast, two sails full of wind; it rides on the water given to it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from rays import length, march, mix, near, normals, openness, rgb, shadow, step, unit
from torch import Tensor

if TYPE_CHECKING:
    from sea import Sea

MAIN = ((-0.06, 0.62), (-0.06, 2.95), (-1.2, 0.66))
JIB = ((0.1, 2.6), (0.16, 0.5), (1.22, 0.46))


class Boat:
    """The boat at one moment.

    Args:
        sea: what it floats on.
        place: (x, z) of its middle.
        heading: radians from x towards z.
        time: seconds.
        sun: (3,) unit direction to the sun.
    """

    def __init__(
        self, sea: Sea, place: tuple[float, float], *, heading: float, time: float, sun: Tensor
    ) -> None:
        x, z = place
        bow, side = (math.cos(heading), math.sin(heading)), (-math.sin(heading), math.cos(heading))
        spots = [
            (x + 0.9 * bow[0], z + 0.9 * bow[1]),
            (x - 0.9 * bow[0], z - 0.9 * bow[1]),
            (x + 0.5 * side[0], z + 0.5 * side[1]),
            (x - 0.5 * side[0], z - 0.5 * side[1]),
        ]
        xs, zs = torch.tensor(spots).unbind(dim=1)
        water = sea.height(xs, zs, time, waves=4)
        pitch = 0.7 * float(water[0] - water[1]) / 1.8
        roll = 0.6 * float(water[2] - water[3]) + 0.13
        ahead = unit(torch.tensor([bow[0], pitch, bow[1]]))
        right = unit(torch.tensor([side[0], roll, side[1]]))
        mast = unit(torch.linalg.cross(right, ahead))
        self.axes = torch.stack([ahead, mast, torch.linalg.cross(ahead, mast)])
        self.place = torch.tensor([x, float(water.mean()) + 0.04, z])
        self.sun = sun

    def parts(self, p: Tensor) -> Tensor:
        """Return (N, 4): distances to hull, deck and spars, mainsail, jib."""
        q = (p - self.place) @ self.axes.T
        return torch.stack([_hull(q), _spars(q), _sail(q, MAIN, 0.34), _sail(q, JIB, 0.3)], dim=1)

    def field(self, p: Tensor) -> Tensor:
        """Return the distance to the nearest part."""
        return self.parts(p).amin(dim=1)

    def behold(self, origins: Tensor, rays: Tensor, light: Tensor) -> Tensor:
        """Put the boat before `light` (N, 3); return how far each ray goes to it (N,)."""
        reach = torch.full((len(origins),), torch.inf)
        close = near(origins, rays, self.place + torch.tensor([0.0, 1.3, 0.0]), 2.0)
        reach[close] = march(self.field, origins[close], rays[close], far=40, steps=100)
        hit = reach.isfinite()
        light[hit] = self._lit(origins[hit] + reach[hit, None] * rays[hit])
        return reach

    def wake(self, points: Tensor, water: Tensor, lace: Tensor) -> Tensor:
        """Whiten the water at the hull and in the track behind it; `lace` (N,) breaks it up."""
        q = (points - self.place) @ self.axes.T
        behind = (-q[:, 0] - 0.6).clamp(min=0)
        track = step(1.0, 0.3, q[:, 2].abs() / (0.3 + 0.16 * behind)) * torch.exp(-0.35 * behind)
        track = track * (q[:, 0] < 0.5)
        along = (q[:, 0] / 1.5).clamp(-1, 1)
        rim = step(0.24, 0.0, q[:, 2].abs() - 0.38 * (1 - along**2)) * (q[:, 0].abs() < 1.5)
        foam = (0.75 * track + 0.8 * rim) * step(-0.6, 0.9, lace + 0.5 * rim)
        return mix(water, rgb("#eef2f2"), foam.clamp(0, 0.85))

    def _lit(self, points: Tensor) -> Tensor:
        part = self.parts(points).argmin(dim=1)
        normal = normals(self.field, points, step=2e-3)
        q = (points - self.place) @ self.axes.T
        colour = _colours(q, part)
        lifted = points + normal * 0.02
        seen = shadow(self.field, lifted, self.sun, softness=0.06, far=3.5, steps=24)
        facing = normal @ self.sun
        cloth = part >= 2
        through = 0.6 * (-facing).clamp(min=0) * cloth
        direct = facing.clamp(min=0) * seen + through
        open_sky = openness(self.field, lifted, normal, reach=0.3)
        dome = (0.65 + 0.35 * normal[:, 1]) * torch.where(cloth, 0.6 + 0.4 * open_sky, open_sky)
        return colour * (
            direct[:, None] * rgb("#ffd0a0") * 3.0 + dome[:, None] * rgb("#c8c4e4") * 1.25
        )


def _hull(q: Tensor) -> Tensor:
    x, y, z = q.unbind(dim=1)
    s = (x - 0.05) / 1.42
    sheer = 0.3 + 0.12 * s**2 + 0.06 * s
    depth = ((y + 0.4) / 0.62).clamp(min=1e-3, max=1.2)
    wide = 0.42 * (1 - s.abs().clamp(max=1) ** 2.3) * depth**0.45
    rake = s.abs() - 0.92 - 0.1 * y
    shell = torch.maximum(z.abs() - wide, torch.maximum(y - sheer, -0.4 - y))
    return torch.maximum(shell, rake) * 0.55


def _spars(q: Tensor) -> Tensor:
    """Mast, boom, stays, a cabin."""
    x, y, z = q.unbind(dim=1)
    mast = torch.maximum(torch.hypot(x, z) - 0.03, (y - 1.65).abs() - 1.45)
    boom = torch.maximum(torch.hypot(y - 0.6, z - 0.1 * x) - 0.022, (x + 0.62).abs() - 0.62)
    cabin = (torch.stack([x - 0.25, y - 0.38, z], dim=1)).abs() - torch.tensor([0.38, 0.12, 0.2])
    house = length(cabin.clamp(min=0)) + cabin.amax(dim=1).clamp(max=0) - 0.03
    return torch.stack([mast, boom, house]).amin(dim=0)


def _sail(q: Tensor, corners: tuple[tuple[float, float], ...], belly: float) -> Tensor:
    """A thin triangle of cloth, bellied out to leeward."""
    x, y, z = q.unbind(dim=1)
    edges = []
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        length = math.hypot(bx - ax, by - ay)
        edges.append(((x - ax) * (by - ay) - (y - ay) * (bx - ax)) / length)
    turn = 1.0 if _area(corners) > 0 else -1.0
    sides = torch.stack(edges) * turn
    inside = (-sides).clamp(min=0)
    full = belly * (inside[0] * inside[1] * inside[2]).clamp(min=0) ** (1 / 3) * 2.2
    sheet = (z + 0.06 * (x.abs()) - full).abs() - 0.012
    return torch.maximum(sheet, sides.amax(dim=0)) * 0.5


def _area(corners: tuple[tuple[float, float], ...]) -> float:
    pairs = zip(corners, corners[1:] + corners[:1], strict=True)
    return sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairs)


def _colours(q: Tensor, part: Tensor) -> Tensor:
    x, y, _z = q.unbind(dim=1)
    s = (x - 0.05) / 1.42
    sheer = 0.3 + 0.12 * s**2 + 0.06 * s
    hull = mix(rgb("#b02a24"), rgb("#2a62b0"), step(0.02, 0.03, y))
    hull = mix(hull, rgb("#f4efe4"), step(0.105, 0.095, (sheer - y - 0.03).abs() + 0.06))
    hull = mix(hull, rgb("#a8743c"), step(-0.012, -0.004, y - sheer))
    spars = mix(rgb("#b8824a"), rgb("#f4ece0"), (y < 0.54).float() * (x > -0.2).float())
    panels = 1 - 0.1 * step(0.02, 0.006, (torch.remainder(y + 0.15 * x, 0.34) - 0.17).abs())
    main = mix(
        rgb("#f4e8d0"),
        rgb("#c8442c"),
        ((y + 0.12 * x) < 1.12).float() * ((y + 0.12 * x) > 0.84).float(),
    )
    jib = mix(rgb("#d8542e"), rgb("#e88a3a"), step(0.6, 2.2, y))
    skins = torch.stack([hull, spars, main * panels[:, None], jib * panels[:, None]])
    return skins[part, torch.arange(len(q))]
