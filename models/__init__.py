"""Networks that paint: tensors in, tensors out."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .adaattn import AdaAttN
    from .adain import Adain
    from .any_style import AnyStyle, AnyStyleNetwork, Mixture
    from .checkpoint import LoadedModel, load_model, save_model
    from .errors import CheckpointError, ModelError, StylizeError, TrainingError, WeightsError
    from .johnson import Johnson
    from .micro import Micro
    from .network import PaintingNetwork, StyleNetwork
    from .sanet import Sanet
    from .swift import Swift

__all__ = [
    "AdaAttN",
    "Adain",
    "AnyStyle",
    "AnyStyleNetwork",
    "CheckpointError",
    "Johnson",
    "LoadedModel",
    "Micro",
    "Mixture",
    "ModelError",
    "PaintingNetwork",
    "Sanet",
    "StyleNetwork",
    "StylizeError",
    "Swift",
    "TrainingError",
    "WeightsError",
    "load_model",
    "save_model",
]

_HOMES = {
    "AdaAttN": "adaattn",
    "Adain": "adain",
    "AnyStyle": "any_style",
    "AnyStyleNetwork": "any_style",
    "CheckpointError": "errors",
    "Johnson": "johnson",
    "LoadedModel": "checkpoint",
    "Micro": "micro",
    "Mixture": "any_style",
    "ModelError": "errors",
    "PaintingNetwork": "network",
    "Sanet": "sanet",
    "StyleNetwork": "network",
    "StylizeError": "errors",
    "Swift": "swift",
    "TrainingError": "errors",
    "WeightsError": "errors",
    "load_model": "checkpoint",
    "save_model": "checkpoint",
}


def __getattr__(name: str) -> object:
    """Import what is asked for when it is asked for: torch takes seconds (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
