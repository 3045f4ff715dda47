"""Training's settings are checked, and set the schedule."""

import pytest

from stylize.models import TrainingError
from stylize.models.checkpoint import NETWORKS
from stylize.models.methods import TRAINED
from stylize.models.settings import TrainingSettings


def test_the_defaults_are_allowed():
    TrainingSettings().check()


def test_the_methods_are_those_that_can_be_loaded():
    assert set(TRAINED) == set(NETWORKS)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"crop": 100}, "crop is 100; it must be a multiple of 16"),
        ({"crop": 32}, "crop is 32; it must be between 64 and 1024"),
        ({"style_size": 32}, "style_size is 32; it must be between 64 and 4096"),
        ({"method": "micro", "style_size": 128}, "style_size is 128; it must be between 256 and"),
        ({"method": "adain", "crop": 64, "style_size": 128}, "it must be between 192 and 4096"),
        ({"batch": 0}, "batch is 0; it must be between 1 and 256"),
        ({"steps": 0}, "steps is 0; it must be between 1 and"),
        ({"style_weight": -1.0}, "style_weight is -1.0; it must be between 0 and"),
        ({"learning_rate": float("nan")}, "learning_rate is nan; it must be between 1e-06 and 1"),
        (
            {"method": "sanet", "temporal_weight": 9.0},
            "temporal_weight is not for sanet, which has",
        ),
        ({"method": "adain", "quarters": 0.25}, "quarters is not for adain, which has the losses"),
        ({"method": "gatys"}, "no method 'gatys' to train; there are: swift, micro, johnson"),
        ({"minutes": 0.0}, "minutes is 0.0; it must be between 0.01 and 100000"),
        ({"minutes": float("nan")}, "minutes is nan; it must be between"),
        ({"seed": 10**16}, "seed is 10000000000000000; it must be between 0 and 2147483647"),
        ({"seed": -1}, "seed is -1; it must be between 0 and"),
        ({"minutes": None}, "neither steps nor minutes given"),
    ],
)
def test_what_cannot_work_is_refused_by_name(wrong, message):
    with pytest.raises(TrainingError, match=message):
        TrainingSettings(**wrong).check()


def test_a_run_ends_by_what_comes_first():
    settings = TrainingSettings(steps=100, minutes=1.0)
    assert settings.fraction(50, 6.0) == 0.5
    assert settings.fraction(50, 54.0) == 0.9
    assert settings.fraction(100, 0.0) == 1
    assert settings.fraction(0, 300.0) == 1
    assert TrainingSettings(steps=100, minutes=None).fraction(25, 1e9) == 0.25


def test_the_learning_rate_rises_then_falls_to_a_twentieth():
    settings = TrainingSettings(learning_rate=1e-3)
    rates = [settings.learning_rate_at(i / 200) for i in range(201)]
    peak = rates.index(max(rates))
    assert 0 < peak < 5
    assert rates[:peak] == sorted(rates[:peak])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert max(rates) == pytest.approx(1e-3, rel=1e-2)
    assert rates[-1] == pytest.approx(5e-5)
    assert rates[0] > 0


def test_style_weighs_more_first_and_as_said_in_the_end():
    settings = TrainingSettings(style_weight=2.0, style_first=4.0)
    assert [settings.style_weight_at(part) for part in (0, 0.3, 0.6, 1)] == [8, 8, 2, 2]
    assert settings.style_weight_at(0.475) == pytest.approx(4)
