"""What measuring a film finds: figures of each pair of frames, their means, and what else."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from ..steadiness import Score, excess

if TYPE_CHECKING:
    from torch import Tensor

ROLES = ("source", "output", "against")
"""What the films are to each other, in their order everywhere; the last may be missing."""


@dataclass(frozen=True, slots=True)
class PairFigures:
    """Of one pair of frames: when the earlier one is shown, its shot, and each film's score."""

    time: Fraction
    shot: int
    scores: tuple[Score, ...]


@dataclass(frozen=True, slots=True)
class GapFindings:
    """Steadiness between frames that are so far apart.

    Attributes:
        gap: how many frames.
        pairs: all that show something together, in their order.
        means: of each film over these pairs.
    """

    gap: int
    pairs: tuple[PairFigures, ...]
    means: tuple[Score, ...]

    def excess(self, film: int) -> float:
        """How much less steady a film is than its source: see `stylize.pipeline.steadiness`."""
        return excess(self.means[film], self.means[0])

    def kept(self, film: int, *, of: int = 0) -> float:
        """The gradient energy of a film over that of another; NaN if that has none."""
        whole = self.means[of].gradient
        return self.means[film].gradient / whole if whole else math.nan


@dataclass(frozen=True, slots=True)
class Fidelity:
    """How like the film of `against` the output is.

    Attributes:
        lpips: mean distance; None if it could not be measured.
        frames: how many it is the mean of.
        missing: why there is none.
    """

    lpips: float | None
    frames: int = 0
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Losses:
    """Style, Gram and content loss of a film: see `stylize.models.quality`."""

    style: float
    gram: float
    content: float


@dataclass(frozen=True, slots=True)
class StyleFindings:
    """How well each film is painted.

    Attributes:
        picture: the style that it was to have.
        frames: how many the losses are the means of.
        losses: of each film.
    """

    picture: Path
    frames: int
    losses: tuple[Losses, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Worst:
    """A pair of neighbouring frames where the output is least steady, to look at.

    Attributes:
        time: when the earlier one is shown.
        error: of the output.
        surplus: error beyond what the source's own would explain.
        pictures: (3, h, w) of each film, the earlier frame, small.
        errors: (h, w) of each film: squared difference, NaN where it is not visible.
    """

    time: Fraction
    error: float
    surplus: float
    pictures: tuple[Tensor, ...]
    errors: tuple[Tensor, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """All that was found about a painted film.

    Attributes:
        films: source, output, and the film to compare with if there is one.
        flow: how motion was found.
        size: width and height at which frames were measured.
        frames: how many.
        shots: how many shots of the source they belong to; no pair lies across two.
        gaps: steadiness, short and long term; a gap that no two frames of one shot have is absent.
        fidelity: to the film to compare with, if there is one.
        style: how well it is painted, if a style was named.
        worst: the least steady places, in their order.
        seconds: how long measuring took.
    """

    films: tuple[Path, ...]
    flow: str
    size: tuple[int, int]
    frames: int
    shots: int
    gaps: tuple[GapFindings, ...]
    fidelity: Fidelity | None
    style: StyleFindings | None
    worst: tuple[Worst, ...]
    seconds: float

    def as_json(self) -> dict[str, object]:
        """Plain values for other programs; what is not finite becomes None."""
        plain: dict[str, object] = {
            **{role: str(path) for role, path in zip(ROLES, self.films, strict=False)},
            "flow": self.flow,
            "size": list(self.size),
            "frames": self.frames,
            "shots": self.shots,
            "steadiness": [_gap(found) for found in self.gaps],
            "worst": [{"time": float(one.time), "error": one.error} for one in self.worst],
            "seconds": round(self.seconds, 3),
        }
        if self.fidelity is not None:
            plain["fidelity"] = {
                "lpips": self.fidelity.lpips,
                "frames": self.fidelity.frames,
                "missing": self.fidelity.missing,
                "gradient_kept": _number(self.gaps[0].kept(1, of=2)),
            }
        if self.style is not None:
            plain["style"] = {
                "picture": str(self.style.picture),
                "frames": self.style.frames,
                **{
                    role: {"style": one.style, "gram": one.gram, "content": one.content}
                    for role, one in zip(ROLES, self.style.losses, strict=False)
                },
            }
        return plain


def _gap(found: GapFindings) -> dict[str, object]:
    films = list(zip(ROLES, found.means, strict=False))
    return {
        "gap": found.gap,
        "pairs": len(found.pairs),
        "visible": found.means[0].visible,
        **{
            role: {
                "error": mean.error,
                "gradient": mean.gradient,
                "gradient_kept": _number(found.kept(film)),
                "excess": _number(found.excess(film)),
            }
            for film, (role, mean) in enumerate(films)
        },
        "over_time": {
            "time": [float(pair.time) for pair in found.pairs],
            **{
                role: [pair.scores[film].error for pair in found.pairs]
                for film, (role, _) in enumerate(films)
            },
        },
        "gradient_over_time": {
            role: [pair.scores[film].gradient for pair in found.pairs]
            for film, (role, _) in enumerate(films)
        },
        "visible_over_time": [pair.scores[0].visible for pair in found.pairs],
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
