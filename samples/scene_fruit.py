"""Still life: apples, a pear, oranges and a blue cup on a checkered cloth, by window light."""

from __future__ import annotations

import math

import torch
from rays import (
    length,
    look,
    march,
    mix,
    normals,
    openness,
    rgb,
    shadow,
    smooth_min,
    step,
    unit,
)  # fmt: skip
from texture import spectral
from torch import Tensor

LAMP = unit(torch.tensor([-0.75, 0.85, 0.35]))
CUP = torch.tensor([0.62, 0.0, -0.35])
APPLES = ((-0.55, 0.325, 0.32, 0.36), (0.12, 0.3, 0.55, 0.33))
ORANGES = ((-0.12, 0.37, -0.42, 0.37), (1.32, 0.34, 0.38, 0.34))
PEAR = torch.tensor([-1.25, 0.0, -0.3])


class Table:
    """Everything that stands on the cloth, as one distance field a thing."""

    def __init__(self) -> None:
        self.grain = spectral(512, slope=1.2, seed=3)
        self.folds = spectral(256, slope=2.2, seed=5)

    def parts(self, p: Tensor) -> Tensor:
        """Return (N, 7): distances to the cloth, wall, apples, oranges, pear, cup and stems."""
        x, y, z = p.unbind(dim=1)
        folds = self.folds.at(x, z, period=5.0)
        cloth = (y - 0.022 * folds) * 0.9
        wall = z + 2.6
        apples = torch.stack([_apple(p, *apple) for apple in APPLES]).amin(dim=0)
        oranges = torch.stack([_ball(p, *ball) for ball in ORANGES]).amin(dim=0)
        stems = torch.stack([_stem(p, ax, ay + r * 0.72, az) for ax, ay, az, r in APPLES])
        stem = torch.minimum(stems.amin(dim=0), _stem(p, -1.25, 1.02, -0.3))
        return torch.stack([cloth, wall, apples, oranges, _pear(p), _cup(p), stem], dim=1)

    def field(self, p: Tensor) -> Tensor:
        """Return the distance to the nearest thing."""
        return self.parts(p).amin(dim=1)


def _ball(p: Tensor, x: float, y: float, z: float, radius: float) -> Tensor:
    return length(p - torch.tensor([x, y, z])) - radius


def _apple(p: Tensor, x: float, y: float, z: float, radius: float) -> Tensor:
    """A ball with a dent at both poles and a slimmer foot."""
    q = p - torch.tensor([x, y, z])
    across = torch.hypot(q[:, 0], q[:, 2])
    turn = torch.atan2(q[:, 2], q[:, 0])
    foot = 1 + 0.14 * q[:, 1] / radius + 0.012 * torch.cos(5 * turn) * step(0, -radius, q[:, 1])
    dent = 0.24 * radius * torch.exp(-((across / radius / 0.33) ** 2))
    body = torch.hypot(across / foot, q[:, 1] * 1.02) + dent
    return (body - radius) * 0.7


def _stem(p: Tensor, x: float, y: float, z: float) -> Tensor:
    q = p - torch.tensor([x, y, z])
    height = q[:, 1].clamp(0, 0.16)
    bend = torch.stack([q[:, 0] - 0.9 * height**1.6, q[:, 1] - height, q[:, 2]], dim=1)
    return (length(bend) - 0.017 - 0.05 * height**1.5) * 0.7


def _pear(p: Tensor) -> Tensor:
    q = p - PEAR
    lean = q[:, 1] * 0.06
    q = torch.stack([q[:, 0] - lean, q[:, 1], q[:, 2]], dim=1)
    low = length(q - torch.tensor([0.0, 0.39, 0.0])) - 0.39
    high = length(q - torch.tensor([0.0, 0.84, 0.0])) - 0.185
    return smooth_min(low, high, radius=0.36)


def _cup(p: Tensor) -> Tensor:
    q = p - CUP
    across, y = torch.hypot(q[:, 0], q[:, 2]), q[:, 1]
    wide = 0.36 + 0.14 * (y / 0.75).clamp(0, 1) ** 0.7
    outer = torch.maximum(across - wide, (y - 0.4).abs() - 0.36) * 0.9
    inner = torch.maximum(across - wide + 0.045, 0.1 - y)
    bowl = torch.maximum(outer, -inner) - 0.012
    arm = torch.stack([q[:, 0] - 0.5, q[:, 1] - 0.44, q[:, 2]], dim=1)
    ring = torch.hypot(arm[:, 0], arm[:, 1] * 0.85) - 0.2
    handle = torch.hypot(ring, arm[:, 2]) - 0.042
    handle = torch.maximum(handle, 0.42 - across)
    return smooth_min(bowl, handle, radius=0.05)


def render(width: int, height: int) -> Tensor:
    """Return the scene's light (H * W, 3)."""
    table = Table()
    eye = (0.15, 1.45, 4.6)
    origins, rays = look(eye, (0.02, 0.46, 0.0), width=width, height=height, fov=29)
    reach = march(table.field, origins, rays, far=14, stride=0.9)
    reach = torch.where(reach.isfinite(), reach, 8.0)
    points = origins + reach[:, None] * rays
    thing = table.parts(points).argmin(dim=1)
    normal = normals(table.field, points)
    colour, gloss, glow = _materials(table, points, normal, thing)
    normal = _bumps(table, points, normal, thing)
    light = _lit(table, points, normal, rays, colour, gloss)
    back = (0.3 + 0.7 * (normal @ unit(torch.tensor([0.9, 0.5, -0.4]))).clamp(min=0)) * glow
    return light + colour * back[:, None] * 0.18


def _lit(
    table: Table, points: Tensor, normal: Tensor, rays: Tensor, colour: Tensor, gloss: Tensor
) -> Tensor:
    """Window, sky and bounced light on the materials, and the window in what shines."""
    lifted = points + normal * 0.012
    seen = shadow(table.field, lifted, LAMP, softness=0.13, far=4.0)
    open_sky = openness(table.field, lifted, normal)
    facing = (normal @ LAMP).clamp(min=0) * seen
    sky = (0.55 + 0.45 * normal[:, 1]) * open_sky
    bounce = (0.5 - 0.5 * normal[:, 1]) * open_sky
    warm, cool, cloth = rgb("#fff0d8") * 2.9, rgb("#aac4f0") * 0.5, rgb("#f0d8c0") * 0.3
    light = colour * (facing[:, None] * warm + sky[:, None] * cool + bounce[:, None] * cloth)
    mirror = rays - 2 * (rays * normal).sum(dim=1, keepdim=True) * normal
    fresnel = 0.04 + 0.5 * (1 + (rays * normal).sum(dim=1)).clamp(0, 1) ** 4
    window = _window(mirror) * shadow(table.field, lifted, mirror, softness=0.05, far=3.0)
    return light + ((fresnel * gloss)[:, None] * (window[:, None] * rgb("#fff6e8") * 9 + cool))


def _window(direction: Tensor) -> Tensor:
    """How much of the window, with its cross of bars, is seen along directions."""
    side = unit(torch.linalg.cross(LAMP, torch.tensor([0.0, 1.0, 0.0])))
    above = torch.linalg.cross(side, LAMP)
    depth = (direction @ LAMP).clamp(min=1e-3)
    u, v = (direction @ side) / depth, (direction @ above) / depth
    frame = step(0.36, 0.33, u.abs()) * step(0.46, 0.43, v.abs())
    bars = step(0.015, 0.035, u.abs()) * step(0.015, 0.035, v.abs())
    return frame * bars * (direction @ LAMP > 0)


def _bumps(table: Table, points: Tensor, normal: Tensor, thing: Tensor) -> Tensor:
    """Pores on the oranges, a weave on the cloth, plaster on the wall."""
    strength = torch.tensor([0.05, 0.05, 0.012, 0.16, 0.02, 0.0, 0.1])[thing]
    period = 0.55
    shifts = [torch.eye(3)[k] * 0.004 for k in range(3)]
    base = table.grain.around(points, normal, period=period)
    slope = torch.stack(
        [table.grain.around(points + s, normal, period=period) - base for s in shifts], dim=1
    )
    return unit(normal - slope * strength[:, None])


def _materials(
    table: Table, points: Tensor, normal: Tensor, thing: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return colour (N, 3), gloss (N,) and translucency (N,) of the points."""
    grain = table.grain.around(points, normal, period=2.0)
    fine = table.grain.around(points, normal, period=0.4)
    skins = [
        _cloth(points, fine), _wall(points, grain), _apple_skin(table, points, grain, fine),
        mix(rgb("#d8600c"), rgb("#ee8a1c"), step(-1.5, 1.5, grain)),
        mix(rgb("#9aa832"), rgb("#d8b848"), step(-0.8, 1.2, grain + 1.2 * points[:, 0] + 1.8)),
        _glaze(points), mix(rgb("#3a2614"), rgb("#6a4a28"), step(-1, 1, fine)),
    ]  # fmt: skip
    colour = torch.stack(skins)[thing, torch.arange(len(points))]
    freckles = step(1.3, 1.7, fine) * (thing == 4)
    colour = mix(colour, rgb("#6e5a20"), freckles * 0.6)
    gloss = torch.tensor([0.0, 0.0, 1.0, 0.55, 0.5, 1.5, 0.1])[thing]
    glow = torch.tensor([0.0, 0.0, 0.6, 1.0, 0.8, 0.1, 0.0])[thing]
    return colour, gloss, glow


def _cloth(points: Tensor, fine: Tensor) -> Tensor:
    turn = 0.32
    u = points[:, 0] * math.cos(turn) - points[:, 2] * math.sin(turn)
    v = points[:, 0] * math.sin(turn) + points[:, 2] * math.cos(turn)
    stripe_u = step(-0.04, 0.04, torch.sin(u * math.pi / 0.3))
    stripe_v = step(-0.04, 0.04, torch.sin(v * math.pi / 0.3))
    weave = 1 + 0.1 * torch.sin(u * 260) * torch.sin(v * 260) + 0.05 * fine
    return mix(rgb("#ece2d0"), rgb("#a02834"), (stripe_u + stripe_v) / 2) * weave[:, None]


def _wall(points: Tensor, grain: Tensor) -> Tensor:
    fade = step(-3.0, 3.0, points[:, 0])
    plaster = mix(rgb("#7a8c84"), rgb("#39483f"), fade)
    return plaster * (1 + 0.12 * grain)[:, None]


def _apple_skin(table: Table, points: Tensor, grain: Tensor, fine: Tensor) -> Tensor:
    streak = torch.zeros(len(points))
    crown = torch.zeros(len(points))
    for x, y, z, radius in APPLES:
        q = (points - torch.tensor([x, y, z])) / radius
        near = length(q) < 1.4
        turn = torch.atan2(q[:, 2], q[:, 0])
        lines = table.grain.at(turn * 0.9, q[:, 1] * 0.06, period=1.6)
        streak = torch.where(near, lines, streak)
        crown = torch.where(
            near, step(0.35, 0.95, q[:, 1]) * step(0.75, 0.1, length(q[:, [0, 2]])), crown
        )
    red = mix(rgb("#8c1016"), rgb("#d83828"), step(-1.5, 1.5, streak))
    blush = step(0.2, 1.9, grain + 0.7 * streak)
    skin = mix(red, rgb("#e8c050"), (0.5 * blush + 0.9 * crown).clamp(0, 1))
    return mix(skin, rgb("#f0dca0"), step(1.7, 2.1, fine) * 0.5)


def _glaze(points: Tensor) -> Tensor:
    q = points - CUP
    band = step(0.014, 0.008, (q[:, 1] - 0.62).abs()) + step(0.014, 0.008, (q[:, 1] - 0.16).abs())
    turn = torch.atan2(q[:, 2], q[:, 0])
    wave = step(0.02, 0.012, (q[:, 1] - 0.4 - 0.07 * torch.sin(turn * 9)).abs())
    colour = mix(rgb("#1d4f96"), rgb("#f0ece0"), (band + wave).clamp(0, 1))
    inside = torch.hypot(q[:, 0], q[:, 2]) < 0.33 + 0.14 * (q[:, 1] / 0.75).clamp(0, 1) ** 0.7
    return mix(colour, rgb("#efe9dc"), (inside & (q[:, 1] > 0.12)).float())
