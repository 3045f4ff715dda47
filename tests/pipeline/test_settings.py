"""Settings: what is allowed is held, what is not is refused by name, and layers beat each other."""

import math
from dataclasses import FrozenInstanceError, fields
from typing import get_type_hints

import pytest

from stylize.pipeline.errors import SettingsError
from stylize.pipeline.settings import (
    Settings,
    SettingsOptions,
    allowed,
    check_settings,
    default,
    did_you_mean,
    laid_over,
    resolve,
    shown,
)

EDGES = {
    "strength": (0, 0.25, 1),
    "keep_color": (True, False),
    "match_color": (True, False),
    "denoise": (0, 0.5, 1),
    "size": (None, 16, 16384),
    "style_scale": (None, 0.1, 1, 10),
    "device": ("auto", "cpu", "cuda", "cuda:0", "cuda:12", "mps"),
    "precision": ("auto", "fp32", "bf16", "fp16"),
    "batch": (None, 1, 256),
    "seed": (0, 2**63 - 1),
    "smooth": ("fast", "best", "off"),
    "denoise_source": (True, False),
    "cuts": (True, False),
    "freeze": (True, False),
    "refine": (None, "gatys", "nnst"),
    "keyframes": (None, "auto", "every:48", "0,0:01"),
    "codec": (None, "libx264", "ffv1"),
    "crf": (None, 0, 63, 17.5),
    "quality": (None, 1, 100),
    "encoder_preset": (None, "medium", "p4", "8"),
    "pixel_format": (None, "yuv420p10le"),
    "hw": (True, False),
    "deinterlace": ("auto", "off"),
}

BEYOND = {
    "strength": (-0.01, 1.01, math.nan, math.inf, True, "1", None, 10**400),
    "keep_color": (0, 1, "yes", None),
    "match_color": (0, 1, "yes", None),
    "denoise": (-0.01, 1.01, math.nan, True, "1", None),
    "size": (15, 16385, 720.0, True, "720"),
    "style_scale": (0, 0.099, 10.1, -1, math.nan, True, "1"),
    "device": ("gpu", "cuda:", "cuda:-1", "cuda:x", "CPU", " cpu", "cpu\n", 0, None),
    "precision": ("fp8", "float32", "", 16, None),
    "batch": (0, 257, 1.0, False),
    "seed": (-1, 2**63, 0.0, True, None),
    "smooth": ("slow", True, None),
    "denoise_source": (1, "on", None),
    "cuts": (1, "on", None),
    "freeze": (1, "on", None),
    "refine": ("micro", "", True, 1),
    "keyframes": (8, True, 2.5),
    "codec": ("", " ", "-x", "libx264 ", "a\nb", 264, False),
    "crf": (-1, 63.5, math.nan, "18", True),
    "quality": (0, 101, 95.0, True),
    "encoder_preset": ("", "very slow", 8),
    "pixel_format": ("", "yuv420p;", 420),
    "hw": (1, "on", None),
    "deinterlace": ("on", True, None),
}


def _pairs(table):
    return [(name, value) for name, values in table.items() for value in values]


def test_the_tables_of_this_test_name_every_setting():
    names = [field.name for field in fields(Settings)]
    assert list(EDGES) == names
    assert list(BEYOND) == names


@pytest.mark.parametrize(("name", "value"), _pairs(EDGES))
def test_all_that_is_allowed_is_held(name, value):
    assert getattr(resolve({name: value}), name) == value


@pytest.mark.parametrize(("name", "value"), _pairs(BEYOND))
def test_what_is_not_allowed_is_refused_with_name_value_and_range(name, value):
    for refused in (check_settings, resolve, lambda layer: Settings(**layer)):
        with pytest.raises(SettingsError, match=f"^{name} must be ") as refusal:
            refused({name: value})
        assert str(refusal.value) == f"{name} must be {allowed(name)} (got {shown(value)})"


@pytest.mark.parametrize(
    ("value", "text"),
    [("720", "'720'"), ("x" * 200, f"'{'x' * 79}…"), (16**6000, "a number without end")],
    ids=["as it is", "cut", "without end"],  # pytest cannot write the number either
)
def test_a_refused_value_is_shown_in_what_fits_a_line(value, text):
    assert shown(value) == text


def test_the_refusals_read_well():
    assert allowed("strength") == "a number from 0 to 1"
    assert allowed("style_scale") == "a number from 0.1 to 10"
    assert allowed("size") == "a whole number from 16 to 16384"
    assert allowed("precision") == "auto, fp32, bf16 or fp16"
    assert allowed("deinterlace") == "auto or off"
    assert allowed("hw") == "true or false"


@pytest.mark.parametrize("name", ["strength", "crf"])
def test_a_whole_number_becomes_a_float_where_one_is_due(name):
    for settings in (resolve({name: 1}), Settings(**{name: 1})):
        assert type(getattr(settings, name)) is float


def test_the_options_of_the_api_are_the_fields_of_the_settings():
    assert get_type_hints(SettingsOptions) == get_type_hints(Settings)
    assert not SettingsOptions.__required_keys__


def test_nothing_set_gives_the_defaults():
    assert resolve() == resolve({}) == Settings()
    assert all(default(field.name) == getattr(Settings(), field.name) for field in fields(Settings))


def test_a_later_layer_beats_an_earlier_one_key_by_key():
    preset = {"strength": 0.5, "size": 720, "keep_color": True}
    settings = resolve(preset, {"strength": 0.75, "keep_color": False})
    assert settings == Settings(strength=0.75, size=720, keep_color=False)
    assert preset == {"strength": 0.5, "size": 720, "keep_color": True}


def test_none_takes_a_presets_value_back_where_none_is_allowed():
    assert resolve({"size": 720}, {"size": None}).size is None


def test_a_wrong_value_is_refused_even_if_a_later_layer_would_hide_it():
    with pytest.raises(SettingsError, match="strength must be"):
        resolve({"strength": 2}, {"strength": 1})


def test_two_ways_to_say_how_large_a_picture_is_seen_exclude_each_other():
    for both in (check_settings, resolve, lambda layer: Settings(**layer)):
        with pytest.raises(
            SettingsError, match=r"^size and style_scale exclude each other, as both"
        ):
            both({"size": 480, "style_scale": 2.0})
    assert check_settings({"size": None, "style_scale": 2}) == {"size": None, "style_scale": 2.0}


@pytest.mark.parametrize(
    ("preset", "typed"),
    [({"size": 480}, {"style_scale": 2.0}), ({"style_scale": 2.0}, {"size": 480})],
)
def test_the_one_that_was_typed_takes_the_place_of_the_presets_other(preset, typed):
    assert laid_over({"seed": 1, **preset}, typed) == {"seed": 1, **typed}
    assert resolve(preset, typed) == Settings(**typed)
    assert resolve(preset, dict.fromkeys(typed)) == Settings(**preset)  # None takes nothing away


def test_an_unknown_name_is_refused_with_the_nearest_and_all_others():
    with pytest.raises(SettingsError, match=r"^no setting 'strenght'; did you mean 'strength'\? "):
        resolve({"strenght": 1})
    with pytest.raises(SettingsError, match=r"^no setting 'zzz' \(settings: strength, keep_color"):
        resolve({"zzz": 1})


def test_settings_cannot_be_changed():
    with pytest.raises(FrozenInstanceError, match="strength"):
        Settings().strength = 0.5


def test_a_guess_is_only_made_where_a_name_is_near():
    assert did_you_mean("mosiac", ["wave", "mosaic"]) == "; did you mean 'mosaic'?"
    assert did_you_mean("zebra", ["wave", "mosaic"]) == ""
