"""Portrait of a woman by studio light: a modelled head with chestnut hair, in a teal jersey."""

from __future__ import annotations

import torch
from head import BALL, EYE, Head, Place, almond, flow, turned
from rays import look, march, mix, normals, openness, rgb, shadow, step, unit
from torch import Tensor

KEY = unit(torch.tensor([-0.75, 0.6, 0.62]))
FILL = unit(torch.tensor([0.9, 0.1, 0.6]))
RIM = unit(torch.tensor([0.75, 0.5, -0.6]))
BAND = 32768
"""Rays taken at once: few enough for their numbers to stay in the processor's cache."""


def render(width: int, height: int) -> Tensor:
    """Return the scene's light (H * W, 3)."""
    head = Head()
    eye, target = (0.0, -0.1, 8.0), (0.05, -0.24, 0.0)
    origins, rays = look(eye, target, width=width, height=height, fov=21.5)
    light = _backdrop(rays)
    for k in range(0, len(rays), BAND):
        band = slice(k, k + BAND)
        reach = march(head.field, origins[band], rays[band], far=11)
        hit = reach.isfinite()
        points = origins[band][hit] + reach[hit, None] * rays[band][hit]
        if len(points):
            light[band][hit] = _lit(head, points, rays[band][hit])
    return light


def _backdrop(rays: Tensor) -> Tensor:
    """A painted cloth, brighter behind the shoulder in the shade."""
    u, v = rays[:, 0], rays[:, 1]
    glow = torch.exp(-(((u - 0.1) / 0.22) ** 2) - ((v + 0.08) / 0.2) ** 2)
    return mix(rgb("#3c4a50"), rgb("#a8a894"), glow)


def _lit(head: Head, points: Tensor, rays: Tensor) -> Tensor:
    """Key, fill and rim light on skin, eyes, hair and wool."""
    part = head.parts(points).argmin(dim=1)
    normal = normals(head.field, points, step=2e-3)
    skins = torch.stack([_skin(points), _eyes(points), _locks(head, points), _wool(head, points)])
    colour = skins[part, torch.arange(len(points))]
    lifted = points + normal * 0.02
    seen = shadow(head.field, lifted, KEY, softness=0.34, far=2.5, steps=18)
    open_sky = openness(head.field, lifted, normal, reach=0.3)
    facing = normal @ KEY
    hard = facing.clamp(min=0) * seen
    soft = ((facing + 0.35) / 1.35).clamp(min=0) * (0.35 + 0.65 * seen)
    skin = (part == 0).float()
    key = hard[:, None] * (1 - 0.55 * skin[:, None]) + (0.55 * skin * soft)[:, None] * rgb(
        "#ffd8c8"
    )
    fill = ((normal @ FILL) * 0.5 + 0.5) * open_sky
    edge = (1 + (rays * normal).sum(dim=1)).clamp(0, 1) ** 2.5 * (normal @ RIM).clamp(min=0)
    light = colour * (
        key * rgb("#fff0dc") * 1.75
        + fill[:, None] * rgb("#b8c8e0") * 0.5
        + (edge * 2.2)[:, None] * rgb("#fff0d8")
    )
    half = unit(KEY - rays)
    light = light + _sheen(head, points, normal, half, part)
    shine = (normal * half).sum(dim=1).clamp(min=0)
    gloss = torch.tensor([0.10, 0.0, 0.0, 0.0])[part] * shine**18
    spark = torch.tensor([0.0, 2.4, 0.0, 0.0])[part] * step(0.982, 0.990, shine)
    return light + ((gloss + spark) * (0.2 + 0.8 * seen))[:, None] * rgb("#fff6ea")


def _sheen(head: Head, points: Tensor, normal: Tensor, half: Tensor, part: Tensor) -> Tensor:
    """The band of light across the strands (Kajiya and Kay 1989)."""
    q = turned(points)
    along, across = flow(q)
    above = (q.y - 0.05).clamp(min=0)
    way = torch.stack([above, -q.x - 1e-3 * q.x.sign(), torch.zeros_like(above)], dim=1)
    way = unit(way - (way * normal).sum(dim=1, keepdim=True) * normal)
    strand = head.strand.at(across, along * 0.05, period=1.6)
    bend = (way * half).sum(dim=1) + 0.10 * strand
    band = (1 - bend * bend).clamp(min=0) ** 24 * (0.2 + 0.8 * (normal @ KEY).clamp(min=0))
    return ((part == 2) * band * 0.3)[:, None] * rgb("#e08a50")


def _skin(points: Tensor) -> Tensor:
    """Skin with rosy cheeks and nose, lips, brows and lashes."""
    q = turned(points)
    m = q.mirrored()
    colour = rgb("#e6b494").expand(len(points), 3)
    cheek = torch.exp(-(((m.x - 0.36) / 0.16) ** 2) - ((m.y + 0.28) / 0.13) ** 2)
    nose = torch.exp(-((m.x / 0.12) ** 2) - ((m.y + 0.29) / 0.1) ** 2)
    rosy = (0.55 * cheek + 0.3 * nose) * step(0.2, 0.5, m.z)
    colour = mix(colour, rgb("#d4705c"), rosy.clamp(0, 1))
    smile = m.y - 0.8 * m.x * m.x
    bow = 0.045 * (1 - (m.x / 0.19) ** 2)
    dip = 0.012 * torch.exp(-((m.x / 0.035) ** 2))
    upper = step(-0.006, 0.006, -0.573 + bow + 0.008 - dip - smile)
    lower = step(-0.006, 0.006, smile + 0.573 + 1.75 * bow)
    colour = mix(colour, rgb("#b84a4a"), 0.85 * upper * lower * step(0.5, 0.55, m.z))
    crease = (
        step(0.012, 0.003, (smile + 0.573).abs()) * step(0.20, 0.17, m.x) * step(0.5, 0.55, m.z)
    )
    colour = mix(colour, rgb("#6a2226"), 0.8 * crease)
    over, _ = almond(m)
    lash = step(0.034, 0.012, over.abs()) * step(1.12, 1.0, ((m.x - EYE[0]) / 0.16).abs())
    near = step(0.05, 0.03, _from_eye(m) - BALL)
    colour = mix(colour, rgb("#2a1610"), 0.9 * lash * near)
    arch = 0.20 + 0.055 * (1 - ((m.x - 0.36) / 0.24) ** 2)
    thick = 0.008 + 0.026 * step(0.52, 0.26, m.x)
    brow = (
        step(1.3, 0.3, (m.y - arch).abs() / thick) * step(0.08, 0.16, m.x) * step(0.52, 0.46, m.x)
    )
    return mix(colour, rgb("#3a2218"), 0.8 * brow * step(0.2, 0.4, m.z))


def _from_eye(m: Place) -> Tensor:
    return torch.sqrt((m.x - EYE[0]) ** 2 + (m.y - EYE[1]) ** 2 + (m.z - EYE[2]) ** 2)


def _eyes(points: Tensor) -> Tensor:
    """Hazel irises that look at the camera."""
    q = turned(points)
    side = torch.where(q.x > 0, 1.0, -1.0)
    u, v = (q.x - side * EYE[0]) / BALL - side * 0.03 - 0.2, (q.y - EYE[1]) / BALL
    radius, turn = torch.hypot(u, v), torch.atan2(v, u)
    rays = 0.5 + 0.25 * torch.sin(turn * 19) + 0.25 * torch.sin(turn * 31 + 2)
    iris = mix(rgb("#7a5a2a"), rgb("#3c5a3a"), step(0.22, 0.46, radius + 0.1 * rays))
    iris = mix(iris, rgb("#1a1a14"), step(0.44, 0.53, radius))
    eye = mix(iris, rgb("#e8ded6"), step(0.49, 0.56, radius))
    eye = mix(eye, rgb("#040404"), step(0.24, 0.2, radius))
    over, _ = almond(q.mirrored())
    return eye * (0.35 + 0.65 * step(0.0, 0.06, over))[:, None]


def _locks(head: Head, points: Tensor) -> Tensor:
    along, across = flow(turned(points))
    strand = head.strand.at(across, along * 0.05, period=1.6)
    lock = head.locks.at(across, along * 0.15, period=1.6)
    return mix(rgb("#1e110c"), rgb("#744a34"), step(-2.2, 2.6, strand + lock))


def _wool(head: Head, points: Tensor) -> Tensor:
    x, y, _ = points.unbind(dim=1)
    rib = torch.sin(x * 60) * step(-1.75, -1.7, y)
    fine = head.knit.at(x, y, period=0.8)
    return rgb("#1c6a70").expand(len(points), 3) * (1 + 0.12 * rib + 0.12 * fine)[:, None]
