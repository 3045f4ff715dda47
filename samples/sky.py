"""The sky: its gradient, the sun and its glow, and clouds lit from the sun's side."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from rays import mix, rgb, step
from texture import Texture, spectral
from torch import Tensor


@dataclass(frozen=True)
class Sky:
    """A sky to look up along directions.

    Attributes:
        sun: (3,) unit direction to the sun.
        zenith: colour overhead, as `#rrggbb`.
        horizon: colour at the horizon.
        glow: colour near the sun.
        clouds: how much of the sky they cover: about -1 (none) to 1.5 (all).
        lit: colour of the clouds' bright sides.
        shade: colour of their dark sides.
        scale: how large the clouds are.
        texture: their shape.
    """

    sun: Tensor
    zenith: str
    horizon: str
    glow: str
    clouds: float
    lit: str
    shade: str
    scale: float
    texture: Texture

    def light(self, directions: Tensor, *, drift: float = 0.0) -> Tensor:
        """Return the light (N, 3) that comes from directions (N, 3).

        Args:
            directions: of length one; those below the horizon are mirrored upwards.
            drift: how far the clouds have moved.
        """
        height = directions[:, 1].abs()
        towards = (directions @ self.sun).clamp(min=0)
        colour = mix(rgb(self.horizon), rgb(self.zenith), 1 - (1 - height).clamp(0, 1) ** 3.2)
        low = (1 - height).clamp(0, 1) ** 5
        colour = colour + rgb(self.glow) * (0.9 * towards**5 * low + 0.5 * towards**48)[:, None]
        cover, bright = self._clouds(directions, height, drift)
        lit = rgb(self.lit) * (1 + 1.4 * towards**12)[:, None]
        cloud = mix(rgb(self.shade).expand_as(colour), lit, bright)
        veil = cover * step(0.015, 0.14, height)
        colour = mix(colour, cloud, veil)
        disc = step(0.99955, 0.99985, directions @ self.sun) * (1 - 0.85 * cover)
        return colour + rgb(self.glow) * (30 * disc + 2.2 * towards**700)[:, None]

    def _clouds(self, directions: Tensor, height: Tensor, drift: float) -> tuple[Tensor, Tensor]:
        """Cover and brightness of a layer of clouds overhead."""
        far = 1 / (height + 0.11)
        x, z = directions[:, 0] * far, directions[:, 2] * far
        period = 9.0 * self.scale
        detail = 0.28 * self.texture.at(x * 3.1 + 0.4 + drift, z * 3.1, period=period)
        here = self.texture.at(x + drift, z, period=period) + detail
        arm = 0.09 * self.scale
        sx, sz = float(self.sun[0]) * arm, float(self.sun[2]) * arm
        there = self.texture.at(x + drift + sx, z + sz, period=period) + detail * 0.6
        cover = step(0.0, 0.9, here - 0.75 + self.clouds)
        bright = (0.5 + 0.75 * (here - there) - 0.12 * (here - 0.6).clamp(min=0)).clamp(0, 1)
        return cover, bright


def sunset(sun: Tensor, *, seed: int, clouds: float = 0.25) -> Sky:
    """A low sun in a clearing sky: gold at the horizon, violet and rose clouds."""
    return Sky(
        sun=sun, zenith="#254c9c", horizon="#f4b070", glow="#ff8a2c", clouds=clouds,
        lit="#ffb684", shade="#745c8c", scale=1.0, texture=spectral(1024, slope=1.75, seed=seed),
    )  # fmt: skip


def noon(sun: Tensor, *, seed: int, clouds: float = 0.1) -> Sky:
    """A high sun among white summer clouds."""
    return Sky(
        sun=sun, zenith="#2f6cc0", horizon="#c4ddf0", glow="#fff2d0", clouds=clouds,
        lit="#ffffff", shade="#9aaac4", scale=1.3, texture=spectral(1024, slope=1.75, seed=seed),
    )  # fmt: skip


def dark(sun: Tensor, *, seed: int) -> Sky:
    """The last light after sunset."""
    return Sky(
        sun=sun, zenith="#0f1c44", horizon="#c0708a", glow="#d8603a", clouds=0.2,
        lit="#b06a8a", shade="#262c54", scale=1.0, texture=spectral(1024, slope=1.75, seed=seed),
    )  # fmt: skip


def haze(colour: Tensor, air: Tensor, distance: Tensor, *, thickness: float) -> Tensor:
    """Fade colours (N, 3) into the light of the air (N, 3) with distance (N,)."""
    return mix(colour, air, 1 - torch.exp(-distance * thickness))
