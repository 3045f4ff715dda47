"""What every method for any style keeps: three commands, one style and two, masks, strengths.

Small networks and a small VGG stand for the real ones; `tests/models` holds what they paint.
"""

import json
import shutil
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image

from stylize.models import AdaAttN, Adain, Sanet, save_model
from stylize.models.methods import ANY_STYLE, METHODS
from stylize.pipeline import (
    Change,
    SettingsError,
    StylizeError,
    load_method,
    stylize_folder,
    stylize_image,
    stylize_video,
)
from stylize.pipeline.choose import LookOptions
from stylize.pipeline.events import Event, Stepped

WIDTHS = (4, 6, 8, 10)
NETWORKS = {"adain": Adain, "sanet": Sanet, "adaattn": AdaAttN}
OWN = {
    "gatys": {"iterations": 3, "content_layers": "relu4_1"},
    "nnst": {"iterations": 2},
}
HEIGHT, WIDTH = 33, 46
LEFT = WIDTH // 2


@pytest.fixture(autouse=True)
def small_vgg(monkeypatch, deep_vgg):
    """A VGG of few channels in place of the real one."""
    monkeypatch.setattr(load_method, "load_vgg", lambda *_, **__: deep_vgg)


@pytest.fixture(scope="session")
def networks(tmp_path_factory, any_style_file) -> dict[str, Path]:
    """A small untrained network of each trained method."""
    folder = tmp_path_factory.mktemp("networks")
    files = {"micro": any_style_file}
    for name, kind in NETWORKS.items():
        torch.manual_seed(11)
        network = kind(widths=WIDTHS)
        with torch.no_grad():
            network.decoder.convolutions["conv1_1"].weight.mul_(8)  # contrast, so that it shows
        files[name] = folder / f"{name}.safetensors"
        save_model(network, files[name], recipe={"settings": {"style_size": 64}})
    return files


@pytest.fixture(params=ANY_STYLE)
def look(request, networks) -> LookOptions:
    """What names a method, but for its styles."""
    name = request.param
    if name in networks:
        return {"method": name, "model": networks[name]}
    return {"method": name, "method_options": OWN[name]}


@pytest.fixture
def work(tmp_path, monkeypatch) -> Path:
    """A folder to work in, with two styles, their masks, a picture, a folder and a film."""
    monkeypatch.chdir(tmp_path)
    scene(40, 60, seed=1).save("a.png")
    scene(90, 50, seed=2).save("b.jpg")
    Path("photos").mkdir()
    for name in ("photo.png", "photos/x.png"):
        scene(HEIGHT, WIDTH, seed=4).save(name)
    left = np.zeros((HEIGHT, WIDTH), np.uint8)
    left[:, :LEFT] = 255
    Image.fromarray(left).save("left.png")
    Image.fromarray(255 - left).resize((3 * WIDTH, 2 * HEIGHT)).save("right.png")
    with av.open("film.mkv", "w") as film:
        stream = film.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "bgr0"
        for _ in range(2):
            frame = av.VideoFrame.from_image(scene(HEIGHT, WIDTH, seed=4))
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    return tmp_path


def scene(height: int, width: int, *, seed: int) -> Image.Image:
    """A smooth picture with edges."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : width / height : width * 1j]
    waves = [np.sin((5 + seed) * x + i) + np.cos((4 + i) * y - seed) for i in range(3)]
    shaded = 0.5 + 0.2 * np.stack(waves, -1) + 0.2 * (np.hypot(x - 0.7, y - 0.5) < 0.3)[..., None]
    return Image.fromarray((shaded.clip(0, 1) * 255).round().astype(np.uint8))


def pixels(path: Path) -> np.ndarray:
    if path.suffix == ".mkv":
        with av.open(path) as film:
            frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
        assert len(frames) == 2
        return frames[1].astype(float)
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(float)


def paint(kind: str, **options) -> np.ndarray:
    """Paint the picture, the folder or the film; what came out of it."""
    if kind == "image":
        return pixels(stylize_image("photo.png", existing="overwrite", **options).target)
    if kind == "folder":
        done = stylize_folder("photos", existing="overwrite", **options)
        assert (done.written, done.failed) == (1, 0)
        return pixels(done.target / "x.png")
    options |= {"codec": "ffv1", "pixel_format": "bgr0"}
    return pixels(stylize_video("film.mkv", existing="overwrite", **options).target)


def apart(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a - b).mean())


STYLES = {
    "one style": {"style": "a.png"},
    "two styles": {"style": [("a.png", 0.7), ("b.jpg", 0.3)]},
    "two masks": {"style": ["a.png", "b.jpg"], "mask": ["left.png", "right.png"]},
    "one mask": {"style": "a.png", "mask": "left.png"},
}


@pytest.mark.parametrize("styles", STYLES.values(), ids=STYLES)
@pytest.mark.parametrize("kind", ["image", "folder", "video"])
def test_every_method_paints_as_strongly_as_it_is_told(kind, styles, look, work):
    source = pixels(Path("photo.png"))
    whole, half, none = (paint(kind, **look, **styles, strength=s) for s in (1.0, 0.5, 0.0))
    assert whole.shape == source.shape
    assert apart(none, source) < 0.5
    assert apart(whole, source) > 1
    assert 0 < apart(half, source) < 1.2 * apart(whole, source)
    assert apart(half, whole) > 0.1
    if styles.get("mask") == "left.png":
        assert apart(whole[:, LEFT + 1 :], source[:, LEFT + 1 :]) < 0.5


def test_each_style_is_where_its_mask_is(look, work):
    scene(48, 192, seed=4).save("photo.png")
    if "method_options" in look:  # so that the strokes are more than the first step's
        look = look | {"method_options": look["method_options"] | {"iterations": 12}}
    first, second, both = (
        paint("image", **look, **styles)
        for styles in ({"style": "a.png"}, {"style": "b.jpg"}, STYLES["two masks"])
    )
    left, right = np.s_[:, :64], np.s_[:, -64:]
    assert apart(both[left], first[left]) < 0.8 * apart(both[left], second[left])
    assert apart(both[right], second[right]) < 0.8 * apart(both[right], first[right])


def test_a_seed_paints_the_same_again(look, work):
    first, again = (paint("image", **look, style="a.png", seed=3) for _ in range(2))
    assert np.array_equal(first, again)


@pytest.mark.parametrize("method", OWN)
@pytest.mark.parametrize(("kind", "painted"), [("image", 1), ("folder", 1), ("video", 2)])
def test_an_optimiser_tells_of_every_step(kind, painted, method, work):
    look = {"method": method, "method_options": OWN[method], "style": "a.png"}
    steps = steps_of(kind, **look)
    total = steps[0].total
    assert steps == painted * [Stepped(done, total) for done in range(1, total + 1)]
    if kind == "video":
        change = Change(Fraction(1, 50), {**look, "style": "b.jpg", "strength": 0.5})
        assert steps_of(kind, timeline=[change]) == steps[:total]


def steps_of(kind: str, **options) -> list[Stepped]:
    told: list[Event] = []
    paint(kind, report=told.append, **options)
    return [event for event in told if isinstance(event, Stepped)]


def test_the_style_may_take_the_colours_of_the_picture(look, work):
    plain = paint("image", **look, style="b.jpg")
    matched = paint("image", **look, style="b.jpg", match_color=True)
    assert apart(plain, matched) > 0.2
    film = paint("video", **look, style="b.jpg", match_color=True)
    assert film.shape == plain.shape


def test_colours_of_the_source_may_stay_and_noise_may_go(look, work):
    source = pixels(Path("photo.png"))
    kept = paint("image", **look, style="a.png", keep_color=True, denoise=0.5)

    def chroma(picture: np.ndarray) -> np.ndarray:
        return picture - picture @ [[0.2126], [0.7152], [0.0722]]

    plain = paint("image", **look, style="a.png")
    assert apart(chroma(kept), chroma(source)) < 0.5 * apart(chroma(plain), chroma(source)) + 2


def test_an_output_says_how_it_was_made(look, work):
    done = stylize_image("photo.png", **look, style="a.png", mask="left.png")
    assert done.target.name == f"photo-a-{look['method']}.png"
    with Image.open(done.target) as picture:
        made = json.loads(picture.info["stylize"])
    assert made["method"] == look["method"]
    assert made["masks"] == ["left.png"]
    assert ("weights" in made) == METHODS[look["method"]].trained
    assert set(made.get("options", {})) == set(look.get("method_options", {}))


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (800, 600)])
def test_styles_of_any_size_are_taken(size, look, work):
    Image.new("RGB", size, "orange").save("odd.png")
    painted = paint("image", **look, style="odd.png")
    assert painted.shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("size", [(1, 1), (5, 40), (17, 16)])
def test_pictures_of_any_size_are_painted(size, look, work):
    Image.new("RGB", size, "teal").save("photo.png")
    assert paint("image", **look, style="a.png").shape == (size[1], size[0], 3)


def test_a_mask_that_is_black_all_over_is_refused(look, work):
    Image.new("L", (20, 20), 0).save("black.png")
    with pytest.raises(SettingsError, match=r"black\.png: this mask is black all over, so nothing"):
        paint("image", **look, style="a.png", mask="black.png")


@pytest.mark.parametrize("masks", [["left.png"], ["left.png"] * 3])
def test_as_many_masks_as_styles_are_wanted(masks, look, work):
    with pytest.raises(SettingsError, match=rf"{len(masks)} masks? for 2 styles: name one --ma"):
        paint("image", **look, style=["a.png", "b.jpg"], mask=masks)


@pytest.mark.parametrize("method", NETWORKS)
def test_a_network_of_another_method_is_named(method, networks, work):
    with pytest.raises(SettingsError, match=rf"holds a network of method micro, not {method}"):
        stylize_image("photo.png", method=method, model=networks["micro"], style="a.png")


@pytest.mark.parametrize("method", OWN)
def test_an_optimiser_has_no_network(method, networks, work):
    with pytest.raises(SettingsError, match=f"{method} optimises and has no network: leave out"):
        stylize_image("photo.png", method=method, model=networks["micro"], style="a.png")


@pytest.mark.parametrize("method", ["sanet", "adaattn"])
def test_a_method_of_which_no_network_ships_says_how_to_get_one(method, work):
    with pytest.raises(SettingsError, match=f"no network of method {method} ships: name one by"):
        stylize_image("photo.png", method=method, style="a.png")


def test_a_preset_may_name_a_method_its_options_styles_and_masks(work):
    Path("mine.toml").write_text(
        "method = 'gatys'\nstyle = ['a.png', 'b.jpg:2']\nmask = ['left.png', 'right.png']\n"
        "[options]\niterations = 3\ncontent_layers = 'relu4_1'\n",
        encoding="utf-8",
    )
    by_preset = stylize_image("photo.png", preset="mine.toml").target
    typed = stylize_image(
        *("photo.png", "typed.png"),
        method="gatys",
        style=["a.png", ("b.jpg", 2)],
        mask=["left.png", "right.png"],
        method_options=OWN["gatys"],
    ).target
    assert np.array_equal(pixels(by_preset), pixels(typed))
    shutil.rmtree("photos")
    with pytest.raises(StylizeError, match="photos: "):
        stylize_folder("photos", preset="mine.toml")
