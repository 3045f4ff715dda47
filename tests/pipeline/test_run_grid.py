"""Grids as a program would ask for them: what is painted, where it is, what may fail."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from stylize.pipeline import run_cells, run_grid, stylize_grid, stylize_image
from stylize.pipeline.errors import SettingsError, SourceError, StylizeError, TargetError
from stylize.pipeline.events import Advanced, Event, Failed, Finished, Notice, Skipped, Started
from stylize.pipeline.picture.sheet import GAP, LABEL
from stylize.pipeline.values import SETTINGS_KEY

STEP = 60 + GAP
"""From a cell to the one beside it, in the grids of these tests."""


def scene(width: int, height: int, *, seed: int) -> Image.Image:
    """A smooth picture with edges."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : width / height : width * 1j]
    waves = [np.sin((5 + seed) * x + i) + np.cos((4 + i) * y - seed) for i in range(3)]
    shaded = 0.5 + 0.2 * np.stack(waves, -1) + 0.2 * (np.hypot(x - 0.7, y - 0.5) < 0.3)[..., None]
    return Image.fromarray((shaded.clip(0, 1) * 255).round().astype(np.uint8))


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with two contents and two styles."""
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    scene(60, 40, seed=1).save("photos/cat.png")
    scene(60, 90, seed=2).save("photos/dog.png")
    scene(64, 64, seed=3).save("a.png")
    scene(70, 64, seed=4).save("b.png")
    return tmp_path


@pytest.fixture
def paint(network_file: Path) -> Callable[..., Finished]:
    """Paint a small grid with a tiny network, unless told otherwise."""

    def grid(contents: object, target: object, **options: object) -> Finished:
        return stylize_grid(contents, target, **{"models": network_file, "width": 60, **options})

    return grid


def pixels(path: Path | str) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def test_a_sheet_shows_each_picture_painted_in_each_way(
    work: Path, any_style_file: Path, paint: Callable[..., Finished]
):
    done = paint("photos", "grid.png", models=any_style_file, styles=["a.png", "b.png"])
    assert done.target == Path("grid.png")
    assert (done.unit, done.written, done.failed) == ("pictures", 4, 0)
    page = pixels("grid.png")
    styles = 60  # the height of the row of styles: a is square, b is not as tall
    heights = LABEL + styles + GAP + 40 + GAP + 90
    assert page.shape == (heights, LABEL + 3 * STEP - GAP, 3)
    top = LABEL + styles + GAP
    for row, (name, height) in enumerate((("cat", 40), ("dog", 90))):
        cells = [page[top : top + height, LABEL + k * STEP :][:, :60] for k in range(3)]
        assert np.array_equal(cells[0], pixels(f"photos/{name}.png")), row
        for column, style in enumerate(("a.png", "b.png"), 1):
            to = f"{name}-{style}"
            stylize_image(f"photos/{name}.png", to, model=any_style_file, style=style)
            assert np.array_equal(cells[column], pixels(to))
        top += height + GAP
    above = page[LABEL : LABEL + styles, LABEL:].astype(float)
    with Image.open("a.png") as style:
        shrunk = np.asarray(style.resize((60, 60), Image.Resampling.BICUBIC), dtype=float)
    assert np.abs(above[:, STEP : STEP + 60] - shrunk).mean() < 1
    assert (above[:, :60] == 255).all()  # the original has no style


def test_strengths_are_columns_of_their_own(work: Path, paint: Callable[..., Finished]):
    paint("photos/cat.png", "grid.png", strengths=[0, 0.5, 1])
    page = pixels("grid.png")[LABEL:].astype(float)
    assert page.shape == (40, LABEL + 4 * STEP - GAP, 3)
    original, none, half, full = (page[:, LABEL + k * STEP :][:, :60] for k in range(4))
    assert np.array_equal(original, none)
    assert np.abs(original - full).mean() > 5
    assert np.abs(half - (none + full) / 2).mean() < 1


def test_a_folder_holds_every_painting_and_a_page(work: Path, paint: Callable[..., Finished]):
    scene(200, 100, seed=5).save("wide.jpg")
    with Image.open("photos/cat.png") as cat:
        cat.putalpha(128)
        cat.save("photos/cat.png")
    done = paint(["photos/cat.png", "wide.jpg"], "out", strengths=[0.5, 1])
    assert (done.target, done.written) == (Path("out"), 4)
    assert sorted(path.name for path in Path("out").iterdir()) == [
        "index.html", "pictures", "thumbnails",
    ]  # fmt: skip
    pictures = sorted(Path("out/pictures").iterdir())
    assert [path.name for path in pictures] == [
        "001-00-cat-original.png", "001-01-cat-strength-0.5.png", "001-02-cat-strength-1.png",
        "002-00-wide-original.jpg", "002-01-wide-strength-0.5.jpg", "002-02-wide-strength-1.jpg",
    ]  # fmt: skip
    page = Path("out/index.html").read_text(encoding="utf-8")
    for picture in pictures:
        thumbnail = Path("out/thumbnails", f"{picture.stem}.jpg")
        with Image.open(picture) as large, Image.open(thumbnail) as small:
            wide = "wide" in picture.name
            assert large.size == ((200, 100) if wide else (60, 40))
            assert large.mode == ("RGB" if wide else "RGBA")
            assert small.size == ((60, 30) if wide else (60, 40))
        assert f'href="pictures/{picture.name}"' in page
        assert f'src="thumbnails/{thumbnail.name}"' in page


def test_the_settings_of_every_column_are_stored_unless_told_not_to(
    work: Path, paint: Callable[..., Finished]
):
    paint("photos/cat.png", "with.png", strengths=[0.25, 1], seed=7)
    paint("photos/cat.png", "without.png", metadata=False)
    with Image.open("with.png") as page:
        columns = json.loads(page.info[SETTINGS_KEY])["grid"]
    assert [column["column"] for column in columns] == ["strength 0.25", "strength 1"]
    assert [(column["strength"], column["seed"]) for column in columns] == [(0.25, 7), (1.0, 7)]
    with Image.open("without.png") as page:
        assert SETTINGS_KEY not in page.info
    paint("photos/cat.png", "out", strengths=[0.25])
    with Image.open(next(Path("out/pictures").glob("001-01-*"))) as picture:
        history = picture.getexif().get_ifd(ExifTags.IFD.Exif)[0x9213]
    assert json.loads(history)[SETTINGS_KEY]["strength"] == 0.25


def test_a_picture_that_cannot_be_read_is_an_empty_row_and_the_rest_goes_on(
    work: Path, paint: Callable[..., Finished]
):
    Path("photos/bird.png").write_text("no picture")
    events: list[Event] = []
    done = paint("photos", "grid.png", strengths=[0.5, 1], report=events.append)
    assert (done.written, done.failed) == (4, 2)
    (failed,) = [event for event in events if isinstance(event, Failed)]
    assert failed.reason.startswith("photos/bird.png: not a picture that can be read")
    page = pixels("grid.png")
    assert page.shape == (LABEL + 40 + GAP + 40 + GAP + 90, LABEL + 3 * STEP - GAP, 3)
    grey = page[LABEL : LABEL + 40, LABEL:]
    assert (grey[2, :60] == 232).all()
    assert (grey < 120).any()  # it says "failed"
    paint("photos", "out")
    assert Path("out/index.html").read_text(encoding="utf-8").count("failed</td>") == 2


@pytest.mark.parametrize("target", ["grid.png", "out"])
def test_a_cell_that_cannot_be_painted_stays_empty_alone(
    target: str, work: Path, paint: Callable[..., Finished], monkeypatch: pytest.MonkeyPatch
):
    def stumble(batches: object) -> object:
        for batch in batches:
            if batch.pictures.shape[-2] == 90:
                raise LookupError("of no kind\nthat is foreseen")
            yield batch

    monkeypatch.setattr(run_cells.Painter, "paint", lambda _, batches, **__: stumble(batches))
    events: list[Event] = []
    done = paint("photos", target, report=events.append)
    assert (done.written, done.failed) == (1, 1)
    (failed,) = [event for event in events if isinstance(event, Failed)]
    assert failed.source == Path("photos/dog.png")
    assert failed.reason == ("photos/dog.png, tiny: LookupError: of no kind that is foreseen")


def test_a_column_whose_network_cannot_be_loaded_stays_empty(
    work: Path, network_file: Path, paint: Callable[..., Finished]
):
    Path("broken.safetensors").write_bytes(b"no network")
    events: list[Event] = []
    models = ["broken.safetensors", network_file]
    done = paint("photos", "grid.png", models=models, report=events.append)
    assert (done.written, done.failed) == (2, 2)
    (failed,) = [event for event in events if isinstance(event, Failed)]
    assert failed.reason.startswith("broken: broken.safetensors: ")


@pytest.mark.parametrize("target", ["grid.png", "made/for/it/out"])
def test_where_nothing_can_be_painted_nothing_is_written(
    target: str, work: Path, paint: Callable[..., Finished]
):
    Path("broken.safetensors").write_bytes(b"no network")
    before = sorted(work.rglob("*"))
    with pytest.raises(StylizeError, match=f"{target}: not written, as nothing could be painted"):
        paint("photos", target, models="broken.safetensors")
    assert sorted(work.rglob("*")) == before


@pytest.mark.parametrize(
    ("contents", "options", "error", "said"),
    [
        ([], {}, SettingsError, "name the pictures to paint"),
        ("bird.png", {}, SourceError, r"^bird\.png: no such file or folder$"),
        ("n" * 300, {}, SourceError, r"cannot be looked at \(file name too long\)"),
        ("empty", {}, SourceError, "^empty: holds no pictures$"),
        ("photos", {"styles": ["x.png"]}, SourceError, r"^x\.png: no such file$"),
        ("photos", {"presets": "wavy", "models": ()}, SettingsError, "no preset 'wavy'; did you"),
        ("photos", {"width": 15}, SettingsError, r"from 16 to 4096 \(got 15\)"),
        ("photos", {"width": 60.0}, SettingsError, r"\(got 60.0\)"),
        ("photos", {"strengths": [1, 2]}, SettingsError, "strength must be a number from 0 to 1"),
        ("photos", {"device": "cuda:99"}, SettingsError, "device: no 'cuda:99' on this machine"),
        ("photos", {"styles": "a.png"}, SettingsError, "has learnt one style"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(
    contents: object,
    options: dict[str, object],
    error: type[Exception],
    said: str,
    work: Path,
    paint: Callable[..., Finished],
):
    Path("empty").mkdir()
    before = sorted(work.rglob("*"))
    with pytest.raises(error, match=said):
        paint(contents, "grid.png", **options)
    assert sorted(work.rglob("*")) == before


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (
            "grid.gif",
            r"cannot write a picture with '\.gif'.*, or a name without extension for a folder$",
        ),
        ("grid.heic", r"cannot write a picture with '\.heic'"),
        ("a.png", "is the source itself"),
        ("photos/cat.png", "is the source itself"),
        ("photos", "photos: holds cat.png, which is painted"),
        ("other", "other: a folder that holds other files"),
        ("file", "file: is a file; a folder needs a name that is free"),
        ("folder.png", r"folder\.png: is a folder; name a file"),
    ],
)
def test_what_is_no_grid_is_never_replaced(
    target: str, said: str, work: Path, paint: Callable[..., Finished], any_style_file: Path
):
    for folder in ("other", "folder.png"):
        Path(folder).mkdir()
    Path("other/index.html").write_text("somebody's", encoding="utf-8")
    Path("file").touch()
    before = {path: path.is_file() and path.read_bytes() for path in work.rglob("*")}
    with pytest.raises(TargetError, match=said):
        paint("photos/cat.png", target, styles="a.png", models=any_style_file, existing="overwrite")
    assert {path: path.is_file() and path.read_bytes() for path in work.rglob("*")} == before


@pytest.mark.parametrize(("target", "file"), [("grid.png", ""), ("out", "index.html")])
def test_a_grid_that_is_there_is_kept_replaced_or_left_as_asked(
    target: str, file: str, work: Path, paint: Callable[..., Finished]
):
    if target == "out":
        Path("out").mkdir()  # an empty folder is in nobody's way
    paint("photos/cat.png", target)
    there = Path(target, file)
    before = there.read_bytes()
    with pytest.raises(TargetError, match="is there already"):
        paint("photos", target)
    events: list[Event] = []
    done = paint("photos", target, existing="skip", report=events.append)
    assert (done.written, done.skipped) == (0, 1)
    assert [type(event) for event in events] == [Skipped]
    assert there.read_bytes() == before
    assert paint("photos", target, existing="overwrite").written == 2
    assert there.read_bytes() != before
    if target == "out":
        assert len(list(Path("out/pictures").iterdir())) == 4
        Path("out/.DS_Store").touch()  # by a system that shows the folder
        assert paint("photos", target, existing="overwrite").written == 2


def test_a_folder_that_is_painted_may_hold_the_grid(work: Path, paint: Callable[..., Finished]):
    for existing in ("refuse", "overwrite"):
        assert paint("photos", "photos/out", existing=existing).written == 2


def test_a_folder_that_is_painted_may_hold_the_sheet(work: Path, paint: Callable[..., Finished]):
    for existing in ("refuse", "overwrite"):
        assert paint("photos", "photos/sheet.png", existing=existing).written == 2
    assert paint("photos", "photos/sheet.png", existing="skip").skipped == 1
    with pytest.raises(TargetError, match="is the source itself"):
        paint(["photos", "photos/sheet.png"], "photos/sheet.png", existing="overwrite")


def test_a_sheet_too_large_for_its_format_is_refused_before_anything_is_painted(
    work: Path, paint: Callable[..., Finished], monkeypatch: pytest.MonkeyPatch
):
    painted: list[Event] = []
    monkeypatch.setattr(run_grid, "SHEET_PIXELS", 20_000)
    with pytest.raises(TargetError, match=r"too large for one picture .* or name a folder"):
        paint("photos", "grid.png", report=painted.append)
    assert not [e for e in painted if isinstance(e, Advanced) and e.painted]
    assert paint("photos", "out").written == 2


def test_the_row_of_styles_counts_as_well(
    work: Path,
    paint: Callable[..., Finished],
    any_style_file: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    paint("photos", "grid.png", models=any_style_file, styles="a.png")
    height, width = pixels("grid.png").shape[:2]
    events: list[Event] = []
    monkeypatch.setattr(run_grid, "SHEET_PIXELS", height * width - 1)
    with pytest.raises(TargetError, match=f"too large for one picture \\({width}×{height} and"):
        paint("photos", "large.png", models=any_style_file, styles="a.png", report=events.append)
    assert not [e for e in events if isinstance(e, Advanced) and e.painted]


def test_what_goes_on_is_told_in_order(work: Path, paint: Callable[..., Finished]):
    events: list[Event] = []
    paint(["photos", "photos/cat.png"], "grid.png", strengths=[0.5, 1], report=events.append)
    assert events[0] == Started(Path("photos"), Path("grid.png"), "2 × 2 pictures", "pictures", 4)
    counts = [(e.read, e.painted, e.written) for e in events if isinstance(e, Advanced)]
    assert counts == [(1, 0, 0), (2, 0, 0), (2, 1, 1), (2, 2, 2), (2, 3, 3), (2, 4, 4)]
    assert not [event for event in events if isinstance(event, Notice)]


@pytest.mark.parametrize("target", ["grid.png", "out"])
def test_what_the_report_raises_ends_the_run_and_leaves_nothing(
    target: str, work: Path, paint: Callable[..., Finished]
):
    def interrupt(event: Event) -> None:
        if isinstance(event, Advanced) and event.painted:
            raise KeyboardInterrupt

    before = sorted(work.rglob("*"))
    with pytest.raises(KeyboardInterrupt):
        paint("photos", target, report=interrupt)
    assert sorted(work.rglob("*")) == before


def test_tall_small_and_moving_pictures_have_their_cells(
    work: Path, paint: Callable[..., Finished]
):
    scene(20, 400, seed=1).save("tall.png")
    scene(1, 1, seed=1).save("dot.png")
    frames = [Image.new("RGB", (60, 30), colour) for colour in ("red", "green")]
    frames[0].save("moves.gif", save_all=True, append_images=frames[1:])
    done = paint(["tall.png", "dot.png", "moves.gif"], "grid.png")
    assert (done.written, done.failed) == (3, 0)
    page = pixels("grid.png")
    assert page.shape[0] == LABEL + 120 + GAP + 60 + GAP + 30
    across = np.flatnonzero((page[LABEL + 40, LABEL : LABEL + 60] != 255).any(-1))
    assert across[-1] - across[0] + 1 == 6  # 20 by 400 at a height of 120
    assert np.abs(page[-15, LABEL + 30].astype(int) - (255, 0, 0)).max() < 8  # its first frame


def test_names_that_are_long_or_strange_have_files(work: Path, paint: Callable[..., Finished]):
    names = ["n" * 200, "画" * 80, "a&b <c>", "..x"]
    for name in names:
        scene(20, 20, seed=1).save(f"photos/{name}.png")
    done = paint([f"photos/{name}.png" for name in names], "out", strengths=[0.5, 1])
    assert (done.written, done.failed) == (8, 0)
    assert len(list(Path("out/pictures").iterdir())) == 12
    assert "a&amp;b &lt;c&gt;" in Path("out/index.html").read_text(encoding="utf-8")
