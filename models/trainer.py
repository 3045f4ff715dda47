"""One training run between its first and its last step: the network, the optimiser, a step.

The loop of Johnson 2016 (1603.08155) with the losses of `losses.py` and the steadiness of
`motion.py`. What a step sees is a function of the seed and its number, and its rates of how much of
the run is done: so a run that is measured in steps goes on exactly when it is resumed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from .any_style import Mixture, ReadingNetwork, VggNetwork
from .beginning import Beginning, load_state
from .checkpoint import NETWORKS, Recipe
from .crops import Crops
from .errors import TrainingError
from .half_precision import training_dtype
from .losses import (
    CONTENT_LAYER,
    GRID,
    STYLE_LAYERS,
    StyleTarget,
    content_loss,
    contrast,
    grid,
    plainness,
    style_loss,
    style_target,
    together,
    total_variation,
)
from .memory import refuse_beyond
from .motion import disturb, random_motion, steadiness_loss
from .network import PaintingNetwork, StyleNetwork
from .optimiser import Optimiser
from .plain_pictures import lattice_loss, plain_pictures
from .settings import TrainingSettings
from .swift import Swift
from .vgg import Vgg
from .whole_file import whole_file

EVERY = 2
"""The steadiness term runs in every second step, twice as heavy: half its time, the same pull. What
is painted on plain pictures counts in the others, likewise."""
WILD = 2.0
"""Times its start at which a loss that training brings down says that training went wild."""
STYLE_BYTES = 1100
"""Of memory that measuring a style takes for each of its pixels (as `adain` does: 1 KB)."""
CONTENT_BYTES = 2 << 30
"""Memory for the content of crops: that of all at 256 pixels. What has no room is measured anew."""
SMOOTHING = 0.02
"""Weight of the newest step in the losses reported: about the last fifty steps."""


class Trainer:
    """A training run.

    Args:
        settings: checked ones.
        vgg: the extractor.
        style: for a network of one style (3, H, W) RGB in [0, 1], at the size at which it is
            measured; for one of any style None.
        device: where to compute.

    Attributes:
        network: the network in training.
        step: steps done.
        whole: whether no step is half done: only then what is here may be saved.
        seconds: of work so far.
        losses: by name, unweighted, smoothed.
        first_losses: what they were in the first step.
    """

    def __init__(
        self, settings: TrainingSettings, vgg: Vgg, style: Tensor | None, device: torch.device
    ) -> None:
        self.settings = settings
        self.device = device
        self._dtype = training_dtype(device)
        self._at_once = device.type != "cpu"
        self._style: StyleTarget = {}
        if style is not None:
            refuse_beyond(style[0].numel() * STYLE_BYTES, device)
            with torch.no_grad():
                self._style = style_target(vgg.to(device)(style[None].to(device), STYLE_LAYERS))
        self._vgg = vgg.to(device, self._dtype).to(memory_format=torch.channels_last)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            network = NETWORKS[settings.method]()
        if style is not None and isinstance(network, Swift):
            network.take_colours(style)
        self.network = network.to(device).train()
        self._optimiser = Optimiser(self.network, muon=not isinstance(network, VggNetwork))
        self._contents: dict[int, Tensor] = {}
        self._styles: dict[int, StyleTarget] = {}
        self.step = 0
        self.whole = True
        self.seconds = 0.0
        self.losses: dict[str, float] = {}
        self.first_losses: dict[str, float] = {}

    def begin_with(self, beginning: Beginning, *, colours: Tensor | None = None) -> None:
        """Begin with what a network knows.

        Args:
            beginning: the network.
            colours: the style, (3, h, w), where that network has learnt another: it begins with
                the strokes that are known, and with its own colours.

        Raises:
            TrainingError: it is of another kind or shape.
        """
        shapes = [
            {name: each.shape for name, each in tensors.items()}
            for tensors in (self.network.state_dict(), beginning.tensors)
        ]
        alike = beginning.method == self.network.method
        if not alike or shapes[0] != shapes[1]:
            raise TrainingError(
                f"{beginning.path}: is a {beginning.method}{' of another shape' if alike else ''}; "
                f"this run trains a {self.network.method} of the shape "
                f"{self.network.architecture()}, and can start from no other"
            )
        self.network.load_state_dict(beginning.tensors)
        if colours is not None and isinstance(self.network, Swift):
            self.network.take_colours(colours.to(self.device))

    def painter(self, style: Tensor) -> PaintingNetwork:
        """What the network paints with by now, in one style if it takes any."""
        if isinstance(self.network, StyleNetwork):
            return self.network
        return self.network.with_styles(Mixture((style.to(self.device),)), vgg=self._vgg)

    @property
    def fraction(self) -> float:
        """How much of the run is done, 0 to 1."""
        return self.settings.fraction(self.step, self.seconds)

    def advance(self, batch: Crops, styles: Crops | None = None) -> None:
        """Learn from some crops of photographs, and as many of styles if the network takes any.

        Raises:
            TrainingError: a loss is no number.
        """
        crops = batch.pictures.to(self.device, memory_format=torch.channels_last)
        if isinstance(self.network, VggNetwork):
            losses, total = self._by_its_paper(self.network, crops, styles)
        else:
            losses, total = self._by_perception(batch.numbers, crops, styles)
        self._optimiser.find(total)
        self.whole = False
        self._note(losses)
        self._optimiser.step(rate=self.settings.learning_rate_at(self.fraction))
        self.step += 1
        self.whole = True

    def _precision(self) -> torch.autocast:
        half = self._dtype != torch.float32
        return torch.autocast(self.device.type, self._dtype if half else None, enabled=half)

    def _by_its_paper(
        self, network: VggNetwork, crops: Tensor, styles: Crops | None
    ) -> tuple[dict[str, Tensor], Tensor]:
        """Losses by name, and their sum weighted as the paper does times what the settings say."""
        pictures = _wanted(styles).pictures.to(self.device, memory_format=torch.channels_last)
        with self._precision():
            found = network.objective(self._vgg, crops, pictures)
        times = self._weights_by_loss
        total = torch.stack(
            [times.get(name, 1.0) * weight * loss.float() for name, (weight, loss) in found.items()]
        ).sum()
        return {name: loss for name, (_, loss) in found.items()}, total

    @property
    def _weights_by_loss(self) -> dict[str, float]:
        """Weights of the settings by the names of losses; `adaattn` has names of its own."""
        return {
            **dict.fromkeys(("content", "local"), self.settings.content_weight),
            **dict.fromkeys(("style", "global"), self.settings.style_weight),
        }

    def _by_perception(
        self, numbers: Sequence[int], crops: Tensor, styles: Crops | None
    ) -> tuple[dict[str, Tensor], Tensor]:
        """Losses by name, and what has the gradient of their weighted sum."""
        settings = self.settings
        content = self._content(numbers, crops)
        paint, style = self._paint(styles)
        painted = paint(crops)
        perceived, gradient = self._perceived(painted, content, style)
        # What a paler painting has less of counts by its contrast (see `contrast`).
        strength = contrast(painted)
        weighted = {
            "tv": (settings.tv_weight, total_variation(painted) / strength),
            "grid": (settings.grid_weight, grid(painted) / strength.square()),
        }
        if settings.calm_weight:
            loss = total_variation(painted, plainness(crops)) / strength
            weighted["calm"] = (settings.calm_weight, loss)
        if settings.temporal_weight and self.step % EVERY == 0:
            loss = self._unsteadiness(paint, crops, painted) / strength.square()
            weighted["temporal"] = (settings.temporal_weight * EVERY, loss)
        if settings.plain_weight and self.step % EVERY:
            weighted["plain"] = (settings.plain_weight * EVERY, self._lattice(paint, crops))
        losses = perceived | {name: loss for name, (_, loss) in weighted.items()}
        # The last one is not the perceptual loss, but has its gradient.
        total = sum(
            (weight * loss for weight, loss in weighted.values()), (painted * gradient).sum()
        )
        return losses, total

    def _perceived(
        self, painted: Tensor, content: Tensor, style: StyleTarget
    ) -> tuple[dict[str, Tensor], Tensor]:
        """Content and style loss, and the gradient of their weighted sum by the paintings.

        On a processor one painting after the other, whose features then stay in its caches: a
        seventh off a step's time, and a fraction of its memory. A graphics card takes all at once.
        """
        weights = {
            "content": self.settings.content_weight,
            "style": self.settings.style_weight_at(self.fraction),
        }
        quarters, gram = self.settings.quarters, self.settings.gram_weight
        means = dict.fromkeys(weights, torch.zeros((), device=painted.device))
        leaf = painted.detach().requires_grad_()
        parts = 1 if self._at_once else len(painted)
        for part, wanted, number in zip(
            leaf.chunk(parts), content.chunk(parts), range(parts), strict=True
        ):
            found = self._vgg(part, {*STYLE_LAYERS, CONTENT_LAYER})
            own = {layer: each.chunk(parts)[number] for layer, each in style.items()}
            losses = {
                "content": content_loss(found, {CONTENT_LAYER: wanted}) / parts,
                "style": style_loss(found, own, quarters=quarters, gram=gram) / parts,
            }
            weighted = torch.stack([weights[name] * loss for name, loss in losses.items()])
            weighted.sum().backward()  # type: ignore[no-untyped-call]
            for name, loss in losses.items():
                means[name] = means[name] + loss.detach()
        return means, cast("Tensor", leaf.grad)

    def _paint(self, styles: Crops | None) -> tuple[Callable[[Tensor], Tensor], StyleTarget]:
        """What paints in this step, and what statistics its paintings are to have."""
        network = self.network

        def in_half_precision(forward: Callable[..., Tensor], *inputs: Any) -> Tensor:
            with self._precision():
                return forward(*inputs).float()

        if not isinstance(network, ReadingNetwork):
            return partial(in_half_precision, network), self._style
        styles = _wanted(styles)
        pictures = styles.pictures.to(self.device, memory_format=torch.channels_last)
        with self._precision():
            read = network.read(pictures)
        return (
            lambda crops: in_half_precision(network.paint, crops, read),
            self._measured(styles.numbers, pictures),
        )

    @torch.no_grad()
    def _content(self, numbers: Sequence[int], crops: Tensor) -> Tensor:
        """The content of crops, measured when each is met first: later it costs nothing."""
        found = {number: self._contents[number] for number in numbers if number in self._contents}
        for part, pictures in self._not_in(self._contents, numbers, crops):
            features = self._vgg(pictures, [CONTENT_LAYER])[CONTENT_LAYER]
            for number, each in zip(part, features.to("cpu", torch.bfloat16), strict=True):
                found[number] = each
                if len(self._contents) * each.nbytes < CONTENT_BYTES:
                    self._contents[number] = each.clone()  # alone: not with all of its batch
        return torch.stack([found[number] for number in numbers]).to(self.device)

    @torch.no_grad()
    def _measured(self, numbers: Sequence[int], crops: Tensor) -> StyleTarget:
        """The statistics of styles, likewise."""
        for part, pictures in self._not_in(self._styles, numbers, crops):
            found = style_target(self._vgg(pictures, STYLE_LAYERS))
            small = {layer: each.to("cpu", torch.bfloat16) for layer, each in found.items()}
            pieces = {layer: each.chunk(len(part)) for layer, each in small.items()}
            for place, number in enumerate(part):
                self._styles[number] = {layer: each[place] for layer, each in pieces.items()}
        return {
            layer: together([self._styles[number][layer] for number in numbers]).to(
                self.device, torch.float32
            )
            for layer in STYLE_LAYERS
        }

    def _not_in(
        self, known: Mapping[int, object], numbers: Sequence[int], crops: Tensor
    ) -> Iterator[tuple[list[int], Tensor]]:
        """The crops that are to be measured, and their numbers: one by one, or all at once."""
        places = [place for place, number in enumerate(numbers) if number not in known]
        size = max(1, len(places)) if self._at_once else 1
        for start in range(0, len(places), size):
            part = places[start : start + size]
            yield [numbers[place] for place in part], crops[part]

    def _unsteadiness(
        self, paint: Callable[[Tensor], Tensor], crops: Tensor, painted: Tensor
    ) -> Tensor:
        """How unlike the moved painting the painting of the moved, disturbed crops is."""
        generator = self._dice()
        height, width = crops.shape[-2:]
        motion = random_motion(len(crops), height, width, generator=generator).to(self.device)
        moved = disturb(motion.move(crops), generator=generator)
        again = paint(moved.contiguous(memory_format=torch.channels_last))
        return steadiness_loss(motion.move(painted), again, motion.seen)

    def _lattice(self, paint: Callable[[Tensor], Tensor], crops: Tensor) -> Tensor:
        """How much there is of a lattice on plain pictures, as many and as large as the crops."""
        generator = self._dice()
        made = plain_pictures(len(crops), crops.shape[-1] + GRID, generator=generator)
        return lattice_loss(paint, made.to(self.device), generator=generator)

    def _dice(self) -> torch.Generator:
        """What a step draws with: a function of the seed and its number."""
        return torch.Generator().manual_seed(self.settings.seed * 1_000_003 + self.step)

    def _note(self, losses: dict[str, Tensor]) -> None:
        """Smooth losses for the report, and stop when one is no number."""
        # All at once: a graphics card is waited for once in a step.
        values = torch.stack([loss.detach().float() for loss in losses.values()]).tolist()
        for name, value in zip(losses, values, strict=True):
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
        return f"start anew with --restart --learning-rate {self.settings.highest_rate() / 4:g}"

    def doubt(self) -> str | None:
        """A word on a network that learnt nothing though its losses are numbers, or None."""
        for name, weight in self._weights_by_loss.items():
            last, first = self.losses.get(name, 0.0), self.first_losses.get(name, math.inf)
            if weight and last > WILD * first:
                return (
                    f"the {name} loss ended at {last:.3g} and began at {first:.3g}: training went "
                    f"wild; {self._calmer}"
                )
        return None

    def save(self, path: Path, identity: dict[str, Any], recipe: Recipe) -> None:
        """Write all that `restore` needs, whole or not at all.

        Args:
            path: the state file.
            identity: what must be equal for a run to go on.
            recipe: how the network was made so far, for a run that begins with it.

        Raises:
            TrainingError: it cannot be written.
        """
        state = {
            "identity": identity,
            "recipe": recipe,
            "network": self.network.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "losses": self.losses,
            "first_losses": self.first_losses,
        }
        content = BytesIO()
        torch.save(state, content)  # not to the file: of a full disk torch speaks in riddles
        try:
            with whole_file(path) as partial:
                partial.write_bytes(content.getbuffer())
        except OSError as error:
            reason = error.strerror
            raise TrainingError(f"{path}: the state cannot be written ({reason})") from error

    def restore(self, path: Path, identity: dict[str, Any]) -> None:
        """Go on where a state file stands.

        Raises:
            TrainingError: it cannot be read, is damaged, or is of a run with other settings or of
                another version.
        """
        state = load_state(path)
        try:
            # A setting that is newer than the state was as it is by default.
            _refuse_another_run(path, TrainingSettings().as_table() | state["identity"], identity)
            self.network.load_state_dict(state["network"])
            self._optimiser.load_state_dict(state["optimiser"])
            self.step, self.seconds = int(state["step"]), float(state["seconds"])
            self.losses = dict(state["losses"])
            self.first_losses = dict(state["first_losses"])
        except TrainingError:
            raise
        except Exception as error:
            made = state["recipe"].get("version")
            if made == version("stylize"):
                raise TrainingError(f"{path}: a damaged state file; add --restart") from error
            raise TrainingError(
                f"{path}: was made by version {made}, and this one cannot go on with it; finish it "
                "with that, or add --restart"
            ) from error


def _wanted(styles: Crops | None) -> Crops:
    if styles is None:
        raise TypeError("a network for any style is trained with crops of styles")
    return styles


def _refuse_another_run(path: Path, found: dict[str, Any], identity: dict[str, Any]) -> None:
    for name in {**identity, **found}:
        if found.get(name) != identity.get(name):
            raise TrainingError(
                f"{path}: belongs to a run with {name} {found.get(name)}, this one has "
                f"{identity.get(name)}; "
                "give the same settings, start anew with --restart, or go on from what it has "
                f"learnt with --start {path} and another --output"
            )
