"""RAFT (Teed 2020, 2003.12039), as torchvision has it: another flow for smoothing at its best.

It finds motion that is too large for DIS, which then makes it exact: of a bicycle race, 8 frames
apart, 38 % is the same there and back, by DIS alone 27 %. By itself it misses a small motion by
0.31 pixels where DIS misses it by 0.12 (rubberwhale), and what is fetched so does not stand still:
a skater painted by `starry` came to an excess of 1.7, and to 1.1 so.

It is used where its weights and torchvision are here, and never fetched unasked: on a processor it
takes a second for what DIS takes 50 ms for.
"""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import torch
from torch import Tensor, nn

from stylize.models.errors import WeightsError
from stylize.models.weights import RAFT_SMALL
from stylize.models.weights_here import place_of, read_tensors

from .flow import Field, Grey, motion

SMALLEST = 128
"""Pixels a side that its four scales need; in smaller pictures flow is found by DIS."""
MULTIPLE = 8
UPDATES = 12
"""Of its estimate: as torchvision measures it."""


def find_raft(device: torch.device) -> Raft | None:
    """RAFT on a device; None: its weights, or torchvision, are not here.

    Raises:
        WeightsError: its weights are damaged.
    """
    place = place_of(RAFT_SMALL)
    if place is None or find_spec("torchvision") is None:
        return None
    from torchvision.models.optical_flow import raft_small

    network: nn.Module = raft_small(weights=None, progress=False)
    try:
        network.load_state_dict(read_tensors(place))
    except RuntimeError as error:
        raise WeightsError(f"{place}: holds no RAFT ({str(error).splitlines()[0]})") from error
    return Raft(network.eval().requires_grad_(False).to(device), device)


class Raft:
    """Finds flow between two frames.

    Args:
        network: torchvision's.
        device: where it is.
    """

    def __init__(self, network: nn.Module, device: torch.device) -> None:
        self._network, self._device = network, device

    @torch.inference_mode()
    def __call__(self, first: Grey, second: Grey, start: Field | None) -> Field:
        """Find the flow from one frame, (h, w), to another: (h, w, 2), as `flow.motion` does.

        Args:
            first: a frame.
            second: the other, of the same size.
            start: a flow to begin with; only small pictures need one.
        """
        if min(first.shape) >= SMALLEST:
            start = self._broad(first, second)
        return motion(first, second, detail="finest", start=start)

    def _broad(self, first: Grey, second: Grey) -> Field:
        height, width = first.shape
        flow = self._network(self._seen(first), self._seen(second), num_flow_updates=UPDATES)[-1]
        found: Field = flow[0, :, :height, :width].permute(1, 2, 0).float().cpu().numpy()
        return found

    def _seen(self, picture: Grey) -> Tensor:
        """(h, w) as it takes pictures: (1, 3, H, W) in [-1, 1], both sides multiples of 8."""
        below, right = (-side % MULTIPLE for side in picture.shape)
        edged = np.pad(picture, ((0, below), (0, right)), mode="edge")
        levels = torch.from_numpy(edged).to(self._device, torch.float32) / 127.5 - 1
        return levels.expand(1, 3, *levels.shape)
