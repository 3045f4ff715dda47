"""Options of a method's own, as they are typed, listed and refused."""

import pytest
import torch
from PIL import Image

from stylize.pipeline.errors import SettingsError
from stylize.pipeline.method_options import (
    OPTIMISERS,
    check_options,
    default_of,
    described,
    located,
    make_options,
    option_fields,
    picture_to_start_from,
    typed_option,
)


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("iterations=500", "iterations", 500),
        ("tv-weight = 1e-3", "tv_weight", 0.001),
        ("splitting=no", "splitting", "no"),
        ("splitting=False", "splitting", False),
        ("style_layers=relu1_1,relu2_1:0.5", "style_layers", "relu1_1,relu2_1:0.5"),
        ("init=a=b.png", "init", "a=b.png"),
    ],
)
def test_a_name_and_a_value_are_read(text, name, value):
    assert typed_option(text) == (name, value)


@pytest.mark.parametrize("text", ["iterations", "=3", ""])
def test_what_is_no_name_and_value_is_refused(text):
    with pytest.raises(SettingsError, match=r"--set takes NAME=VALUE, such as iterations=500"):
        typed_option(text)


@pytest.mark.parametrize("method", OPTIMISERS)
def test_every_option_is_described_and_its_default_is_allowed(method):
    said = described(method)
    given = {}
    for option in option_fields(method):
        assert said[option.name]
        if (default := default_of(option)) is not None:
            given[option.name] = default
    assert make_options(method, given) is not None


def test_settings_of_all_methods_are_no_options_of_one():
    with pytest.raises(SettingsError, match=r"gatys: no option 'seed'.*\(its options: iterations"):
        make_options("gatys", {"seed": 3})
    made = make_options("gatys", {}, seed=3, style_scale=2.0)
    assert (made.seed, made.style_scale) == (3, 2.0)


def test_layers_are_read_with_their_weights():
    made = make_options("gatys", {"style_layers": "relu1_1,relu4_1:0.5"})
    assert made.style_layers == {"relu1_1": 1.0, "relu4_1": 0.5}
    with pytest.raises(SettingsError, match=r"gatys: .*relu1_1 to relu5_4.*\(got 'conv1'\)"):
        make_options("gatys", {"style_layers": "conv1"})
    with pytest.raises(SettingsError, match=r"gatys: style_layers must name layers .*\(got 3\)"):
        make_options("gatys", {"style_layers": 3})


def test_a_picture_may_be_named_to_start_from(tmp_path):
    path = tmp_path / "start.png"
    Image.new("RGB", (9, 7), "red").save(path)
    given = {"init": str(path)}
    assert picture_to_start_from(given) == path
    start = torch.rand(3, 7, 9)
    assert make_options("gatys", given, start=start).start is start
    assert picture_to_start_from({"init": "noise"}) is None
    with pytest.raises(SettingsError, match=r"gatys: init must be .*\(got 'gone.png'\)"):
        make_options("gatys", {"init": "gone.png"})


def test_a_word_is_no_picture_even_where_a_file_has_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "noise").touch()
    assert picture_to_start_from({"init": "noise"}) is None
    assert located({"init": "noise"}, tmp_path) == {"init": "noise"}
    (tmp_path / "noise.png").touch()
    assert located({"init": "noise.png"}, tmp_path) == {"init": str(tmp_path / "noise.png")}


@pytest.mark.parametrize("method", ["micro", "adain", None])
def test_a_method_without_options_takes_none(method):
    check_options(method, {})
    with pytest.raises(SettingsError, match=r"has no options of its own \(--set\); gatys and nnst"):
        check_options(method, {"iterations": 3})
