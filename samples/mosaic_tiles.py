"""Laying the mosaic: points relax into rows of near-square tiles, which are then cut, set and lit.

After A. Hausner, "Simulating Decorative Mosaics" (2001): Lloyd's method under a metric turned along
the rows. We use the L4 norm (its cells are rounded squares) and let no tile cross a form's outline.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from mosaic_wall import Array, Design
    from numpy.typing import NDArray

LAMP = np.array([-0.42, -0.55, 0.72])
BEVEL = 1.1  # of a tile's edge, in pixels of the finished picture
GROUT = 0.62  # half the width of a joint, likewise


@dataclass(frozen=True)
class Tiles:
    """Where the tiles lie: all arrays have a row per tile; places are in picture heights."""

    place: Array
    label: NDArray[np.int64]
    angle: Array
    size: Array
    aspect: Array


def lay(design: Design, *, rounds: int, seed: int) -> Tiles:
    """Scatter as many tiles as their sizes ask for, then relax them into rows."""
    generator = np.random.default_rng(seed)
    height, width = design.label.shape
    density = (1 / (height * design.size)) ** 2
    count = int(density.sum())
    chosen = generator.choice(density.size, size=count, replace=False, p=_shares(density))
    y, x = np.divmod(chosen, width)
    place = np.stack([x, y], axis=1) / height
    aspect = np.exp(generator.normal(0, 0.11, count))
    label = design.label[y, x]
    for _ in range(rounds):
        tiles = _look_up(design, place, label, aspect)
        owner = cells(design.label, tiles).ravel()
        area = np.bincount(owner, minlength=count)
        rows, columns = np.divmod(np.arange(owner.size), width)
        for axis, values in enumerate((columns, rows)):
            mean = np.bincount(owner, values, minlength=count) / np.maximum(area, 1) / height
            place[:, axis] = np.where(area > 0, mean, place[:, axis])
    return _look_up(design, place, label, aspect)


def _shares(density: Array) -> Array:
    flat = density.ravel()
    return np.asarray(flat / flat.sum())


def _look_up(design: Design, place: Array, label: NDArray[np.int64], aspect: Array) -> Tiles:
    x, y = _pixel(design, place)
    return Tiles(place, label, design.angle[y, x], design.size[y, x], aspect)


def _pixel(design: Design, place: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    height, width = design.label.shape
    x = np.clip(np.rint(place[:, 0] * height), 0, width - 1).astype(np.int64)
    y = np.clip(np.rint(place[:, 1] * height), 0, height - 1).astype(np.int64)
    return x, y


def cells(label: NDArray[np.int64], tiles: Tiles) -> NDArray[np.int64]:
    """Return (H, W): the number of the nearest tile of the same form."""
    height, width = label.shape
    reach = int(np.ceil(tiles.size.max() * height * 1.6))
    offset = torch.arange(-reach, reach + 1)
    best = torch.full((height * width,), torch.inf)
    owner = torch.zeros(height * width, dtype=torch.int64)
    forms = torch.from_numpy(label).ravel()
    pieces = [_windows(tiles, part, offset, forms, (height, width)) for part in _parts(tiles)]
    for _, where, distance in pieces:
        best.scatter_reduce_(0, where, distance, "amin")
    for number, where, distance in pieces:
        nearest = distance == best[where]
        owner[where[nearest]] = number[nearest]
    return owner.reshape(height, width).numpy()


def _parts(tiles: Tiles) -> list[NDArray[np.int64]]:
    """Numbers of the tiles in handfuls, so that no table of windows grows large."""
    return np.array_split(np.arange(len(tiles.size)), max(1, len(tiles.size) // 500))


def _windows(
    tiles: Tiles,
    part: NDArray[np.int64],
    offset: torch.Tensor,
    forms: torch.Tensor,
    shape: tuple[int, int],
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """For each pixel near each tile of `part`: the tile's number, the pixel, their distance."""
    height, width = shape
    column = [torch.from_numpy(v[part].astype(np.float32))[:, None, None] for v in
              (tiles.place[:, 0] * height, tiles.place[:, 1] * height, tiles.angle,
               tiles.size * height, tiles.aspect)]  # fmt: skip
    x, y, angle, size, aspect = column
    px, py = x.round().long() + offset[None, None, :], y.round().long() + offset[None, :, None]
    dx, dy = px - x, py - y
    along, across = dx * angle.cos() + dy * angle.sin(), dy * angle.cos() - dx * angle.sin()
    distance = ((along * aspect / size) ** 4 + (across / aspect / size) ** 4) ** 0.25
    where = py * width + px
    valid = (px >= 0) & (px < width) & (py >= 0) & (py < height)
    number = torch.from_numpy(part)[:, None, None].expand_as(distance)
    own = torch.from_numpy(tiles.label[part])[:, None, None]
    valid &= forms[where.clamp(0, height * width - 1)] == own
    return number[valid], where[valid], distance[valid]


def paint(design: Design, tiles: Tiles, *, scale: float, seed: int) -> Array:
    """Cut and light the tiles.

    Args:
        design: the drawing, at the size to paint.
        tiles: as `lay` returned them.
        scale: pixels of the design for one of the finished picture.
        seed: of the tiles' tones and tilts.

    Returns:
        (H, W, 3) in [0, 1].
    """
    generator = np.random.default_rng(seed + 1)
    owner = cells(design.label, tiles)
    inset = _inset(owner, int(np.ceil((GROUT + BEVEL) * scale)) + 1)
    rough = _noise(owner.shape, 3 * scale, generator) * 0.22 * scale
    edge = inset + rough - GROUT * scale
    stone = _stone_colours(design, tiles, generator)[owner]
    stone *= 1 + 0.07 * _noise(owner.shape, 1.2 * scale, generator)[..., None]
    bevel = np.clip(edge / (BEVEL * scale), 0, 1)
    light, glint = _light(design, tiles, owner, bevel, scale, generator)
    lit = stone * light[..., None] + glint[..., None] * (0.35 + 0.65 * stone)
    cover = np.clip(edge / (0.5 * scale) + 0.5, 0, 1)[..., None]
    tone = 0.5 + 0.5 * _noise(owner.shape, 40 * scale, generator)[..., None]
    sand = 1 + 0.2 * _noise(owner.shape, 0.8 * scale, generator)[..., None]
    dark, pale = np.array([0.11, 0.095, 0.085]), np.array([0.55, 0.5, 0.42])
    pale_share = np.clip(tone * 2.2 - 1.0, 0, 1) * 0.8
    grout = (dark + (pale - dark) * pale_share) * sand
    return np.asarray(np.clip(grout + (lit - grout) * cover, 0, 1))


def _inset(owner: NDArray[np.int64], reach: int) -> Array:
    """Distance in pixels to the nearest pixel of another tile, at most `reach`."""
    padded = np.pad(owner, reach, mode="edge")
    height, width = owner.shape
    inset = np.full(owner.shape, float(reach))
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            distance = np.hypot(dx, dy)
            if 0 < distance < reach:
                other = padded[reach + dy :, reach + dx :][:height, :width] != owner
                np.minimum(inset, distance, out=inset, where=other)
    return inset - 0.5


def _stone_colours(design: Design, tiles: Tiles, generator: np.random.Generator) -> Array:
    """One colour a tile: the drawing's, with each stone's own tone and tint."""
    x, y = _pixel(design, tiles.place)
    count = len(x)
    tone = np.exp(generator.normal(0, 0.17, count))[:, None]
    tint = np.exp(generator.normal(0, 0.055, (count, 3)))
    colour = design.colour[y, x] * tone * tint
    pale = generator.random(count) < 0.06
    colour[pale] = colour[pale] * 0.6 + 0.34
    return np.asarray(np.clip(colour, 0.02, 1))


def _light(
    design: Design,
    tiles: Tiles,
    owner: NDArray[np.int64],
    bevel: Array,
    scale: float,
    generator: np.random.Generator,
) -> tuple[Array, Array]:
    """Diffuse light and mirror gleam on tilted tiles with rounded edges."""
    x, y = _pixel(design, tiles.place)
    gleam = design.gleam[y, x]
    tilt = generator.normal(0, 0.09 + 0.12 * gleam[:, None], (len(x), 2))
    slope_y, slope_x = np.gradient(_blur(bevel, 0.5 * scale))
    nx = tilt[owner, 0] - slope_x * 0.75 * scale
    ny = tilt[owner, 1] - slope_y * 0.75 * scale
    length = np.sqrt(nx**2 + ny**2 + 1)
    lamp = LAMP / np.linalg.norm(LAMP)
    diffuse = np.clip((nx * lamp[0] + ny * lamp[1] + lamp[2]) / length, 0, None)
    half = lamp + np.array([0, 0, 1])
    half /= np.linalg.norm(half)
    mirror = np.clip((nx * half[0] + ny * half[1] + half[2]) / length, 0, None) ** 40
    return 0.46 + 0.92 * diffuse, mirror * (0.1 + 0.5 * gleam[owner])


def _blur(field: Array, sigma: float) -> Array:
    """Gaussian blur of an (H, W) field."""
    reach = max(1, int(np.ceil(3 * sigma)))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(sigma, 1e-6)) ** 2)
    kernel /= kernel.sum()
    height, width = field.shape
    tall = np.pad(field, ((reach, reach), (0, 0)), mode="edge")
    field = np.asarray(sum(k * tall[i : i + height] for i, k in enumerate(kernel)))
    wide = np.pad(field, ((0, 0), (reach, reach)), mode="edge")
    return np.asarray(sum(k * wide[:, i : i + width] for i, k in enumerate(kernel)))


def _noise(shape: tuple[int, ...], sigma: float, generator: np.random.Generator) -> Array:
    """Smooth noise of unit deviation whose grains are `sigma` pixels wide."""
    noise = _blur(generator.normal(size=(shape[0], shape[1])), sigma)
    return np.asarray((noise - noise.mean()) / max(float(noise.std()), 1e-9))
