"""Outputs appear whole or not at all."""

import os
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from stylize.pipeline.errors import TargetError
from stylize.pipeline.partial import check_folder, partial


def _write_half_a_file(target, interruption):
    with partial(target) as temporary:
        temporary.write_bytes(b"half")
        raise interruption


def _write_a_folder(target):
    with partial(target) as temporary:
        temporary.mkdir()
        (temporary / "new.png").write_bytes(b"new")


def _write_while_another_does(target):
    with partial(target) as late, partial(target) as early:
        late.write_bytes(b"late")
        early.write_bytes(b"early")


def _write_half_a_folder(target, interruption):
    with partial(target) as temporary:
        temporary.mkdir()
        (temporary / "new.png").write_bytes(b"new")
        raise interruption


def test_a_finished_file_takes_its_place_and_leaves_nothing_beside_it(tmp_path):
    target = tmp_path / "new" / "folder" / "film.mp4"
    with partial(target) as temporary:
        assert temporary.parent == target.parent
        assert temporary.suffix == ".mp4"
        temporary.write_bytes(b"whole")
        assert not target.exists()
    assert target.read_bytes() == b"whole"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, GeneratorExit, OSError, SystemExit])
def test_an_interruption_leaves_nothing_and_an_earlier_output_as_it_was(tmp_path, interruption):
    target = tmp_path / "film.mp4"
    target.write_bytes(b"earlier")
    with pytest.raises(interruption, match="stop"):
        _write_half_a_file(target, interruption("stop"))
    assert target.read_bytes() == b"earlier"
    assert list(tmp_path.iterdir()) == [target]


def test_an_earlier_file_is_replaced(tmp_path):
    target = tmp_path / "picture.png"
    target.write_bytes(b"earlier")
    with partial(target) as temporary:
        temporary.write_bytes(b"later")
    assert target.read_bytes() == b"later"


def test_a_folder_takes_the_place_of_a_full_folder(tmp_path):
    target = tmp_path / "frames"
    target.mkdir()
    (target / "old.png").write_bytes(b"old")
    with partial(target) as temporary:
        temporary.mkdir()
        (temporary / "new.png").write_bytes(b"new")
        assert (target / "old.png").exists()
    assert [path.name for path in target.iterdir()] == ["new.png"]
    assert list(tmp_path.iterdir()) == [target]


def test_an_interrupted_folder_leaves_the_earlier_folder(tmp_path):
    target = tmp_path / "frames"
    target.mkdir()
    (target / "old.png").write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt, match="stop"):
        _write_half_a_folder(target, KeyboardInterrupt("stop"))
    assert [path.name for path in target.iterdir()] == ["old.png"]
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("step", [1, 2])
def test_an_interruption_while_folders_change_places_leaves_one_of_them(
    tmp_path, monkeypatch, step
):
    target, steps = tmp_path / "frames", count(1)
    target.mkdir()
    (target / "old.png").write_bytes(b"old")
    rename = Path.rename

    def interrupted(path, new):
        rename(path, new)
        if next(steps) == step:
            raise KeyboardInterrupt("stop")

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt, match="stop"):
        _write_a_folder(target)
    assert [path.name for path in target.iterdir()] == [["old.png"], ["new.png"]][step - 1]
    assert list(tmp_path.iterdir()) == [target]


def killed_between(target: Path, monkeypatch: pytest.MonkeyPatch, *, renames: int) -> None:
    """Write a folder anew in a run that is killed after so many of the two renames."""
    steps, rename = count(1), Path.rename

    def killed(path: Path, new: Path) -> None:
        if next(steps) > renames:
            raise SystemExit
        rename(path, new)

    with monkeypatch.context() as patched, suppress(SystemExit):
        patched.setattr(Path, "rename", killed)
        patched.setattr("stylize.pipeline.partial._remove", lambda _: None)
        _write_a_folder(target)


def test_an_earlier_folder_that_a_killed_run_stepped_aside_is_put_back(tmp_path, monkeypatch):
    target = tmp_path / "fra[me]s"
    target.mkdir()
    (target / "old.png").write_bytes(b"old")
    killed_between(target, monkeypatch, renames=1)
    assert not target.exists()
    with partial(tmp_path / "fra[me]s.of") as another:
        another.mkdir()
    assert not target.exists()
    with pytest.raises(KeyboardInterrupt, match="stop"):
        _write_half_a_folder(target, KeyboardInterrupt("stop"))
    assert [path.name for path in target.iterdir()] == ["old.png"]


def test_an_earlier_folder_that_a_killed_run_did_not_remove_goes_after_a_day(tmp_path, monkeypatch):
    target = tmp_path / "frames"
    target.mkdir()
    (target / "old.png").write_bytes(b"old")
    killed_between(target, monkeypatch, renames=2)
    (aside,) = set(tmp_path.iterdir()) - {target}
    assert [path.name for path in aside.iterdir()] == ["old.png"]
    os.utime(aside, (0, 0))
    _write_a_folder(target)
    assert list(tmp_path.iterdir()) == [target]
    assert [path.name for path in target.iterdir()] == ["new.png"]


def test_remains_of_killed_runs_are_cleared_after_a_day(tmp_path):
    target = tmp_path / "fra[me]s"
    with partial(target) as temporary:
        temporary.mkdir()
        other = temporary.with_name(temporary.name.replace(".part", "0.part"))
    for left in (temporary, other):
        left.mkdir()
        (left / "left.png").write_bytes(b"left")
    os.utime(temporary, (0, 0))
    with partial(target) as mine:
        mine.mkdir()
    assert set(tmp_path.iterdir()) == {target, other}
    assert list(target.iterdir()) == []


def test_two_runs_to_one_target_do_not_meet_and_the_first_one_wins(tmp_path):
    target = tmp_path / "film.mp4"
    with pytest.raises(TargetError, match=r"film\.mp4: somebody else has made it meanwhile"):
        _write_while_another_does(target)
    assert target.read_bytes() == b"early"
    assert list(tmp_path.iterdir()) == [target]


def test_folders_that_were_made_for_nothing_are_removed_again(tmp_path):
    (tmp_path / "there").mkdir()
    with pytest.raises(KeyboardInterrupt, match="stop"):
        _write_half_a_file(
            tmp_path / "there" / "new" / "sub" / "film.mp4", KeyboardInterrupt("stop")
        )
    assert list(tmp_path.rglob("*")) == [tmp_path / "there"]


def test_the_folder_one_is_in_can_be_the_target(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with partial(Path()) as temporary:
        temporary.mkdir()
        (temporary / "new.png").write_bytes(b"new")
    assert list(tmp_path.rglob("*")) == [tmp_path / "here", tmp_path / "here" / "new.png"]


@pytest.mark.parametrize("name", ["n" * 251, "画" * 83, "a" + "画" * 83])
def test_a_very_long_name_still_fits(tmp_path, name):
    target = tmp_path / f"{name}.png"
    with partial(target) as temporary:
        temporary.write_bytes(b"whole")
    assert target.read_bytes() == b"whole"


def test_a_parent_that_is_a_file_is_one_line(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with (
        pytest.raises(
            TargetError, match=r"out\.mp4: cannot make its folder \(.+file is a file\); "
        ),
        partial(tmp_path / "file" / "out.mp4"),
    ):
        pass


def test_a_file_cannot_take_the_place_of_a_folder(tmp_path):
    target = tmp_path / "film.mp4"
    target.mkdir()
    with (
        pytest.raises(TargetError, match=r"film\.mp4: cannot put .+ \(is a directory\)"),
        partial(target) as temporary,
    ):
        temporary.write_bytes(b"whole")
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_that_may_not_be_written_is_one_line(tmp_path, monkeypatch):
    # The superuser may write everywhere, so the answer of the operating system is stood in for.
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    with (
        pytest.raises(TargetError, match=r"out\.mp4: cannot write to folder .+; choose another"),
        partial(tmp_path / "out.mp4"),
    ):
        pass


@pytest.mark.parametrize(("name", "said"), [("file", "^file: is a"), ("file/x/y", r"file is a fi")])
def test_a_folder_that_cannot_be_is_said_before_the_work(tmp_path, monkeypatch, name, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(TargetError, match=said):
        check_folder(Path(name))
    check_folder(Path("new/and/deeper"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_a_folder_without_the_right_to_write_is_said_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)  # root may always
    with pytest.raises(TargetError, match=r"new: .* cannot be written to; choose another place"):
        check_folder(tmp_path / "new")


def test_a_name_that_is_too_long_is_said_before_the_work(tmp_path):
    with (
        pytest.raises(TargetError, match=r"cannot put the result there \(file name too long\)"),
        partial(tmp_path / ("n" * 300)),
    ):
        pytest.fail("the work began")
