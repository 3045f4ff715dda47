"""Pictures are found, split, cropped and, where they are broken, left out."""

import itertools
from contextlib import closing
from pathlib import Path

import pytest
import torch
from PIL import Image

from stylize.models import TrainingError, crops
from stylize.models.crops import batches, crop


def refuse(path: Path) -> None:
    raise AssertionError(f"{path} could not be read")


def find_pictures(folder, *, seed, exclude=()):
    return crops.find_pictures(folder, seed=seed, option="--content", exclude=exclude)


def some_batches(paths, *, count=6, size=32, seed=0, start=0, unreadable=refuse, **options):
    made = batches(
        paths, size=size, batch=3, seed=seed, start=start, unreadable=unreadable, **options
    )
    with closing(made):
        return list(itertools.islice(made, count))


def some(paths, **options):
    return [each.pictures for each in some_batches(paths, **options)]


def test_every_picture_is_found_once_and_some_are_held_out(photographs):
    found = find_pictures(photographs, seed=0)
    everything = set(photographs.rglob("*.png"))
    assert set(found.training) | set(found.held_out) == everything
    assert len(found.training) + len(found.held_out) == len(everything) == 12
    assert len(found.held_out) == 1
    assert found.unreadable == ()


def test_the_split_is_the_seeds(photographs):
    assert find_pictures(photographs, seed=1) == find_pictures(photographs, seed=1)
    assert find_pictures(photographs, seed=1) != find_pictures(photographs, seed=2)


def test_what_is_no_picture_is_told_apart(photographs):
    (photographs / "notes.txt").write_text("no picture at all")
    (photographs / "broken.jpg").write_bytes(b"no picture either")
    found = find_pictures(photographs, seed=0)
    assert found.unreadable == (photographs / "broken.jpg",)
    assert len(found.training) == 11


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(TrainingError, match="absent: no such folder"):
        find_pictures(tmp_path / "absent", seed=0)


def test_one_picture_is_too_few(tmp_path, style):
    with pytest.raises(TrainingError, match=r"1 readable pictures among 1; training needs some"):
        find_pictures(tmp_path, seed=0)


def test_the_names_of_photographs_tell_them_apart(photographs, tmp_path):
    before = find_pictures(photographs, seed=0)
    elsewhere = photographs.rename(tmp_path / "elsewhere")
    assert find_pictures(elsewhere, seed=0).names_sha256() == before.names_sha256()
    (elsewhere / before.training[0].relative_to(photographs)).rename(elsewhere / "new.png")
    assert find_pictures(elsewhere, seed=0).names_sha256() != before.names_sha256()


def test_a_crop_is_the_seeds_and_enlarges_what_is_too_small(photographs):
    path = photographs / "0.png"
    first = crop(path, 96, seed="a")
    assert first.shape == (3, 96, 96)
    assert torch.equal(first, crop(path, 96, seed="a"))
    assert not torch.equal(first, crop(path, 96, seed="b"))


@pytest.mark.parametrize(
    ("size", "room", "least", "most"),
    [(32, None, 64, 128), (96, None, 96, 168), (96, 1, 96, 128), (160, 1, 160, 160)],
)
def test_crops_are_cut_of_pictures_of_many_sizes(tmp_path, monkeypatch, size, room, least, most):
    asked = []

    def read(path, *, shorter):
        asked.append(shorter)
        return torch.zeros(3, shorter, shorter)

    monkeypatch.setattr(crops, "read_picture", read)
    for number in range(100):
        given = {} if room is None else {"room": room}
        crop(tmp_path / "any.png", size, seed=str(number), shorter=(64, 128), **given)
    assert least <= min(asked) < 1.1 * least
    assert 0.9 * most < max(asked) <= most


def test_batches_are_the_seeds_and_go_on_where_they_were(photographs):
    paths = find_pictures(photographs, seed=0).training
    whole = some(paths)
    assert whole[0].shape == (3, 3, 32, 32)
    assert whole[0].min() >= 0
    assert whole[0].max() <= 1
    later = some(paths, count=2, start=4)
    assert torch.equal(torch.stack(later), torch.stack(whole[4:]))
    assert not torch.equal(some(paths, seed=1)[0], whole[0])


@pytest.fixture
def greys(tmp_path):
    """Twelve plain pictures of twelve greys, so that a crop tells where it is from."""
    paths = []
    for level in range(12):
        paths.append(tmp_path / f"{level}.png")
        Image.new("RGB", (40, 40), (level * 20,) * 3).save(paths[-1])
    return paths


def test_every_crop_comes_before_any_comes_again_and_then_looks_the_same(greys, monkeypatch):
    monkeypatch.setattr(crops, "CROPS", 24)
    made = some_batches(greys, count=16)
    numbers = [number for each in made for number in each.numbers]
    assert sorted(numbers[:24]) == sorted(numbers[24:]) == list(range(24))
    assert numbers[:24] != numbers[24:]
    seen = {}
    for each in made:
        for number, picture in zip(each.numbers, each.pictures, strict=True):
            assert torch.equal(seen.setdefault(number, picture), picture)


def test_every_photograph_is_cropped_equally_often(greys, monkeypatch):
    monkeypatch.setattr(crops, "CROPS", 24)
    levels = (torch.cat(some(greys, count=8)).mean((1, 2, 3)) * 255 / 20).round().int().tolist()
    assert sorted(levels) == sorted([*range(12), *range(12)])


def test_recoloured_crops_keep_their_shapes_and_half_of_them_their_colours(photographs):
    paths = find_pictures(photographs, seed=0).training
    plain, other = (torch.cat(some(paths, count=20, recolour=wanted)) for wanted in (False, True))
    kept = (plain == other).flatten(1).all(1)
    assert 0.4 < kept.float().mean() < 0.75
    assert torch.equal(plain.sort(1).values, other.sort(1).values)


def test_names_can_be_left_out(photographs):
    found = find_pictures(photographs, seed=0, exclude=["1*.png", "3.png"])
    names = {path.name for path in (*found.training, *found.held_out)}
    assert names == {f"{number}.png" for number in (0, 2, 4, 5, 6, 7, 8, 9)}
    twice = find_pictures(photographs, seed=0, exclude=["1*.png", "1.png", "3.png"])
    assert (twice.training, twice.held_out) == (found.training, found.held_out)


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
    with pytest.raises(TrainingError, match="none of the training pictures can be decoded"):
        some(paths, unreadable=lambda _: None)
