"""The optimiser of training: Muon for the kernels of convolutions, Adam for all else.

Muon (Jordan 2024; `torch.optim.Muon`) makes every step of a weight matrix orthogonal; a kernel is
taken as the matrix (outputs, inputs · size · size). With a `swift` and great_wave, 175 steps of it
brought the weighted loss to 27 where Adam's best rate brought it to 32. A step costs hardly more:
nearly all of its time goes into the extractor. The linear layers that turn a style into norms are
left to Adam: made orthogonal they shut whole channels off within a hundred steps. So are networks
of attention: 30 steps on one pair brought `adaattn` from 30.8 to 6.8 by Adam, to 13.6 by Muon.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from .swift import LAST_NORM

KERNEL_RATE = 5.0
"""Times the learning rate, for kernels: 1e-2 where Adam has 2e-3 (measured: 1, 5 and 15)."""
PALETTE_RATE = 10.0
"""Times the learning rate, for the last norm of a `swift`: a palette begins some tenths off. In
220 steps of `wave` the mean of its reds went 0.05 by the plain rate, and 0.23 by this."""
MOMENTUM = 0.95
"""Of Muon, as Jordan 2024 has it."""


class Optimiser:
    """Muon and Adam, each for its parameters.

    Args:
        network: what learns, on its device already and in plain (contiguous) memory.
        muon: whether Muon takes the kernels; if not, all is left to Adam.
    """

    def __init__(self, network: nn.Module, *, muon: bool = True) -> None:
        self._kernels = [each for each in network.parameters() if muon and each.dim() == 4]
        # The very same memory as matrices, which is what Muon takes.
        self._matrices = [nn.Parameter(each.detach().view(len(each), -1)) for each in self._kernels]
        palette = [each for name, each in network.named_parameters() if name in LAST_NORM]
        taken = {id(each) for each in (*self._kernels, *palette)}
        others = [each for each in network.parameters() if id(each) not in taken]
        # It refuses to have nothing to do: hence a matrix that nothing learns.
        self._muon = torch.optim.Muon(
            self._matrices or [nn.Parameter(torch.zeros(1, 1))],
            weight_decay=0.0,
            momentum=MOMENTUM,
            adjust_lr_fn="match_rms_adamw",
        )
        groups = [{"params": each} for each in (others, palette) if each]
        self._adam = torch.optim.Adam(groups, fused=True)

    def find(self, loss: Tensor) -> None:
        """Find the gradient of a loss; nothing has changed yet."""
        for kernel in self._kernels:
            kernel.grad = None
        self._adam.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]

    def step(self, *, rate: float) -> None:
        """Go down the gradient that was found, at a learning rate."""
        groups = (*self._muon.param_groups, *self._adam.param_groups)
        for group, times in zip(groups, (KERNEL_RATE, 1.0, PALETTE_RATE), strict=False):
            group["lr"] = rate * times
        for kernel, matrix in zip(self._kernels, self._matrices, strict=True):
            matrix.grad = None if kernel.grad is None else kernel.grad.reshape(matrix.shape)
        self._muon.step()  # type: ignore[no-untyped-call]
        self._adam.step()

    def state_dict(self) -> dict[str, Any]:
        """All that `load_state_dict` needs."""
        return {"muon": self._muon.state_dict(), "adam": self._adam.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where another stood."""
        self._muon.load_state_dict(state["muon"])
        self._adam.load_state_dict(state["adam"])
