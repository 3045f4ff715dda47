"""What was painted small is enlarged by its source: clean edges, large strokes, no halos."""

import subprocess
import sys
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from stylize.pipeline.enlarge import enlarge
from stylize.pipeline.resize import resize


def noise(*shape: int, seed: int = 1) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def disc(height: int, width: int, *, radius: float = 0.6) -> Tensor:
    """A dark disc on a bright ground, with soft edges one pixel wide."""
    y, x = torch.meshgrid(
        torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij"
    )
    edge = ((x**2 + y**2).sqrt() - radius) * min(height, width) / 2
    return (edge.clamp(-0.5, 0.5) * 0.8 + 0.5).expand(1, 3, height, width)


def steepest(picture: Tensor) -> float:
    return picture.diff(dim=-1).abs().max().item()


def psnr(a: Tensor, b: Tensor) -> float:
    return -10 * (a - b).square().mean().log10().item()


def test_an_edge_of_the_source_is_sharper_than_by_resampling():
    source = disc(128, 160)
    small = resize(source, (32, 40))
    painted = 0.1 + 0.7 * small * torch.tensor([1.0, 0.8, 0.5]).view(1, 3, 1, 1)
    enlarged, resampled = enlarge(painted, small, source), resize(painted, (128, 160))
    assert steepest(enlarged) > 1.5 * steepest(resampled)
    wanted = 0.1 + 0.7 * source * torch.tensor([1.0, 0.8, 0.5]).view(1, 3, 1, 1)
    assert psnr(enlarged, wanted) > psnr(resampled, wanted) + 3


def test_an_edge_that_goes_the_other_way_is_followed_too():
    source = disc(128, 160)
    small = resize(source, (32, 40))
    enlarged, resampled = enlarge(1 - small, small, source), resize(1 - small, (128, 160))
    assert psnr(enlarged, 1 - source) > psnr(resampled, 1 - source) + 3


def test_a_stroke_of_which_the_source_knows_nothing_stays_and_is_sharpened():
    source = torch.full((1, 3, 128, 128), 0.5)
    painted = disc(32, 32)
    enlarged = enlarge(painted, resize(source, (32, 32)), source)
    resampled = resize(painted, (128, 128))
    assert psnr(enlarged, resampled) > 25  # the stroke where it was
    assert steepest(enlarged) > 1.3 * steepest(resampled)
    assert enlarged.min() >= painted.min() - 1e-6  # without halos
    assert enlarged.max() <= painted.max() + 1e-6


def detail_taken(paint: Callable[[Tensor], Tensor]) -> float:
    """How much of the source's fine detail an enlarged painting shows: 1 is as much as it has."""
    coarse = resize(noise(1, 3, 16, 16), (128, 128))
    source = (0.5 * noise(1, 1, 128, 128, seed=2) + 0.5 * coarse).expand(1, 3, 128, 128)
    small = resize(source, (32, 32))
    plain = resize(small, (128, 128))
    shown = enlarge(paint(small), small, source) - enlarge(paint(small), small, plain)
    return float(shown.std() / (source - plain).std())


def test_detail_of_the_source_is_not_scratched_into_strokes_that_do_not_follow_it():
    assert detail_taken(lambda _: resize(noise(1, 3, 8, 8, seed=3).round(), (32, 32))) < 0.15


def test_detail_of_the_source_is_not_magnified_where_the_painting_has_more_contrast():
    assert 0.3 < detail_taken(lambda small: (3 * small - 1).clamp(0, 1)) < 0.6


def test_a_painting_of_the_source_itself_gives_the_source_back():
    source = disc(120, 160) * torch.tensor([1.0, 0.9, 0.8]).view(1, 3, 1, 1)
    small = resize(source, (30, 40))
    assert psnr(enlarge(small, small, source), source) > psnr(resize(small, (120, 160)), source) + 6


@pytest.mark.parametrize("times", [1.1, 1.5, 2, 7])
def test_a_picture_of_one_colour_stays_exactly_that(times: float):
    size = (round(20 * times), round(30 * times))
    painted = torch.tensor([0.2, 0.0, 1.0]).view(1, 3, 1, 1).expand(1, 3, 20, 30)
    source = noise(1, 3, *size)
    enlarged = enlarge(painted, resize(source, (20, 30)), source)
    assert torch.allclose(enlarged, painted[..., :1, :1].expand_as(enlarged), atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (2, 3), (17, 31)])
def test_any_size_comes_out_within_the_range(shape: tuple[int, int]):
    size = (shape[0] * 3 + 1, shape[1] * 3 + 2)
    painted, source = noise(2, 3, *shape).round(), noise(2, 3, *size, seed=2).round()
    enlarged = enlarge(painted, resize(source, shape), source)
    assert enlarged.shape == source.shape
    assert 0 <= enlarged.min() <= enlarged.max() <= 1


def test_hardly_larger_is_hardly_changed():
    source = resize(noise(1, 3, 25, 25), (102, 102))
    small, painted = resize(source, (100, 100)), resize(noise(1, 3, 25, 25, seed=2), (100, 100))
    assert psnr(enlarge(painted, small, source), resize(painted, (102, 102))) > 40


def test_pictures_of_a_batch_do_not_know_each_other():
    source, painted = noise(2, 3, 60, 90), noise(2, 3, 20, 30, seed=2)
    small = resize(source, (20, 30))
    together = enlarge(painted, small, source)
    for i in range(2):
        alone = enlarge(painted[i : i + 1], small[i : i + 1], source[i : i + 1])
        assert torch.allclose(together[i : i + 1], alone, atol=1e-6)


def test_4k_takes_little_more_memory_than_the_picture_itself():
    code = (
        "import resource, torch\n"
        "from stylize.pipeline.enlarge import enlarge\n"
        "source, small = torch.rand(1, 3, 2160, 3840), torch.rand(1, 3, 512, 910)\n"
        "enlarge(small, small, source[..., :512, :910])\n"  # all libraries are loaded then
        "with open('/proc/self/statm') as sizes:\n"
        "    now = int(sizes.read().split()[0]) * resource.getpagesize()\n"
        "most = now + 4 * source.nbytes\n"  # the enlarged picture, and some planes
        "resource.setrlimit(resource.RLIMIT_AS, (most, most))\n"
        "enlarge(small, small, source)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
