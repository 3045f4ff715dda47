"""Films whose style changes over time, decoded: each frame is the mixture that its time says."""

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
import torch
from PIL import Image
from torch import Tensor

from stylize.models import Swift, save_model
from stylize.pipeline import Change, Span, stylize_video
from stylize.pipeline.errors import SettingsError
from stylize.pipeline.events import Event, Started
from stylize.pipeline.film.read_video import probe_video, read_video
from stylize.pipeline.values import SETTINGS_KEY, Frame

WriteFilm = Callable[..., Path]
LOSSLESS: dict[str, Any] = {"codec": "ffv1", "pixel_format": "bgr0"}
ROUNDED = 1 / 255
"""What rounding to 8 bits may cost: half a level each for two films and for their mixture."""

ALONE: dict[str, Any] = {"freeze": False, "smooth": "off"}
"""Each frame by itself: no matter what came before it."""


@pytest.fixture
def other_file(tmp_path: Path) -> Path:
    """Another network than `network_file`, of another palette."""
    path = tmp_path / "other.safetensors"
    torch.manual_seed(5)
    network = Swift(widths=(4, 4, 4, 4), blocks=1)
    network.take_colours(torch.rand(3, 16, 16) * torch.tensor([0.2, 0.5, 1.0])[:, None, None])
    save_model(network, path, recipe={"steps": 0})
    return path


@pytest.fixture
def source(write_film: WriteFilm, pan: Callable[..., list[Tensor]]) -> Path:
    """Three seconds that begin late and have no constant rate: their times are what counts."""
    times = [Fraction(7) + Fraction(round(1000 * index * 0.1 + 30 * (index % 2)), 1000)
             for index in range(30)]  # fmt: skip
    return write_film("in.mkv", pan(30, height=32, width=48), times=times)


def frames_of(path: Path) -> list[Frame]:
    return list(read_video(probe_video(path, notify=lambda _: None), notify=lambda _: None))


def painted(source: Path, name: str, **options: Any) -> list[Frame]:
    """The frames of a film that was written without loss."""
    done = stylize_video(source, source.parent / f"{name}.mkv", **LOSSLESS, **options)
    return frames_of(done.target)


def worst(frame: Frame, expected: Tensor) -> float:
    return float((frame.picture - expected).abs().max())


def test_looks_fade_into_each_other_and_into_the_untouched_film_by_exact_time(
    source: Path, network_file: Path, other_file: Path
):
    plain = frames_of(source)
    first = painted(source, "first", model=network_file, **ALONE)
    second = painted(source, "second", model=other_file, **ALONE)
    assert worst(first[0], second[0].picture) > 0.1
    changes = [
        Change(Fraction("0.5"), {"model": network_file}, Fraction("0.5")),
        Change(Fraction("1.2"), {"model": other_file}, Fraction("0.4")),
        Change(Fraction("2.1"), {"strength": 0.0}, Fraction("0.5")),
    ]
    out = painted(source, "over", timeline=changes, **ALONE)
    assert [frame.time for frame in out] == [frame.time for frame in plain]
    mixed = set()
    for frame, a, b, c in zip(out, plain, first, second, strict=True):
        time = float(frame.time - plain[0].time)
        into = [min(1.0, max(0.0, share)) for share in
                ((time - 0.5) / 0.5, (time - 1.2) / 0.4, (time - 2.1) / 0.5)]  # fmt: skip
        expected = a.picture
        for picture, share in zip((b, c, a), into, strict=True):
            expected = torch.lerp(expected, picture.picture, share)
        pure = all(share in (0, 1) for share in into)
        mixed.add((sum(share > 0 for share in into), pure))
        assert worst(frame, expected) <= (0 if pure else ROUNDED + 1e-6)
    assert mixed == {(0, True), (1, False), (1, True), (2, False), (2, True), (3, False), (3, True)}


def test_a_part_painted_alone_equals_the_same_part_of_the_whole_film(
    source: Path, network_file: Path, other_file: Path
):
    options: dict[str, Any] = {
        **ALONE,
        "model": network_file,
        "timeline": [
            Change(Fraction(1), {"model": other_file}),
            Change(Fraction(2), {"strength": 0.2}),
        ],
    }
    whole = painted(source, "whole", **options)
    begin = whole[0].time
    span = Span(start=Fraction("0.7"), end=Fraction("2.4"))
    part = painted(source, "part", span=span, **options)
    same = [f for f in whole if Fraction("0.7") <= f.time - begin < Fraction("2.4")]
    assert len(part) == len(same) == 17
    assert all(torch.equal(a.picture, b.picture) for a, b in zip(part, same, strict=True))


def test_batches_may_straddle_moments(source: Path, network_file: Path, other_file: Path):
    options: dict[str, Any] = {
        "model": network_file,
        "timeline": [Change(Fraction(1), {"model": other_file}, Fraction("0.6"))],
        "precision": "fp32",
    }
    one, many = (painted(source, str(batch), batch=batch, **options) for batch in (1, 8))
    for a, b in zip(one, many, strict=True):
        assert a.time == b.time
        assert worst(a, b.picture) <= ROUNDED + 1e-6


def test_a_timeline_comes_out_of_a_file_and_is_stored_in_the_film(
    source: Path, network_file: Path, tmp_path: Path
):
    script = tmp_path / "evening.toml"
    script.write_text(f"[[moment]]\nat = '0:01'\nmodel = '{network_file}'\nfade = 0.5\n")
    events: list[Event] = []
    done = stylize_video(source, timeline=script, report=events.append, crf=30.0)
    assert done.target.name == "in-evening.mkv"
    assert isinstance(events[0], Started)
    assert events[0].look == "evening"
    with av.open(done.target) as film:
        tags = {key.lower(): value for key, value in film.metadata.items()}
    made_by = json.loads(tags[SETTINGS_KEY])
    assert made_by["look"] == "evening"
    (before, after) = made_by["timeline"]
    assert (before["at"], before["strength"]) == ("0", 0.0)
    told = [after[key] for key in ("at", "fade", "look", "crf")]
    assert told == ["1", "1/2", "tiny", 30.0]


def test_a_moment_beyond_the_films_end_is_refused_and_nothing_is_written(
    source: Path, network_file: Path
):
    before = sorted(source.parent.iterdir())
    late = [Change(Fraction(90), {"strength": 0.0})]
    with pytest.raises(SettingsError, match=r"^at 1:30: in\.mkv ends before, at 0:"):
        stylize_video(source, model=network_file, timeline=late)
    assert sorted(source.parent.iterdir()) == before


@pytest.mark.parametrize("span", [Span(end=Fraction(1)), Span(frames=3)])
def test_a_moment_behind_the_part_that_is_painted_is_refused_and_nothing_is_written(
    source: Path, network_file: Path, span: Span
):
    before = sorted(source.parent.iterdir())
    late = [Change(Fraction(2), {"model": network_file})]
    with pytest.raises(SettingsError, match=r"^at 0:02: the part that is painted ends before, at"):
        stylize_video(source, timeline=late, span=span)
    assert sorted(source.parent.iterdir()) == before


def test_masks_fade_into_each_other_like_the_films_they_are_on(
    source: Path, network_file: Path, other_file: Path, tmp_path: Path
):
    looks: list[dict[str, Any]] = []
    for side, model in ((0, network_file), (24, other_file)):
        mask = Image.new("L", (48, 32), 0)
        mask.paste(255, (side, 0, side + 24, 32))
        mask.save(tmp_path / f"{side}.png")
        looks.append({"model": model, "mask": tmp_path / f"{side}.png"})
    first, second = (painted(source, f"{i}", **look, **ALONE) for i, look in enumerate(looks))
    change = Change(Fraction(1), {**looks[1]}, Fraction(1))
    out = painted(source, "over", **looks[0], timeline=[change], **ALONE)
    begin = out[0].time
    for frame, a, b in zip(out, first, second, strict=True):
        share = min(1.0, max(0.0, float(frame.time - begin) - 1))
        assert worst(frame, torch.lerp(a.picture, b.picture, share)) <= ROUNDED + 1e-6
