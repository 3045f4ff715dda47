"""Training pictures: find them, hold some out, and crop the rest in background threads.

There is a fixed number of crops, met again and again, so that what is wanted of each has to be
measured only once. Each is a function of the seed and its number alone, and so is their order: a
resumed run sees the very crops that the interrupted one would have seen, however many threads.
"""

from __future__ import annotations

import hashlib
import math
import os
import random
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from .errors import TrainingError
from .preview import PREVIEW_SUFFIX
from .read_picture import FORMATS, opens, read_picture

SUFFIXES = frozenset(FORMATS)
HELD_OUT = 6
"""Photographs kept for the preview; a folder of few gives a tenth."""
FEW = 200
"""Below this many a network starts to learn the photographs by heart: worth a warning."""
SHORTER = (192, 448)
"""Pixels of a photograph's shorter side, of which a crop is cut: from nearly all of a photograph to
a part as smooth as in a film."""
ROOM = 1.75
"""Times a crop's side: up to so much of a photograph where crops are large."""
THREADS = 2
CROPS = 2048
"""Different crops in a run: 134 million pixels at 256, far more than a small network can learn by
heart, while their content fits in 2 GB (see `CONTENT_BYTES` in `trainer.py`)."""
AHEAD = 4
"""Batches made ahead of their use."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """A folder's pictures, split.

    Attributes:
        folder: where they are.
        training: to learn from, in an order that the seed gives.
        held_out: never trained on; for previews.
        unreadable: files that look like pictures and cannot be opened.
    """

    folder: Path
    training: tuple[Path, ...]
    held_out: tuple[Path, ...]
    unreadable: tuple[Path, ...]

    def names_sha256(self) -> str:
        """Of the names below the folder: equal where a run is to see the same photographs."""
        names = sorted(os.fsencode(path.relative_to(self.folder)) for path in self.training)
        return hashlib.sha256(b"\0".join(names)).hexdigest()


def find_pictures(
    folder: Path,
    *,
    seed: int,
    option: str,
    exclude: Sequence[str] = (),
    style: Path | None = None,
) -> Pictures:
    """Find the pictures below a folder and split them; previews of runs are none.

    Args:
        folder: where they are.
        seed: of the split.
        option: what named the folder, for the error.
        exclude: patterns of file names to leave out, such as `van_gogh_*`.
        style: a picture that is no photograph, should it lie there too.

    Raises:
        TrainingError: there is no such folder, fewer than two readable pictures in it, or nothing
            to leave out: who mistypes a name does not want to learn from it.
    """
    if not folder.is_dir():
        raise TrainingError(f"{folder}: no such folder; {option} names a folder of pictures")
    named = sorted(path for path in folder.rglob("*") if _is_material(path, style))
    left: set[Path] = set()
    for pattern in exclude:
        if not (found := {path for path in named if fnmatch(path.name, pattern)}):
            raise TrainingError(f"{folder}: no picture in it is named '{pattern}' (to leave out)")
        left |= found
    named = [path for path in named if path not in left]
    readable = [path for path in named if opens(path)]
    if len(readable) < 2:
        raise TrainingError(
            f"{folder}: {len(readable)} readable pictures among {len(named)}; training needs some "
            f"hundreds, and 2 at the very least ({', '.join(sorted(SUFFIXES))})"
        )
    shuffled = list(readable)
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - a split, no secret
    held = min(HELD_OUT, max(1, len(shuffled) // 10))
    broken = set(named) - set(readable)
    learn, show = tuple(shuffled[held:]), tuple(shuffled[:held])
    return Pictures(folder, learn, show, tuple(sorted(broken)))


def _is_material(path: Path, style: Path | None) -> bool:
    if path.suffix.lower() not in SUFFIXES or path.name.endswith(PREVIEW_SUFFIX):
        return False
    return style is None or path.name != style.name or path.resolve() != style.resolve()


def crop(
    path: Path,
    size: int,
    *,
    seed: str,
    shorter: tuple[int, int] = SHORTER,
    room: float = ROOM,
    recolour: bool = False,
) -> Tensor:
    """A random square of a picture, mirrored half of the time: (3, size, size).

    With `recolour` half of them change red, green and blue about: as if there were six times as
    many paintings, of as many palettes.
    """
    draw = random.Random(seed)  # noqa: S311 - a crop, no secret
    least, most = max(size, shorter[0]), max(round(size * room), shorter[1])
    side = round(math.exp(draw.uniform(math.log(least), math.log(most))))
    picture = read_picture(path, shorter=side)
    top = draw.randint(0, picture.shape[1] - size)
    left = draw.randint(0, picture.shape[2] - size)
    square = picture[:, top : top + size, left : left + size]
    if draw.random() < 0.5:
        square = square.flip(2)
    if recolour and draw.random() < 0.5:
        square = square[draw.sample(range(3), 3)]
    return square


@dataclass(frozen=True, slots=True)
class Crops:
    """Some crops to learn from together.

    Attributes:
        numbers: which of the run's crops they are.
        pictures: (N, 3, size, size) float32 RGB in [0, 1].
    """

    numbers: tuple[int, ...]
    pictures: Tensor


def batches(
    pictures: Sequence[Path],
    *,
    size: int,
    batch: int,
    seed: int,
    start: int = 0,
    unreadable: Callable[[Path], None],
    shorter: tuple[int, int] = SHORTER,
    room: float = ROOM,
    recolour: bool = False,
) -> Generator[Crops, None, None]:
    """Random crops without end; each of the `CROPS` once before any comes again.

    Where there are more pictures than that, there are as many crops as pictures.

    Args:
        pictures: files.
        size: side of the square crops in pixels.
        batch: crops in each batch.
        seed: of order, place and scale.
        start: the number of the first batch: a resumed run goes on where it was.
        unreadable: told of each file that cannot be decoded; the next one takes its place.
        shorter: pixels of the pictures' shorter side, of which the crops are cut.
        room: times a crop's side, up to which that shorter side goes at least.
        recolour: see `crop`.

    Raises:
        TrainingError: no picture at all can be decoded.
    """
    count = max(CROPS, len(pictures))

    def read(path: Path, number: int) -> Tensor | None:
        try:
            named = f"{seed}/{number}"
            return crop(path, size, seed=named, shorter=shorter, room=room, recolour=recolour)
        except TrainingError:
            unreadable(path)
            return None

    def make(number: int) -> Crops:
        places = range(number * batch, (number + 1) * batch)
        numbers = tuple(_order(count, seed, place // count)[place % count] for place in places)
        return Crops(numbers, torch.stack([_readable(n, read, pictures) for n in numbers]))

    with ThreadPoolExecutor(THREADS, thread_name_prefix="crops") as pool:
        waiting: deque[Future[Crops]] = deque()
        number = start
        try:
            while True:
                while len(waiting) < AHEAD:
                    waiting.append(pool.submit(make, number))
                    number += 1
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


@lru_cache(maxsize=4)
def _order(count: int, seed: int, turn: int) -> tuple[int, ...]:
    """The numbers below `count`, shuffled for one turn of a run."""
    order = list(range(count))
    random.Random(f"{seed}/{turn}").shuffle(order)  # noqa: S311 - an order, no secret
    return tuple(order)


def _readable(
    number: int, read: Callable[[Path, int], Tensor | None], pictures: Sequence[Path]
) -> Tensor:
    """Crop number `number`, of its picture or of the next one that can be decoded."""
    for attempt in range(len(pictures)):
        square = read(pictures[(number + attempt) % len(pictures)], number)
        if square is not None:
            return square
    raise TrainingError("none of the training pictures can be decoded any more")
