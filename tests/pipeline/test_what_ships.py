"""Every network that ships, as a user meets it: strengths, sizes, plain pictures."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn.functional import interpolate

from stylize.pipeline import stylize_image
from stylize.pipeline.batch import gather
from stylize.pipeline.choose import choose
from stylize.pipeline.flow_pan import find_pans
from stylize.pipeline.prepare import prepare
from stylize.pipeline.values import Frame
from stylize.presets import shipped

SAMPLES = Path(__file__).parents[2] / "samples"
PAINTERS = [
    *({"preset": name} for name in shipped()),
    {"style": str(SAMPLES / "styles/mosaic.jpg")},
]
EACH = pytest.mark.parametrize("painter", PAINTERS, ids=lambda named: named.get("preset", "micro"))


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture).astype(float)


def painted(source, target, **options):
    stylize_image(source, target, **options)
    return pixels(target)


@pytest.fixture
def photograph(tmp_path):
    with Image.open(SAMPLES / "photos/portrait.jpg") as picture:
        picture.resize((320, 240)).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


@EACH
def test_strength_leads_from_the_photograph_to_the_painting(painter, photograph, tmp_path):
    source = pixels(photograph)
    none, half, whole = (
        painted(photograph, tmp_path / f"{strength}.png", strength=strength, **painter)
        for strength in (0.0, 0.5, 1.0)
    )
    error = np.square(none - source).mean()
    assert error == 0 or 10 * np.log10(255**2 / error) >= 40
    apart = np.abs(whole - source).mean()
    assert apart > 10
    for end in (source, whole):
        assert np.abs(half - end).mean() == pytest.approx(apart / 2, rel=0.1)


@EACH
@pytest.mark.parametrize("size", [(16, 16), (17, 31), (1, 9), (300, 23)], ids=str)
def test_pictures_of_any_size_come_out_in_it(painter, size, tmp_path):
    noise = np.random.default_rng(1).integers(0, 256, (*size[::-1], 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    assert painted(tmp_path / "noise.png", tmp_path / "out.png", **painter).shape == noise.shape


@EACH
@pytest.mark.parametrize("colour", ["black", "white", "#4080c0"])
def test_a_picture_of_one_colour_comes_out_calm(painter, colour, tmp_path):
    Image.new("RGB", (96, 80), colour).save(tmp_path / "plain.png")
    assert painted(tmp_path / "plain.png", tmp_path / "out.png", **painter).std((0, 1)).max() < 2


@pytest.mark.slow
@pytest.mark.parametrize("painter", PAINTERS[-2:], ids=["a look", "any style"])
def test_a_picture_of_4096_pixels_a_side_is_painted(painter, tmp_path):
    with Image.open(SAMPLES / "photos/lake.jpg") as picture:
        picture.resize((4096, 4096)).save(tmp_path / "large.jpg")
    found = painted(tmp_path / "large.jpg", tmp_path / "out.jpg", **painter)
    assert found.shape == (4096, 4096, 3)
    assert found.std() > 20


def nervousness(painter, frames):
    """How unlike neighbouring paintings of a pan of 3 pixels a frame are, once they are aligned."""
    whole = [batch.pictures[0] for batch in painter.paint(gather(frames, size=lambda *_: 1))]
    inner = [picture[:, 40:-40, 40:-40] for picture in whole]
    apart = [(a[..., :-3] - b[..., 3:]).square().mean().item() for a, b in pairwise(inner)]
    return np.mean(apart)


@pytest.mark.parametrize("name", ["wave", "starry"])
def test_strokes_in_a_plain_sky_move_with_it(name):
    generator = torch.Generator().manual_seed(1)
    coarse = torch.rand(1, 3, 8, 16, generator=generator)
    sky = 0.6 + 0.2 * interpolate(coarse, (240, 480), mode="bicubic", align_corners=False)[0]
    sky += 0.005 * torch.randn(sky.shape, generator=generator)  # a plain one gets hardly any
    views = [Frame(sky[..., 30 - 3 * i : 350 - 3 * i].contiguous()) for i in range(6)]
    painter = prepare(choose(preset=name, precision="fp32"), film=True)
    along = nervousness(painter, find_pans(views))
    painter.network.begin_shot()
    assert along < 0.05 * nervousness(painter, views)
