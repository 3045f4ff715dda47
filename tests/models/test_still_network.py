"""Networks on pictures: large ones are painted by tiles, which nobody can see."""

import copy
from pathlib import Path

import pytest
import torch

from stylize.models import load_model, still_network
from stylize.models.any_style import Mixture
from stylize.models.johnson import Johnson
from stylize.models.micro import Micro
from stylize.models.read_picture import read_picture
from stylize.models.still_network import SAMPLE, StillNetwork, samples
from stylize.models.swift import Swift
from stylize.presets import shipped

CPU = torch.device("cpu")
PHOTOGRAPHS = Path(__file__).parents[2] / "samples" / "photos"


@pytest.fixture(params=["swift", "johnson", "micro"])
def network(request):
    """One of each, of the shape that ships: how far it sees depends on that."""
    torch.manual_seed(0)
    made = {"swift": Swift, "johnson": Johnson, "micro": Micro}[request.param]().eval()
    if isinstance(made, Micro):
        made = made.with_styles(Mixture((torch.rand(3, 48, 64),)))
    return made.requires_grad_(False)


@pytest.fixture
def still(network):
    return StillNetwork(copy.deepcopy(network), CPU, torch.float32)


@pytest.fixture
def picture():
    """A soft one, with noise, and brighter to the right."""
    generator = torch.Generator().manual_seed(5)
    soft = torch.rand(1, 3, 6, 63, generator=generator) + torch.linspace(0, 1, 63)
    soft = torch.nn.functional.interpolate(soft, (50, 630), mode="bilinear") / 2
    return (soft + 0.02 * torch.randn(1, 3, 50, 630, generator=generator)).clamp(0, 1)


@pytest.fixture
def everything_is_large(monkeypatch):
    monkeypatch.setattr(still_network, "WHOLE_PIXELS", 0)
    monkeypatch.setattr(still_network, "TILE", 400)


@torch.inference_mode()
def test_a_picture_of_usual_size_is_painted_as_a_whole(network, still, picture):
    torch.testing.assert_close(still(picture), network(picture), atol=1e-5, rtol=0)


@torch.inference_mode()
@pytest.mark.usefixtures("everything_is_large")
def test_tiles_are_painted_as_the_whole_by_the_same_norms(network, still, picture):
    wanted = network.freeze(samples(picture[0]))(picture)
    torch.testing.assert_close(still(picture), wanted, atol=1e-4, rtol=0)


@torch.inference_mode()
@pytest.mark.parametrize("photograph", ["lake", "portrait", "street"])
def test_a_photograph_painted_by_tiles_looks_as_painted_whole(photograph, monkeypatch):
    """By two fifths of it. Larger samples, whose borders count for less, are more alike."""
    trained = load_model(shipped()["wave"].with_suffix(".safetensors")).network.eval()
    picture = read_picture(PHOTOGRAPHS / f"{photograph}.jpg", shorter=640)[None]
    wanted = trained(picture)
    monkeypatch.setattr(still_network, "WHOLE_PIXELS", 0)
    monkeypatch.setattr(still_network, "SAMPLE", 128)
    monkeypatch.setattr(still_network, "SAMPLES", 16)
    found = StillNetwork(trained, CPU, torch.float32)(picture)
    assert (found - wanted).square().mean().sqrt() < 0.03


@torch.inference_mode()
@pytest.mark.usefixtures("everything_is_large")
def test_each_picture_of_a_batch_goes_by_itself(still, picture):
    darker = picture * 0.3
    both = still(torch.cat([picture, darker]))
    torch.testing.assert_close(both[1:], still(darker), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("size", "found"),
    [
        ((4000, 6000), (35, 512, 512)),
        ((6000, 4000), (35, 512, 512)),
        ((600, 100_000), (36, 512, 512)),
        ((900, 20_000), (36, 512, 512)),
        ((100_000, 40), (36, 512, 40)),
        ((40, 50), (1, 40, 50)),
    ],
)
def test_samples_are_as_many_for_every_shape(size, found):
    taken = samples(torch.zeros(1, *size))
    assert (taken.shape[0], *taken.shape[2:]) == found


@pytest.mark.parametrize("height", [700, 4000])
def test_samples_come_from_all_over_a_picture(height):
    rows = torch.arange(float(height))[:, None].expand(height, 3000)
    tops = samples(rows[None])[:, 0, 0, 0].unique()
    assert tops.min() < SAMPLE
    assert tops.max() > height - 2 * SAMPLE
    assert tops.diff().max() - tops.diff().min() <= 1
