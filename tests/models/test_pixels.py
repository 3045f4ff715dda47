"""Pixels are continued, shuffled and averaged as their plain forms do it."""

import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from stylize.models.pixels import local_mean, pad, shrinkable, shuffled

PICTURES = torch.rand(2, 3, 32, 48, generator=torch.Generator().manual_seed(0))


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


@pytest.mark.parametrize("radius", [1, 4, 30])
def test_local_means_are_of_the_square_around_each_pixel_as_far_as_it_is_there(radius):
    square = F.avg_pool2d(PICTURES, 2 * radius + 1, 1, radius, count_include_pad=False)
    torch.testing.assert_close(local_mean(PICTURES, radius), square)


def test_reflection_turns_into_repetition_where_the_picture_is_too_small():
    row = torch.tensor([[[[1.0, 2.0, 3.0]]]])
    assert pad(row, 0, 2, 0, 0, "reflect").flatten().tolist() == [1, 2, 3, 2, 1]
    assert pad(row, 0, 3, 0, 0, "reflect").flatten().tolist() == [1, 2, 3, 3, 3, 3]


def test_nothing_to_add_adds_nothing():
    assert pad(PICTURES, 0, 0, 0, 0, "reflect") is PICTURES


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
