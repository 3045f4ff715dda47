"""Looks are found by name and file, listed with the broken ones, and saved whole or not at all."""

import tomllib
from pathlib import Path

import platformdirs
import pytest

from stylize.pipeline.errors import PresetError, SettingsError
from stylize.pipeline.looks import (
    BrokenLook,
    find_look,
    list_looks,
    model_look,
    save_look,
    user_folder,
)
from stylize.pipeline.styles import Style
from stylize.presets import shipped


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The user's folder, empty."""
    path = tmp_path / "presets"
    path.mkdir()
    monkeypatch.setenv("STYLIZE_PRESETS", str(path))
    return path


@pytest.fixture
def weights(tmp_path):
    """A file that stands for a network: looks only point to it."""
    path = tmp_path / "night.safetensors"
    path.write_bytes(b"")
    return path


def _write(path, weights, more=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"method = 'swift'\nweights = '{weights}'\n{more}", encoding="utf-8")
    return path


def test_a_shipped_look_is_found_by_name():
    look = find_look("wave")
    assert (look.name, look.method, look.source) == ("wave", "swift", "shipped")
    assert look.path == shipped()["wave"]
    assert look.weights == look.path.with_name("wave.safetensors")
    assert look.origin["artist"] == "Katsushika Hokusai"


def test_the_users_look_hides_a_shipped_one_of_the_same_name(folder, weights):
    path = _write(folder / "wave.toml", weights)
    look = find_look("wave")
    assert (look.source, look.path, look.weights) == ("user", path, weights)
    assert [look.source for look in list_looks() if look.name == "wave"] == ["user"]


@pytest.mark.parametrize("named", ["my/look.toml", "look.toml", "./look.txt"])
def test_a_path_or_a_name_that_ends_in_toml_is_a_file(tmp_path, monkeypatch, weights, named):
    monkeypatch.chdir(tmp_path)
    _write(Path(named), weights)
    look = find_look(named)
    assert (look.name, look.source, look.path) == ("look", "file", Path(named))


def test_a_file_in_the_working_folder_is_no_name(tmp_path, monkeypatch, weights):
    monkeypatch.chdir(tmp_path)
    _write(Path("night"), weights)
    with pytest.raises(PresetError, match=r"^a/b\.jpg: a picture by its name; paint like it w"):
        find_look("a/b.jpg")
    with pytest.raises(PresetError, match=r"^no preset 'night' \(see: stylize presets list\)$"):
        find_look("night")


def test_a_misspelt_name_is_refused_with_the_nearest():
    with pytest.raises(PresetError) as refusal:
        find_look("mosiac")
    text = "no preset 'mosiac'; did you mean 'mosaic'? (see: stylize presets list)"
    assert str(refusal.value) == text


@pytest.mark.parametrize("name", ["", "..", "wave\0", "WAVE.TOML"])
def test_an_odd_name_is_refused_in_one_line(name):
    with pytest.raises(PresetError, match=r"^no preset"):
        find_look(name)


@pytest.mark.parametrize("path", ["~nobody-of-this-name/x.toml", f"{'n' * 300}.toml"])
def test_a_path_that_cannot_be_is_one_line(path):
    with pytest.raises(PresetError, match=r"file name too long|no such home folder"):
        find_look(path)


@pytest.mark.parametrize(
    ("named", "reason"),
    [("~nobody-of-this-name", "there is no such home folder"), ("n" * 300, "cannot list the pres")],
)
def test_a_folder_that_cannot_be_is_one_line(named, reason, monkeypatch):
    monkeypatch.setenv("STYLIZE_PRESETS", named)
    with pytest.raises(PresetError, match=rf"{named}: {reason}"):
        list_looks()


def test_no_single_file_keeps_the_others_from_the_list(folder, weights):
    bad = {
        "digits": f"settings.size = 0x{'f' * 6000}",
        "nested": f"settings.size = [0x{'f' * 6000}]",
        "long": f"method = 'swift'\nweights = '{'a' * 300}'",
        "nobody": "method = 'swift'\nweights = '~nobody-of-this-name/x'",
    }
    for name, text in bad.items():
        (folder / f"{name}.toml").write_text(text)
    _write(folder / "good.toml", weights)
    looks = {look.name: look for look in list_looks()}
    assert all(isinstance(looks[name], BrokenLook) for name in bad)
    assert not isinstance(looks["good"], BrokenLook)


def test_a_missing_file_is_refused_by_its_path(tmp_path):
    with pytest.raises(PresetError, match=r"gone\.toml: cannot read this preset \(no such file"):
        find_look(str(tmp_path / "gone.toml"))


def test_a_broken_file_of_the_user_is_listed_with_the_reason(folder, weights):
    _write(folder / "look10.toml", weights)
    _write(folder / "look9.toml", weights, "[settings]\nstrength = 2\n")
    looks = list_looks()
    assert {look.name for look in looks} == {"look9", "look10", *shipped()}
    ours = [look for look in looks if look.path.parent == folder]
    assert [look.name for look in ours] == ["look9", "look10"]
    assert isinstance(ours[0], BrokenLook)
    assert ours[0].reason == (
        f"{ours[0].path}: [settings] strength must be a number from 0 to 1 (got 2)"
    )


def test_without_a_folder_only_those_that_ship_are_listed(monkeypatch, tmp_path):
    monkeypatch.setenv("STYLIZE_PRESETS", str(tmp_path / "nowhere"))
    assert {look.name: look.path for look in list_looks()} == shipped()


@pytest.mark.parametrize("home", [None, "~/.config/stylize"])
def test_a_user_without_a_home_has_the_looks_that_ship(monkeypatch, tmp_path, home):
    def find(*_: object, **__: object) -> str:
        if home is None:
            raise RuntimeError("could not determine the home directory")
        return home

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STYLIZE_PRESETS")
    monkeypatch.setattr(platformdirs, "user_config_dir", find)
    assert {look.name: look.path for look in list_looks()} == shipped()
    with pytest.raises(PresetError, match=r"no home folder .*: name one in \$STYLIZE_PRESETS"):
        save_look("mine", based_on=find_look("wave"), settings={})
    assert not (tmp_path / "~").exists()


def test_the_folder_is_the_platforms_unless_it_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("STYLIZE_PRESETS", "~/looks")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert user_folder() == tmp_path / "looks"
    monkeypatch.delenv("STYLIZE_PRESETS")
    assert user_folder().parts[-2:] == ("stylize", "presets")


def test_a_saved_look_is_found_again_with_its_settings_laid_over(folder, weights):
    other = _write(
        folder.parent / "base.toml",
        weights,
        "summary = 'Night'\n[origin]\ntitle = 'Stars'\n[settings]\nsize = 720\nstrength = 0.5\n",
    )
    settings = {"strength": 1, "codec": "libx265"}
    path = save_look("night_2", based_on=find_look(str(other)), settings=settings)
    look = find_look("night_2")
    assert path == look.path == folder / "night_2.toml"
    assert look.settings == {"size": 720, "strength": 1.0, "codec": "libx265"}
    assert (look.summary, look.origin) == ("Night", {"title": "Stars"})
    assert look.weights == weights
    assert list(folder.iterdir()) == [path]


def test_a_look_saved_from_weights_refers_to_them_from_everywhere(monkeypatch, weights):
    monkeypatch.chdir(weights.parent)
    save_look("night", based_on=model_look(Path(weights.name), method="johnson"), settings={})
    look = find_look("night")
    assert (look.method, look.weights, look.based_on) == ("johnson", weights, None)


def test_no_look_is_saved_that_matches_colours_with_what_has_learnt_its_own(folder):
    with pytest.raises(SettingsError, match="swift has learnt its colours"):
        save_look("mine", based_on=find_look("wave"), settings={"match_color": True})
    assert list(folder.iterdir()) == []


def test_a_look_saved_from_pictures_is_found_with_them(tmp_path, folder):
    styles = (Style(tmp_path / "a.jpg", 0.7), Style(tmp_path / "b.jpg", 0.3))
    look = model_look(None, method="micro", styles=styles)
    assert (look.name, look.path) == ("a+b", tmp_path / "a.jpg")
    with pytest.raises(PresetError, match=r"^style: there is no file .*a\.jpg$"):
        save_look("mixed", based_on=look, settings={})
    assert list(folder.iterdir()) == []
    for style in styles:
        style.path.write_bytes(b"")
    save_look("mixed", based_on=look, settings={"style_scale": 2})
    found = find_look("mixed")
    assert (found.method, found.weights, found.styles) == ("micro", None, styles)
    save_look("small", based_on=found, settings={"size": 480})
    assert find_look("small").settings == {"size": 480}


def test_a_look_saved_from_one_that_ships_names_it_and_survives_a_reinstallation(folder):
    path = save_look("blue", based_on=find_look("wave"), settings={"strength": 0.5})
    assert tomllib.loads(path.read_text(encoding="utf-8")) == {
        "summary": find_look("wave").summary,
        "based_on": "wave",
        "settings": {"strength": 0.5},
    }
    save_look("bluer", based_on=find_look("blue"), settings={"keep_color": True})
    look = find_look("bluer")
    assert look.weights == find_look("wave").weights
    assert look.origin == find_look("wave").origin
    assert (look.based_on, look.settings) == ("wave", {"strength": 0.5, "keep_color": True})


def test_a_look_may_take_the_name_of_the_shipped_one_it_is_based_on():
    save_look("wave", based_on=find_look("wave"), settings={"strength": 0.5})
    save_look("wave", based_on=find_look("wave"), settings={"size": 480}, overwrite=True)
    look = find_look("wave")
    assert (look.source, look.based_on) == ("user", "wave")
    assert look.settings == {"strength": 0.5, "size": 480}


def test_a_setting_saved_as_none_is_the_default_again():
    save_look("small", based_on=find_look("wave"), settings={"size": 480, "batch": 4})
    save_look("big", based_on=find_look("small"), settings={"size": None})
    assert find_look("big").settings == {"batch": 4}


def test_a_summary_may_be_given_and_must_be_a_line(folder):
    save_look("blue", based_on=find_look("wave"), settings={}, summary="Ein stürmischer Tag")
    assert find_look("blue").summary == "Ein stürmischer Tag"
    with pytest.raises(SettingsError, match="summary must be one line of printable text"):
        save_look("red", based_on=find_look("wave"), settings={}, summary="two\nlines")
    assert [path.name for path in folder.iterdir()] == ["blue.toml"]


def test_an_earlier_look_is_only_replaced_when_told_to(folder):
    path = save_look("blue", based_on=find_look("wave"), settings={"strength": 0.5})
    before = path.read_bytes()
    with pytest.raises(PresetError, match=r"'blue' is there already: .+ \(--overwrite replaces"):
        save_look("blue", based_on=find_look("wave"), settings={"strength": 0.25})
    assert path.read_bytes() == before
    save_look("blue", based_on=find_look("wave"), settings={"strength": 0.25}, overwrite=True)
    assert find_look("blue").settings == {"strength": 0.25}


@pytest.mark.parametrize("name", ["", "-x", "a/b", "../up", "a.b", "two words", "x" * 65, "a\n"])
def test_a_name_that_could_not_be_typed_or_leaves_the_folder_is_refused(folder, name):
    with pytest.raises(PresetError, match=r"^a preset cannot be called .+ \(allowed: up to 64"):
        save_look(name, based_on=find_look("wave"), settings={})
    assert list(folder.parent.rglob("*.toml")) == []


def test_a_wrong_setting_leaves_no_file(folder):
    with pytest.raises(SettingsError, match="size must be a whole number"):
        save_look("blue", based_on=find_look("wave"), settings={"size": 7})
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_one_line(folder, monkeypatch):
    (folder / "file").write_bytes(b"")
    monkeypatch.setenv("STYLIZE_PRESETS", str(folder / "file"))
    with pytest.raises(PresetError, match=r"cannot save the preset there \(.*\); \$STYLIZE_PRES"):
        save_look("blue", based_on=find_look("wave"), settings={})


def test_what_a_killed_process_left_is_no_look(folder):
    (folder / ".blue.123.part.toml").write_text("summ", encoding="utf-8")
    assert [look.name for look in list_looks()] == [*shipped()]
