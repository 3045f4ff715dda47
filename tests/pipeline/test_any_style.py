"""Painting like any picture: the three commands, what is stored, what is refused, and its scale."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image

from stylize.pipeline import choose, cli, stylize_folder, stylize_image, stylize_video
from stylize.pipeline.errors import ModelError, SettingsError, SourceError
from stylize.pipeline.picture.read_image import read_image
from stylize.pipeline.resize import resize
from stylize.pipeline.values import SETTINGS_KEY

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the program: its exit code, standard output and standard error."""

    def run_program(*arguments: object) -> tuple[int, str, str]:
        code = cli._run([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return run_program


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with two styles, a picture, a folder of pictures and a film."""
    monkeypatch.chdir(tmp_path)
    scene(40, 60, seed=1).save("a.png")
    scene(90, 50, seed=2).save("b.jpg")
    Path("photos").mkdir()
    for seed, name in enumerate(("photo.png", "photos/x.png", "photos/y.png")):
        scene(32, 48, seed=seed).save(name)
    with av.open("film.mkv", "w") as film:
        stream = film.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 48, 32, "bgr0"
        for _ in range(2):
            film.mux(stream.encode(av.VideoFrame.from_image(scene(32, 48, seed=3))))
        film.mux(stream.encode(None))
    return tmp_path


def scene(height: int, width: int, *, seed: int) -> Image.Image:
    """A smooth picture with edges."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : width / height : width * 1j]
    waves = [np.sin((5 + seed) * x + i) + np.cos((4 + i) * y - seed) for i in range(3)]
    shaded = 0.5 + 0.2 * np.stack(waves, -1) + 0.2 * (np.hypot(x - 0.7, y - 0.5) < 0.3)[..., None]
    return Image.fromarray((shaded.clip(0, 1) * 255).round().astype(np.uint8))


def pixels(path: Path) -> np.ndarray:
    if path.suffix in (".mkv", ".mp4"):
        with av.open(path) as film:
            return np.stack([frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)])
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def apart(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(float) - b).mean())


@pytest.mark.parametrize("styles", [("a.png",), ("a.png:0.7", "b.jpg:0.3")], ids=["one", "two"])
@pytest.mark.parametrize(
    ("command", "source", "suffix", "result"),
    [
        ("image", "photo.png", ".png", "{}"),
        ("folder", "photos", "", "{}/x.png"),
        ("video", "film.mkv", ".mkv", "{}"),
    ],
)
def test_every_command_paints_like_pictures_as_strongly_as_told(
    command: str,
    source: str,
    suffix: str,
    result: str,
    styles: tuple[str, ...],
    run: Run,
    work: Path,
    any_style_file: Path,
):
    look = "a" if len(styles) == 1 else "a+b"
    named = [argument for style in styles for argument in ("--style", style)]
    encoding = ("--codec", "ffv1", "--pixel-format", "bgr0") if command == "video" else ()
    painted = {}
    for strength in ("0", "0.5", "1"):
        code, out, _ = run(
            *(command, source, "--model", any_style_file, *named, "--strength", strength),
            *("--overwrite", "--json", *encoding),
        )
        started, *_, finished = map(json.loads, out.splitlines())
        target = Path(source).with_name(f"{Path(source).stem}-{look}{suffix}")
        assert (code, started["look"], finished["target"]) == (0, look, str(target))
        painted[strength] = pixels(Path(result.format(target)))
    original = pixels(Path("photos/x.png") if command == "folder" else Path(source))
    assert painted["1"].shape == original.shape
    assert apart(painted["0"], original) < 0.5
    assert apart(painted["1"], original) > 8
    assert apart(painted["0.5"], (painted["0"].astype(float) + painted["1"]) / 2) < 1.5


def test_shares_mix_the_styles(work: Path, any_style_file: Path):
    def paint(*styles: tuple[str, float]) -> np.ndarray:
        return pixels(
            stylize_image(
                "photo.png", model=any_style_file, style=styles, existing="overwrite"
            ).target
        )

    a, b = paint(("a.png", 1)), paint(("b.jpg", 1))
    assert apart(a, b) > 1
    assert np.array_equal(paint(("a.png", 2), ("b.jpg", 0)), a)
    assert np.array_equal(paint(("a.png", 0.7), ("b.jpg", 0.3)), paint(("a.png", 7), ("b.jpg", 3)))
    mixed = paint(("a.png", 1), ("b.jpg", 1))
    assert 0.2 * apart(a, b) < apart(mixed, a) < apart(a, b)


def test_the_program_takes_the_network_that_ships_where_none_is_named(
    work: Path, any_style_file: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(choose, "micro_file", lambda: any_style_file)
    done = stylize_image("photo.png", style="a.png")
    named = stylize_image("photo.png", "named.png", style=Path("a.png"), model=any_style_file)
    assert done.target == Path("photo-a.png")
    assert np.array_equal(pixels(done.target), pixels(named.target))
    Path("mine.toml").write_text("method = 'micro'\nstyle = 'a.png'\n", encoding="utf-8")
    by_preset = stylize_image("photo.png", preset="mine.toml")
    assert by_preset.target == Path("photo-mine.png")
    assert np.array_equal(pixels(by_preset.target), pixels(named.target))


def test_an_output_says_of_what_it_was_made(work: Path, any_style_file: Path):
    styles = [("a.png", 0.7), "b.jpg"]
    image = stylize_image("photo.png", model=any_style_file, style=styles)
    film = stylize_video("film.mkv", model=any_style_file, style=styles, style_scale=2)
    with Image.open(image.target) as picture:
        of_picture = json.loads(picture.info[SETTINGS_KEY])
    with av.open(film.target) as opened:
        tags = {key.lower(): value for key, value in opened.metadata.items()}
    of_film = json.loads(tags[SETTINGS_KEY])
    assert (of_picture["look"], of_picture["method"]) == ("a+b", "micro")
    assert of_picture["weights"] == hashlib.sha256(any_style_file.read_bytes()).hexdigest()
    assert of_picture["styles"] == of_film["styles"]
    assert of_picture["styles"] == [
        {
            "file": name,
            "sha256": hashlib.sha256(Path(name).read_bytes()).hexdigest(),
            "share": share,
        }
        for name, share in (("a.png", 0.7), ("b.jpg", 1.0))
    ]
    assert of_film["style_scale"] == 2.0


def test_a_style_whose_name_is_no_text_paints_as_any_other(work: Path, any_style_file: Path):
    odd = Path("\udcff.png")  # as Python reads a byte 0xff
    try:
        shutil.copy("a.png", odd)
    except OSError:
        pytest.skip("this file system takes names of text only")
    done = stylize_image("photo.png", "by-odd-photo.png", model=any_style_file, style=odd)
    assert done.written == 1
    with Image.open("by-odd-photo.png") as picture:
        assert json.loads(picture.info[SETTINGS_KEY])["styles"][0]["file"] == "?.png"


def test_what_is_there_already_is_skipped(work: Path, any_style_file: Path):
    first = stylize_folder("photos", model=any_style_file, style="a.png")
    again = stylize_folder("photos", model=any_style_file, style="a.png")
    assert (first.written, again.written, again.skipped) == (2, 0, 2)
    assert stylize_folder("photos", model=any_style_file, style="b.jpg").written == 2


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--style", "gone.jpg"), 1, "gone.jpg: no such file"),
        (("--style", "gone.jpg:0.5"), 1, "gone.jpg: no such file"),
        (("--style", "photos"), 1, "photos: not a file"),
        (("--style", "broken.png"), 1, "broken.png: not a picture that can be read"),
        (("--style", "a.png", "--style", "cut.png"), 1, "cut.png: not a picture that can be read"),
        (("--style", "a.png:-1"), 2, "a.png: its share must be a number from 0 to 1000000"),
        (("--style", "a.png:0"), 2, "one of the styles must have a share above 0"),
        ((), 2, "any.safetensors: micro paints like any picture: name one by --style"),
        (("--style", "a.png", "--style-scale", "0"), 2, "style_scale must be a number from 0.1 to"),
        (
            ("--style", "a.png", "--style-scale", "1", "--size", "99"),
            2,
            "size and style_scale exclude each other",
        ),
    ],
)
@pytest.mark.parametrize("source", ["photo.png", "photos", "film.mkv"])
def test_what_is_wrong_is_said_in_one_line_before_anything_is_written(
    source: str,
    arguments: tuple[str, ...],
    code: int,
    said: str,
    run: Run,
    work: Path,
    any_style_file: Path,
):
    Path("broken.png").write_bytes(b"no picture")
    Path("cut.png").write_bytes(Path("a.png").read_bytes()[:200])
    shutil.copy(any_style_file, "any.safetensors")
    before = sorted(work.rglob("*"))
    command = {".png": "image", "": "folder", ".mkv": "video"}[Path(source).suffix]
    got, _, err = run(command, source, "--model", "any.safetensors", *arguments, "--quiet")
    assert (got, err.count("\n")) == (code, 1)
    assert err.startswith(f"Error: {said}")
    assert sorted(work.rglob("*")) == before


def test_a_style_goes_with_no_preset_and_no_network_that_has_its_own(
    run: Run, work: Path, network_file: Path
):
    code, _, err = run("image", "photo.png", "--preset", "wave", "--style", "a.png")
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith("Error: name a look by --preset or by --style (both are given)")
    code, _, err = run("image", "photo.png", "--model", network_file, "--style", "a.png")
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith(f"Error: {network_file}: swift has learnt one style: leave out --sty")


def test_an_installation_without_the_network_says_so(work: Path, monkeypatch: pytest.MonkeyPatch):
    def missing() -> Path:
        raise ModelError("micro.safetensors: the network for --style is missing")

    monkeypatch.setattr(choose, "micro_file", missing)
    with pytest.raises(ModelError, match="the network for --style is missing"):
        stylize_image("photo.png", style="a.png")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        (
            "turned.jpg",
            {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"},
        ),
        ("moving.gif", {"save_all": True, "append_images": [Image.new("RGB", (60, 40))]}),
    ],
)
def test_a_style_is_read_as_any_picture_is(
    name: str, change: dict[str, object], work: Path, any_style_file: Path
):
    with Image.open("a.png") as picture:
        picture.save(name, **change)
    upright = save_upright(Path(name), Path("upright.png"))
    assert upright == ((40, 60) if name == "turned.jpg" else (60, 40))
    painted = [
        pixels(stylize_image("photo.png", f"by-{n}.png", model=any_style_file, style=n).target)
        for n in (name, "upright.png")
    ]
    assert np.array_equal(*painted)


def save_upright(source: Path, target: Path) -> tuple[int, int]:
    """Save what a person sees of a file first, as plain RGB, and give its size."""
    seen = read_image(source, animated="first frame").frame.picture
    upright = Image.fromarray((seen * 255).round().byte().permute(1, 2, 0).numpy())
    upright.save(target)
    return upright.size


@pytest.mark.parametrize("size", [(1, 1), (4000, 1), (1, 4000), (800, 600)])
def test_styles_of_any_size_and_shape_are_taken(
    size: tuple[int, int], work: Path, any_style_file: Path
):
    Image.new("RGB", size, "orange").save("odd.png")
    assert stylize_image("photo.png", model=any_style_file, style="odd.png").written == 1


def test_a_style_that_is_transparent_is_seen_on_white(work: Path, any_style_file: Path):
    Image.new("RGBA", (64, 64), (200, 30, 30, 0)).save("clear.png")
    Image.new("RGB", (64, 64), "white").save("white.png")
    painted = [
        pixels(stylize_image("photo.png", f"by-{n}", model=any_style_file, style=n).target)
        for n in ("clear.png", "white.png")
    ]
    assert np.array_equal(*painted)


def test_neither_a_program_may_give_a_style_beside_a_preset(work: Path):
    with pytest.raises(SettingsError, match=r"--preset or by --style \(both are given\)"):
        stylize_folder("photos", preset="wave", style="a.png")
    with pytest.raises(SourceError, match=r"gone\.png: no such file"):
        stylize_image("gone.png", preset="wave")


def test_a_small_preview_looks_like_the_large_final_by_the_style_scale_alone(
    work: Path, any_style_file: Path
):
    scene(384, 512, seed=5).save("final.png")
    with Image.open("final.png") as final:
        final.resize((64, 48), Image.Resampling.BICUBIC).save("preview.png")

    def alike(**options: float) -> float:
        preview, final = (
            pixels(
                stylize_image(
                    f"{name}.png",
                    model=any_style_file,
                    style="a.png",
                    existing="overwrite",
                    **options,
                ).target
            )
            for name in ("preview", "final")
        )
        large = torch.from_numpy(final / 255.0).permute(2, 0, 1)[None].float()
        small = torch.from_numpy(preview / 255.0).permute(2, 0, 1)[None].float()
        return -10 * float((resize(large, (48, 64)) - small).square().mean().log10())

    scaled, unscaled = alike(style_scale=64 / 48), alike()
    assert scaled > 36
    assert unscaled < 20
