"""Large pictures are seen and decoded tile by tile, and come out as they would as a whole."""

import pytest
import torch

from stylize.models import in_tiles
from stylize.models.adaattn import AdaAttN
from stylize.models.adain import Adain
from stylize.models.any_style import Mixture
from stylize.models.sanet import Sanet

WIDTHS = (4, 6, 8, 10)
SIZE = (203, 242)
SMALL_SIDE = 192
"""Less than the square root of their area; and a core with all around it that relu5_1 sees."""


@pytest.fixture(params=["adain", "sanet", "adaattn", "adaattn on film"])
def network(request):
    torch.manual_seed(9)
    if request.param == "adain":
        return Adain(widths=WIDTHS).requires_grad_(False)
    if request.param == "sanet":
        return Sanet(widths=WIDTHS)
    return AdaAttN(widths=WIDTHS, form="cosine" if "film" in request.param else "softmax")


@pytest.fixture
def styles():
    generator = torch.Generator().manual_seed(5)
    low = torch.rand(2, 3, 5, 5, generator=generator)
    large = torch.nn.functional.interpolate(low, (50, 37), mode="bicubic").clamp(0, 1)
    return large[0], large[1, :, :21]


@pytest.fixture
def pictures():
    generator = torch.Generator().manual_seed(6)
    low = torch.rand(2, 3, 26, 31, generator=generator)
    return torch.nn.functional.interpolate(low, SIZE, mode="bicubic").clamp(0, 1)


@pytest.fixture
def everything_is_large(monkeypatch):
    def let():
        monkeypatch.setattr(in_tiles, "SIDE", SMALL_SIDE)

    return let


@torch.inference_mode()
def test_tiles_are_painted_as_the_whole(network, deep_vgg, styles, pictures, everything_is_large):
    left = torch.zeros(1, *SIZE)
    left[..., :100] = 1
    mixture = Mixture(styles, (1, 2), (left, 1 - left))
    painter = network.with_styles(mixture, vgg=deep_vgg, strength=0.8)
    wanted, told = painter(pictures), []
    painter.on_step = lambda done, total: told.append((done, total))
    everything_is_large()
    found = painter(pictures)
    assert found.shape == pictures.shape
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=0)
    total = len(told)
    assert total > 4
    assert told == [(done, total) for done in range(1, total + 1)]


@torch.inference_mode()
def test_a_picture_of_usual_size_is_told_as_one(network, deep_vgg, styles, pictures):
    painter, told = network.with_styles(Mixture(styles[:1]), vgg=deep_vgg), []
    painter.on_step = lambda done, total: told.append((done, total))
    painter(pictures)
    assert told == []


def test_what_cannot_fit_is_refused_at_once(network, deep_vgg, styles):
    painter = network.with_styles(Mixture(styles[:1]), vgg=deep_vgg)
    large = torch.zeros(1, 3, 1, 1).expand(1, 3, 200_000, 200_000)  # of one number in memory
    with pytest.raises(torch.OutOfMemoryError, match=r"about \d+ GB are needed"):
        painter(large)
