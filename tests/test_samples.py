"""The samples that ship: they decode, they are what the README says, and they stay small."""

from __future__ import annotations

import importlib
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

SAMPLES = Path(__file__).parents[1] / "samples"
PHOTOGRAPHS = (
    "balloons", "cat", "fruit", "lake", "lighthouse", "night", "page", "portrait", "street",
)  # fmt: skip


@pytest.fixture
def script(monkeypatch):
    """Imports a script of the samples folder by its name, as running it there would."""
    monkeypatch.syspath_prepend(str(SAMPLES))
    return importlib.import_module


def grey(picture):
    """A small, standardised grey version: what is left when tiles and grain are averaged away."""
    small = np.asarray(picture.convert("L").resize((40, 32), Image.Resampling.BOX), dtype=float)
    return (small - small.mean()) / small.std()


def test_the_photographs_are_those_that_have_a_scene_and_the_sheet_shows_six(script):
    found = sorted(path.stem for path in (SAMPLES / "photos").iterdir())
    assert found == sorted(script("render_photos").SHOTS) == list(PHOTOGRAPHS)
    shown = script("render_sheet").photographs(None)
    assert len(shown) == 6
    assert all(path.is_file() for path in shown)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_a_photograph_decodes_and_has_light_and_shade(name):
    with Image.open(SAMPLES / "photos" / f"{name}.jpg") as picture:
        assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (768, 512))
        pixels = np.asarray(picture.convert("L"))
    low, high = np.percentile(pixels, [2, 98])
    assert high - low > 100


@pytest.mark.parametrize("name", ["night", "page", "portrait", "street"])
def test_a_photograph_is_what_its_scene_renders(script, name):
    render = script("render_photos").render
    small = render(name, 192, 128)
    assert small.tobytes() == render(name, 192, 128).tobytes()
    with Image.open(SAMPLES / "photos" / f"{name}.jpg") as shipped:
        assert (grey(shipped) * grey(small)).mean() > 0.9


def test_the_clip_has_all_its_frames_and_moves():
    with av.open(str(SAMPLES / "clip.mp4")) as container:
        video = container.streams.video[0]
        assert (video.codec_context.name, video.width, video.height) == ("h264", 640, 360)
        times, pictures = [], []
        for frame in container.decode(video):
            times.append(frame.pts * frame.time_base)
            pictures.append(frame.to_ndarray(format="gray").astype(float))
    assert times == [Fraction(k, 25) for k in range(110)]
    steps = [np.abs(b - a).mean() for a, b in pairwise(pictures)]
    assert min(steps) > 0.3  # nothing stands still
    assert max(steps) < 12  # and nothing jumps: there is no cut


def test_the_clip_has_sound_as_long_as_its_picture():
    with av.open(str(SAMPLES / "clip.mp4")) as container:
        sound = container.streams.audio[0]
        assert (sound.codec_context.name, sound.codec_context.sample_rate) == ("aac", 48000)
        assert sound.codec_context.layout.name == "mono"
        waves = np.concatenate([frame.to_ndarray() for frame in container.decode(sound)], axis=1)
    assert waves.shape[1] / 48000 == pytest.approx(4.4, abs=0.05)
    assert 0.02 < waves.std() < 0.5
    assert np.abs(waves).max() < 1


def test_the_mosaic_is_what_its_script_renders(script):
    render = script("render_mosaic").render
    small = render(128, 102, rounds=2)
    assert small.tobytes() == render(128, 102, rounds=2).tobytes()
    assert small.tobytes() != render(128, 102, rounds=2, seed=8).tobytes()
    with Image.open(SAMPLES / "styles" / "mosaic.jpg") as shipped:
        assert shipped.size == (640, 512)
        likeness = (grey(shipped) * grey(small)).mean()
    assert likeness > 0.7


def test_the_sheet_shows_a_folder_in_the_looks_that_are_named(script, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "notes.txt").write_text("not a photograph")
    with Image.open(SAMPLES / "photos" / "cat.jpg") as cat:
        cat.resize((96, 64)).save(folder / "my_cat.png")
    to = tmp_path / "sheet.png"
    script("render_sheet").main(
        ["--photos", str(folder), "--looks", "wave", "--width", "60", "-o", str(to)]
    )
    with Image.open(to) as page:
        assert page.size == (26 + 2 * 66 - 6, 26 + 40)
        pixels = np.asarray(page, dtype=float)
    original, painted = pixels[26:, 26:86], pixels[26:, 92:]
    assert np.abs(original - painted).mean() > 20
    kept = np.corrcoef(original.mean(axis=2).ravel(), painted.mean(axis=2).ravel())[0, 1]
    assert kept > 0.4  # it is the same cat


def test_the_sheet_has_a_column_for_each_shipped_look_and_each_style(script):
    module = script("render_sheet")
    shipped = module.shipped_looks()
    assert {"wave", "mosaic"} <= set(shipped)
    columns = module.columns(shipped, [Path("red_fuji.jpg")])
    assert [heading for heading, _ in columns] == [*shipped, "red fuji"]
    assert columns[-1][1].keywords == {"style": [Path("red_fuji.jpg")]}


def test_a_folder_without_photographs_is_said_to_have_none(script, tmp_path):
    with pytest.raises(SystemExit, match="holds no photographs"):
        script("render_sheet").photographs(tmp_path)


def test_stills_are_spread_over_the_clip(script):
    first, *_, last = script("figures").stills(SAMPLES / "clip.mp4", 4)
    assert first.size == last.size == (640, 360)
    assert np.abs(np.asarray(first, dtype=float) - np.asarray(last, dtype=float)).mean() > 10


def test_the_samples_stay_small():
    kept = [SAMPLES / "clip.mp4", *SAMPLES.glob("*.py")]
    for folder in ("photos", "styles", "figures"):
        kept += (SAMPLES / folder).glob("*")
    assert sum(path.stat().st_size for path in kept) < 3_000_000
