"""Where not all of a painting shows, the film beneath stays as it was, however it is smoothed."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from stylize.pipeline import Change, stylize_video
from stylize.pipeline.film.read_video import probe_video, read_video

HEIGHT, WIDTH, FRAMES = 60, 80, 12
ROUNDED = 1.01 / 255
"""What rounding to 8 bits may cost: half a level each for two films and for their mixture."""
SMOOTHED = pytest.mark.parametrize("smooth", ["off", "fast", "best"])
CALM: dict[str, Any] = {"freeze": False, "precision": "fp32"}
FADES = [
    Change(Fraction(2, 25), {"strength": 0.0}, Fraction(4, 25)),
    Change(Fraction(8, 25), {"strength": 1.0}, Fraction(0)),
]
"""Out into the film as it is, and all at once back."""


@pytest.fixture
def source(write_film: Callable[..., Path], pan: Callable[..., list[Tensor]]) -> Path:
    """A film that pans and has grain."""
    generator = torch.Generator().manual_seed(1)
    return write_film(
        "film.mkv",
        [
            each + 5 / 255 * torch.randn(each.shape, generator=generator)
            for each in pan(FRAMES, height=HEIGHT, width=WIDTH)
        ],
    )


def pictures(film: Path) -> Tensor:
    read = read_video(probe_video(film, notify=lambda _: None), notify=lambda _: None)
    return torch.stack([frame.picture for frame in read])


@pytest.fixture
def paint(source: Path, network_file: Path) -> Callable[..., Tensor]:
    """Paint the film, and write it without loss."""

    def run(**options: Any) -> Tensor:
        usual: dict[str, Any] = {"model": network_file, "codec": "ffv1", "pixel_format": "bgr0"}
        target = source.parent / "out.mkv"
        stylize_video(source, target, existing="overwrite", **{**usual, **CALM, **options})
        return pictures(target)

    return run


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    """Black on the left, white on the right, and soft in between."""
    path = tmp_path / "mask.png"
    row = np.clip(np.linspace(-1, 2, WIDTH), 0, 1) * 255
    Image.fromarray(np.tile(row.round().astype(np.uint8), (HEIGHT, 1))).save(path)
    return path


@SMOOTHED
@pytest.mark.parametrize("denoise_source", [False, True])
def test_outside_a_mask_the_film_is_left_alone(paint, source, mask, smooth, denoise_source):
    left = slice(0, WIDTH // 3 - 1)
    painted = paint(mask=mask, smooth=smooth, denoise_source=denoise_source)
    assert torch.equal(painted[..., left], pictures(source)[..., left])
    assert (painted - pictures(source))[..., -20:].abs().mean() > 0.05


@SMOOTHED
def test_a_soft_mask_and_strength_show_as_much_of_the_smooth_painting_as_they_say(
    paint, source, mask, smooth
):
    whole, shown = paint(smooth=smooth), paint(smooth=smooth, mask=mask, strength=0.6)
    cover = 0.6 * torch.linspace(-1, 2, WIDTH).clamp(0, 1)
    wanted = torch.lerp(pictures(source), whole, cover)
    assert (shown - wanted).abs().max() <= ROUNDED


@SMOOTHED
def test_an_untouched_part_of_a_film_is_itself(paint, source, smooth):
    shown = paint(smooth=smooth, timeline=FADES)
    assert torch.equal(shown[6:8], pictures(source)[6:8])
    assert (shown - pictures(source))[8:].abs().mean() > 0.05


@pytest.mark.parametrize("smooth", ["off", "fast"])
def test_a_smooth_painting_fades_into_the_film_as_it_is(paint, source, smooth):
    whole, shown = paint(smooth=smooth), paint(smooth=smooth, timeline=FADES)
    beneath = pictures(source)
    for index, share in enumerate((0, 0, 0, 0.25, 0.5, 0.75, 1)):
        wanted = torch.lerp(whole[index], beneath[index], share)
        assert (shown[index] - wanted).abs().max() <= ROUNDED
