"""From a choice to what it names: a network out of its file, or an optimiser; and its VGG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stylize.models import AnyStyle, LoadedModel, StyleNetwork, load_model
from stylize.models.extractor import load_vgg
from stylize.models.methods import METHODS, MethodName
from stylize.models.vgg import Vgg
from stylize.models.weights import ADAIN_DECODER, Progress, find_weights

from .choose import Choice
from .errors import SettingsError
from .method_options import make_options

if TYPE_CHECKING:
    from torch import Tensor

STYLE_SIZE = 512
"""Shorter side in pixels at which a network saw its style, where nothing says what it was."""

_STYLE_SIZES = range(64, 4097)
"""Those that training takes."""


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """What paints, before it has seen its styles.

    Attributes:
        paints: a network for one style, or a method for any.
        method: its name.
        sha256: of the file of its network; empty for an optimiser.
        style_size: shorter side in pixels at which it saw its styles; None for an optimiser, which
            scales the style by the picture.
        vgg: what it sees pictures by, on the CPU; None if it needs none.
    """

    paints: StyleNetwork | AnyStyle
    method: str
    sha256: str = ""
    style_size: int | None = None
    vgg: Vgg | None = None


def load_method(
    choice: Choice, *, start: Tensor | None = None, download: Progress | None = None
) -> Loaded:
    """Load what a choice names.

    Args:
        choice: what to paint with.
        start: (3, H, W), the picture that its options name to start from.
        download: told how the download of weights goes.

    Raises:
        ModelError: weights cannot be found or loaded.
        SettingsError: the file holds a network of another method, or an option is wrong.
    """
    if choice.method is not None and not METHODS[choice.method].trained:
        return _optimiser(choice.method, choice, start, download)
    weights = choice.weights or find_weights(ADAIN_DECODER, progress=download)
    model = load_model(weights)
    if choice.method not in (None, model.method):
        raise SettingsError(
            f"{weights}: holds a network of method {model.method}, not {choice.method}"
        )
    network, vgg = model.network, None
    if isinstance(network, AnyStyle) and network.reaches is not None:
        vgg = load_vgg(progress=download)
    return Loaded(network, model.method, model.sha256, _style_size(model), vgg)


def _optimiser(
    method: MethodName, choice: Choice, start: Tensor | None, download: Progress | None
) -> Loaded:
    settings = choice.settings
    options = make_options(
        method, choice.options, seed=settings.seed, style_scale=settings.style_scale, start=start
    )
    vgg = load_vgg(options.extractor, pooling=options.pooling, progress=download)
    return Loaded(make_optimiser(method, options), method, vgg=vgg)


def make_optimiser(method: MethodName, options: Any) -> AnyStyle:
    """Make an optimiser of its options, from `make_options`."""
    # Imported here: a network needs none of them.
    if method == "gatys":
        from stylize.models.gatys import Gatys

        return Gatys(options)
    from stylize.models.nnst import Nnst

    return Nnst(options)


def _style_size(model: LoadedModel) -> int:
    """Shorter side of the style pictures that a network learnt from, as its recipe says."""
    settings = model.recipe.get("settings")
    size = settings.get("style_size") if isinstance(settings, dict) else None
    return size if isinstance(size, int) and size in _STYLE_SIZES else STYLE_SIZE
