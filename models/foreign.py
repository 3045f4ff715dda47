"""Checkpoints of other projects: which layouts are known, and their tensors under our names.

A pickle is read with `weights_only=True`: nothing that a user opens can run code.
"""

from __future__ import annotations

import pickle
import reprlib
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import torch
from natsort import natsorted
from torch import Tensor

from . import adaattn, adain, sanet
from .errors import CheckpointError
from .methods import MethodName

Tensors = Mapping[str, Tensor]
Names = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Layout:
    """A public checkpoint of one method.

    Attributes:
        method: which.
        what: whose, for error messages.
        names: of each of its files, by the pattern of its name, our name of each layer by theirs;
            layers that are not named have our names already.
        marks: tensors by which its files are told from others, one of each.
    """

    method: MethodName
    what: str
    names: Names
    marks: tuple[str, ...]


LAYOUTS = (
    Layout("johnson", "PyTorch's fast_neural_style example", {"*.pth": {}}, ("deconv3.weight",)),
    Layout("adain", "pytorch-AdaIN's decoder", adain.PUBLIC, ("28.weight",)),
    Layout("sanet", "GlebSBrykin/SANET", sanet.PUBLIC, ("sanet4_1.f.weight", "28.weight")),
    Layout(
        "adaattn",
        "Huage001/AdaAttN",
        adaattn.PUBLIC,
        ("f.weight", "attn_adain_4_1.f.weight", "decoder_layer_1.1.weight"),
    ),
)
"""All that are known."""


@dataclass(frozen=True, slots=True, eq=False)
class Foreign:
    """A checkpoint of another project.

    Attributes:
        method: of the network that it holds.
        tensors: under our names.
        files: that it was read from.
    """

    method: MethodName
    tensors: dict[str, Tensor]
    files: tuple[Path, ...]


def read_foreign(path: Path) -> Foreign:
    """Read a checkpoint of another project: a file, or a folder if it has several.

    Raises:
        CheckpointError: it is damaged, hostile, or of no known layout.
    """
    if path.is_dir():
        return _read_folder(path)
    tensors = _read(path)
    named = [each for each in LAYOUTS if len(each.names) > 1 and _is_named_as_one_of(path, each)]
    for layout in LAYOUTS:
        # SANet's decoder has the names and shapes of AdaIN's: only its file's name tells.
        if len(layout.names) == 1 and layout.marks[0] in tensors and not named:
            return Foreign(layout.method, renamed([tensors], layout.names), (path,))
    for layout in [*named, *LAYOUTS]:
        if any(mark in tensors for mark in layout.marks):
            raise CheckpointError(
                f"{path}: is one of {len(layout.names)} files of {layout.what}; name the folder "
                f"that holds them: {', '.join(layout.names)}"
            )
    raise CheckpointError(
        f"{path}: holds {describe(tensors)}; of .pth files only those of these can be loaded "
        f"here: {', '.join(layout.what for layout in LAYOUTS)}"
    )


def _is_named_as_one_of(path: Path, layout: Layout) -> bool:
    return any(fnmatch(path.name, pattern) for pattern in layout.names)


def renamed(files: Sequence[Tensors], names: Names) -> dict[str, Tensor]:
    """The tensors of public files under our names; those that are not to be there keep theirs.

    Args:
        files: of each file its tensors, `layer.weight` and `layer.bias`.
        names: see `Layout`; of as many files, in the same order.
    """
    ours = {}
    for tensors, layers in zip(files, names.values(), strict=True):
        for name, tensor in tensors.items():
            layer, _, kind = name.rpartition(".")
            ours[f"{layers[layer]}.{kind}" if layer in layers else name] = tensor
    return ours


def _read_folder(folder: Path) -> Foreign:
    several = [layout for layout in LAYOUTS if len(layout.names) > 1]
    for layout in several:
        found = [natsorted(folder.glob(pattern)) for pattern in layout.names]
        if all(found):
            files = tuple(matches[-1] for matches in found)  # the one trained for longest
            tensors = renamed([_read(file) for file in files], layout.names)
            return Foreign(layout.method, tensors, files)
    known = "; ".join(f"{', '.join(layout.names)} of {layout.what}" for layout in several)
    raise CheckpointError(f"{folder}: a folder without a network's files ({known})")


def _read(path: Path) -> dict[str, Tensor]:
    """The tensors of one file; running statistics are unused leftovers."""
    try:
        with warnings.catch_warnings(action="ignore"):  # torch warns of what it then refuses
            loaded = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path}: not a plain checkpoint: it is damaged or would run code of its own; "
            "save its state_dict() again with torch.save"
        ) from error
    except Exception as error:
        # A pickle is a program: from a stranger's bytes anything at all can be raised.
        raise CheckpointError(
            f"{path}: not a checkpoint, or a truncated one; what can be loaded here: safetensors "
            f"of `stylize train` and .pth files of {', '.join(each.what for each in LAYOUTS)}"
        ) from error
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


def describe(names: Collection[str]) -> str:
    """What a file of an unknown network holds, for an error."""
    if not names:
        return "no tensors"
    first = reprlib.repr(next(iter(names)))
    return f"{len(names)} tensors of an unknown network ({first}, …)"
