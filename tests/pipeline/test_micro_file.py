"""The network that ships for any style is found beside the models, or its lack is said."""

from fnmatch import fnmatch

import pytest
import torch

from stylize import models
from stylize.models import AnyStyleNetwork, load_model
from stylize.models.any_style import Mixture
from stylize.pipeline import micro_file as module
from stylize.pipeline.errors import ModelError
from stylize.pipeline.micro_file import micro_file


def test_it_lies_in_the_package_of_the_models(tmp_path, monkeypatch):
    named = []

    def files(package):
        named.append(package)
        return tmp_path

    monkeypatch.setattr(module, "files", files)
    (tmp_path / "micro.safetensors").write_bytes(b"")
    assert micro_file() == tmp_path / "micro.safetensors"
    assert named == [models.__name__]


def test_an_installation_without_it_says_so_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "files", lambda _: tmp_path)
    with pytest.raises(ModelError, match=r"micro\.safetensors: the network for --style is missing"):
        micro_file()


def test_the_network_that_ships_is_small_and_paints_like_any_picture():
    path = micro_file()
    loaded = load_model(path)
    assert loaded.method == "micro"
    assert path.stat().st_size < 2_000_000
    assert isinstance(loaded.network, AnyStyleNetwork)
    generator = torch.Generator().manual_seed(0)
    picture, first, second = (torch.rand(3, 40, 56, generator=generator) for _ in range(3))
    painted = [
        loaded.network.with_styles(Mixture((style * 0.5 + shift,)))(picture[None])
        for style, shift in ((first, 0.0), (second, 0.5))
    ]
    assert all(each.shape == (1, 3, 40, 56) and each.isfinite().all() for each in painted)
    assert painted[1].mean() - painted[0].mean() > 0.2  # a light style paints lightly


def test_the_network_that_ships_never_saw_what_it_is_measured_on():
    """`bench_quality.py` measures it on these six paintings."""
    recipe = load_model(micro_file()).recipe
    held_out = (
        "great_wave.jpg",
        "starry_night.jpg",
        "edvard_munch_the_scream.jpg",
        "kandinsky_composition_vii.jpg",
        "red_fuji.jpg",
        "a_sunday_on_la_grande_jatte.jpg",
    )
    for name in held_out:
        assert any(fnmatch(name, pattern) for pattern in recipe["styles_excluded"])
