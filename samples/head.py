"""A woman's head, her hair and shoulders as distance fields: the shapes of the portrait."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from rays import smooth_min, step
from texture import spectral
from torch import Tensor

EYE = (0.275, 0.0, 0.53)
BALL = 0.165
TURN, TILT = -0.22, 0.07
"""How the head turns and tilts on the shoulders, radians."""


class Place(NamedTuple):
    """Coordinates (N,) of points: y is up, the face looks along z."""

    x: Tensor
    y: Tensor
    z: Tensor

    def mirrored(self) -> Place:
        """Fold the left half onto the right."""
        return self._replace(x=self.x.abs())


class Head:
    """The head, the hair that falls to the shoulders, and the jersey."""

    def __init__(self) -> None:
        self.locks = spectral(512, slope=2.1, seed=61, lowest=3.0)
        self.strand = spectral(1024, slope=1.1, seed=62, lowest=8.0)
        self.knit = spectral(512, slope=1.0, seed=63)

    def parts(self, p: Tensor) -> Tensor:
        """Return (N, 4): distances to skin, eyes, hair and jersey."""
        q = turned(p)
        m = q.mirrored()
        skin = smooth_min(face(m), _neck(p), radius=0.12)
        eyes = _egg(m, EYE, (BALL, BALL, BALL))
        return torch.stack([skin, eyes, self.hair(q), self._jersey(p)], dim=1)

    def field(self, p: Tensor) -> Tensor:
        """Return the distance to the nearest part."""
        return self.parts(p).amin(dim=1) * 0.85

    def hair(self, q: Place) -> Tensor:
        """Parted on the side, swept from the forehead, down to the shoulders."""
        x = q.x - 0.16 * step(0.2, 0.9, q.y)
        m = Place(x.abs(), q.y, q.z)
        cap = _egg(m, (0.0, 0.36, -0.10), (0.775, 0.80, 0.93))
        fall = _egg(m, (0.55, -0.46, -0.12), (0.25, 0.84, 0.44))
        back = _egg(m, (0.0, -0.5, -0.45), (0.66, 0.95, 0.42))
        hair = smooth_min(smooth_min(cap, fall, radius=0.45), back, radius=0.2)
        hair = hair + 0.035 * torch.exp(-((m.x / 0.05) ** 2)) * step(0.5, 0.8, m.y)
        along, across = flow(q)
        hair = hair - 0.03 * self.locks.at(across, along * 0.15, period=1.6)
        opening = _egg(m, (0.0, -0.34, 0.98), (0.585, 1.02, 0.86))
        return -smooth_min(-hair, opening, radius=0.05)

    def _jersey(self, p: Tensor) -> Tensor:
        x, y, z = p.unbind(dim=1)
        body = Place(x.abs(), y, z)
        chest = _egg(body, (0.0, -2.42, -0.15), (1.15, 1.02, 0.72))
        arm = _egg(body, (0.98, -2.07, -0.2), (0.42, 0.62, 0.42))
        torso = smooth_min(chest, arm, radius=0.35)
        slant = y + 1.40 - 0.22 * (z + 0.15)
        ring = torch.hypot(torch.hypot(x, z + 0.16) - 0.40, slant * 0.62) - 0.095
        return smooth_min(torso, ring, radius=0.10)


def turned(p: Tensor) -> Place:
    """Bring points into the head's own frame, whose z is where it faces."""
    x, y, z = p.unbind(dim=1)
    c, s = math.cos(TILT), math.sin(TILT)
    x, y = c * x + s * (y + 1.0), c * (y + 1.0) - s * x - 1.0
    c, s = math.cos(TURN), math.sin(TURN)
    return Place(c * x - s * z, y, s * x + c * z)


def flow(q: Place) -> tuple[Tensor, Tensor]:
    """Coordinates along and across the strands: arcs round the face, then straight down."""
    x = q.x - 0.16 * step(0.2, 0.9, q.y)
    above = (q.y - 0.05).clamp(min=0)
    across = torch.hypot(x, above * 0.95) - 0.45 * q.z + 0.05 * torch.sin(q.y * 5.0 + 1.0)
    along = torch.atan2(above, x.abs()) - (q.y - 0.05).clamp(max=0)
    return along, across + 3.0 * (x < 0)


def face(m: Place) -> Tensor:
    """Distance to the skin of the head; `m` is mirrored."""
    head = smooth_min(
        _egg(m, (0.0, 0.30, -0.12), (0.69, 0.72, 0.84)),
        _egg(m, (0.0, -0.28, 0.17), (0.56, 0.66, 0.54)),
        radius=0.25,
    )
    for centre, radii, radius in (
        ((0.35, -0.14, 0.43), (0.18, 0.13, 0.19), 0.20),  # cheekbone
        ((0.25, -0.36, 0.52), (0.20, 0.17, 0.17), 0.15),  # cheek
        ((0.0, -0.79, 0.50), (0.17, 0.13, 0.15), 0.24),  # chin
        ((0.23, -0.52, 0.32), (0.19, 0.24, 0.22), 0.25),  # jaw
        ((0.0, -0.54, 0.56), (0.22, 0.19, 0.18), 0.14),  # mouth
        ((0.22, 0.20, 0.60), (0.22, 0.07, 0.11), 0.14),  # brow
        ((0.395, 0.07, 0.34), (0.165, 0.24, 0.25), 0.16),  # temple
    ):
        head = smooth_min(head, _egg(m, centre, radii), radius=radius)
    socket = _egg(m, (0.29, 0.0, 0.83), (0.18, 0.11, 0.19))
    head = -smooth_min(-head, socket, radius=0.12)
    head = smooth_min(head, _nose(m), radius=0.07)
    head = smooth_min(head, _lids(m), radius=0.035)
    return smooth_min(head, _lips(m), radius=0.025)


def _nose(m: Place) -> Tensor:
    bridge = _rod(m, (0.0, 0.16, 0.66), (0.0, -0.26, 0.87), 0.055, 0.07)
    tip = _egg(m, (0.0, -0.285, 0.875), (0.078, 0.072, 0.085))
    wing = _egg(m, (0.072, -0.315, 0.79), (0.046, 0.048, 0.08))
    nose = smooth_min(smooth_min(bridge, tip, radius=0.05), wing, radius=0.06)
    hole = _egg(m, (0.045, -0.362, 0.835), (0.028, 0.02, 0.04))
    return -smooth_min(-nose, hole, radius=0.015)


def _lips(m: Place) -> Tensor:
    smile = m.x * m.x * 0.8
    lifted = Place(m.x, m.y - smile, m.z + 0.9 * m.x * m.x)
    upper = _egg(lifted, (0.055, -0.535, 0.735), (0.125, 0.036, 0.055))
    lower = _egg(lifted, (0.0, -0.61, 0.725), (0.14, 0.046, 0.06))
    return torch.minimum(upper, lower)


def _lids(m: Place) -> Tensor:
    """A skin over the eyeball with an almond cut out of it."""
    shell = _egg(m, EYE, (BALL + 0.022,) * 3)
    upper, lower = almond(m)
    gap = torch.maximum(-upper, -lower) * 0.7
    return torch.maximum(shell, -torch.maximum(gap, EYE[2] - m.z))


def almond(m: Place) -> tuple[Tensor, Tensor]:
    """How far inside the upper and the lower edge of the open eye points are."""
    u = (m.x - EYE[0]) / 0.16
    v = m.y - EYE[1] - 0.018 * u
    bow = (1 - u * u).clamp(min=-1)
    return 0.082 * bow * (1 - 0.12 * u) - v, 0.047 * bow + v


def _neck(p: Tensor) -> Tensor:
    x, y, z = p.unbind(dim=1)
    return _rod(Place(x, y, z), (0.0, -0.7, -0.12), (0.0, -1.8, -0.26), 0.34, 0.34)


def _rod(m: Place, start: tuple[float, ...], end: tuple[float, ...], a: float, b: float) -> Tensor:
    """Distance (nearly) to a round rod whose radius goes from `a` to `b`."""
    way = [e - s for s, e in zip(start, end, strict=True)]
    x, y, z = (value - s for value, s in zip(m, start, strict=True))
    share = (x * way[0] + y * way[1] + z * way[2]) / sum(w * w for w in way)
    t = share.clamp(0, 1)
    x, y, z = x - t * way[0], y - t * way[1], z - t * way[2]
    return torch.sqrt(x * x + y * y + z * z) - (a + (b - a) * t)


def _egg(m: Place, centre: tuple[float, ...], radii: tuple[float, ...]) -> Tensor:
    """Distance (nearly) to an ellipsoid."""
    a, b, c = ((value - at) / r for value, at, r in zip(m, centre, radii, strict=True))
    scaled = torch.sqrt(a * a + b * b + c * c)
    a, b, c = a / radii[0], b / radii[1], c / radii[2]
    return scaled * (scaled - 1) / torch.sqrt(a * a + b * b + c * c).clamp(min=1e-6)
