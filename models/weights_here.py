"""Weights that are used where they are already, and never fetched unasked."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from .errors import WeightsError
from .weights import WeightsFile, converted, find_weights, searched


def place_of(file: WeightsFile) -> Path | None:
    """Where a file is, or the one that was converted from it; None: it is not here.

    Raises:
        WeightsError: it is damaged.
    """
    return find_weights(file) if searched(file) is not None else converted(file)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors in a file, on the CPU.

    Raises:
        WeightsError: it cannot be read.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        tensors: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise WeightsError(f"{path}: cannot be read ({error})") from error
    return tensors
