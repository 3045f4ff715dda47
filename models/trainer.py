"""One training run between its first and its last step: the network, the optimiser, a step.

The loop of Johnson 2016 (1603.08155) with the losses of `losses.py` and the steadiness of
`motion.py`. A step is a function of the seed and its number, so a resumed run goes on exactly.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .checkpoint import NETWORKS
from .errors import TrainingError
from .losses import (
    CONTENT_LAYER,
    STYLE_LAYERS,
    content_loss,
    style_loss,
    style_target,
    total_variation,
)
from .motion import disturb, random_motion, steadiness_loss
from .settings import TrainingSettings
from .vgg import Vgg
from .whole_file import whole_file

TEMPORAL_EVERY = 2
"""The steadiness term runs in every second step, twice as heavy: half its time, the same pull."""
WILD = 2.0
"""Times its start at which a loss that training brings down says that training went wild."""
SMOOTHING = 0.02
"""Weight of the newest step in the losses reported: about the last fifty steps."""


class Trainer:
    """A training run.

    Args:
        settings: checked ones.
        vgg: the extractor.
        style: (3, H, W) RGB in [0, 1], at the size at which it is measured.
        device: where to compute.

    Attributes:
        network: the network in training.
        step: steps done.
        seconds: of work so far.
        losses: by name, unweighted, smoothed.
        first_losses: what they were in the first step.
    """

    def __init__(
        self, settings: TrainingSettings, vgg: Vgg, style: Tensor, device: torch.device
    ) -> None:
        self.settings = settings
        self.device = device
        with torch.no_grad():
            measured = vgg.to(device)(style[None].to(device), STYLE_LAYERS)
            self._style = style_target(measured)
        self._vgg = vgg.to(torch.bfloat16).to(memory_format=torch.channels_last)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            network = NETWORKS[settings.method]()
        self.network = network.to(device).to(memory_format=torch.channels_last).train()
        self._optimiser = torch.optim.Adam(
            self.network.parameters(), lr=settings.learning_rate, fused=True
        )
        self.step = 0
        self.seconds = 0.0
        self.losses: dict[str, float] = {}
        self.first_losses: dict[str, float] = {}

    @property
    def fraction(self) -> float:
        """How much of the run is done, 0 to 1."""
        return self.settings.fraction(self.step, self.seconds)

    def advance(self, crops: Tensor) -> None:
        """Learn from (N, 3, H, W) RGB crops in [0, 1].

        Raises:
            TrainingError: a loss is no number.
        """
        settings, fraction = self.settings, self.fraction
        crops = crops.to(self.device, memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16):
            with torch.no_grad():
                wanted = self._vgg(crops, [CONTENT_LAYER])
            painted = self.network(crops).float()
            found = self._vgg(painted, {*STYLE_LAYERS, CONTENT_LAYER})
        weighted = {
            "content": (settings.content_weight, content_loss(found, wanted)),
            "style": (settings.style_weight_at(fraction), style_loss(found, self._style)),
            "tv": (settings.tv_weight, total_variation(painted)),
        }
        if settings.temporal_weight and self.step % TEMPORAL_EVERY == 0:
            loss = self._unsteadiness(crops, painted)
            weighted["temporal"] = (settings.temporal_weight * TEMPORAL_EVERY, loss)
        self._note({name: loss.item() for name, (_, loss) in weighted.items()})
        total = torch.stack([weight * loss for weight, loss in weighted.values()]).sum()
        for group in self._optimiser.param_groups:
            group["lr"] = settings.learning_rate_at(fraction)
        self._optimiser.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()
        self.step += 1

    def _unsteadiness(self, crops: Tensor, painted: Tensor) -> Tensor:
        """How unlike the moved painting the painting of the moved, disturbed crops is."""
        generator = torch.Generator().manual_seed(self.settings.seed * 1_000_003 + self.step)
        height, width = crops.shape[-2:]
        motion = random_motion(len(crops), height, width, generator=generator).to(self.device)
        moved = disturb(motion.move(crops), generator=generator)
        with torch.autocast(self.device.type, torch.bfloat16):
            again = self.network(moved.contiguous(memory_format=torch.channels_last))
        return steadiness_loss(motion.move(painted), again.float(), motion.seen)

    def _note(self, losses: dict[str, float]) -> None:
        """Smooth losses for the report, and stop when one is no number."""
        for name, value in losses.items():
            if not math.isfinite(value):
                raise TrainingError(
                    f"the {name} loss is {value} at step {self.step}: training went wild; "
                    f"{self._calmer}"
                )
            self.first_losses.setdefault(name, value)
            before = self.losses.get(name, value)
            self.losses[name] = before + SMOOTHING * (value - before)

    @property
    def _calmer(self) -> str:
        return f"start anew with --restart --learning-rate {self.settings.learning_rate / 4:g}"

    def doubt(self) -> str | None:
        """A word on a network that learnt nothing though its losses are numbers, or None."""
        weights = {"style": self.settings.style_weight, "content": self.settings.content_weight}
        for name, weight in weights.items():
            last, first = self.losses.get(name, 0.0), self.first_losses.get(name, math.inf)
            if weight and last > WILD * first:
                return (
                    f"the {name} loss ended at {last:.3g} and began at {first:.3g}: training went "
                    f"wild; {self._calmer}"
                )
        return None

    def save(self, path: Path, identity: dict[str, Any]) -> None:
        """Write all that `restore` needs, whole or not at all.

        Args:
            path: the state file.
            identity: what must be equal for a run to go on.

        Raises:
            TrainingError: it cannot be written.
        """
        state = {
            "identity": identity,
            "network": self.network.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "losses": self.losses,
            "first_losses": self.first_losses,
        }
        try:
            with whole_file(path) as partial:
                torch.save(state, partial)
        except (OSError, RuntimeError) as error:
            raise TrainingError(f"{path}: the state cannot be written ({error})") from error

    def restore(self, path: Path, identity: dict[str, Any]) -> None:
        """Go on where a state file stands.

        Raises:
            TrainingError: it is damaged, or of a run with other settings.
        """
        try:
            state = torch.load(path, map_location=self.device, weights_only=True)
            _refuse_another_run(path, state["identity"], identity)
            self.network.load_state_dict(state["network"])
            self._optimiser.load_state_dict(state["optimiser"])
            self.step, self.seconds = int(state["step"]), float(state["seconds"])
            self.losses = dict(state["losses"])
            self.first_losses = dict(state["first_losses"])
        except TrainingError:
            raise
        except Exception as error:
            # Damaged bytes can raise anything at all on their way through torch.
            raise TrainingError(f"{path}: a damaged state file; add --restart") from error


def _refuse_another_run(path: Path, found: dict[str, Any], identity: dict[str, Any]) -> None:
    for name, value in identity.items():
        if found.get(name) != value:
            raise TrainingError(
                f"{path}: belongs to a run with {name} {found.get(name)}, this one has {value}; "
                "give the same settings, or start anew with --restart"
            )
