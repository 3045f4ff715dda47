"""The values that flow through everything: frames, batches of them, and what is known of a film.

Pictures are RGB, channels first, float32, in [0, 1] everywhere between reading and writing.
Time is a `Fraction` of seconds everywhere: never a frame number, never a rounded rate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import Tensor

Notify = Callable[[str], None]
"""Receives one line that a person should know but that stops nothing ("audio transcoded …")."""


SETTINGS_KEY = "stylize"
"""The name under which an output's metadata holds, as JSON, the settings that made it."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture and its place in time.

    Attributes:
        picture: (3, H, W) float32 RGB in [0, 1], upright.
        time: presentation time in seconds, exactly as the file says.
        duration: seconds until the picture is replaced.
        alpha: (1, H, W) float32 in [0, 1], or None for an opaque picture.
        shot: which shot of its film it belongs to, counted from 0: nothing is carried over from
            one shot to the next.
        clean: the picture without its noise, where that was taken out: what is painted, and what
            motion is found in. The painting is mixed with `picture`, noise and all.
        cover: (1, H, W) float32 in [0, 1]: how much of its painting is to show at each place, or
            (1, 1, 1) where that is as much everywhere; None: all of it.
        pan: pixels to the right and down by which most of the picture has moved since its shot
            began.
    """

    picture: Tensor
    time: Fraction = Fraction(0)
    duration: Fraction = Fraction(0)
    alpha: Tensor | None = None
    shot: int = 0
    clean: Tensor | None = None
    cover: Tensor | None = None
    pan: tuple[float, float] = (0.0, 0.0)

    @property
    def sight(self) -> Tensor:
        """What is painted and looked at: `clean`, or else `picture`."""
        return self.picture if self.clean is None else self.clean

    def painted(self, painting: Tensor) -> Frame:
        """As it is in the end: what was painted, as far as it is to show, on `picture`."""
        shown = painting if self.cover is None else self.picture.lerp(painting, self.cover)
        return replace(self, picture=shown, clean=None, cover=None)

    def goes_on(self, last: Frame) -> bool:
        """Whether it is of the same shot as the frame before it, and of its size."""
        return self.shot == last.shot and self.picture.shape == last.picture.shape


@dataclass(frozen=True, slots=True, eq=False)
class Fade:
    """Where a painting stands in a film whose style changes over time.

    Attributes:
        place: n where it is painted as from moment n on, counted from 0; between n - 1 and n while
            one fades into the other.
        change: (3, H, W), by what the whole fade changes the painting of this frame; None where
            nothing fades.
    """

    place: float = 0.0
    change: Tensor | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Pictures of one size and one shot, stacked.

    Attributes:
        pictures: (N, 3, H, W) float32 RGB in [0, 1].
        frames: the N frames they come from, in order (their times, durations, alphas and shot).
        fades: of each of them; none where the style does not change over time.
    """

    pictures: Tensor
    frames: tuple[Frame, ...]
    fades: tuple[Fade, ...] = ()


Matrix = Literal["bt709", "bt601", "fcc", "smpte240m", "bt2020nc", "ycgco", "rgb"]
Range = Literal["limited", "full"]


@dataclass(frozen=True, slots=True)
class Colour:
    """How a film's samples stand for RGB.

    Attributes:
        matrix: the luma-chroma matrix (`rgb`: the samples are RGB already).
        range: `limited` (16 to 235 in 8 bits) or `full`.
        primaries: the code of ITU-T H.273 (2 = unspecified), carried to the output as a tag.
        transfer: likewise.
    """

    matrix: Matrix = "bt709"
    range: Range = "limited"
    primaries: int = 2
    transfer: int = 2


@dataclass(frozen=True, slots=True)
class Film:
    """What is known of a film before its frames are decoded.

    Attributes:
        path: the file.
        width: of the upright frames that reading yields, in pixels.
        height: likewise.
        time_base: seconds per tick of the video stream; every frame's time is a multiple of it.
        rate: average frames a second: advice for the encoder, never used to make times.
        frames: how many there will be, or None if unknown: an estimate for the progress bar.
        duration: seconds, or None if unknown.
        pixel_aspect: width of a pixel over its height, for the upright frames.
        colour: of the upright SDR frames that reading yields: what the output is to be tagged with.
        has_alpha: whether frames carry an alpha plane.
        begin: presentation time of the first frame, in seconds: what a `Span` counts from.
        plays: how often an animation is to be shown; 0: for ever.
        copied_from: the file that a person named, where `path` is a copy that was made to read it.
    """

    path: Path
    width: int
    height: int
    time_base: Fraction
    rate: Fraction
    frames: int | None
    duration: Fraction | None
    pixel_aspect: Fraction
    colour: Colour
    has_alpha: bool
    begin: Fraction = Fraction(0)
    plays: int = 0
    copied_from: Path | None = None

    @property
    def named(self) -> Path:
        """The file that a person named."""
        return self.copied_from or self.path


@dataclass(frozen=True, slots=True)
class Span:
    """Which part of a film to paint. The painted part begins at time 0 when `start` is given.

    Attributes:
        start: seconds from the film's first frame; None: from its beginning.
        end: seconds from the film's first frame, exclusive; None: to its end.
        frames: at most this many; None: all.
    """

    start: Fraction | None = None
    end: Fraction | None = None
    frames: int | None = None
