"""`stylize train`: train a network of one's own, for one style or for any."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn

from stylize.models.methods import TRAINED

from . import interruption
from .file_names import FileName

if TYPE_CHECKING:
    from stylize.models.train import TrainingReport

LINE_EVERY_SECONDS = 30.0
"""How often a plain line tells how far training is, where the output is no terminal."""

_Command = TypeVar("_Command", bound=Callable[..., Any])
_FILE = FileName(dir_okay=False)
_PICTURE = FileName(dir_okay=False, exists=True)
_FOLDER = FileName(file_okay=False, exists=True)

_SETTINGS: tuple[tuple[str, type, str, str], ...] = (
    ("crop", int, "PIXELS", "Side of the training crops.  [default: 256]"),
    ("batch", int, "N", "Crops in a step.  [default: 3]"),
    ("style-size", int, "PIXELS", "Shorter side of STYLE: larger, larger strokes.  [default: 512]"),
    ("content-weight", float, "W", "How much the photograph counts.  [default: 1]"),
    ("style-weight", float, "W", "How much the style counts.  [default: 1]"),
    ("style-first", float, "TIMES", "How much more it counts at first.  [default: 1]"),
    ("gram-weight", float, "W", "How much of the style Gram matrices are.  [default: 3000]"),
    ("quarters", float, "SHARE", "Of the style that quarters must show too.  [default: 0.5]"),
    ("tv-weight", float, "W", "How much calm counts (total variation).  [default: 1]"),
    ("calm-weight", float, "W", "How much it counts where the photograph is plain.  [default: 0]"),
    ("grid-weight", float, "W", "How much it counts to lay no lattice.  [default: 300]"),
    ("plain-weight", float, "W", "How much it counts to lay none on gradients.  [default: 0]"),
    ("temporal-weight", float, "W", "How much steadiness counts; 0: not.  [default: 60]"),
    ("learning-rate", float, "RATE", "At its highest.  [default: the method's usual]"),
    ("seed", int, "N", "Of weights, crops, motion and the held-out split.  [default: 0]"),
)


def _settings_options(command: _Command) -> _Command:
    for name, kind, metavar, text in reversed(_SETTINGS):
        command = click.option(f"--{name}", type=kind, metavar=metavar, help=text)(command)
    return command


@click.command(short_help="Train a network of your own, for one style or for any.")
@click.argument("style", type=_PICTURE, required=False)
@click.option("--content", type=_FOLDER, required=True, help="Photographs to learn from.")
@click.option("--styles", type=_FOLDER, help="Pictures that a network for any style learns from.")
@click.option("--exclude", metavar="PATTERN", multiple=True, help="Names in --styles to leave out.")
@click.option("-o", "--output", type=_FILE, required=True, help="The .safetensors file to write.")
@click.option(
    "--start", type=_FILE, metavar="FILE", help="A network, or an unfinished run, to start from."
)
@click.option("--method", type=click.Choice(TRAINED), help="[default: swift]")
@click.option("--steps", type=int, metavar="N", help="End after so many steps.")
@click.option("--minutes", type=float, metavar="N", help="End after so long.  [default: 45]")
@_settings_options
@click.option(
    "--device",
    default="auto",
    show_default=True,
    metavar="NAME",
    help="Where to compute: auto, cpu, cuda, cuda:N or mps.",
)
@click.option(
    "--preview-every",
    type=click.IntRange(0),
    default=200,
    show_default=True,
    metavar="STEPS",
    help="Steps between previews of held-out photographs; 0: none.",
)
@click.option(
    "--resume/--restart",
    default=True,
    show_default="--resume",
    help="Go on from an interrupted run, or begin anew.",
)
@click.option("--vgg", type=_PICTURE, help="The extractor's weights, vgg_normalised.pth.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
def train(
    *,
    style: Path | None,
    content: Path,
    styles: Path | None,
    exclude: tuple[str, ...],
    start: Path | None,
    output: Path,
    device: str,
    preview_every: int,
    resume: bool,
    vgg: Path | None,
    quiet: bool,
    steps: int | None,
    minutes: float | None,
    **given: str | float | None,
) -> None:
    """Train a network that paints in the style of the picture STYLE.

    Or, with --method micro and --styles FOLDER in place of STYLE, one that paints in any style.

    Needs a folder of photographs (some hundreds) and the weights of VGG-19 (80 MB, downloaded
    once, or found in a folder named by $STYLIZE_WEIGHTS). On two CPU cores a good network takes
    about 45 minutes. Ctrl-C keeps what was learnt; the same command goes on from there.
    """
    # Importing torch takes seconds: only now, so that --help answers at once.
    from stylize.models.beginning import STATE_SUFFIX
    from stylize.models.errors import TrainingError
    from stylize.models.material import check_named
    from stylize.models.settings import TrainingSettings
    from stylize.models.train import train as run
    from stylize.pipeline.device import choose_device
    from stylize.pipeline.errors import SettingsError
    from stylize.pipeline.settings import Settings

    interruption.clean_up_first()
    if output.suffix != ".safetensors":
        raise click.BadParameter(f"{output}: must end in .safetensors", param_hint="'--output'")
    if steps is not None or minutes is not None:
        given |= {"steps": steps, "minutes": minutes}
    typed: dict[str, Any] = {
        name: value
        for name, value in given.items()
        if value is not None or name in {"steps", "minutes"}
    }
    settings = TrainingSettings(**typed)
    try:
        choose_device(Settings(device=device).device)  # one that is not there is wrong usage
        settings.check()
        check_named(settings.method, style=style, styles=styles, exclude=exclude)
    except (TrainingError, SettingsError) as error:
        raise click.UsageError(str(error)) from error
    state = output.with_name(output.name + STATE_SUFFIX)
    before = _changed(state)
    with _progress(output, quiet=quiet) as screen:
        try:
            run(
                content,
                output,
                style=style,
                styles=styles,
                exclude=exclude,
                start=start,
                settings=settings,
                command=_command_line(),
                vgg=vgg,
                device=device,
                resume=resume,
                preview_every=preview_every,
                report=screen.report,
                notify=screen.notify,
                download=screen.download,
            )
        except KeyboardInterrupt:
            kept = _changed(state) > before or (resume and state.exists())
            screen.notify(_interrupted(kept=kept, resume=resume))
            click.get_current_context().exit(130)
    click.echo(f"{output}")


def _changed(file: Path) -> int:
    """When a file was written to last, in nanoseconds; 0 if there is none."""
    return file.stat().st_mtime_ns if file.exists() else 0


def _interrupted(*, kept: bool, resume: bool) -> str:
    if not kept:
        return "Interrupted before anything was learnt."
    again = "the same command" if resume else "the same command without --restart"
    return f"Interrupted: what was learnt is kept; {again} goes on from it."


def _command_line() -> str:
    """The command as it was understood, for the recipe: names without the folders they are in."""
    context = click.get_current_context()
    words = ["stylize", "train"]
    for parameter in context.command.params:
        name = str(parameter.name)
        if context.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
            continue
        value = context.params[name]
        if isinstance(parameter, click.Argument):
            words.append(_word(value))
        elif isinstance(value, bool):
            words.append((parameter.opts if value else parameter.secondary_opts)[0])
        else:
            for each in value if isinstance(value, tuple) else (value,):
                words += [parameter.opts[0], _word(each)]
    return shlex.join(words)


def _word(value: object) -> str:
    return value.absolute().name if isinstance(value, Path) else str(value)


@contextmanager
def _progress(output: Path, *, quiet: bool) -> Iterator[_Silent]:
    console = Console(stderr=True)
    if quiet:
        yield _Silent()
    elif console.is_terminal:
        with _bar(console) as bar:
            yield _Bar(bar, output)
    else:
        yield _Lines()


def described(report: TrainingReport) -> str:
    """Losses, pace and time left in a line."""
    losses = " ".join(f"{name} {value:.3g}" for name, value in report.losses.items())
    left = f"{int(report.seconds_left) // 60}:{int(report.seconds_left) % 60:02d} left"
    return f"step {report.step}  {losses}  {report.steps_per_second:.2f} steps/s  {left}"


class _Silent:
    """Shows warnings alone."""

    def report(self, report: TrainingReport) -> None:
        """Show where training stands."""

    def notify(self, line: str) -> None:
        """Show a line that a person should know."""
        click.echo(line, err=True)

    def download(self, done: int, total: int) -> None:
        """Show how the download of the extractor goes."""


class _Lines(_Silent):
    """A plain line now and then; for logs."""

    def __init__(self) -> None:
        self._said = -LINE_EVERY_SECONDS

    def _time_to_speak(self) -> bool:
        if monotonic() - self._said < LINE_EVERY_SECONDS:
            return False
        self._said = monotonic()
        return True

    def report(self, report: TrainingReport) -> None:
        if self._time_to_speak() or report.fraction >= 1:
            click.echo(f"{report.fraction:4.0%}  {described(report)}", err=True)

    def download(self, done: int, total: int) -> None:
        if self._time_to_speak() or done >= total:
            click.echo(f"downloading the extractor: {done / total:.0%}", err=True)


class _Bar(_Silent):
    """A live bar."""

    def __init__(self, progress: Progress, output: Path) -> None:
        self._progress = progress
        self._task = progress.add_task(escape(output.name), total=1.0, said="starting")

    def report(self, report: TrainingReport) -> None:
        self._progress.update(self._task, completed=report.fraction, said=described(report))
        if report.preview is not None:
            self._progress.console.print(f"preview: {report.preview}", markup=False, style="dim")

    def notify(self, line: str) -> None:
        self._progress.console.print(line, markup=False, style="yellow", highlight=False)

    def download(self, done: int, total: int) -> None:
        self._progress.update(self._task, said=f"downloading the extractor: {done / total:.0%}")


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("[dim]{task.fields[said]}"),
        console=console,
    )
