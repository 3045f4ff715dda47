"""The layers do what their plain, slow forms do."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from stylize.models.layers import (
    Convolution,
    Doubling,
    DoublingLast,
    Halving,
    round_keeping_sums,
)

PICTURES = torch.rand(2, 3, 32, 48, generator=torch.Generator().manual_seed(0))
INSIDE = (..., slice(4, -4), slice(4, -4))


def plain_halving(pictures: Tensor, layer: Convolution) -> Tensor:
    return F.avg_pool2d(F.conv2d(F.pad(pictures, (2,) * 4), layer.weight, layer.bias), 2)


def plain_doubling(pictures: Tensor, layer: Convolution) -> Tensor:
    doubled = F.interpolate(pictures, scale_factor=2, mode="nearest")
    linear = F.avg_pool2d(F.pad(doubled, (2,) * 4), 2, stride=1)
    return F.conv2d(linear, layer.weight, layer.bias)


@pytest.mark.parametrize("kind", [Doubling, DoublingLast])
def test_a_slope_is_doubled_into_a_slope_without_steps(kind):
    layer = kind(1, 1)
    with torch.no_grad():
        layer.weight.normal_()
    slope = torch.arange(16.0).expand(1, 1, 16, 16)
    across = layer(slope)[0, 0, 16, 4:-4].diff()
    assert across.max() - across.min() < 1e-4
    assert across.abs().min() > 1e-3


@pytest.mark.parametrize(
    ("layer", "plain"),
    [
        (Halving(3, 5, 5), plain_halving),
        (Doubling(3, 5), plain_doubling),
        (DoublingLast(3, 5), plain_doubling),
    ],
    ids=["halving", "doubling", "doubling last"],
)
def test_a_folded_layer_equals_its_plain_form_away_from_the_border(layer, plain):
    found, wanted = layer(PICTURES), plain(PICTURES, layer)
    assert found.shape == wanted.shape
    torch.testing.assert_close(found[INSIDE], wanted[INSIDE], atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    "layer",
    [Convolution(3, 5, 3), Halving(3, 5, 3), Halving(3, 5, 5), Doubling(3, 5), DoublingLast(3, 5)],
)
def test_one_colour_gives_one_colour_up_to_the_border(layer):
    plain = torch.tensor([0.2, 0.5, 0.9])[None, :, None, None].expand(1, 3, 16, 24)
    painted = layer(plain)
    spread = painted.amax((2, 3)) - painted.amin((2, 3))
    assert spread.max() < 1e-5


@pytest.mark.parametrize("layer", [Convolution(3, 5, 3), Halving(3, 5, 3), DoublingLast(3, 5)])
def test_settling_keeps_the_output_and_stops_learning(layer):
    before = layer(PICTURES)
    layer.settle()
    layer.settle()
    torch.testing.assert_close(layer(PICTURES), before)
    assert not layer.weight.requires_grad


@pytest.mark.parametrize("kind", [Doubling, DoublingLast])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_rounded_to_half_precision_one_colour_still_gives_one_colour(kind, dtype):
    torch.manual_seed(0)
    layer, plain = kind(24, 5), torch.rand(1, 24, 1, 1).expand(1, 24, 16, 24) * 30

    def lattice(rounded):
        kernel = rounded(layer.kernel().float(), dtype)
        painted = layer.convolve(plain, kernel)
        return (painted.amax((2, 3)) - painted.amin((2, 3))).max()

    assert lattice(layer.rounded) < 0.2 * lattice(lambda kernel, dtype: kernel.to(dtype).float())


def test_taps_are_rounded_to_what_the_type_has_and_keep_their_sum():
    taps = torch.randn(50, 9, generator=torch.Generator().manual_seed(1))
    found = round_keeping_sums(taps[None], torch.bfloat16)[0]
    assert torch.equal(found, found.bfloat16().float())
    assert (found - taps).abs().max() < 0.05
    plain = taps.bfloat16().float()
    error, usual = ((each.sum(1) - taps.sum(1)).abs().mean() for each in (found, plain))
    assert error < 0.1 * usual


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_sets_of_taps_that_paint_by_turns_have_the_very_same_sum(dtype):
    taps = torch.randn(4, 30, 20, 9, generator=torch.Generator().manual_seed(2))
    taps[:, :5, :, 6:] = 0  # as kernels that pass colours through
    taps[:, 7] = 0
    taps[..., 0] -= taps.sum(-1) - taps.sum(-1)[:1]
    found = round_keeping_sums(taps, dtype)
    assert torch.equal(found, found.to(dtype).float())
    sums = found.double().sum(-1)
    assert (sums == sums[:1]).all()
    assert (found - taps).abs().max() <= torch.finfo(dtype).eps * taps.abs().max()


@pytest.mark.parametrize("layer", [Convolution(3, 5, 3), Doubling(3, 5), DoublingLast(3, 5)])
def test_a_scale_and_shift_of_the_output_fold_into_the_weights(layer):
    scale, shift = torch.rand(5) + 0.5, torch.randn(5)
    wanted = layer(PICTURES) * scale[:, None, None] + shift[:, None, None]
    layer.scale_outputs(scale, shift)
    torch.testing.assert_close(layer(PICTURES), wanted, atol=1e-5, rtol=1e-5)
