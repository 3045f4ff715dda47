"""Training learns, keeps its word after an interruption, and stops with a reason."""

import errno
import os
import shutil
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from stylize.models import (
    CheckpointError,
    Johnson,
    Micro,
    Swift,
    TrainingError,
    load_model,
    save_model,
    trainer,
)
from stylize.models import train as train_module
from stylize.models.crops import find_pictures
from stylize.models.read_picture import read_picture
from stylize.models.settings import TrainingSettings
from stylize.models.train import train
from stylize.models.vgg import Vgg
from stylize.models.weights import sha256_of

SETTINGS = TrainingSettings(steps=4, minutes=None, crop=64, batch=2, style_size=64)


@pytest.fixture(autouse=True)
def small_extractor(tmp_path, monkeypatch, tiny_vgg):
    """A VGG of a few channels in place of the real one."""
    weights = tmp_path / "extractor.pth"
    weights.write_bytes(b"stands for the real file")
    monkeypatch.setattr(train_module, "find_weights", lambda *_, **__: weights)
    monkeypatch.setattr(train_module, "load_vgg", lambda **_: Vgg(*tiny_vgg))
    return weights


@pytest.fixture
def target(tmp_path):
    return tmp_path / "out" / "look.safetensors"


@pytest.fixture
def run(style, photographs, target):
    """Train with the small defaults, keeping reports and notices."""
    target.parent.mkdir()

    def trained(settings=SETTINGS, *, to=target, preview_every=0, report=None, **options):
        reports, notices = [], []

        def keep(found):
            reports.append(found)
            if report is not None:
                report(found)

        options = {"style": style, "preview_every": preview_every, "report": keep} | options
        train(photographs, to, settings=settings, notify=notices.append, **options)
        return reports, notices

    return trained


def interrupt_at(step):
    def report(found):
        if found.step == step:
            raise KeyboardInterrupt

    return report


def test_a_trained_network_can_be_loaded_with_its_recipe(run, target, style, small_extractor):
    reports, _ = run(command="stylize train style.png")
    loaded = load_model(target)
    recipe = loaded.recipe
    assert loaded.method == "swift"
    assert (recipe["style"], recipe["style_sha256"]) == ("style.png", sha256_of(style))
    assert (recipe["photographs"], recipe["held_out"], recipe["steps"]) == (11, 1, 4)
    assert recipe["settings"] == SETTINGS.as_table()
    assert recipe["extractor_sha256"] == sha256_of(small_extractor)
    assert recipe["command"] == "stylize train style.png"
    assert set(recipe["losses"]) == {"content", "style", "tv", "grid", "temporal"}
    assert [report.step for report in reports] == [1, 2, 3, 4]
    assert [report.fraction for report in reports] == [0.25, 0.5, 0.75, 1]
    assert reports[-1].seconds_left == 0
    assert [path.name for path in target.parent.iterdir()] == ["look.safetensors"]


def test_a_style_that_is_gone_before_the_end_stops_nothing(run, target, style):
    before = sha256_of(style)
    run(report=lambda found: style.unlink(missing_ok=True))
    assert load_model(target).recipe["style_sha256"] == before


def test_the_style_is_learnt(run):
    reports, _ = run(replace(SETTINGS, steps=30, learning_rate=1e-2))
    assert reports[-1].losses["style"] < 0.75 * reports[0].losses["style"]


def test_a_run_can_start_from_a_trained_network(run, target, tmp_path):
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    run(to=first)
    run(replace(SETTINGS, steps=1, learning_rate=1e-6), to=second, start=first)
    before, after = load_file(first), load_file(second)
    assert all(torch.allclose(before[name], after[name], atol=1e-3) for name in before)
    recipe = load_model(second).recipe
    start = load_model(first)
    wanted = {"file": first.name, "sha256": start.sha256, "recipe": start.recipe}
    assert recipe["start"] == wanted


def test_a_network_of_another_style_is_begun_with_by_its_strokes_in_the_colours_of_this(
    run, tmp_path
):
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    other = tmp_path / "other.png"
    Image.new("RGB", (80, 80), (200, 120, 40)).save(other)
    run(to=first)
    run(replace(SETTINGS, steps=1, learning_rate=1e-6), to=second, start=first, style=other)
    begun = load_model(first).network
    own = begun.last_norm.bias.clone()
    begun.take_colours(read_picture(other, shorter=SETTINGS.style_size))
    assert (begun.last_norm.bias - own).abs().max() > 0.1
    after = load_file(second)
    for name, wanted in begun.state_dict().items():
        torch.testing.assert_close(after[name].float(), wanted, atol=2e-3, rtol=2e-3)


@pytest.fixture
def unfinished(run, tmp_path):
    """The state of a run that was interrupted after two steps."""
    with pytest.raises(KeyboardInterrupt):
        run(to=tmp_path / "first.safetensors", report=interrupt_at(2))
    return tmp_path / "first.safetensors.train.pt"


def test_a_run_can_start_from_an_unfinished_one_with_other_settings(run, unfinished, tmp_path):
    second = tmp_path / "second.safetensors"
    other = replace(SETTINGS, steps=1, learning_rate=1e-6, style_weight=9)
    run(other, to=second, start=unfinished)
    learnt, begun = torch.load(unfinished, weights_only=True)["network"], load_file(second)
    assert all(torch.allclose(learnt[name], begun[name].float(), atol=1e-2) for name in begun)
    start = load_model(second).recipe["start"]["recipe"]
    assert start["steps"] == 2
    assert start["style"] == load_model(second).recipe["style"]
    assert start["settings"]["style_weight"] == SETTINGS.style_weight


def test_such_a_run_goes_on_also_when_the_first_is_done_and_its_state_gone(
    run, unfinished, tmp_path
):
    second = tmp_path / "second.safetensors"
    with pytest.raises(KeyboardInterrupt):
        run(to=second, start=unfinished, report=interrupt_at(1))
    unfinished.unlink()
    reports, _ = run(to=second, start=unfinished)
    assert [report.step for report in reports] == [2, 3, 4]
    assert load_model(second).recipe["start"]["file"] == unfinished.name


def test_a_run_cannot_start_from_its_own_state(run, unfinished, tmp_path):
    with pytest.raises(TrainingError, match="the state of this very run; leave out --start"):
        run(to=tmp_path / "first.safetensors", start=unfinished)


def test_a_run_cannot_start_from_a_network_of_another_kind(run, tmp_path):
    save_model(Johnson(), tmp_path / "johnson.safetensors", recipe={})
    with pytest.raises(TrainingError, match=r"johnson.safetensors: is a johnson.* trains a swift"):
        run(start=tmp_path / "johnson.safetensors")
    for other in (Swift(widths=(4, 4, 4, 4)), Swift(last_norm=False)):
        save_model(other, tmp_path / "other.safetensors", recipe={})
        with pytest.raises(TrainingError, match=r"other.safetensors: is a swift .*shape"):
            run(start=tmp_path / "other.safetensors")


def test_a_run_that_started_from_a_network_does_not_go_on_without_it(run, tmp_path):
    first = tmp_path / "first.safetensors"
    run(replace(SETTINGS, steps=1), to=first)
    with pytest.raises(KeyboardInterrupt):
        run(start=first, report=interrupt_at(1))
    with pytest.raises(TrainingError, match=r"a run with start [0-9a-f]{64}, this one has None"):
        run()
    reports, _ = run(start=first)
    assert [report.step for report in reports] == [2, 3, 4]


def test_equal_seeds_give_equal_networks(run, tmp_path):
    paths = [tmp_path / f"{name}.safetensors" for name in "abc"]
    for path, seed in zip(paths, (0, 0, 1), strict=True):
        run(replace(SETTINGS, steps=2, seed=seed), to=path)
    first, second, other = (load_file(path)["up1.weight"] for path in paths)
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_an_interrupted_run_goes_on_as_if_nothing_had_been(run, target, tmp_path):
    whole = tmp_path / "whole.safetensors"
    run(to=whole)
    with pytest.raises(KeyboardInterrupt):
        run(report=interrupt_at(2))
    assert not target.exists()
    assert target.with_name("look.safetensors.train.pt").exists()
    reports, _ = run()
    assert [report.step for report in reports] == [3, 4]
    found, wanted = load_file(target), load_file(whole)
    assert all(torch.equal(found[name], tensor) for name, tensor in wanted.items())
    assert load_model(target).recipe["losses"] == load_model(whole).recipe["losses"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (replace(SETTINGS, batch=1), "belongs to a run with batch 2, this one has 1"),
        (replace(SETTINGS, method="johnson"), "with method swift, this one has johnson"),
    ],
)
def test_another_run_does_not_go_on_from_it_unless_restarted(run, target, changed, message):
    with pytest.raises(KeyboardInterrupt):
        run(report=interrupt_at(1))
    with pytest.raises(TrainingError, match=message):
        run(changed)
    reports, _ = run(replace(changed, steps=1), resume=False)
    assert reports[0].step == 1
    assert load_model(target).method == changed.method


def test_a_run_from_before_a_setting_was_there_goes_on_as_if_that_had_been_its_default(run, target):
    with pytest.raises(KeyboardInterrupt):
        run(report=interrupt_at(1))
    file = target.with_name("look.safetensors.train.pt")
    state = torch.load(file, weights_only=True)
    del state["identity"]["plain_weight"]
    torch.save(state, file)
    with pytest.raises(TrainingError, match=r"with plain_weight 0.0, this one has 5.0; .* --start"):
        run(replace(SETTINGS, plain_weight=5.0))
    reports, _ = run()
    assert reports[0].step == 2


def test_other_photographs_are_another_run(run, photographs):
    with pytest.raises(KeyboardInterrupt):
        run(report=interrupt_at(1))
    (photographs / "0.png").rename(photographs / "renamed.png")
    with pytest.raises(TrainingError, match="belongs to a run with names of photographs"):
        run()


@pytest.mark.parametrize("content", [b"", b"damaged", b"\x80\x02h\x05.", b"PK\x03\x04 no more"])
def test_a_state_that_is_no_state_is_an_error(run, target, content):
    target.with_name("look.safetensors.train.pt").write_bytes(content)
    with pytest.raises(TrainingError, match=r"a damaged state file; add --restart"):
        run()


@pytest.mark.parametrize(
    ("name", "value"),
    [("identity", "a string"), ("network", {}), ("optimiser", None), ("step", None), ("losses", 1)],
)
def test_a_state_with_a_damaged_part_is_an_error(run, target, name, value):
    with pytest.raises(KeyboardInterrupt):
        run(report=interrupt_at(1))
    path = target.with_name("look.safetensors.train.pt")
    state = torch.load(path, weights_only=True)
    torch.save(state | {name: value}, path)
    with pytest.raises(TrainingError, match=r"a damaged state file; add --restart"):
        run()
    torch.save({key: part for key, part in state.items() if key != name}, path)
    with pytest.raises(TrainingError, match=r"a damaged state file; add --restart"):
        run()


def test_a_state_cut_short_is_an_error(run, target):
    with pytest.raises(KeyboardInterrupt):
        run(report=interrupt_at(1))
    path = target.with_name("look.safetensors.train.pt")
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(TrainingError, match=r"a damaged state file; add --restart"):
        run()


def test_an_interruption_before_the_first_step_leaves_nothing(run, target, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(trainer.Trainer, "advance", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run()
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize(("part", "save_every"), [("find", 1e6), ("step", 0.0)])
def test_a_step_that_was_interrupted_half_way_is_done_again(
    run, target, tmp_path, monkeypatch, part, save_every
):
    """Without harm while a gradient is found; from what was saved last where weights are torn."""
    whole = tmp_path / "whole.safetensors"
    run(to=whole)
    monkeypatch.setattr(train_module, "SAVE_EVERY_SECONDS", save_every)
    do = getattr(trainer.Optimiser, part)

    def torn(*args, **options):
        do(*args, **options)
        if next(calls) == 2:
            raise KeyboardInterrupt

    calls = iter(range(100))
    monkeypatch.setattr(trainer.Optimiser, part, torn)
    with pytest.raises(KeyboardInterrupt):
        run()
    reports, _ = run()
    assert [report.step for report in reports] == [3, 4]
    found, wanted = load_file(target), load_file(whole)
    assert all(torch.equal(found[name], tensor) for name, tensor in wanted.items())
    assert load_model(target).recipe["losses"] == load_model(whole).recipe["losses"]


def test_a_step_too_large_for_the_memory_is_one_line(run, monkeypatch):
    def refuse(*_):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB")

    monkeypatch.setattr(trainer.Trainer, "advance", refuse)
    with pytest.raises(TrainingError, match="not fit in the memory of cpu; try a smaller --batch"):
        run()


def test_a_network_that_cannot_be_saved_loses_no_step(run, target, monkeypatch):
    def full(*_, **__):
        raise CheckpointError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(train_module, "save_model", full)
        with pytest.raises(CheckpointError, match="the disk is full"):
            run()
    reports, _ = run()
    assert reports == []
    assert load_model(target).recipe["steps"] == 4


def test_a_state_that_cannot_be_written_does_not_stop_the_run(run, target, monkeypatch):
    write = Path.write_bytes

    def full(path, content):
        if path.suffix == ".pt":
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    monkeypatch.setattr(train_module, "SAVE_EVERY_SECONDS", 0.0)
    _, notices = run(replace(SETTINGS, steps=1))
    message = "look.safetensors.train.pt: the state cannot be written (No space left on device)"
    assert [message in notice for notice in notices] == [False, True, True]
    assert load_model(target).recipe["steps"] == 1


@pytest.mark.parametrize("error", [BrokenPipeError("the reader has gone"), MemoryError()])
def test_whatever_ends_a_run_what_was_learnt_is_kept(run, error):
    def fail(found):
        if found.step == 3:
            raise error

    with pytest.raises((BrokenPipeError, TrainingError)):
        run(report=fail)
    reports, _ = run()
    assert [report.step for report in reports] == [4]


def test_a_state_that_another_version_made_says_so(run, target):
    with pytest.raises(KeyboardInterrupt):
        run(report=interrupt_at(1))
    path = target.with_name("look.safetensors.train.pt")
    state = torch.load(path, weights_only=True)
    recipe = state["recipe"] | {"version": "0.0.1"}
    torch.save(state | {"network": {}, "recipe": recipe}, path)
    with pytest.raises(TrainingError, match=r"was made by version 0\.0\.1, and this one cannot"):
        run()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_trained_network_is_for_whom_the_user_lets_read_new_files(run, target):
    before = os.umask(0o022)
    try:
        run(replace(SETTINGS, steps=1))
    finally:
        os.umask(before)
    assert target.stat().st_mode & 0o777 == 0o644


def test_neither_its_preview_nor_its_style_is_a_photograph(run, photographs, style):
    inside = shutil.copy(style, photographs / "style.png")
    with pytest.raises(KeyboardInterrupt):
        run(
            to=photographs / "look.safetensors",
            style=inside,
            preview_every=1,
            report=interrupt_at(2),
        )
    assert (photographs / "look.preview.png").is_file()
    reports, _ = run(to=photographs / "look.safetensors", style=inside)
    assert [report.step for report in reports] == [3, 4]
    assert load_model(photographs / "look.safetensors").recipe["photographs"] == 11


def test_a_preview_for_which_there_is_no_memory_is_told_and_stops_nothing(run, monkeypatch):
    def refuse(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(trainer.Trainer, "painter", refuse)
    reports, notices = run(preview_every=1)
    assert len(reports) == 4
    assert ["a preview does not fit" in notice for notice in notices] == [False, True]


def test_a_finished_network_is_not_trained_over(run, target):
    run(replace(SETTINGS, steps=1))
    before = target.read_bytes()
    with pytest.raises(TrainingError, match=r"exists already; train it anew with --restart"):
        run()
    assert target.read_bytes() == before


def test_a_loss_that_is_no_number_stops_with_its_name_and_step(run, target, monkeypatch):
    calls = iter([0.1, 0.1, float("nan")])
    monkeypatch.setattr(trainer, "total_variation", lambda painted: painted.mean() * next(calls))
    with pytest.raises(
        TrainingError, match=r"the tv loss is nan at step 2: .*--learning-rate 0.0005"
    ):
        run()
    assert not target.exists()


def test_training_that_went_wild_without_nan_is_told(run, monkeypatch):
    values = iter([1.0] * 2 + [900.0] * 6)  # two crops a step
    monkeypatch.setattr(
        trainer, "style_loss", lambda *_, **__: torch.tensor(next(values), requires_grad=True)
    )
    _, notices = run()
    assert "the style loss ended at 53.9 and began at 1: training went wild" in notices[-1]


def test_an_attentive_network_that_went_wild_is_told(deep_vgg):
    settings = replace(SETTINGS, method="adaattn")
    wild = trainer.Trainer(settings, deep_vgg, None, torch.device("cpu"))
    wild.first_losses = {"global": 1.0, "local": 1.0}
    wild.losses = {"global": 2.0, "local": 900.0}
    assert "the local loss ended at 900 and began at 1" in (wild.doubt() or "")


def test_training_that_went_well_is_not_doubted(run):
    _, notices = run()
    assert ["only 11 pictures" in notice for notice in notices] == [True]


def test_a_preview_that_cannot_be_written_is_told(run, target):
    target.with_name("look.preview.png").mkdir()
    reports, notices = run(preview_every=2)
    assert [report.preview for report in reports] == [None] * 4
    message = "look.preview.png: the preview cannot be written ("
    assert [message in notice for notice in notices] == [False, True, True]
    assert target.is_file()


def test_previews_come_when_due_and_in_the_end(run, target):
    reports, _ = run(preview_every=3)
    preview = target.with_name("look.preview.png")
    assert [report.preview for report in reports] == [None, None, preview, preview]
    with Image.open(preview) as picture:
        assert picture.size == (292, 584)


def test_without_the_temporal_weight_there_is_no_such_loss(run):
    reports, _ = run(replace(SETTINGS, temporal_weight=0.0, steps=1))
    assert set(reports[0].losses) == {"content", "style", "tv", "grid"}


def test_few_and_broken_photographs_are_told(run, photographs):
    (photographs / "broken.jpg").write_bytes(b"no picture")
    _, notices = run(replace(SETTINGS, steps=1))
    by_heart = "with fewer than 200 the network learns them by heart"
    assert notices == [
        f"1 of the files are no readable pictures (the first: {photographs / 'broken.jpg'})",
        f"{photographs}: only 11 pictures to learn from; {by_heart}",
    ]


def test_a_flat_and_small_style_is_told(run, style):
    Image.new("RGB", (20, 30), "navy").save(style)
    _, notices = run(replace(SETTINGS, steps=1))
    assert (
        "its shorter side has only 20 pixels; enlarged to 64 it has no fine strokes" in notices[0]
    )
    assert "almost one colour all over; there are no strokes to learn from it" in notices[1]


def test_a_style_of_one_pixel_is_flat(run, style):
    Image.new("RGB", (1, 1), "navy").save(style)
    _, notices = run(replace(SETTINGS, steps=1))
    assert "almost one colour all over" in notices[1]


def test_damaged_photographs_are_no_warnings_of_python(run, photographs):
    palette = Image.new("P", (70, 70), 1)
    palette.save(photographs / "palette.png", transparency=b"\x00\x80")
    exif = b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x09\x00"
    Image.new("RGB", (70, 70)).save(photographs / "cut.jpg", exif=exif)
    with pytest.warns(UserWarning, match="Corrupt EXIF"):
        read_picture(photographs / "cut.jpg")
    run()


def test_a_style_that_is_no_picture_is_an_error(run, style):
    style.write_bytes(b"no picture")
    with pytest.raises(TrainingError, match=r"style.png: cannot be read as a picture"):
        run()


@pytest.mark.parametrize("name", ["abacus", "meta", "cuda:99"])
def test_a_device_that_is_not_there_is_an_error(run, name):
    with pytest.raises(TrainingError, match=rf"no device '{name}' .*\(here: auto, cpu"):
        run(device=name)


def test_a_style_that_takes_more_memory_than_there_is_is_refused(run, monkeypatch):
    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": 1000, "SC_PAGE_SIZE": 1000}.get)
    with pytest.raises(
        TrainingError, match="at --style-size 64, does not fit in the memory of cpu; try a smaller"
    ):
        run()


def test_a_folder_to_write_to_must_be_there(run, tmp_path):
    with pytest.raises(TrainingError, match=r"there is no folder .*nowhere"):
        run(to=tmp_path / "nowhere" / "look.safetensors")


def test_a_folder_that_cannot_be_written_to_is_told_before_training(run, target, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(
        TrainingError, match=r"cannot be written there \(Permission denied\); choose"
    ):
        run(report=lambda _: pytest.fail("trained"))


@pytest.mark.parametrize("name", ["x" * 245 + ".safetensors", "folder"])
def test_a_name_that_cannot_be_written_is_told_before_training(run, target, name):
    (target.parent / "folder").mkdir()
    with pytest.raises(TrainingError, match=r"cannot be written there \(.*\); choose another"):
        run(to=target.parent / name, resume=False, report=lambda _: pytest.fail("trained"))


def test_a_johnson_network_learns_too(run, target):
    reports, _ = run(replace(SETTINGS, method="johnson", steps=2))
    assert all(torch.tensor(list(report.losses.values())).isfinite().all() for report in reports)
    assert load_model(target).method == "johnson"


MANY = replace(SETTINGS, method="micro", style_size=192)


@pytest.fixture
def run_many(run, photographs):
    """Train a network for any style; the photographs stand for paintings as well."""

    def trained(settings=MANY, **options):
        options = {"style": None, "styles": photographs} | options
        return run(settings, **options)

    return trained


@pytest.fixture
def small_micro(monkeypatch):
    shape = {"widths": (4, 6, 8, 4), "blocks": 1, "encoder": (4, 4, 4, 4), "code": 4}
    monkeypatch.setitem(trainer.NETWORKS, "micro", partial(Micro, **shape))


def test_a_network_for_any_style_learns_from_a_folder_of_them(run_many, target, small_micro):
    _, notices = run_many(replace(MANY, steps=2), exclude=["1*.png"], preview_every=2)
    loaded = load_model(target)
    assert loaded.method == "micro"
    assert (loaded.recipe["styles"], loaded.recipe["photographs"]) == (8, 11)
    assert loaded.recipe["styles_excluded"] == ["1*.png"]
    assert not {"style", "style_sha256"} & set(loaded.recipe)
    assert ["only 11 pictures" in notices[0], "only 8 pictures" in notices[1]] == [True, True]
    with Image.open(target.with_name("look.preview.png")) as picture:
        assert picture.size == (292, 3 * 292)  # the photograph, the style, the painting


def test_where_no_style_that_was_held_out_can_be_decoded_there_is_no_preview(
    run_many, target, small_micro, photographs, tmp_path
):
    styles = tmp_path / "styles"
    shutil.copytree(photographs, styles)
    (held_out,) = find_pictures(styles, seed=0, option="--styles").held_out
    held_out.write_bytes(held_out.read_bytes()[:-200])
    reports, notices = run_many(replace(MANY, steps=1), styles=styles, preview_every=1)
    assert [report.preview for report in reports] == [None]
    assert f"{held_out}: cannot be read as a picture" in notices[-1]
    assert target.is_file()


def test_it_learns_styles(run_many, small_micro):
    reports, _ = run_many(replace(MANY, steps=40, learning_rate=1e-2))
    assert reports[-1].losses["style"] < 0.8 * reports[0].losses["style"]


def test_an_interrupted_run_over_many_styles_goes_on_as_if_nothing_had_been(
    run_many, target, tmp_path, small_micro
):
    whole = tmp_path / "whole.safetensors"
    run_many(to=whole)
    with pytest.raises(KeyboardInterrupt):
        run_many(report=interrupt_at(2))
    run_many()
    found, wanted = load_file(target), load_file(whole)
    assert all(torch.equal(found[name], tensor) for name, tensor in wanted.items())


def test_a_name_to_leave_out_that_is_not_there_is_an_error(run_many):
    with pytest.raises(TrainingError, match=r"no picture in it is named '12\.png'"):
        run_many(exclude=["1.png", "12.png"])


def test_what_does_not_go_with_the_method_is_refused(run, style, photographs):
    with pytest.raises(TrainingError, match=r"micro learns many styles: .*--styles, and no STYLE"):
        run(MANY)
    with pytest.raises(TrainingError, match="micro learns many styles"):
        run(MANY, style=None)
    with pytest.raises(TrainingError, match="swift learns one picture: name it as STYLE"):
        run(style=None)
    with pytest.raises(TrainingError, match=r"swift learns one picture: .*without --styles"):
        run(styles=photographs)
    with pytest.raises(TrainingError, match="without --styles or --exclude"):
        run(exclude=["a*"])


def test_a_folder_of_styles_that_is_not_there_names_its_option(run_many, tmp_path):
    with pytest.raises(TrainingError, match="absent: no such folder; --styles names a folder"):
        run_many(styles=tmp_path / "absent")
