"""How much calming a film needs: no more than makes the painting stick to it."""

import numpy as np
import pytest

from stylize.pipeline.flow_carry import Carried, Change, broad_band
from stylize.pipeline.smooth_need import LEAST, Difference, calming, difference, shares


def flickering(amount, *, source=1e-3, trust=1.0):
    """A painting that differs by so much in its fine band, and half as much in its broad one."""
    lost = 1 - trust
    parts = np.array([lost * lost, 2 * lost * trust, trust * trust])
    return Difference(
        source=source,
        source_gradient=1e-2,
        painted_gradient=2e-2,
        fine=amount,
        rests=np.array([amount * parts, amount / 2 * parts]),
    )


def test_a_painting_that_is_as_steady_as_its_film_needs_none():
    assert calming(flickering(1e-5), missed=0) == 0


def test_one_that_blinks_needs_all_there_is():
    assert calming(flickering(1.0), missed=0) == 1
    assert shares(1) == pytest.approx(LEAST)


def test_the_more_it_flickers_the_more_it_needs():
    needed = [calming(flickering(amount), missed=0) for amount in (2e-3, 4e-3, 8e-3)]
    assert 0 < needed[0] < needed[1] < needed[2] < 1


def test_where_the_flow_is_exact_less_is_needed_than_where_it_errs():
    exact, coarse, far_off = (calming(flickering(6e-3), missed=off) for off in (0, 3, 30))
    assert exact < coarse < far_off < 1


def test_where_the_flow_leads_astray_nothing_is_carried_over():
    calmed = [calming(flickering(1.0), missed=off) for off in (0, 1e4, 1e7)]
    assert calmed[0] == 1
    assert calmed[0] > calmed[1] > calmed[2]
    assert calming(flickering(2e-2), missed=1e6) == 0


def test_where_less_can_be_trusted_what_can_is_calmed_more():
    whole, part = (calming(flickering(3e-3, trust=trust), missed=0) for trust in (1, 0.8))
    assert whole < part < 1


def test_a_film_that_stands_still_is_calmed_without_a_number_that_is_none():
    assert calming(flickering(1e-3, source=0), missed=0) == 1
    assert calming(Difference(0, 0, 0, 0, np.zeros((2, 3))), missed=0) == 0


def test_what_is_left_of_a_difference_is_what_mixing_leaves():
    draw = np.random.default_rng(5)
    planes = {"brightness": (64, 96), "colours": (32, 48, 2)}
    fresh, whole = (
        Carried(**{name: draw.normal(size=size).astype("float32") for name, size in planes.items()})
        for _ in range(2)
    )
    trust, broad_trust = draw.uniform(0.2, 1, (2, 8, 12)).astype("float32")
    broad = broad_band(whole)
    found = difference(
        source=np.ones((8, 12), "float32"),
        source_gradient=1.0,
        trust=trust,
        broad_trust=broad_trust,
        fresh=fresh,
        change=Change(whole, broad),
    )
    weight = trust / trust.sum()
    apart = broad.brightness[::4, ::4] - (weight * broad.brightness[::4, ::4]).sum()
    for share in (0.0, 0.3, 1.0):
        left = np.square((1 - (1 - share) * broad_trust) * apart)
        wanted = (left * weight).sum()
        assert found.rests[1] @ share ** np.arange(3) == pytest.approx(wanted, rel=1e-3)
    assert found.source == pytest.approx(1)


def test_a_painting_that_changes_its_light_as_a_whole_does_not_flicker():
    still = Carried(np.zeros((64, 96), "float32"), np.zeros((32, 48, 2), "float32"))
    brighter = Carried(still.brightness + 0.3, still.colours)
    trust = np.ones((8, 12), "float32")
    found = difference(
        source=trust,
        source_gradient=1.0,
        trust=trust,
        broad_trust=trust,
        fresh=still,
        change=Change(brighter, broad_band(brighter)),
    )
    assert found.fine == pytest.approx(0, abs=1e-9)
    assert found.rests == pytest.approx(np.zeros((2, 3)), abs=1e-9)
