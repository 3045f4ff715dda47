"""A film is painted in the colours that it has, whatever it begins with."""

import pytest
import torch
from torch import Tensor

from stylize.models import Mixture, PaintingNetwork
from stylize.pipeline import matched
from stylize.pipeline.matched import ColourMatched

SCENE = 0.3 + 0.4 * torch.rand(1, 3, 16, 24, generator=torch.Generator().manual_seed(2))
STYLE = torch.rand(3, 16, 16, generator=torch.Generator().manual_seed(3))


class _Shows(PaintingNetwork):
    """Paints everything in the mean of its style."""

    def __init__(self, styles: Mixture) -> None:
        super().__init__()
        self._mean = float(styles.pictures[0].mean())

    def forward(self, pictures: Tensor) -> Tensor:
        return torch.full_like(pictures, self._mean)


@pytest.fixture
def taught():
    """The styles that were read."""
    return []


@pytest.fixture
def film(taught):
    def teach(styles: Mixture) -> PaintingNetwork:
        taught.append(styles)
        return _Shows(styles)

    return ColourMatched(teach, Mixture((STYLE,)), once=True)


def levels(film: ColourMatched, frames: Tensor) -> list[float]:
    return [float(film(frame).mean()) for frame in frames.split(1)]


def test_a_film_is_painted_in_the_colours_of_its_first_frame(film, taught):
    frames = torch.cat([SCENE, SCENE * 0.7, SCENE * 1.2])
    assert levels(film, frames) == pytest.approx([float(SCENE.mean())] * 3, abs=0.01)
    assert len(taught) == 1


@pytest.mark.parametrize("level", [0.0, 1.0], ids=["black", "white"])
def test_what_is_plain_at_the_beginning_has_no_colours_for_a_film(film, taught, level):
    plain = torch.full_like(SCENE, level).expand(4, -1, -1, -1)
    found = levels(film, torch.cat([plain, SCENE, SCENE, SCENE * 0.5]))
    assert found[4:] == pytest.approx([float(SCENE.mean())] * 3, abs=0.01)
    assert len(taught) == 2


def test_a_film_that_fades_in_is_painted_in_the_colours_that_it_comes_to(film, taught):
    fading = torch.cat([SCENE * share for share in (0, 0.1, 0.3, 0.5, 0.8, 1, 1, 1, 0.6)])
    found = levels(film, fading)
    assert found[5:] == pytest.approx([float(SCENE.mean())] * 4, abs=0.01)
    assert len(taught) == 6


def test_pictures_are_each_painted_in_their_own_colours():
    pictures = ColourMatched(_Shows, Mixture((STYLE,)), once=False)
    found = levels(pictures, torch.cat([SCENE, SCENE * 0.5]))
    assert found == pytest.approx([float(SCENE.mean()), float(SCENE.mean()) / 2], abs=0.01)


def test_a_film_that_has_its_colours_is_not_looked_at_any_more(film, monkeypatch):
    levels(film, torch.cat([SCENE, SCENE]))
    monkeypatch.setattr(matched, "is_plain", None)
    assert levels(film, SCENE) == pytest.approx([float(SCENE.mean())], abs=0.01)
