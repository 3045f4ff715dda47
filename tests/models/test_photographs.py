"""Photographs are found, split, cropped and, where they are broken, left out."""

import itertools
from contextlib import closing
from pathlib import Path

import pytest
import torch
from PIL import Image

from stylize.models import TrainingError
from stylize.models.photographs import batches, crop, find_photographs, read_picture


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


def test_a_picture_is_read_upright_in_colour_and_at_its_size(tmp_path):
    path = tmp_path / "turned.jpg"
    picture = Image.new("RGB", (60, 40), (255, 0, 0))
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(path, exif=exif, quality=95)
    assert read_picture(path).shape == (3, 60, 40)
    scaled = read_picture(path, shorter=20)
    assert scaled.shape == (3, 30, 20)
    assert (scaled.mean((1, 2)) - torch.tensor([1.0, 0.0, 0.0])).abs().max() < 0.02


def test_grey_and_palette_pictures_become_rgb(tmp_path):
    for mode in ("L", "P", "RGBA", "1"):
        path = tmp_path / f"{mode}.png"
        Image.new(mode, (8, 8), 1 if mode in "P1" else 255 if mode == "L" else "white").save(path)
        assert read_picture(path).shape == (3, 8, 8)


def test_a_picture_cut_short_is_an_error(tmp_path, photographs):
    path = tmp_path / "short.png"
    path.write_bytes((photographs / "0.png").read_bytes()[:-200])
    with pytest.raises(TrainingError, match=r"short.png: cannot be read as a picture \("):
        read_picture(path)


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
