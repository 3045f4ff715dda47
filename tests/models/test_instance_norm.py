"""Instance norms are live, follow a shot, or are folded; and learn in half precision."""

import pytest
import torch
from torch.func import functional_call
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from stylize.models.instance_norm import InstanceNorm
from stylize.models.layers import Convolution

PICTURES = torch.rand(2, 3, 32, 48, generator=torch.Generator().manual_seed(0))


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


def as_strict_as_a_card(pictures, weight, bias, *rest, norm=torch.native_group_norm):
    """The norm as CUDA has it: plain memory, and a scale of the pictures' own type, or none."""
    assert pictures.is_contiguous()
    assert weight is None or weight.dtype == pictures.dtype
    return norm(pictures, weight, bias, *rest)


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
