"""Thumbnails of frames, and how unlike they are once motion and light are allowed for.

Part of finding shots.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from .flow import Field, Grey, fetch
from .flow_trust import steps

if TYPE_CHECKING:
    from torch import Tensor

WIDTH, HEIGHT = 64, 36
"""Of every thumbnail, whatever the film's shape: enough to tell pictures apart, and no grain."""
NOISE = 9.0
"""Variance, in steps of 8 bits, of what may be noise in a thumbnail of something plain."""


@dataclass(frozen=True, slots=True, eq=False)
class Thumbnail:
    """A small picture.

    Attributes:
        colours: (36, 64, 3), 0 to 255, less the mean of each channel.
        soft: the same, blurred: what mixtures are told from, which know no motion.
        grey: (36, 64).
    """

    colours: Field
    soft: Field
    grey: Grey


@dataclass(frozen=True, slots=True)
class Mixture:
    """A picture as a sum of two others.

    Attributes:
        first: share of the first.
        last: share of the last.
        unexplained: share of its variance that no sum explains.
        by_one: the same for the first or the last alone, the better of both.
    """

    first: float
    last: float
    unexplained: float
    by_one: float


def thumbnail(picture: Tensor) -> Thumbnail:
    """Make one of a picture, (3, H, W) RGB in [0, 1] on the CPU."""
    planes = [
        cv2.resize(plane.numpy(), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        for plane in picture
    ]
    colours = np.dstack(planes) * np.float32(255)
    grey = np.rint(cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY)).clip(0, 255).astype(np.uint8)
    colours -= colours.mean((0, 1))
    return Thumbnail(colours, cv2.GaussianBlur(colours, (0, 0), 1.0), grey)


def is_plain(small: Thumbnail) -> bool:
    """Whether there is hardly anything to see in it."""
    return float(np.square(small.colours).mean()) < 4 * NOISE


def unlike(old: Thumbnail, new: Thumbnail) -> float:
    """Share of two pictures that neither motion nor light explains, 0 to 1."""
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    search.setFinestScale(0)
    flow: Field = search.calc(new.grey, old.grey, None)  # type: ignore[call-overload] # its stubs want an array
    moved = fetch(old.colours, *steps(flow))
    moved = moved - moved.mean((0, 1))
    before = float(np.square(moved).sum())
    after = float(np.square(new.colours).sum())
    common = max(0.0, float((moved * new.colours).sum())) ** 2
    noise = NOISE * moved.size
    new_share: float = (after - common / max(before, 1e-6)) / (after + noise)
    gone_share: float = (before - common / max(after, 1e-6)) / (before + noise)
    return max(new_share, gone_share)


def mixture(first: Thumbnail, middle: Thumbnail, last: Thumbnail) -> Mixture:
    """Explain one picture as a sum of two others, as a dissolve makes it."""
    begin, target, end = (each.soft.ravel() for each in (first, middle, last))
    ends = np.stack((begin, end), axis=1)
    # With something for noise, so that ends that are alike, or plain, have shares too.
    products = ends.T @ ends + NOISE * target.size * np.eye(2)
    shares = np.linalg.solve(products, ends.T @ target)
    energy = float(target @ target) + NOISE * target.size
    alone = [
        float(target @ target) - float(target @ each) ** 2 / max(float(each @ each), 1e-6)
        for each in (begin, end)
    ]
    left = target - ends @ shares
    return Mixture(
        float(shares[0]), float(shares[1]), float(left @ left) / energy, min(alone) / energy
    )
