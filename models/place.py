"""Puts a network where it is to paint: by shots of film, or by pictures of any size."""

from __future__ import annotations

import torch
from torch import nn

from .any_style import Patchwork
from .network import PaintingNetwork, StyleNetwork, ready
from .shot_network import ShotNetwork
from .still_network import StillNetwork


def place(
    network: PaintingNetwork, device: torch.device, dtype: torch.dtype, *, by_shot: bool
) -> PaintingNetwork:
    """A network where and as it is to paint from now on; it can be neither trained nor frozen then.

    Args:
        network: as trained. Of a patchwork the painters are replaced.
        device: where it is to paint.
        dtype: in what precision.
        by_shot: whether its norms, if it has any, are to go by shots of film, not by each picture.
    """
    if isinstance(network, StyleNetwork):
        return (ShotNetwork if by_shot else StillNetwork)(network, device, dtype)
    if isinstance(network, Patchwork):
        network.painters = nn.ModuleList(
            place(painter, device, dtype, by_shot=by_shot)
            for painter in network.painters
            if isinstance(painter, PaintingNetwork)
        )
        return network
    return ready(network, device, dtype)
