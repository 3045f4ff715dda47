"""Painting one picture and folders of them, as a program would ask for it."""

import json
import re
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from stylize.pipeline import (
    Span,
    run_folder,
    run_image,
    stylize_folder,
    stylize_image,
    stylize_video,
)
from stylize.pipeline.choose import PaintOptions
from stylize.pipeline.errors import SettingsError, SourceError, TargetError
from stylize.pipeline.events import (
    Advanced,
    Event,
    Failed,
    Finished,
    Notice,
    Skipped,
    Started,
    Stepped,
)
from stylize.pipeline.picture.read_image import read_image
from stylize.pipeline.prepare import Painter
from stylize.pipeline.values import SETTINGS_KEY, Batch


def save(path: Path, size: tuple[int, int] = (33, 20), mode: str = "RGB") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (size[1], size[0], len(mode)) if len(mode) > 1 else (size[1], size[0])
    seed = sum(map(ord, path.name))
    pixels = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def save_animation(
    path: Path, *, colours: Sequence[str] = ("red", "green", "blue"), **options: Any
) -> Path:
    frames = [Image.new("RGB", (32, 24), colour) for colour in colours]
    for frame in frames:
        frame.paste("white", (4, 4, 20, 12))
    path.parent.mkdir(exist_ok=True)
    options = {"duration": 100, "loop": 0, **options}
    frames[0].save(path, save_all=True, append_images=frames[1:], **options)
    return path


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        (
            "a.png",
            {"codec": "x", "crf": 3, "hw": True},
            "no film is painted: --codec, --crf, --hw change nothing",
        ),
        (
            "a.png",
            {"smooth": "best", "cuts": False},
            "no film is painted: --smooth, --cuts change nothing",
        ),
        ("a.png", {"quality": 5}, "PNG is lossless: --quality changes nothing"),
        ("a.jpg", {"quality": 5, "seed": 3}, None),
    ],
)
def test_what_changes_nothing_in_a_still_picture_is_said(
    network_file: Path, tmp_path: Path, name: str, options: PaintOptions, said: str | None
):
    events: list[Event] = []
    source = save(tmp_path / "in.png")
    stylize_image(source, tmp_path / name, model=network_file, report=events.append, **options)
    texts = [event.text for event in events if isinstance(event, Notice)]
    assert len(texts) == (said is not None)
    assert not texts or texts == [said]


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
    assert made_by["strength"] == 0.25
    assert made_by["keep_color"] is False
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


@pytest.mark.parametrize("plays", [0, 1, 3])
@pytest.mark.parametrize("target", ["b.gif", "b.webp", "b.apng"])
@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_an_animation_is_shown_as_often_as_it_was(
    name: str, target: str, plays: int, network_file: Path, tmp_path: Path
):
    # Of a GIF it is stored how often it begins anew, if it does; None is not stored.
    stored = {0: 0, 1: None, 3: 2}
    loop = stored[plays] if name == "a.gif" else plays
    save_animation(tmp_path / name, loop=loop)
    stylize_image(tmp_path / name, tmp_path / target, model=network_file)
    with Image.open(tmp_path / target) as painted:
        wanted = stored[plays] if target == "b.gif" else plays
        assert painted.info.get("loop") == wanted


@pytest.mark.parametrize("name", ["a.webp", "a.avif"])
def test_an_animation_that_is_copied_to_read_it_keeps_its_name_and_counts_its_frames(
    network_file: Path, tmp_path: Path, name: str
):
    events: list[Event] = []
    source = save_animation(tmp_path / name)
    stylize_video(source, tmp_path / "b.mkv", model=network_file, report=events.append)
    (started,) = (event for event in events if isinstance(event, Started))
    assert (started.source, started.total) == (source, 3)
    late = Span(start=Fraction(100))
    with pytest.raises(SourceError, match=rf"^{re.escape(str(source))}: no frame from 100 s"):
        stylize_video(source, tmp_path / "c.mkv", model=network_file, span=late)


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png", "a.avif"])
def test_a_film_of_an_animated_picture_has_all_its_frames(
    name: str, network_file: Path, tmp_path: Path
):
    source = save_animation(tmp_path / name)
    events: list[Event] = []
    done = stylize_video(
        source, tmp_path / "film.mp4", model=network_file, span=Span(), report=events.append
    )
    assert done.written == 3
    (started,) = [event for event in events if isinstance(event, Started)]
    assert started.source == source


@pytest.mark.parametrize("name", ["a.gif", "a.png"])
def test_a_quality_for_pictures_keeps_no_animation_from_being_painted(
    name: str, network_file: Path, tmp_path: Path
):
    save_animation(tmp_path / "in" / name)
    save(tmp_path / "in/b.jpg")
    events: list[Event] = []
    options: PaintOptions = {"model": network_file, "quality": 80, "crf": 20}
    done = stylize_folder(tmp_path / "in", report=events.append, **options)
    assert (done.written, done.failed) == (2, 0)
    notices = [event.text for event in events if isinstance(event, Notice)]
    assert any(text.endswith("its format has no scale of quality") for text in notices)


@pytest.mark.parametrize("name", ["style.png", "mask.png"])
def test_a_picture_replaces_nothing_that_is_read_to_paint_it(
    name: str, any_style_file: Path, tmp_path: Path
):
    source, read = save(tmp_path / "a.png"), save(tmp_path / name)
    style = save(tmp_path / "style.png")
    look = {"model": any_style_file, "style": style}
    if name == "mask.png":
        look["mask"] = read
    before = read.read_bytes()
    with pytest.raises(TargetError, match="is read for this; name another output"):
        stylize_image(source, read, existing="overwrite", **look)
    save(tmp_path / "photos" / name)
    with pytest.raises(TargetError, match="is read for this; name another output"):
        stylize_folder(tmp_path / "photos", tmp_path, existing="overwrite", **look)
    assert read.read_bytes() == before


def test_a_picture_takes_no_folder_for_its_output(network_file: Path, tmp_path: Path):
    source = save(tmp_path / "a.png")
    with pytest.raises(TargetError, match="is a folder; name the picture in it"):
        stylize_image(source, tmp_path, model=network_file)


def test_an_animation_is_no_still_picture(network_file: Path, tmp_path: Path):
    source = save_animation(tmp_path / "a.gif")
    said = r"cannot write films as '\.jpg'.* \(a\.gif is animated, and painted as a film\)$"
    with pytest.raises(TargetError, match=said):
        stylize_image(source, tmp_path / "b.jpg", model=network_file)


def test_an_animation_takes_an_empty_folder_for_its_frames(network_file: Path, tmp_path: Path):
    source = save_animation(tmp_path / "a.gif")
    (tmp_path / "frames").mkdir()
    look = {"model": network_file, "existing": "overwrite"}
    assert stylize_image(source, tmp_path / "frames", **look).written == 3
    assert len(list((tmp_path / "frames").glob("*.png"))) == 3


def test_what_somebody_else_puts_there_meanwhile_is_left(
    network_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def paint_slowly(self: Painter, batches: Iterable[Batch], paint=Painter.paint, **how):
        for name in ("out.png", "out/a.png"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(b"precious")
        return paint(self, batches, **how)

    source = save(tmp_path / "photos" / "a.png")
    monkeypatch.setattr(Painter, "paint", paint_slowly)
    with pytest.raises(TargetError, match="somebody else has made it meanwhile; theirs is left"):
        stylize_image(source, tmp_path / "out.png", model=network_file)
    (tmp_path / "out" / "a.png").unlink()
    done = stylize_folder(tmp_path / "photos", tmp_path / "out", model=network_file)
    assert (done.written, done.failed) == (0, 1)
    assert (tmp_path / "out.png").read_bytes() == b"precious"
    assert (tmp_path / "out" / "a.png").read_bytes() == b"precious"


def test_pictures_that_another_run_has_made_meanwhile_are_skipped(
    network_file: Path, tmp_path: Path
):
    for name in ("a.png", "b.png"):
        save(tmp_path / "photos" / name)
    save_animation(tmp_path / "photos" / "c.gif")

    def report(event: Event) -> None:
        if isinstance(event, Started):  # all that is to be painted has been found by then
            (tmp_path / "out").mkdir()
            for name in ("b.png", "c.gif"):
                (tmp_path / "out" / name).write_bytes(b"precious")
        events.append(event)

    events: list[Event] = []
    done = stylize_folder(tmp_path / "photos", tmp_path / "out", model=network_file, report=report)
    assert (done.written, done.skipped, done.failed) == (1, 2, 0)
    assert [e.source.name for e in events if isinstance(e, Skipped)] == ["b.png", "c.gif"]
    for name in ("b.png", "c.gif"):
        assert (tmp_path / "out" / name).read_bytes() == b"precious"


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_what_is_hidden_under_full_transparency_does_not_matter(
    network_file: Path, tmp_path: Path, strength: float
):
    generator = np.random.default_rng(1)
    shape = np.zeros((40, 56), np.uint8)
    shape[10:30, 15:40] = 255
    samples = generator.integers(0, 256, (40, 56, 3))
    painted = []
    for level in (0, 255):
        colour = np.where(shape[..., None] > 0, samples, level).astype(np.uint8)
        picture = Image.fromarray(np.dstack([colour, shape]))
        picture.save(tmp_path / f"{level}.png")
        target = tmp_path / f"{level}-out.png"
        stylize_image(tmp_path / f"{level}.png", target, model=network_file, strength=strength)
        with Image.open(target) as image:
            painted.append(np.asarray(image)[shape > 0])
    assert np.array_equal(*painted)


def test_where_nothing_can_be_written_is_said_before_anything_is_painted(
    network_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    source = save(tmp_path / "photos" / "a.png")
    (tmp_path / "file").touch()
    monkeypatch.setattr(Painter, "paint", lambda *_, **__: pytest.fail("it was painted"))
    with pytest.raises(TargetError, match=r"file/out\.png: cannot make its folder"):
        stylize_image(source, tmp_path / "file" / "out.png", model=network_file)
    with pytest.raises(TargetError, match="is a file, not a folder; choose another place"):
        stylize_folder(tmp_path / "photos", tmp_path / "file", model=network_file)


def test_an_animation_in_a_folder_is_painted_as_the_same_film_alone(
    network_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    seen: list[bool] = []

    def watched(choice, *, film: bool, prepare=run_folder.prepare, **options):
        seen.append(film)
        return prepare(choice, film=film, **options)

    monkeypatch.setattr(run_folder, "prepare", watched)
    save(tmp_path / "photos" / "b.png")
    source = save_animation(tmp_path / "photos" / "a.gif")
    stylize_folder(tmp_path / "photos", tmp_path / "out", model=network_file)
    assert seen == [False, True]
    stylize_image(source, tmp_path / "alone.gif", model=network_file)
    assert (tmp_path / "out" / "a.gif").read_bytes() == (tmp_path / "alone.gif").read_bytes()


@pytest.mark.parametrize("options", [{}, {"match_color": True}])
def test_one_animation_knows_nothing_of_another(
    options: PaintOptions, any_style_file: Path, tmp_path: Path
):
    look: PaintOptions = {
        "model": any_style_file,
        "style": save(tmp_path / "style.png"),
        **options,
    }
    for folder in ("both", "alone"):
        save_animation(tmp_path / folder / "b.apng", colours=("yellow", "orange", "pink"))
    save_animation(tmp_path / "both/a.apng")
    for folder in ("both", "alone"):
        stylize_folder(tmp_path / folder, tmp_path / f"{folder}-out", **look)
    both, alone = (tmp_path / f"{folder}-out" / "b.apng" for folder in ("both", "alone"))
    assert both.read_bytes() == alone.read_bytes()


def test_a_folder_where_all_is_there_says_how_to_replace_it(network_file: Path, tmp_path: Path):
    save(tmp_path / "photos" / "a.png")
    events: list[Event] = []
    for _ in range(2):
        stylize_folder(tmp_path / "photos", model=network_file, report=events.append)
    said = [event.text for event in events if isinstance(event, Notice)]
    assert len(said) == 1
    assert said[0].endswith("all are there already and are left (--overwrite replaces them)")


def test_links_to_nothing_and_folders_that_cannot_be_listed_count_as_failed(
    network_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    save(tmp_path / "photos" / "a.png")
    (tmp_path / "photos" / "b.png").symlink_to(tmp_path / "nowhere.png")

    def found(source: Path, *, find=run_folder.find_pictures, **options):
        options["notify"]("photos/closed: cannot be listed; its pictures are left out")
        return find(source, **options)

    monkeypatch.setattr(run_folder, "find_pictures", found)
    events: list[Event] = []
    done = stylize_folder(tmp_path / "photos", model=network_file, report=events.append)
    assert (done.written, done.failed) == (1, 2)
    said = " ".join(event.reason for event in events if isinstance(event, Failed))
    assert "photos/closed: cannot be listed" in said
    assert "b.png: no such file" in said


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


@pytest.mark.parametrize("with_film", [False, True])
def test_what_changes_nothing_in_a_folder_of_stills_is_said_once(
    network_file: Path, tmp_path: Path, with_film: bool
):
    for name in ("a.png", "b.tif", "c.png"):
        save(tmp_path / "in" / name)
    if with_film:
        save_animation(tmp_path / "in/d.gif")
    events: list[Event] = []
    options: PaintOptions = {"model": network_file, "encoder_preset": "slow", "quality": 50}
    stylize_folder(tmp_path / "in", report=events.append, **options)
    texts = [event.text for event in events if isinstance(event, Notice)]
    said = [
        "no film is painted: --encoder-preset changes nothing",
        "PNG and TIFF are lossless: --quality changes nothing",
    ]
    assert [text for text in texts if "changes nothing" in text] == ([] if with_film else said)


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
    assert [type(e) for e in events] == [Started, Advanced, Skipped]


@pytest.mark.parametrize("typed", [".", "./", "../in", "sub/.."])
def test_a_folder_without_a_name_of_its_own_gets_its_output_beside_it(
    typed: str, network_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    save(tmp_path / "in/a.png")
    (tmp_path / "in/sub").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    stylize_folder(typed, model=network_file)
    assert (tmp_path / "in-tiny/a.png").is_file()


def test_a_folder_is_no_picture(
    network_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match=r"^\.: a folder, not a picture \(see: sty"):
        stylize_image(".", model=network_file)


def test_animations_and_pictures_of_one_name_all_get_their_own(network_file: Path, tmp_path: Path):
    save(tmp_path / "in/an.jpg")
    save(tmp_path / "in/still.gif", mode="L")
    for name in ("an.gif", "an.png", "an.avif", "an.webp"):
        save_animation(tmp_path / "in" / name)
    done = stylize_folder(tmp_path / "in", model=network_file)
    assert (done.written, done.skipped, done.failed) == (6, 0, 0)
    names = {"an.gif", "an.avif.apng", "an.png.apng", "an.webp", "an.jpg", "still.png"}
    assert {path.name for path in (tmp_path / "in-tiny").iterdir()} == names
    assert stylize_folder(tmp_path / "in", model=network_file).skipped == 6


def test_a_picture_that_is_added_later_is_painted_and_none_twice(
    network_file: Path, tmp_path: Path
):
    save(tmp_path / "in/x.jpg", size=(20, 10))
    options = {"model": network_file, "extension": "webp"}
    stylize_folder(tmp_path / "in", **options)
    save(tmp_path / "in/x.jpeg", size=(10, 20))
    done = stylize_folder(tmp_path / "in", **options)
    assert (done.written, done.skipped) == (2, 0)
    for name, size in (("x.jpg.webp", (20, 10)), ("x.jpeg.webp", (10, 20))):
        with Image.open(tmp_path / "in-tiny" / name) as painted:
            assert painted.size == size


def test_an_output_that_is_not_an_animations_is_not_in_its_way(network_file: Path, tmp_path: Path):
    save(tmp_path / "g-tiny.png")
    done = stylize_image(save_animation(tmp_path / "g.gif"), model=network_file)
    assert done.target == tmp_path / "g-tiny.gif"


@pytest.mark.parametrize("suffix", ["webp", "avif"])
def test_of_an_animation_that_is_copied_the_source_is_named(
    suffix: str, network_file: Path, tmp_path: Path
):
    source = save_animation(tmp_path / f"a.{suffix}")
    events: list[Event] = []
    stylize_image(source, model=network_file, report=events.append)
    (started,) = [event for event in events if isinstance(event, Started)]
    assert started.source == source


@pytest.mark.parametrize("stage", ["read_image", "encode_frame", "write_image", "paint_animation"])
def test_whatever_one_picture_raises_the_others_are_painted(
    stage: str, network_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ("a.png", "b.png", "c.png"):
        save(tmp_path / "in" / name)
    save_animation(tmp_path / "in/b.gif")
    done_by = getattr(run_folder, stage)

    def stumble(*arguments: object, **options: object) -> object:
        named = [getattr(value, "source", value) for value in arguments]
        if any(isinstance(path, Path) and path.name.startswith("b.") for path in named):
            raise LookupError("of no kind\nthat is foreseen")
        return done_by(*arguments, **options)

    monkeypatch.setattr(run_folder, stage, stumble)
    events: list[Event] = []
    done = stylize_folder(tmp_path / "in", model=network_file, report=events.append)
    assert (done.written, done.failed) == (3, 1)
    (failed,) = [event for event in events if isinstance(event, Failed)]
    assert failed.source.stem == "b"
    assert failed.reason == f"{failed.source}: LookupError: of no kind that is foreseen"
    hidden = [path.name for path in (tmp_path / "in-tiny").iterdir() if path.name[0] == "."]
    assert hidden == []


@pytest.mark.parametrize("batch_size", [1, 3, 5])
def test_a_picture_that_cannot_be_painted_does_not_end_the_run(
    batch_size: int, network_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def stumble(painter: Painter, batches: Iterable[Batch], **_: object) -> Iterator[Batch]:
        for batch in batches:
            if any(torch.equal(picture, bad) for picture in batch.pictures):
                raise RuntimeError("the device stumbled")
            yield batch

    monkeypatch.setattr(Painter, "paint", stumble)
    for number in range(5):
        bad = read_image(save(tmp_path / f"in/{number}.png")).frame.picture
    events: list[Event] = []
    options: PaintOptions = {"model": network_file, "batch": batch_size}
    done = stylize_folder(tmp_path / "in", report=events.append, **options)
    assert (done.written, done.failed) == (4, 1)
    (failed,) = [event for event in events if isinstance(event, Failed)]
    assert failed.source.name == "4.png"


@pytest.mark.parametrize("run", [stylize_image, stylize_folder])
def test_steps_are_told_while_the_picture_is_in_the_making(
    run: Callable[..., Finished],
    network_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    heard = threading.Event()
    in_time: list[bool] = []

    def step(
        painter: Painter, batches: Iterable[Batch], *, on_step: Callable[[int, int], None]
    ) -> Iterator[Batch]:
        for batch in batches:
            on_step(1, 2)
            in_time.append(heard.wait(20))
            yield batch

    def hear(event: Event) -> None:
        if event == Stepped(1, 2):
            heard.set()

    monkeypatch.setattr(Painter, "paint", step)
    source = save(tmp_path / "in/a.png")
    run(source if run is stylize_image else source.parent, model=network_file, report=hear)
    assert in_time == [True]


def test_beside_a_large_picture_no_other_waits(
    network_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    read: list[Path] = []
    ahead: list[int] = []
    real_read = run_folder.read_image

    def count_read(path: Path, **options: object) -> object:
        read.append(path)
        return real_read(path, **options)

    def dawdle(painter: Painter, batches: Iterable[Batch], **_: object) -> Iterator[Batch]:
        for batch in batches:
            time.sleep(0.1)
            ahead.append(len(read) - len(ahead) - 1)  # beside those painted and the one at hand
            yield batch

    monkeypatch.setattr(run_folder, "read_image", count_read)
    monkeypatch.setattr(run_folder, "LARGE_PIXELS", 20 * 16 - 1)
    monkeypatch.setattr(Painter, "paint", dawdle)
    monkeypatch.setattr(Painter, "batch_size", lambda *_: 1)
    for number in range(6):
        save(tmp_path / f"in/{number}.png", (20, 16))
    done = stylize_folder(tmp_path / "in", model=network_file)
    assert (done.written, len(read)) == (6, 6)
    assert max(ahead) == 1


def test_names_too_long_for_the_output_fail_alone(network_file: Path, tmp_path: Path):
    save(tmp_path / "in/a.png")
    save(tmp_path / "in" / f"{'画' * 83}.png")
    save(tmp_path / "in" / f"{'n' * 251}.bmp")
    save(tmp_path / "in" / f"{'n' * 251}.png")
    events: list[Event] = []
    done = stylize_folder(tmp_path / "in", model=network_file, report=events.append)
    assert (done.written, done.failed) == (3, 1)
    (failed,) = [event for event in events if isinstance(event, Failed)]
    assert failed.reason.endswith("cannot put the result there (file name too long)")


def test_a_name_that_the_system_refuses_is_one_line(network_file: Path, tmp_path: Path):
    with pytest.raises(SourceError, match=r"file name too long|File name too long"):
        stylize_image(tmp_path / f"{'n' * 300}.png", model=network_file)
    with pytest.raises(TargetError, match=r"file name too long"):
        stylize_image(save(tmp_path / "a.png"), tmp_path / f"{'n' * 300}.png", model=network_file)
    with pytest.raises(SourceError, match=r"cannot be listed \(file name too long\)"):
        stylize_folder(tmp_path / ("n" * 300), model=network_file)


@pytest.mark.parametrize("name", ["a.png", "a.gif"])
def test_what_the_report_raises_goes_to_the_caller(name: str, network_file: Path, tmp_path: Path):
    (tmp_path / "in").mkdir()
    (save_animation if name == "a.gif" else save)(tmp_path / "in" / name)

    def refuse(event: Event) -> None:
        if isinstance(event, Advanced):
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        stylize_folder(tmp_path / "in", model=network_file, report=refuse)


def test_a_format_that_is_not_written_is_refused_before_anything_is_painted(
    network_file: Path, tmp_path: Path
):
    events: list[Event] = []
    with pytest.raises(TargetError, match=r"b\.xyz: cannot write a picture with '\.xyz'"):
        stylize_image(
            save(tmp_path / "a.png"), tmp_path / "b.xyz", model=network_file, report=events.append
        )
    save(tmp_path / "in/a.png")
    with pytest.raises(SettingsError, match=r"--format must be one of jpg, .+ \(got 'xyz'\)"):
        stylize_folder(tmp_path / "in", model=network_file, extension="xyz", report=events.append)
    assert events == []


@pytest.mark.parametrize("work", ["read_image", "encode_frame"])
@pytest.mark.parametrize("run", [stylize_image, stylize_folder])
def test_an_interruption_is_heard_in_the_middle_of_a_long_computation(
    work: str,
    run: Callable[..., Finished],
    network_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    begun, ended = threading.Event(), threading.Event()

    def long(*arguments: object, **options: object) -> None:
        begun.set()
        ended.wait(20)

    for module in (run_folder, run_image):
        monkeypatch.setattr(module, work, long)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    source, target = save(tmp_path / "in/a.png"), tmp_path / "out"
    if run is stylize_image:
        target /= "a.png"

    def interrupt() -> None:
        begun.wait(20)
        time.sleep(0.1)  # by then the caller waits
        # To the main thread, as the system does with the Ctrl-C of a terminal.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    threading.Thread(target=interrupt).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run(source if run is stylize_image else source.parent, target, model=network_file)
    assert time.monotonic() - began < 4
    ended.set()
    assert not any((tmp_path / "out").glob("*"))


def test_what_fails_is_named_also_where_its_error_does_not(
    network_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_: object, **__: object) -> None:
        raise TargetError("gif has had enough")

    save_animation(tmp_path / "in/a.gif")
    monkeypatch.setattr(run_folder, "paint_animation", refuse)
    events: list[Event] = []
    stylize_folder(tmp_path / "in", model=network_file, report=events.append)
    (failed,) = [event for event in events if isinstance(event, Failed)]
    assert failed.reason == f"{tmp_path / 'in/a.gif'}: gif has had enough"
