"""A network whose norms are measured over a shot of film, and folded away between measurements.

The frozen statistics of ReReVST (Wang 2020, 2007.01050) on the fly: no norm reacts to what passes
through a single frame, and most frames are painted by a network that has no norms to compute. How
soon it measures again depends on how much has changed, so light that fades is followed.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .folding import Folding
from .network import PaintingNetwork, StyleNetwork, is_plain
from .slow_moments import SlowMoments

EVERY = 8
"""Frames between two measurements, in a shot that has been calm for as long."""
CALM = 0.1
"""How far a frame may be off (see `SlowMoments.moved`) for the shot to be called calm."""


class ShotNetwork(PaintingNetwork):
    """Paints the frames of a film in order, shot by shot.

    Args:
        network: as trained: neither frozen nor `ready`.
        device: where to paint.
        dtype: in what precision.
    """

    def __init__(self, network: StyleNetwork, device: torch.device, dtype: torch.dtype) -> None:
        super().__init__()
        self._folding = Folding(network, device, dtype)
        self._measuring = self._folding.measuring()
        self._norms = [norm for _, norm in self._measuring.normalised()]
        self._folded: PaintingNetwork | None = None
        self._left = self._pause = 0  # frames until the next measurement, and how many they were

    def begin_shot(self) -> None:
        """Measure anew."""
        for norm in self._norms:
            norm.moments.forget()
        self._folded = None
        self._left = self._pause = 0

    def forward(self, pictures: Tensor) -> Tensor:
        """Paint (N, 3, H, W) RGB in [0, 1], frames that follow those painted before.

        They are painted alike in batches of any size.
        """
        painted, done = [], 0
        while done < len(pictures):
            if self._folded is None:
                part = pictures[done : done + 1]
                painted.append(self._measure(part))
            else:
                part = pictures[done : done + self._left]
                painted.append(self._folded(part))
                self._left -= len(part)
                if self._left == 0:
                    self._folded = None
            done += len(part)
        return torch.cat(painted)

    def _measure(self, picture: Tensor) -> Tensor:
        """Paint a frame by norms that follow the shot, and fold them for those after it."""
        if is_plain(picture):
            self._left = self._pause = 0
            return self._apart(picture)
        painted: Tensor = self._measuring(picture)
        calm = max(norm.moments.moved for norm in self._norms) < CALM
        # Soon at first and after a change, then ever more rarely.
        self._left = self._pause = min(EVERY, self._pause * 2 + 1) if calm else 0
        if self._left:
            self._folded = self._folding.folded(self._measuring)
        return painted

    def _apart(self, picture: Tensor) -> Tensor:
        """Paint by norms of its own what says nothing of the shot, such as black between scenes.

        Followed, it would be what the scene that comes back is painted by, for seconds.
        """
        followed = [norm.moments for norm in self._norms]
        try:
            for norm in self._norms:
                norm.moments = SlowMoments()
            painted: Tensor = self._measuring(picture)
        finally:
            for norm, moments in zip(self._norms, followed, strict=True):
                norm.moments = moments
        return painted
