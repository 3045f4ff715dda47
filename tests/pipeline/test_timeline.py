"""What a film is painted like from each moment on: what goes on, what changes, what is refused."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from stylize.pipeline.choose import PaintOptions
from stylize.pipeline.errors import PresetError, SettingsError
from stylize.pipeline.styles import Style
from stylize.pipeline.timeline import (
    FADE,
    Change,
    Timeline,
    continued,
    make_timeline,
    refuse_beyond,
)
from stylize.pipeline.values import Colour, Film, Span


def at(seconds: float | str, fade: float | None = None, **options: Any) -> Change:
    return Change(
        Fraction(seconds), PaintOptions(**options), None if fade is None else Fraction(fade)
    )


def timeline(*changes: Change, **beginning: Any) -> Timeline:
    return make_timeline(changes, beginning=PaintOptions(**beginning))


def shows(made: Timeline) -> list[tuple[Fraction, Fraction, str, float]]:
    """Time, fade, look and strength of each moment."""
    return [
        (one.time, one.fade, one.choice.name, one.choice.settings.strength) for one in made.moments
    ]


def test_a_film_begins_with_a_look_and_changes_to_others_by_fades_of_a_second():
    made = timeline(at(12, preset="mosaic"), at(20, 2, strength=0), preset="wave", strength=0.5)
    assert shows(made) == [
        (0, 0, "wave", 0.5),
        (12, FADE, "mosaic", 0.5),
        (20, 2, "mosaic", 0),
    ]
    assert made.name == made.choice.name == "wave+mosaic"


def test_a_film_with_no_look_at_its_beginning_begins_untouched():
    made = timeline(at(5, preset="wave"))
    assert shows(made) == [(0, 0, "wave", 0), (5, 1, "wave", 1)]
    made = timeline(at(0, 2, preset="wave"))
    assert shows(made) == [(0, 0, "wave", 0), (0, 2, "wave", 1)]


def test_a_moment_at_zero_without_a_fade_is_the_beginning():
    made = timeline(at(0, preset="wave"), at(9, preset="mosaic"), keep_color=True)
    assert shows(made) == [(0, 0, "wave", 1), (9, 1, "mosaic", 1)]
    assert all(moment.choice.settings.keep_color for moment in made.moments)


def test_between_moments_there_is_one_and_in_a_fade_there_are_two_by_exact_time():
    made = timeline(at(3, 1, preset="mosaic"), at(4, 1, strength=0), preset="wave")
    assert made.around(Fraction(-1)) == made.around(Fraction(0)) == (0, 0, 1.0)
    assert made.around(Fraction(3) - Fraction(1, 10**9)) == (0, 0, 1.0)
    assert made.around(Fraction(3)) == (0, 1, 0.0)
    assert made.around(Fraction(10, 3)) == (0, 1, 1 / 3)
    assert made.around(Fraction(4)) == (1, 2, 0.0)
    assert made.around(Fraction(5)) == (2, 2, 1.0)
    assert made.around(Fraction(10**6)) == (2, 2, 1.0)


def test_at_zero_a_film_may_fade_in():
    made = timeline(at(0, 2, strength=1), preset="wave", strength=0)
    assert made.around(Fraction(0)) == (0, 1, 0.0)
    assert made.around(Fraction(1)) == (0, 1, 0.5)


def test_what_is_not_said_goes_on_until_a_look_is_named():
    made = timeline(
        at(1, 0, strength=0.3, keep_color=True),
        at(2, 0, denoise=0.5),
        at(3, 0, preset="mosaic"),
        preset="wave",
        strength=0.8,
    )
    settings = [moment.choice.settings for moment in made.moments]
    assert [one.strength for one in settings] == [0.8, 0.3, 0.3, 0.8]
    assert [one.keep_color for one in settings] == [False, True, True, False]
    assert [one.denoise for one in settings] == [0, 0, 0.5, 0]


def test_a_look_that_is_named_shows_after_a_beginning_without_strength():
    made = timeline(at(1, 0, preset="mosaic"), preset="wave", strength=0)
    assert shows(made) == [(0, 0, "wave", 0), (1, 0, "mosaic", 1)]


def test_what_a_film_begins_with_says_all_that_is_for_the_whole_of_it(tmp_path: Path):
    own = tmp_path / "own.toml"
    own.write_text("based_on = 'mosaic'\n[settings]\ncrf = 40\nsize = 480\nseed = 3\n")
    made = timeline(at(1, preset=str(own)), preset="wave", crf=20.0, batch=2)
    first, second = (moment.choice.settings for moment in made.moments)
    assert (second.crf, second.batch, second.seed) == (first.crf, first.batch, 0) == (20, 2, 0)
    assert (first.size, second.size) == (None, 480)


def test_masks_of_a_look_are_not_for_the_next_but_those_of_no_look_are_for_all():
    made = timeline(at(1, style="c"), at(2, preset="wave"), style=["a", "b"], mask=["m", "n"])
    masks = [moment.choice.masks for moment in made.moments]
    assert masks == [(Path("m"), Path("n")), (), ()]
    made = timeline(at(1, style="c"), at(2, mask="n"), at(3, preset="wave"), mask="m")
    masks = [moment.choice.masks for moment in made.moments]
    assert masks == [(Path("m"),), (Path("m"),), (Path("n"),), (Path("m"),)]


STYLE = (Style(Path("a.jpg")),)


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        ({"preset": "wave"}, {"strength": 0.1}, {"preset": "wave", "strength": 0.1}),
        ({"preset": "wave", "mask": "m"}, {"preset": "scream"}, {"preset": "scream"}),
        ({"preset": "wave", "mask": "m"}, {"style": "b"}, {"style": "b"}),
        ({"style": ("a", "b"), "mask": ("m", "n")}, {"style": "c"}, {"style": "c"}),
        ({"style": "a", "mask": "m"}, {"style": "b", "mask": "n"}, {"style": "b", "mask": "n"}),
        ({"style": "a", "model": "any", "mask": "m"}, {"model": "one"}, {"model": "one"}),
        (
            {"style": "a", "mask": "m"},
            {"strength": 0.1},
            {"style": "a", "mask": "m", "strength": 0.1},
        ),
        ({"style": "a", "mask": "m"}, {"mask": ()}, {"style": "a", "mask": ()}),
        (
            {"style": "a", "mask": "m"},
            {"method": "nnst"},
            {"style": "a", "mask": "m", "method": "nnst"},
        ),
        ({"mask": "m"}, {"preset": "wave"}, {"preset": "wave", "mask": "m"}),
        ({"preset": "wave"}, {"style": STYLE}, {"style": STYLE}),
        ({"style": "b", "method": "adain"}, {"style": "c"}, {"style": "c", "method": "adain"}),
        ({"method": "adain"}, {"style": "c"}, {"style": "c", "method": "adain"}),
        ({"style": "b", "model": "any"}, {"style": "c"}, {"style": "c", "model": "any"}),
        ({"model": "one"}, {"style": "c"}, {"style": "c"}),
        ({"style": "b", "method": "nnst"}, {"preset": "wave"}, {"preset": "wave"}),
        ({"style": "b"}, {"model": "one"}, {"model": "one"}),
        ({"style": "b", "model": "any"}, {"method": "nnst"}, {"style": "b", "method": "nnst"}),
        (
            {"style": "b", "method": "nnst", "method_options": {"scales": 3}},
            {"style": "c", "method": "gatys"},
            {"style": "c", "method": "gatys"},
        ),
        (
            {"style": "b", "method": "gatys", "method_options": {"a": 1, "b": 2}},
            {"style": "c", "method": "gatys", "method_options": {"b": 3}},
            {"style": "c", "method": "gatys", "method_options": {"a": 1, "b": 3}},
        ),
        ({"preset": "wave", "size": 300}, {"style_scale": 2}, {"preset": "wave", "style_scale": 2}),
        ({"preset": "wave"}, {"preset": None, "strength": 1}, {"preset": "wave", "strength": 1}),
    ],
)
def test_a_change_takes_the_place_of_what_it_says_and_leaves_the_rest(
    before: dict[str, Any], change: dict[str, Any], after: dict[str, Any]
):
    assert continued(PaintOptions(**before), PaintOptions(**change)) == after


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([], "a timeline needs a moment at which something changes (it has none)"),
        ([at(-5, strength=0)], "at -0:05: a moment cannot lie before the film's first frame"),
        ([at(5, -1, strength=0)], "at 0:05: fade must not be negative (got -1 s)"),
        ([at(5, 0), at(5, 0)], "at 0:05: two moments have this time; make them one"),
        (
            [at(20), at("12.5")],
            "at 0:20: the next moment is at 0:12.5; put them in the order of their times",
        ),
        (
            [at(12, 2, strength=0), at(13, 0, strength=1)],
            "at 0:12: its fade of 2 s lasts beyond the next moment at 0:13; make it 1 s or shorter",
        ),
        ([at(0, strength=0.5)], "at 0:00: the film begins with another look; give the change a fa"),
        ([at(5, strength=7)], "at 0:05: strength must be a number from 0 to 1 (got 7)"),
        ([at(5, preset="wvae")], "at 0:05: no preset 'wvae'; did you mean 'wave'? (see: stylize"),
        ([at(5, crf=20)], "at 0:05: crf holds for the whole film: it cannot change at a moment"),
        ([at(5, size=480)], "at 0:05: size holds for the whole film: it cannot change at a mom"),
        ([at(5, stile="a")], "at 0:05: no option 'stile'; did you mean 'style'? (options: preset,"),
        ([at(5, method="adain")], "at 0:05: a preset has a method of its own"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_that_says_where(changes: list[Change], said: str):
    with pytest.raises(SettingsError, match=r"^[^\n]+$") as refusal:
        timeline(*changes, preset="wave")
    assert str(refusal.value).startswith(said)


def test_a_preset_that_is_not_there_is_still_one():
    with pytest.raises(PresetError, match="at 0:05: no preset 'wvae'"):
        timeline(at(5, preset="wvae"))


def test_a_film_of_which_nothing_would_be_painted_is_refused():
    with pytest.raises(SettingsError, match="nothing would be painted: strength is 0 at every mom"):
        timeline(at(5, keep_color=True), preset="wave", strength=0)


def test_a_moment_at_which_nothing_changes_is_a_slip():
    with pytest.raises(SettingsError, match=r"^at 0:05: nothing changes then: name what does"):
        timeline(at(5), preset="wave")


def test_a_change_that_names_no_look_cannot_begin_one():
    with pytest.raises(SettingsError, match=r"^at 0:05: name a look by --preset, by --model or "):
        timeline(at(5, strength=0.5))


FILM = Film(
    path=Path("in.mp4"),
    width=2,
    height=2,
    time_base=Fraction(1, 1000),
    rate=Fraction(25),
    frames=None,
    duration=Fraction(10),
    pixel_aspect=Fraction(1),
    colour=Colour(),
    has_alpha=False,
)


def test_a_fade_may_end_after_the_film_but_no_moment_may_lie_there():
    refuse_beyond(timeline(at(9, 5, strength=0), preset="wave"), FILM, Span())
    with pytest.raises(SettingsError, match=r"^at 1:30: in\.mp4 ends before, at 0:10$"):
        refuse_beyond(timeline(at(90, strength=0), preset="wave"), FILM, Span())


@pytest.mark.parametrize("seconds", [7, 8])
def test_no_moment_may_lie_at_the_end_of_the_part_that_is_painted_or_behind_it(seconds: int):
    late = timeline(at(seconds, preset="wave"))
    said = (
        f"^at 0:0{seconds}: the part that is painted ends before, at 0:07; leave this moment out, "
        "or paint more$"
    )
    for film in (FILM, replace(FILM, duration=None)):
        with pytest.raises(SettingsError, match=said):
            refuse_beyond(late, film, Span(end=Fraction(7)))
    refuse_beyond(late, FILM, Span(end=Fraction(seconds) + Fraction(1, 1000)))


def test_a_moment_before_the_part_that_is_painted_says_what_that_begins_with():
    refuse_beyond(timeline(at(2, preset="wave")), FILM, Span(start=Fraction(5), end=Fraction(7)))
