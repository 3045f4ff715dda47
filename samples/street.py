"""A street of an old town: house fronts with windows, shops and awnings, lamps and passers-by."""

from __future__ import annotations

import torch
from rays import length, smooth_min
from torch import Tensor

HALF = 4.0
"""From the middle of the street to the house fronts."""
PLOT = 4.2
FLOOR = 2.7
SHOP = 3.1
"""Where the first floor begins, above the shops."""
END = -50.0
"""Where the last houses stand."""
CHURCH = torch.tensor([-1.6, 0.0, -62.0])
WALKERS = ((-0.9, -3.4, 1.72), (-0.25, -3.6, 1.58), (1.5, -13.0, 1.75), (-2.9, -17.0, 1.65))
"""(x, z, height) of each."""
PARTS = ("ground", "house", "awning", "box", "lamp", "light", "walker", "church")


class Street:
    """Distances to the parts of the street, which runs along z."""

    def __init__(self, *, seed: int = 3) -> None:
        self.chance = torch.rand(64, 6, generator=torch.Generator().manual_seed(seed))

    def lot(self, p: Tensor) -> tuple[Tensor, Tensor]:
        """Return each point's draw of chances (N, 6) for its house, and its z (N,) within it."""
        number = (p[:, 2] / PLOT).floor()
        draw = self.chance[((number * 2 + (p[:, 0] > 0)) % 64).long()]
        return draw, p[:, 2] - (number + 0.5) * PLOT

    def parts(self, p: Tensor) -> Tensor:
        """Return (N, 8): distances to `PARTS`."""
        x, y, z = (axis.contiguous() for axis in p.unbind(dim=1))
        draw, u = self.lot(p)
        before = HALF - x.abs()
        kerb = torch.maximum(before - 1.25, y - 0.14)
        ground = torch.minimum(y, kerb)
        fall = (0.5 * (before - 0.02) + (y - 2.75)) / 1.118
        awning = torch.maximum(fall.abs() - 0.03, (before - 0.65).abs() - 0.65)
        awning = torch.maximum(awning, u.abs() - 1.55)
        awning = torch.where(draw[:, 2] < 0.6, awning, 9.0)
        edge = PLOT / 2 - u.abs() + 0.03
        boxes = torch.where(draw[:, 3] < 0.7, _flower_boxes(before, y, u), 9.0)
        near = torch.stack([self._house(before, y, u, draw), awning, boxes], dim=1)
        # What the next house holds is not known here: no ray may leap over the party wall.
        near = torch.where((before < 1.6)[:, None], torch.minimum(near, edge[:, None]), near)
        near = torch.maximum(near, END - z[:, None])
        post, glass = _lamps(before, y, z)
        rest = torch.stack([post, glass, _walkers(p), _church(p)], dim=1)
        return torch.cat([ground[:, None], near, rest], dim=1)

    def field(self, p: Tensor) -> Tensor:
        """Return the distance to the nearest part."""
        return self.parts(p).amin(dim=1)

    def eaves(self, draw: Tensor) -> Tensor:
        """Return how high the fronts (N,) are: two to four floors above the shop."""
        return SHOP + FLOOR * (1.6 + 1.5 * draw[:, 0]).round() + 0.5 * draw[:, 1]

    def _house(self, before: Tensor, y: Tensor, u: Tensor, draw: Tensor) -> Tensor:
        eaves = self.eaves(draw)
        body = torch.maximum(before, (y - eaves + 1.1 * before) / 1.487)
        body = torch.maximum(body, u.abs() - PLOT / 2)
        cut, deep = window(y, u), 0.16
        shop = torch.maximum(u.abs() - 1.5, (y - 1.45).abs() - 0.95)
        cut = torch.minimum(torch.where(y > eaves - 0.6, 9.0, cut), shop)
        wall = torch.maximum(body, -torch.maximum(cut, -deep - before))
        ledge = torch.minimum((y - eaves + 0.12).abs() - 0.12, (y - SHOP + 0.1).abs() - 0.07)
        ledge = torch.maximum(ledge, before - 0.16)
        ledge = torch.maximum(ledge, -before - 0.3)
        stack = torch.maximum((before + 1.0).abs() - 0.3, (u - 1.2).abs() - 0.4)
        stack = torch.maximum(stack, y - eaves - 2.6)
        return torch.minimum(torch.minimum(wall, ledge), stack)


def window(y: Tensor, u: Tensor) -> Tensor:
    """Distance (N,) in the plane of a front from the nearest window's opening, above the shop."""
    across, up = pane(y, u)
    opening = torch.maximum(across.abs() - 0.40, up.abs() - 0.72)
    return torch.where(y > SHOP, opening, 9.0)


def pane(y: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
    """Coordinates across and up (N,) from the middle of the nearest window."""
    across = u - (u / 1.35).round().clamp(-1, 1) * 1.35
    return across, torch.remainder(y - SHOP, FLOOR) - 1.42


def _flower_boxes(before: Tensor, y: Tensor, u: Tensor) -> Tensor:
    across, up = pane(y, u)
    box = torch.maximum((up + 0.78).abs() - 0.13, across.abs() - 0.44)
    box = torch.maximum(box, (before - 0.12).abs() - 0.12)
    return torch.where((y > SHOP) & (y < SHOP + 2 * FLOOR), box, 9.0)


def _lamps(before: Tensor, y: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """Posts along both kerbs and the glass of their lanterns."""
    along = torch.remainder(z + 4.0, 9.0) - 4.5
    across = torch.hypot(before - 1.05, along)
    post = torch.maximum(across - 0.045 - 0.06 * (0.7 - y).clamp(0, 0.5), y - 3.3)
    roof = torch.maximum(across - 0.24 + 0.7 * (y - 3.95).clamp(min=0), (y - 4.05).abs() - 0.13)
    foot = torch.maximum(across - 0.13, (y - 3.33).abs() - 0.04)
    glass = torch.maximum(across - 0.12 - 0.11 * (y - 3.35), (y - 3.64).abs() - 0.28)
    return torch.minimum(torch.minimum(post, roof), foot), glass


def _walkers(p: Tensor) -> Tensor:
    best = torch.full((len(p),), 9.0)
    for x, z, tall in WALKERS:
        q = (p - torch.tensor([x, 0.0, z])) / tall
        wide = (torch.hypot(q[:, 0], q[:, 2]) - 0.26).clamp(min=0)
        around = torch.hypot(wide, (q[:, 1] - 1.0).clamp(min=0))
        near = around < 0.1
        around[near] = _walker(q[near])
        best = torch.minimum(best, around * tall)
    return best


def _walker(q: Tensor) -> Tensor:
    """Legs in stride, a long coat, a head with a hat; one unit tall."""
    across, y = torch.hypot(q[:, 0], q[:, 2] * 1.3), q[:, 1]
    coat = torch.maximum(across - 0.15 + 0.09 * (y - 0.3), (y - 0.56).abs() - 0.24) * 0.9
    chest = length((q - torch.tensor([0.0, 0.74, 0.0])) * torch.tensor([0.85, 1.0, 1.2])) - 0.105
    swing = q[:, 2] - (0.32 - y).clamp(min=0) * 0.4 * q[:, 0].sign()
    legs = torch.maximum(torch.hypot(q[:, 0].abs() - 0.055, swing) - 0.042, y - 0.4)
    arm = torch.hypot(q[:, 0].abs() - 0.15 + 0.09 * (y - 0.5), q[:, 2])
    arm = torch.maximum(arm - 0.036, (y - 0.6).abs() - 0.19)
    head = length(q - torch.tensor([0.0, 0.915, 0.0])) - 0.062
    hat = torch.minimum(
        torch.maximum(across - 0.115, (y - 0.945).abs() - 0.006),
        torch.maximum(across - 0.066, (y - 0.97).abs() - 0.035),
    )
    body = smooth_min(coat, chest, radius=0.05)
    return torch.stack([smooth_min(body, arm, radius=0.02), legs, head, hat]).amin(dim=0)


def _church(p: Tensor) -> Tensor:
    """A tower with a spire beyond the end of the street, and the nave beside it."""
    q = p - CHURCH
    x, y, z = q[:, 0].abs(), q[:, 1], q[:, 2].abs()
    tower = torch.maximum(torch.maximum(x, z) - 2.6, y - 17.0)
    ledge = torch.maximum(torch.maximum(x, z) - 2.9, (y - 17.0).abs() - 0.3)
    spire = torch.maximum((x + z) * 0.62 + (y - 29.0) * 0.2, 17.0 - y) * 0.9
    nave = torch.maximum(torch.maximum(z - 4.0, y + 0.9 * z - 11.0) * 0.75, -q[:, 0])
    return torch.stack([tower, ledge, spire, nave]).amin(dim=0)
