"""What comes before the first stage: from a preset or weights to a network that is ready."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal, get_args

import torch

from stylize.models import LoadedModel, Mixture, PaintingNetwork, StyleNetwork, load_model
from stylize.models.weights import sha256_of

from .device import choose_device, choose_dtype
from .errors import SettingsError, TargetError
from .fit_style import fit_style
from .looks import find_look
from .micro_file import micro_file
from .picture.read_image import read_image
from .restyle import Mixing, restyle
from .settings import SMALLEST_SIZE, Settings, resolve
from .styles import (
    Style,
    StyleSource,
    as_styles,
    check_looks_named,
    check_style_wanted,
    style_name,
)
from .values import Batch

PIXELS_AT_ONCE = 16_000_000
"""Pixels in a batch on a graphics card: 16 frames of 720p, 7 of 1080p, 1 of 4K."""

STYLE_SIZE = 512
"""Shorter side in pixels at which a network saw its style, where nothing says what it was."""

_STYLE_SIZES = range(64, 4097)
"""Those that training takes."""

Existing = Literal["refuse", "overwrite", "skip"]
"""What to do about an output that is there already."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What to paint with: the network's file, a name for it, the settings in force, and styles."""

    name: str
    weights: Path
    settings: Settings
    styles: tuple[Style, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Painter:
    """A network on its device, and everything that decides what it paints.

    Attributes:
        choice: what was asked for.
        network: ready to paint.
        method: its name.
        weights_hash: SHA-256 of its file.
        device: where it is.
        dtype: what it computes in.
        style_size: shorter side in pixels at which it sees, or saw, its style.
        style_hashes: SHA-256 of each style picture's file.
    """

    choice: Choice
    network: PaintingNetwork
    method: str
    weights_hash: str
    device: torch.device
    dtype: torch.dtype
    style_size: int = STYLE_SIZE
    style_hashes: tuple[str, ...] = ()

    def paint(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Restyle each batch by the settings in force."""
        settings = self.choice.settings
        mixing = Mixing(settings.strength, settings.keep_color, self.size())
        return restyle(
            batches, network=self.network, mixing=mixing, device=self.device, dtype=self.dtype
        )

    def size(self) -> int | None:
        """Shorter side in pixels at which the network is to see every picture; None: as it is."""
        settings = self.choice.settings
        if settings.style_scale is None:
            return settings.size
        return max(SMALLEST_SIZE, round(self.style_size / settings.style_scale))

    def batch_size(self, height: int, width: int) -> int:
        """How many pictures of this size to paint at once.

        A processor gains nothing from a batch, and single frames stay in its caches.
        """
        if self.choice.settings.batch is not None:
            return self.choice.settings.batch
        if self.device.type == "cpu":
            return 1
        return max(1, min(16, PIXELS_AT_ONCE // (height * width)))

    def provenance(self) -> dict[str, object]:
        """What made the output, to be stored in it: version, look, method, weights, settings."""
        settings = {k: str(v) for k, v in asdict(self.choice.settings).items() if v is not None}
        styles = [
            {"file": _printable(style.path.name), "sha256": sha256, "share": style.share}
            for style, sha256 in zip(self.choice.styles, self.style_hashes, strict=True)
        ]
        return {
            "version": version("stylize"),
            "look": _printable(self.choice.name),
            "method": self.method,
            "weights": self.weights_hash,
            **({"styles": styles} if styles else {}),
            **settings,
        }


def choose(
    *,
    preset: str | Path | None,
    model: str | Path | None,
    style: StyleSource | None = None,
    options: Mapping[str, object],
) -> Choice:
    """Find the look and lay the given options over its own settings.

    Args:
        preset: a preset's name or TOML file.
        model: a file of weights.
        style: pictures to paint like, by `model` or by the network that ships.
        options: what was asked for beside them; beats the preset.

    Raises:
        SettingsError: no look is named or more than one, or an option or a style is wrong.
        PresetError: there is no such preset.
        ModelError: the network that ships is missing.
    """
    styles = as_styles(style)
    check_looks_named(preset=preset, model=model, styles=styles)
    if preset is not None:
        look = find_look(str(preset))
        settings = resolve(look.settings, options)
        return Choice(look.name, look.weights or micro_file(), settings, look.styles)
    settings = resolve(options)
    weights = Path(model) if model is not None else micro_file()
    return Choice(style_name(styles) if styles else weights.stem, weights, settings, styles)


def prepare(choice: Choice, *, film: bool) -> Painter:
    """Load the network, show it its styles, and put it where it will run.

    Args:
        choice: from `choose`.
        film: whether a film is painted; decides what `precision = auto` means.

    Raises:
        ModelError: the weights cannot be loaded.
        SourceError: a style picture cannot be read.
        SettingsError: the device is not there, or cannot compute in the precision asked for; or
            the network wants styles and there are none, or the other way round.
    """
    settings = choice.settings
    device = choose_device(settings.device)
    dtype = choose_dtype(settings.precision, device=device, film=film)
    loaded = load_model(choice.weights)
    check_style_wanted(loaded.method, choice.styles, held_by=choice.weights)
    torch.manual_seed(settings.seed)
    size = _style_size(loaded)
    network = _painting(loaded, choice.styles, size=size)
    return Painter(
        choice=choice,
        network=network.to(device, dtype).to(memory_format=torch.channels_last),
        method=loaded.method,
        weights_hash=loaded.sha256,
        device=device,
        dtype=dtype,
        style_size=size,
        style_hashes=tuple(sha256_of(style.path) for style in choice.styles),
    )


def _painting(loaded: LoadedModel, styles: tuple[Style, ...], *, size: int) -> PaintingNetwork:
    """The network, once it has seen what it is to paint like."""
    if isinstance(loaded.network, StyleNetwork):
        return loaded.network
    pictures = [
        fit_style(read_image(style.path, animated="first frame").frame, size=size)
        for style in styles
    ]
    shares = tuple(style.share for style in styles)
    return loaded.network.with_styles(Mixture(tuple(pictures), shares))


def _style_size(loaded: LoadedModel) -> int:
    """Shorter side of the style pictures that a network learnt from, as its recipe says."""
    settings = loaded.recipe.get("settings")
    size = settings.get("style_size") if isinstance(settings, dict) else None
    return size if isinstance(size, int) and size in _STYLE_SIZES else STYLE_SIZE


def _printable(name: str) -> str:
    """A file's name as text: what is none (a name is bytes to the system) becomes `?`."""
    return name.encode(errors="replace").decode()


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
