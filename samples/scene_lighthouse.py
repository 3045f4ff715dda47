"""A lighthouse on its rock, red and white, above a blue sea under summer clouds."""

from __future__ import annotations

import torch
from isle import Isle
from rays import look, unit
from sea import Sea
from sky import haze, noon
from torch import Tensor

SUN = unit(torch.tensor([-0.62, 0.5, 0.42]))
TIME = 3.0


def render(width: int, height: int) -> Tensor:
    """Return the scene's light (H * W, 3)."""
    isle = Isle((4.2, 0.0, -6.0), SUN, warm="#fff0d4", cool="#a8c8f4")
    sky = noon(SUN, seed=31, clouds=0.55)
    sea = Sea(height=0.16, length=5.5, wind=1.9, seed=6)
    origins, rays = look((0.0, 1.5, 10.0), (0.9, 2.75, -6.0), width=width, height=height, fov=33)

    def world(o: Tensor, d: Tensor) -> Tensor:
        light = sky.light(d)
        isle.behold(o, d, light)
        return light

    light = sky.light(rays)
    dry = isle.behold(origins, rays, light)
    reach = sea.meet(origins, rays, TIME)
    wet = reach < dry
    points, distance = origins[wet] + reach[wet, None] * rays[wet], reach[wet]
    water = sea.light(points, rays[wet], distance, time=TIME, sky=sky, world=world,
                      deep="#12405c", clear="#3fa094")  # fmt: skip
    water = isle.surf(points, water)
    level = unit(rays[wet] * torch.tensor([1.0, 0.0, 1.0]) + torch.tensor([0.0, 0.02, 0.0]))
    light[wet] = haze(water, sky.light(level), distance, thickness=0.006)
    return light
