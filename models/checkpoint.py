"""Networks on disk: ours are safetensors with their recipe inside, others' are read with care.

Nothing a user opens can run code: safetensors hold numbers only, and a pickle is read with
`weights_only=True`.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from .errors import CheckpointError
from .johnson import Johnson
from .network import StyleNetwork
from .swift import Swift
from .weights import sha256_of
from .whole_file import whole_file

NETWORKS: dict[str, type[StyleNetwork]] = {"swift": Swift, "johnson": Johnson}
"""Every one-style network by the name that users type."""
FORMAT = "stylize-1"

Recipe = dict[str, Any]
"""How a network was made, as JSON holds it: strings, numbers, lists and tables of such."""


@dataclass(frozen=True, slots=True, eq=False)
class LoadedModel:
    """A network and what is known of it.

    Attributes:
        network: on the CPU, float32, ready to paint.
        method: the name that users type.
        sha256: of the file's bytes.
        recipe: how it was made; empty for a foreign checkpoint.
    """

    network: StyleNetwork
    method: str
    sha256: str
    recipe: Recipe


def save_model(network: StyleNetwork, path: Path, *, recipe: Recipe) -> None:
    """Write a network in half precision with its recipe; the file appears whole or not at all.

    Raises:
        CheckpointError: the network is frozen, holds no finite numbers, or cannot be written.
    """
    if network.frozen:
        raise CheckpointError(f"{path}: a frozen network cannot be saved; save the one it is from")
    tensors = {
        name: tensor.detach().to("cpu", torch.float16).contiguous()
        for name, tensor in network.state_dict().items()
    }
    _refuse_holes(path, tensors)
    architecture = json.dumps(network.architecture())
    metadata = {"format": FORMAT, "method": network.method, "architecture": architecture}
    metadata["recipe"] = json.dumps(recipe, ensure_ascii=False)
    try:
        with whole_file(path) as partial:
            save_file(tensors, partial, metadata=metadata)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be written ({error.strerror})") from error


def load_model(path: Path) -> LoadedModel:
    """Read a network of ours, or a checkpoint of PyTorch's `fast_neural_style` example.

    Raises:
        CheckpointError: the file is missing, damaged, hostile, or holds something else.
    """
    if not path.is_file():
        raise CheckpointError(f"{path}: no such file")
    with path.open("rb") as stream:
        head = stream.read(9)
    # A safetensors file begins with the length of its JSON header and the header's brace.
    if path.suffix == ".safetensors" or head[8:] == b"{":
        return _load_ours(path)
    return _load_foreign(path)


def _load_ours(path: Path) -> LoadedModel:
    try:
        with safetensors.safe_open(path, framework="pt") as opened:
            metadata: Mapping[str, str] = opened.metadata() or {}
        tensors = load_file(path)
    except (safetensors.SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: a damaged safetensors file ({error})") from error
    method = metadata.get("method", "")
    if metadata.get("format") != FORMAT or method not in NETWORKS:
        what = f"a network of method '{method}'" if method else _describe(tensors)
        raise CheckpointError(
            f"{path}: holds {what}; what can be loaded here: {', '.join(NETWORKS)}"
        )
    try:
        network = NETWORKS[method](**_architecture(metadata))
        recipe = json.loads(metadata.get("recipe", "{}"))
    except (ValueError, TypeError) as error:
        raise CheckpointError(f"{path}: its metadata makes no sense ({error})") from error
    _fill(network, tensors, path)
    return LoadedModel(network, method, sha256_of(path), recipe)


def _architecture(metadata: Mapping[str, str]) -> dict[str, Any]:
    loaded = json.loads(metadata.get("architecture", "{}"))
    if not isinstance(loaded, dict):
        raise TypeError("architecture is no table")
    return loaded


def _load_foreign(path: Path) -> LoadedModel:
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path}: not a plain checkpoint: it is damaged or would run code of its own; "
            "save its state_dict() again with torch.save"
        ) from error
    except (RuntimeError, ValueError, EOFError, OSError, KeyError, IndexError) as error:
        raise CheckpointError(
            f"{path}: not a checkpoint, or a truncated one; what can be loaded here: safetensors "
            "of `stylize train` and .pth files of PyTorch's fast_neural_style example"
        ) from error
    tensors = _foreign_tensors(loaded)
    if "deconv3.weight" not in tensors or "in5.weight" not in tensors:
        raise CheckpointError(
            f"{path}: holds {_describe(tensors)}; of .pth files only those of PyTorch's "
            "fast_neural_style example can be loaded here"
        )
    network = Johnson()
    _fill(network, tensors, path)
    return LoadedModel(network, network.method, sha256_of(path), {})


def _foreign_tensors(loaded: object) -> dict[str, Tensor]:
    """The tensors of a checkpoint under our names; running statistics are unused leftovers."""
    if isinstance(loaded, Mapping) and isinstance(loaded.get("state_dict"), Mapping):
        loaded = loaded["state_dict"]
    if not isinstance(loaded, Mapping):
        return {}
    return {
        str(name).removeprefix("module.").replace(".conv2d.", "."): tensor
        for name, tensor in loaded.items()
        if isinstance(tensor, Tensor)
        and not str(name).endswith(("running_mean", "running_var", "num_batches_tracked"))
    }


def _describe(tensors: Mapping[str, Tensor]) -> str:
    if not tensors:
        return "no tensors"
    first = next(iter(tensors))
    return f"{len(tensors)} tensors of an unknown network ('{first}', …)"


def _fill(network: StyleNetwork, tensors: Mapping[str, Tensor], path: Path) -> None:
    wanted = network.state_dict()
    for name, tensor in wanted.items():
        found = tensors.get(name)
        if found is None or found.shape != tensor.shape:
            shape = "nothing" if found is None else tuple(found.shape)
            raise CheckpointError(
                f"{path}: no {network.method} network: '{name}' should be "
                f"{tuple(tensor.shape)} and is {shape}"
            )
    if surplus := sorted(set(tensors) - set(wanted)):
        raise CheckpointError(f"{path}: no {network.method} network: it also holds '{surplus[0]}'")
    _refuse_holes(path, tensors)
    network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    network.eval().requires_grad_(False)


def _refuse_holes(path: Path, tensors: Mapping[str, Tensor]) -> None:
    for name, tensor in tensors.items():
        if not tensor.isfinite().all():
            raise CheckpointError(
                f"{path}: '{name}' holds NaN or infinity: its training failed; train it again"
            )
