"""Measures the film path as a whole: start-up, frames a second, and memory against length.

    python tests/benchmarks/bench_film.py [FILM] [--preset mosaic]

The first frame's time and the help's include Python's own start. Frames a second are given beside
those of the same film without smoothing, and sent through without painting (`--strength 0`), all
in one run: on a busy machine compare them. Asserts nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

CLIP = Path(__file__).parents[2] / "samples/clip.mp4"
PROGRAM = [sys.executable, "-m", "stylize.pipeline.cli"]


def _first_frame(film: Path, target: Path, *options: str) -> float:
    """Seconds from the command to the first frame that is encoded."""
    began = time.perf_counter()
    command = [*PROGRAM, "video", str(film), "-o", str(target), "--json", *options]
    job = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    first = float("nan")
    assert job.stdout is not None
    for line in job.stdout:
        event = json.loads(line)
        if event["event"] == "advanced":
            first = time.perf_counter() - began
            break
    job.communicate()
    return first


def _rate(film: Path, target: Path, *options: str) -> float:
    """Frames a second over the whole run, start-up left out."""
    command = [*PROGRAM, "video", str(film), "-o", str(target), "--json", *options]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    finished = json.loads(lines[-1])
    return float(finished["written"] / finished["seconds"])


def _peak(film: Path, frames: int, target: Path, *options: str) -> int:
    """Megabytes at the highest, of a process of its own that paints so many frames."""
    code = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], check=True, capture_output=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)\n"
    )
    job = [*PROGRAM, "video", str(film), "-o", str(target), "--frames", str(frames), *options]
    done = subprocess.run(
        [sys.executable, "-c", code, *job], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@click.command()
@click.argument("film", type=click.Path(path_type=Path, exists=True), default=CLIP)
@click.option("--preset", default="mosaic", show_default=True)
def main(film: Path, preset: str) -> None:
    """Print the figures as a table."""
    painted, through = ("--preset", preset), ("--preset", preset, "--strength", "0")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder)
        began = time.perf_counter()
        subprocess.run([*PROGRAM, "--help"], capture_output=True, check=True)
        rows = {"stylize --help": f"{time.perf_counter() - began:.2f} s"}
        rows["first frame"] = f"{_first_frame(film, target / 'a.mp4', *painted):.2f} s"
        rows["painted"] = f"{_rate(film, target / 'b.mp4', *painted):.1f} frames/s"
        rows["painted, not smoothed"] = (
            f"{_rate(film, target / 'd.mp4', *painted, '--smooth', 'off'):.1f} frames/s"
        )
        rows["sent through"] = f"{_rate(film, target / 'c.mp4', *through):.1f} frames/s"
        for frames in (10, 100):
            peak = _peak(film, frames, target / f"{frames}.mp4", *painted)
            rows[f"peak memory, {frames} frames"] = f"{peak} MB"
    for name, value in rows.items():
        click.echo(f"{name:26} {value:>16}")


if __name__ == "__main__":
    main()
