"""The drawing beneath the mosaic: a peacock on a branch, a rayed sun, hills and a scrolling sea."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from mosaic_wall import Design, Ramp, Wall, ramp

if TYPE_CHECKING:
    from mosaic_wall import Array

BLACK, INK, NAVY = "#14110f", "#15204a", "#122b78"
ULTRAMARINE, AZURE, TURQUOISE, FOAM = "#1c3fae", "#2f74cf", "#2bb3b8", "#a6e2d8"
EMERALD, MOSS, LEAF = "#0d6b55", "#4f6b22", "#a3a83a"
BRONZE, GOLD, LIGHT = "#b5731a", "#e8ae2b", "#f8d875"
IVORY, ROSE, TERRACOTTA, CRIMSON, WINE = "#f6ecd2", "#e6a58a", "#c4532d", "#a81c2c", "#5c1226"

SUN = (0.87, 0.29)


def draw(height: int, width: int) -> Design:
    """Draw the whole design at `height` by `width` samples."""
    wall = Wall(height, width)
    _sky(wall)
    _sun(wall)
    _hills(wall)
    _sea(wall)
    _branch(wall)
    _peacock(wall)
    return Design(wall.label, wall.angle, wall.size, wall.colour, wall.gleam)


def _sky(wall: Wall) -> None:
    radius = np.hypot(wall.x - SUN[0], wall.y - SUN[1])
    flow = radius + 0.03 * np.sin(7 * wall.x + 2) * np.cos(9 * wall.y)
    stripe = 0.5 + 0.5 * np.cos(flow * 62)
    deep = np.clip(flow / 0.95, 0, 1)
    blues = ramp(deep, [FOAM, TURQUOISE, AZURE, ULTRAMARINE, ULTRAMARINE, NAVY, INK])
    light = ramp(deep, [LIGHT, IVORY, LIGHT, IVORY, FOAM, ROSE, FOAM, TURQUOISE])
    wall.fill(2 - flow, blues + (light - blues) * (stripe**2)[..., None], size=0.0155, gleam=0.3)
    scrolls = [
        (0.46, 0.13, 0.105, 1), (1.16, 0.1, 0.085, -1), (0.63, 0.3, 0.07, -1),
        (0.1, 0.1, 0.075, 1), (1.15, 0.47, 0.07, 1),
    ]  # fmt: skip
    for x, y, r, hand in scrolls:
        _scroll(wall, x, y, r, hand, [NAVY, AZURE, IVORY, ROSE])
    stars = [(0.29, 0.06), (0.63, 0.06), (0.055, 0.33), (0.69, 0.47), (1.04, 0.03), (0.27, 0.2)]
    for x, y in stars:
        _star(wall, x, y)


def _scroll(wall: Wall, x: float, y: float, radius: float, hand: int, colours: Ramp) -> None:
    """A volute: a spiral band that turns towards its middle."""
    dx, dy = wall.x - x, wall.y - y
    r, turn = np.hypot(dx, dy), hand * np.arctan2(dy, dx) / (2 * np.pi)
    pitch = 0.042
    phase = (r / pitch - turn) % 1.0
    depth = radius - r
    band = np.where((phase < 0.5)[..., None], ramp(r / radius, [colours[2], colours[3]]),
                    ramp(r / radius, [colours[1], colours[0]]))  # fmt: skip
    wall.form(depth, band, edge=INK, size=0.0125, gleam=0.2)
    wall.split(phase < 0.5)


def _star(wall: Wall, x: float, y: float) -> None:
    turn = np.arctan2(wall.y - y, wall.x - x)
    depth = wall.disc(x, y, 0.024) + 0.011 * np.cos(8 * turn)
    wall.fill(depth, ramp(depth / 0.03, [BRONZE, GOLD, LIGHT]), size=0.0115, gleam=1)
    wall.fill(wall.disc(x, y, 0.009), ramp(depth, [IVORY]), size=0.012)


def _sun(wall: Wall) -> None:
    x, y = SUN
    radius, turn = np.hypot(wall.x - x, wall.y - y), np.arctan2(wall.y - y, wall.x - x)
    wave = turn + 0.25 * np.sin(radius * 28)
    rays: list[tuple[int, float, float, Ramp, str]] = [
        (12, 0.235, np.pi / 12, [WINE, CRIMSON, TERRACOTTA], INK),
        (12, 0.215, 0.0, [BRONZE, GOLD, LIGHT], WINE),
    ]
    for count, reach, shift, colours, edge in rays:
        point = np.abs(((wave + shift) * count / (2 * np.pi)) % 1.0 - 0.5) * 2
        depth = (reach - radius) * 0.55 - 0.1 * (1 - point) * radius / 0.2
        tone = np.clip((radius - 0.11) / 0.13, 0, 1)
        wall.form(depth, ramp(1 - tone, colours), edge=edge, size=0.0125, gleam=0.8)
    rings: list[tuple[float, Ramp, float]] = [
        (0.127, [WINE, CRIMSON], 0.013), (0.112, [IVORY, IVORY], 0.0125),
        (0.099, [TERRACOTTA, GOLD, LIGHT, IVORY], 0.0145), (0.04, [CRIMSON, TERRACOTTA], 0.012),
        (0.027, [GOLD, LIGHT, IVORY], 0.013),
    ]  # fmt: skip
    for r, colours, size in rings:
        depth = wall.disc(x, y, r)
        wall.fill(depth, ramp(depth / r, colours), size=size, gleam=0.8)


def _hills(wall: Wall) -> None:
    x = wall.x
    crests: list[tuple[Array, Ramp, str]] = [
        (0.60 - 0.05 * np.cos(5 * x + 0.4) - 0.03 * np.cos(11 * x), [ROSE, TERRACOTTA, WINE], INK),
        (0.66 - 0.045 * np.cos(6.5 * x + 3.1), [IVORY, GOLD, BRONZE, TERRACOTTA], WINE),
        (0.70 - 0.035 * np.cos(8 * x + 5.5), [LEAF, MOSS, EMERALD, INK], BLACK),
    ]
    for crest, colours, edge in crests:
        depth = wall.y - crest
        stripe = 0.5 + 0.5 * np.cos(depth * 150)
        tone = np.clip(depth / 0.11, 0, 1)
        wall.form(depth, ramp(tone * 0.75 + stripe * 0.25, colours), edge=edge, size=0.0145)


def _sea(wall: Wall) -> None:
    for row in range(4):
        level, period = 0.755 + 0.075 * row, 0.21 + 0.03 * row
        shift = (row % 2) * 0.5 + 0.13 * row
        phase = (wall.x / period + shift) % 1.0
        crest = level - 0.06 * (1 - np.sin(np.pi * phase)) * (1 + 0.15 * row)
        depth = wall.y - crest
        stripe = 0.5 + 0.5 * np.cos(depth * 130)
        body = ramp(np.clip(depth / 0.12, 0, 1), [FOAM, TURQUOISE, AZURE, ULTRAMARINE, NAVY])
        dark = ramp(np.clip(depth / 0.12, 0, 1), [TURQUOISE, ULTRAMARINE, NAVY, EMERALD, INK])
        wall.form(depth, dark + (body - dark) * (stripe > 0.45)[..., None], edge=IVORY, size=0.014)
        for k in range(-1, 8):
            x = (k - shift) * period + 0.015
            _scroll(
                wall,
                x,
                level - 0.012,
                0.046 + 0.006 * row,
                1,
                [ULTRAMARINE, TURQUOISE, IVORY, FOAM],
            )


def _branch(wall: Wall) -> None:
    wood = wall.stroke(
        [(-0.05, 0.66), (0.15, 0.6), (0.35, 0.68), (0.6, 0.56)], [0.024, 0.02, 0.012, 0.004]
    )
    wall.form(wood, ramp(wood / 0.02, [WINE, TERRACOTTA, BRONZE]), edge=BLACK, size=0.0115)
    leaves = [
        (0.03, 0.62, -2.0), (0.06, 0.66, 1.9), (0.15, 0.66, 1.2), (0.45, 0.62, 0.9),
        (0.5, 0.595, -1.1), (0.6, 0.565, -0.35), (0.56, 0.585, 0.7), (0.43, 0.6, -1.9),
    ]  # fmt: skip
    for x, y, turn in leaves:
        tip = (x + 0.1 * np.cos(turn), y + 0.1 * np.sin(turn))
        leaf = wall.stroke([(x, y), tip], [0.002, 0.021, 0.026, 0.017, 0.002])
        side = (wall.x - x) * np.sin(turn) - (wall.y - y) * np.cos(turn)
        tone = np.where(side > 0, 0.75, 0.2) + leaf * 6
        wall.form(leaf, ramp(tone, [EMERALD, MOSS, LEAF, LIGHT]), edge=BLACK, size=0.011)
        wall.split(side > 0)
    for x, y in [(0.5, 0.665), (0.545, 0.645), (0.54, 0.69)]:
        berry = wall.disc(x, y, 0.024)
        wall.form(berry, ramp(berry / 0.016, [CRIMSON, TERRACOTTA, ROSE]), edge=WINE, size=0.01)


def _peacock(wall: Wall) -> None:
    hip = (0.21, 0.53)
    ends = [
        (0.05, 0.93), (0.16, 0.95), (0.27, 0.94), (0.38, 0.91), (0.485, 0.85),
        (0.105, 0.8), (0.215, 0.82), (0.325, 0.8), (0.16, 0.7), (0.265, 0.69),
    ]  # fmt: skip
    for x, y in ends:
        bend = (0.2 + (x - 0.2) * 0.9, 0.62 + (y - 0.7) * 0.4)
        plume = wall.stroke([hip, bend, (x, y)], [0.012, 0.022, 0.03])
        tone = np.clip(plume / 0.025, 0, 1)
        wall.form(
            plume, ramp(tone, [EMERALD, TURQUOISE, LEAF, GOLD]), edge=INK, size=0.0115, gleam=0.5
        )
        _eye(wall, x, y)
    _body(wall)


def _eye(wall: Wall, x: float, y: float) -> None:
    rings: list[tuple[float, str]] = [(0.043, BLACK), (0.036, GOLD), (0.027, TERRACOTTA),
                                      (0.0195, TURQUOISE), (0.012, NAVY)]  # fmt: skip
    for radius, colour in rings:
        depth = wall.disc(x, y, radius)
        wall.fill(depth, ramp(depth, [colour]), size=0.0105, gleam=0.6)


def _body(wall: Wall) -> None:
    crown = (0.385, 0.235)
    for x, y in [(0.33, 0.14), (0.37, 0.125), (0.41, 0.135)]:
        wall.fill(
            wall.stroke([crown, (x, y)], [0.006, 0.006]), ramp(wall.x, [GOLD]), size=0.011, gleam=1
        )
        drop = wall.disc(x, y, 0.017)
        wall.form(drop, ramp(drop / 0.01, [TURQUOISE, IVORY]), edge=NAVY, size=0.0095)
    beak = wall.stroke([(0.41, 0.26), (0.475, 0.285)], [0.015, 0.002])
    wall.fill(beak, ramp(beak / 0.01, [BRONZE, LIGHT]), size=0.011)
    shape = [(0.16, 0.585), (0.26, 0.56), (0.47, 0.52), (0.24, 0.36), (0.395, 0.25)]
    body = wall.stroke(shape, [0.045, 0.085, 0.095, 0.065, 0.04, 0.036])
    scale = 0.5 + 0.5 * np.cos(body * 210)
    tone = np.clip(body / 0.09, 0, 1) * 0.7 + scale * 0.3
    wall.form(
        body,
        ramp(tone, [ULTRAMARINE, EMERALD, TURQUOISE, FOAM, LIGHT, GOLD]),
        edge=BLACK,
        size=0.012,
        gleam=0.6,
    )
    feathers: list[tuple[float, float, Ramp]] = [
        (0.155, 0.615, [WINE, CRIMSON, TERRACOTTA]), (0.1, 0.595, [BRONZE, GOLD, LIGHT]),
        (0.07, 0.555, [CRIMSON, TERRACOTTA, ROSE]), (0.065, 0.51, [ROSE, IVORY, IVORY]),
        (0.085, 0.465, [BRONZE, GOLD, LIGHT]), (0.13, 0.43, [WINE, CRIMSON, TERRACOTTA]),
    ]  # fmt: skip
    for x, y, colours in feathers:
        wing = wall.stroke([(0.325, 0.475), (x * 0.4 + 0.195, y * 0.5 + 0.225), (x, y)],
                           [0.016, 0.022, 0.026, 0.024, 0.006])  # fmt: skip
        wall.form(wing, ramp(wing / 0.02, colours), edge=BLACK, size=0.0098, gleam=0.5)
    shoulder = wall.disc(0.32, 0.475, 0.036)
    wall.form(
        shoulder, ramp(shoulder / 0.03, [TERRACOTTA, LIGHT, CRIMSON]), edge=BLACK, size=0.0105
    )
    eye = wall.disc(0.4, 0.247, 0.017)
    wall.fill(eye, ramp(eye, [IVORY]), size=0.01)
    wall.fill(eye - 0.009, ramp(eye, [BLACK]), size=0.016)
