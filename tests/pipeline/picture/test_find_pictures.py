"""Folders are searched in natural order, and every output gets a name of its own."""

import os
from pathlib import Path

import pytest

from stylize.pipeline.errors import SettingsError, SourceError
from stylize.pipeline.picture.find_pictures import find_pictures, name_targets


def _fill(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def _found(folder: Path, **options) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in find_pictures(folder, **options)]


def test_pictures_come_in_natural_order(tmp_path):
    _fill(tmp_path, "p10.png", "p2.png", "P1.JPG", "p2 (10).png", "p2 (9).png")
    assert _found(tmp_path) == ["P1.JPG", "p2.png", "p2 (9).png", "p2 (10).png", "p10.png"]


def test_a_folders_own_pictures_come_before_those_below_it(tmp_path):
    _fill(tmp_path, "b10/x.png", "b9/y.png", "b9/c/z.png", "z.png", "a.png")
    assert _found(tmp_path) == ["a.png", "z.png", "b9/y.png", "b9/c/z.png", "b10/x.png"]


def test_without_recursion_only_the_folder_itself_is_searched(tmp_path):
    _fill(tmp_path, "a.png", "b/c.png")
    assert _found(tmp_path, recursive=False) == ["a.png"]


def test_hidden_files_and_other_files_are_left_out(tmp_path):
    _fill(tmp_path, "a.png", ".a.4711.part.png", ".git/x.png", "notes.txt", "film.mp4", "noext")
    (tmp_path / "folder.png").mkdir()
    assert _found(tmp_path) == ["a.png"]


def test_known_but_unreadable_pictures_are_found_so_that_they_are_reported(tmp_path):
    _fill(tmp_path, "a.HEIC", "b.jxl")
    assert _found(tmp_path) == ["a.HEIC", "b.jxl"]


def test_the_folder_for_outputs_is_skipped(tmp_path):
    _fill(tmp_path, "a.png", "out/a.png", "out/b/c.png")
    assert _found(tmp_path, skip=tmp_path / "out") == ["a.png"]


def test_the_searched_folder_itself_is_never_skipped(tmp_path):
    _fill(tmp_path, "a.png")
    assert _found(tmp_path, skip=tmp_path) == ["a.png"]


def test_a_loop_of_links_is_walked_once(tmp_path):
    _fill(tmp_path, "a/x.png", "b/y.png")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "b" / "a").symlink_to(tmp_path / "a")
    assert _found(tmp_path) == ["a/x.png", "b/y.png"]


def test_links_to_files_are_followed_and_dangling_ones_listed_so_that_reading_says_why(tmp_path):
    _fill(tmp_path, "real/x.png")
    (tmp_path / "linked.png").symlink_to(tmp_path / "real" / "x.png")
    (tmp_path / "dangling.png").symlink_to(tmp_path / "nowhere.png")
    assert _found(tmp_path) == ["dangling.png", "linked.png", "real/x.png"]


def test_a_folder_that_cannot_be_listed_is_named_and_the_rest_goes_on(tmp_path, monkeypatch):
    _fill(tmp_path, "a.png", "closed/b.png", "d/c.png")
    listed = Path.iterdir

    def refuse(folder: Path):
        if folder.name == "closed":
            raise PermissionError(13, "Permission denied")
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", refuse)
    notices: list[str] = []
    assert _found(tmp_path, notify=notices.append) == ["a.png", "d/c.png"]
    assert notices == [
        f"{tmp_path / 'closed'}: cannot be listed (permission denied); its pictures are left out"
    ]


def test_a_root_that_cannot_be_listed_is_an_error(tmp_path, monkeypatch):
    def refuse(_folder: Path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(SourceError, match=r"cannot be listed \(permission denied\)"):
        find_pictures(tmp_path)


def test_a_missing_folder_and_a_file_are_errors(tmp_path):
    _fill(tmp_path, "a.png")
    with pytest.raises(SourceError, match=r"nowhere: no such folder"):
        find_pictures(tmp_path / "nowhere")
    with pytest.raises(SourceError, match=r"a\.png: not a folder"):
        find_pictures(tmp_path / "a.png")


def _named(*names: str, extension: str | None = None, animated: tuple[str, ...] = ()) -> list[str]:
    root, output = Path("in"), Path("out")
    targets = name_targets(
        [root / name for name in names],
        root=root,
        output=output,
        extension=extension,
        animated={root / name for name in animated},
    )
    assert list(targets) == [root / name for name in names]
    return [path.relative_to(output).as_posix() for path in targets.values()]


def test_the_tree_and_written_extensions_are_kept():
    names = ["a.png", "a.jpg", "b/C.JPEG", "b/d/e.tiff", "f.webp", "g.avif", "h.tif"]
    assert _named(*names) == names


def test_formats_that_are_not_written_become_png():
    assert _named("a.gif", "b/c.bmp", "d.tar.psd") == ["a.png", "b/c.png", "d.tar.png"]


@pytest.mark.parametrize("order", [("a.gif", "a.png"), ("a.png", "a.gif")])
def test_whoever_keeps_its_name_is_not_pushed_from_it(order):
    named = dict(zip(order, _named(*order), strict=True))
    assert named == {"a.png": "a.png", "a.gif": "a.gif.png"}


def test_a_name_that_is_taken_twice_gets_a_number():
    assert _named("a.gif", "a.png", "a.gif.png", "A.GIF") == [
        "a.gif.2.png",
        "a.png",
        "a.gif.png",
        "A.GIF.3.png",
    ]


def test_names_that_differ_in_case_or_in_unicode_spelling_alone_count_as_one():
    assert _named("a.png", "A.PNG") == ["a.png", "A.PNG.PNG"]
    assert _named("é.png", "e\u0301.png") == ["é.png", "e\u0301.png.png"]
    assert _named("B/a.png", "b/a.png") == ["B/a.png", "b/a.png.png"]


@pytest.mark.parametrize("extension", ["jpg", ".jpg", ".JPG"])
def test_one_extension_can_be_asked_for_all(extension):
    named = _named("a.png", "a.jpg", "b.gif", "C.JPG", extension=extension)
    assert named == ["a.png.jpg", "a.jpg", "b.jpg", "C.JPG"]


def test_an_extension_that_is_not_written_is_an_error_that_lists_those_that_are():
    allowed = r"--format must be one of jpg, jpeg, png, webp, tif, tiff, avif \(got 'bmp'\)"
    with pytest.raises(SettingsError, match=allowed):
        _named("a.png", extension="bmp")


def test_animations_keep_what_can_move_and_share_names_with_nobody():
    moving = ("an.gif", "an.webp", "an.png", "an.avif", "x.apng", "X.GIF")
    assert _named(*moving, animated=moving) == [
        "an.gif",
        "an.webp",
        "an.png.apng",
        "an.avif.apng",
        "x.apng",
        "X.GIF",
    ]
    assert _named("a.gif", "a.png", animated=("a.gif",)) == ["a.gif", "a.png"]
    assert _named("a.gif", "a.png", animated=("a.gif",), extension="jpg") == ["a.gif", "a.jpg"]


def test_a_name_that_the_system_refuses_is_one_line(tmp_path):
    with pytest.raises(SourceError, match=r"n: cannot be listed \(file name too long\)$"):
        find_pictures(tmp_path / ("n" * 300))
    _fill(tmp_path, "a.png")
    assert _found(tmp_path, skip=tmp_path / ("n" * 300)) == ["a.png"]


def test_names_do_not_depend_on_what_exists(tmp_path):
    _fill(tmp_path, "in/a.gif", "in/a.png")
    sources = find_pictures(tmp_path / "in")
    first = name_targets(sources, root=tmp_path / "in", output=tmp_path / "out")
    _fill(tmp_path, *(os.fspath(path.relative_to(tmp_path)) for path in first.values()))
    again = name_targets(sources, root=tmp_path / "in", output=tmp_path / "out")
    assert first == again
    assert len(set(again.values())) == 2
