"""The figure shows every gap over time and the worst places, for any number of films and shots."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import ImageColor

from stylize.pipeline.measuring.findings import Findings, GapFindings, PairFigures, Worst
from stylize.pipeline.picture.steadiness_figure import WIDTH, steadiness_figure
from stylize.pipeline.steadiness import Score

GREY, BLUE, RED = ("#8c8c8c", "#0072b2", "#d55e00")


def gap(number, films, *, count=20, shots=1):
    scores = tuple(Score(1e-3 * (film + 1), 0.01, 0.9) for film in range(films))
    pairs = tuple(PairFigures(Fraction(n, 25), n * shots // count, scores) for n in range(count))
    return GapFindings(number, pairs, scores)


def worst(time, films, *, size=(27, 48), hidden=0):
    error = torch.full(size, 0.01)
    error[:, :hidden] = torch.nan
    pictures = tuple(torch.full((3, *size), 0.3 * film) for film in range(films))
    return Worst(Fraction(time), 0.01, 0.01, pictures, (error,) * films)


def findings(films=2, *, gaps=None, places=(), **others):
    return Findings(
        films=tuple(Path(f"{name}.mp4") for name in "abc"[:films]),
        flow="true",
        size=(64, 48),
        frames=21,
        shots=1,
        gaps=gaps or (gap(1, films), gap(10, films, count=11)),
        fidelity=None,
        style=None,
        worst=tuple(places),
        seconds=1.0,
    )


def has(figure, colour):
    wanted = torch.tensor(ImageColor.getrgb(colour))[:, None, None] / 255
    return int(((figure - wanted).abs().amax(0) < 0.01).sum())


def test_every_film_has_a_curve_at_every_gap():
    one = steadiness_figure(findings(gaps=(gap(1, 2),)))
    two = steadiness_figure(findings())
    assert one.shape[2] == two.shape[2] == WIDTH
    assert two.shape[1] - one.shape[1] == 320
    assert 0 <= two.min() <= two.max() == 1
    assert has(one, BLUE) > 1000
    assert has(two, BLUE) > 1.4 * has(one, BLUE)
    assert (has(two, RED), has(steadiness_figure(findings(3)), RED) > 1000) == (0, True)


def test_the_worst_places_are_shown_with_their_error_as_heat():
    plain = steadiness_figure(findings())
    places = [worst(1, 2), worst(2, 2, hidden=24)]
    shown = steadiness_figure(findings(places=places))
    assert shown.shape[1] > plain.shape[1] + 3 * 250
    # 0.01 is an RMS of 0.1, the top of the scale; what is hidden is grey: half of one of two.
    bright, hidden = has(shown, "#fcffa4"), has(shown, "#cdcdcd")
    assert bright == pytest.approx(3 * hidden, rel=0.1)


def test_the_per_frame_painting_has_its_error_shown_too():
    two = steadiness_figure(findings(2, places=[worst(1, 2)]))
    three = steadiness_figure(findings(3, places=[worst(1, 3)]))
    assert three.shape[1] - two.shape[1] == pytest.approx(306, abs=2)


@pytest.mark.parametrize("size", [(48, 12), (12, 480), (1, 1)])
def test_pictures_of_any_shape_fit(size):
    figure = steadiness_figure(findings(places=[worst(n, 2, size=size) for n in range(4)]))
    assert figure.shape[2] == WIDTH


def test_shots_are_separate_curves_with_a_dashed_line_between():
    cut = steadiness_figure(findings(gaps=(gap(1, 2, shots=2),)))
    whole = steadiness_figure(findings(gaps=(gap(1, 2),)))
    assert has(cut, "#9a9a9a") > has(whole, "#9a9a9a") + 50
    assert has(cut, BLUE) < has(whole, BLUE)


def test_one_pair_without_anything_visible_at_its_worst_is_drawn():
    figure = steadiness_figure(
        findings(gaps=(gap(1, 2, count=1),), places=[worst(0, 2, hidden=48)])
    )
    assert has(figure, "#cdcdcd") > 10_000


def test_a_long_name_is_cut():
    long = findings()
    long = Findings(**{name: getattr(long, name) for name in Findings.__slots__}
                    | {"films": (Path("a.mp4"), Path("b" * 250 + ".mp4"))})  # fmt: skip
    figure = steadiness_figure(long)
    right = np.asarray(figure[:, :80, 1200:])
    assert right.min() == 1
