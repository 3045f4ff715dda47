"""What a training run learns from: photographs, and one style picture or a folder of them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from .crops import FEW, Crops, Pictures, batches, find_pictures
from .errors import TrainingError
from .methods import ANY_STYLE, TRAINED
from .settings import STYLE_CROP, TrainingSettings
from .weights import sha256_of

STYLES_SEED = 500_009
"""Added to the seed for the crops of styles: drawn as those of photographs are, yet others."""

Notify = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Material:
    """Photographs, and either one style picture or many.

    Attributes:
        photographs: the content.
        style: the picture that a network for one style learns.
        styles: the pictures that a network for any style learns from.
        excluded: patterns of the names that were left out of `styles`.
    """

    photographs: Pictures
    style: Path | None
    styles: Pictures | None
    excluded: tuple[str, ...]

    def identity(self) -> dict[str, str | int | float | None]:
        """What must be equal for a run to go on with it."""
        found: dict[str, str | int | float | None] = {
            "photographs": len(self.photographs.training),
            "names of photographs": self.photographs.names_sha256(),
        }
        if self.style is not None:
            found["style picture"] = sha256_of(self.style)
        if self.styles is not None:
            found["names of styles"] = self.styles.names_sha256()
        return found

    def recipe(self) -> dict[str, object]:
        """For the recipe of the network."""
        found: dict[str, object] = {
            "photographs": len(self.photographs.training),
            "held_out": len(self.photographs.held_out),
        }
        if self.style is not None:
            found |= {"style": self.style.name, "style_sha256": sha256_of(self.style)}
        if self.styles is not None:
            found |= {
                "styles": len(self.styles.training),
                "styles_held_out": [path.name for path in self.styles.held_out],
                "styles_excluded": list(self.excluded),
                "styles_names_sha256": self.styles.names_sha256(),
            }
        return found

    def lessons(
        self, settings: TrainingSettings, *, start: int, notify: Notify
    ) -> Generator[tuple[Crops, Crops | None], None, None]:
        """Crops of photographs, and of styles beside them, without end.

        Args:
            settings: size and number of the crops, and the seed.
            start: number of the first step.
            notify: told once of each file that cannot be decoded.

        Raises:
            TrainingError: no picture at all can be decoded.
        """
        lost: set[Path] = set()

        def unreadable(path: Path) -> None:
            if path not in lost:
                lost.add(path)
                notify(f"{path}: cannot be decoded; left out")

        size, batch, seed = settings.crop, settings.batch, settings.seed
        contents = batches(
            self.photographs.training,
            size=size,
            batch=batch,
            seed=seed,
            start=start,
            unreadable=unreadable,
        )
        with closing(contents):
            if self.styles is None:
                for crops in contents:
                    yield crops, None
                return
            styles = batches(
                self.styles.training,
                size=max(size, STYLE_CROP),
                batch=batch,
                seed=seed + STYLES_SEED,
                start=start,
                unreadable=unreadable,
                shorter=(STYLE_CROP, settings.style_size),
                room=1,
                recolour=True,
            )
            with closing(styles):
                yield from zip(contents, styles, strict=True)


def gather(
    settings: TrainingSettings,
    *,
    content: Path,
    style: Path | None,
    styles: Path | None,
    exclude: Sequence[str],
    notify: Notify,
) -> Material:
    """Find what a run is to learn from.

    Raises:
        TrainingError: a folder is missing or has too little in it, or what was named does not go
            with the method.
    """
    check_named(settings.method, style=style, styles=styles, exclude=exclude)
    photographs = find_pictures(content, seed=settings.seed, option="--content", style=style)
    found = None
    if styles is not None:
        found = find_pictures(styles, seed=settings.seed, option="--styles", exclude=exclude)
    for pictures in (photographs, found):
        _warn(pictures, notify)
    return Material(photographs, style, found, tuple(exclude))


def check_named(
    method: str, *, style: Path | None, styles: Path | None, exclude: Sequence[str]
) -> None:
    """Refuse what does not go with a method.

    Raises:
        TrainingError: one picture for a method that learns many, or the other way round.
    """
    if method in ANY_STYLE:
        if style is not None or styles is None:
            raise TrainingError(
                f"{method} learns many styles: name their folder by --styles, and no STYLE"
            )
    elif style is None or styles is not None or exclude:
        raise TrainingError(
            f"{method} learns one picture: name it as STYLE, without --styles or --exclude "
            f"(--method {', '.join(name for name in TRAINED if name in ANY_STYLE)} take those)"
        )


def _warn(pictures: Pictures | None, notify: Notify) -> None:
    if pictures is None:
        return
    if broken := pictures.unreadable:
        notify(f"{len(broken)} of the files are no readable pictures (the first: {broken[0]})")
    if (count := len(pictures.training)) < FEW:
        notify(
            f"{pictures.folder}: only {count} picture{'s' * (count > 1)} to learn from; with fewer "
            f"than {FEW} the network learns them by heart"
        )
