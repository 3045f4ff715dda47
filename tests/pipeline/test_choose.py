"""From what a person names to a choice: presets, networks, styles, methods and their options."""

from pathlib import Path

import pytest

from stylize.pipeline.choose import as_masks, choose, split
from stylize.pipeline.errors import SettingsError


def test_a_model_is_named_after_its_file(network_file: Path):
    choice = choose(model=network_file, strength=0.5)
    assert (choice.name, choice.weights) == ("tiny", network_file)
    assert choice.settings.strength == 0.5


def test_an_option_beats_the_preset(network_file: Path, tmp_path: Path):
    look = tmp_path / "dim.toml"
    look.write_text(
        f'method = "swift"\nweights = "{network_file}"\n[settings]\nstrength = 0.5\nsize = 240\n'
    )
    choice = choose(preset=look, strength=0.75)
    assert choice.name == "dim"
    assert (choice.settings.strength, choice.settings.size) == (0.75, 240)


@pytest.mark.parametrize("given", [{}, {"preset": "wave", "model": "wave.safetensors"}])
def test_one_look_is_wanted(given: dict[str, str]):
    with pytest.raises(SettingsError, match="name a look by --preset"):
        choose(**given)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"style": "a.png"}, "a"),
        ({"style": "a.png", "method": "adain"}, "a-adain"),
        ({"style": ["a.png", "b.png"], "method": "gatys"}, "a+b-gatys"),
        ({"style": "a.png", "model": "x.safetensors"}, "a"),
        ({"style": "a.png", "model": "x.safetensors", "method": "micro"}, "a-micro"),
        ({"preset": "wave"}, "wave"),
    ],
)
def test_a_look_is_named_after_its_styles_and_the_method_that_was_asked_for(given, name):
    assert choose(**given).name == name


def test_a_style_alone_is_painted_by_the_network_that_ships():
    choice = choose(style="a.png")
    assert choice.method == "micro"
    assert choice.weights is not None
    assert choice.weights.name == "micro.safetensors"


@pytest.mark.parametrize("method", ["adain", "gatys", "nnst"])
def test_these_methods_need_no_file_of_ones_own(method):
    choice = choose(style="a.png", method=method)
    assert (choice.method, choice.weights) == (method, None)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"method": "gatis", "style": "a.png"}, "no method 'gatis'; did you mean 'gatys'"),
        ({"method": "gatys"}, "name a look by --preset, by --model or by --style"),
        ({"method": "gatys", "preset": "wave"}, "a preset has a method of its own: leave out"),
        ({"method": "swift", "style": "a.png"}, "swift has learnt one style: leave out --style"),
        ({"preset": "wave", "mask": ["a.png", "b.png"]}, "2 masks for 1 style: name one --mask"),
        ({"preset": "wave", "method_options": {"iterations": 3}}, "swift has no options of its"),
        ({"style": "a.png", "method_options": {"iterations": 3}}, "micro has no options of its"),
        (
            {"style": "a.png", "method": "gatys", "method_options": {"iteration": 3}},
            "gatys: no option 'iteration'; did you mean 'iterations'",
        ),
        (
            {"style": "a.png", "method": "nnst", "method_options": {"iterations": 0}},
            "nnst: iterations is a whole number from 1",
        ),
        (
            {"preset": "wave", "match_color": True},
            "swift has learnt its colours: --match-color",
        ),
        ({"style": "a.png", "strenght": 1}, "no setting 'strenght'; did you mean 'strength'"),
        ({"model": "a.jpg"}, "a.jpg: a picture by its name; paint like it with --style"),
        ({"model": "a.toml"}, "a.toml: a preset by its name; paint by it with --preset"),
        ({"style": "wave"}, "wave: no such picture, but a preset: paint by --preset wave"),
        (
            {"style": "a.png", "refine": "no", "keyframes": "every:3"},
            "keyframes are those of --refine, which is 'no': leave out one of both",
        ),
    ],
)
def test_what_does_not_go_together_is_refused_with_a_way_out(given, said):
    with pytest.raises(SettingsError, match=f"{said}") as refusal:
        choose(**given)
    assert "\n" not in str(refusal.value)


def test_masks_are_one_path_or_several():
    assert as_masks(None) == ()
    assert as_masks("a.png") == (Path("a.png"),)
    assert as_masks(["a.png", Path("b.png")]) == (Path("a.png"), Path("b.png"))


def test_a_look_of_one_style_takes_one_mask():
    assert choose(preset="wave", mask="sky.png").masks == (Path("sky.png"),)


def test_options_typed_beat_those_of_the_preset(tmp_path):
    (tmp_path / "a.png").touch()
    look = tmp_path / "slow.toml"
    look.write_text("method = 'nnst'\nstyle = 'a.png'\n[options]\niterations = 9\nscales = 2\n")
    choice = choose(preset=look, method_options={"iterations": 5})
    assert choice.options == {"iterations": 5, "scales": 2}


def test_what_to_paint_like_is_told_from_the_settings():
    look, settings = split({"style": "a.png", "strength": 0.5, "method": "micro"})
    assert look == {"style": "a.png", "method": "micro"}
    assert settings == {"strength": 0.5}


def test_a_preset_that_refines_may_be_told_not_to(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"")
    look = tmp_path / "fine.toml"
    look.write_text(
        "method = 'micro'\nstyle = 'a.jpg'\n[settings]\nrefine = 'gatys'\nkeyframes = 'every:9'\n"
        "[options]\niterations = 5\n"
    )
    fine, plain = choose(preset=look), choose(preset=look, refine="no")
    assert (fine.settings.refine, fine.options) == ("gatys", {"iterations": 5})
    assert (plain.settings.refine, plain.settings.keyframes, plain.options) == (None, None, {})


def test_what_an_optimiser_begins_with_is_read_too(tmp_path):
    for name in ("a.jpg", "start.png"):
        (tmp_path / name).write_bytes(b"")
    look = {"style": tmp_path / "a.jpg", "method": "gatys"}
    choice = choose(**look, method_options={"init": str(tmp_path / "start.png")})
    assert choice.files == (tmp_path / "a.jpg", tmp_path / "start.png")
