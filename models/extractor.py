"""The VGGs that pictures are seen by, by name: which file each is in, and loading one."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from .errors import WeightsError
from .vgg import VGG16, VGG19_NORMALISED, VGG19_TORCHVISION, Pooling, Vgg, VggPlan
from .weights import (
    TORCHVISION_VGG16,
    TORCHVISION_VGG19,
    VGG19,
    Progress,
    WeightsFile,
    find_weights,
)

ExtractorName = Literal["vgg19", "vgg16", "vgg19-torchvision"]


@dataclass(frozen=True, slots=True)
class Extractor:
    """A VGG: its weights and how they lie in their file."""

    file: WeightsFile
    plan: VggPlan


EXTRACTORS: dict[ExtractorName, Extractor] = {
    "vgg19": Extractor(VGG19, VGG19_NORMALISED),
    "vgg16": Extractor(TORCHVISION_VGG16, VGG16),
    "vgg19-torchvision": Extractor(TORCHVISION_VGG19, VGG19_TORCHVISION),
}
"""`vgg19`, the one that Gatys normalised, is behind every trained network; the others are for
comparing."""


def load_vgg(
    name: ExtractorName = "vgg19",
    *,
    pooling: Pooling = "max",
    given: Path | None = None,
    progress: Progress | None = None,
) -> Vgg:
    """Find a VGG's weights and load them, on the CPU in float32.

    Args:
        name: which.
        pooling: between its blocks.
        given: the file that the user named; nothing else is tried then.
        progress: told how a download goes.

    Raises:
        WeightsError: the weights cannot be found, read or recognised.
    """
    extractor = EXTRACTORS[name]
    path = find_weights(extractor.file, given=given, progress=progress)
    try:
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise WeightsError(f"{path}: cannot be read ({error})") from error
    return Vgg(extractor.plan, tensors, pooling=pooling)
