"""Part of the runs: open a film, or an animated picture as one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from .film.read_video import probe_video
from .picture.animation import count_frames, playable, times_played
from .picture.open_picture import is_animated
from .values import Film, Notify


@contextmanager
def opened_film(source: Path, *, notify: Notify) -> Iterator[Film]:
    """What is known of a film; a copy that is made to read it is gone afterwards.

    Args:
        source: the film, or an animated picture.
        notify: told what a person should know.

    Raises:
        SourceError: it cannot be read.
    """
    if not is_animated(source):
        yield probe_video(source, notify=notify)
        return
    with playable(source) as moving:
        film = replace(probe_video(moving, notify=notify), plays=times_played(source))
        if moving != source:
            film = replace(film, copied_from=source, frames=count_frames(source))
        yield film
