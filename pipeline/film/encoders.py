"""What we know of encoders: names that people type, scales of quality, presets, usual choices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

HARDWARE = ("nvenc", "videotoolbox", "qsv", "vaapi")
"""Families of hardware encoders, in the order in which they are tried."""

QP_TO_LAMBDA = 118
"""FFmpeg's FF_QP2LAMBDA: what its option `global_quality` counts in."""


@dataclass(frozen=True, slots=True)
class Scale:
    """An encoder's own scale of quality.

    Attributes:
        option: what sets it.
        allowed: its two ends.
        usual: our choice, near the point where a viewer begins to see a difference.
        best: what a quality of 100 stands for.
        worst: what a quality of 1 stands for.
        unit: what the option counts in.
        is_factor: whether it is a rate factor or a quantiser, lower being better.
    """

    option: str
    allowed: tuple[int, int]
    usual: float
    best: float
    worst: float
    unit: int = 1
    is_factor: bool = True

    def at(self, quality: int) -> float:
        """The value that stands for a quality from 1 to 100."""
        return round(self.worst + (self.best - self.worst) * (quality - 1) / 99, 1)


@dataclass(frozen=True, slots=True)
class KnownEncoder:
    """How to speak to an encoder.

    Attributes:
        scale: its scale of quality, if it has one of its own.
        preset_option: what sets its speed.
        presets: the speeds it has.
        preset: our usual one.
        options: what else it needs to be told.
    """

    scale: Scale | None = None
    preset_option: str = "preset"
    presets: tuple[str, ...] = ()
    preset: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)


ENCODER_NAMES = {
    "h264": "libx264",
    "h265": "libx265",
    "hevc": "libx265",
    "vp8": "libvpx",
    "vp9": "libvpx-vp9",
    "av1": "libsvtav1",
    "prores": "prores_ks",
    "webp": "libwebp",
}
"""The encoder behind each name that people type; other names are FFmpeg's own."""

CODEC_OF = {"libx264": "h264", "libx265": "hevc", "libsvtav1": "av1", "libvpx-vp9": "vp9"}
"""The first half of the name of an encoder's hardware counterparts."""

_X26X = (
    *("ultrafast", "superfast", "veryfast", "faster", "fast"),
    *("medium", "slow", "slower", "veryslow", "placebo"),
)

KNOWN_ENCODERS = {
    # At 1280×720 `medium` takes 53 ms of processor time a frame, about as much as painting it;
    # `faster` takes 32 ms, but at the same factor it keeps less of the picture.
    "libx264": KnownEncoder(Scale("crf", (0, 51), 18, 8, 40), presets=_X26X, preset="medium"),
    "libx265": KnownEncoder(
        Scale("crf", (0, 51), 20, 10, 42),
        presets=_X26X,
        preset="medium",
        options={"x265-params": "log-level=none"},  # it writes to stderr by itself
    ),
    "libvpx-vp9": KnownEncoder(
        Scale("crf", (0, 63), 24, 12, 55),
        preset_option="cpu-used",
        presets=tuple(str(speed) for speed in range(9)),
        preset="4",
        options={"row-mt": "1", "b": "0"},  # a bit rate of 0 lets the factor alone decide
    ),
    "libvpx": KnownEncoder(
        Scale("qmin", (0, 63), 10, 4, 50),
        preset_option="cpu-used",
        presets=tuple(str(speed) for speed in range(17)),
        preset="4",
        options={"b": "20M"},  # so much that the lowest quantiser decides, which `crf` leaves open
    ),
    "libsvtav1": KnownEncoder(
        Scale("crf", (1, 63), 24, 12, 55),
        presets=tuple(str(speed) for speed in range(14)),
        preset="8",
    ),
    "prores_ks": KnownEncoder(
        preset_option="profile",
        presets=("proxy", "lt", "standard", "hq", "4444", "4444xq"),
        options={"vendor": "apl0"},  # some editors refuse other vendors
    ),
    "libwebp": KnownEncoder(
        Scale("quality", (0, 100), 85, 100, 1, is_factor=False),
        presets=("none", "default", "picture", "photo", "drawing", "icon", "text"),
    ),
    # A third of the usual level's time for 7 % more bytes, measured on photographs.
    "png": KnownEncoder(options={"compression_level": "3"}),
    "apng": KnownEncoder(options={"compression_level": "3"}),
    "nvenc": KnownEncoder(
        Scale("cq", (0, 51), 19, 8, 40),
        presets=tuple(f"p{speed}" for speed in range(1, 8)),
        preset="p5",
        options={"rc": "vbr", "b": "0"},
    ),
    "videotoolbox": KnownEncoder(
        Scale("global_quality", (1, 100), 65, 95, 20, unit=QP_TO_LAMBDA, is_factor=False),
        options={"flags": "+qscale"},
    ),
    "qsv": KnownEncoder(
        Scale("global_quality", (1, 51), 20, 8, 40),
        presets=("veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"),
        preset="medium",
    ),
    "vaapi": KnownEncoder(Scale("qp", (0, 52), 20, 8, 40), options={"rc_mode": "CQP"}),
}
"""By FFmpeg's name of the encoder, or by the family of hardware it needs."""

WITH_QUANTISER = {"mpeg4", "msmpeg4", "mjpeg", "h263"}
"""FFmpeg's own encoders that obey limits of the quantiser; the rest without a scale have none."""

WITH_ALPHA = {"prores_ks", "ffv1", "png", "apng", "gif", "libwebp", "qtrle", "utvideo"}
"""Encoders that keep transparency in every container that takes them (VP9: only in some)."""

EVEN_SIZES_ONLY = {"libx264", "libx265", *HARDWARE}
"""Encoders, and families of hardware, that refuse sizes which their chroma does not divide."""
