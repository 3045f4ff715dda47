"""The settings of a training run, their limits, and the schedule they set."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

from .errors import TrainingError
from .losses import GRAM_WEIGHT
from .methods import ANY_STYLE, METHODS, TRAINED

LAST_SEED = 2**31 - 1
"""Times a million, and a step added, it is still a seed to torch."""
LAST_RATE = 0.05
"""Of the learning rate, at the end of the cosine."""
RATE = 2e-3
USUAL_RATE = {"micro": 1e-3, "adain": 2e-4, "sanet": 2e-4, "adaattn": 2e-4}
"""Where it is not `RATE`: with more, `micro` loses channels, and attention hardens at one key."""
BY_PAPER = tuple(name for name in TRAINED if METHODS[name].vgg)
"""Methods that are trained by the losses of their papers, in which little is to be set."""
LOSSES_OF_OURS = (
    "style_first",
    "gram_weight",
    "quarters",
    "tv_weight",
    "calm_weight",
    "grid_weight",
    "plain_weight",
    "temporal_weight",
)
"""Settings that say nothing to those."""
STYLE_CROP = 192
"""Pixels of the side of a style's crops at least: a smaller one says little of a painting."""
WARM_UP = 0.01
"""Of the run, over which the learning rate rises: Adam's first steps are wild."""
STYLE_FIRST_UNTIL, STYLE_FALLEN_AT = 0.35, 0.6
"""Of the run (see `style_first`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings:
    """What a training run is told.

    With `steps` and without `minutes`, equal settings give equal networks on one machine.

    Attributes:
        method: which network.
        steps: how many, or None to go by `minutes` alone.
        minutes: of work (interruptions do not count), or None to go by `steps` alone; with both,
            what comes first ends the run.
        crop: side of the training crops in pixels, a multiple of 16. Those of styles have
            `STYLE_CROP` at least.
        batch: crops in a step.
        style_size: shorter side of the style picture in pixels: larger gives larger strokes. A
            network for any style learns from crops of many scales, up to this, which is no smaller
            than they are; it is how it sees styles when it paints.
        content_weight: of the squared error at relu4_1.
        style_weight: of the style loss at the end of the run (see `style_weight_at`).
        style_first: times the style weight in the first part of the run. A `johnson`, which has no
            path for colours, needs 4 or so to find strokes at all; a `swift` stamps a motif over
            all that is plain, and keeps it.
        gram_weight: of the squared error of Gram matrices in the style loss, beside that of means
            and deviations: with the usual one about a third of it at the end. More of it in a last
            run gives finer strokes for less content than more style.
        quarters: share in the style loss of what is measured on the quarters of a crop, 0 to 1:
            more spreads the style evenly, less lets dark parts stay dark.
        tv_weight: of the total variation. This and those below are of terms that are measured in
            parts of a painting's contrast.
        calm_weight: of the total variation where the photograph is plain: skies, walls, paper.
        grid_weight: of what repeats every 8 pixels.
        plain_weight: of what is painted on plain pictures made up for it and does not move with
            them.
        temporal_weight: of the steadiness loss; 0 trains without.
        learning_rate: at its highest (see `Optimiser`); None: the method's usual.
        seed: of weights, crops, motion and the held-out split, 0 to 2³¹ - 1.
    """

    method: str = "swift"
    steps: int | None = None
    minutes: float | None = 45.0
    crop: int = 256
    batch: int = 3
    style_size: int = 512
    content_weight: float = 1.0
    style_weight: float = 1.0
    style_first: float = 1.0
    gram_weight: float = GRAM_WEIGHT
    quarters: float = 0.5
    tv_weight: float = 1.0
    calm_weight: float = 0.0
    grid_weight: float = 300.0
    plain_weight: float = 0.0
    temporal_weight: float = 60.0
    learning_rate: float | None = None
    seed: int = 0

    def check(self) -> None:
        """Refuse what cannot work.

        Raises:
            TrainingError: a value is out of its range; the message names it and the range.
        """
        if self.method not in TRAINED:
            raise TrainingError(
                f"no method '{self.method}' to train; there are: {', '.join(TRAINED)}"
            )
        if self.steps is None and self.minutes is None:
            raise TrainingError("neither steps nor minutes given: say when training is to end")
        self._refuse_unused()
        _within("steps", self.steps, 1, 10_000_000)
        _within("minutes", self.minutes, 0.01, 100_000.0)
        _within("crop", self.crop, 64, 1024)
        if self.crop % 16:
            raise TrainingError(f"crop is {self.crop}; it must be a multiple of 16")
        _within("batch", self.batch, 1, 256)
        least = max(self.crop, STYLE_CROP) if self.method in ANY_STYLE else 64
        _within("style_size", self.style_size, least, 4096)
        for name in (
            "content_weight",
            "style_weight",
            "gram_weight",
            "tv_weight",
            "calm_weight",
            "grid_weight",
            "plain_weight",
            "temporal_weight",
        ):
            _within(name, getattr(self, name), 0.0, 1e6)
        _within("style_first", self.style_first, 1.0, 100.0)
        _within("quarters", self.quarters, 0.0, 1.0)
        _within("learning_rate", self.learning_rate, 1e-6, 1.0)
        _within("seed", self.seed, 0, LAST_SEED)

    def _refuse_unused(self) -> None:
        """Refuse what says nothing to a method that has its paper's losses."""
        if self.method not in BY_PAPER:
            return
        defaults = TrainingSettings()
        for name in LOSSES_OF_OURS:
            if getattr(self, name) != getattr(defaults, name):
                raise TrainingError(
                    f"{name} is not for {self.method}, which has the losses of its paper; leave it "
                    "out"
                )

    def fraction(self, step: int, seconds: float) -> float:
        """How much of the run is done, 0 to 1, after so many steps and seconds of work."""
        by_steps = step / self.steps if self.steps else 0.0
        by_time = seconds / (60 * self.minutes) if self.minutes else 0.0
        return min(1.0, max(by_steps, by_time))

    def highest_rate(self) -> float:
        """The learning rate at its highest."""
        return self.learning_rate or USUAL_RATE.get(self.method, RATE)

    def learning_rate_at(self, fraction: float) -> float:
        """A short rise, then half a cosine down to a twentieth."""
        cosine = (1 + math.cos(math.pi * fraction)) / 2
        rate = self.highest_rate() * (LAST_RATE + (1 - LAST_RATE) * cosine)
        return rate * min(1.0, (fraction + WARM_UP / 10) / WARM_UP)

    def style_weight_at(self, fraction: float) -> float:
        """`style_first` times `style_weight` in the first part of the run, then falling to it."""
        span = STYLE_FALLEN_AT - STYLE_FIRST_UNTIL
        fallen = min(1.0, max(0.0, (fraction - STYLE_FIRST_UNTIL) / span))
        return self.style_weight * math.pow(self.style_first, 1 - fallen)

    def as_table(self) -> dict[str, str | int | float | None]:
        """For a recipe or a state file."""
        return dataclasses.asdict(self)


def _within(name: str, value: float | None, least: float, most: float) -> None:
    if value is not None and not least <= value <= most:
        limits = f"{_shown(least)} and {_shown(most)}"
        raise TrainingError(f"{name} is {value}; it must be between {limits}")


def _shown(limit: float) -> str:
    return str(limit) if isinstance(limit, int) else f"{limit:g}"
