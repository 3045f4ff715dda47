"""Style pictures are named by paths and shares, typed or by a program, and give the look a name."""

from pathlib import Path

import pytest

from stylize.pipeline.errors import SettingsError
from stylize.pipeline.styles import (
    LONGEST_NAME,
    Style,
    as_styles,
    check_looks_named,
    check_style_wanted,
    style_name,
    typed_style,
)


@pytest.mark.parametrize(
    ("text", "path", "share"),
    [
        ("a.jpg", "a.jpg", 1.0),
        ("a.jpg:0.7", "a.jpg", 0.7),
        ("a.jpg:3", "a.jpg", 3.0),
        ("a.jpg:.5", "a.jpg", 0.5),
        ("a:0.7.jpg", "a:0.7.jpg", 1.0),
        ("C:/art/a.jpg", "C:/art/a.jpg", 1.0),
        ("C:/art/a.jpg:0.25", "C:/art/a.jpg", 0.25),
        ("a.jpg:", "a.jpg:", 1.0),
        (":0.7", ":0.7", 1.0),
        (f"{'n' * 300}:2", "n" * 300, 2.0),
    ],
)
def test_what_follows_the_last_colon_is_a_share_if_it_is_a_number(text, path, share):
    assert typed_style(text) == Style(Path(path), share)


def test_a_file_of_the_whole_name_is_the_picture(tmp_path):
    (tmp_path / "a:0.7").write_bytes(b"")
    assert typed_style(f"{tmp_path}/a:0.7") == Style(tmp_path / "a:0.7", 1.0)
    assert typed_style(f"{tmp_path}/a:0.7:0.3") == Style(tmp_path / "a:0.7", 0.3)


def test_a_name_may_be_seen_from_elsewhere(tmp_path):
    (tmp_path / "b:2").write_bytes(b"")
    located = tmp_path.joinpath
    assert typed_style("a.jpg:2", located=located) == Style(tmp_path / "a.jpg", 2.0)
    assert typed_style("b:2", located=located) == Style(tmp_path / "b:2", 1.0)


@pytest.mark.parametrize("share", ["-1", "-0.1", "nan", "inf", "1e7"])
def test_a_share_that_is_not_allowed_is_refused_with_its_picture(share):
    with pytest.raises(
        SettingsError, match=r"^a\.jpg: its share must be a number from 0 to 1000000"
    ):
        typed_style(f"a.jpg:{share}")


@pytest.mark.parametrize("share", ["0.7", None, True])
def test_a_share_that_is_no_number_is_refused(share):
    with pytest.raises(SettingsError, match=r"^a\.jpg: its share must be a number .* \(got "):
        as_styles([("a.jpg", share)])


def test_a_style_is_written_as_it_is_typed():
    style = Style(Path("a:b.jpg"), 0.7)
    assert typed_style(str(style)) == style


@pytest.mark.parametrize(
    ("source", "styles"),
    [
        (None, ()),
        ([], ()),
        ("a:0.7", (Style(Path("a:0.7")),)),  # a program says exactly what it means
        (Path("a.jpg"), (Style(Path("a.jpg")),)),
        (["a.jpg", Path("b.jpg")], (Style(Path("a.jpg")), Style(Path("b.jpg")))),
        ([("a.jpg", 0.7), ["b.jpg", 0]], (Style(Path("a.jpg"), 0.7), Style(Path("b.jpg"), 0))),
        ((Style(Path("a.jpg")),), (Style(Path("a.jpg")),)),
    ],
)
def test_a_program_names_a_path_or_several_with_or_without_shares(source, styles):
    assert as_styles(source) == styles


@pytest.mark.parametrize("source", [3, ("a.jpg", 0.7), [("a.jpg", 1, 2)], {"a.jpg": 1}, [None]])
def test_anything_else_is_refused_with_what_is_allowed(source):
    with pytest.raises(
        SettingsError, match=r"^style must be a path, or a list of paths and of pai"
    ):
        as_styles(source)


def test_some_style_must_have_a_share():
    with pytest.raises(SettingsError, match=r"^one of the styles must have a share above 0$"):
        as_styles([("a.jpg", 0), ("b.jpg", 0.0)])


@pytest.mark.parametrize(
    ("paths", "name"),
    [
        (["art/starry_night.jpg"], "starry_night"),
        (["a.jpg", "b.png"], "a+b"),
        (["The Great Wave (1831).jpg"], "The-Great-Wave-1831"),
        (["étoile.v2.jpg"], "étoile.v2"),
        (["a/../..", "???.jpg"], "style+style"),
        (["x" * 100], "x" * LONGEST_NAME),
        (["y" * (LONGEST_NAME - 1), "b"], "y" * (LONGEST_NAME - 1)),
    ],
)
def test_the_look_is_named_after_its_pictures_as_a_file_may_be(paths, name):
    assert style_name([Style(Path(path)) for path in paths]) == name


def test_a_look_is_named_once():
    a = (Style(Path("a.jpg")),)
    check_looks_named(preset="wave", model=None, styles=())
    check_looks_named(preset=None, model="x", styles=())
    check_looks_named(preset=None, model="x", styles=a)
    check_looks_named(preset=None, model=None, styles=a)
    for preset, model, styles, said in (
        (None, None, (), r"by --preset, by --model or by --style \(none is given\)"),
        ("wave", "x", (), r"by --preset or by --model \(both are given\)"),
        ("wave", None, a, r"by --preset or by --style \(both are given\)"),
        ("wave", "x", a, r"by --preset or by --model \(both are given\)"),
    ):
        with pytest.raises(SettingsError, match=f"^name a look {said}"):
            check_looks_named(preset=preset, model=model, styles=styles)


def test_a_style_for_the_wrong_network_and_a_missing_one_are_refused_with_what_the_file_holds():
    with pytest.raises(SettingsError, match=r"^x: swift has learnt one style: leave out"):
        check_style_wanted("swift", (Style(Path("a.jpg")),), held_by="x")
    with pytest.raises(SettingsError, match=r"^x: micro paints like any picture: name one"):
        check_style_wanted("micro", (), held_by="x")
