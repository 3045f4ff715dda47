"""How much calming a film needs: no more than makes the painting stick to it."""

import pytest

from stylize.pipeline.smooth_need import LEAST, Difference, calming, shares


def flickering(amount, *, source=1e-3):
    return Difference(
        source=source, source_gradient=1e-2, painted_gradient=2e-2, bands=(amount, amount / 2)
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
    exact, coarse, wild = (calming(flickering(3e-3), missed=off) for off in (0, 1, 1000))
    assert exact < coarse < wild < 1


def test_a_film_that_stands_still_is_calmed_without_a_number_that_is_none():
    assert calming(flickering(1e-3, source=0), missed=0) == 1
    assert calming(Difference(0, 0, 0, (0, 0)), missed=0) == 0
