"""Networks on pictures: large ones are painted by tiles, which nobody can see."""

import os
from pathlib import Path

import pytest
import torch

from stylize.models import load_model, still_network
from stylize.models import samples as sampling
from stylize.models.any_style import Mixture
from stylize.models.johnson import Johnson
from stylize.models.micro import Micro
from stylize.models.read_picture import read_picture
from stylize.models.samples import samples
from stylize.models.still_network import GRID, StillNetwork
from stylize.models.swift import Swift
from stylize.models.tiles import cut_tiles
from stylize.presets import shipped

CPU = torch.device("cpu")
PHOTOGRAPHS = Path(__file__).parents[2] / "samples" / "photos"
SMALL_TILE = 288


@pytest.fixture(params=["swift", "johnson", "micro"])
def network(request):
    """One of each, of the shape that ships: how far it sees depends on that."""
    torch.manual_seed(0)
    made = {"swift": Swift, "johnson": Johnson, "micro": Micro}[request.param]().eval()
    if isinstance(made, Micro):
        made = made.with_styles(Mixture((torch.rand(3, 48, 64),)))
    return made.requires_grad_(False)


@pytest.fixture
def wave():
    return load_model(shipped()["wave"].with_suffix(".safetensors")).network.eval()


@pytest.fixture
def still(network):
    return StillNetwork(network, CPU, torch.float32)


@pytest.fixture
def picture():
    """A soft one, with noise, and brighter to the right."""
    generator = torch.Generator().manual_seed(5)
    soft = torch.rand(1, 3, 6, 63, generator=generator) + torch.linspace(0, 1, 63)
    soft = torch.nn.functional.interpolate(soft, (301, 331), mode="bilinear") / 2
    return (soft + 0.02 * torch.randn(1, 3, 301, 331, generator=generator)).clamp(0, 1)


@pytest.fixture
def everything_is_large(monkeypatch):
    monkeypatch.setattr(still_network, "WHOLE_PIXELS", 0)
    monkeypatch.setattr(still_network, "TILE", SMALL_TILE)


@torch.inference_mode()
def test_a_picture_of_usual_size_is_painted_as_a_whole(network, still, picture):
    torch.testing.assert_close(still(picture), network(picture), atol=5e-5, rtol=0)


@torch.inference_mode()
@pytest.mark.usefixtures("everything_is_large")
def test_tiles_are_painted_as_the_whole_by_the_same_norms(network, still, picture):
    size = tuple(picture.shape[-2:])
    tiles = cut_tiles(size, side=SMALL_TILE, reach=network.reach, multiple=GRID)
    assert {len({str(tile.core[axis]) for tile in tiles}) > 1 for axis in (0, 1)} == {True}
    wanted = network.freeze(samples(picture[0]))(picture)
    torch.testing.assert_close(still(picture), wanted, atol=1e-4, rtol=0)


@torch.inference_mode()
@pytest.mark.usefixtures("everything_is_large")
def test_each_tile_is_told(network, still, picture):
    size = tuple(picture.shape[-2:])
    count = len(cut_tiles(size, side=SMALL_TILE, reach=network.reach, multiple=GRID))
    told = []
    still.on_step = lambda done, total: told.append((done, total))
    still(picture)
    assert told == [(done, count) for done in range(1, count + 1)]


@torch.inference_mode()
@pytest.mark.usefixtures("everything_is_large")
def test_each_picture_of_a_batch_goes_by_itself(still, picture):
    pictures = torch.cat([picture, picture * 0.3, torch.full_like(picture, 0.8)])
    together = still(pictures)
    for each, painted in zip(pictures, together, strict=True):
        torch.testing.assert_close(painted, still(each[None])[0], atol=1e-5, rtol=0)


@torch.inference_mode()
@pytest.mark.usefixtures("everything_is_large")
@pytest.mark.parametrize("colour", [(0.0, 0.0, 0.0), (0.2, 0.4, 0.7), (1.0, 1.0, 1.0)])
def test_a_plain_picture_is_painted_as_a_small_one(wave, colour):
    plain = torch.tensor(colour)[None, :, None, None].expand(1, 3, 301, 331).contiguous()
    found = StillNetwork(wave, CPU, torch.float32)(plain)
    torch.testing.assert_close(found, wave(plain), atol=1e-3, rtol=0)


@torch.inference_mode()
@pytest.mark.usefixtures("everything_is_large")
def test_a_plain_picture_that_cannot_fit_as_a_whole_is_refused(wave, monkeypatch):
    still = StillNetwork(wave, CPU, torch.float32)
    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": 1000, "SC_PAGE_SIZE": 4000}.get)
    with pytest.raises(torch.OutOfMemoryError, match="GB are needed, and this machine has"):
        still(torch.full((1, 3, 301, 331), 0.5))


@torch.inference_mode()
def test_large_networks_take_no_more_memory_than_small_ones(monkeypatch):
    monkeypatch.setattr(still_network, "WHOLE_BYTES", 4 * 288**2 * Johnson.bytes_per_pixel)
    monkeypatch.setattr(sampling, "SIDE", 128)
    monkeypatch.setattr(still_network, "SIDE", 128)
    paint, seen = Johnson.paint, []

    def watched(network, pictures):
        seen.append(pictures.shape)
        return paint(network, pictures)

    still = StillNetwork(Johnson().eval(), CPU, torch.float32)
    monkeypatch.setattr(Johnson, "paint", watched)
    still(torch.rand(1, 3, 600, 900))
    assert len(seen) > 2
    for count, _, height, width in seen:
        assert height * width <= 288**2
        assert count * height * width <= 3 * 288**2


@torch.inference_mode()
@pytest.mark.parametrize("photograph", ["lake", "portrait", "street"])
def test_a_photograph_painted_by_norms_of_samples_looks_as_by_its_own(
    wave, photograph, monkeypatch
):
    picture = read_picture(PHOTOGRAPHS / f"{photograph}.jpg", shorter=640)[None]
    monkeypatch.setattr(still_network, "WHOLE_PIXELS", 0)
    monkeypatch.setattr(sampling, "SIDE", 128)
    monkeypatch.setattr(still_network, "MOST", 16)
    found = StillNetwork(wave, CPU, torch.float32)(picture)
    assert (found - wave(picture)).square().mean().sqrt() < 0.03
