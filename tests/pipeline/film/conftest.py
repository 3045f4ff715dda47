"""A small film's description, for what writes films."""

from fractions import Fraction

import pytest

from stylize.pipeline.values import Colour, Film


@pytest.fixture
def film(silent):
    return Film(
        path=silent,
        width=64,
        height=48,
        time_base=Fraction(1, 120000),
        rate=Fraction(25),
        frames=None,
        duration=None,
        pixel_aspect=Fraction(1),
        colour=Colour(primaries=1, transfer=1),
        has_alpha=False,
    )
