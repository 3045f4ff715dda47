"""Painting one picture and folders of them, as a program would ask for it."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stylize.pipeline import stylize_folder, stylize_image
from stylize.pipeline.errors import SettingsError, SourceError, TargetError
from stylize.pipeline.events import Advanced, Event, Failed, Finished, Notice, Skipped, Started
from stylize.pipeline.values import SETTINGS_KEY


def save(path: Path, size: tuple[int, int] = (33, 20), mode: str = "RGB") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (size[1], size[0], len(mode)) if len(mode) > 1 else (size[1], size[0])
    seed = sum(map(ord, path.name))
    pixels = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def save_animation(path: Path) -> Path:
    frames = [Image.new("RGB", (32, 24), colour) for colour in ("red", "green", "blue")]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100, loop=0)
    return path


def test_a_picture_goes_beside_its_source_named_after_the_look(network_file: Path, tmp_path: Path):
    source = save(tmp_path / "a.png")
    done = stylize_image(source, model=network_file)
    assert done.target == tmp_path / "a-tiny.png"
    with Image.open(done.target) as painted:
        assert painted.size == (33, 20)


def test_no_strength_gives_the_picture_back(network_file: Path, tmp_path: Path):
    source = save(tmp_path / "a.png")
    done = stylize_image(source, model=network_file, strength=0.0)
    with Image.open(source) as before, Image.open(done.target) as after:
        assert np.array_equal(np.asarray(before), np.asarray(after))


def test_the_settings_are_stored_in_the_picture_unless_told_not_to(
    network_file: Path, tmp_path: Path
):
    source = save(tmp_path / "a.png")
    stylize_image(source, tmp_path / "with.png", model=network_file, strength=0.25)
    stylize_image(source, tmp_path / "without.png", model=network_file, metadata=False)
    with Image.open(tmp_path / "with.png") as painted:
        made_by = json.loads(painted.info[SETTINGS_KEY])
    assert made_by["look"] == "tiny"
    assert made_by["method"] == "swift"
    assert made_by["strength"] == "0.25"
    assert len(made_by["weights"]) == 64
    with Image.open(tmp_path / "without.png") as painted:
        assert SETTINGS_KEY not in painted.info


def test_an_output_that_is_there_is_kept_replaced_or_left_as_asked(
    network_file: Path, tmp_path: Path
):
    source, target = save(tmp_path / "a.png"), save(tmp_path / "b.png", (5, 5))
    before = target.read_bytes()
    with pytest.raises(TargetError, match=r"b\.png: is there already \(--overwrite"):
        stylize_image(source, target, model=network_file)
    assert stylize_image(source, target, model=network_file, existing="skip").skipped == 1
    assert target.read_bytes() == before
    assert stylize_image(source, target, model=network_file, existing="overwrite").written == 1
    assert target.read_bytes() != before


def test_a_picture_is_never_written_over_itself(network_file: Path, tmp_path: Path):
    source = save(tmp_path / "a.png")
    (tmp_path / "link.png").symlink_to(source)
    with pytest.raises(TargetError, match="is the source itself"):
        stylize_image(source, tmp_path / "link.png", model=network_file, existing="overwrite")


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("a.gif", "a-tiny.gif"),
        ("a.webp", "a-tiny.webp"),
        ("a.png", "a-tiny.apng"),
        ("a.avif", "a-tiny.apng"),
    ],
)
def test_an_animation_is_painted_as_a_film(
    name: str, target: str, network_file: Path, tmp_path: Path
):
    done = stylize_image(save_animation(tmp_path / name), model=network_file)
    assert done.target.name == target
    assert done.unit == "frames"
    with Image.open(done.target) as painted:
        assert painted.n_frames == 3
        painted.load()
        assert painted.info["duration"] == 100
    with pytest.raises(TargetError, match="is there already"):
        stylize_image(tmp_path / name, model=network_file)


def test_a_setting_that_is_wrong_is_named(network_file: Path, tmp_path: Path):
    with pytest.raises(SettingsError, match="strength must be a number from 0 to 1"):
        stylize_image(save(tmp_path / "a.png"), model=network_file, strength=2.0)


def test_both_a_preset_and_a_model_are_refused(network_file: Path, tmp_path: Path):
    with pytest.raises(SettingsError, match=r"--preset or by --model \(both are given\)"):
        stylize_image(tmp_path / "a.png", model=network_file, preset="wave")


def test_a_folder_keeps_its_tree_and_every_picture_has_a_name(network_file: Path, tmp_path: Path):
    names = ["a.png", "a.jpg", "a.bmp", "b/c.png", "b/d/e.webp"]
    for i, name in enumerate(names):
        save(tmp_path / "in" / name, (20 + i % 2, 16))
    done = stylize_folder(tmp_path / "in", tmp_path / "out", model=network_file)
    assert (done.written, done.skipped, done.failed) == (5, 0, 0)
    found = {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.*")}
    assert found == {"a.png", "a.jpg", "a.bmp.png", "b/c.png", "b/d/e.webp"}


def test_each_picture_of_a_mixed_folder_is_its_own(network_file: Path, tmp_path: Path):
    for i in range(7):
        save(tmp_path / "in" / f"{i}.png", (20 + i % 3, 16))
    stylize_folder(tmp_path / "in", tmp_path / "out", model=network_file, strength=0.0, batch=2)
    for i in range(7):
        with (
            Image.open(tmp_path / f"in/{i}.png") as before,
            Image.open(tmp_path / f"out/{i}.png") as after,
        ):
            assert np.array_equal(np.asarray(before), np.asarray(after))


def test_a_picture_that_cannot_be_read_is_reported_and_the_rest_goes_on(
    network_file: Path, tmp_path: Path
):
    save(tmp_path / "in/a.png")
    (tmp_path / "in/b.png").write_text("no picture")
    save(tmp_path / "in/c.png")
    events: list[Event] = []
    done = stylize_folder(tmp_path / "in", model=network_file, report=events.append)
    assert (done.written, done.failed) == (2, 1)
    (failed,) = [e for e in events if isinstance(e, Failed)]
    assert failed.source.name == "b.png"
    assert "b.png: not a picture that can be read" in failed.reason
    assert isinstance(events[0], Started)
    assert events[0].total == 3
    counts = [e for e in events if isinstance(e, Advanced)]
    assert counts[-1].written == 2
    assert [p.name for p in sorted((tmp_path / "in-tiny").iterdir())] == ["a.png", "c.png"]


def test_running_it_again_skips_what_is_done(network_file: Path, tmp_path: Path):
    save(tmp_path / "in/a.png")
    stylize_folder(tmp_path / "in", model=network_file)
    stamp = (tmp_path / "in-tiny/a.png").stat().st_mtime_ns
    save(tmp_path / "in/b.png")
    again = stylize_folder(tmp_path / "in", model=network_file)
    assert (again.written, again.skipped) == (1, 1)
    assert (tmp_path / "in-tiny/a.png").stat().st_mtime_ns == stamp
    done = stylize_folder(tmp_path / "in", model=network_file)
    assert (done.written, done.skipped) == (0, 2)


def test_an_output_folder_inside_the_source_is_not_painted_again(
    network_file: Path, tmp_path: Path
):
    save(tmp_path / "in/a.png")
    for _ in range(2):
        done = stylize_folder(tmp_path / "in", tmp_path / "in/out", model=network_file)
        assert done.written + done.skipped == 1


def test_animations_in_a_folder_are_painted_as_films(network_file: Path, tmp_path: Path):
    save(tmp_path / "in/a.png")
    save_animation(tmp_path / "in/b.gif")
    events: list[Event] = []
    done = stylize_folder(tmp_path / "in", model=network_file, report=events.append)
    assert (done.written, done.failed) == (2, 0)
    assert any(isinstance(e, Notice) and "b.gif: is animated" in e.text for e in events)
    with Image.open(tmp_path / "in-tiny/b.gif") as painted:
        assert painted.n_frames == 3
    assert stylize_folder(tmp_path / "in", model=network_file).skipped == 2


def test_all_outputs_may_have_one_format(network_file: Path, tmp_path: Path):
    save(tmp_path / "in/a.png")
    save(tmp_path / "in/b.jpg")
    stylize_folder(tmp_path / "in", model=network_file, extension="jpg")
    assert [p.name for p in sorted((tmp_path / "in-tiny").iterdir())] == ["a.jpg", "b.jpg"]


def test_a_folder_without_pictures_is_refused(network_file: Path, tmp_path: Path):
    with pytest.raises(SourceError, match="holds no pictures"):
        stylize_folder(tmp_path, model=network_file)


def test_what_is_skipped_is_told(network_file: Path, tmp_path: Path):
    source = save(tmp_path / "a.png")
    events: list[Event] = []
    stylize_image(source, model=network_file, report=events.append)
    done = stylize_image(source, model=network_file, existing="skip", report=events.append)
    assert isinstance(done, Finished)
    assert [type(e) for e in events if not isinstance(e, Started)] == [Skipped]
