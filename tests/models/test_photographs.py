"""Photographs are found, split, cropped and, where they are broken, left out."""

import itertools
from contextlib import closing
from pathlib import Path

import pytest
import torch
from PIL import Image

from stylize.models import TrainingError
from stylize.models.photographs import batches, crop, find_photographs


def refuse(path: Path) -> None:
    raise AssertionError(f"{path} could not be read")


def some(paths, *, count=6, size=32, seed=0, start=0, unreadable=refuse):
    made = batches(paths, size=size, batch=3, seed=seed, start=start, unreadable=unreadable)
    with closing(made):
        return list(itertools.islice(made, count))


def test_every_picture_is_found_once_and_some_are_held_out(photographs):
    found = find_photographs(photographs, seed=0)
    everything = set(photographs.rglob("*.png"))
    assert set(found.training) | set(found.held_out) == everything
    assert len(found.training) + len(found.held_out) == len(everything) == 12
    assert len(found.held_out) == 1
    assert found.unreadable == ()


def test_the_split_is_the_seeds(photographs):
    assert find_photographs(photographs, seed=1) == find_photographs(photographs, seed=1)
    assert find_photographs(photographs, seed=1) != find_photographs(photographs, seed=2)


def test_what_is_no_picture_is_told_apart(photographs):
    (photographs / "notes.txt").write_text("no picture at all")
    (photographs / "broken.jpg").write_bytes(b"no picture either")
    found = find_photographs(photographs, seed=0)
    assert found.unreadable == (photographs / "broken.jpg",)
    assert len(found.training) == 11


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(TrainingError, match="absent: no such folder"):
        find_photographs(tmp_path / "absent", seed=0)


def test_one_picture_is_too_few(tmp_path, style):
    with pytest.raises(TrainingError, match=r"1 readable pictures among 1; training needs some"):
        find_photographs(tmp_path, seed=0)


def test_the_names_of_photographs_tell_them_apart(photographs, tmp_path):
    before = find_photographs(photographs, seed=0)
    elsewhere = photographs.rename(tmp_path / "elsewhere")
    assert find_photographs(elsewhere, seed=0).names_sha256() == before.names_sha256()
    (elsewhere / before.training[0].relative_to(photographs)).rename(elsewhere / "new.png")
    assert find_photographs(elsewhere, seed=0).names_sha256() != before.names_sha256()


def test_a_crop_is_the_seeds_and_enlarges_what_is_too_small(photographs):
    path = photographs / "0.png"
    first = crop(path, 96, seed="a")
    assert first.shape == (3, 96, 96)
    assert torch.equal(first, crop(path, 96, seed="a"))
    assert not torch.equal(first, crop(path, 96, seed="b"))


def test_batches_are_the_seeds_and_go_on_where_they_were(photographs):
    paths = find_photographs(photographs, seed=0).training
    whole = some(paths)
    assert whole[0].shape == (3, 3, 32, 32)
    assert whole[0].min() >= 0
    assert whole[0].max() <= 1
    later = some(paths, count=2, start=4)
    assert torch.equal(torch.stack(later), torch.stack(whole[4:]))
    assert not torch.equal(some(paths, seed=1)[0], whole[0])


def test_every_photograph_comes_before_any_comes_again(tmp_path):
    """Eleven plain pictures of eleven greys, so that a crop tells where it is from."""
    paths = []
    for level in range(12):
        paths.append(tmp_path / f"{level}.png")
        Image.new("RGB", (40, 40), (level * 20,) * 3).save(paths[-1])
    crops = torch.cat(some(paths, count=4))
    levels = (crops.mean((1, 2, 3)) * 255 / 20).round().int().tolist()
    assert sorted(levels) == list(range(12))


def test_a_photograph_that_cannot_be_decoded_is_replaced_and_told(photographs):
    broken = photographs / "0.png"
    broken.write_bytes(broken.read_bytes()[:-200])
    paths = sorted(photographs.rglob("*.png"))
    told: list[Path] = []
    assert len(some(paths, unreadable=told.append)) == 6
    assert set(told) == {broken}


def test_nothing_left_to_decode_is_an_error(photographs):
    paths = sorted(photographs.glob("*.png"))[:2]
    for path in paths:
        path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(TrainingError, match="none of the training photographs can be decoded"):
        some(paths, unreadable=lambda _: None)
