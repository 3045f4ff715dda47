"""What a film is written as: container, encoder and its options, chosen from names people type.

Everything here is settled, and refused, before the first frame is painted.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.codec.codec import UnknownCodecError
from av.codec.hwaccel import HWAccel

from ..errors import EncodingError, TargetError
from ..values import Notify
from .encoders import (
    CODEC_OF,
    ENCODER_NAMES,
    EVEN_SIZES_ONLY,
    HARDWARE,
    KNOWN_ENCODERS,
    WITH_ALPHA,
    WITH_QUANTISER,
    KnownEncoder,
)

# SVT-AV1 announces itself on stderr unless its own environment variable asks for errors only.
os.environ.setdefault("SVT_LOG", "1")


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a film is to be encoded; None leaves a choice to the container.

    Attributes:
        codec: `h264`, `h265` (`hevc`), `vp9`, `av1`, `prores`, `ffv1`, or FFmpeg's encoder name.
        crf: constant rate factor on the encoder's own scale; lower is better.
        quality: 1 to 100, higher is better, put on the encoder's own scale; `crf` beats it.
        encoder_preset: speed of the encoder (a profile for ProRes), as the encoder names it.
        pixel_format: as FFmpeg names it.
        hw: whether to encode in hardware where some is there.
    """

    codec: str | None = None
    crf: float | None = None
    quality: int | None = None
    encoder_preset: str | None = None
    pixel_format: str | None = None
    hw: bool = False


@dataclass(frozen=True, slots=True)
class Container:
    """A kind of output.

    Attributes:
        muxer: FFmpeg's name of it; `folder` for a folder of PNGs.
        codecs: names to offer; the first is the usual one.
        audio: encoder for sound that cannot be copied; None where there is no sound at all.
    """

    muxer: str
    codecs: tuple[str, ...]
    audio: str | None = None


@dataclass(frozen=True, slots=True)
class Encoder:
    """An encoder with its options, ready to be opened.

    Attributes:
        name: FFmpeg's name of it.
        options: for the encoder itself.
        pixel_format: what it is to be given.
        keeps_alpha: whether the transparency of frames is encoded.
        chosen_format: whether a person asked for this pixel format.
    """

    name: str
    options: Mapping[str, str]
    pixel_format: str
    keeps_alpha: bool
    chosen_format: bool

    @property
    def hardware(self) -> str | None:
        """The family of hardware that it needs, if any."""
        family = self.name.rpartition("_")[2]
        return family if family in HARDWARE else None


_MPEG4 = Container("mp4", ("h264", "h265", "av1", "vp9"), "aac")
_CONTAINERS = {
    ".mp4": _MPEG4,
    ".m4v": _MPEG4,
    ".mov": Container("mov", ("h264", "h265", "prores", "png"), "aac"),
    ".mkv": Container("matroska", ("h264", "h265", "av1", "vp9", "prores", "ffv1"), "aac"),
    ".webm": Container("webm", ("vp9", "av1"), "libopus"),
    ".gif": Container("gif", ("gif",)),
    ".webp": Container("webp", ("webp",)),
    ".apng": Container("apng", ("apng",)),
}
_FOLDER = Container("folder", ("png",))
FILM_ENDINGS = tuple(_CONTAINERS)
"""Extensions of the films that are written."""

_USUAL_FORMATS = ("yuv420p", "yuv422p10le", "nv12", "yuv444p", "rgb24", "pal8")
_USUAL_ALPHA_FORMATS = ("yuva420p", "yuva444p10le", "bgra", "rgba", "gbrap", "pal8")


def container_of(target: Path) -> Container:
    """Tell the kind of output from a target's name; without an extension it is a folder.

    Raises:
        EncodingError: the extension is none that can be written.
    """
    if target.name.lower() in _CONTAINERS:
        raise EncodingError(f"{target}: an extension without a name before it")
    if not target.suffix or target.is_dir():
        return _FOLDER
    try:
        return _CONTAINERS[target.suffix.lower()]
    except KeyError:
        raise EncodingError(
            f"{target}: cannot write films as {target.suffix!r}; use one of "
            f"{', '.join(_CONTAINERS)}, or a name without extension for a folder of PNGs"
        ) from None


def choose_encoder(
    target: Path, *, encoding: Encoding, has_alpha: bool, rate: Fraction, notify: Notify
) -> Encoder:
    """Settle the encoder of a film and all its options.

    Args:
        target: the output; its extension says the container.
        encoding: what was asked for.
        has_alpha: whether the film is transparent anywhere.
        rate: frames a second, for trying out hardware.
        notify: told what cannot be kept.

    Raises:
        EncodingError: a choice does not exist or does not go with the container.
    """
    container = container_of(target)
    name = _encoder_name(target, container, encoding, has_alpha=has_alpha)
    known = KNOWN_ENCODERS.get(name, KnownEncoder())
    if encoding.hw:
        name, known = _in_hardware(name, known, rate, notify)
    keeps_alpha = has_alpha and (
        name in WITH_ALPHA or (name == "libvpx-vp9" and container.muxer in {"webm", "matroska"})
    )
    pixel_format = _pixel_format(name, encoding.pixel_format, keeps_alpha=keeps_alpha)
    keeps_alpha &= pixel_format == "pal8" or _has_alpha(pixel_format)
    options = {**known.options, **_quality_options(name, known, encoding)}
    options |= _preset_options(name, known, encoding, pixel_format)
    chosen = encoding.pixel_format is not None
    return Encoder(name, options, pixel_format, keeps_alpha, chosen)


def has_scale(target: Path) -> bool:
    """Whether the usual encoder of such a film has a scale of quality."""
    codec = container_of(target).codecs[0]
    name = ENCODER_NAMES.get(codec, codec)
    return name in WITH_QUANTISER or KNOWN_ENCODERS.get(name, KnownEncoder()).scale is not None


def fit_size(
    encoder: Encoder, *, width: int, height: int, notify: Notify
) -> tuple[str, tuple[int, int]]:
    """Make a size fit an encoder whose chroma samples do not divide it.

    Without a wish for a pixel format the picture is kept and its chroma left whole; with one it is
    kept to, and the picture grows by an edge pixel.

    Returns:
        The pixel format to encode and the size to encode, which may be one larger.
    """
    across, down = chroma_of(encoder.pixel_format)
    padded = (width + -width % (1 << across), height + -height % (1 << down))
    restricted = {encoder.name, encoder.hardware} & EVEN_SIZES_ONLY
    if not restricted or padded == (width, height):
        return encoder.pixel_format, (width, height)
    if encoder.hardware is None and not encoder.chosen_format:
        notify(
            f"{width}×{height} is odd: encoded as yuv444p, which few devices play "
            f"(--pixel-format {encoder.pixel_format} adds a pixel at the edge instead)"
        )
        return "yuv444p", (width, height)
    notify(f"{width}×{height} is odd: an edge pixel is repeated to make {padded[0]}×{padded[1]}")
    return encoder.pixel_format, padded


def chroma_of(pixel_format: str) -> tuple[int, int]:
    """Log2 of how many pixels share one chroma sample, across and down."""
    whole = av.VideoFormat(pixel_format, 16, 16)
    across, down = 16 // whole.chroma_width(), 16 // whole.chroma_height()
    return across.bit_length() - 1, down.bit_length() - 1


def open_encoder(opening: Callable[[], None], encoder: Encoder, target: Path) -> None:
    """Run what opens an encoder; a failure is told in the encoder's own words.

    Raises:
        TargetError: it does not open.
    """
    said: list[str] = []
    try:
        with _heard(said):
            opening()
    except (av.FFmpegError, OSError) as error:
        reason = said[0] if said else (error.strerror or str(error))
        raise TargetError(f"{target}: {encoder.name} cannot be opened: {reason}") from error


@contextmanager
def _heard(lines: list[str]) -> Iterator[None]:
    """Collect what FFmpeg's parts say of errors, which they otherwise say to nobody."""
    level, skips = av.logging.get_level(), av.logging.get_skip_repeated()
    av.logging.set_level(av.logging.ERROR)
    av.logging.set_skip_repeated(False)  # or what was said before would be counted here
    try:
        with av.logging.Capture() as logs:
            try:
                yield
            finally:
                lines += [text.strip() for _, _, text in logs if text.strip()]
    finally:
        av.logging.set_skip_repeated(skips)
        av.logging.set_level(level)


def _encoder_name(
    target: Path, container: Container, encoding: Encoding, *, has_alpha: bool
) -> str:
    if encoding.codec is None:
        usual = "prores" if has_alpha and container.muxer == "mov" else container.codecs[0]
        return ENCODER_NAMES.get(usual, usual)
    name = ENCODER_NAMES.get(encoding.codec.lower(), encoding.codec.lower())
    offered = f"in {target.suffix or 'a folder'}: {', '.join(container.codecs)}"
    try:
        codec = av.Codec(name, "w")
    except UnknownCodecError:
        raise EncodingError(f"no encoder {encoding.codec!r} here; {offered}") from None
    name = codec.name  # people may have named what the encoder makes
    own = {ENCODER_NAMES.get(codec, codec) for codec in container.codecs}
    # Beside what we offer, the general containers take whatever FFmpeg can put in them.
    fits = name in own or (container.audio is not None and _holds(container.muxer, name))
    if codec.type != "video" or not fits:
        raise EncodingError(f"{target.name}: codec {encoding.codec!r} does not go there; {offered}")
    if codec.frame_rates:
        raise EncodingError(
            f"{target.name}: {name} takes only a few fixed rates, and a film keeps its own times; "
            f"{offered}"
        )
    return name


def _holds(muxer: str, encoder: str) -> bool:
    with av.open(os.devnull, "w", format=muxer) as trial:
        return encoder in trial.supported_codecs


def _in_hardware(
    name: str, known: KnownEncoder, rate: Fraction, notify: Notify
) -> tuple[str, KnownEncoder]:
    """The first hardware encoder of the same codec that really opens, or what was given."""
    for hardware in HARDWARE:
        candidate = f"{CODEC_OF.get(name, name)}_{hardware}"
        if candidate in av.codecs_available and _opens(candidate, rate):
            return candidate, KNOWN_ENCODERS.get(hardware, KnownEncoder())
    notify(f"no hardware encoder for {CODEC_OF.get(name, name)} opens here; using {name}")
    return name, known


def _opens(name: str, rate: Fraction) -> bool:
    try:
        with _heard([]):
            hardware = HWAccel("vaapi") if name.endswith("_vaapi") else None
            context = av.CodecContext.create(name, "w", hardware)
            if not isinstance(context, av.VideoCodecContext):
                return False
            context.width, context.height, context.pix_fmt = 640, 480, "nv12"
            context.framerate, context.time_base = rate, 1 / rate
            context.open()
    except (av.FFmpegError, ValueError, NotImplementedError):
        return False
    return True


def _pixel_format(name: str, wanted: str | None, *, keeps_alpha: bool) -> str:
    formats = av.Codec(name, "w").video_formats
    allowed = [each.name for each in formats if _can_fill(each, name)] if formats else ["yuv420p"]
    if wanted is not None or not allowed:
        if wanted not in allowed:
            takes = f"it takes {', '.join(allowed)}" if allowed else "none of its own can be made"
            raise EncodingError(f"{name} does not take pixel format {wanted!r}; {takes}")
        return wanted
    if name == "libwebp":
        return "bgra"  # it converts to its own YUV by itself, and better
    usual = _USUAL_ALPHA_FORMATS if keeps_alpha else _USUAL_FORMATS
    return next((each for each in usual if each in allowed), allowed[0])


def _can_fill(each: av.VideoFormat, encoder: str) -> bool:
    """Whether pictures can become this format: samples of 8 to 16 bits, or GIF's palette."""
    if each.name in HARDWARE or each.name.startswith("yuvj"):
        return False
    depths = [part.bits for part in each.components]
    return each.has_palette == (encoder == "gif") and all(8 <= bits <= 16 for bits in depths)


def _has_alpha(pixel_format: str) -> bool:
    return any(part.is_alpha for part in av.VideoFormat(pixel_format).components)


def _quality_options(name: str, known: KnownEncoder, encoding: Encoding) -> dict[str, str]:
    crf, quality, scale = encoding.crf, encoding.quality, known.scale
    if scale is None and name not in WITH_QUANTISER:
        for option, value in (("crf", crf), ("quality", quality)):
            if value is not None:
                raise EncodingError(f"{name} has no scale of quality: leave out --{option}")
        return {}
    if crf is not None:
        if scale is None or not scale.is_factor:
            raise EncodingError(f"{name} has no rate factor: use --quality instead of --crf")
        low, high = scale.allowed
        if not low <= crf <= high:
            raise EncodingError(f"{name}: crf must be from {low} to {high}, not {crf:g}")
        return {scale.option: f"{crf * scale.unit:g}"}
    if scale is not None:
        value = scale.usual if quality is None else scale.at(quality)
        return {scale.option: f"{value * scale.unit:g}"}
    # 31 (worst) to 1. FFmpeg's own option for it does nothing without PyAV, which has no
    # setting for a frame's quality: but between two equal limits there is no choice.
    quantiser = str(round(31 - 30 * ((quality or 90) - 1) / 99))
    return {"qmin": quantiser, "qmax": quantiser}


def _preset_options(
    name: str, known: KnownEncoder, encoding: Encoding, pixel_format: str
) -> dict[str, str]:
    wanted = encoding.encoder_preset
    if wanted is None:
        if name == "prores_ks":
            return {"profile": "4444" if "444" in pixel_format else "hq"}
        return {known.preset_option: known.preset} if known.preset else {}
    if wanted not in known.presets:
        allowed = f"it has {', '.join(known.presets)}" if known.presets else "it has none"
        raise EncodingError(f"{name} has no encoder preset {wanted!r}; {allowed}")
    return {known.preset_option: wanted}
