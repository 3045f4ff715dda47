"""A timeline's file is read whole, or refused in one line that says where."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from stylize.pipeline.choose import PaintOptions
from stylize.pipeline.errors import SettingsError
from stylize.pipeline.styles import Style
from stylize.pipeline.timeline import Change
from stylize.pipeline.timeline_file import Script, find_timeline, read_timeline

Read = Callable[[str], Script]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the timeline is, beside two pictures."""
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(b"")
    return tmp_path / "evening.toml"


@pytest.fixture
def read(path: Path) -> Read:
    """Write a timeline and read it."""

    def write_and_read(content: str) -> Script:
        path.write_text(content)
        return read_timeline(path)

    return write_and_read


def test_all_that_a_file_may_hold_is_read(read: Read, path: Path):
    here = path.parent
    script = read(
        "style = 'a.jpg'\nstrength = 1\nfade = '0:02'\n"
        "[[moment]]\nat = '0:12'\nstyle = ['a.jpg:0.7', 'b.jpg:0.3']\nmask = ['a.jpg', 'b.jpg']\n"
        "[[moment]]\nat = 20.1\npreset = 'wave'\nfade = 0.5\nkeep-color = true\n"
        "[[moment]]\nat = 00:00:30\nstyle = 'b.jpg'\nmethod = 'gatys'\nstyle-scale = 2\n"
        "options = { iterations = 50 }\n"
        "[[moment]]\nat = 40\nmodel = 'night.safetensors'\n"
        "[[moment]]\nat = 50\npreset = './own.toml'\n"
    )
    assert script.beginning == {"style": (Style(here / "a.jpg"),), "strength": 1.0}
    both = (Style(here / "a.jpg", 0.7), Style(here / "b.jpg", 0.3))
    masks = (here / "a.jpg", here / "b.jpg")
    gatys = PaintOptions(
        style=(Style(here / "b.jpg"),),
        method="gatys",
        style_scale=2.0,
        method_options={"iterations": 50},
    )
    usual = Fraction(2)
    assert script.changes == (
        Change(Fraction(12), {"style": both, "mask": masks}, usual),
        Change(Fraction(201, 10), {"preset": "wave", "keep_color": True}, Fraction(1, 2)),
        Change(Fraction(30), gatys, usual),
        Change(Fraction(40), {"model": here / "night.safetensors"}, usual),
        Change(Fraction(50), {"preset": str(here / "own.toml")}, usual),
    )


def test_the_picture_that_an_optimiser_begins_with_is_seen_from_the_file(read: Read, path: Path):
    script = read(
        "style = 'a.jpg'\nmethod = 'gatys'\noptions = { init = 'b.jpg' }\n"
        "[[moment]]\nat = 1\noptions = { init = 'noise' }\n"
    )
    assert script.beginning["method_options"] == {"init": str(path.parent / "b.jpg")}
    assert script.changes[0].options["method_options"] == {"init": "noise"}


def test_a_moment_at_zero_does_not_fade_unless_it_says_so(read: Read):
    script = read(
        "fade = 3\n[[moment]]\nat = 0\npreset = 'wave'\n[[moment]]\nat = 9\nstrength = 0\n"
    )
    assert [change.fade for change in script.changes] == [None, Fraction(3)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("stile = 'a.jpg'", "no key 'stile'; did you mean 'style'? (keys: preset, style, "),
        ("crf = 20", "crf holds for the whole film: give it on the command line"),
        ("strength = 7", "strength must be a number from 0 to 1 (got 7)"),
        ("style = 'gone.jpg'", "style: there is no file "),
        ("fade = 'long'", "fade: 'long' is no time (seconds: 12.5, or a clock time: 1:02:03.5)"),
        ("moment = 3", "each moment must be a table of its own, under [[moment]]"),
        ("[moment]\nat = 3", "each moment must be a table of its own, under [[moment]]"),
        ("[[moment]]\nstrength = 0", '[[moment]] 1: at must be a time, such as 12.5 or "0:12" (it'),
        (
            "[[moment]]\nat = true",
            '[[moment]] 1: at must be a time, such as 12.5 or "0:12" (got Tr',
        ),
        ("[[moment]]\nat = -5", "[[moment]] 1: at: '-5' is no time"),
        ("[[moment]]\nat = inf", "[[moment]] 1: at: 'inf' is no time"),
        ("[[moment]]\nat = 5\nfade = -1", "at 0:05: fade: '-1' is no time"),
        ("[[moment]]\nat = 5\ncodec = 'av1'", "at 0:05: codec holds for the whole film: give it"),
        ("[[moment]]\nat = 5\nmask = 'm.png'", "at 0:05: mask: there is no file "),
        ("[[moment]]\nat = 5\noptions = 3", "at 0:05: options must be a table (got 3)"),
        (
            "[[moment]]\nat = 5\nkeep-color = true\nkeep_color = true",
            "at 0:05: keep_color is given twice",
        ),
    ],
)
def test_what_is_wrong_is_said_with_the_file_and_the_moment(
    read: Read, path: Path, content: str, said: str
):
    with pytest.raises(SettingsError, match=r"^[^\n]+$") as refusal:
        read(content)
    assert str(refusal.value).startswith(f"{path}: {said}")


def test_text_that_is_no_toml_is_refused_with_line_and_column(read: Read):
    with pytest.raises(SettingsError, match=r"evening\.toml:2:6: no TOML: invalid value"):
        read("[[moment]]\nat = ?\n")


def test_a_timeline_has_the_name_of_its_file_and_what_is_typed_beats_its_beginning(
    read: Read, path: Path
):
    read("preset = 'wave'\nstrength = 0.5\n[[moment]]\nat = 5\nstrength = 0\n")
    made = find_timeline(path, {"preset": "mosaic", "crf": 30.0})
    assert made.name == "evening"
    first, second = (moment.choice for moment in made.moments)
    assert (first.name, first.settings.strength) == ("mosaic", 0.5)
    assert (second.name, second.settings.strength) == ("mosaic", 0)
    assert first.settings.crf == second.settings.crf == 30


def test_masks_of_the_beginning_go_with_its_styles_or_are_taken_away(read: Read, path: Path):
    read(
        "style = ['a.jpg', 'b.jpg']\nmask = ['b.jpg', 'a.jpg']\n"
        "[[moment]]\nat = 2\nmask = []\n"
        "[[moment]]\nat = 5\nstyle = 'a.jpg'\n"
        "[[moment]]\nat = 8\nstyle = 'b.jpg'\nmask = 'a.jpg'\n"
    )
    masks = [moment.choice.masks for moment in find_timeline(path, {}).moments]
    first, second = path.parent / "a.jpg", path.parent / "b.jpg"
    assert masks == [(second, first), (), (), (first,)]


def test_looks_that_cannot_be_are_said_with_the_file_and_the_moment(read: Read, path: Path):
    read("[[moment]]\nat = 5\npreset = 'wvae'\n")
    with pytest.raises(SettingsError, match=r"evening\.toml: at 0:05: no preset 'wvae'; did you"):
        find_timeline(path, {})
    with pytest.raises(SettingsError, match=r"^crf must be a number from 0 to 63 \(got 99\)$"):
        find_timeline(str(path), {"crf": 99})


def test_changes_need_no_file():
    made = find_timeline([Change(Fraction(5), {"strength": 0})], {"preset": "wave"})
    assert [moment.time for moment in made.moments] == [0, 5]
