"""Third stage: run the network on each batch, and say how much of what it painted is to show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from stylize.models.memory import is_out_of_memory
from stylize.models.pixels import pad
from stylize.models.tf32 import tf32

from .denoise import denoise
from .enlarge import enlarge
from .errors import StylizeError
from .fill_hidden import filled
from .resize import fitted, luma, resize
from .settings import SMALLEST_SIZE
from .values import Batch

Network = Callable[[Tensor], Tensor]
Pan = tuple[float, float]
"""Pixels to the right and down."""

_ENLARGED_PIXELS = 34_000_000
"""Beyond so many, which are 8K, no picture is enlarged: in a film a `swift` takes 6 GB for them."""


@dataclass(frozen=True, slots=True)
class Mixing:
    """How pictures are painted, and how their paintings meet them.

    Attributes:
        strength: 0 (the source) to 1 (the painting).
        keep_color: take only the luminance from the painting, and the colour from the source.
        denoise: how much fine noise is taken out of the painting, 0 to 1.
        size: shorter side in pixels at which the network sees the picture, as far as
            `working_size` allows; None: as it is.
        lattice: pixels between the places by which the network sees, which then go along with what
            frames pan by (see `flow_pan`); 1: they stay.
        coverage: (1, 1, h, w) in [0, 1], of any size: how much of the painting shows at each place;
            None: all of it everywhere.
    """

    strength: float = 1.0
    keep_color: bool = False
    denoise: float = 0.0
    size: int | None = None
    lattice: int = 1
    coverage: Tensor | None = None


def restyle(
    batches: Iterable[Batch],
    *,
    network: Network,
    mixing: Mixing,
    device: torch.device,
    dtype: torch.dtype,
) -> Iterator[Batch]:
    """Paint each batch; pictures keep their size and come back as float32 on the CPU.

    They are whole paintings, and their frames say how much of them is to show (see
    `values.Frame.cover`). Without any strength nothing is painted. Short of memory, a batch is
    halved, and those after it are, down to single pictures, before giving up.

    Args:
        batches: RGB in [0, 1]; where their frames have clean pictures, those are painted, and
            what is transparent with the colours around it.
        network: on `device`, in `dtype`; (N, 3, H, W) in [0, 1] to the same.
        mixing: strength, colour and working size.
        device: where the network is.
        dtype: what it computes in.

    Raises:
        StylizeError: one picture alone is too large for the device's memory.
    """
    size, cover, most = None, None, None
    for batch in batches:
        if batch.pictures.shape[-2:] != size:
            size, most = batch.pictures.shape[-2:], None
            cover = _cover(mixing, size)  # one for all frames of a film
        painted = batch
        if mixing.strength > 0:
            pictures, most = _in_parts(batch, most, network, mixing, device, dtype)
            painted = replace(batch, pictures=pictures)
        if cover is not None:
            frames = tuple(replace(frame, cover=cover) for frame in batch.frames)
            painted = replace(painted, frames=frames)
        yield painted


def working_size(height: int, width: int, size: int | None) -> tuple[int, int]:
    """Height and width at which the network sees a picture of this size.

    Its shorter side becomes `size`, but a picture is not enlarged beyond 34 megapixels: a line of
    1 by 8,000 pixels at a size of 720 would have 4,147.
    """
    if size is None:
        return height, width
    furthest = max(1.0, (_ENLARGED_PIXELS / (height * width)) ** 0.5)
    scale = min(size / min(height, width), furthest)
    return max(1, round(height * scale)), max(1, round(width * scale))


def too_large(height: int, width: int, size: int | None, device: torch.device) -> StylizeError:
    """What to raise where one picture alone, seen at a size, does not fit in a memory."""
    ways = []
    if (smaller := min(working_size(height, width, size)) // 2) >= SMALLEST_SIZE:
        ways.append(f"--size {smaller}")
    if device.type != "cpu":
        ways.append("--device cpu")
    way_out = f"try {', or '.join(ways)}" if ways else "cut it into parts"
    return StylizeError(
        f"a {width}x{height} picture does not fit in the memory of {device}; {way_out}"
    )


def _in_parts(
    batch: Batch,
    most: int | None,
    network: Network,
    mixing: Mixing,
    device: torch.device,
    dtype: torch.dtype,
) -> tuple[Tensor, int | None]:
    """Paint a batch, at most so many pictures at once; and how many fitted, if not all did."""
    done: list[Tensor] = []
    begin, count = 0, len(batch.frames)
    while begin < count:
        part = slice(begin, count if most is None else min(count, begin + most))
        painted = _paint(
            Batch(batch.pictures[part], batch.frames[part]), network, mixing, device, dtype
        )
        if painted is not None:
            done.append(painted)
            begin = part.stop
        elif (tried := part.stop - begin) > 1:
            most = (tried + 1) // 2
        else:
            height, width = batch.pictures.shape[-2:]
            raise too_large(height, width, mixing.size, device)
    return done[0] if len(done) == 1 else torch.cat(done), most


@tf32(allowed=False)
@torch.inference_mode()
def _paint(
    batch: Batch, network: Network, mixing: Mixing, device: torch.device, dtype: torch.dtype
) -> Tensor | None:
    """Paint a batch at once; None: there is not enough memory, and what was used is let go."""
    pictures, frames = batch.pictures, batch.frames
    try:
        if any(frame.clean is not None or frame.alpha is not None for frame in frames):
            pictures = torch.stack([filled(frame.sight, frame.alpha) for frame in frames])
        seen = pictures.to(device, non_blocking=True)
        painted = _run(seen, network, mixing, dtype, [frame.pan for frame in frames])
        return _coloured(seen, painted, mixing).clamp(0, 1).contiguous().cpu()
    except (torch.OutOfMemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
    return None


def _run(
    source: Tensor, network: Network, mixing: Mixing, dtype: torch.dtype, pans: Sequence[Pan]
) -> Tensor:
    height, width = source.shape[-2:]
    seen = working_size(height, width, mixing.size)
    small = source if seen == (height, width) else resize(source, seen)
    moved = [(right * seen[1] / width, down * seen[0] / height) for right, down in pans]
    painted = _panning(network, small.to(dtype), moved, mixing.lattice).to(source.dtype)
    if seen == (height, width):
        return painted
    if seen[0] > height or seen[1] > width:
        return resize(painted, (height, width))
    return enlarge(painted.contiguous(), small, source)


def _panning(network: Network, pictures: Tensor, pans: Sequence[Pan], lattice: int) -> Tensor:
    """Run a network whose lattice goes along with pictures that have panned, if it may."""
    layout = torch.channels_last  # what convolutions are fastest in, on processors and cards alike
    if lattice == 1:
        return network(pictures.contiguous(memory_format=layout))
    # All alike, also those that have not moved: batches of any size are to be painted the same.
    places = [(-round(right) % lattice, -round(down) % lattice) for right, down in pans]
    continued = [
        pad(picture[None], left, lattice - left, top, lattice - top, "reflect")
        for picture, (left, top) in zip(pictures, places, strict=True)
    ]
    painted = network(torch.cat(continued).contiguous(memory_format=layout))
    height, width = pictures.shape[-2:]
    return torch.stack(
        [
            each[:, top : top + height, left : left + width]
            for each, (left, top) in zip(painted, places, strict=True)
        ]
    )


def _coloured(seen: Tensor, painted: Tensor, mixing: Mixing) -> Tensor:
    painted = denoise(painted, mixing.denoise)
    return seen + luma(painted - seen) if mixing.keep_color else painted


def _cover(mixing: Mixing, size: torch.Size) -> Tensor | None:
    """How much of a painting of this size is to show (see `values.Frame.cover`)."""
    if mixing.coverage is not None:
        return mixing.strength * fitted(mixing.coverage, (size[0], size[1]))[0]
    return None if mixing.strength == 1 else mixing.strength * torch.ones(1, 1, 1)
