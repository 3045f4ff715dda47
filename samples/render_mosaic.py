"""Render the style picture behind the preset `mosaic`: `python samples/render_mosaic.py`."""

from __future__ import annotations

from pathlib import Path

import mosaic_design
import mosaic_tiles
import numpy as np
from PIL import Image

HERE = Path(__file__).parent
OVERSAMPLING = 2


def render(width: int = 640, height: int = 512, *, rounds: int = 18, seed: int = 7) -> Image.Image:
    """Draw the design, lay its tiles and light them; the same seed gives the same picture.

    Args:
        width: of the picture, in pixels.
        height: likewise.
        rounds: how often the tiles are moved to the middle of their cells: more, and more even.
        seed: of the tiles' places, tones and tilts.
    """
    rough = mosaic_design.draw(height, width)
    tiles = mosaic_tiles.lay(rough, rounds=rounds, seed=seed)
    fine = mosaic_design.draw(height * OVERSAMPLING, width * OVERSAMPLING)
    picture = mosaic_tiles.paint(fine, tiles, scale=OVERSAMPLING * height / 512, seed=seed)
    large = Image.fromarray(np.rint(picture * 255).astype(np.uint8))
    return large.resize((width, height), Image.Resampling.LANCZOS)


def main() -> None:
    """Write `styles/mosaic.jpg` beside this script."""
    target = HERE / "styles" / "mosaic.jpg"
    target.parent.mkdir(exist_ok=True)
    render().save(target, quality=92, subsampling=0)


if __name__ == "__main__":
    main()
