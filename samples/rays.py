"""A camera, rays that march through distance fields, and the light on what they meet."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

Field = Callable[[Tensor], Tensor]
"""Maps points (N, 3) to their distance (N,) from the nearest surface, negative inside."""


def unit(vector: Tensor) -> Tensor:
    """Scale vectors (..., 3) to length one."""
    return torch.nn.functional.normalize(vector, dim=-1)


def length(vectors: Tensor) -> Tensor:
    """Return the lengths (N,) of vectors (N, C)."""
    return (vectors * vectors).sum(dim=1).sqrt()


def look(
    eye: tuple[float, float, float],
    target: tuple[float, float, float],
    *,
    width: int,
    height: int,
    fov: float,
) -> tuple[Tensor, Tensor]:
    """Return origins and directions (H * W, 3) of a camera's rays; y is up.

    Args:
        eye: where the camera stands.
        target: what it looks at.
        width: of the picture, in pixels.
        height: likewise.
        fov: vertical field of view, degrees.
    """
    origin = torch.tensor(eye)
    ahead = unit(torch.tensor(target) - origin)
    right = unit(torch.linalg.cross(ahead, torch.tensor([0.0, 1.0, 0.0])))
    above = torch.linalg.cross(right, ahead)
    reach = math.tan(math.radians(fov) / 2)
    v = (1 - 2 * (torch.arange(height) + 0.5) / height) * reach
    u = (2 * (torch.arange(width) + 0.5) / width - 1) * reach * width / height
    grid = ahead + u[None, :, None] * right + v[:, None, None] * above
    directions = unit(grid.reshape(-1, 3))
    return origin.expand_as(directions), directions


def near(origins: Tensor, directions: Tensor, middle: Tensor, radius: float) -> Tensor:
    """Tell which rays (N,) pass through a ball, and so are worth marching."""
    out = middle - origins
    along = (out * directions).sum(dim=1)
    return ((out * out).sum(dim=1) - along.clamp(min=0) ** 2) < radius**2


def march(
    field: Field,
    origins: Tensor,
    directions: Tensor,
    *,
    far: float,
    steps: int = 110,
    stride: float = 1.0,
) -> Tensor:
    """Return how far each ray goes (N,) until it meets the field; infinity where it never does.

    Args:
        field: what is to be met.
        origins: (N, 3).
        directions: (N, 3), of length one.
        far: rays end here.
        steps: at most this many.
        stride: share of the distance to go in a step; less than 1 for fields that overstate it.
    """
    travelled = torch.zeros(len(origins))
    met = torch.full((len(origins),), torch.inf)
    active = torch.arange(len(origins))
    for _ in range(steps):
        t = travelled[active]
        gap = field(origins[active] + t[:, None] * directions[active])
        hit = gap < 4e-4 * (1 + t)
        met[active[hit]] = t[hit]
        t = t + gap * stride
        travelled[active] = t
        active = active[~hit & (t < far)]
        if not len(active):
            break
    return met


def normals(field: Field, points: Tensor, *, step: float = 1e-3) -> Tensor:
    """Return the unit normals (N, 3) by differences over a tetrahedron."""
    total = torch.zeros_like(points)
    for corner in ((1.0, -1.0, -1.0), (-1.0, -1.0, 1.0), (-1.0, 1.0, -1.0), (1.0, 1.0, 1.0)):
        arm = torch.tensor(corner)
        total += arm * field(points + arm * step)[:, None]
    return unit(total)


def shadow(
    field: Field, points: Tensor, light: Tensor, *, softness: float, far: float, steps: int = 40
) -> Tensor:
    """Return how much of a light is seen (N,): 1 in full light, 0 in full shade.

    Args:
        field: what casts the shadow.
        points: (N, 3), lifted a little off the surface.
        light: (3,) or (N, 3) unit direction to the light.
        softness: the light's apparent radius.
        far: nothing beyond casts a shadow.
        steps: of the march.
    """
    seen = torch.ones(len(points))
    t = torch.full((len(points),), 0.02)
    for _ in range(steps):
        gap = field(points + t[:, None] * light)
        seen = torch.minimum(seen, 0.5 + 0.5 * gap / (softness * t))
        t = t + gap.clamp(0.015, far / 12)
        if bool((t > far).all()):
            break
    seen = seen.clamp(0, 1)
    return seen * seen * (3 - 2 * seen)


def openness(field: Field, points: Tensor, normal: Tensor, *, reach: float = 0.35) -> Tensor:
    """Return how open to the sky points are (N,): ambient occlusion along the normal, 0 to 1."""
    hidden = torch.zeros(len(points))
    weight = 1.0
    for k in range(1, 6):
        height = reach * k / 5
        hidden += weight * (height - field(points + normal * height)).clamp(min=0)
        weight *= 0.7
    return (1 - 1.6 * hidden / reach).clamp(0.05, 1)


def smooth_min(a: Tensor, b: Tensor, *, radius: float) -> Tensor:
    """Join two fields with a fillet of about `radius` (polynomial smooth minimum)."""
    share = (0.5 + 0.5 * (b - a) / radius).clamp(0, 1)
    return b + (a - b) * share - radius * share * (1 - share)


def mix(a: Tensor, b: Tensor, share: Tensor) -> Tensor:
    """Blend colours (N, 3) or (3,) by shares (N,)."""
    return a + (b - a) * share[:, None]


def step(low: float, high: float, value: Tensor) -> Tensor:
    """Rise smoothly from 0 at `low` to 1 at `high`; falls where `low` is the greater."""
    t = ((value - low) / (high - low)).clamp(0, 1)
    return t * t * (3 - 2 * t)


def rgb(code: str) -> Tensor:
    """Return the linear light (3,) of a colour written as `#rrggbb`."""
    return torch.tensor([(int(code[i : i + 2], 16) / 255) ** 2.2 for i in (1, 3, 5)])
