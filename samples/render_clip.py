"""Render the sample clip, with its sound: `python samples/render_clip.py` (takes a while)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import finish
import numpy as np
from scene_voyage import SECONDS, Voyage

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

HERE = Path(__file__).parent
WIDTH, HEIGHT, RATE = 640, 360, 25
SAMPLE_RATE = 48000
CHORDS = ((220.0, 277.18, 329.63, 440.0), (246.94, 293.66, 369.99, 493.88))


def frames(
    width: int = WIDTH, height: int = HEIGHT, *, oversampling: int = 2
) -> Iterator[Image.Image]:
    """Render the pictures of the clip, one after the other."""
    voyage = Voyage()
    for number in range(round(SECONDS * RATE)):
        light = voyage.at(number / RATE, width=width * oversampling, height=height * oversampling)
        yield finish.develop(light, width=width, height=height, exposure=1.2, grain=0.0)


def sound(*, seconds: float, seed: int = 1) -> NDArray[np.float32]:
    """Return (1, samples) of surf that comes and goes, and two soft chords over it."""
    generator = np.random.default_rng(seed)
    count = round(seconds * SAMPLE_RATE)
    time = np.arange(count) / SAMPLE_RATE
    frequency = np.fft.rfftfreq(count, 1 / SAMPLE_RATE)
    colour = 1 / np.maximum(frequency, 60) ** 0.8 * np.exp(-frequency / 5000)
    surf = np.fft.irfft(np.fft.rfft(generator.normal(size=count)) * colour, count)
    swell = 0.35 + 0.65 * np.sin(np.pi * time / 2.2) ** 2
    total = 0.13 * surf / surf.std() * swell
    for number, chord in enumerate(CHORDS):
        since = time - number * seconds / 2
        bell = np.where(since > 0, (1 - np.exp(-since / 0.12)) * np.exp(-since.clip(0) / 1.1), 0)
        for tone in chord:
            total += 0.05 * bell * np.sin(2 * np.pi * tone * time + tone)
    fade = np.minimum(1, np.minimum(time, seconds - time) / 0.15)
    return np.asarray(total * fade, dtype=np.float32)[None]


def write(pictures: Iterable[Image.Image], target: Path, *, crf: int = 25) -> None:
    """Encode the pictures (H.264) and as much sound as they last (AAC) into an MP4."""
    with av.open(str(target), "w", options={"movflags": "+faststart"}) as container:
        video = container.add_stream("libx264", rate=RATE)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.options = {"crf": str(crf), "preset": "veryslow"}
        tags = video.codec_context
        tags.color_primaries = tags.color_trc = tags.colorspace = 1  # BT.709, H.273
        tags.color_range = 1  # limited
        audio = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        audio.bit_rate = 64000
        count = 0
        for picture in pictures:
            count += 1
            frame = av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")
            frame = frame.reformat(
                format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG"
            )
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        _write_sound(container, audio, sound(seconds=count / RATE))


def _write_sound(
    container: av.container.OutputContainer, audio: av.AudioStream, samples: NDArray[np.float32]
) -> None:
    """Encode in pieces of the encoder's size, stamped by the sample."""
    for start in range(0, samples.shape[1], 1024):
        piece = np.ascontiguousarray(samples[:, start : start + 1024])
        frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, start, Fraction(1, SAMPLE_RATE)
        container.mux(audio.encode(frame))
    container.mux(audio.encode(None))


def main() -> None:
    """Write `clip.mp4` beside this script."""
    write(frames(), HERE / "clip.mp4")


if __name__ == "__main__":
    main()
