"""Animated pictures that FFmpeg cannot play, as files that it can."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image, ImageSequence

from ..errors import SourceError


@contextmanager
def playable(path: Path) -> Iterator[Path]:
    """Give a file with the frames of an animation that can be read as a film.

    GIF and APNG are films as they are. FFmpeg reads no animated WebP, and one frame only of an
    animated AVIF; of these a lossless copy is made, which is gone afterwards.

    Raises:
        SourceError: the animation is damaged.
    """
    with TemporaryDirectory(prefix="stylize-") as folder:
        copy = Path(folder) / f"{path.stem}.apng"
        try:
            with Image.open(path) as animation:
                if animation.format in ("WEBP", "AVIF"):
                    durations = [_duration(frame) for frame in ImageSequence.Iterator(animation)]
                    animation.save(
                        copy, format="PNG", save_all=True, duration=durations, compress_level=1
                    )
        except (OSError, ValueError, SyntaxError) as error:
            reason = " ".join(str(error).split())
            raise SourceError(f"{path}: this animation cannot be read ({reason})") from error
        yield copy if copy.exists() else path


def _duration(frame: Image.Image) -> int:
    """Milliseconds; a WebP knows them only once the frame is decoded."""
    frame.load()
    return int(frame.info.get("duration", 0))
