"""What comes before the first stage: from a choice to something that is ready to paint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib.metadata import version

import torch
from torch import Tensor, nn

from stylize.models import AnyStyle, Mixture, PaintingNetwork
from stylize.models.network import OnStep
from stylize.models.place import place
from stylize.models.vgg import Vgg
from stylize.models.weights import Progress, sha256_of

from .choose import Choice
from .device import choose_device, choose_dtype
from .fit_style import fit_style, on_white
from .load_method import load_method
from .matched import ColourMatched
from .method_options import check_matching, picture_to_start_from
from .picture.read_image import read_image
from .prepare_masks import covered, read_mask
from .restyle import Mixing, restyle, working_size
from .settings import SMALLEST_SIZE
from .styles import check_style_wanted
from .targets import printable
from .values import Batch

Place = Callable[[PaintingNetwork, torch.device, torch.dtype], PaintingNetwork]
"""Puts a network where it paints, in a precision."""
PIXELS_AT_ONCE = 16_000_000
"""Pixels in a batch on a graphics card, as the network sees them: 16 frames of 720p, 7 of 1080p, 1
of 4K."""
LIGHT = 4
"""Times as many pixels its pictures may have in all where the network sees them smaller."""


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """The pictures that a choice names, read: whoever has them needs their files no more.

    Attributes:
        styles: (3, H, W) each, of the size at which a network saw its own, or of their own.
        masks: (1, h, w) each in [0, 1], one for each style, or for a look without; or none.
        start: (3, H, W), what an optimiser begins with, if that is named.
        hashes: SHA-256 of each style's file.
    """

    styles: tuple[Tensor, ...] = ()
    masks: tuple[Tensor, ...] = ()
    start: Tensor | None = None
    hashes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Painter:
    """What paints, on its device, and everything that decides what comes out.

    Attributes:
        choice: what was asked for.
        network: ready to paint.
        method: its name.
        weights_hash: SHA-256 of its file; empty if it has none of its own.
        device: where it is.
        dtype: what it takes pictures in.
        style_size: shorter side in pixels at which it sees, or saw, its style; None for a method
            that scales the style by the picture.
        applies_strength: whether `network` mixes the source in itself.
        lattice: pixels between the places by which it sees, if they are to go along with pans of a
            film, or else 1: where its styles have places of their own on the picture, for one.
        coverage: (1, 1, h, w) in [0, 1]: where it paints; None: everywhere.
        pictures: what it was shown.
    """

    choice: Choice
    network: PaintingNetwork
    method: str
    weights_hash: str
    device: torch.device
    dtype: torch.dtype
    style_size: int | None
    applies_strength: bool = False
    lattice: int = 1
    coverage: Tensor | None = None
    pictures: Pictures = Pictures()

    def paint(self, batches: Iterable[Batch], *, on_step: OnStep | None = None) -> Iterator[Batch]:
        """Restyle each batch by the settings in force, and tell of each step if it takes many."""
        settings = self.choice.settings
        self.network.on_step = on_step
        inside = self.applies_strength and settings.strength > 0
        mixing = Mixing(
            strength=1.0 if inside else settings.strength,
            keep_color=settings.keep_color,
            denoise=settings.denoise,
            size=self.size(),
            lattice=self.lattice,
            coverage=self.coverage,
        )
        return restyle(
            self._shot_by_shot(batches),
            network=self.network,
            mixing=mixing,
            device=self.device,
            dtype=self.dtype,
        )

    def _shot_by_shot(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The same, telling the network where a shot begins."""
        shot = 0
        for batch in batches:
            if batch.frames[0].shot != shot:
                shot = batch.frames[0].shot
                self.network.begin_shot()
            yield batch

    def size(self) -> int | None:
        """Shorter side in pixels at which the network is to see every picture; None: as it is."""
        settings = self.choice.settings
        if settings.style_scale is None or self.style_size is None:
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
        rows, columns = working_size(height, width, self.size())
        pixels = max(rows * columns, height * width // LIGHT)
        return max(1, min(16, PIXELS_AT_ONCE // pixels))

    def provenance(self) -> dict[str, object]:
        """What made the output, to be stored in it: version, look, method, weights, settings."""
        choice = self.choice
        settings = {k: v for k, v in asdict(choice.settings).items() if v is not None}
        styles = [
            {"file": printable(style.path.name), "sha256": sha256, "share": style.share}
            for style, sha256 in zip(choice.styles, self.pictures.hashes, strict=True)
        ]
        masks = [printable(mask.name) for mask in choice.masks]
        own = {key: _plain(value) for key, value in choice.options.items()}
        return {
            "version": version("stylize"),
            "look": printable(choice.name),
            "method": self.method,
            **({"weights": self.weights_hash} if self.weights_hash else {}),
            **({"styles": styles} if styles else {}),
            **({"masks": masks} if masks else {}),
            **({"options": own} if own else {}),
            **settings,
        }


def _plain(value: object) -> object:
    """As JSON has it."""
    return value if isinstance(value, bool | int | float | str) else str(value)


def prepare(
    choice: Choice,
    *,
    film: bool,
    pictures: Pictures | None = None,
    download: Progress | None = None,
) -> Painter:
    """Load what paints, show it its styles, and put it where it will run.

    Args:
        choice: from `choose`.
        film: whether a film is painted; decides what `precision = auto` means.
        pictures: of an earlier painter for the same choice; None: they are read.
        download: told how the download of weights goes.

    Raises:
        ModelError: weights cannot be found or loaded.
        SourceError: a style picture or a mask cannot be read.
        SettingsError: the device is not there, or cannot compute in the precision asked for; or
            the method wants styles and there are none, or the other way round.
    """
    settings = choice.settings
    device = choose_device(settings.device)
    start = _start(choice) if pictures is None else pictures.start
    loaded = load_method(choice, start=start, download=download)
    check_style_wanted(loaded.method, choice.styles, held_by=choice.weights or "--method")
    pictures = pictures or _read(choice, start=start, size=loaded.style_size)
    masks, paints = pictures.masks, loaded.paints
    optimises = isinstance(paints, AnyStyle) and paints.optimises
    inside = isinstance(paints, AnyStyle) and paints.applies_strength
    inside = inside and settings.refine is None  # whole paintings are refined, and mixed then
    # The steps of an optimiser are far smaller than those of half precision.
    dtype = choose_dtype(settings.precision, device=device, film=film and not optimises)
    frozen = film and settings.freeze
    put = partial(place, by_shot=frozen)
    if isinstance(paints, AnyStyle):
        if frozen:
            paints.prefer_steady()
        shares = tuple(style.share for style in choice.styles)
        styles = Mixture(pictures.styles, shares, masks or None)
        strength = settings.strength if inside else 1.0
        teach = partial(_taught, paints, loaded.vgg, strength, put, device, dtype)
        network = ColourMatched(teach, styles, once=film) if settings.match_color else teach(styles)
    else:
        check_matching(loaded.method, match=settings.match_color)
        network = put(paints, device, dtype)
    return Painter(
        choice=choice,
        network=network,
        method=loaded.method,
        weights_hash=loaded.sha256,
        device=device,
        dtype=torch.float32 if optimises else dtype,
        style_size=loaded.style_size,
        applies_strength=inside,
        lattice=paints.lattice if frozen and not masks and not optimises else 1,
        coverage=covered(masks) if masks else None,
        pictures=pictures,
    )


def _start(choice: Choice) -> Tensor | None:
    init = picture_to_start_from(choice.options)
    return None if init is None else on_white(read_image(init, animated="first frame").frame)


def _read(choice: Choice, *, start: Tensor | None, size: int | None) -> Pictures:
    """Read styles, at the size at which a network saw its own, or at their own; and masks."""
    masks = tuple(read_mask(path) for path in choice.masks)
    paths = tuple(style.path for style in choice.styles)
    frames = (read_image(path, animated="first frame").frame for path in paths)
    styles = tuple(
        on_white(frame) if size is None else fit_style(frame, size=size) for frame in frames
    )
    return Pictures(styles, masks, start, tuple(map(sha256_of, paths)))


def _taught(
    method: AnyStyle,
    vgg: Vgg | None,
    strength: float,
    put: Place,
    device: torch.device,
    dtype: torch.dtype,
    styles: Mixture,
) -> PaintingNetwork:
    """What paints in these styles, on its device."""
    if vgg is None:  # styles are measured on the processor then, precisely
        return put(method.with_styles(styles), device, dtype)
    if isinstance(method, nn.Module):
        method.to(device, dtype)
    vgg = vgg.to(device, dtype).to(memory_format=torch.channels_last)
    here = replace(styles, pictures=tuple(each.to(device) for each in styles.pictures))
    return method.with_styles(here, vgg=vgg, strength=strength)
