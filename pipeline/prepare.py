"""What comes before the first stage: from a preset or weights to a network that is ready."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal, get_args

import torch

from stylize.models import StyleNetwork, load_model

from .device import choose_device, choose_dtype
from .errors import SettingsError, TargetError
from .looks import find_look
from .restyle import Mixing, restyle
from .settings import Settings, resolve
from .values import Batch

PIXELS_AT_ONCE = 16_000_000
"""Pixels in a batch on a graphics card: 16 frames of 720p, 7 of 1080p, 1 of 4K."""

Existing = Literal["refuse", "overwrite", "skip"]
"""What to do about an output that is there already."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What to paint with: the network's file, a name for it, and the settings in force."""

    name: str
    weights: Path
    settings: Settings


@dataclass(frozen=True, slots=True, eq=False)
class Painter:
    """A network on its device, and everything that decides what it paints."""

    choice: Choice
    network: StyleNetwork
    method: str
    weights_hash: str
    device: torch.device
    dtype: torch.dtype

    def paint(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Restyle each batch by the settings in force."""
        settings = self.choice.settings
        mixing = Mixing(settings.strength, settings.keep_color, settings.size)
        return restyle(
            batches, network=self.network, mixing=mixing, device=self.device, dtype=self.dtype
        )

    def batch_size(self, height: int, width: int) -> int:
        """How many pictures of this size to paint at once.

        A processor gains nothing from a batch, and single frames stay in its caches.
        """
        if self.choice.settings.batch is not None:
            return self.choice.settings.batch
        if self.device.type == "cpu":
            return 1
        return max(1, min(16, PIXELS_AT_ONCE // (height * width)))

    def provenance(self) -> dict[str, str]:
        """What made the output, to be stored in it: version, look, method, weights, settings."""
        settings = {k: str(v) for k, v in asdict(self.choice.settings).items() if v is not None}
        return {
            "version": version("stylize"),
            "look": self.choice.name,
            "method": self.method,
            "weights": self.weights_hash,
            **settings,
        }


def choose(
    *, preset: str | Path | None, model: str | Path | None, options: Mapping[str, object]
) -> Choice:
    """Find the look and lay the given options over its own settings.

    Args:
        preset: a preset's name or TOML file.
        model: a file of weights.
        options: what was asked for beside them; beats the preset.

    Raises:
        SettingsError: neither or both are given, or an option is wrong.
        PresetError: there is no such preset.
    """
    if (preset is None) == (model is None):
        given = "neither is" if preset is None else "both are"
        raise SettingsError(f"name a look by --preset or by --model ({given} given)")
    if model is not None:
        return Choice(Path(model).stem, Path(model), resolve(options))
    look = find_look(str(preset))
    return Choice(look.name, look.weights, resolve(look.settings, options))


def prepare(choice: Choice, *, film: bool) -> Painter:
    """Load the network and put it where it will run.

    Args:
        choice: from `choose`.
        film: whether a film is painted; decides what `precision = auto` means.

    Raises:
        ModelError: the weights cannot be loaded.
        SettingsError: the device is not there, or cannot compute in the precision asked for.
    """
    settings = choice.settings
    device = choose_device(settings.device)
    dtype = choose_dtype(settings.precision, device=device, film=film)
    loaded = load_model(choice.weights)
    torch.manual_seed(settings.seed)
    network = loaded.network.to(device, dtype).to(memory_format=torch.channels_last)
    return Painter(choice, network, loaded.method, loaded.sha256, device, dtype)


def beside(source: Path, look: str, *, kept: Container[str], otherwise: str) -> Path:
    """Where the output goes when nobody says: next to its source, named after the look.

    Args:
        source: a film or a picture.
        look: the look's name.
        kept: extensions that stay, in lower case, with their dots.
        otherwise: the extension of all others.
    """
    suffix = source.suffix if source.suffix.lower() in kept else otherwise
    return source.parent / f"{source.stem}-{look}{suffix}"


def is_due(source: Path, target: Path, existing: Existing) -> bool:
    """Whether to make this target: False if it is there and is to be skipped.

    Raises:
        SettingsError: `existing` is none of its values.
        TargetError: it is there and may not be replaced, or it is the source itself.
    """
    if existing not in get_args(Existing):
        allowed = ", ".join(get_args(Existing))
        raise SettingsError(f"existing must be one of {allowed} (got {existing!r})")
    if target.exists() and source.exists() and target.samefile(source):
        raise TargetError(f"{target}: is the source itself; name another output with --output")
    if not target.exists() or existing == "overwrite":
        return True
    if existing == "skip":
        return False
    raise TargetError(f"{target}: is there already (--overwrite replaces it, --skip-existing not)")
