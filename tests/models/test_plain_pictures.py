"""Plain pictures are plain, no two are alike, and what is laid over them is told from strokes."""

import math

import pytest
import torch

from stylize.models.losses import GRID
from stylize.models.plain_pictures import lattice_loss, plain_pictures


def made(number=64, side=64, seed=0):
    return plain_pictures(number, side, generator=torch.Generator().manual_seed(seed))


def test_they_have_the_size_and_the_range_of_pictures():
    pictures = made(number=5, side=48)
    assert pictures.shape == (5, 3, 48, 48)
    assert pictures.min() >= 0
    assert pictures.max() <= 1


def test_they_are_drawn_from_the_generator_alone():
    assert torch.equal(made(3), made(3))
    assert not torch.equal(made(3), made(3, seed=1))


def test_they_have_the_steps_of_a_file():
    levels = made() * 255
    torch.testing.assert_close(levels, levels.round(), rtol=0, atol=1e-4)


@pytest.mark.parametrize("dim", [2, 3])
def test_no_neighbours_differ_by_as_much_as_an_edge_would_make_them(dim):
    pictures = made(side=256)
    assert pictures.diff(dim=dim).abs().max() < 0.05
    assert pictures.diff(dim=dim).abs().mean() > 1e-4  # but something there is


def test_they_are_light_and_dark_wan_and_strong_grey_and_of_a_colour():
    pictures = made()
    light = pictures.mean((1, 2, 3))
    contrast = pictures.mean(1).std((1, 2))
    colour = pictures.std(1).mean((1, 2))
    for measured, low, high in ((light, 0.35, 0.6), (contrast, 0.06, 0.14), (colour, 0.01, 0.1)):
        assert measured.min() < low
        assert measured.max() > high


def laid(paint, *, seeds=8):
    """The mean loss of a painter, over as many shifts."""
    pictures = made(2, 64 + GRID)
    dice = [torch.Generator().manual_seed(seed) for seed in range(seeds)]
    return sum(lattice_loss(paint, pictures, generator=each).item() for each in dice) / seeds


def strokes(pictures):
    """Rings around what is light, as the whorls of a starry night."""
    return pictures + 0.1 * torch.sin(60 * math.tau * pictures.mean(1, keepdim=True))


@pytest.mark.parametrize("period", [2, 3, 4, 8])
def test_a_lattice_counts_and_strokes_that_move_with_the_picture_do_not(period):
    lattice = 0.02 * (torch.arange(64) % period == 0)
    assert laid(strokes) < 1e-10
    assert laid(lambda pictures: strokes(pictures) + lattice) > 1e-5


def test_a_lattice_that_is_stronger_in_the_light_counts_too():
    checked = (torch.arange(64) + torch.arange(64)[:, None]) % 2 * 0.02
    assert laid(lambda pictures: pictures + checked * pictures) > 1e-5


def test_what_is_painted_along_the_border_does_not_count():
    frame = torch.ones(64, 64)
    frame[GRID:-GRID, GRID:-GRID] = 0
    assert laid(lambda pictures: pictures + frame) < 1e-10


def test_a_paler_painting_has_as_much_of_a_lattice():
    lattice = 0.1 * (torch.arange(64) % 8)
    strong, pale = (
        laid(lambda pictures, by=by: 0.5 + by * (pictures + lattice - 0.5)) for by in (1.0, 0.5)
    )
    assert pale == pytest.approx(strong, rel=0.02)


def test_painters_get_the_size_of_the_crops():
    sizes = []

    def paint(pictures):
        sizes.append(tuple(pictures.shape))
        return pictures

    laid(paint, seeds=1)
    assert sizes == [(2, 3, 64, 64)] * 2
