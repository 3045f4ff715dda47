"""`wave` beside the classic network of the same painting, trained as long, which does not ship."""

from pathlib import Path

import pytest
import torch

from stylize.models import load_model
from stylize.models.extractor import load_vgg
from stylize.models.quality import SIDE, Meter
from stylize.models.read_picture import read_picture
from stylize.presets import shipped

YARDSTICK = Path(__file__).parent / "benchmarks" / "wave_johnson.safetensors"
WAVE = shipped()["wave"].with_suffix(".safetensors")
PHOTOGRAPHS = 4
ALLOWED = 1.1


def runs(path):
    """The recipes of a network's training, from the last run to the first."""
    recipe = load_model(path).recipe
    while recipe:
        yield recipe
        recipe = recipe.get("start", {}).get("recipe")


def test_the_yardstick_is_the_classic_network_of_the_same_painting_trained_as_long():
    classic, wave = list(runs(YARDSTICK)), list(runs(WAVE))
    assert load_model(YARDSTICK).method == "johnson"
    assert {run["style_sha256"] for run in classic} == {wave[0]["style_sha256"]}
    assert sum(run["minutes"] for run in classic) >= sum(run["minutes"] for run in wave)
    assert "--method johnson" in classic[0]["command"]


@pytest.mark.slow
@pytest.mark.vgg
def test_wave_paints_as_well_as_the_yardstick(vgg_weights, shared):
    meter = Meter(load_vgg(given=vgg_weights / "vgg_normalised.pth"))
    style = meter.see(read_picture(shared / "paintings" / "great_wave.jpg", shorter=SIDE))
    networks = [load_model(path).network.eval() for path in (WAVE, YARDSTICK)]
    photographs = sorted((shared / "photos_512").glob("*.jpg"))[::3][:PHOTOGRAPHS]
    losses = []
    with torch.inference_mode():
        for path in photographs:
            picture = read_picture(path, shorter=SIDE)
            content = meter.see(picture)
            painted = [meter.see(network(picture[None])[0]) for network in networks]
            losses.append(torch.stack([meter.losses(one, content, style) for one in painted]))
    wave, classic = torch.stack(losses).mean(0)
    assert len(losses) == PHOTOGRAPHS
    assert (wave <= ALLOWED * classic).all(), (wave, classic)
