"""Every look that ships is whole: described, with a network that loads and is what it says."""

import tomllib

import pytest
import torch

from stylize.models import load_model
from stylize.models.network import ready
from stylize.pipeline.look_file import read_look
from stylize.presets import shipped

LOOKS = shipped()


def test_looks_ship_in_alphabetical_order():
    assert list(LOOKS) == sorted(LOOKS)
    assert {"mosaic", "wave"} <= set(LOOKS)


def test_no_weights_ship_without_a_look():
    folder = next(iter(LOOKS.values())).parent
    weights = {path.stem for path in folder.glob("*.safetensors")}
    assert weights <= set(LOOKS)


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_says_in_a_line_what_it_is_and_where_it_comes_from(name):
    look = read_look(LOOKS[name], "shipped")
    assert look.name == name
    assert 0 < len(look.summary) <= 60
    assert {"title", "artist", "licence"} <= set(look.origin)
    assert look.based_on is None


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_lies_beside_its_weights_which_have_its_name(name):
    document = tomllib.loads(LOOKS[name].read_text(encoding="utf-8"))
    assert document["weights"] == f"{name}.safetensors"
    assert LOOKS[name].with_name(document["weights"]).is_file()


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_loads_and_paints_by_the_method_it_names(name):
    look = read_look(LOOKS[name], "shipped")
    loaded = load_model(look.weights)
    assert loaded.method == look.method
    picture = torch.rand(1, 3, 33, 50, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        painted = loaded.network.eval()(picture)
    assert painted.shape == picture.shape
    assert torch.isfinite(painted).all()
    assert (painted - picture).abs().mean() > 0.02  # a painting, not the photograph


@pytest.mark.parametrize("name", LOOKS)
@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_a_picture_of_one_colour_stays_calm_even_in_half_precision(name, level):
    network = load_model(read_look(LOOKS[name], "shipped").weights).network
    network = ready(network, torch.device("cpu"), torch.bfloat16)
    with torch.inference_mode():
        painted = network(torch.full((1, 3, 96, 120), level, dtype=torch.bfloat16)).float()
    assert painted.std((2, 3)).max() < 1 / 255
