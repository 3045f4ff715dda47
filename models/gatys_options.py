"""What `gatys` can be told: everything that decides its loss and how it goes down."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from torch import Tensor

from .extractor import ExtractorName
from .vgg import Pooling

StyleTerm = Literal["gram", "linear", "gaussian", "moments", "wasserstein"]
Start = Literal["content", "noise", "style"]
Variation = Literal["squared", "absolute"]
Descent = Literal["lbfgs", "adam"]

_STYLE_LAYERS = {"relu1_1": 10.0, "relu2_1": 4.0, "relu3_1": 4.0, "relu4_1": 1.0, "relu5_1": 1.0}
"""Deep layers bring strokes, and cost most of the content; shallow ones bring colours and grain.
With all alike colours come late: after 100 steps five times as much is left to go at relu1_1."""
_LAYER = re.compile(r"relu(?:[12]_[12]|[345]_[1-4])")
_LAYERS_EXAMPLE = "relu1_1,relu4_1:0.5"
_MOST = 1_000_000
"""Of any weight."""
_RANGES: dict[str, tuple[float, float]] = {
    "iterations": (1, 100_000),
    "learning_rate": (1e-5, 1.0),
    "content_weight": (0, _MOST),
    "style_weight": (0, _MOST),
    "tv_weight": (0, _MOST),
    "average": (0, 0.9999),
    "smallest": (16, 65_536),
    "style_scale": (0.1, 10),
    "tile": (64, 65_536),
    "seed": (0, 2**63 - 1),
}
_WHOLE = ("iterations", "smallest", "tile", "seed")
_CHOICES: dict[str, tuple[str, ...]] = {
    "optimizer": get_args(Descent),
    "init": get_args(Start),
    "tv": get_args(Variation),
    "style_term": get_args(StyleTerm),
    "extractor": get_args(ExtractorName),
    "pooling": get_args(Pooling),
}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GatysOptions:
    """How `gatys` paints.

    Attributes:
        iterations: steps for each picture, shared among the scales, coarse to fine.
        optimizer: `lbfgs`, or `adam`, which forgives a rough loss and needs more steps.
        learning_rate: of `adam`; None: the usual.
        init: what a picture starts from: its content, white noise, or noise whose colours have
            the style's mean and covariance.
        start: (3, H, W) RGB in [0, 1], of any size, to start from in place of `init`.
        content_layers: weights of layers; only their ratios matter.
        style_layers: likewise.
        content_weight: 1 is the usual balance; 0 makes a texture of the style alone.
        style_weight: 1 is the usual balance, whatever the term; 0 rebuilds the content alone.
        tv_weight: of the total variation, which calms the picture.
        tv: `squared` differences between neighbours, which soften all, or `absolute` ones, which
            spare edges.
        style_term: what is compared of the features.
        smallest: shorter side in pixels of the coarsest scale; each is √2 times the one before.
        average: share that the picture's moving average keeps at each step; 0: no average; None:
            the usual, which is an average for `adam` alone.
        style_scale: size of the strokes: the style is seen with a shorter side of this many times
            the picture's.
        tile: side in pixels of the largest square that is seen at once: memory grows with it,
            and the painting does not change.
        extractor: the VGG that it sees by.
        pooling: between the VGG's blocks.
        seed: of all noise.

    Raises:
        ValueError: a value is out of its range.
    """

    iterations: int = 300
    optimizer: Descent = "lbfgs"
    learning_rate: float | None = None
    init: Start = "content"
    start: Tensor | None = None
    content_layers: Mapping[str, float] = field(default_factory=lambda: {"relu4_2": 1.0})
    style_layers: Mapping[str, float] = field(default_factory=lambda: dict(_STYLE_LAYERS))
    content_weight: float = 1.0
    style_weight: float = 1.0
    tv_weight: float = 0.0
    tv: Variation = "squared"
    style_term: StyleTerm = "gram"
    smallest: int = 128
    average: float | None = None
    style_scale: float = 1.0
    tile: int = 640
    extractor: ExtractorName = "vgg19"
    pooling: Pooling = "max"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in _RANGES:
            _check_range(name, getattr(self, name))
        for name, allowed in _CHOICES.items():
            if (value := getattr(self, name)) not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(allowed)} (got {value!r})")
        for name in ("content_layers", "style_layers"):
            _check_layers(name, getattr(self, name))
        if self.learning_rate is not None and self.optimizer != "adam":
            raise ValueError(
                f"learning_rate is for the optimizer adam alone (got {self.learning_rate} with "
                f"{self.optimizer}, which finds its own steps)"
            )
        if not self.content_weight and not self.style_weight:
            raise ValueError("content_weight and style_weight: one must be above 0 (both are 0)")
        if self.start is not None and (self.start.dim() != 3 or self.start.shape[0] != 3):
            raise ValueError(f"start must be (3, H, W) (got {tuple(self.start.shape)})")

    def wanted_layers(self) -> list[str]:
        """The layers that count, each once."""
        content = shares(self.content_layers) if self.content_weight else {}
        style = shares(self.style_layers) if self.style_weight else {}
        return sorted({**content, **style})


def parse_layers(text: str) -> dict[str, float]:
    """Read layers and their weights, such as `relu1_1,relu4_1:0.5`; 1 where none is given.

    Raises:
        ValueError: it is no such list.
    """
    layers: dict[str, float] = {}
    for part in text.split(","):
        name, colon, weight = part.strip().partition(":")
        try:
            layers[name] = float(weight) if colon else 1.0
        except ValueError as error:
            raise ValueError(
                f"layers must be names with or without weights, such as {_LAYERS_EXAMPLE} "
                f"(got {text!r})"
            ) from error
    _check_layers("layers", layers)
    return layers


def shares(layers: Mapping[str, float]) -> dict[str, float]:
    """The layers whose weight is above 0, and weights that sum up to 1."""
    total = sum(layers.values())
    return {layer: weight / total for layer, weight in layers.items() if weight}


def _check_range(name: str, value: Any) -> None:
    if value is None and name in ("learning_rate", "average"):
        return
    low, high = _RANGES[name]
    whole = name in _WHOLE
    allowed = int if whole else (int, float)
    if not isinstance(value, allowed) or isinstance(value, bool) or not low <= value <= high:
        kind = "a whole number" if whole else "a number"
        raise ValueError(f"{name} must be {kind} from {low:,} to {high:,} (got {value!r})")


def _check_layers(name: str, layers: Mapping[str, float]) -> None:
    if not isinstance(layers, Mapping):
        raise TypeError(
            f"{name} must name layers with or without weights, such as {_LAYERS_EXAMPLE} "
            f"(got {layers!r})"
        )
    for layer, weight in layers.items():
        if not _LAYER.fullmatch(layer):
            raise ValueError(
                f"{name} must be of relu1_1 to relu5_4, such as {_LAYERS_EXAMPLE} (got {layer!r})"
            )
        if not 0 <= weight <= _MOST:  # NaN is not either
            raise ValueError(
                f"{name}: the weight of {layer} must be a number from 0 to {_MOST:,} "
                f"(got {weight!r})"
            )
    if not math.fsum(layers.values()) > 0:
        raise ValueError(f"{name}: one layer must have a weight above 0 (got {dict(layers)})")
