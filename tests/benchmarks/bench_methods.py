"""Compares every method on photographs never trained on: quality, seconds and memory, as a table.

    python tests/benchmarks/bench_methods.py PHOTOGRAPHS --style A.jpg --style B.jpg \\
        --method micro --method adain --method gatys --method nnst --preset wave=great_wave.jpg

Pictures and styles have a shorter side of 512 pixels. `stylize.models.quality` says what is
measured; a preset is measured against the painting that it was trained on, a method against each of
the styles. Each row is a process of its own, so that its memory is its own: seconds are those of
one processor core for one picture, once everything is loaded, which other work on the machine
hardly changes; memory is the peak of the process. Asserts nothing.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import click
import torch
from PIL import Image
from torch import Tensor

from stylize.models.extractor import load_vgg
from stylize.models.quality import SIDE, Meter
from stylize.models.read_picture import read_picture
from stylize.pipeline.batch import scatter
from stylize.pipeline.choose import choose
from stylize.pipeline.prepare import prepare
from stylize.pipeline.values import Batch, Frame

KIB_A_MB = 1024 if sys.platform != "darwin" else 1024**2

_FILES = click.Path(path_type=Path, exists=True)


def _save(picture: Tensor, path: Path) -> None:
    samples = (picture * 255).round().byte().permute(1, 2, 0).numpy()
    Image.fromarray(samples).save(path)


def _work(job: dict[str, Any]) -> dict[str, float]:
    """Paint every photograph in every style; in a process of its own."""
    torch.set_num_threads(1)
    seconds = []
    for index, options in enumerate(job["looks"]):
        painter = prepare(choose(**options), film=False)
        for source in job["sources"]:
            frame = Frame(read_picture(Path(source)))
            began = process_time()
            batch = Batch(frame.picture[None], (frame,))
            (painted,) = list(scatter(painter.paint([batch])))
            seconds.append(process_time() - began)
            _save(painted.picture, Path(job["folder"]) / f"{index}-{Path(source).stem}.png")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_A_MB
    return {"seconds": sum(seconds) / len(seconds), "peak": peak}


def _rows(
    styles: dict[str, Path],
    methods: tuple[str, ...],
    models: tuple[str, ...],
    presets: tuple[str, ...],
) -> Iterator[tuple[str, list[dict[str, Any]], list[str]]]:
    """Name, the looks to paint, and the style to measure each against."""
    named = dict(each.split("=", 1) for each in models)
    for method in methods:
        of = {"method": method, **({"model": named[method]} if method in named else {})}
        yield method, [{**of, "style": str(path)} for path in styles.values()], list(styles)
    for preset in presets:
        name, _, painting = preset.partition("=")
        yield f"preset {name}", [{"preset": name}], [Path(painting).stem]


@click.command()
@click.argument("photographs", nargs=-1, required=True, type=_FILES)
@click.option("--style", "styles", multiple=True, required=True, type=_FILES)
@click.option("--method", "methods", multiple=True, metavar="NAME")
@click.option("--model", "models", multiple=True, metavar="METHOD=FILE")
@click.option("--preset", "presets", multiple=True, metavar="NAME=PAINTING")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep what was painted here.")
@torch.inference_mode()
def main(
    photographs: tuple[Path, ...],
    styles: tuple[Path, ...],
    methods: tuple[str, ...],
    models: tuple[str, ...],
    presets: tuple[str, ...],
    keep: Path | None,
) -> None:
    """Print a table of methods and presets over PHOTOGRAPHS."""
    meter = Meter(load_vgg())
    click.echo("| method | style | Gram | content | core seconds | peak MB |")
    click.echo("|---|---|---|---|---|---|")
    paintings = [Path(each.partition("=")[2]) for each in presets]
    with TemporaryDirectory() as folder:
        prepared = {}
        for kind, paths in (("source", photographs), ("style", (*styles, *paintings))):
            for path in paths:
                file = Path(folder) / f"{kind}-{path.stem}.png"
                picture = read_picture(path, shorter=SIDE)
                _save(picture, file)
                prepared[kind, path.stem] = (file, picture)
        sources = [prepared["source", path.stem] for path in photographs]
        contents = [meter.see(picture) for _, picture in sources]
        targets = {
            name: meter.see(picture) for (k, name), (_, picture) in prepared.items() if k == "style"
        }
        files = {path.stem: prepared["style", path.stem][0] for path in styles}
        for name, looks, against in _rows(files, methods, models, presets):
            into = (keep or Path(folder)) / name.replace(" ", "-")
            into.mkdir(parents=True, exist_ok=True)
            job = {"looks": looks, "folder": str(into), "sources": [str(f) for f, _ in sources]}
            command = [sys.executable, __file__, "--work", json.dumps(job)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            cost = json.loads(done.stdout.splitlines()[-1])
            found = [
                meter.losses(
                    meter.see(read_picture(into / f"{index}-{file.stem}.png")),
                    content,
                    targets[of],
                )
                for index, of in enumerate(against)
                for (file, _), content in zip(sources, contents, strict=True)
            ]
            losses = torch.stack(found).mean(0).tolist()
            click.echo(
                "| {} | {:.2f} | {:.2f} | {:.2f} | {:.2f} | {:.0f} |".format(
                    name, *losses, cost["seconds"], cost["peak"]
                )
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        click.echo(json.dumps(_work(json.loads(sys.argv[2]))))
    else:
        main()
