"""Render the sample photographs: `python samples/render_photos.py [NAME ...]`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import finish

if TYPE_CHECKING:
    from PIL import Image

HERE = Path(__file__).parent
WIDTH, HEIGHT = 768, 512


class Shot(NamedTuple):
    """How a scene is taken and kept: its module is `scene_<name>`."""

    exposure: float = 1.0
    bloom: float = 0.12
    quality: int = 88


SHOTS = {
    "fruit": Shot(),
    "lake": Shot(exposure=1.45),
    "lighthouse": Shot(),
    "balloons": Shot(),
    "cat": Shot(exposure=0.85),
    "portrait": Shot(exposure=1.05),
    "street": Shot(quality=82),
    "night": Shot(quality=80),
    "page": Shot(exposure=1.4, bloom=0.0, quality=86),
}


def render(
    name: str, width: int = WIDTH, height: int = HEIGHT, *, oversampling: int = 2
) -> Image.Image:
    """Render one scene by its name in `SHOTS`."""
    scene = importlib.import_module(f"scene_{name}")
    light = scene.render(width * oversampling, height * oversampling)
    shot = SHOTS[name]
    return finish.develop(
        light, width=width, height=height, exposure=shot.exposure, bloom=shot.bloom
    )


def main(names: list[str]) -> None:
    """Write `photos/<name>.jpg` beside this script for each of `names`, or for all."""
    folder = HERE / "photos"
    folder.mkdir(exist_ok=True)
    for name in names or SHOTS:
        render(name).save(folder / f"{name}.jpg", quality=SHOTS[name].quality)


if __name__ == "__main__":
    main(sys.argv[1:])
