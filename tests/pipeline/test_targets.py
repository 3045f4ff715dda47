"""Where outputs go, and whether one that is there already is made again."""

from pathlib import Path

import pytest

from stylize.pipeline.errors import SettingsError, TargetError
from stylize.pipeline.targets import Existing, beside, is_due, is_within, printable


@pytest.mark.parametrize(
    ("source", "expected"),
    [("a/b.MP4", "a/b-wave.MP4"), ("b.avi", "b-wave.mkv"), (".", "-wave.mkv")],
)
def test_an_output_lies_beside_its_source(source: str, expected: str):
    assert beside(Path(source), "wave", kept={".mp4"}, otherwise=".mkv") == Path(expected)


def test_what_to_do_about_an_output_that_is_there_must_be_known(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"existing must be one of .* \(got 'bogus'\)"):
        is_due(tmp_path / "a", tmp_path / "b", "bogus")
    assert is_due(tmp_path / "a", tmp_path / "b", "refuse")
    (tmp_path / "b").touch()
    assert not is_due(tmp_path / "a", tmp_path / "b", "skip")
    with pytest.raises(TargetError, match="is there already"):
        is_due(tmp_path / "a", tmp_path / "b", "refuse")


def test_the_source_itself_is_never_replaced(tmp_path: Path):
    (tmp_path / "a").touch()
    with pytest.raises(TargetError, match="is the source itself; name another output"):
        is_due(tmp_path / "a", tmp_path / "a", "overwrite")


@pytest.mark.parametrize("existing", ["overwrite", "refuse", "skip"])
def test_a_folder_that_holds_what_is_read_is_never_replaced(tmp_path: Path, existing: Existing):
    folder, source = tmp_path / "frames", tmp_path / "film.mp4"
    folder.mkdir()
    inside, outside = folder / "000001.png", tmp_path / "b.png"
    (tmp_path / "link").symlink_to(folder)
    for path in (source, inside, outside):
        path.touch()
    for used in (inside, tmp_path / "link" / inside.name):
        with pytest.raises(TargetError, match=r"frames: holds 000001\.png, which is read for this"):
            is_due(source, folder, existing, used=[outside, used])
    assert is_due(source, folder, "overwrite", used=[outside])


def test_what_lies_in_a_folder_does_so_however_it_is_written(tmp_path: Path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert is_within(inner / "c.png", tmp_path / "link")
    assert is_within(tmp_path / "link" / "b" / "c.png", tmp_path / "a")
    assert not is_within(tmp_path / "a", tmp_path / "a")
    assert not is_within(inner, tmp_path / "nowhere")


def test_a_name_that_is_no_text_can_still_be_shown():
    assert printable("\udcff.png") == "?.png"
    assert printable("wave.png") == "wave.png"
