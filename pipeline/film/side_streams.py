"""Everything of a film but its picture: sound, subtitles, chapters, attachments and metadata.

The source is read a second time, only as far as the picture has been written, so that nothing
gathers in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import av
from av.audio.stream import AudioStream
from av.stream import AttachmentStream, DataStream, Disposition
from av.subtitles.stream import SubtitleStream
from av.video.stream import VideoStream

from .joined_tracks import APART, joined, may_be_joined
from .side_metadata import kept_chapters, kept_metadata, quicktime_language
from .side_sound import add_transcoded
from .side_subtitles import add_converted
from .side_tracks import DamagedPacketError, Track, add_copy, can_copy
from .video_source import film_stream

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet
    from av.stream import Stream

    from ..values import Notify
    from .encoding import Container

_TEXT_ENCODERS = {"mp4": "mov_text", "mov": "mov_text", "matroska": "subrip", "webm": "webvtt"}

# What players know in MP4; FFmpeg would put much more there that they do not.
_MP4_SOUND = {"aac", "mp3", "mp2", "ac3", "eac3", "alac", "opus", "flac", "dts", "truehd"}

_DECODED = {"audio", "subtitle"}
"""Kinds that PyAV copies only where FFmpeg has a decoder for them."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Which part of the source goes into the output.

    Attributes:
        offset: the source's time that becomes zero, in seconds.
        begin: nothing earlier is taken; None: from the start.
        end: chapters after it are left out, and no subtitle stays longer; None: to the end.
    """

    offset: Fraction = Fraction(0)
    begin: Fraction | None = None
    end: Fraction | None = None


class SideStreams:
    """The second reading of a film. Use it as a context manager: leaving it closes the source.

    Args:
        path: the source.
        cut: which part of it.
        notify: told, once each, what is changed or left out.
    """

    def __init__(self, path: Path, *, cut: Cut, notify: Notify) -> None:
        self._source = _opened(path)
        self._path = path
        self._cut = cut
        self._say = notify
        self._said: set[str] = set()
        self._tracks: dict[int, Track] = {}
        self._packets: Iterator[tuple[Packet[Stream], Fraction]] = iter(())
        self._next: tuple[Packet[Stream], Fraction] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._packets = iter(())
        self._source.close()

    def name_lost(self, holder: str) -> None:
        """Say what a target that holds a picture alone leaves out of the source."""
        streams = self._source.streams
        there = {
            "sound": streams.audio,
            "subtitles": streams.subtitles,
            "chapters": self._source.chapters(),
            "attachments": streams.attachments,
        }
        if lost := [name for name, found in there.items() if found]:
            *others, last = lost
            named = f"{', '.join(others)} or {last}" if others else last
            are = "is" if lost == ["sound"] else "are"
            self._notify(f"{holder} has no {named}: the film's {are} left out")
        self._leave_out_pictures()

    def add_to(
        self, output: OutputContainer, *, picture: Stream, kind: Container, suffix: str
    ) -> None:
        """Add all tracks to an output whose header is not yet written.

        Args:
            output: already has the painted picture's stream,
            picture: which gets the source's metadata of its own.
            kind: of the output.
            suffix: the output's extension, for messages.
        """
        begins_at_zero = self._cut.begin is None
        output.metadata.update(kept_metadata(self._source.metadata, timecode=begins_at_zero))
        painted = self._picture.metadata
        picture.metadata.update(kept_metadata(painted, timecode=begins_at_zero))
        chapters = kept_chapters(
            self._source.chapters(), offset=self._cut.offset, end=self._cut.end
        )
        if chapters:
            output.set_chapters(chapters)
        self._add_tracks(output, kind, suffix)
        self._leave_out_pictures()
        if self._tracks:
            self._packets = self._demuxed(self._begun())
            self._next = next(self._packets, None)

    def mux_until(self, output: OutputContainer, time: Fraction | None) -> None:
        """Write what begins before `time`, in seconds of the source; None: all that is left."""
        while self._next is not None and (time is None or self._next[1] < time):
            packet, start = self._next
            self._mux(output, self._tracks[packet.stream_index], packet, start)
            self._next = next(self._packets, None)
        if time is not None:
            for track in self._tracks.values():
                for made in track.until(time):
                    output.mux(made)

    def finish(self, output: OutputContainer, end: Fraction | None) -> None:
        """Write what is left, up to `end` or to the source's own end."""
        self.mux_until(output, end)
        for track in self._tracks.values():
            for packet in track.rest():
                output.mux(packet)

    def _mux(
        self, output: OutputContainer, track: Track, packet: Packet[Stream], start: Fraction
    ) -> None:
        index = packet.stream_index
        try:
            for made in track.take(packet, start):
                output.mux(made)
        except (DamagedPacketError, av.InvalidDataError, av.ArgumentError) as error:
            reason = str(error) if isinstance(error, DamagedPacketError) else "damaged"
            self._notify(f"{self._names[index]}: packets left out ({reason})")

    def _add_tracks(self, output: OutputContainer, kind: Container, suffix: str) -> None:
        self._names: dict[int, str] = {}
        numbers = {name: count(1) for name in ("audio", "subtitle", "data", "attachment", "video")}
        for stream in self._source.streams:
            number = next(numbers.get(stream.type, count(1)))
            self._names[stream.index] = f"{stream.type} {number} ({_codec_name(stream)})"
            if stream.type in _DECODED and stream.codec_context is None:
                track = None
                self._notify(
                    f"{self._names[stream.index]} is left out: its codec is not known here"
                )
            elif isinstance(stream, AudioStream):
                track = self._sound(output, stream, kind, suffix)
            elif isinstance(stream, SubtitleStream):
                track = self._subtitle(output, stream, kind, suffix)
            else:
                track = None
                self._other(output, stream, kind, suffix)
            if track is not None:
                metadata = kept_metadata(stream.metadata, timecode=False)
                if kind.muxer == "mov" and "language" in metadata:
                    metadata["language"] = quicktime_language(metadata["language"])
                track.output.metadata.update(metadata)
                track.output.disposition = stream.disposition
                self._tracks[stream.index] = track

    def _sound(
        self, output: OutputContainer, stream: AudioStream, kind: Container, suffix: str
    ) -> Track | None:
        name = self._names[stream.index]
        known = kind.muxer != "mp4" or stream.codec_context.codec.canonical_name in _MP4_SOUND
        if known and can_copy(stream, kind.muxer):
            return add_copy(output, stream, self._cut.offset)
        encoder = kind.audio or "aac"
        track = add_transcoded(output, stream, encoder, self._cut.offset)
        if track is None:
            self._notify(f"{name} is left out: the file does not say what it holds")
        else:
            self._notify(f"{name} is transcoded to {encoder}: {suffix} does not take it as it is")
        return track

    def _subtitle(
        self, output: OutputContainer, stream: SubtitleStream, kind: Container, suffix: str
    ) -> Track | None:
        name = self._names[stream.index]
        if can_copy(stream, kind.muxer):
            return add_copy(output, stream, self._cut.offset)
        if stream.codec_context.codec.text_sub:
            encoder = _TEXT_ENCODERS[kind.muxer]
            self._notify(f"{name} becomes {encoder}: {suffix} does not take it as it is")
            return add_converted(output, stream, encoder, self._cut.offset)
        self._notify(f"{name} is left out: {suffix} takes only text; .mkv keeps it")
        return None

    def _other(self, output: OutputContainer, stream: Stream, kind: Container, suffix: str) -> None:
        """Attachments, covers and data."""
        name = self._names[stream.index]
        if isinstance(stream, AttachmentStream):
            if kind.muxer == "matroska" and stream.name and stream.mimetype:
                output.add_attachment(stream.name, stream.mimetype, stream.data)
            else:
                self._notify(f"{name} is left out; .mkv keeps it")
        elif isinstance(stream, VideoStream) and _is_cover(stream):
            if not self._add_cover(output, stream, kind):
                self._notify("the cover picture is left out; .mkv keeps it")
        elif isinstance(stream, DataStream) and not self._is_trivial(stream):
            self._notify(f"{name} is left out")

    def _add_cover(self, output: OutputContainer, stream: VideoStream, kind: Container) -> bool:
        """Attach a cover; FFmpeg's MP4 muxer would drop it beside metadata of free names."""
        ending = {"mjpeg": "jpg", "png": "png"}.get(_codec_name(stream))
        if kind.muxer != "matroska" or ending is None:
            return False
        packet = _first_packet(self._path, stream.index)
        if packet is None:
            return False
        mime = "image/jpeg" if ending == "jpg" else "image/png"
        output.add_attachment(f"cover.{ending}", mime, bytes(packet))
        return True

    def _leave_out_pictures(self) -> None:
        films = [each for each in self._source.streams.video if not _is_cover(each)]
        if len(films) > 1:
            self._notify(f"only one of {len(films)} video tracks is painted; others are left out")

    def _is_trivial(self, stream: DataStream) -> bool:
        """Time codes, programme tables, and the text track that holds chapters in MP4."""
        return stream.name in {None, "epg"} or (
            stream.name == "bin_data" and bool(self._source.chapters())
        )

    @property
    def _picture(self) -> VideoStream:
        """The stream that is painted."""
        return film_stream(self._source, self._path)

    def _begun(self) -> list[Stream]:
        """Go to where the cut begins, or a little before; give the streams to read."""
        streams = self._chosen()
        aim = None if self._cut.begin is None else int((self._cut.begin - APART) * av.time_base)
        if aim is None or aim <= (self._source.start_time or 0) or may_be_joined(self._source):
            return streams
        try:
            self._source.seek(aim)
        except av.FFmpegError:
            # What was read on opening is gone now: begin anew, the same packets come later.
            self._source.close()
            self._source = _opened(self._path)
            streams = self._chosen()
        return streams

    def _chosen(self) -> list[Stream]:
        """The streams that go into the output, and the picture, by which they are timed."""
        chosen: list[Stream] = []
        picture = self._picture
        for stream in self._source.streams:
            if stream.index in self._tracks or stream == picture:
                chosen.append(stream)
            else:
                stream.discard = av.stream.Discard.all
        return chosen

    def _demuxed(self, streams: list[Stream]) -> Iterator[tuple[Packet[Stream], Fraction]]:
        """Packets within the cut, and when they begin; one without time follows the last."""
        ends: dict[int, Fraction] = {}
        begin, end = self._cut.begin, self._cut.end
        try:
            for packet in joined(self._source.demux(streams), picture=self._picture):
                index, tick = packet.stream_index, packet.time_base
                start = ends.get(index, self._cut.offset)
                if packet.pts is not None:
                    start = packet.pts * tick
                ends[index] = start + (packet.duration or 0) * tick
                line = packet.stream.type == "subtitle"
                if begin is not None and start < begin:
                    if not line or ends[index] <= begin:
                        continue
                    start = begin  # a line that is already on the screen
                if line:
                    stays = ends[index]
                    # A line that begins later is written only where the film goes on after all.
                    if end is not None and start < end:
                        stays = min(stays, end)
                    packet.duration = max(0, int((stays - start) / tick))
                yield packet, start
        except av.FFmpegError as error:
            self._notify(f"sound and subtitles end early: {error.strerror}")

    def _notify(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._say(f"{self._path.name}: {text}")


def _opened(path: Path) -> InputContainer:
    return av.open(str(path.absolute()), metadata_errors="replace")


def _codec_name(stream: Stream) -> str:
    if stream.codec_context is not None:
        return stream.codec_context.codec.canonical_name
    return getattr(stream, "name", None) or "unknown"  # tracks without a decoder have no name


def _is_cover(stream: VideoStream) -> bool:
    return bool(stream.disposition & Disposition.attached_pic)


def _first_packet(path: Path, index: int) -> Packet[Stream] | None:
    with _opened(path) as source:
        packets = source.demux(source.streams[index])
        return next((packet for packet in packets if packet.size), None)
