"""The scene of the clip: a sailing boat passes a lighthouse at evening, under gulls and clouds."""

from __future__ import annotations

import math

import numpy as np
import torch
from boat import Boat
from isle import Isle
from PIL import Image, ImageDraw
from rays import look, mix, rgb, unit
from sea import Sea
from sky import haze, sunset
from torch import Tensor

SUN = unit(torch.tensor([-0.62, 0.2, -0.72]))
SECONDS = 4.4


class Voyage:
    """The things that last through the clip; `at` renders one moment of it."""

    def __init__(self) -> None:
        self.sky = sunset(SUN, seed=23, clouds=0.9)
        self.sea = Sea(height=0.2, length=6.0, wind=0.5, seed=8)
        self.isle = Isle((11.5, 0.0, -24.0), SUN, warm="#ffc890", cool="#a8b4e4")

    def at(self, time: float, *, width: int, height: int) -> Tensor:
        """Return the light (H * W, 3) at `time` seconds."""
        gone = time / SECONDS
        eye = (0.4 * gone, 1.55 + 0.05 * math.sin(time), 8.2)
        origins, rays = look(
            eye, (-0.9 + 2.7 * gone, 1.65, 0.0), width=width, height=height, fov=37
        )
        boat = Boat(
            self.sea, (-2.3 + 3.9 * gone, 0.6 - 1.0 * gone), heading=-0.3, time=time, sun=SUN
        )

        def world(o: Tensor, d: Tensor) -> Tensor:
            light = self.sky.light(d, drift=0.09 * time)
            boat.behold(o, d, light)
            return light

        light = self.sky.light(rays, drift=0.09 * time)
        isle = self.isle.behold(origins, rays, light)
        land = isle.isfinite()
        light[land] = haze(light[land], self._air(rays[land]), isle[land], thickness=0.011)
        dry = torch.minimum(isle, boat.behold(origins, rays, light))
        reach = self.sea.meet(origins, rays, time)
        wet = reach < dry
        points, distance = origins[wet] + reach[wet, None] * rays[wet], reach[wet]
        water = self.sea.light(points, rays[wet], distance, time=time, sky=self.sky, world=world,
                               deep="#123a58", clear="#3f9a90")  # fmt: skip
        lace = self.sea.foam.at(points[:, 0] - 0.3 * time, points[:, 2], period=3.0)
        water = boat.wake(points, self.isle.surf(points, water), lace)
        light[wet] = haze(water, self._air(rays[wet]), distance, thickness=0.007)
        gulls = _gulls(time, width, height)
        return mix(light, rgb("#3a3848"), gulls)

    def _air(self, rays: Tensor) -> Tensor:
        level = rays * torch.tensor([1.0, 0.0, 1.0]) + torch.tensor([0.0, 0.03, 0.0])
        return self.sky.light(unit(level))


def _gulls(time: float, width: int, height: int) -> Tensor:
    """How much of each pixel gulls cover (H * W,): wings that beat, bodies that glide by."""
    mask = Image.new("L", (width, height))
    pen = ImageDraw.Draw(mask)
    flock = [
        (0.70, 0.22, 0.040, 2.6, 0.0),
        (0.80, 0.29, 0.028, 3.1, 1.3),
        (0.63, 0.33, 0.022, 2.9, 2.2),
        (0.93, 0.17, 0.034, 2.4, 0.6),
        (1.08, 0.27, 0.024, 3.3, 2.9),
    ]
    for x, y, size, beat, phase in flock:
        middle_x = (x - 0.1 * time) * width
        middle_y = (y + 0.012 * math.sin(1.7 * time + phase)) * height
        lift = math.sin(2 * math.pi * time / beat * 2.2 + phase)
        _gull(pen, middle_x, middle_y, size * width, lift)
    return torch.from_numpy(np.asarray(mask, dtype=np.float32) / 255).reshape(-1)


def _gull(pen: ImageDraw.ImageDraw, x: float, y: float, span: float, lift: float) -> None:
    thick = span * 0.055
    for side in (-1, 1):
        elbow = (x + side * span * 0.24, y - span * (0.1 + 0.09 * lift))
        tip = (x + side * span * 0.52, y - span * (0.02 + 0.2 * lift))
        pen.polygon(
            [(x, y - thick), elbow, tip, (elbow[0], elbow[1] + thick * 1.5), (x, y + thick)],
            fill=235,
        )
    pen.ellipse([x - span * 0.1, y - thick, x + span * 0.1, y + thick * 1.3], fill=235)
