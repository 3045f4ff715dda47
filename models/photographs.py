"""Training photographs: find them, hold some out, and crop the rest in background threads.

Every crop is a function of the seed and its number alone, so a resumed run sees the very crops
that the interrupted one would have seen, however many threads there are.
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
from pathlib import Path

import torch
from torch import Tensor

from .errors import TrainingError
from .read_picture import opens, read_picture

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
HELD_OUT = 6
"""Photographs kept for the preview; a folder of few gives a tenth."""
FEW = 200
"""Below this many a network starts to learn the photographs by heart: worth a warning."""
SCALES = (1.0, 1.75)
"""The shorter side of a photograph, in crops: from all of it to a part as smooth as in a film."""
THREADS = 2
AHEAD = 4
"""Batches made ahead of their use."""


@dataclass(frozen=True, slots=True)
class Photographs:
    """A folder's photographs, split.

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


def find_photographs(folder: Path, *, seed: int) -> Photographs:
    """Find the pictures below a folder and split them.

    Raises:
        TrainingError: there is no such folder, or fewer than two readable pictures in it.
    """
    if not folder.is_dir():
        raise TrainingError(f"{folder}: no such folder; --content names a folder of photographs")
    named = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
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
    return Photographs(folder, learn, show, tuple(sorted(broken)))


def crop(path: Path, size: int, *, seed: str) -> Tensor:
    """A random square of a photograph, mirrored half of the time: (3, size, size)."""
    draw = random.Random(seed)  # noqa: S311 - a crop, no secret
    shorter = round(size * math.exp(draw.uniform(*map(math.log, SCALES))))
    picture = read_picture(path, shorter=shorter)
    top = draw.randint(0, picture.shape[1] - size)
    left = draw.randint(0, picture.shape[2] - size)
    square = picture[:, top : top + size, left : left + size]
    return square.flip(2) if draw.random() < 0.5 else square


def batches(
    photographs: Sequence[Path],
    *,
    size: int,
    batch: int,
    seed: int,
    start: int = 0,
    unreadable: Callable[[Path], None],
) -> Generator[Tensor, None, None]:
    """Random crops without end; each photograph once before any comes again.

    Args:
        photographs: files.
        size: side of the square crops in pixels.
        batch: crops in each batch.
        seed: of order, place and scale.
        start: the number of the first batch: a resumed run goes on where it was.
        unreadable: told of each file that cannot be decoded; the next one takes its place.

    Yields:
        (batch, 3, size, size) float32 RGB in [0, 1].

    Raises:
        TrainingError: no photograph at all can be decoded.
    """

    def make(number: int) -> Tensor:
        indices = range(number * batch, (number + 1) * batch)
        return torch.stack(
            [_readable_crop(photographs, index, size, seed, unreadable) for index in indices]
        )

    with ThreadPoolExecutor(THREADS, thread_name_prefix="photographs") as pool:
        waiting: deque[Future[Tensor]] = deque()
        number = start
        try:
            while True:
                while len(waiting) < AHEAD:
                    waiting.append(pool.submit(make, number))
                    number += 1
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _readable_crop(
    photographs: Sequence[Path],
    index: int,
    size: int,
    seed: int,
    unreadable: Callable[[Path], None],
) -> Tensor:
    """Crop number `index`, of its photograph or of the next one that can be decoded."""
    turn, place = divmod(index, len(photographs))
    order = list(range(len(photographs)))
    random.Random(f"{seed}/{turn}").shuffle(order)  # noqa: S311 - an order, no secret
    for attempt in range(len(photographs)):
        path = photographs[order[(place + attempt) % len(order)]]
        try:
            return crop(path, size, seed=f"{seed}/{index}")
        except TrainingError:
            unreadable(path)
    raise TrainingError("none of the training photographs can be decoded any more")
