"""From a preset or a file of weights to a network that is ready."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from stylize.models import Swift, save_model
from stylize.models.checkpoint import Recipe
from stylize.models.methods import MethodName
from stylize.models.micro import Micro
from stylize.models.vgg import Vgg
from stylize.pipeline import load_method
from stylize.pipeline.choose import PaintOptions, choose
from stylize.pipeline.errors import ModelError
from stylize.pipeline.prepare import prepare
from stylize.pipeline.values import Batch, Frame


def test_a_prepared_painter_paints_and_says_what_with(network_file: Path):
    painter = prepare(choose(model=network_file), film=False)
    assert painter.dtype == torch.float32
    assert painter.network(torch.rand(1, 3, 20, 30)).shape == (1, 3, 20, 30)
    made_by = painter.provenance()
    assert made_by["weights"] == painter.weights_hash
    assert made_by["strength"] == 1.0
    assert not {"size", "styles"} & made_by.keys()


@pytest.mark.parametrize(
    ("options", "size"),
    [({}, None), ({"size": 200}, 200), ({"style_scale": 2}, 32), ({"style_scale": 10}, 16)],
)
def test_the_size_at_which_a_picture_is_seen_follows_from_the_styles(
    options: dict[str, float], size: int | None, any_style_file: Path, tmp_path: Path
):
    Image.new("RGB", (40, 40), "red").save(tmp_path / "a.png")
    choice = choose(model=any_style_file, style=tmp_path / "a.png", **options)
    assert prepare(choice, film=False).size() == size  # its styles had 64 pixels


@pytest.mark.parametrize("recipe", [{}, {"settings": 3}, {"settings": {"style_size": "9"}}])
def test_where_no_recipe_tells_the_size_of_the_style_it_was_512(recipe: Recipe, tmp_path: Path):
    path = tmp_path / "x.safetensors"
    save_model(Swift(widths=(4, 4, 4, 4), blocks=1), path, recipe=recipe)
    painter = prepare(choose(model=path, style_scale=2), film=False)
    assert painter.size() == 256


@pytest.mark.parametrize("method", [None, "gatys", "nnst"])
def test_a_card_convolves_in_full_precision_for_all_but_optimisers(
    network_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    deep_vgg: Vgg,
    method: MethodName | None,
):
    monkeypatch.setattr(load_method, "load_vgg", lambda *_, **__: deep_vgg)
    Image.new("RGB", (40, 40), "red").save(tmp_path / "a.png")
    look: PaintOptions = {"model": network_file}
    if method is not None:
        own: dict[str, object] = {"content_layers": "relu4_1"} if method == "gatys" else {}
        own["iterations"] = 1
        look = {"style": tmp_path / "a.png", "method": method, "method_options": own}
    allowed, convolve = [], torch.nn.functional.conv2d

    def watched(*given: Any, **named: Any) -> torch.Tensor:
        allowed.append(torch.backends.cudnn.allow_tf32)
        return convolve(*given, **named)

    before = torch.backends.cudnn.allow_tf32
    painter = prepare(choose(**look), film=False)
    monkeypatch.setattr(torch.nn.functional, "conv2d", watched)
    picture = torch.rand(3, 40, 48)
    list(painter.paint([Batch(picture[None], (Frame(picture),))]))
    assert set(allowed) == {method is not None}
    assert torch.backends.cudnn.allow_tf32 == before


def test_networks_go_along_with_pans_of_films_unless_styles_have_places(
    network_file: Path, any_style_file: Path, tmp_path: Path
):
    assert prepare(choose(model=network_file), film=True).lattice == 8
    assert prepare(choose(model=network_file), film=False).lattice == 1
    assert prepare(choose(model=network_file, freeze=False), film=True).lattice == 1
    Image.new("RGB", (40, 40), "red").save(tmp_path / "a.png")
    Image.new("L", (40, 40), 255).save(tmp_path / "mask.png")
    options = {"model": any_style_file, "style": tmp_path / "a.png"}
    assert prepare(choose(**options), film=True).lattice == 8
    assert prepare(choose(**options, mask=tmp_path / "mask.png"), film=True).lattice == 1


def test_what_is_to_be_refined_is_painted_whole(
    any_style_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Micro, "applies_strength", True)
    Image.new("RGB", (40, 40), "gold").save(tmp_path / "gold.png")
    look: Any = {"model": any_style_file, "style": tmp_path / "gold.png", "strength": 0.5}
    assert prepare(choose(**look), film=True).applies_strength
    assert not prepare(choose(**look, refine="nnst"), film=True).applies_strength


def test_a_missing_model_is_named():
    choice = choose(model="nowhere.safetensors")
    with pytest.raises(ModelError, match=r"nowhere\.safetensors"):
        prepare(choice, film=True)


def test_a_processor_paints_single_frames_and_a_card_fills_its_batch(network_file: Path):
    painter = prepare(choose(model=network_file, device="cpu"), film=True)
    assert painter.batch_size(720, 1280) == 1
    chosen = choose(model=network_file, device="cpu", batch=3)
    assert prepare(chosen, film=True).batch_size(4320, 7680) == 3
    card = replace(painter, device=torch.device("cuda"))
    assert card.batch_size(720, 1280) == 16
    assert card.batch_size(2160, 3840) == 1
    assert card.batch_size(9000, 16000) == 1


@pytest.mark.parametrize(
    ("size", "source", "count"),
    [(2160, (480, 854), 1), (480, (2160, 3840), 7), (480, (720, 1280), 16), (720, (720, 1280), 16)],
)
def test_a_card_paints_as_many_at_once_as_the_network_sees_pixels(
    network_file: Path, size: int, source: tuple[int, int], count: int
):
    painter = prepare(choose(model=network_file, device="cpu", size=size), film=True)
    assert replace(painter, device=torch.device("cuda")).batch_size(*source) == count
