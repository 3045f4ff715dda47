"""A lighthouse with its keeper's house on a rock: their shapes, their colours, their light."""

from __future__ import annotations

import torch
from rays import length, march, mix, near, normals, openness, rgb, shadow, smooth_min, step
from texture import spectral
from torch import Tensor

REACH = 6.6


class Isle:
    """The rock, the tower with its lantern, and the keeper's house.

    Args:
        place: (x, 0, z) of the tower's foot.
        sun: (3,) unit direction to the sun.
        warm: light of the sun, as `#rrggbb`.
        cool: light of the sky.
    """

    def __init__(
        self, place: tuple[float, float, float], sun: Tensor, *, warm: str, cool: str
    ) -> None:
        self.place, self.sun = torch.tensor(place), sun
        self.warm, self.cool = rgb(warm) * 2.7, rgb(cool) * 0.75
        self.rough = spectral(512, slope=1.85, seed=9)
        self.fine = spectral(512, slope=0.9, seed=10)

    def parts(self, p: Tensor) -> Tensor:
        """Return (N, 6): distances to rock, tower, metal, glass, house walls and roof."""
        q = p - self.place
        across = torch.hypot(q[:, 0], q[:, 2])
        house = torch.stack([q[:, 0] + 1.9, q[:, 1] - 1.45, q[:, 2] - 0.35], dim=1)
        walls = _box(house, (0.75, 0.42, 0.5))
        roof = _roof(house)
        return torch.stack([self._rock(q), _tower(q, across), _metal(q, across),
                            _rod(q, across, 5.42, 0.26, 0.3), walls, roof], dim=1)  # fmt: skip

    def _rock(self, q: Tensor) -> Tensor:
        """Two mounds, broken by noise read on the faces."""
        low = length((q - torch.tensor([-1.2, -0.9, 0.0])) / torch.tensor([4.6, 1.95, 2.6]))
        high = length((q - torch.tensor([0.2, -0.4, 0.0])) / torch.tensor([2.2, 1.75, 1.8]))
        mound = smooth_min((low - 1) * 1.95, (high - 1) * 1.75, radius=0.5)
        near = mound < 0.9
        rough = torch.zeros(len(q))
        n = q[near]
        x, y, z = n.unbind(dim=1)
        rough[near] = (
            self.rough.at(x + 0.4 * y, z, period=5.5) * 0.17
            + self.rough.at(x + 0.3 * z, y * 1.6, period=3.9) * 0.15
        )
        return (mound - rough).clamp(min=-1) * 0.55

    def field(self, p: Tensor) -> Tensor:
        """Return the distance to the nearest part."""
        return self.parts(p).amin(dim=1)

    def behold(self, origins: Tensor, rays: Tensor, light: Tensor) -> Tensor:
        """Put the isle before `light` (N, 3); return how far each ray goes to it (N,)."""
        reach = torch.full((len(origins),), torch.inf)
        middle = self.place + torch.tensor([-0.6, 2.4, 0.0])
        close = near(origins, rays, middle, REACH)
        reach[close] = march(self.field, origins[close], rays[close], far=60, steps=110)
        hit = reach.isfinite()
        points = origins[hit] + reach[hit, None] * rays[hit]
        light[hit] = self._stone(points, rays[hit])
        return reach

    def surf(self, points: Tensor, water: Tensor) -> Tensor:
        """Whiten the water round the rock."""
        gap = self.field(points) / 0.55
        lace = self.fine.at(points[:, 0], points[:, 2], period=2.5)
        foam = step(0.75, 0.0, gap + 0.22 * lace) * step(-1.2, 0.6, lace + 0.6 - gap)
        return mix(water, rgb("#f2f6f6"), 0.9 * foam)

    def _stone(self, points: Tensor, rays: Tensor) -> Tensor:
        """Light from the self."""
        part = self.parts(points).argmin(dim=1)
        normal = normals(self.field, points, step=3e-3)
        colour = self._colours(points, normal, part)
        lifted = points + normal * 0.02
        seen = shadow(self.field, lifted, self.sun, softness=0.04, far=7.0)
        facing = (normal @ self.sun).clamp(min=0) * seen
        open_sky = openness(self.field, lifted, normal, reach=0.6)
        dome = (0.6 + 0.4 * normal[:, 1]) * open_sky
        light = colour * (facing[:, None] * self.warm + dome[:, None] * self.cool)
        mirror = rays - 2 * (rays * normal).sum(dim=1, keepdim=True) * normal
        shine = (
            (mirror @ self.sun).clamp(min=0) ** 60
            * seen
            * torch.tensor([0.1, 0.3, 0.8, 3, 0.1, 0.1])[part]
        )
        return light + shine[:, None] * self.warm * 0.4

    def _colours(self, points: Tensor, normal: Tensor, part: Tensor) -> Tensor:
        q = points - self.place
        fine = self.fine.around(points, normal, period=1.6)
        rough = self.rough.around(points, normal, period=4.0)
        rock = mix(rgb("#5a5048"), rgb("#a89884"), step(-1.4, 1.6, rough + 0.6 * fine))
        grass = mix(rgb("#4c6a26"), rgb("#8a9a3e"), step(-1.5, 1.5, fine))
        rock = mix(
            rock, grass, step(0.62, 0.85, normal[:, 1]) * step(0.55, 0.85, q[:, 1] + 0.1 * rough)
        )
        rock = mix(rock, rgb("#24221e"), step(0.34, 0.1, q[:, 1] + 0.05 * fine))
        stripe = step(-0.03, 0.03, torch.sin((q[:, 1] - 1.0) * 3.1416 / 0.8))
        tower = mix(rgb("#c8222a"), rgb("#f4efe6"), stripe)
        turn = torch.atan2(q[:, 2], q[:, 0])
        window = step(0.2, 0.16, (turn - 1.72).abs()) * step(
            0.15, 0.13, (torch.remainder(q[:, 1] - 1.9, 1.3) - 0.65).abs()
        )
        tower = mix(tower * (1 + 0.05 * rough)[:, None], rgb("#1c2430"), window)
        walls = mix(rgb("#f0ead8"), rgb("#26303c"), _panes(q))
        tiles = 0.8 + 0.2 * torch.sin(q[:, 0] * 60) * torch.sin(q[:, 1] * 70)
        roof = mix(rgb("#b0482c"), rgb("#8a3020"), step(-1, 1, fine)) * tiles[:, None]
        metal, glass = rgb("#2a3036").expand_as(points), rgb("#f8e2a0").expand_as(points)
        skins = torch.stack([rock, tower, metal, glass, walls, roof])
        return skins[part, torch.arange(len(points))]


def _rod(q: Tensor, across: Tensor, middle: float, radius: float, half: float) -> Tensor:
    return torch.maximum(across - radius, (q[:, 1] - middle).abs() - half)


def _box(q: Tensor, half: tuple[float, float, float]) -> Tensor:
    d = q.abs() - torch.tensor(half)
    return length(d.clamp(min=0)) + d.amax(dim=1).clamp(max=0)


def _roof(q: Tensor) -> Tensor:
    slope = (q[:, 1] - 0.42) * 0.78 + q[:, 2].abs() * 0.62 - 0.34
    shell = torch.maximum(slope, 0.36 - q[:, 1])
    shell = torch.maximum(shell, q[:, 0].abs() - 0.84)
    chimney = _box(q - torch.tensor([0.45, 0.85, -0.1]), (0.09, 0.22, 0.09))
    return torch.minimum(shell, chimney)


def _tower(q: Tensor, across: Tensor) -> Tensor:
    up = ((q[:, 1] - 1.0) / 4.0).clamp(0, 1)
    return torch.maximum(across - (0.62 - 0.25 * up**0.8), (q[:, 1] - 3.0).abs() - 2.0) * 0.95


def _metal(q: Tensor, across: Tensor) -> Tensor:
    """Gallery, rails, the lantern's bars and its dome."""
    gallery = torch.maximum(across - 0.56, (q[:, 1] - 5.04).abs() - 0.05)
    rail = torch.hypot(across - 0.53, q[:, 1] - 5.3) - 0.016
    turn = torch.atan2(q[:, 2], q[:, 0])
    side = (torch.remainder(turn * 12 / 6.2832, 1.0) - 0.5) * 6.2832 / 12
    posts = torch.hypot(side * across, across - 0.53) - 0.013
    posts = torch.maximum(posts, (q[:, 1] - 5.17).abs() - 0.13)
    bars = torch.maximum(
        torch.hypot(side * across, across - 0.27) - 0.014, (q[:, 1] - 5.42).abs() - 0.3
    )
    dome = torch.hypot(across, (q[:, 1] - 5.72).clamp(min=0) * 0.95) - 0.31
    dome = torch.maximum(dome, 5.7 - q[:, 1])
    tip = torch.hypot(across, (q[:, 1] - 6.1).abs() - (q[:, 1] - 6.1).abs().clamp(max=0.18)) - 0.02
    parts = torch.stack([gallery, rail, posts, bars, dome, tip])
    return parts.amin(dim=0) * 0.85


def _panes(q: Tensor) -> Tensor:
    """The windows of the keeper's house."""
    u = torch.remainder(q[:, 0] + 1.9 + 0.25, 0.5) - 0.25
    frame = step(0.12, 0.11, u.abs()) * step(0.15, 0.14, (q[:, 1] - 1.5).abs())
    bars = step(0.008, 0.016, u.abs()) * step(0.008, 0.016, (q[:, 1] - 1.5).abs())
    return frame * bars
