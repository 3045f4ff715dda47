"""A look's file is read whole, or refused in one line that says where and what is allowed."""

from dataclasses import replace
from pathlib import Path

import pytest
import tomli_w

from stylize.pipeline.errors import PresetError, SettingsError
from stylize.pipeline.look_file import look_document, read_look
from stylize.pipeline.looks import model_look
from stylize.pipeline.styles import Style
from stylize.presets import shipped

NETWORK = "method = 'swift'\nweights = 'night.safetensors'\n"
METHODS = "method must be swift, micro, johnson, adain, sanet, adaattn, gatys or nnst"


@pytest.fixture
def read(tmp_path):
    """Write a file beside its (empty) weights and read it."""
    (tmp_path / "night.safetensors").write_bytes(b"")

    def write_and_read(content):
        path = tmp_path / "night.toml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_look(path, "file")

    return write_and_read


def test_all_that_a_file_may_hold_is_read(read, tmp_path):
    look = read(
        NETWORK
        + "summary = 'Étoiles'\n[origin]\ntitle = 'Stars'\nyear = 1889\nday = 1889-06-18\n"
        + "[settings]\nkeep-color = true\nencoder_preset = 'slow'\nstrength = 1\n"
    )
    assert (look.name, look.summary, look.method) == ("night", "Étoiles", "swift")
    assert look.weights == tmp_path / "night.safetensors"
    assert look.path == tmp_path / "night.toml"
    assert look.origin == {"title": "Stars", "year": "1889", "day": "1889-06-18"}
    assert look.settings == {"keep_color": True, "encoder_preset": "slow", "strength": 1.0}
    assert (look.source, look.based_on) == ("file", None)


def test_a_mark_at_the_beginning_of_the_text_is_no_part_of_it(read):
    assert read(b"\xef\xbb\xbf" + NETWORK.encode()).method == "swift"


def test_a_network_is_enough(read):
    look = read(NETWORK)
    assert (look.summary, look.origin, look.settings) == ("", {}, {})


def test_weights_may_be_absolute_or_under_home(read, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for named in (tmp_path / "night.safetensors", "~/night.safetensors"):
        look = read(f"method = 'johnson'\nweights = '{named}'\n")
        assert look.weights == tmp_path / "night.safetensors"


def test_a_network_for_any_style_takes_pictures_as_seen_from_the_file(read, tmp_path):
    for name in ("a.jpg", "b:2.jpg"):
        (tmp_path / name).write_bytes(b"")
    look = read("method = 'micro'\nstyle = 'a.jpg'\n")
    assert (look.weights, look.styles) == (None, (Style(tmp_path / "a.jpg"),))
    look = read(NETWORK.replace("swift", "micro") + "style = ['a.jpg:0.7', 'b:2.jpg:0.3']\n")
    assert look.weights == tmp_path / "night.safetensors"
    assert look.styles == (Style(tmp_path / "a.jpg", 0.7), Style(tmp_path / "b:2.jpg", 0.3))


def test_a_document_names_its_styles_from_everywhere(read, tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"")
    look = read("method = 'micro'\nstyle = 'a.jpg'\n")
    document = look_document(look, settings={})
    assert document["style"] == [f"{tmp_path / 'a.jpg'}:1.0"]
    assert "weights" not in document
    assert read(tomli_w.dumps(document)).styles == look.styles


def test_a_document_has_an_origin_of_its_own_where_it_borrows_a_network(read):
    borrowed = read("based_on = 'wave'\n")
    assert "origin" not in look_document(borrowed, settings={})
    own = read("based_on = 'wave'\n[origin]\ntitle = 'Sea'\n")
    document = look_document(own, settings={})
    assert read(tomli_w.dumps(document)).origin == {"title": "Sea"}


def test_the_picture_that_an_optimiser_begins_with_is_seen_from_the_file(
    read, tmp_path, monkeypatch
):
    for name in ("a.jpg", "start.png"):
        (tmp_path / name).write_bytes(b"")
    gatys = "method = 'gatys'\nstyle = 'a.jpg'\n[options]\ninit = "
    look = read(f"{gatys}'start.png'\n")
    assert look.options == {"init": str(tmp_path / "start.png")}
    assert read(f"{gatys}'noise'\n").options == {"init": "noise"}
    typed = replace(look, options={"init": "start.png", "iterations": 9})
    monkeypatch.chdir(tmp_path)
    document = look_document(typed, settings={})
    assert document["options"] == {"init": str(tmp_path / "start.png"), "iterations": 9}


def test_a_file_may_borrow_the_network_of_a_look_that_ships(read):
    base = read_look(shipped()["wave"], "shipped")
    look = read("based_on = 'wave'\n[settings]\nsize = 480\n")
    assert (look.weights, look.method, look.origin) == (base.weights, base.method, base.origin)
    assert (look.name, look.based_on, look.settings) == ("night", "wave", {"size": 480})
    assert read("based_on = 'wave'\n[origin]\ntitle = 'Sea'\n").origin == {"title": "Sea"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            "",
            f"{METHODS} (it is missing)",
        ),
        (
            "method = 'magic'",
            f"{METHODS} (got 'magic')",
        ),
        (
            "method = 3",
            f"{METHODS} (got 3)",
        ),
        ("method = 'swift'", "weights must name the file of a network (or use based_on)"),
        ("method = 'swift'\nweights = 7.5", "weights must be one line of printable text (got 7.5)"),
        (NETWORK + "sumary = 'x'", "no key 'sumary'; did you mean 'summary'? (keys: summary, "),
        (NETWORK + "summary = ['x']", "summary must be one line of printable text (got ['x'])"),
        (NETWORK + r'summary = "\u001b[2J"', "summary must be one line of printable text (got "),
        (NETWORK + "settings = 3", "settings must be a table (got 3)"),
        (NETWORK + "origin = 'x'", "origin must be a table (got 'x')"),
        (NETWORK + "origin.title = ['x']", "origin.title must be one line of printable text"),
        (
            NETWORK + "settings.strenght = 1",
            "[settings] no setting 'strenght'; did you mean 'strength'? (settings: strength, ",
        ),
        (NETWORK + "settings.size = '720'", "[settings] size must be a whole number from 16 to"),
        (NETWORK + "settings.crf = nan", "[settings] crf must be a number from 0 to 63 (got nan)"),
        (
            NETWORK + "[settings]\nkeep-color = true\nkeep_color = true",
            "[settings] keep_color is given twice",
        ),
        (
            f"method = 0x{'f' * 6000}",
            f"{METHODS} (got a number without end)",
        ),
        (
            f"{NETWORK}settings.size = '{'x' * 999}'",
            "[settings] size must be a whole number from 16 to",
        ),
        ("based_on = 'wvae'", "based_on: no look 'wvae' ships; did you mean 'wave'? (these do: "),
        ("method = 'micro'", "style must name a picture where method is micro"),
        ("method = 'micro'\nstyle = []", "style must name a picture where method is micro"),
        (NETWORK + "style = 'a.jpg'", "style must be left out where method is swift"),
        ("method = 'micro'\nstyle = 'a.jpg'", "style: there is no file "),
        ("method = 'micro'\nstyle = 7.5", "style must be one line of printable text (got 7.5)"),
        (
            "method = 'micro'\nstyle = ['night.toml:0']",
            "one of the styles must have a share above 0",
        ),
        (
            "based_on = 'wave'\nstyle = 'a.jpg'",
            "based_on already gives the network: leave out style",
        ),
        (
            NETWORK + "settings.size = 480\nsettings.style-scale = 2",
            "[settings] size and style_scale exclude each other",
        ),
        ("based_on = 'wave'\nmethod = 'swift'", "based_on already gives the network: leave out"),
    ],
)
def test_what_is_wrong_is_said_with_the_file_and_what_is_allowed(read, tmp_path, content, reason):
    with pytest.raises(PresetError, match=r"^[^\n]+$") as refusal:
        read(content)
    assert str(refusal.value).startswith(f"{tmp_path / 'night.toml'}: {reason}")


def test_weights_may_be_a_folder_of_files(read, tmp_path):
    (tmp_path / "sanet").mkdir()
    (tmp_path / "a.jpg").touch()
    look = read("method = 'sanet'\nweights = 'sanet'\nstyle = ['a.jpg']\n")
    assert look.weights == tmp_path / "sanet"


def test_weights_that_are_gone_are_said(read, tmp_path):
    (tmp_path / "night.safetensors").unlink()
    with pytest.raises(PresetError, match=r"night\.toml: weights: there is no file .+safetensors$"):
        read(NETWORK)


@pytest.mark.parametrize(
    ("content", "where", "what"),
    [
        ("a = 1\nb = ?\n", "2:5", "invalid value"),
        ("a = 1\nb = ", "2:5", "invalid value"),
        ("a = '''x\ny\n", "3:1", "expected \"'''\""),
        ("a = 1\n[b", "2:3", "expected ']'"),
    ],
)
def test_text_that_is_no_toml_is_refused_with_line_and_column(read, tmp_path, content, where, what):
    with pytest.raises(PresetError, match="no TOML") as refusal:
        read(content)
    assert str(refusal.value).startswith(f"{tmp_path / 'night.toml'}:{where}: no TOML: {what}")


BORROWING = "based_on = 'wave'\n[settings]\nrefine = 'gatys'\n[options]\niterations = 7\n"


def test_a_document_keeps_the_options_of_a_look_that_borrows_its_network(read):
    look = read(BORROWING)
    document = look_document(look, settings=look.settings, summary=None)
    assert document["options"] == {"iterations": 7}


@pytest.mark.parametrize("key", ["strength", "keep-color"])
def test_a_setting_at_the_top_is_told_where_it_belongs(read, key):
    with pytest.raises(PresetError, match=rf"{key}' is a setting: write it below the line \[sett"):
        read(f"{key} = 1\n{NETWORK}")


def test_bytes_that_are_no_text_are_refused(read):
    with pytest.raises(PresetError, match=r"night\.toml: no TOML: its text is not UTF-8$"):
        read(b"\xff\xfe\x00")


def test_values_nested_without_end_are_refused(read):
    with pytest.raises(PresetError, match=r"night\.toml: .+nested"):
        read("a = " + "[" * 100_000)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(PresetError, match=r"cannot read this preset \(.+\)$"):
        read_look(tmp_path, "file")


def test_a_path_that_cannot_be_is_refused():
    with pytest.raises(PresetError, match=r"cannot read this preset \(embedded null byte\)$"):
        read_look(Path("a\0.toml"), "file")


def test_a_document_keeps_the_network_and_leaves_out_what_is_none(read):
    document = look_document(read(NETWORK), settings={"size": None, "strength": 0.5})
    assert document["method"] == "swift"
    assert document["weights"].endswith("night.safetensors")
    assert document["settings"] == {"strength": 0.5}


@pytest.mark.parametrize("name", ["two\nlines.jpg", "\udcff.jpg", "\x1b[2J.jpg"])
def test_a_document_names_no_file_that_could_not_be_read_back(tmp_path, name):
    odd, plain = tmp_path / name, tmp_path / "plain.jpg"
    look = model_look(plain, method="swift")
    with pytest.raises(SettingsError, match=r"^style must be one line of printable text \(got "):
        look_document(model_look(plain, method="micro", styles=(Style(odd),)), settings={})
    with pytest.raises(SettingsError, match=r"^weights must be one line of printable text \(got "):
        look_document(replace(look, weights=odd), settings={})


def test_names_may_have_spaces_of_any_kind(read, tmp_path):
    name = "Screenshot 3.14\N{NARROW NO-BREAK SPACE}PM.png"
    (tmp_path / name).write_bytes(b"")
    look = read(f"method = 'micro'\nstyle = '{name}'\n")
    assert read(tomli_w.dumps(look_document(look, settings={}))).styles == (Style(tmp_path / name),)
