"""Norms measured once, then folded away: so films and large pictures are painted."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from .network import PaintingNetwork, StyleNetwork, centre, ready

if TYPE_CHECKING:
    import torch


class Folding:
    """Makes, of a trained network, one that measures its norms and those that go by them.

    Args:
        network: as trained: neither frozen nor `ready`. It stays as it is.
        device: where they are to paint.
        dtype: in what precision.
    """

    def __init__(self, network: StyleNetwork, device: torch.device, dtype: torch.dtype) -> None:
        self._trained = copy.deepcopy(network)
        centre(self._trained)  # as `ready` does below: measured and folded are to be the same
        self._where = (device, dtype)

    def measuring(self) -> StyleNetwork:
        """One whose norms follow what it paints, and have seen nothing yet."""
        following = self._trained.following()
        ready(following, *self._where)
        return following

    def folded(self, measured: StyleNetwork) -> PaintingNetwork:
        """One whose norms are folded by what `measuring` has measured."""
        return ready(self._trained.folded(measured), *self._where)
