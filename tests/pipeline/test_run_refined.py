"""Films with refined key frames: by the command, by the library, and what is refused."""

import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageSequence
from PIL.PngImagePlugin import PngInfo

from stylize.models import memory
from stylize.pipeline import (
    SettingsError,
    Span,
    StylizeError,
    TargetError,
    cli,
    load_method,
    prepare_refinement,
    stylize_image,
    stylize_video,
)
from stylize.pipeline.events import Advanced, Notice, Stepped
from stylize.pipeline.matched import in_colours_of
from stylize.pipeline.run_keyframes import key_name
from stylize.pipeline.timeline import Change

HEIGHT, WIDTH, FRAMES = 40, 56, 6
STEPS = 3
OWN = {
    "gatys": {"iterations": STEPS, "content_layers": "relu4_1"},
    "nnst": {"iterations": STEPS},
}


@pytest.fixture(autouse=True)
def small_vgg(request, monkeypatch, deep_vgg):
    """A VGG of few channels in place of the real one."""
    if "vgg" not in request.keywords:
        monkeypatch.setattr(load_method, "load_vgg", lambda *_, **__: deep_vgg)


@pytest.fixture
def work(tmp_path, monkeypatch, write_film, pan) -> Path:
    """A folder to work in, with a film that pans and two styles."""
    monkeypatch.chdir(tmp_path)
    write_film("film.mkv", pan(FRAMES, height=HEIGHT, width=WIDTH))
    for name, colour in (("a.png", "navy"), ("b.png", "gold")):
        picture = Image.new("RGB", (60, 40), colour)
        picture.paste("white", (10, 5, 25, 30))
        picture.save(name)
    return tmp_path


@pytest.fixture
def paint(work, any_style_file):
    """Paint the film, refined or not; its frames."""

    def run(refine="gatys", **options):
        look = {"model": any_style_file, "style": "a.png"}
        own = {"method_options": OWN[refine]} if refine else {}
        usual = {"smooth": "off", "freeze": False, "codec": "ffv1", "pixel_format": "bgr0"}
        given = {**look, **own, **usual, "refine": refine, "existing": "overwrite", **options}
        return frames(stylize_video("film.mkv", "out.mkv", **given).target)

    return run


def command(capsys, *arguments: str) -> tuple[int, str]:
    """Run the program; its exit code, and all that it says."""
    with pytest.raises(SystemExit) as ended:
        cli.main(list(arguments))
    return ended.value.code, "".join(capsys.readouterr())


def save_key_frame(path: Path) -> None:
    """A picture as an earlier run leaves it."""
    path.parent.mkdir(exist_ok=True)
    text = PngInfo()
    text.add_text("stylize", "{}")
    Image.new("RGB", (4, 4), "white").save(path, pnginfo=text)


def names(folder: Path) -> list[str]:
    """Of what is in a folder, if there is one."""
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def frames(path: Path) -> np.ndarray:
    with av.open(path) as film:
        return np.stack([f.to_ndarray(format="rgb24") for f in film.decode(video=0)]).astype(float)


def stills(path: str) -> np.ndarray:
    """Of an animated picture."""
    with Image.open(path) as picture:
        return np.stack([f.convert("RGB") for f in ImageSequence.Iterator(picture)]).astype(float)


@pytest.mark.parametrize("refine", ["gatys", "nnst"])
def test_every_frame_is_refined_and_keeps_its_time(paint, refine):
    fast = paint(None)
    refined = paint(refine, keyframes="every:3")
    assert refined.shape == fast.shape == (FRAMES, HEIGHT, WIDTH, 3)
    changes = np.abs(refined - fast).mean((1, 2, 3))
    assert changes.min() > 1


def test_strength_colour_and_size_hold_for_what_is_added(paint):
    fast, refined = paint(None), paint()
    added = np.abs(refined - fast)[0].mean()
    fast, refined = (paint(each, keep_color=True) for each in (None, "gatys"))
    one = (refined - fast)[0]
    assert np.abs(one).mean() > 1
    colour = np.abs(one - one.mean(2, keepdims=True))
    assert np.quantile(colour, 0.9) < 1  # but for what is cut off, black and white
    small = paint(size=20)
    assert np.abs(small - paint(None, size=20))[0].mean() > 0.2 * added


def test_where_a_mask_is_black_nothing_is_added(paint):
    mask = Image.new("L", (WIDTH, HEIGHT), 0)
    mask.paste(255, (0, 0, WIDTH // 2, HEIGHT))
    mask.save("left.png")
    source = frames(Path("film.mkv"))
    for keyframes in ("0", "every:3"):
        refined = paint(mask="left.png", keyframes=keyframes)
        changed = np.abs(refined - source)
        assert not changed[:, :, WIDTH // 2 + 1 :].any()
        assert changed[:, :, : WIDTH // 2].max((1, 2, 3)).min() > 1


def test_a_refined_film_shows_as_much_of_its_paintings_as_its_strength_says(paint):
    source, whole, half = frames(Path("film.mkv")), paint(), paint(strength=0.5)
    assert np.abs(whole - source).mean() > 10
    assert np.abs(half - (source + whole) / 2).max() <= 1


def test_a_refined_film_begins_black_if_it_was(paint, write_film, pan):
    pictures = pan(FRAMES, height=HEIGHT, width=WIDTH)
    write_film("film.mkv", [*(0 * each for each in pictures[:3]), *pictures[3:]])
    refined = paint(freeze=True, keyframes="0,0.2")
    assert refined[:3].max() <= 1
    assert refined[3:].mean() > 20


def test_key_frames_may_be_painted_like_another_picture(paint, work):
    like_a, like_b = paint("nnst"), paint("nnst", refine_style="b.png")
    assert np.abs(like_a - like_b).mean() > 1
    with av.open("out.mkv") as film:
        made_by = json.loads(film.metadata["STYLIZE"])
    assert made_by["refine"] == "nnst"
    assert [style["file"] for style in made_by["refine_styles"]] == ["b.png"]
    assert made_by["options"] == {"iterations": STEPS}


def test_styles_take_on_the_colours_of_the_film_if_they_are_to(paint):
    plain, matched = paint("nnst"), paint("nnst", match_color=True)
    assert np.abs(plain - matched).mean() > 1


def test_styles_take_on_the_colours_that_a_film_comes_to_when_it_fades_in(
    paint, write_film, pan, monkeypatch
):
    pictures = pan(FRAMES, height=HEIGHT, width=WIDTH)
    shares = (0, 0.2, 0.5, 1, 1, 1)
    fading = [share * each for share, each in zip(shares, pictures, strict=True)]
    write_film("film.mkv", fading)
    seen = []

    def watched(picture, styles):
        seen.append(float(picture.mean()) * 255)
        return in_colours_of(picture, styles)

    monkeypatch.setattr(prepare_refinement, "in_colours_of", watched)
    paint("nnst", match_color=True, keyframes="every:1")
    assert seen == pytest.approx([float(255 * each.mean()) for each in fading[:4]], abs=1)


def test_a_key_frame_that_begins_with_strokes_takes_half_the_steps_and_all_are_told(paint):
    seen = []
    paint(keyframes="0,0.15", method_options=OWN["gatys"] | {"iterations": 4}, report=seen.append)
    steps = [event for event in seen if isinstance(event, Stepped)]
    assert steps == [Stepped(done, total) for total in (4, 2) for done in range(1, total + 1)]


def test_key_frames_alone_are_pictures_named_by_their_times(paint, work, any_style_file, capsys):
    options = ["--style", "a.png", "--model", str(any_style_file), "--smooth", "off",
               "--no-freeze", "--refine", "gatys", "--keyframes", "0,0.15", "--keyframes-only",
               "--set", "iterations=3", "--set", "content_layers=relu4_1"]  # fmt: skip
    code, said = command(capsys, "video", "film.mkv", *options)
    assert code == 0, said
    folder = work / "film-a-gatys-keyframes"
    assert "2 pictures in" in said
    names = ["00-00-00.000.png", "00-00-00.120.png"]
    assert sorted(path.name for path in folder.iterdir()) == names
    whole = paint("gatys", keyframes="0,0.15")
    for name, index in zip(names, (0, 3), strict=True):
        with Image.open(folder / name) as picture:
            assert json.loads(picture.text["stylize"])["keyframes"] == "0,0.15"
            assert np.abs(np.asarray(picture) - whole[index]).max() <= 1
    code, said = command(capsys, "video", "film.mkv", *options)
    assert code == 1
    assert "is there already" in said


def test_key_frames_that_are_interrupted_leave_the_earlier_ones(paint, work):
    earlier = work / "keys" / "00-00-09.000.png"
    save_key_frame(earlier)
    before = earlier.read_bytes()
    look = {"style": "a.png", "refine": "gatys", "method_options": OWN["gatys"]}

    def stop(event):
        if isinstance(event, Stepped):
            raise KeyboardInterrupt

    for folder in ("keys", "new"):
        with pytest.raises(KeyboardInterrupt):
            stylize_video(
                "film.mkv", folder, keyframes_only=True, existing="overwrite", report=stop, **look
            )
    assert earlier.read_bytes() == before
    assert not (work / "new").exists()


@pytest.mark.parametrize("there", [False, True])
def test_no_key_frame_appears_before_all_are_there(paint, work, there):
    folder = work / "keys"
    if there:
        save_key_frame(folder / "00-00-09.000.png")
    before = names(work), names(folder)
    look = {"style": "a.png", "refine": "gatys", "keyframes": "0,0.15"}
    look |= {"method_options": OWN["gatys"], "keyframes_only": True}
    written = []

    def stop(event):
        if isinstance(event, Advanced):
            written.append(event.written)
            assert not (folder / "00-00-00.000.png").exists()
            if event.written == 1:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stylize_video("film.mkv", folder, existing="overwrite", report=stop, **look)
    assert written == [1]
    assert (names(work), names(folder)) == before
    existing = "overwrite" if there else "skip"
    assert stylize_video("film.mkv", folder, existing=existing, **look).written == 2
    assert names(folder) == ["00-00-00.000.png", "00-00-00.120.png"]
    assert stylize_video("film.mkv", folder, existing="skip", **look).skipped == 1


def test_a_part_without_a_key_frame_leaves_the_earlier_ones(paint, work):
    look = {"style": "a.png", "refine": "gatys", "method_options": OWN["gatys"]}
    look |= {"keyframes": "0.15", "span": Span(frames=2), "keyframes_only": True}
    save_key_frame(work / "keys" / "00-00-09.000.png")
    for folder in ("keys", "new"):
        with pytest.raises(TargetError, match=f"^{folder}: there was no key frame to write$"):
            stylize_video("film.mkv", folder, existing="overwrite", **look)
    assert names(work / "keys") == ["00-00-09.000.png"]
    assert not (work / "new").exists()


def test_key_frames_go_into_no_folder_that_looks_like_a_film(paint, work):
    look = {"style": "a.png", "refine": "gatys", "method_options": OWN["gatys"]}
    with pytest.raises(TargetError, match=r"^keys\.mp4: key frames go into a folder; name one wi"):
        stylize_video("film.mkv", "keys.mp4", keyframes_only=True, **look)


def test_the_folder_of_key_frames_is_named_after_a_film_with_dots_in_its_name(work):
    Path("film.mkv").rename("film.2024.mkv")
    look = {"style": "a.png", "refine": "gatys", "method_options": OWN["gatys"]}
    done = stylize_video("film.2024.mkv", keyframes_only=True, span=Span(frames=1), **look)
    assert done.target.name == "film.2024-a-gatys-keyframes"
    assert len(list(done.target.glob("*.png"))) == 1


def test_a_key_frame_too_large_for_the_memory_is_one_line(paint, monkeypatch):
    monkeypatch.setattr(memory, "_bytes_of_machine", lambda: 1000)
    with pytest.raises(StylizeError, match="does not fit in the memory of cpu; try --size 20"):
        paint("nnst")


def test_a_person_is_told_of_key_frames_that_are_not_in_what_is_painted(paint):
    seen = []
    paint(keyframes="0,0.15", span=Span(frames=2), report=seen.append)
    notices = [event.text for event in seen if isinstance(event, Notice)]
    assert notices == ["no key frame at 0:00.15: nothing that was painted is shown then"]


def test_overwriting_key_frames_takes_away_the_old_ones_and_nothing_else(paint, work):
    folder = work / "keys"
    save_key_frame(folder / "00-00-09.000.png")
    (folder / "notes.txt").write_text("old")
    look = {"style": "a.png", "refine": "gatys", "method_options": OWN["gatys"]}
    stylize_video("film.mkv", folder, keyframes_only=True, existing="overwrite", **look)
    assert sorted(path.name for path in folder.iterdir()) == ["00-00-00.000.png", "notes.txt"]
    (work / "file").write_text("")
    with pytest.raises(TargetError, match=r"^file: is a file, not a folder; choose another"):
        stylize_video("film.mkv", "file", keyframes_only=True, existing="overwrite", **look)


@pytest.mark.parametrize("name", ["00-00-00.000.png", "00-00-09.000.png"])
def test_pictures_named_like_key_frames_that_are_not_ours_are_neither_removed_nor_replaced(
    paint, work, name
):
    save_key_frame(work / "keys" / "00-00-00.120.png")
    Image.new("RGB", (4, 4)).save(work / "keys" / name)
    before = {path: path.read_bytes() for path in (work / "keys").iterdir()}
    look = {"style": "a.png", "refine": "gatys", "method_options": OWN["gatys"]}
    with pytest.raises(TargetError, match=rf"^keys: {name} there holds no settings of ours, .*$"):
        stylize_video("film.mkv", "keys", keyframes_only=True, existing="overwrite", **look)
    assert {path: path.read_bytes() for path in (work / "keys").iterdir()} == before


def test_key_frames_with_settings_of_any_letters_are_known_again(paint, work):
    Path("a.png").rename("雪.png")
    look = {"style": "雪.png", "refine": "gatys", "method_options": OWN["gatys"]}
    for _ in range(2):
        done = stylize_video("film.mkv", "keys", keyframes_only=True, existing="overwrite", **look)
    assert done.written == len(names(work / "keys")) == 1


def test_key_frames_that_were_to_hold_no_settings_are_not_known_again(paint, work):
    look = {"style": "a.png", "refine": "gatys", "method_options": OWN["gatys"]}
    look |= {"keyframes_only": True, "metadata": False}
    assert stylize_video("film.mkv", "keys", **look).written == 1
    with pytest.raises(TargetError, match=r"move it away, or choose a new folder$"):
        stylize_video("film.mkv", "keys", existing="overwrite", **look)


@pytest.mark.parametrize("key", ["style", "refine_style", "mask"])
def test_a_folder_that_holds_what_is_read_is_no_place_for_key_frames(paint, work, key):
    picture = work / "keys" / "00-00-00.000.png"
    save_key_frame(picture)
    before = picture.read_bytes()
    look = {"style": "a.png", "refine": "gatys", "method_options": OWN["gatys"], key: picture}
    with pytest.raises(TargetError, match=r"^keys: holds 00-00-00\.000\.png, which is read for th"):
        stylize_video("film.mkv", "keys", keyframes_only=True, existing="overwrite", **look)
    assert picture.read_bytes() == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"preset": "wave", "refine": "nnst"}, "--refine nnst paints like a picture, and wave"),
        ({"preset": "wave", "keyframes": "auto"}, "keyframes are those of --refine gatys or"),
        ({"preset": "wave", "keyframes_only": True}, "--keyframes-only goes with --refine gatys"),
        ({"preset": "wave", "refine_style": "a.png"}, "--refine-style goes with --refine gatys"),
        ({"style": "a.png", "refine": "micro"}, "refine must be gatys or nnst"),
        (
            {"style": "a.png", "method": "nnst", "refine": "gatys"},
            "nnst optimises every frame, and --refine some of them: leave out one of both",
        ),
        (
            {"style": "a.png", "refine": "gatys", "strength": 0},
            "--refine gatys would not show with a strength of 0: give more, or --refine no$",
        ),
        (
            {"style": "a.png", "refine": "gatys", "method_options": {"init": "noise"}},
            "gatys: init says how to begin, and --refine begins with the fast painting",
        ),
        (
            {"style": "a.png", "refine": "nnst", "method_options": {"style_term": "gram"}},
            "nnst: no option 'style_term'",
        ),
        (
            {"style": "a.png", "refine": "nnst", "keyframes": "0,2"},
            r"keyframes: none can be at 0:02: film\.mkv ends before, at 0:00\.24",
        ),
        (
            {"style": "a.png", "refine": "nnst", "keyframes": "every:0"},
            r"keyframes must be auto, every:N .* \(got 'every:0': N is 0\)",
        ),
        (
            {
                "style": "a.png",
                "refine": "nnst",
                "timeline": [Change(Fraction(1, 10), {"style": "b.png"})],
            },
            r"--refine and a style that changes over time \(--at, --timeline\) exclude each other",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(work, options, message):
    with pytest.raises(SettingsError, match=f"^{message}"):
        stylize_video("film.mkv", "out.mkv", **options)
    assert not Path("out.mkv").exists()


def test_a_preset_that_refines_may_be_told_not_to_show(work, any_style_file):
    look = f"weights = '{any_style_file}'\nmethod = 'micro'\nstyle = 'a.png'\n"
    Path("look.toml").write_text(f"{look}[settings]\nrefine = 'nnst'\n")
    given = {"preset": "look.toml", "strength": 0.0}
    with pytest.raises(SettingsError, match=r"^--refine nnst would not show with a strength of 0"):
        stylize_video("film.mkv", "out.mkv", **given)
    assert stylize_video("film.mkv", "out.mkv", **given, refine="no").written == FRAMES


def test_an_animated_picture_is_refined_as_a_film(work, any_style_file):
    look = {"model": any_style_file, "style": "a.png", "smooth": "off", "quality": 100}
    better = {"refine": "nnst", "method_options": OWN["nnst"]}
    size = (WIDTH, HEIGHT)
    first, other = [Image.effect_mandelbrot(size, (i - 2, -1, 1, 1), 9) for i in (0, 1)]
    first.save("in.webp", save_all=True, append_images=[other], lossless=True)
    stylize_video("in.webp", "film.webp", **look, **better)
    stylize_image("in.webp", "refined.webp", **look, **better)
    stylize_image("in.webp", "fast.webp", **look)
    film, refined, fast = (stills(f"{name}.webp") for name in ("film", "refined", "fast"))
    assert (refined == film).all()
    assert np.abs(refined - fast).mean() > 1


@pytest.mark.parametrize(
    "typed",
    [
        {"codec": "libx264"},
        {"crf": 20},
        {"quality": 90},
        {"encoder_preset": "slow"},
        {"pixel_format": "yuv420p"},
    ],
)
def test_key_frames_alone_take_nothing_that_says_how_films_are_encoded(work, typed):
    look = {"style": "a.png", "refine": "gatys", "method_options": OWN["gatys"]}
    ((name, _),) = typed.items()
    option = "--" + name.replace("_", "-")
    said = f"^{option} is for films, and --keyframes-only writes PNGs: leave it out$"
    with pytest.raises(SettingsError, match=said):
        stylize_video("film.mkv", "keys", keyframes_only=True, **look, **typed)
    assert not Path("keys").exists()


def test_what_a_preset_says_of_films_does_not_matter_to_key_frames_alone(work, any_style_file):
    look = f"weights = '{any_style_file}'\nmethod = 'micro'\nstyle = 'a.png'\n"
    Path("look.toml").write_text(f"{look}[settings]\nrefine = 'gatys'\ncrf = 20\n")
    done = stylize_video(
        "film.mkv", "keys", keyframes_only=True, preset="look.toml", method_options=OWN["gatys"],
        hw=True, codec=None,
    )  # fmt: skip
    assert done.written == 1


@pytest.mark.vgg
def test_the_command_refines_with_the_real_vgg(work, vgg_weights, monkeypatch, capsys):
    monkeypatch.setenv("STYLIZE_WEIGHTS", str(vgg_weights))
    code, said = command(
        capsys, "video", "film.mkv", "-o", "out.mkv", "--preset", "wave", "--refine", "nnst",
        "--refine-style", "b.png", "--keyframes", "every:5", "--set", "iterations=2",
    )  # fmt: skip
    assert code == 0, said
    assert f"{FRAMES} frames in" in said
    assert frames(Path("out.mkv")).shape == (FRAMES, HEIGHT, WIDTH, 3)


@pytest.mark.parametrize(
    ("time", "name"),
    [
        (Fraction(0), "00-00-00.000.png"),
        (Fraction(1001, 24000), "00-00-00.042.png"),
        (Fraction(3 * 3600 + 59 * 60) + Fraction(599996, 10000), "04-00-00.000.png"),
        (Fraction(-1, 50), "00-00-00.000.png"),
    ],
)
def test_a_key_frame_is_named_so_that_names_sort_by_time(time, name):
    assert key_name(time) == name
