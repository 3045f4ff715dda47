"""Films without sound that browsers show as pictures: GIF, animated WebP and APNG."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
from av.video.stream import VideoStream

from ..errors import TargetError
from .animation_ending import complete_animation
from .encoding import open_encoder
from .side_tracks import Clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from av.packet import Packet

    from ..values import Frame
    from .film_writer import FilmJob

_TICKS = {"gif": Fraction(1, 100), "webp": Fraction(1, 1000)}
_FASTEST_GIF = 50  # frames a second; what is shorter than two ticks, browsers show for ten


class AnimationWriter:
    """An animation on its way into a file; it begins at time 0, as these formats do."""

    def __init__(self, path: Path, *, job: FilmJob, first: Frame) -> None:
        self._path = path
        self._job = job
        self._clock = Clock(first.time)
        self._time_base = _TICKS.get(job.kind.muxer, job.film.time_base)
        self._filler = job.filler(first)
        self._palette: av.filter.Graph | None = None
        if job.kind.muxer == "gif":
            self._palette = _palette_filters(self._filler.size)
            self._filler = replace(self._filler, pixel_format="rgba")
        self._durations: dict[int, int] = {}
        self._last_duration = Fraction(0)
        self._last_size = 0
        self._finished = False
        if job.kind.muxer == "gif" and job.film.rate > _FASTEST_GIF:
            job.notify(
                f"{job.target.name}: GIF above {_FASTEST_GIF} frames a second "
                "plays slowly in browsers"
            )
        self._output = av.open(
            str(path.absolute()),
            "w",
            format=job.kind.muxer,
            container_options=_shown(job.kind.muxer, job.film.plays),
        )
        stream = self._output.add_stream(job.encoder.name, rate=job.film.rate)
        if not isinstance(stream, VideoStream):
            raise TargetError(f"{job.target}: {job.encoder.name} is no encoder of pictures")
        self._stream = stream
        self._filler.prepare(stream.codec_context, job.encoder, job.film.pixel_aspect)
        stream.codec_context.pix_fmt = job.encoder.pixel_format
        stream.time_base = stream.codec_context.time_base = self._time_base
        open_encoder(self._output.start_encoding, job.encoder, job.target)

    def add(self, frame: Frame) -> None:
        """Encode and write a frame."""
        filled = self._filler.fill(frame)
        filled.time_base = self._time_base
        filled.pts = tick = self._clock.tick(frame.time, self._time_base)
        end = round((frame.time + frame.duration - self._clock.offset) / self._time_base)
        self._durations[tick] = max(1, end - tick)
        self._last_duration = self._durations[tick] * self._time_base
        for encodable in self._with_palette(filled):
            self._mux(self._stream.codec_context.encode(encodable))

    def finish(self) -> None:
        """Write what is left, the last frame's duration and the metadata."""
        for encodable in self._with_palette(None):
            self._mux(self._stream.codec_context.encode(encodable))
        self._mux(self._stream.codec_context.encode_lazy(None))
        self._output.close()
        self._finished = True
        complete_animation(
            self._path,
            muxer=self._job.kind.muxer,
            last_duration=self._last_duration,
            last_size=self._last_size,
            size=self._filler.size,
            alpha=self._filler.keeps_alpha,
            metadata=self._job.metadata,
        )

    def close(self) -> None:
        """Let go of the file."""
        if not self._finished:
            with suppress(av.FFmpegError, OSError):
                self._output.close()

    def _with_palette(self, frame: av.VideoFrame | None) -> Iterator[av.VideoFrame]:
        """Choose each frame's 256 colours, where the format has no more."""
        if self._palette is None:
            if frame is not None:
                yield frame
            return
        self._palette.push(frame)
        while True:
            try:
                reduced = self._palette.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            if isinstance(reduced, av.VideoFrame):
                yield reduced

    def _mux(self, packets: Iterable[Packet[VideoStream]]) -> None:
        for packet in packets:
            packet.stream = self._stream
            if packet.pts is not None:
                packet.duration = self._durations.pop(packet.pts, packet.duration)
            self._last_size = packet.size
            self._output.mux(packet)


def _shown(muxer: str, plays: int) -> dict[str, str]:
    """How a muxer is told how often an animation is to be shown; 0: for ever."""
    if muxer == "apng":
        return {"plays": str(plays)}
    if muxer == "gif" and plays:
        return {"loop": str(plays - 1 or -1)}  # how often it begins anew; -1: never
    return {"loop": str(plays)}


def _palette_filters(size: tuple[int, int]) -> av.filter.Graph:
    """A palette for every frame; ordered dither, whose pattern stands still while things move."""
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=size[0], height=size[1], format=av.VideoFormat("rgba"), time_base=_TICKS["gif"]
    )
    split = graph.add("split")
    choose = graph.add("palettegen", "stats_mode=single")
    use = graph.add("paletteuse", "new=1:dither=bayer:bayer_scale=3")
    source.link_to(split)
    split.link_to(choose, 0, 0)
    split.link_to(use, 1, 0)
    choose.link_to(use, 0, 1)
    use.link_to(graph.add("buffersink"))
    graph.configure()
    return graph
