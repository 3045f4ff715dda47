"""A painter over time: every frame by its own time, and no network longer than it is needed."""

import gc
import weakref
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor

from stylize.models import PaintingNetwork
from stylize.pipeline import prepare_timeline as module
from stylize.pipeline.batch import scatter
from stylize.pipeline.choose import Choice
from stylize.pipeline.errors import SettingsError, SourceError
from stylize.pipeline.prepare import Painter
from stylize.pipeline.prepare_timeline import TimelinePainter, prepare_timeline
from stylize.pipeline.settings import Settings
from stylize.pipeline.timeline import Change, Moment, Timeline, make_timeline
from stylize.pipeline.values import Batch, Colour, Film, Frame

LEVELS = {"black": 0.0, "white": 1.0, "grey": 0.5}
BEGIN = Fraction(100)  # films need not begin at 0


class Plain(PaintingNetwork):
    """Paints everything in one grey, and notes what it was shown."""

    def __init__(self, level: float) -> None:
        super().__init__()
        self._level = level
        self.seen = self.shots = 0

    def begin_shot(self) -> None:
        self.shots += 1

    def forward(self, pictures: Tensor) -> Tensor:
        self.seen += len(pictures)
        return torch.full_like(pictures, self._level)


class Studio:
    """Stands in for `prepare`: a painter of `LEVELS` for each choice, by its name."""

    def __init__(self, *, inside: bool = False) -> None:
        self._inside = inside
        self.prepared: list[str] = []
        self.networks: list[weakref.ref[Plain]] = []
        self.beside: list[int] = []  # networks that were there when each was loaded

    def __call__(
        self, choice: Choice, *, film: bool, pictures: object = None, download: object = None
    ) -> Painter:
        assert film
        self.beside.append(self.alive())
        network = Plain(LEVELS[choice.name])
        self.prepared.append(choice.name)
        self.networks.append(weakref.ref(network))
        return Painter(
            choice=choice,
            network=network,
            method="plain",
            weights_hash="",
            device=torch.device("cpu"),
            dtype=torch.float32,
            style_size=None,
            applies_strength=self._inside,
        )

    def alive(self) -> int:
        gc.collect()
        return sum(network() is not None for network in self.networks)


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> Studio:
    made = Studio()
    monkeypatch.setattr(module, "prepare", made)
    return made


def film(seconds: int = 60) -> Film:
    return Film(
        path=Path("in.mp4"),
        width=4,
        height=4,
        time_base=Fraction(1, 1000),
        rate=Fraction(1),
        frames=None,
        duration=Fraction(seconds),
        pixel_aspect=Fraction(1),
        colour=Colour(),
        has_alpha=False,
        begin=BEGIN,
    )


def moment(at: float, name: str, strength: float = 1, fade: float = 0, **settings: Any) -> Moment:
    choice = Choice(name=name, settings=Settings(strength=strength, **settings))
    return Moment(Fraction(at), choice, Fraction(fade))


def prepared(*moments: Moment) -> TimelinePainter:
    return prepare_timeline(Timeline("evening", moments), film())


def batch(*times: float) -> Batch:
    """Dark frames at these times of the film."""
    frames = tuple(Frame(torch.full((3, 4, 4), 0.25), BEGIN + Fraction(time)) for time in times)
    return Batch(torch.stack([frame.picture for frame in frames]), frames)


def levels(painter: TimelinePainter, *batches: Batch) -> list[float]:
    """The grey of each frame that comes out."""
    out = list(scatter(painter.paint(batches)))
    given = [frame for one in batches for frame in one.frames]
    assert [frame.time for frame in out] == [frame.time for frame in given]
    return [round(float(frame.picture.mean()), 6) for frame in out]


def test_each_frame_of_a_batch_is_painted_by_its_own_time(studio: Studio):
    painter = prepared(moment(0, "black"), moment(2, "white", fade=2), moment(5, "white", 0, 1))
    assert levels(painter, batch(0, 1, 2, 2.5, 3, 3.5, 4), batch(4.5, 5, 5.5, 6, 9)) == [
        *(0, 0, 0, 0.25, 0.5, 0.75, 1),
        *(1, 1, 0.625, 0.25, 0.25),
    ]


def test_what_is_mixed_does_not_depend_on_the_batches(studio: Studio):
    moments = (moment(0, "black", 0.8), moment(1, "white", 0.3, fade=3))
    times = [index / 7 for index in range(35)]
    whole = levels(prepared(*moments), batch(*times))
    assert whole == levels(prepared(*moments), *(batch(time) for time in times))
    assert whole[0] == pytest.approx(0.2 * 0.25, abs=1e-6)
    assert whole[14] == pytest.approx(0.25 * (1 / 3 * 0.7 + 2 / 3 * 0.2) + 1 / 3 * 0.3, abs=1e-6)


def test_where_only_the_strength_changes_one_network_paints_once(studio: Studio):
    painter = prepared(moment(0, "white", 0.2), moment(1, "white", 1, fade=2))
    assert levels(painter, batch(0, 2, 3)) == [0.4, 0.7, 1]
    assert studio.prepared == ["white", "white"]  # to see whether it can be, and to paint
    painter = prepared(moment(0, "white", 0.2), moment(1, "white", 1, fade=2))
    running = painter.paint([batch(2), batch(2.5)])
    next(running)
    network = studio.networks[-1]()
    assert network is not None
    assert network.seen == 1


def test_each_frame_is_told_where_it_stands_and_what_the_fade_changes(studio: Studio):
    painter = prepared(moment(0, "black"), moment(2, "white", 0.5, fade=1))
    parts = list(painter.paint([batch(0, 2, 2.25, 3)]))
    fades = [fade for part in parts for fade in part.fades]
    # White is only to show by half: 0.75 of black, 0.125 of white.
    assert [fade.place for fade in fades] == [0, 0, pytest.approx(1 / 7), 1]
    assert [fade.change is None for fade in fades] == [True, True, False, True]
    assert fades[2].change.mean() == 1
    mixed = next(part for part in parts if part.fades[0] is fades[2])
    assert mixed.pictures.mean() == pytest.approx(1 / 7)
    assert mixed.frames[0].cover.item() == 0.875


def test_what_fades_into_the_untouched_film_is_painted_as_before(studio: Studio):
    painter = prepared(moment(0, "white", 0), moment(1, "white", fade=1), moment(3, "white", 0, 1))
    out = [part for time in (1, 1.25, 2.5, 3.25, 4) for part in painter.paint([batch(time)])]
    assert [part.fades[0].place for part in out] == [0, 1, 1, 1, 2]
    assert all(part.fades[0].change is None for part in out)
    assert [float(part.pictures.mean()) for part in out] == [0.25, 1, 1, 1, 0.25]
    covers = [part.frames[0].cover for part in out]
    assert [1 if cover is None else cover.item() for cover in covers] == [0, 0.25, 1, 0.75, 0]


@pytest.fixture
def masked(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> dict[str, Tensor | None]:
    """Where the looks of these names paint: to be filled in."""
    masks: dict[str, Tensor | None] = {}

    def prepare(choice: Choice, **given: Any) -> Painter:
        return replace(studio(choice, **given), coverage=masks[choice.name])

    monkeypatch.setattr(module, "prepare", prepare)
    return masks


def rows(painter: TimelinePainter, *times: float) -> list[list[float]]:
    """The greys of a row of each frame."""
    frames = scatter(painter.paint([batch(*times)]))
    return [[round(float(level), 6) for level in frame.picture[0, 0]] for frame in frames]


def mask(*levels: float) -> Tensor:
    """A row of these, on every row."""
    return torch.tensor(levels).expand(1, 1, 4, 4)


def test_masks_fade_into_each_other_and_what_none_covers_stays(masked: dict[str, Tensor | None]):
    masked |= {"black": mask(1, 0, 0, 0), "white": mask(0, 0, 0, 1)}
    painter = prepared(moment(0, "black"), moment(2, "white", fade=2))
    assert rows(painter, 0, 3, 4) == [
        [0, *[0.25] * 3],
        [0.125, 0.25, 0.25, 0.625],
        [*[0.25] * 3, 1],
    ]


def test_a_fade_is_one_of_whole_pictures_whatever_the_masks_and_strengths_are(
    masked: dict[str, Tensor | None],
):
    greys = mask(1, 0.5, 0.2, 0)
    for first, last in ((greys, mask(0.3, 0.5, 1, 0)), (None, greys), (greys, None)):
        masked |= {"black": first, "white": last}
        painter = prepared(moment(0, "black", 0.8), moment(2, "white", 0.4, fade=2))
        before, early, half, after = (torch.tensor(row) for row in rows(painter, 1, 2.5, 3, 5))
        torch.testing.assert_close(early, before.lerp(after, 0.25), atol=2e-6, rtol=0)
        torch.testing.assert_close(half, before.lerp(after, 0.5), atol=2e-6, rtol=0)


def test_where_one_look_paints_alone_the_fade_does_not_change_its_painting(
    masked: dict[str, Tensor | None],
):
    masked |= {"black": mask(1, 0, 1, 0), "white": mask(0, 1, 1, 0)}
    painter = prepared(moment(0, "black"), moment(2, "white", fade=2))
    (part,) = painter.paint([batch(2.5)])
    assert part.pictures[0, 0, 0].tolist() == [0, 1, 0.25, 0.25]
    assert part.fades[0].place == 0.25
    change = part.fades[0].change
    assert change is not None
    assert change[0, 0].tolist() == [0, 0, 1, 1]


def test_other_settings_make_another_look(studio: Studio):
    prepared(moment(0, "white"), moment(1, "white", keep_color=True), moment(2, "white", 0.5))
    assert studio.prepared == ["white", "white"]


def test_a_painter_that_mixes_the_source_in_itself_is_one_for_each_strength(
    monkeypatch: pytest.MonkeyPatch,
):
    studio = Studio(inside=True)
    monkeypatch.setattr(module, "prepare", studio)
    painter = prepared(moment(0, "grey", 0.2), moment(1, "grey", 1), moment(2, "grey", 0.2))
    assert studio.prepared == ["grey", "grey"]
    assert levels(painter, batch(0.5)) == [0.5]  # and not mixed once more


def test_nothing_is_painted_where_the_strength_is_0(studio: Studio):
    painter = prepared(moment(0, "black", 0), moment(5, "white", fade=1), moment(8, "white", 0))
    source = batch(0, 3, 5)
    (out,) = painter.paint([source])
    assert out.pictures.data_ptr() == source.pictures.data_ptr()
    assert studio.prepared == ["white"]
    after = batch(9)
    white, untouched = painter.paint([batch(6.5), after])
    assert float(white.pictures.mean()) == 1
    assert untouched.pictures.data_ptr() == after.pictures.data_ptr()
    network = studio.networks[-1]
    assert (len(studio.networks), network()) == (2, None)  # to see whether it can be, and for 6.5


def test_a_network_is_loaded_when_its_time_comes_and_let_go_when_it_is_over(studio: Studio):
    painter = prepared(moment(0, "black"), moment(2, "white", fade=1), moment(4, "black"))
    assert (studio.prepared, studio.alive()) == (["black", "white"], 0)
    assert studio.beside == [0, 0]
    running = painter.paint(batch(time) for time in (0, 2.5, 3.5, 4, 5))
    alive = [studio.alive() for _ in running]
    assert studio.prepared == ["black", "white", "black", "white"]
    # What paints again later is kept; it goes once the next batch is asked for.
    assert alive == [1, 2, 2, 2, 1]


def test_what_a_painter_knows_of_a_shot_lasts_from_batch_to_batch(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
):
    begun = []
    paint = Painter.paint

    def counted(painter: Painter, batches: Any, **how: Any) -> Any:
        begun.append(painter.choice.name)
        return paint(painter, batches, **how)

    monkeypatch.setattr(Painter, "paint", counted)
    levels(prepared(moment(0, "black"), moment(2, "white", fade=2)), batch(0, 3), batch(3.5, 6))
    assert begun == ["black", "white"]


def test_a_look_that_comes_back_forgets_the_shot_as_it_was_when_it_went(studio: Studio):
    looks = [moment(0, "black"), moment(2, "white"), moment(4, "black")]
    painted = prepared(*looks).paint([batch(0, 1, 2, 3), batch(4, 5)])
    next(painted)
    (black,) = [network() for network in studio.networks[-1:]]
    assert black is not None
    assert black.shots == 0
    list(painted)
    assert black.shots == 1


def test_the_output_is_told_what_made_each_moment(studio: Studio):
    painter = prepared(moment(0, "black", 0), moment(2, "white", 0.5, fade=1))
    made_by = painter.provenance()
    assert made_by["look"] == painter.choice.name == "evening"
    moments = made_by["timeline"]
    assert isinstance(moments, list)
    assert moments[0] == {"at": "0", "fade": "0", "strength": 0.0}
    told = {key: moments[1][key] for key in ("at", "fade", "look", "method", "strength")}
    assert told == {"at": "2", "fade": "1", "look": "white", "method": "plain", "strength": 0.5}
    assert "version" in made_by
    assert "version" not in moments[1]


def test_as_many_frames_are_painted_at_once_as_the_film_is_given(studio: Studio):
    assert prepared(moment(0, "black", batch=3)).batch_size(720, 1280) == 3
    assert prepared(moment(0, "black")).batch_size(720, 1280) == 1


def test_a_moment_beyond_the_films_end_is_refused_before_anything_is_loaded(studio: Studio):
    with pytest.raises(SettingsError, match=r"^at 1:30: in\.mp4 ends before, at 1:00$"):
        prepared(moment(0, "black"), moment(90, "white"))
    assert not studio.prepared


def test_what_is_wrong_with_a_late_moment_is_said_before_the_first_frame(
    network_file: Path, any_style_file: Path, tmp_path: Path
):
    (tmp_path / "broken.png").write_bytes(b"no picture")
    change = Change(Fraction(30), {"model": any_style_file, "style": tmp_path / "broken.png"})
    timeline = make_timeline([change], beginning={"model": network_file})
    with pytest.raises(SourceError, match=r"^at 0:30: .*broken\.png"):
        prepare_timeline(timeline, film())


def test_real_painters_fade_into_each_other(
    network_file: Path, any_style_file: Path, tmp_path: Path
):
    Image.new("RGB", (40, 40), "red").save(tmp_path / "red.png")
    looks: list[Any] = [
        {"model": network_file},
        {"model": any_style_file, "style": tmp_path / "red.png", "strength": 0.5},
    ]
    torch.manual_seed(3)
    picture = torch.rand(3, 24, 24)
    given = Batch(picture[None], (Frame(picture, BEGIN + 11),))

    def painted(beginning: Any, *changes: Change) -> Tensor:
        timeline = make_timeline(changes, beginning=beginning)
        (out,) = scatter(prepare_timeline(timeline, film()).paint([given]))
        return out.picture

    last = Change(Fraction(50), {"strength": 0})
    first, second = (painted(look, last) for look in looks)
    half = painted(looks[0], Change(Fraction(10), looks[1], Fraction(2)))
    assert not torch.allclose(first, second, atol=0.05)
    torch.testing.assert_close(half, (first + second) / 2, atol=1e-6, rtol=0)


def test_pictures_are_read_before_the_first_frame_and_never_again(
    any_style_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(3)
    picture = torch.rand(3, 24, 24)
    given = [Batch(picture[None], (Frame(picture, BEGIN + time),)) for time in (1, 6, 11)]
    looks: list[Any] = []
    for name, level in (("red", 90), ("gold", 180)):
        Image.new("RGB", (40, 40), name).save(f"{name}.png")
        Image.new("L", (8, 8), level).save(f"{level}.png")
        look = {"model": any_style_file, "style": f"{name}.png", "mask": f"{level}.png"}
        looks.append({**look, "match_color": name == "gold"})

    def painter() -> TimelinePainter:
        changes = [Change(Fraction(5), looks[1]), Change(Fraction(10), looks[0])]
        return prepare_timeline(make_timeline(changes, beginning=looks[0]), film())

    before = list(scatter(painter().paint(given)))
    late = painter()
    said = late.provenance()
    Path("red.png").unlink()
    Path("90.png").unlink()
    for name in ("gold.png", "180.png"):
        Image.new("RGB", (9, 9), "blue").save(name)
    assert late.provenance() == said
    for _ in range(2):
        after = list(scatter(late.paint(given)))
        assert all(torch.equal(a.picture, b.picture) for a, b in zip(before, after, strict=True))
