"""Films as folders: numbered PNGs and a list of their times."""

from __future__ import annotations

import re
from contextlib import suppress
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
from av.video.codeccontext import VideoCodecContext

from ..errors import TargetError
from ..targets import is_within
from .encoding import open_encoder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from av.packet import Packet
    from av.stream import Stream

    from ..values import Frame
    from .film_writer import FilmJob

TIMES = "timestamps.txt"
_HEADER = b"# timestamp format v2"
_PICTURE = re.compile(r"\d{6,}\.png")


class FolderWriter:
    """A folder on its way: `000001.png` and so on, and `timestamps.txt`.

    The list is in "timestamp format v2", which mkvmerge and x264 read: milliseconds, a line for
    each frame and one for the end of the last.
    """

    def __init__(self, path: Path, *, job: FilmJob, first: Frame) -> None:
        path.mkdir()
        self._path = path
        self._filler = job.filler(first)
        context = av.CodecContext.create(job.encoder.name, "w")
        if not isinstance(context, VideoCodecContext):
            raise TargetError(f"{job.target}: {job.encoder.name} is no encoder of pictures")
        self._context: VideoCodecContext = context
        self._filler.prepare(self._context, job.encoder, job.film.pixel_aspect)
        self._context.time_base = Fraction(1, 1000)
        self._context.thread_count = 1  # each picture is to come out before the next goes in
        open_encoder(self._context.open, job.encoder, job.target)
        self._offset = job.zero(first)
        self._count = 0
        self._end = Fraction(0)
        self._times = (path / TIMES).open("w", encoding="utf-8")
        self._times.write(f"{_HEADER.decode()}\n")
        for key, value in job.metadata.items():
            self._times.write(f"# {key}: {' '.join(value.split())}\n")

    def add(self, frame: Frame) -> None:
        """Write a picture and its time."""
        filled = self._filler.fill(frame)
        filled.pts = self._count
        self._save(self._context.encode(filled))
        self._times.write(f"{_milliseconds(frame.time - self._offset)}\n")
        self._end = frame.time + frame.duration

    def finish(self) -> None:
        """Write the end of the last frame and complete the list."""
        self._save(self._context.encode(None))
        self._times.write(f"{_milliseconds(self._end - self._offset)}\n")
        self._times.close()

    def close(self) -> None:
        """Let go of the list of times."""
        with suppress(OSError):  # only where it was not finished: that has failed for a reason
            self._times.close()

    def _save(self, packets: Iterable[Packet[Stream]]) -> None:
        for packet in packets:
            self._count += 1
            (self._path / f"{self._count:06}.png").write_bytes(bytes(packet))


def refuse_foreign_folder(target: Path, *, source: Path) -> None:
    """Protect all but an earlier film of ours; a folder is replaced as a whole.

    Raises:
        TargetError: the target is a file, holds the source, or is neither empty nor ours.
    """
    if not target.exists():
        return
    if not target.is_dir():
        raise TargetError(f"{target}: is a file; a folder of PNGs needs a name that is free")
    if is_within(source, target):
        raise TargetError(f"{target}: the source is in this folder; choose a new one")
    try:
        ours = _is_ours(target)
    except OSError as error:
        raise TargetError(f"{target}: cannot be looked into ({error.strerror})") from error
    if not ours:
        raise TargetError(f"{target}: a folder that holds other files; choose a new one")


def _is_ours(folder: Path) -> bool:
    """Whether nothing is there but what we write."""
    names = {path.name for path in folder.iterdir()}
    if any(name != TIMES and not _PICTURE.fullmatch(name) for name in names):
        return False
    if not names:
        return True
    if TIMES not in names:
        return False
    with (folder / TIMES).open("rb") as times:
        return times.readline(len(_HEADER) + 2).strip() == _HEADER


def _milliseconds(time: Fraction) -> str:
    """Exact where a decimal can be, else to a billionth of a millisecond."""
    with localcontext(prec=30):
        exact = Decimal((time * 1000).numerator) / (time * 1000).denominator
        rounded = exact.quantize(Decimal("1e-9")).normalize()
    return f"{rounded:f}"
