"""`sanet` and `adaattn` under the contract of painters, and towards their papers' objectives."""

import pytest
import torch

from stylize.models.adaattn import AdaAttN
from stylize.models.any_style import Mixture
from stylize.models.sanet import Sanet
from stylize.models.vgg import VGG19_NORMALISED, Vgg

WIDTHS = (4, 6, 8, 10)
SIZES = [(1, 1), (1, 40), (16, 16), (17, 30), (33, 48), (40, 7)]


@pytest.fixture(params=["sanet", "adaattn", "adaattn on film"])
def network(request):
    torch.manual_seed(9)
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
    return torch.rand(2, 3, 33, 48, generator=torch.Generator().manual_seed(6))


@pytest.mark.parametrize("size", SIZES)
def test_a_painting_has_its_pictures_size(network, deep_vgg, styles, size):
    painter = network.with_styles(Mixture(styles[:1]), vgg=deep_vgg)
    painted = painter(torch.rand(1, 3, *size))
    assert painted.shape == (1, 3, *size)
    assert painted.isfinite().all()
    assert 0 <= painted.min() <= painted.max() <= 1


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (500, 2)])
def test_styles_of_any_size_are_read(network, deep_vgg, pictures, size):
    painter = network.with_styles(Mixture((torch.rand(3, *size),)), vgg=deep_vgg)
    assert painter(pictures).isfinite().all()


def test_what_is_continued_beyond_a_border_is_cut_off_again(network, deep_vgg, styles):
    painter = network.with_styles(Mixture(styles[:1]), vgg=deep_vgg)
    picture = torch.rand(1, 3, 32, 48)
    longer = torch.nn.functional.pad(picture[..., :30, :41], (0, 7, 0, 2), mode="reflect")
    assert torch.equal(painter(longer)[..., :30, :41], painter(picture[..., :30, :41]))


def test_styles_differ_and_pictures_of_a_batch_are_painted_as_each_alone(
    network, deep_vgg, styles, pictures
):
    first, second = (
        network.with_styles(Mixture((style,)), vgg=deep_vgg)(pictures) for style in styles
    )
    assert (first - second).abs().mean() > 1e-4
    alone = network.with_styles(Mixture(styles[:1]), vgg=deep_vgg)(pictures[1:])
    torch.testing.assert_close(first[1:], alone, atol=1e-5, rtol=0)


def test_a_painter_keeps_styles_and_weights_of_its_own(network, deep_vgg, styles, pictures):
    painter = network.with_styles(Mixture(styles, (1, 1)), vgg=deep_vgg)
    before = painter(pictures)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(1)
    assert torch.equal(painter(pictures), before)
    assert not any(parameter.requires_grad for parameter in painter.parameters())


def test_shares_lead_from_one_style_to_the_other(network, deep_vgg, styles, pictures):
    def painted(*shares):
        return network.with_styles(Mixture(styles, shares), vgg=deep_vgg)(pictures)

    first, mixed, second = painted(1, 0), painted(1, 1), painted(0, 1)
    only = network.with_styles(Mixture(styles[:1]), vgg=deep_vgg)(pictures)
    torch.testing.assert_close(first, only, atol=1e-5, rtol=0)
    apart = (first - second).abs().mean()
    assert (first - mixed).abs().mean() < apart
    assert (second - mixed).abs().mean() < apart


def test_a_mask_keeps_a_style_to_its_side(network, deep_vgg, styles):
    pictures = torch.rand(1, 3, 32, 250, generator=torch.Generator().manual_seed(6))
    left = torch.zeros(1, 32, 250)
    left[..., :125] = 1
    masked = network.with_styles(Mixture(styles, (1, 1), (left, 1 - left)), vgg=deep_vgg)(pictures)
    first, second = (
        network.with_styles(Mixture((style,)), vgg=deep_vgg)(pictures) for style in styles
    )
    # Near the border both are seen: merging and decoding look up to 44 pixels aside.
    torch.testing.assert_close(masked[..., :72], first[..., :72], atol=1e-3, rtol=0)
    torch.testing.assert_close(masked[..., -72:], second[..., -72:], atol=1e-3, rtol=0)
    assert (first - second)[..., :72].abs().max() > 3e-3


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_it_paints_in_half_precision(network, deep_vgg, styles, pictures, dtype):
    wanted = network.with_styles(Mixture(styles[:1]), vgg=deep_vgg)(pictures)
    painter = network.with_styles(Mixture(styles[:1]), vgg=deep_vgg.to(dtype))
    found = painter(pictures.to(dtype))
    assert found.dtype == dtype
    assert (found.float() - wanted).square().mean().sqrt() < 0.02


def test_it_says_that_it_needs_a_vgg(network, styles):
    with pytest.raises(ValueError, match="sees pictures through a VGG: give one with vgg="):
        network.with_styles(Mixture(styles[:1]))


def test_its_architecture_makes_another_of_its_shape_and_the_vgg_is_not_in_it(network):
    again = type(network)(**network.architecture())
    again.load_state_dict(network.state_dict())
    assert again.architecture() == network.architecture()
    assert not any("vgg" in name for name in network.state_dict())


@pytest.mark.parametrize("widths", [(), (4, 6, 8), (4, 6, 8, -1)])
def test_widths_that_make_no_network_are_refused(network, widths):
    with pytest.raises(ValueError, match="four are needed"):
        type(network)(widths=widths)


def test_the_objective_reaches_every_parameter(network, deep_vgg):
    torch.manual_seed(3)
    losses = network.objective(deep_vgg, torch.rand(2, 3, 32, 48), torch.rand(2, 3, 48, 32))
    total = sum(weight * loss for weight, loss in losses.values())
    total.backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        # A key's bias lifts all scores of a query alike: a softmax does not see it.
        unseen = name.endswith("key.bias") and getattr(network, "form", "softmax") == "softmax"
        assert unseen or parameter.grad.abs().max() > 0, name


def test_the_objective_is_the_same_each_time(network, deep_vgg):
    crops = torch.rand(2, 1, 3, 32, 32, generator=torch.Generator().manual_seed(3))
    first, second = (network.objective(deep_vgg, *crops) for _ in range(2))
    for name, (weight, loss) in first.items():
        assert loss.dim() == 0
        assert weight > 0
        assert torch.equal(loss, second[name][1])


def test_crops_that_cannot_be_compared_are_refused(network, deep_vgg):
    with pytest.raises(ValueError, match="crops of 40x32: both sides are to be multiples of 16"):
        network.objective(deep_vgg, torch.rand(1, 3, 32, 40), torch.rand(1, 3, 32, 32))


def test_steps_down_the_objective_bring_it_down(network, deep_vgg):
    crops = torch.nn.functional.interpolate(
        torch.rand(2, 3, 6, 6, generator=torch.Generator().manual_seed(4)), (48, 48), mode="bicubic"
    ).clamp(0, 1)
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    totals = []
    for _ in range(40):
        losses = network.objective(deep_vgg, crops[:1], crops[1:])
        total = sum(weight * loss for weight, loss in losses.values())
        totals.append(total.item())
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
    assert totals[-1] < 0.8 * totals[0]  # measured: 0.76 of SANet's, which has most terms


@pytest.mark.vgg
@pytest.mark.parametrize("method", [Sanet, AdaAttN])
def test_the_real_networks_paint_what_the_real_vgg_sees(method, vgg_weights):
    weights = torch.load(vgg_weights / "vgg_normalised.pth", weights_only=True)
    vgg = Vgg(VGG19_NORMALISED, weights)
    torch.manual_seed(0)
    painter = method().with_styles(Mixture((torch.rand(3, 48, 64),)), vgg=vgg)
    painted = painter(torch.rand(1, 3, 50, 40))
    assert painted.shape == (1, 3, 50, 40)
    assert painted.std() > 0.01
