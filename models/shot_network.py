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
from .slow_moments import SlowMoments, apart, undone_by_errors

EVERY = 8
"""Frames between two measurements, in a shot that has been calm for as long."""
CALM = 0.1
"""How far a frame may be off (see `SlowMoments.moved`) for the shot to be called calm."""
CHANGED = 0.5
"""How far the colours of a frame may be off from those of the one measured last: with more it is
measured at once, however calm the shot was. In calm films they are off by 0.1 at most."""
_NOISE = 1e-3
"""Variance of colours below which they count as plain."""
_SPARSE = (..., slice(None, None, 4), slice(None, None, 4))


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
        self._colours = torch.zeros(0), torch.zeros(0)  # of the last frame that was measured

    def begin_shot(self) -> None:
        """Measure anew."""
        for norm in self._norms:
            norm.moments.forget()
        self._folded = None
        self._left = self._pause = 0

    def forward(self, pictures: Tensor) -> Tensor:
        """Paint (N, 3, H, W) RGB in [0, 1], frames that follow those painted before.

        They are painted alike in batches of any size, also where a larger one has failed.
        """
        begun = self._folded, self._left, self._pause, self._colours
        try:
            with undone_by_errors([norm.moments for norm in self._norms]):
                return self._paint(pictures)
        except BaseException:
            self._folded, self._left, self._pause, self._colours = begun
            raise

    def _paint(self, pictures: Tensor) -> Tensor:
        painted, done = [], 0
        while done < len(pictures):
            part = self._like_measured(pictures[done : done + self._left])
            if self._folded is None or not len(part):
                part = pictures[done : done + 1]
                painted.append(self._measure(part))
            else:
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
            self._folded = None
            return self._apart(picture)
        mean, variance = _colours(picture)
        self._colours = mean[0], variance[0]
        painted: Tensor = self._measuring(picture)
        calm = max(norm.moments.moved for norm in self._norms) < CALM
        # Soon at first and after a change, then ever more rarely.
        self._left = self._pause = min(EVERY, self._pause * 2 + 1) if calm else 0
        self._folded = self._folding.folded(self._measuring) if self._left else None
        return painted

    def _like_measured(self, pictures: Tensor) -> Tensor:
        """Those of them, from the first, that have about the light of the one measured last."""
        if not len(pictures):
            return pictures
        changed = apart(_colours(pictures), self._colours, epsilon=_NOISE) > CHANGED
        return pictures[: int(changed.cumsum(0).eq(0).sum())]

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


def _colours(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance of the colours of (N, 3, H, W), (N, 3) each."""
    few = pictures[_SPARSE].float()
    return few.mean((2, 3)), few.var((2, 3), correction=0)
