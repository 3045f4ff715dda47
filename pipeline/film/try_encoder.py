"""A trial of an encoder that a person chose: one grey frame, written and read, before the film.

FFmpeg lists more than it can do: formats that no library here was built for, streams that a muxer
takes and no reader finds again, sizes and rates that an encoder refuses when it is opened.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import torch

from ..errors import TargetError
from ..values import Frame, Span
from .film_writer import FilmJob, FilmWriter


def try_encoder(job: FilmJob) -> None:
    """Write a film of one frame, as large as the real ones, and decode it.

    Raises:
        TargetError: that cannot be done; names the codecs to use instead.
    """
    encoder, kind = job.encoder, job.kind
    other = f"try another pixel format, or in {job.target.suffix}: {', '.join(kind.codecs)}"
    try:
        _write_and_read(job)
    except TargetError as error:
        raise TargetError(f"{error}; {other}") from error
    except (av.FFmpegError, OSError, ValueError, StopIteration) as error:
        raise TargetError(
            f"{job.target}: what {encoder.name} makes of {encoder.pixel_format} "
            f"cannot be read again; {other}"
        ) from error


def _write_and_read(job: FilmJob) -> None:
    film = job.film
    grey = torch.full((3, film.height, film.width), 0.5)
    frame = Frame(grey, Fraction(0), 1 / film.rate)
    job = replace(job, span=Span(frames=1), notify=lambda _: None)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "trial"
        with closing(FilmWriter(path, job=job, first=frame)) as writer:
            writer.add(frame)
            writer.finish()
        with av.open(str(path)) as written:
            next(written.decode(video=0))
