"""Folders of frames: what may be replaced, and what stays."""

from pathlib import Path

import pytest

from stylize.pipeline.errors import TargetError
from stylize.pipeline.film.folder_writer import refuse_foreign_folder

SOURCE = Path("elsewhere/film.mp4")
TIMES = "# timestamp format v2\n0\n40\n"


@pytest.fixture
def ours(tmp_path):
    """An earlier film of ours."""
    folder = tmp_path / "frames"
    folder.mkdir()
    (folder / "timestamps.txt").write_text(TIMES)
    for name in ("000001.png", "1000000.png"):
        (folder / name).write_bytes(b"picture")
    return folder


def test_an_earlier_film_an_empty_folder_and_a_free_name_are_taken(ours, tmp_path):
    (tmp_path / "empty").mkdir()
    for target in (ours, tmp_path / "empty", tmp_path / "free"):
        refuse_foreign_folder(target, source=SOURCE)


@pytest.mark.parametrize("name", ["film.mp4", "00001.png", "000001.png.txt", "a000001.png", ".git"])
def test_one_file_of_another_kind_protects_the_folder(ours, name):
    (ours / name).write_bytes(b"dear")
    with pytest.raises(TargetError, match=r"frames: a folder that holds other files; choose a new"):
        refuse_foreign_folder(ours, source=SOURCE)


@pytest.mark.parametrize("times", [None, "", "0\n40\n", "# timestamp format v24\n0\n"])
def test_pictures_without_our_list_of_times_are_somebody_elses(ours, times):
    (ours / "timestamps.txt").unlink()
    if times is not None:
        (ours / "timestamps.txt").write_text(times)
    with pytest.raises(TargetError, match=r"frames: a folder that holds other files"):
        refuse_foreign_folder(ours, source=SOURCE)


def test_the_folder_of_the_source_is_no_target(ours):
    with pytest.raises(TargetError, match=r"frames: the source is in this folder; choose a new"):
        refuse_foreign_folder(ours, source=ours / "000001.png")


def test_a_file_is_no_folder(ours):
    with pytest.raises(TargetError, match=r"000001\.png: is a file; a folder of PNGs needs a name"):
        refuse_foreign_folder(ours / "000001.png", source=SOURCE)
