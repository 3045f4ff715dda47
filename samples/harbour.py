"""The flat pieces of a harbour by night: a hill, house fronts, lamps on the quay, moored boats.

Each piece stands in a plane and says, for points of it, what light they give and what they cover.
"""

from __future__ import annotations

import torch
from rays import mix, rgb, step
from texture import Texture, spectral
from torch import Tensor

LAMPS = 3.6
"""From one lamp of the quay to the next; one stands at x = 0.9."""
QUAY = 0.85
STOREY = 1.75
FRONTS = ("#a8584c", "#ccaa68", "#dcd0b8", "#6a8ca4", "#b87c5c", "#849880", "#ccb4a4", "#8c7490")
GLOWS = ("#ffb84c", "#ffd890", "#ff983c", "#ffe8b8")
BOATS = (
    (-8.6, 2.3, 6.4, "#2c5c8c"), (-3.6, 1.7, 4.9, "#c84038"),
    (1.7, 2.6, 7.3, "#e8e4d8"), (8.8, 1.9, 5.4, "#3a7458"),
)  # fmt: skip
"""(x, half length, mast, colour of the hull) of each."""


class Fronts:
    """A row of gabled houses on the quay.

    Args:
        reach: they stand from -`reach` to `reach`.
        seed: of their widths, heights and colours.
    """

    def __init__(self, *, reach: float, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.draw = torch.rand(32, 6, generator=generator)
        self.lit = torch.rand(32, 8, 4, generator=generator)
        edges = (2.3 + 1.5 * self.draw[:, 0]).cumsum(0) - reach
        self.edges = torch.cat([torch.tensor([-reach]), edges])
        self.grain = spectral(512, slope=1.1, seed=seed + 1)

    def paint(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return light (N, 3) and cover (N,) of points in the plane of the fronts."""
        number = (torch.searchsorted(self.edges, x.contiguous()) - 1).clamp(0, 31)
        draw = self.draw[number]
        left, right = self.edges[number], self.edges[(number + 1).clamp(max=32)]
        half = (right - left) / 2
        u = x - (left + right) / 2
        eaves = QUAY + STOREY * (2.6 + 1.7 * draw[:, 1]).round() + 0.3
        rise = half * (1.0 + 0.5 * draw[:, 2])
        share = (u.abs() / half).clamp(0, 1)
        stairs = 1 - (share * 5).floor() / 5
        top = eaves + rise * torch.where(draw[:, 3] < 0.4, stairs, 1 - share)
        cover = step(0.0, -0.04, y - top)
        fine = self.grain.at(x, y, period=3.0)
        wall = _pick(FRONTS, draw[:, 4]) * (1 + 0.08 * fine)[:, None]
        wall = mix(wall, rgb("#e8dcc4"), step(0.16, 0.13, top - y))
        wall = mix(wall, rgb("#3c2a24"), step(0.05, 0.02, half - u.abs()))
        light = wall * (lamplight(x, y)[:, None] * rgb("#ffc48c") * 0.8 + rgb("#4c64a0") * 0.32)
        return self._windows(light, number, u, half, y, eaves), cover

    def _windows(
        self, light: Tensor, number: Tensor, u: Tensor, half: Tensor, y: Tensor, eaves: Tensor
    ) -> Tensor:
        """Set three windows to a floor into the fronts, some of them lit."""
        cell = half * 2 / 3.2
        column = (u / cell).round().clamp(-1, 1)
        across = (u - column * cell) / cell
        floor = ((y - QUAY) / STOREY).floor()
        up = torch.remainder(y - QUAY, STOREY) - 0.95
        gable = y > eaves + 0.1
        across = torch.where(gable, u / cell * 1.4, across)
        tall = torch.where(floor == 0, 0.72, 0.52)
        wide = torch.where(floor == 0, 0.36, 0.27)
        there = (floor >= 0) & (y < eaves + STOREY) & ~(gable & (up > 0.5))
        inside = step(0.02, -0.02, across.abs() - wide) * step(0.02, -0.02, up.abs() - tall)
        frame = step(0.02, -0.02, across.abs() - wide - 0.05) * step(
            0.02, -0.02, up.abs() - tall - 0.07
        )
        chance = self.lit[
            number, floor.clamp(0, 7).long(), (column + 1 + 2 * gable).clamp(0, 3).long()
        ]
        glow = _pick(GLOWS, torch.remainder(chance * 7.3, 1.0)) * (1.5 + 0.5 * up)[:, None]
        dark = rgb("#101c34") * 0.5
        burning = (chance < torch.where(floor == 0, 0.75, 0.48)).float()
        pane = mix(dark.expand_as(light), glow, burning)
        bars = torch.maximum(step(0.04, 0.02, across.abs()), step(0.05, 0.02, (up - 0.12).abs()))
        pane = mix(pane, pane * 0.25, bars)
        light = mix(light, light * 1.7 + 0.01, frame * there)
        return mix(light, pane, inside * there)


class Quay:
    """The wall of the quay with its row of lamps."""

    def __init__(self, *, seed: int) -> None:
        self.grain = spectral(512, slope=1.0, seed=seed)

    def paint(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return light (N, 3) and cover (N,) of points in the plane of the quay."""
        course = (y / 0.28).floor()
        joint = step(0.02, 0.008, (torch.remainder(x + 0.35 * course, 0.7) - 0.35).abs())
        joint = torch.maximum(joint, step(0.03, 0.012, torch.remainder(y, 0.28)))
        stone = rgb("#8c8478") * (1 + 0.15 * self.grain.at(x, y, period=2.0) - 0.4 * joint)[:, None]
        stone = mix(stone, rgb("#1c2420"), step(0.3, 0.05, y))
        light = stone * (0.5 * lamplight(x, y)[:, None] * rgb("#ffb868") + rgb("#38507c") * 0.25)
        near = torch.remainder(x - 0.9 + LAMPS / 2, LAMPS) - LAMPS / 2
        post = step(0.06, 0.03, near.abs()) * step(3.05, 3.0, y)
        arm = step(0.05, 0.02, (y - 2.95).abs()) * step(0.16, 0.12, near.abs())
        iron = torch.maximum(post, arm)
        wall = step(QUAY + 0.02, QUAY - 0.02, y)
        light = mix(rgb("#0c0e12").expand_as(light), light, wall)
        bulb = step(0.19, 0.13, torch.hypot(near, y - 3.2))
        light = mix(light, rgb("#ffe2ac") * 5.0, bulb)
        return light, torch.stack([iron, wall, bulb]).amax(dim=0)

    def halo(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the light (N, 3) that the air about the lamps scatters."""
        near = torch.remainder(x - 0.9 + LAMPS / 2, LAMPS) - LAMPS / 2
        far = torch.hypot(near, y - 3.2)
        return (0.7 * torch.exp(-far / 0.3) + 0.14 * torch.exp(-far / 1.0))[:, None] * rgb(
            "#ffb45c"
        )


def lamplight(x: Tensor, y: Tensor) -> Tensor:
    """Return how much of the lamps' light (N,) falls on the walls behind and below them."""
    near = torch.remainder(x - 0.9 + LAMPS / 2, LAMPS) - LAMPS / 2
    total = torch.zeros_like(x)
    for side in (-LAMPS, 0.0, LAMPS):
        total += 1 / (1 + ((near + side) ** 2 + (y - 3.0) ** 2) / 1.6) ** 1.3
    return total


def boats(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return light (N, 3) and cover (N,) of moored sailing boats, in their plane."""
    light, cover = torch.zeros(len(x), 3), torch.zeros_like(x)
    for middle, half, mast, code in BOATS:
        u = (x - middle) / half
        sheer = 0.62 + 0.2 * u * u + 0.1 * u
        bottom = torch.maximum(u - 1.0 + 0.25 * (0.8 - y), -u - 0.93 - 0.1 * y)
        hull = step(0.02, 0.0, y - sheer) * step(0.015, 0.0, bottom)
        rim = step(0.07, 0.03, (y - sheer + 0.05).abs())
        cabin = step(0.0, -0.03, torch.maximum((u + 0.15).abs() - 0.36, (y - 0.85).abs() - 0.28))
        port = step(0.085, 0.06, torch.hypot(torch.remainder(x, 0.36) - 0.18, y - 0.92)) * cabin
        pole = step(0.05, 0.025, (x - middle - 0.1 * half).abs()) * step(mast + 0.02, mast, y)
        boom = step(0.12, 0.08, (y - 1.5 - 0.03 * u).abs()) * step(0.0, 0.05, 0.1 - u)
        boom = boom * step(-0.85, -0.8, u)
        stays = torch.maximum(
            _line(u, y, 0.98, 0.8, 0.1, mast, half), _line(u, y, -0.95, 0.8, 0.1, mast, half)
        )
        glow = 0.25 + 0.5 * step(1.0, -1.0, u) + 0.5 * lamplight(x, y)
        paint = rgb(code) * (glow * 0.32)[:, None] + rgb("#0a1428") * 0.25
        paint = mix(paint, rgb("#f0e8d8") * 0.25, rim)
        cloth = rgb("#e8dcc4") * (0.20 + 0.1 * glow)[:, None]
        spars = rgb("#b09068") * (0.3 + 0.25 * glow)[:, None]
        for shape, colour in (
            (0.5 * stays, spars), (pole, spars), (boom, cloth), (cabin, cloth * 0.9),
            (hull, paint), (port, rgb("#ffc868").expand_as(light) * 1.6),
        ):  # fmt: skip
            light = mix(light, colour, shape)
            cover = torch.maximum(cover, shape)
    return light / cover.clamp(min=0.05)[:, None].clamp(max=1), cover


def _line(u: Tensor, y: Tensor, u0: float, y0: float, u1: float, y1: float, half: float) -> Tensor:
    """Cover (N,) of a rope from one point to another."""
    dx, dy = (u1 - u0) * half, y1 - y0
    px, py = (u - u0) * half, y - y0
    t = ((px * dx + py * dy) / (dx * dx + dy * dy)).clamp(0, 1)
    return step(0.03, 0.01, torch.hypot(px - t * dx, py - t * dy))


def hill(x: Tensor, y: Tensor, shape: Texture) -> tuple[Tensor, Tensor]:
    """Return light (N, 3) and cover (N,) of a dark hill with a castle, in their plane."""
    crest = 15.5 + 4.0 * torch.exp(-(((x + 12) / 13) ** 2)) + 0.5 * shape.at(x, x * 0, period=60.0)
    keep = torch.maximum((x + 14.0).abs() - 2.6, y - 24.0 - 0.5 * (torch.remainder(x, 1.2) > 0.6))
    tower = torch.maximum((x + 9.6).abs() - 1.3, y - 26.5)
    cone = torch.maximum((x + 9.6).abs() * 1.7 + y - 29.6, 26.5 - y)
    wall = torch.maximum((x + 8.0).abs() - 6.5, y - 21.3 - 0.4 * (torch.remainder(x, 1.0) > 0.5))
    castle = torch.stack([keep, tower, cone, wall]).amin(dim=0)
    cover = torch.maximum(step(0.1, -0.1, y - crest), step(0.06, -0.06, castle))
    light = mix(rgb("#0c1830"), rgb("#22304c"), step(-0.1, 0.1, castle)) * 0.7
    light = mix(light, rgb("#6c6458") * 0.9, step(0.05, -0.05, castle) * step(17.0, 26.0, y))
    cell = torch.hypot(torch.remainder(x, 1.3) - 0.65, torch.remainder(y, 1.7) - 0.85)
    chance = torch.remainder(
        torch.sin((x / 1.3).floor() * 12.9 + (y / 1.7).floor() * 78.2) * 437.5, 1
    )
    spark = (
        step(0.26, 0.14, cell) * (chance < torch.where(castle < -0.3, 0.3, 0.10)) * (y < crest + 8)
    )
    return mix(light, rgb("#ffc470") * 1.2, spark), cover


def _pick(codes: tuple[str, ...], chance: Tensor) -> Tensor:
    """Pick a colour (N, 3) by chance (N,)."""
    return torch.stack([rgb(code) for code in codes])[(chance * len(codes)).long()]
