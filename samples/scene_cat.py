"""Portrait of a ginger cat: a modelled head whose fur is a relief combed along its growth."""

from __future__ import annotations

import math

import torch
from rays import length, look, march, mix, normals, openness, rgb, shadow, smooth_min, step, unit
from texture import spectral
from torch import Tensor

LAMP = unit(torch.tensor([-0.65, 0.6, 0.75]))
RIM = unit(torch.tensor([0.85, 0.45, -0.55]))


EYE = (0.375, 0.11, 0.63)


def _egg(p: Tensor, x: float, y: float, z: float, rx: float, ry: float, rz: float) -> Tensor:
    """Distance (nearly) to an ellipsoid."""
    radii = torch.tensor([rx, ry, rz])
    q = p - torch.tensor([x, y, z])
    scaled = length(q / radii)
    return scaled * (scaled - 1) / length(q / radii**2).clamp(min=1e-6)


class Cat:
    """The head, neck and shoulders; the face looks along z and is mirrored at x = 0."""

    def __init__(self) -> None:
        self.hair = spectral(1024, slope=0.75, seed=17, lowest=4.0)
        self.broad = spectral(512, slope=1.8, seed=18)

    def parts(self, p: Tensor) -> Tensor:
        """Return (N, 4): distances to fur, eyes, nose and whiskers."""
        m = torch.stack([p[:, 0].abs(), p[:, 1], p[:, 2]], dim=1)
        fur = self.body(m)
        eyes = _ball(m, *EYE, 0.232)
        nose = _nose(m)
        return torch.stack([fur, eyes, nose, _whiskers(m)], dim=1)

    def body(self, m: Tensor) -> Tensor:
        """Distance to the coat, without its hairs; `m` is mirrored."""
        head = _egg(m, 0.0, 0.06, 0.0, 0.98, 0.84, 0.86)
        head = smooth_min(head, _egg(m, 0.5, -0.22, 0.28, 0.5, 0.42, 0.44), radius=0.25)
        muzzle = _egg(m, 0.17, -0.33, 0.75, 0.235, 0.19, 0.22)
        chin = _egg(m, 0.0, -0.54, 0.64, 0.2, 0.15, 0.2)
        bridge = _egg(m, 0.0, -0.03, 0.74, 0.165, 0.34, 0.2)
        face = smooth_min(smooth_min(muzzle, chin, radius=0.1), bridge, radius=0.14)
        head = smooth_min(head, face, radius=0.16)
        brow = _egg(m, 0.36, 0.36, 0.6, 0.26, 0.1, 0.18)
        head = smooth_min(head, brow, radius=0.2)
        socket = _egg(m, 0.4, 0.1, 0.88, 0.23, 0.165, 0.2)
        head = -smooth_min(-head, socket, radius=0.09)
        head = smooth_min(head, _lids(m), radius=0.05)
        head = smooth_min(head, _ear(m), radius=0.12)
        neck = _egg(m, 0.0, -1.25, -0.15, 0.88, 0.95, 0.72)
        chest = _egg(m, 0.0, -2.3, -0.1, 1.5, 1.25, 1.0)
        return smooth_min(head, smooth_min(neck, chest, radius=0.5), radius=0.3)

    def field(self, p: Tensor) -> Tensor:
        """Distance to the nearest part, with hair."""
        parts = self.parts(p)
        fur = parts[:, 0]
        near = fur < 0.12
        lift = torch.zeros(len(p))
        if bool(near.any()):
            lift[near] = self.strands(p[near])
        fur = (fur - lift) * 0.6
        return torch.minimum(fur, parts[:, 1:].amin(dim=1))

    def strands(self, p: Tensor) -> Tensor:
        """How far the hairs stand off (N,): noise drawn out along the way that they grow."""
        along, across = _growth(p)
        fine = self.hair.at(across, along * 0.16, period=1.5)
        tufts = self.hair.at(across * 0.45 + 0.3, along * 0.14, period=1.5)
        face = _shortness(p)
        return (0.010 * fine + 0.026 * tufts) * face


def _growth(p: Tensor) -> tuple[Tensor, Tensor]:
    """Coordinates along and across the coat: from the nose outwards, down the chest."""
    x, y, z = p.unbind(dim=1)
    out = torch.hypot(x, y + 0.12) + 0.55 * (0.8 - z)
    turn = torch.atan2(x, y + 0.12 + 1e-6)
    return out, turn * (0.35 + 0.45 * torch.hypot(x, y + 0.12))


def _shortness(p: Tensor) -> Tensor:
    """Short hair round the nose and eyes, long on cheeks and chest."""
    middle = torch.hypot(p[:, 0], (p[:, 1] + 0.1) * 0.9)
    return (0.22 + 0.9 * step(0.3, 1.05, middle)) * step(1.6, 0.2, p[:, 1])


def _ball(m: Tensor, x: float, y: float, z: float, radius: float) -> Tensor:
    return length(m - torch.tensor([x, y, z])) - radius


def _ear(m: Tensor) -> Tensor:
    """A hollow cone that leans outwards."""
    q = m - torch.tensor([0.63, 0.6, 0.02])
    lean = 0.42
    u = q[:, 0] * math.cos(lean) - q[:, 1] * math.sin(lean)
    v = q[:, 0] * math.sin(lean) + q[:, 1] * math.cos(lean)
    w = q[:, 2]
    up = (v / 0.72).clamp(0, 1)
    wide = 0.37 * (1 - up) ** 0.75 + 0.015
    outer = torch.hypot(u, w * 1.5) - wide
    hollow = torch.hypot(u, (w - 0.2) * 1.15) - wide * 0.82
    shell = torch.maximum(outer, -hollow)
    return torch.maximum(torch.maximum(shell, v - 0.72), -v - 0.15) * 0.72


def _lids(m: Tensor) -> Tensor:
    """A skin over the eyeball with an almond cut out, its outer corner raised."""
    shell = _ball(m, *EYE, 0.262)
    u, v = m[:, 0] - EYE[0] + 0.01, m[:, 1] - EYE[1]
    u, v = u * 0.94 + v * 0.34, v * 0.94 - u * 0.34
    gap = 0.135 * (1 - (u.abs() / 0.225) ** 2.2)
    cut = (v.abs() - gap) * 0.7
    return torch.maximum(shell, -torch.maximum(cut, EYE[2] - m[:, 2])) * 0.8


def _nose(m: Tensor) -> Tensor:
    pad = _egg(m, 0.0, -0.195, 0.94, 0.115, 0.07, 0.075)
    hole = _egg(m, 0.062, -0.215, 1.005, 0.024, 0.017, 0.03)
    return -smooth_min(-pad, hole, radius=0.02) * 0.8


def _whiskers(m: Tensor) -> Tensor:
    """Five hairs a side, bent by their weight."""
    best = torch.full((len(m),), 1e3)
    for k in range(5):
        turn = 0.22 - 0.14 * k
        q = m - torch.tensor([0.24, -0.27 - 0.035 * k, 0.88])
        t = q[:, 0].clamp(0, 1.15)
        dy = q[:, 1] - turn * t + 0.12 * t * t
        dz = q[:, 2] + 0.35 * t
        best = torch.minimum(
            best, torch.sqrt((q[:, 0] - t) ** 2 + dy**2 + dz**2) - 0.0075 * (1.25 - t)
        )
    return best * 0.8


def render(width: int, height: int) -> Tensor:
    """Return the scene's light (H * W, 3)."""
    cat = Cat()
    origins, rays = look((-0.75, 0.12, 5.4), (0.0, -0.08, 0.1), width=width, height=height, fov=30)
    light = _backdrop(cat, rays)
    reach = march(cat.field, origins, rays, far=9, steps=140)
    hit = reach.isfinite()
    points, ray = origins[hit] + reach[hit, None] * rays[hit], rays[hit]
    parts = cat.parts(points)
    parts[:, 0] = parts[:, 0] - cat.strands(points)
    part = parts.argmin(dim=1)
    normal = normals(cat.field, points, step=2e-3)
    light[hit] = _lit(cat, points, normal, ray, part)
    return light


def _backdrop(cat: Cat, rays: Tensor) -> Tensor:
    """A garden out of focus."""
    u, v = rays[:, 0], rays[:, 1]
    green = mix(rgb("#1c3024"), rgb("#5e8a4c"), step(-1.3, 1.6, cat.broad.at(u, v, period=1.6)))
    warm = step(0.2, 1.8, cat.broad.at(u + 0.7, v + 0.2, period=1.9))
    light = mix(green, rgb("#c8b060"), 0.5 * warm) * 0.8
    generator = torch.Generator().manual_seed(40)
    for x, y, r, tone in torch.rand(46, 4, generator=generator):
        radius = 0.012 + 0.026 * r
        disc = step(1.0, 0.86, torch.hypot(u - (x - 0.36) * 1.1, v - (y - 0.35) * 0.7) / radius)
        light = light + (disc * (0.06 + 0.16 * tone))[:, None] * rgb("#fff0b8")
    return light


def _lit(cat: Cat, points: Tensor, normal: Tensor, rays: Tensor, part: Tensor) -> Tensor:
    """Key light, sky and a rim from behind, on fur, eyes, nose and whiskers."""
    coat = _coat(cat, points, normal)
    eye, _gloss_normal = _eyes(points)
    nose = mix(
        rgb("#c8707a"), rgb("#e0949a"), step(-1, 1, cat.hair.around(points, normal, period=0.6))
    )
    skins = torch.stack([coat, eye, nose, rgb("#f6f0e6").expand_as(points)])
    colour = skins[part, torch.arange(len(points))]
    smooth = unit(normals(lambda p: cat.body(_mirrored(p)), points, step=2e-2))
    normal = torch.where((part == 0)[:, None], unit(0.55 * normal + 0.65 * smooth), normal)
    lifted = points + smooth * 0.07
    seen = shadow(lambda p: cat.body(_mirrored(p)), lifted, LAMP, softness=0.22, far=2.5, steps=30)
    facing = ((normal @ LAMP + 0.22) / 1.22).clamp(min=0) * seen
    open_sky = openness(lambda p: cat.body(_mirrored(p)), lifted, smooth, reach=0.4)
    dome = (0.6 + 0.4 * normal[:, 1]) * open_sky
    edge = (1 + (rays * normal).sum(dim=1)).clamp(0, 1) ** 2.2
    rim = (0.25 + (normal @ RIM).clamp(min=0)) * edge * (part == 0)
    light = colour * (
        facing[:, None] * rgb("#ffeeda") * 2.1
        + dome[:, None] * rgb("#b8ccd8") * 0.65
        + rim[:, None] * rgb("#fff0c0") * 2.4
    )
    mirror = rays - 2 * (rays * normal).sum(dim=1, keepdim=True) * normal
    wet = torch.tensor([0.0, 1.0, 0.12, 0.0])[part]
    spot = step(0.955, 0.972, mirror @ LAMP) * 3.2 + 0.12 * step(-0.2, 0.9, mirror[:, 1])
    return light + (wet * spot)[:, None] * rgb("#fffaf0") * (0.3 + 0.7 * seen)[:, None]


def _mirrored(p: Tensor) -> Tensor:
    return torch.stack([p[:, 0].abs(), p[:, 1], p[:, 2]], dim=1)


def _coat(cat: Cat, points: Tensor, normal: Tensor) -> Tensor:
    """Ginger with darker stripes, white round the mouth and on the chest, pink in the ears."""
    m = _mirrored(points)
    x, y, z = m.unbind(dim=1)
    wobble = 0.12 * cat.broad.around(points, normal, period=2.5)
    along, across = _growth(points)
    hair = cat.hair.at(across, along * 0.16, period=1.5)
    brow = (
        torch.sin((x * (1.0 + 0.5 * y) + 0.4 * wobble) * 19.0)
        * step(0.22, 0.42, y)
        * step(0.62, 0.4, x)
    )
    cheek = torch.sin((y * 1.1 + 0.5 * x + wobble) * 15.0) * step(0.46, 0.7, x) * step(0.45, 0.2, y)
    back = torch.sin((y * 0.9 + wobble) * 12.0) * step(-0.8, -1.1, y) * step(0.35, 0.7, x)
    stripe = step(0.05, 0.75, brow + cheek + back + 0.25 * hair)
    ginger = mix(rgb("#c8742c"), rgb("#eaa85c"), step(-1.4, 1.6, hair + 2 * wobble))
    colour = mix(ginger, rgb("#8c3f12"), 0.8 * stripe)
    muzzle = step(0.42, 0.24, torch.hypot(x * 0.95, (y + 0.42) * 1.15)) * step(0.2, 0.5, z)
    blaze = (
        step(0.1, 0.04, x + 0.22 * (y - 0.1).clamp(min=0)) * step(0.5, 0.1, y) * step(0.3, 0.6, z)
    )
    bib = step(-0.52, -0.72, y) * step(0.5, 0.3, x + 0.12 * wobble) * step(-0.2, 0.1, z)
    white = torch.stack([muzzle, 0.8 * blaze, bib]).amax(dim=0)
    colour = mix(colour, rgb("#f6ece0") * 0.95, (white * (0.9 + 0.1 * hair)).clamp(0, 1))
    inner = (
        step(0.62, 0.8, y)
        * step(0.5, 0.62, x)
        * step(-0.02, 0.06, z + 0.1 - 0.1 * y)
        * step(0.25, 0.6, normal[:, 2])
    )
    colour = mix(colour, rgb("#d89a8a"), 0.75 * inner)
    mouth = step(0.016, 0.005, (x - 0.0).abs()) * step(-0.24, -0.27, y) * step(-0.42, -0.38, y)
    line = (y + 0.42 - 0.35 * (x - 0.12) ** 2 * 8).abs()
    mouth = torch.maximum(mouth, step(0.02, 0.008, line) * step(0.26, 0.2, x) * step(0.6, 0.7, z))
    colour = mix(colour, rgb("#5a2c20"), 0.85 * mouth)
    liner = step(0.06, 0.02, _ball(m, *EYE, 0.232)) * step(0.55, 0.68, z)
    return mix(colour, rgb("#3a2014"), 0.75 * liner) * (1 + 0.12 * hair)[:, None]


def _eyes(points: Tensor) -> tuple[Tensor, Tensor]:
    """Amber-green irises with upright pupils; also the outward direction of the eyeball."""
    m = _mirrored(points)
    q = (m - torch.tensor(EYE)) / 0.232
    u, v = q[:, 0] - 0.02, q[:, 1]
    radius = torch.hypot(u, v)
    turn = torch.atan2(v, u)
    rays = 0.5 + 0.25 * torch.sin(turn * 23) + 0.25 * torch.sin(turn * 37 + 2)
    iris = mix(rgb("#c8b030"), rgb("#5c9438"), step(0.2, 0.72, radius + 0.12 * rays))
    iris = mix(iris, rgb("#24361a"), step(0.68, 0.84, radius))
    pupil = step(0.27, 0.22, torch.hypot(u, v * 0.42))
    colour = mix(iris * (0.55 + 0.35 * rays)[:, None], rgb("#050505"), pupil)
    return colour, unit(q)
