"""Animated pictures that FFmpeg cannot play, as files that it can."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image, ImageSequence, PngImagePlugin

from ..errors import SourceError
from .open_picture import opened

PIXEL_LIMIT = 40_000_000
"""Larger frames are refused, as several of them are held at once: 8K has 33 megapixels."""


@contextmanager
def playable(path: Path) -> Iterator[Path]:
    """Give a file with the frames of an animation that can be read as a film.

    GIF and APNG are films as they are. FFmpeg reads no animated WebP, and one frame only of an
    animated AVIF; of these a lossless copy is made, which is gone afterwards.

    Raises:
        SourceError: the animation is damaged, or has frames larger than `PIXEL_LIMIT`.
    """
    with TemporaryDirectory(prefix="stylize-") as folder:
        copy = Path(folder) / "animation.apng"
        with opened(path) as (animation, _):
            if animation.width * animation.height > PIXEL_LIMIT:
                raise SourceError(
                    f"{path}: an animation of {animation.width}x{animation.height} is too large "
                    f"(at most {PIXEL_LIMIT // 1_000_000} megapixels a frame)"
                )
            if animation.format in ("WEBP", "AVIF"):
                _copy(animation, copy)
        yield copy if copy.exists() else path


def _copy(animation: Image.Image, target: Path) -> None:
    durations = [_duration(frame) for frame in ImageSequence.Iterator(animation)]
    # Pillow makes one frame of equal neighbours, unless they are cleared away differently. It
    # paints the next one accordingly, so that what is seen stays the same.
    ways = (PngImagePlugin.Disposal.OP_NONE, PngImagePlugin.Disposal.OP_BACKGROUND)
    animation.save(
        target,
        format="PNG",
        save_all=True,
        duration=durations,
        disposal=[ways[index % 2] for index in range(len(durations))],
        compress_level=1,
    )


def _duration(frame: Image.Image) -> int:
    """Milliseconds; a WebP knows them only once the frame is decoded."""
    frame.load()
    return int(frame.info.get("duration", 0))
