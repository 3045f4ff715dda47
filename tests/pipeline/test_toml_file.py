"""What TOML files of every kind have in common: keys in two spellings, lines, tables."""

import pytest

from stylize.pipeline.errors import SettingsError
from stylize.pipeline.toml_file import check_keys, lines, read_toml, table, underscored


def test_a_file_that_is_not_there_is_named_with_what_it_was_to_be(tmp_path):
    path = tmp_path / "gone.toml"
    with pytest.raises(SettingsError, match=r"gone\.toml: cannot read this timeline \(no such fil"):
        read_toml(path, what="timeline")


def test_keys_may_have_hyphens_but_not_both_spellings():
    assert underscored({"keep-color": True, "size": 3}) == {"keep_color": True, "size": 3}
    with pytest.raises(SettingsError, match="keep_color is given twice"):
        underscored({"keep-color": True, "keep_color": True})


def test_a_key_that_is_unknown_is_refused_with_its_likeness_and_those_that_are_known():
    check_keys({"style": 1}, ("style", "mask"))
    with pytest.raises(SettingsError, match=r"no key 'stile'; did you mean 'style'\? \(keys: sty"):
        check_keys({"stile": 1}, ("style", "mask"))


def test_one_line_will_do_for_a_list_of_one():
    assert lines({"style": "a.jpg"}, "style") == ["a.jpg"]
    assert lines({"style": ["a.jpg", 7]}, "style") == ["a.jpg", "7"]
    assert lines({}, "style") == []
    with pytest.raises(SettingsError, match=r"style must be one line of printable text \(got \['a"):
        lines({"style": [["a.jpg"]]}, "style")


def test_what_is_no_table_is_refused():
    assert table({}, "options") == {}
    with pytest.raises(SettingsError, match=r"options must be a table \(got 3\)"):
        table({"options": 3}, "options")
