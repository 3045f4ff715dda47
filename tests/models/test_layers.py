"""The layers do what their plain, slow forms do."""

import pytest
import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from stylize.models.layers import (
    Convolution,
    Doubling,
    DoublingLast,
    Halving,
    InstanceNorm,
    local_mean,
    pad,
    round_keeping_sums,
    shrinkable,
    shuffled,
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


@pytest.mark.parametrize("size", [(5, 7), (1, 1)], ids=["picture", "pixel"])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
def test_a_shuffle_moves_pixels_and_their_gradients_as_torch_does(dtype, layout, size):
    given = torch.randn(2, 12, *size).to(dtype, memory_format=layout)
    found, wanted = (given.clone().requires_grad_() for _ in range(2))
    planes, expected = shuffled(found), F.pixel_shuffle(wanted, 2)
    assert torch.equal(planes, expected)
    assert planes.is_contiguous()
    gradient = torch.randn_like(expected)
    planes.sin_().backward(gradient)
    expected.sin().backward(gradient)
    assert torch.equal(found.grad, wanted.grad)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("border", ["reflect", "replicate"])
def test_a_continued_picture_keeps_its_layout(border, layout):
    given = PICTURES.contiguous(memory_format=layout)
    found = pad(given, 3, 4, 5, 6, border)
    assert found.is_contiguous(memory_format=layout)
    assert torch.equal(found, F.pad(PICTURES, (3, 4, 5, 6), mode=border))


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


@pytest.mark.parametrize("radius", [1, 4, 30])
def test_local_means_are_of_the_square_around_each_pixel_as_far_as_it_is_there(radius):
    square = F.avg_pool2d(PICTURES, 2 * radius + 1, 1, radius, count_include_pad=False)
    torch.testing.assert_close(local_mean(PICTURES, radius), square)


def test_live_norm_is_instance_norm():
    norm = InstanceNorm(3)
    with torch.no_grad():
        norm.weight.copy_(torch.tensor([0.5, 1.0, 2.0]))
        norm.bias.copy_(torch.tensor([0.1, -0.2, 0.3]))
    wanted = F.instance_norm(PICTURES, weight=norm.weight, bias=norm.bias)
    torch.testing.assert_close(norm(PICTURES), wanted, atol=1e-5, rtol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_live_norm_of_a_single_pixel_is_the_bias(dtype):
    norm = InstanceNorm(2).to(dtype)
    with torch.no_grad():
        norm.bias.copy_(torch.tensor([0.5, -0.25]))
    painted = norm(torch.full((1, 2, 1, 1), 3.0, dtype=dtype)).flatten()
    torch.testing.assert_close(painted, norm.bias, atol=1e-4, rtol=0)


def test_a_norm_that_follows_a_shot_measures_all_pictures_as_one():
    norm = InstanceNorm(3)
    norm.state = "following"
    side_by_side = torch.cat([PICTURES[:1], PICTURES[1:]], dim=3)
    wanted = F.instance_norm(side_by_side)
    found = norm(PICTURES)
    torch.testing.assert_close(torch.cat([found[:1], found[1:]], 3), wanted, atol=1e-5, rtol=0)


def test_a_norm_that_follows_a_shot_goes_by_what_came_before():
    norm = InstanceNorm(3)
    norm.state = "following"
    first = norm(PICTURES)
    brighter = norm(PICTURES + 0.1)
    assert (brighter - first).mean() > 0.1  # it was not taken out at once
    norm.moments.forget()
    torch.testing.assert_close(norm(PICTURES + 0.1), first, atol=1e-4, rtol=0)


def test_a_norm_that_has_seen_nothing_says_so():
    with pytest.raises(RuntimeError, match="seen nothing"):
        InstanceNorm(3).fold_into(Convolution(3, 3, 1))


def test_a_folded_norm_does_nothing():
    norm = InstanceNorm(3)
    norm.state = "folded"
    assert norm(PICTURES) is PICTURES


def test_reflection_turns_into_repetition_where_the_picture_is_too_small():
    row = torch.tensor([[[[1.0, 2.0, 3.0]]]])
    assert pad(row, 0, 2, 0, 0, "reflect").flatten().tolist() == [1, 2, 3, 2, 1]
    assert pad(row, 0, 3, 0, 0, "reflect").flatten().tolist() == [1, 2, 3, 3, 3, 3]


def as_strict_as_a_card(pictures, weight, bias, *rest, norm=torch.native_group_norm):
    """The norm as CUDA has it: plain memory, and a scale of the pictures' own type, or none."""
    assert pictures.is_contiguous()
    assert weight is None or weight.dtype == pictures.dtype
    return norm(pictures, weight, bias, *rest)


def test_nothing_to_add_adds_nothing():
    assert pad(PICTURES, 0, 0, 0, 0, "reflect") is PICTURES


@pytest.mark.parametrize("elsewhere", [False, True], ids=["on a processor", "as on a card"])
@pytest.mark.parametrize("mean", [0.0, 1.0])
@pytest.mark.parametrize("styles", [None, 3])
def test_in_half_precision_a_norm_learns_as_in_full(styles, mean, elsewhere, monkeypatch):
    """Its backward pass is written by hand; double precision and torch's own say what is right."""
    if elsewhere:
        monkeypatch.setattr(torch.Tensor, "is_cpu", property(lambda _: False))
        monkeypatch.setattr(torch, "native_group_norm", as_strict_as_a_card)
    generator = torch.Generator().manual_seed(7)
    shape = (5,) if styles is None else (styles, 5)
    pictures = (mean + torch.randn(3, 5, 12, 9, generator=generator)).bfloat16()
    pictures = pictures.contiguous(memory_format=torch.channels_last)
    weight, bias = (torch.randn(shape, generator=generator) for _ in range(2))
    upstream = (mean + torch.randn(3, 5, 12, 9, generator=generator)).bfloat16()

    norm = InstanceNorm(5)
    half = [tensor.clone().requires_grad_() for tensor in (pictures, weight, bias)]
    painted = functional_call(norm, {"weight": half[1], "bias": half[2]}, (half[0],))
    painted.backward(upstream)

    full = [tensor.double().requires_grad_() for tensor in (pictures, weight, bias)]
    scale, shift = (each.expand(3, 5)[..., None, None] for each in full[1:])
    normalised = F.instance_norm(full[0], eps=1e-5)
    (normalised * scale + shift).backward(upstream.double())

    torch.testing.assert_close(painted.double(), normalised * scale + shift, atol=0.04, rtol=0.02)
    for found, wanted in zip(half, full, strict=True):
        error = (found.grad.double() - wanted.grad).norm() / wanted.grad.norm()
        assert error < 0.01


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_what_is_far_too_large_is_averaged_before_it_is_resampled(mode):
    large = F.interpolate(torch.rand(1, 3, 5, 7), (331, 463), mode="bicubic")
    near = shrinkable(large, (5, 7))
    assert near.shape[-2:] == (80, 112)
    assert shrinkable(near, (5, 7)) is near
    assert shrinkable(large, (5, 463)) is large
    found, wanted = (
        F.interpolate(each, (5, 7), mode=mode, antialias=True) for each in (near, large)
    )
    torch.testing.assert_close(found, wanted, atol=0.003, rtol=0)
