"""Networks on disk: safetensors with their recipe inside; others' checkpoints by `foreign`.

Nothing a user opens can run code: safetensors hold numbers only.
"""

from __future__ import annotations

import json
import reprlib
import textwrap
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import save
from torch import Tensor

from .adaattn import AdaAttN
from .adain import Adain
from .any_style import AnyStyleNetwork
from .errors import CheckpointError
from .finished import FinishedSwift
from .foreign import describe, read_foreign
from .johnson import Johnson
from .micro import Micro
from .network import StyleNetwork
from .sanet import Sanet
from .swift import Swift
from .weights import sha256_of
from .whole_file import whole_file

Network = StyleNetwork | AnyStyleNetwork
NETWORKS: dict[str, type[Network]] = {
    "swift": Swift,
    "johnson": Johnson,
    "micro": Micro,
    "adain": Adain,
    "sanet": Sanet,
    "adaattn": AdaAttN,
}
"""Every network by the name that users type."""
FAMILY, FORMAT = "stylize-", "stylize-1"
DTYPES = (torch.float16, torch.bfloat16, torch.float32)
"""What weights may be held in: of other types they are quantised, damaged, or no weights."""

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

    network: Network
    method: str
    sha256: str
    recipe: Recipe


def save_model(network: Network, path: Path, *, recipe: Recipe) -> None:
    """Write a network in half precision with its recipe; the file appears whole or not at all.

    Raises:
        CheckpointError: the network is frozen, or a painter that `Micro` made; it holds no
            finite numbers; or it cannot be written.
    """
    if isinstance(network, StyleNetwork) and network.frozen:
        raise CheckpointError(f"{path}: a frozen network cannot be saved; save the one it is from")
    if isinstance(network, FinishedSwift):
        raise CheckpointError(
            f"{path}: a painter made for one style cannot be saved; save the network it is from"
        )
    tensors = {
        name: tensor.detach().to("cpu", torch.float16).contiguous()
        for name, tensor in network.state_dict().items()
    }
    _refuse_holes(path, tensors)
    architecture = json.dumps(network.architecture())
    metadata = {"format": FORMAT, "method": network.method, "architecture": architecture}
    # In ASCII: a file's name may hold what is no text, and it is found out after hours of training.
    metadata["recipe"] = json.dumps(recipe)
    try:
        with whole_file(path) as partial:
            partial.write_bytes(save(tensors, metadata))  # save_file's own is for the owner alone
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be written ({error.strerror})") from error


def load_model(path: Path) -> LoadedModel:
    """Read a network of ours, or one of another project (see `foreign.LAYOUTS`).

    Args:
        path: its file; or the folder with its files, if it has several.

    Raises:
        CheckpointError: the file is missing, damaged, hostile, or holds something else.
    """
    try:
        if path.is_dir():
            return _load_foreign(path)
        if not path.is_file():
            raise CheckpointError(f"{path}: no such file")
        with path.open("rb") as stream:
            head = stream.read(9)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror})") from error
    # A safetensors file begins with the length of its JSON header and the header's brace.
    if path.suffix == ".safetensors" or head[8:] == b"{":
        return _load_ours(path)
    return _load_foreign(path)


def _load_ours(path: Path) -> LoadedModel:
    try:
        with safetensors.safe_open(path, framework="pt") as opened:
            metadata: Mapping[str, str] = opened.metadata() or {}
            _refuse_unknown(path, metadata, opened.keys())
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except (safetensors.SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: a damaged safetensors file ({error})") from error
    try:
        # Without memory of its own: what is asked for may be larger than what the file holds.
        with torch.device("meta"):
            network = NETWORKS[metadata["method"]](**_table(metadata, "architecture"))
        recipe = _table(metadata, "recipe")
    except (ValueError, TypeError, RecursionError) as error:
        reason = textwrap.shorten(repr(str(error)), 160)
        raise CheckpointError(f"{path}: its metadata makes no sense ({reason})") from error
    _fill(network, tensors, path)
    return LoadedModel(network, network.method, sha256_of(path), recipe)


def _refuse_unknown(path: Path, metadata: Mapping[str, str], names: Collection[str]) -> None:
    """Refuse what this version cannot load, before any of it is read."""
    found, method = metadata.get("format", ""), metadata.get("method", "")
    if found != FORMAT and found.startswith(FAMILY):
        raise CheckpointError(
            f"{path}: is of format {reprlib.repr(found)}, and this version reads {FORMAT}; a newer "
            "stylize is needed"
        )
    if found != FORMAT or method not in NETWORKS:
        ours = found == FORMAT
        what = f"a network of method {reprlib.repr(method)}" if ours else describe(names)
        raise CheckpointError(
            f"{path}: holds {what}; what can be loaded here: {', '.join(NETWORKS)}"
        )


def _table(metadata: Mapping[str, str], name: str) -> dict[str, Any]:
    loaded = json.loads(metadata.get(name, "{}"))
    if not isinstance(loaded, dict):
        raise TypeError(f"{name} is no table")
    return loaded


def _load_foreign(path: Path) -> LoadedModel:
    foreign = read_foreign(path)
    with torch.device("meta"):
        network = NETWORKS[foreign.method]()
    _fill(network, foreign.tensors, path)
    hashes = [sha256_of(file) for file in foreign.files]
    together = hashes[0] if len(hashes) == 1 else sha256("".join(hashes).encode()).hexdigest()
    return LoadedModel(network, network.method, together, {})


def _fill(network: Network, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Give a network made without memory its weights, in float32 on the CPU."""
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
        first = reprlib.repr(surplus[0])
        raise CheckpointError(f"{path}: no {network.method} network: it also holds {first}")
    network.load_state_dict(sound(path, tensors), assign=True)
    network.eval().requires_grad_(False)


def sound(path: Path, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Plain copies of a file's tensors, in float32.

    Raises:
        CheckpointError: one is of another kind, or holds what is no number.
    """
    exact = {name: _exact(path, name, tensor) for name, tensor in tensors.items()}
    _refuse_holes(path, exact)
    return exact


def _exact(path: Path, name: str, tensor: Tensor) -> Tensor:
    """A plain copy in float32: tensors of a pickle may share their memory."""
    if tensor.layout != torch.strided or tensor.is_meta or tensor.dtype not in DTYPES:
        raise CheckpointError(
            f"{path}: '{name}' is no plain tensor of fp16, bf16 or fp32 (it is {tensor.dtype}, "
            f"{tensor.layout}, on {tensor.device}); save it as one"
        )
    return tensor.detach().to(torch.float32, copy=True, memory_format=torch.contiguous_format)


def _refuse_holes(path: Path, tensors: Mapping[str, Tensor]) -> None:
    for name, tensor in tensors.items():
        if not tensor.isfinite().all():
            raise CheckpointError(
                f"{path}: '{name}' holds NaN or infinity: its training failed; train it again"
            )
