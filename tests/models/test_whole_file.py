"""Files appear whole or not at all, readable for whom the user lets read them."""

import os
from time import time

import pytest

from stylize.models.whole_file import ABANDONED, try_to_write, whole_file


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no umask")
@pytest.mark.parametrize(("mask", "mode"), [(0o077, 0o600), (0o022, 0o644)])
def test_a_file_is_for_whom_the_user_lets_read_new_files(tmp_path, mask, mode):
    before = os.umask(mask)
    try:
        with whole_file(tmp_path / "a.png") as partial:
            partial.write_bytes(b"whole")
    finally:
        os.umask(before)
    assert (tmp_path / "a.png").stat().st_mode & 0o777 == mode


def test_what_was_not_finished_leaves_nothing_and_what_was_there_as_it_was(tmp_path):
    target = tmp_path / "a.png"
    target.write_bytes(b"before")

    def interrupted():
        with whole_file(target) as partial:
            partial.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    assert target.read_bytes() == b"before"


def test_what_a_killed_run_left_is_removed_a_day_later(tmp_path):
    target, names = tmp_path / "a[1].png", [".a[1].part.old.png", ".a[1].part.new.png", "b.png"]
    for name in names:
        (tmp_path / name).touch()
    long_ago = time() - ABANDONED - 60
    os.utime(tmp_path / names[0], (long_ago, long_ago))
    try_to_write(target)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names[1:])
