"""Trains a network, for one style or for any: photographs and styles in, a painter out.

It reports by a callback and prints nothing, can be interrupted at any step, and goes on where it
was. The steps themselves are in `trainer.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .beginning import STATE_SUFFIX, read_beginning, remembered
from .checkpoint import Network, Recipe, save_model
from .errors import TrainingError
from .extractor import load_vgg
from .material import Material, Notify, gather
from .memory import is_out_of_memory
from .preview import PREVIEW_SUFFIX, save_preview
from .read_picture import pillow_is_quiet, read_picture
from .settings import TrainingSettings
from .trainer import Trainer
from .weights import VGG19, Progress, find_weights, sha256_of
from .whole_file import try_to_write

SAVE_EVERY_SECONDS = 120.0
PREVIEW_SIZE = 288
FLAT_DEVIATION = 0.02
"""A style whose channels all vary less than this has no strokes to teach."""
RATE_SMOOTHING = 0.1


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """Where a run stands.

    Attributes:
        step: steps done.
        fraction: of the run that is done, 0 to 1.
        losses: by name, unweighted, smoothed over about fifty steps.
        steps_per_second: lately.
        seconds_left: an estimate.
        preview: the file of a preview made just now, or None.
    """

    step: int
    fraction: float
    losses: dict[str, float]
    steps_per_second: float
    seconds_left: float
    preview: Path | None = None


Report = Callable[[TrainingReport], None]


def train(
    content: Path,
    target: Path,
    *,
    style: Path | None = None,
    styles: Path | None = None,
    exclude: Sequence[str] = (),
    start: Path | None = None,
    settings: TrainingSettings | None = None,
    command: str | None = None,
    vgg: Path | None = None,
    device: str = "auto",
    resume: bool = True,
    preview_every: int = 200,
    report: Report = lambda _: None,
    notify: Notify = lambda _: None,
    download: Progress | None = None,
) -> Network:
    """Train a network and save it; an interrupted run leaves its state beside the target.

    Args:
        content: a folder of photographs.
        target: the safetensors file to write. `<target>.train.pt` holds the state of the run
            until it is done, `<stem>.preview.png` the latest preview.
        style: the picture that a network for one style is to learn.
        styles: a folder of pictures that a network for any style is to learn from.
        exclude: patterns of the names in `styles` to leave out.
        start: a trained network of the same kind and shape to start from: a new style is learnt
            in a fraction of the time, as most of what a network knows is of no style. Or the state
            of an unfinished run, from which another goes on with other settings.
        settings: what to train and how.
        command: the command line that asked for it, for the recipe.
        vgg: the extractor's weights; None looks for them (see `weights`).
        device: where to compute, as torch names it; `auto`: on a graphics card if there is one.
        resume: go on from a state file; False starts anew and overwrites it.
        preview_every: steps between previews; 0 makes none.
        report: called after every step.
        notify: told of what a person should know and that stops nothing.
        download: told how the download of the extractor's weights goes.

    Returns:
        The trained network.

    Raises:
        TrainingError: the style, the folder, the target, the settings, the device or a state file
            do not fit, or a loss is no number any more.
        WeightsError: the extractor's weights cannot be found.
        CheckpointError: the target cannot be written, or there is nothing to start from.
    """
    settings = settings or TrainingSettings()
    settings.check()
    where, state = _device(device), target.with_name(target.name + STATE_SUFFIX)
    _refuse(target, state, start, resume=resume)
    known = remembered(state, start) if resume and start is not None else None
    begun = None if start is None or known is not None else read_beginning(start)
    with pillow_is_quiet():
        picture = None if style is None else _style_picture(style, settings, notify)
        material = gather(
            settings, content=content, style=style, styles=styles, exclude=exclude, notify=notify
        )
        weights = find_weights(VGG19, given=vgg, progress=download)
        trainer = _trainer(settings, weights, picture, where)
        identity = settings.as_table() | material.identity()
        # Now, not when the run ends: by then a file may have been moved or changed.
        sources = _sources(material, weights)
        recipe: Recipe = {} if command is None else {"command": command}
        if begun is not None:
            other = begun.recipe.get("style_sha256") != sources.get("style_sha256")
            trainer.begin_with(begun, colours=picture if other else None)
            known = begun.named()
        if known is not None:
            identity["start"] = known["sha256"]
            recipe["start"] = known
        if resume and state.exists():
            trainer.restore(state, identity)

        def so_far() -> Recipe:
            return {"version": version("stylize")} | sources | _lessons(trainer) | recipe

        keep = partial(_keep, trainer, state, identity, so_far, notify)
        preview = _Preview(target.with_suffix(PREVIEW_SUFFIX), preview_every, material, notify)
        _run(trainer, material, keep, preview, report=report, notify=notify)
    save_model(trainer.network, target, recipe=so_far())
    state.unlink(missing_ok=True)
    trainer.network.eval()
    return trainer.network


def _trainer(
    settings: TrainingSettings, weights: Path, style: Tensor | None, where: torch.device
) -> Trainer:
    try:
        return Trainer(settings, load_vgg(given=weights), style, where)
    except RuntimeError as error:
        if style is None or not is_out_of_memory(error):
            raise
        height, width = style.shape[-2:]
        raise TrainingError(
            f"the style, {width}×{height} pixels at --style-size {settings.style_size}, does not "
            f"fit in the memory of {where}; try a smaller --style-size"
        ) from error


def _run(
    trainer: Trainer,
    material: Material,
    keep: Callable[[], None],
    preview: _Preview,
    *,
    report: Report,
    notify: Notify,
) -> None:
    """Train to the end; keep what was learnt then, and whatever ends it before."""
    try:
        _loop(trainer, material, keep, preview, report=report, notify=notify)
    except BaseException as error:  # whatever it was: hours may have been learnt before it
        if trainer.step and trainer.whole:  # else the state saved last is the one to go on from
            keep()
        if not is_out_of_memory(error):
            raise
        raise TrainingError(
            f"a step does not fit in the memory of {trainer.device}; "
            "try a smaller --batch or --crop"
        ) from error
    if doubt := trainer.doubt():
        notify(doubt)
    keep()


def _keep(
    trainer: Trainer,
    state: Path,
    identity: dict[str, Any],
    so_far: Callable[[], Recipe],
    notify: Notify,
) -> None:
    """Write the state if it can be written: the run may still reach its end without."""
    try:
        trainer.save(state, identity, so_far())
    except TrainingError as error:
        notify(str(error))


def _refuse(target: Path, state: Path, start: Path | None, *, resume: bool) -> None:
    """Refuse a target that cannot be written, or a finished one that nobody asked to replace."""
    if start is not None and start.absolute() == state.absolute():
        raise TrainingError(
            f"{start}: is the state of this very run; leave out --start to go on with it, or name "
            "another --output"
        )
    if not target.absolute().parent.is_dir():
        raise TrainingError(f"{target}: there is no folder {target.absolute().parent}")
    if resume and target.exists() and not state.exists():
        raise TrainingError(f"{target}: exists already; train it anew with --restart")
    try:
        try_to_write(target)
        try_to_write(state)
    except OSError as error:
        reason = error.strerror
        raise TrainingError(
            f"{target}: cannot be written there ({reason}); choose another with --output"
        ) from error


def _style_picture(style: Path, settings: TrainingSettings, notify: Notify) -> Tensor:
    """Read the style picture at its size for training, with a word on one that will not do."""
    original = read_picture(style)
    shorter = min(original.shape[1:])
    if shorter < settings.style_size / 2:
        notify(
            f"{style}: its shorter side has only {shorter} pixels; enlarged to "
            f"{settings.style_size} it has no fine strokes to teach"
        )
    if original.flatten(1).std(1, correction=0).max().item() < FLAT_DEVIATION:
        notify(f"{style}: almost one colour all over; there are no strokes to learn from it")
    return read_picture(style, shorter=settings.style_size)


def _device(name: str) -> torch.device:
    """Turn `auto`, `cpu`, `cuda`, `cuda:1` or `mps` into a device that is here."""
    cuda, mps = torch.cuda.device_count(), torch.backends.mps.is_available()
    if name == "auto":
        return torch.device("cuda" if cuda else "mps" if mps else "cpu")
    here = ["cpu", *(f"cuda:{index}" for index in range(cuda)), *["mps"] * mps]
    if name not in (["cuda", *here] if cuda else here):
        raise TrainingError(f"no device '{name}' on this machine (here: auto, {', '.join(here)})")
    return torch.device(name)


class _Preview:
    """Makes a preview now and then."""

    def __init__(self, target: Path, every: int, material: Material, notify: Notify) -> None:
        self._target, self._every, self._notify = target, every, notify
        self._takes_styles = material.styles is not None
        held_styles = material.styles.held_out if material.styles else ()
        self._photographs = self._middles(material.photographs.held_out if every else ())
        self._styles = self._middles(held_styles if every else ())

    def make(self, trainer: Trainer) -> Path | None:
        """Make one if it is time; its file. One that cannot be written stops nothing."""
        done = trainer.fraction >= 1
        if not self._photographs or (trainer.step % self._every and not done):
            return None
        try:
            if not (stacks := self._stacks(trainer)):
                return None
            save_preview(stacks, self._target)
        except TrainingError as error:
            self._notify(str(error))
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            self._notify("a preview does not fit in the memory beside the training; none is made")
            self._photographs = []
        else:
            return self._target
        return None

    @torch.no_grad()
    def _stacks(self, trainer: Trainer) -> list[list[Tensor]]:
        """Each photograph, the style if there are several, and the painting."""
        if self._takes_styles and not self._styles:
            return []
        stacks = []
        for number, photograph in enumerate(self._photographs):
            shown = self._styles[number % len(self._styles) :][:1] if self._styles else []
            painter = trainer.painter(shown[0] if shown else photograph)
            painted = painter(photograph[None].to(trainer.device)).cpu()[0].float()
            stacks.append([photograph, *shown, painted])
        return stacks

    def _middles(self, paths: Sequence[Path]) -> list[Tensor]:
        """The middles of held-out pictures, square."""
        middles = []
        for path in paths:
            try:
                picture = read_picture(path, shorter=PREVIEW_SIZE)
            except TrainingError as error:
                self._notify(str(error))
                continue
            top, left = ((side - PREVIEW_SIZE) // 2 for side in picture.shape[1:])
            middles.append(picture[:, top : top + PREVIEW_SIZE, left : left + PREVIEW_SIZE])
        return middles


def _loop(
    trainer: Trainer,
    material: Material,
    keep: Callable[[], None],
    preview: _Preview,
    *,
    report: Report,
    notify: Notify,
) -> None:
    """Step until the run is done, keeping its state now and then."""
    lessons = material.lessons(trainer.settings, start=trainer.step, notify=notify)
    pace: float | None = None
    kept = time.monotonic()
    with closing(lessons):
        while trainer.fraction < 1:
            began = time.monotonic()
            trainer.advance(*next(lessons))
            spent = time.monotonic() - began
            trainer.seconds += spent
            pace = spent if pace is None else pace + RATE_SMOOTHING * (spent - pace)
            report(_reported(trainer, pace, preview.make(trainer)))
            if time.monotonic() - kept > SAVE_EVERY_SECONDS:
                keep()
                kept = time.monotonic()


def _reported(trainer: Trainer, pace: float, preview: Path | None) -> TrainingReport:
    """Where a run stands after a step, of which one takes `pace` seconds lately."""
    fraction = trainer.fraction
    return TrainingReport(
        step=trainer.step,
        fraction=fraction,
        losses=dict(trainer.losses),
        steps_per_second=1 / pace,
        seconds_left=(1 - fraction) / fraction * trainer.seconds,
        preview=preview,
    )


def _sources(material: Material, weights: Path) -> Recipe:
    """What a network learns from, for the metadata of its file."""
    extractor = {"extractor": weights.name, "extractor_sha256": sha256_of(weights)}
    return material.recipe() | extractor


def _lessons(trainer: Trainer) -> Recipe:
    """How it has learnt so far, likewise."""
    return {
        "settings": trainer.settings.as_table(),
        "steps": trainer.step,
        "minutes": round(trainer.seconds / 60, 1),
        "losses": {name: round(value, 5) for name, value in trainer.losses.items()},
    }
