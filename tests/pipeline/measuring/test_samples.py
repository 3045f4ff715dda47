"""Single frames are measured now and then, as they pass by, and none is held."""

from fractions import Fraction
from pathlib import Path

import pytest
import torch

from stylize.models.quality import SIDE, Meter
from stylize.pipeline.measuring.findings import Fidelity
from stylize.pipeline.measuring.samples import FidelitySampler, StyleSampler
from stylize.pipeline.measuring.side_by_side import Moment


def moments(count, *, films=3, size=(36, 48)):
    """Frames whose shade is their number, a thousandth each, and the film's, a tenth each."""
    for number in range(count):
        shades = [number / 1000 + film / 10 for film in range(films)]
        pictures = tuple(torch.full((3, *size), shade) for shade in shades)
        yield Moment(Fraction(number, 25), pictures)


class Asked:
    """Stands in for LPIPS: notes the shades that it is asked about."""

    def __init__(self):
        self.shades = []

    def __call__(self, first, second):
        self.shades.append((round(first.mean().item(), 4), round(second.mean().item(), 4)))
        return (first - second).abs().mean()[None]


def test_every_fifth_frame_is_compared_with_the_per_frame_painting():
    asked = Asked()
    sampler = FidelitySampler(asked)
    assert len(list(sampler.watch(moments(12)))) == 12
    assert asked.shades == [(0.101, 0.201), (0.106, 0.206), (0.111, 0.211)]  # frames 1, 6 and 11
    found = sampler.found()
    assert (found.lpips, found.frames, found.missing) == (pytest.approx(0.1), 3, "")


def test_without_weights_all_passes_and_the_reason_is_kept():
    sampler = FidelitySampler("LPIPS needs weights")
    assert len(list(sampler.watch(moments(7)))) == 7
    assert sampler.found() == Fidelity(None, missing="LPIPS needs weights")


def test_frames_too_small_for_lpips_say_so():
    asked = Asked()
    sampler = FidelitySampler(asked)
    assert len(list(sampler.watch(moments(7, size=(24, 48))))) == 7
    assert sampler.found() == Fidelity(None, missing="LPIPS needs 31×31 pixels")
    assert asked.shades == []


@pytest.fixture
def seen(deep_vgg, monkeypatch):
    """A small meter and a style, and what it is shown."""
    meter = Meter(deep_vgg)
    shown = []
    monkeypatch.setattr(meter, "see", lambda picture: shown.append(picture) or picture.mean())
    monkeypatch.setattr(meter, "losses", lambda look, *_: torch.tensor([look.item(), 2, 3]))
    return meter, torch.rand(3, 32, 32), shown


@pytest.mark.parametrize(
    ("count", "expected", "measured"),
    [(120, 120, 8), (9, 9, 9), (60, None, 2), (3, None, 1), (2, 100, 1)],
)
def test_about_eight_frames_have_their_style_measured(seen, count, expected, measured):
    meter, style, shown = seen
    sampler = StyleSampler(meter, style, Path("style.jpg"), expected=expected)
    assert len(list(sampler.watch(moments(count, size=(12, 16))))) == count
    found = sampler.found()
    assert (found.frames, found.picture) == (measured, Path("style.jpg"))
    assert len(shown) == 1 + 3 * measured
    assert shown[1].shape == (3, SIDE, round(SIDE * 4 / 3))
    source, output, against = (losses.style for losses in found.losses)
    assert (output - source, against - output) == (pytest.approx(0.1), pytest.approx(0.1))


def test_losses_are_those_of_each_film(deep_vgg):
    meter, style = Meter(deep_vgg), torch.rand(3, 32, 32)
    sampler = StyleSampler(meter, style, Path("style.jpg"), expected=1)
    (moment,) = moments(1, films=2, size=(SIDE, SIDE))
    list(sampler.watch([moment]))
    source, output = sampler.found().losses
    assert source.content == 0
    seen, painted = map(meter.see, moment.pictures)
    expected = meter.losses(painted, seen, meter.see(style))
    assert [output.style, output.gram, output.content] == pytest.approx(expected.tolist(), rel=1e-3)
