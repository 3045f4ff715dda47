"""What a training run begins with: a trained network, or what an unfinished run has learnt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .checkpoint import Recipe, load_model, sound
from .errors import TrainingError

STATE_SUFFIX = ".train.pt"
"""Of the file that holds the state of a run until it is done."""


@dataclass(frozen=True, slots=True, eq=False)
class Beginning:
    """What a network knows.

    Attributes:
        path: its file.
        method: the name that users type.
        tensors: its weights.
        sha256: of the file.
        recipe: how it was made; of an unfinished run, as far as it came.
    """

    path: Path
    method: str
    tensors: Mapping[str, Tensor]
    sha256: str
    recipe: Recipe

    def named(self) -> Recipe:
        """For the recipe of what begins with it."""
        return {"file": self.path.name, "sha256": self.sha256, "recipe": self.recipe}


def read_beginning(path: Path) -> Beginning:
    """Read the file of a network, or the state (`.train.pt`) of a run.

    Raises:
        CheckpointError: there is no network in it, or what it has learnt is no numbers.
        TrainingError: the state cannot be read, or is damaged.
    """
    if not is_state(path):
        loaded = load_model(path)
        tensors = loaded.network.state_dict()
        return Beginning(path, loaded.method, tensors, loaded.sha256, loaded.recipe)
    content = _bytes_of(path)
    state = _loaded(path, content, cure="start from another")
    recipe: Recipe = state["recipe"]
    method = str(recipe["settings"]["method"])
    tensors = sound(path, state["network"])
    return Beginning(path, method, tensors, sha256(content).hexdigest(), recipe)


def remembered(state: Path, start: Path) -> Recipe | None:
    """What a run that was interrupted says it began with, if that is the state of another run.

    That one may have gone on since, or be done and its state gone: what counts is what was read
    then.

    Args:
        state: of the run to go on with.
        start: what it is said to begin with.
    """
    if not (is_state(start) and state.exists()):
        return None
    begun: Recipe | None = load_state(state)["recipe"].get("start")
    return begun if begun is not None and begun["file"] == start.name else None


def is_state(path: Path) -> bool:
    """Whether a file is the state of a run, by its name."""
    return path.name.endswith(STATE_SUFFIX)


def load_state(path: Path) -> dict[str, Any]:
    """All that the state file of a run to go on with holds.

    Raises:
        TrainingError: it cannot be read, or is damaged.
    """
    return _loaded(path, _bytes_of(path), cure="add --restart")


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TrainingError(f"{path}: cannot be read ({error.strerror})") from error


def _loaded(path: Path, content: bytes, *, cure: str) -> dict[str, Any]:
    try:
        state: dict[str, Any] = torch.load(BytesIO(content), map_location="cpu", weights_only=True)
        # Is it all there?
        state["recipe"]["settings"]["method"], [each.dtype for each in state["network"].values()]
    except MemoryError:
        raise
    except Exception as error:
        # Damaged bytes can raise anything at all on their way through torch.
        raise TrainingError(f"{path}: a damaged state file; {cure}") from error
    return state
