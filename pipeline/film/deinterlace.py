"""Deinterlacing: each interlaced frame becomes one progressive frame at the same time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

import av
from av.filter import Graph

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

_LEAST_HEIGHT = 4  # bwdif refuses less


def deinterlaced(frames: Iterator[VideoFrame]) -> Iterator[VideoFrame]:
    """Pass progressive frames through, and interlaced ones through FFmpeg's bwdif.

    Nothing is set up before the first interlaced frame, so a progressive film costs nothing.

    Yields:
        As many frames as came in, with their time stamps, durations and colour tags.
    """
    filtering: _Bwdif | None = None
    for frame in frames:
        if filtering is not None and not filtering.fits(frame):
            yield from filtering.rest()
            filtering = None
        if filtering is None and frame.interlaced_frame and frame.height >= _LEAST_HEIGHT:
            filtering = _Bwdif(frame)
        if filtering is None:
            yield frame
        else:
            yield from filtering.push(frame)
    if filtering is not None:
        yield from filtering.rest()


class _Bwdif:
    """The filter for frames like `first`; it sees one frame ahead."""

    def __init__(self, first: VideoFrame) -> None:
        self._like = (first.width, first.height, first.format.name)
        self._stamps: deque[tuple[int | None, int]] = deque()
        self._graph = Graph()
        source = self._graph.add_buffer(
            width=first.width,
            height=first.height,
            format=first.format,
            time_base=first.time_base,
        )
        bwdif = self._graph.add("bwdif", "mode=send_frame:parity=auto:deint=interlaced")
        self._graph.link_nodes(source, bwdif, self._graph.add("buffersink")).configure()

    def fits(self, frame: VideoFrame) -> bool:
        return self._like == (frame.width, frame.height, frame.format.name)

    def push(self, frame: VideoFrame) -> Iterator[VideoFrame]:
        self._stamps.append((frame.pts, frame.duration))
        self._graph.vpush(frame)
        yield from self._ready()

    def rest(self) -> Iterator[VideoFrame]:
        self._graph.vpush(None)
        yield from self._ready()

    def _ready(self) -> Iterator[VideoFrame]:
        while True:
            try:
                frame = self._graph.vpull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            # The filter counts in half ticks; one frame comes out for each that went in.
            frame.pts, frame.duration = self._stamps.popleft()
            yield frame
