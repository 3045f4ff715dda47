"""What comes before refining: an optimiser that knows its styles, and which frames it is for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional

from stylize.models import AnyStyle, Mixture
from stylize.models.memory import is_out_of_memory
from stylize.models.network import OnStep
from stylize.models.refiner import Refiner
from stylize.models.vgg import Vgg
from stylize.models.weights import Progress, sha256_of

from .choose import Choice
from .denoise import denoise
from .device import choose_device
from .errors import SettingsError
from .fit_style import on_white
from .keyframes import Keyframes, read_keyframes, refuse_outside
from .load_method import load_method, make_optimiser
from .matched import ComingUp, in_colours_of
from .method_options import make_options
from .picture.read_image import read_image
from .prepare_masks import read_mask
from .refine import refine, refine_keys
from .resize import luma, resize
from .restyle import too_large, working_size
from .settings import Settings
from .styles import Style
from .targets import printable
from .values import Batch, Film, Frame, Notify, Span

STEPS = {"gatys": 60, "nnst": 50}
"""Of an optimiser for a shot's first key frame, where nobody says: it begins with a painting."""
AGAIN = 2
"""Times fewer are taken where most strokes are there, from the key frame before. With as many
each key frame would be finer than the last (style losses of 0.56, 0.41, 0.38 and 0.35), and its
strokes other ones: frames between would be 31 % worse, not 24 %, and less steady."""


class Refinement:
    """What makes a film's key frames finer, ready to work.

    Args:
        teach: makes optimisers from styles: for what begins with a fast painting, and for what
            begins with the strokes of another key frame.
        styles: what it paints like.
        settings: how the painting meets the source.
        keyframes: which frames are key frames.
        film: to be refined.
        hashes: of styles that are not those of the fast painting: names and SHA-256.

    Attributes:
        on_step: called with the steps done and the steps in all, for each key frame.
        notify: told what a person should know.
    """

    def __init__(
        self,
        teach: Callable[[Mixture], tuple[Refiner, Refiner]],
        styles: Mixture,
        *,
        settings: Settings,
        keyframes: Keyframes,
        film: Film,
        hashes: Sequence[dict[str, str]],
    ) -> None:
        self._teach, self._styles, self._settings = teach, styles, settings
        self._keyframes, self._film = keyframes, film
        self._hashes = hashes
        self._device = choose_device(settings.device)
        self._optimisers: tuple[Refiner, Refiner] | None = None
        self._coming = ComingUp()
        self.on_step: OnStep | None = None
        self.notify: Notify | None = None

    def refine(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Refine a whole film (see `refine.refine`)."""
        return refine(
            batches,
            refiner=self._better,
            keyframes=self._keyframes,
            origin=self._film.begin,
            notify=self.notify,
        )

    def keys(self, batches: Iterable[Batch]) -> Iterator[Frame]:
        """Refine its key frames alone."""
        return refine_keys(
            batches,
            refiner=self._better,
            keyframes=self._keyframes,
            origin=self._film.begin,
            notify=self.notify,
        )

    def provenance(self) -> dict[str, object]:
        """What made the output, beside what the painter and the settings say."""
        return {"refine_styles": list(self._hashes)} if self._hashes else {}

    def _better(self, picture: Tensor, start: Tensor, *, again: bool) -> Tensor:
        """Go on from a painting, (3, H, W), of a picture.

        What is added is mixed as the painting was: in the source's colours, if it is to be.
        """
        settings = self._settings
        source, begun = (each[None].to(self._device) for each in (picture, start))
        size = (source.shape[-2], source.shape[-1])
        seen = working_size(*size, settings.size)
        small, begin = (each if seen == size else resize(each, seen) for each in (source, begun))
        try:
            finer = self._ready(picture)[again].refine(small, begin)
        except (torch.OutOfMemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            raise too_large(*size, settings.size, self._device) from error
        added = denoise(finer, settings.denoise) - begin
        if settings.keep_color:
            added = luma(added).expand_as(added)
        if seen != size:
            added = functional.interpolate(added, size, mode="bicubic", antialias=True)
        return (begun + added).clamp(0, 1)[0].cpu().contiguous()

    def _ready(self, picture: Tensor) -> tuple[Refiner, Refiner]:
        """The optimisers; their styles take on the film's colours, if they are to."""
        optimisers, match = self._optimisers, self._settings.match_color
        if (match and self._coming.has_new_colours(picture[None])) or optimisers is None:
            styles = in_colours_of(picture, self._styles) if match else self._styles
            optimisers = self._optimisers = self._teach(styles)
            for optimiser in optimisers:
                optimiser.on_step = self.on_step
        return optimisers


def prepare_refinement(
    choice: Choice,
    *,
    film: Film,
    span: Span,
    styles: tuple[Style, ...] = (),
    download: Progress | None = None,
) -> Refinement:
    """Load the optimiser that a choice's settings name.

    Args:
        choice: from `choose`; its options are those of the optimiser.
        film: to be refined.
        span: the part of it to paint.
        styles: what the key frames are to be painted like; none: like the film.
        download: told how the download of weights goes.

    Raises:
        ModelError: the weights of its VGG cannot be found or loaded.
        SourceError: a style picture or a mask cannot be read.
        SettingsError: a key frame lies outside the film, there is no style to paint like, or no
            such device.
    """
    settings = choice.settings
    method = settings.refine
    if method is None:
        raise SettingsError("no refine is set: there is nothing to prepare for key frames")
    keyframes = read_keyframes(settings.keyframes or "auto")
    refuse_outside(keyframes, film, span)
    own = choice.styles == styles or not styles
    styles = styles or choice.styles
    if not styles:
        own_name = choice.name.removesuffix(f"-{method}")  # which output names are given
        raise SettingsError(
            f"--refine {method} paints like a picture, and {own_name} has none: name one by "
            "--refine-style, or paint with --style"
        )
    masks = tuple(read_mask(path) for path in choice.masks)
    given = {"iterations": STEPS[method], **choice.options}
    loaded = load_method(
        replace(choice, method=method, weights=None, options=given), download=download
    )
    if not isinstance(loaded.paints, AnyStyle) or loaded.vgg is None:
        raise SettingsError(f"{method} cannot refine")
    options = make_options(method, given, seed=settings.seed, style_scale=settings.style_scale)
    fewer = replace(options, iterations=max(1, options.iterations // AGAIN))
    optimisers = loaded.paints, make_optimiser(method, fewer)
    pictures = tuple(
        on_white(read_image(style.path, animated="first frame").frame) for style in styles
    )
    hashes = [
        {"file": printable(style.path.name), "sha256": sha256_of(style.path)} for style in styles
    ]
    return Refinement(
        _teacher(optimisers, loaded.vgg, choose_device(settings.device)),
        Mixture(pictures, tuple(style.share for style in styles), (masks or None) if own else None),
        settings=settings,
        keyframes=keyframes,
        film=film,
        hashes=() if own else hashes,
    )


def _teacher(
    optimisers: tuple[AnyStyle, AnyStyle], vgg: Vgg, device: torch.device
) -> Callable[[Mixture], tuple[Refiner, Refiner]]:
    vgg = vgg.to(device).to(memory_format=torch.channels_last)

    def teach(styles: Mixture) -> tuple[Refiner, Refiner]:
        here = replace(styles, pictures=tuple(each.to(device) for each in styles.pictures))
        first, again = (each.with_styles(here, vgg=vgg) for each in optimisers)
        if not (isinstance(first, Refiner) and isinstance(again, Refiner)):
            raise SettingsError(f"{optimisers[0].method} cannot refine")
        return first, again

    return teach
