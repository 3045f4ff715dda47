"""`stylize presets` as a person types it: what is printed, what is saved, how it exits."""

import json
import tomllib

import pytest

from stylize.models import Johnson, save_model
from stylize.pipeline import cli
from stylize.presets import shipped


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The user's folder, not made yet."""
    monkeypatch.setenv("STYLIZE_PRESETS", str(tmp_path / "presets"))
    return tmp_path / "presets"


@pytest.fixture
def run(capsys):
    """Run the program: its exit code, standard output and standard error."""

    def run_presets(*arguments):
        code = cli._run(["presets", *map(str, arguments)])
        return code, *capsys.readouterr()

    return run_presets


def test_list_shows_name_line_method_and_origin_in_columns(run):
    run("save", "blue", "--preset", "wave", "--summary", "All in blue")
    code, out, err = run("list")
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in lines] == ["preset", *sorted(["blue", *shipped()])]
    method = lines[0].index("method")
    assert {line[method : method + 5] for line in lines[1:]} == {"swift"}
    assert {line.split()[0]: line.split()[-1] for line in lines[1:]} == {
        "blue": "yours",
        **dict.fromkeys(shipped(), "shipped"),
    }
    assert any(line.startswith("blue ") and " All in blue " in line for line in lines)


def test_list_is_a_table_in_a_terminal(run, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = run("list")
    assert code == 0
    assert "│ wave" in out
    assert max(map(len, out.splitlines()[3:])) <= 80


def test_list_shows_markup_as_it_is_written(run, folder, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    run("save", "odd", "--preset", "wave", "--summary", "[red]not[/red] a tag")
    assert "[red]not[/red] a tag" in run("list")[1]


def test_list_names_a_broken_file_and_goes_on(run, folder):
    folder.mkdir()
    (folder / "bad.toml").write_text("x =", encoding="utf-8")
    code, out, _ = run("list")
    assert code == 0
    assert f"broken: {folder / 'bad.toml'}:1:4: no TOML: invalid value" in out
    assert "wave" in out
    reasons = {look["name"]: look.get("reason") for look in json.loads(run("list", "--json")[1])}
    assert reasons == {
        "bad": f"{folder / 'bad.toml'}:1:4: no TOML: invalid value",
        **dict.fromkeys(shipped()),
    }


def test_list_as_json_says_everything(run):
    looks = {look["name"]: look for look in json.loads(run("list", "--json")[1])}
    assert list(looks) == [*shipped()]
    assert looks["wave"]["source"] == "shipped"
    assert looks["wave"]["path"] == str(shipped()["wave"])
    assert looks["wave"]["origin"]["artist"] == "Katsushika Hokusai"


def test_show_says_what_a_look_is_and_sets(run, folder):
    run("save", "blue", "--preset", "wave", "--strength", 0.5, "--keep-color", "--codec", "ffv1")
    code, out, _ = run("show", "blue")
    assert code == 0
    assert f"from     yours: {folder / 'blue.toml'}\n" in out
    assert "  artist   Katsushika Hokusai\n" in out
    assert out.endswith('\nsettings\n  strength    0.5\n  keep_color  true\n  codec       "ffv1"\n')
    look = json.loads(run("show", "blue", "--json")[1])
    assert look["settings"] == {"strength": 0.5, "keep_color": True, "codec": "ffv1"}


def test_show_takes_a_file(run, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("based_on = 'mosaic'\n", encoding="utf-8")
    code, out, _ = run("show", path)
    assert code == 0
    assert f"from     a file: {path}\n" in out


def test_a_misspelt_name_is_wrong_usage_in_one_line(run):
    assert run("show", "mosiac") == (
        2,
        "",
        "Error: no preset 'mosiac'; did you mean 'mosaic'? (see: stylize presets list)\n",
    )


def test_save_writes_a_file_with_what_was_typed_and_prints_its_path(run, folder):
    code, out, err = run("save", "blue", "--preset", "wave", "--strength", "0.5", "--no-hw")
    assert (code, out, err) == (0, f"{folder / 'blue.toml'}\n", "")
    document = tomllib.loads((folder / "blue.toml").read_text(encoding="utf-8"))
    assert document["based_on"] == "wave"
    assert document["settings"] == {"strength": 0.5, "hw": False}


def test_save_notes_that_a_shipped_look_is_hidden_and_list_shows_it(run):
    code, _, err = run("save", "wave", "--preset", "wave", "--size", 480)
    assert (code, err) == (0, "Note: this hides the preset 'wave' that ships.\n")
    assert "yours, hides the shipped one" in run("list")[1]


def test_save_replaces_only_when_told_to(run):
    assert run("save", "blue", "--preset", "wave")[0] == 0
    code, _, err = run("save", "blue", "--preset", "mosaic")
    assert code == 2
    assert err.startswith("Error: preset 'blue' is there already: ")
    assert run("save", "blue", "--preset", "mosaic", "--overwrite")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("x", "--preset", "wave", "--size", "7"), "size must be a whole number from 16 to 16384"),
        (("x", "--preset", "wave", "--crf", "nan"), "crf must be a number from 0 to 63 (got nan)"),
        (("a/b", "--preset", "wave"), "a preset cannot be called 'a/b' (allowed: "),
        (("x",), "name a look by --preset, by --model or by --style (none is given)"),
        (
            ("x", "--preset", "wave", "--style", "a.jpg"),
            "name a look by --preset or by --style (both",
        ),
        (("x", "--style", "gone.jpg"), "style: there is no file gone.jpg"),
        (
            ("x", "--preset", "wave", "--size", "99", "--style-scale", "2"),
            "size and style_scale excl",
        ),
        (("x", "--preset", "wave", "--model", "w"), "name a look by --preset or by --model (both"),
    ],
)
def test_save_refuses_in_one_line_and_leaves_nothing(run, folder, arguments, reason):
    code, out, err = run("save", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"Error: {reason}")
    assert err.count("\n") == 1
    assert not folder.exists()


def test_save_takes_a_network_of_ones_own(run, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_model(Johnson(), tmp_path / "mine.safetensors", recipe={})
    assert run("save", "mine", "--model", "mine.safetensors", "--strength", 0.5)[0] == 0
    document = tomllib.loads((folder / "mine.toml").read_text(encoding="utf-8"))
    assert document["method"] == "johnson"
    assert document["weights"] == str(tmp_path / "mine.safetensors")
    assert document["settings"] == {"strength": 0.5}


def test_save_refuses_what_is_no_network(run, folder, tmp_path):
    (tmp_path / "mine.pth").write_bytes(b"not a network")
    code, _, err = run("save", "mine", "--model", tmp_path / "mine.pth")
    assert code == 1
    assert err.startswith(f"Error: {tmp_path / 'mine.pth'}: ")
    assert err.count("\n") == 1
    assert not folder.exists()


def test_save_takes_pictures_to_paint_like(run, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(b"")
    styles = ("--style", "a.jpg:0.7", "--style", "b.jpg")
    assert run("save", "mixed", *styles, "--strength", 0.5) == (0, f"{folder / 'mixed.toml'}\n", "")
    document = tomllib.loads((folder / "mixed.toml").read_text(encoding="utf-8"))
    assert document == {
        "summary": "",
        "method": "micro",
        "style": [f"{tmp_path / 'a.jpg'}:0.7", f"{tmp_path / 'b.jpg'}:1.0"],
        "origin": {},
        "settings": {"strength": 0.5},
    }
    code, out, _ = run("show", "mixed")
    assert code == 0
    assert f"style    {tmp_path / 'a.jpg'}:0.7, {tmp_path / 'b.jpg'}:1.0\n" in out
    (shown,) = (one for one in json.loads(run("list", "--json")[1]) if one["name"] == "mixed")
    assert shown["styles"][0] == {"path": str(tmp_path / "a.jpg"), "share": 0.7}


def test_save_takes_a_network_for_any_style_with_a_style_only(run, any_style_file, tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"")
    code, _, err = run("save", "x", "--model", any_style_file)
    assert (code, err.startswith(f"Error: {any_style_file}: micro paints like any")) == (
        2,
        True,
    )
    assert run("save", "x", "--model", any_style_file, "--style", tmp_path / "a.jpg")[0] == 0
    shown = json.loads(run("show", "x", "--json")[1])
    assert (shown["method"], shown["weights"]) == ("micro", str(any_style_file))


def test_path_prints_the_users_folder(run, folder):
    assert run("path") == (0, f"{folder}\n", "")
