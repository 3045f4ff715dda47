"""The contract that every network keeps once it has its style."""

import copy

import pytest
import torch

from stylize.models import AnyStyleNetwork, ModelError
from stylize.models.any_style import Mixture, Patchwork
from stylize.models.checkpoint import NETWORKS
from stylize.models.instance_norm import InstanceNorm
from stylize.models.methods import METHODS
from stylize.models.network import ready

SIZES = [(1, 1), (1, 40), (3, 5), (17, 9), (64, 48), (33, 70)]


OWN = [name for name in NETWORKS if not METHODS[name].vgg]
"""What needs no VGG; what does has tests of its own."""


@pytest.fixture(params=OWN, scope="module")
def network(request):
    """Every such network, in a style and with norms that are not the untrained ones."""
    torch.manual_seed(4)
    network = NETWORKS[request.param]().eval().requires_grad_(False)
    if isinstance(network, AnyStyleNetwork):
        network = network.with_styles(Mixture((torch.rand(3, 40, 50),)))
    for module in network.modules():
        if isinstance(module, InstanceNorm):
            module.weight.uniform_(0.5, 1.5)
            module.bias.uniform_(-0.5, 0.5)
    return network


@pytest.fixture(scope="module")
def pictures():
    return torch.rand(3, 3, 40, 56, generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize("size", SIZES)
def test_any_size_comes_back(network, size):
    painted = network(torch.rand(2, 3, *size))
    assert painted.shape == (2, 3, *size)
    assert painted.isfinite().all()
    assert painted.min() >= 0
    assert painted.max() <= 1


@pytest.mark.parametrize("size", [(1, 1), (4, 4)])
def test_the_smallest_pictures_come_back_in_bfloat16(network, size):
    halved = copy.deepcopy(network).to(torch.bfloat16)
    painted = halved(torch.rand(1, 3, *size, dtype=torch.bfloat16))
    assert painted.shape == (1, 3, *size)
    assert painted.isfinite().all()


def test_pictures_of_a_batch_do_not_touch_each_other(network, pictures):
    alone = torch.cat([network(picture[None]) for picture in pictures])
    torch.testing.assert_close(network(pictures), alone, atol=1e-4, rtol=0)


def test_every_convolution_but_the_last_is_followed_by_a_norm(network):
    norms = [module for module in network.modules() if isinstance(module, InstanceNorm)]
    assert {id(norm) for norm in norms} == {id(norm) for _, norm in network.normalised()}


def test_a_network_frozen_on_a_picture_paints_that_picture_alike(network, pictures):
    picture = pictures[:1]
    torch.testing.assert_close(
        network.freeze(picture)(picture), network(picture), atol=2e-4, rtol=0
    )


def test_freezing_leaves_the_network_as_it_was(network, pictures):
    before = copy.deepcopy(network.state_dict())
    painted = network(pictures)
    network.freeze(pictures)
    assert torch.equal(network(pictures), painted)
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    assert not network.frozen


def test_a_frozen_network_treats_a_picture_alike_in_any_company(network, pictures):
    frozen = network.freeze(pictures)
    assert frozen.frozen
    darker = pictures * 0.5
    together = frozen(torch.cat([pictures[:1], darker[:1]]))
    torch.testing.assert_close(together[:1], frozen(pictures[:1]), atol=1e-5, rtol=0)
    assert (network(darker) - frozen(darker)).abs().max() > 0.01


def test_a_frozen_network_paints_tiles_as_the_whole(network):
    """Away from the cut a tile has no way to know that it is one."""
    picture = torch.rand(1, 3, 64, 512, generator=torch.Generator().manual_seed(6))
    frozen = network.freeze(picture)
    whole, tile = frozen(picture), frozen(picture[..., :352])
    torch.testing.assert_close(tile[..., :192], whole[..., :192], atol=1e-5, rtol=0)


def test_a_painting_goes_along_with_a_picture_moved_by_the_lattice_and_by_no_less(network):
    picture = torch.rand(1, 3, 256, 256, generator=torch.Generator().manual_seed(7))
    frozen = network.freeze(picture)
    whole = frozen(picture)[..., 120:136, 120:136]

    def off(pixels: int) -> float:
        moved = frozen(picture[..., pixels:, pixels:])
        at = slice(120 - pixels, 136 - pixels)
        return float((moved[..., at, at] - whole).abs().max())

    assert off(network.lattice) < 1e-5
    assert off(network.lattice // 2) > 1e-3


def test_freezing_twice_is_refused(network, pictures):
    with pytest.raises(ModelError, match="frozen already; freeze the network it came from"):
        network.freeze(pictures).freeze(pictures)


def test_a_network_that_is_ready_to_paint_is_not_frozen_any_more(network, pictures):
    network = ready(copy.deepcopy(network), torch.device("cpu"), torch.float32)
    with pytest.raises(ModelError, match="is ready to paint; freeze it before"):
        network.freeze(pictures)


def test_a_network_that_is_ready_paints_as_before(network, pictures):
    wanted = network(pictures)
    painted = ready(copy.deepcopy(network), torch.device("cpu"), torch.float32)(pictures)
    torch.testing.assert_close(painted, wanted, atol=1e-5, rtol=0)


def test_painters_behind_masks_are_made_ready_as_one_alone(network, pictures):
    alone = ready(copy.deepcopy(network), torch.device("cpu"), torch.bfloat16)
    styles = Mixture(tuple(torch.rand(2, 3, 8, 8)), (1, 1), tuple(torch.ones(2, 1, 8, 8)))
    several = Patchwork([copy.deepcopy(network), copy.deepcopy(network)], styles)
    ready(several, torch.device("cpu"), torch.bfloat16)
    with torch.inference_mode():
        found, wanted = (each(pictures.bfloat16()) for each in (several, alone))
    torch.testing.assert_close(found, wanted, atol=2 / 255, rtol=0)


def test_bfloat16_stays_bfloat16_and_close(network, pictures):
    frozen = network.freeze(pictures)
    wanted = frozen(pictures)
    halved = ready(frozen, torch.device("cpu"), torch.bfloat16)
    painted = halved(pictures.to(torch.bfloat16))
    assert painted.dtype == torch.bfloat16
    assert (painted.float() - wanted).abs().mean() < 0.01


def test_forward_paints_the_picture_continued_and_cuts_it_back(network):
    picture = torch.rand(1, 3, 32, 48, generator=torch.Generator().manual_seed(7))
    edge, outer = network.margin, network.margin + network.lead
    painted = network.paint(torch.nn.functional.pad(picture, (outer,) * 4, mode="reflect"))
    wanted = painted[..., edge : edge + 32, edge : edge + 48].clamp(0, 1)
    assert torch.equal(network(picture), wanted)


@pytest.mark.parametrize("level", [0.0, 0.3, 1.0])
def test_a_plain_picture_stays_plain(network, level):
    """Rounding errors, which are all that varies in it, must not be taken for a picture."""
    painted = network(torch.full((1, 3, 72, 88), level))
    assert painted.std((2, 3)).max() < 0.01
