"""Hypercolumns hold every layer at a place, each counting alike, of styles in every direction."""

import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from stylize.models import WeightsError
from stylize.models.hypercolumns import (
    balance,
    columns,
    gather,
    grid_of,
    on_grid,
    read,
    widths,
)
from stylize.models.nearest import Pool
from stylize.models.vgg import VGG16, Vgg


@pytest.fixture
def vgg(tiny_vgg):
    return Vgg(*tiny_vgg)


def picture(height, width):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(1))


def test_every_layer_up_to_relu4_1_is_read_in_float32(vgg):
    found = read(vgg.to(torch.bfloat16), picture(32, 40))
    assert list(found) == ["relu1_1", "relu2_1", "relu3_1", "relu4_1"]
    assert all(features.dtype == torch.float32 for features in found.values())


def test_an_extractor_that_ends_before_relu4_1_is_refused():
    generator = torch.Generator().manual_seed(0)
    short = {"0.weight": torch.randn(64, 3, 3, 3, generator=generator), "0.bias": torch.zeros(64)}
    with pytest.raises(WeightsError, match="no layer relu4_1"):
        read(Vgg(VGG16, short), picture(16, 16))


@pytest.mark.parametrize("size", [(16, 16), (33, 41), (18, 64)])
def test_there_is_a_column_for_every_four_by_four_pixels(vgg, size):
    found = columns(vgg, picture(*size))
    height, width = grid_of(picture(*size))
    assert (height, width) == (-(-size[0] // 4), -(-size[1] // 4))
    assert found.shape == (height * width, sum(widths(vgg)))
    assert widths(vgg) == [6, 8, 8, 12]


def test_a_column_holds_what_each_layer_sees_at_its_place(vgg):
    seen, layers = picture(32, 24), read(vgg, picture(32, 24))
    column = columns(vgg, seen).reshape(8, 6, -1)[5, 2]
    fine, middle, same, coarse = column.split(widths(vgg))
    assert torch.allclose(fine, layers["relu1_1"][0, :, 20:24, 8:12].mean((1, 2)), atol=1e-5)
    assert torch.allclose(middle, layers["relu2_1"][0, :, 10:12, 4:6].mean((1, 2)), atol=1e-5)
    assert torch.equal(same, layers["relu3_1"][0, :, 5, 2])
    larger = F.interpolate(layers["relu4_1"], (8, 6), mode="bilinear")
    assert torch.allclose(coarse, larger[0, :, 5, 2])


def test_gradients_reach_every_pixel_through_the_grid():
    features = torch.rand(1, 2, 10, 13, requires_grad=True)
    on_grid(features, (3, 4)).sum().backward()
    assert (features.grad > 0).all()


def test_every_layer_counts_alike_once_balanced():
    rows = torch.randn(500, 7, generator=torch.Generator().manual_seed(2))
    pool = Pool(torch.cat([rows[:, :3] * 40, rows[:, 3:] * 0.2], 1), [500])
    factors = balance(pool, (3, 4))
    squares = [part.square().sum(1).mean() for part in pool.rows.split((3, 4), 1)]
    assert squares[0].item() == pytest.approx(1, rel=1e-4)
    assert squares[1].item() == pytest.approx(1, rel=1e-4)
    assert factors.shape == (7,)
    assert torch.equal(factors[:3], factors[:1].expand(3))


def test_a_layer_that_is_plain_in_the_style_says_nothing_and_not_all_do():
    rows = torch.randn(50, 4, generator=torch.Generator().manual_seed(2))
    rows[:, 2:] = 0.7
    factors = balance(Pool(rows.clone(), [50]), (2, 2))
    assert factors[0] > 0
    assert factors[2] == 0
    assert torch.equal(balance(Pool(torch.ones(9, 4), [9]), (2, 2)), torch.ones(4))


def flat(style):
    return {"pixels": style[0].flatten(1).T}


def test_a_pool_holds_a_style_and_its_quarter_turns():
    style = picture(5, 7)
    seen = []
    generator = torch.Generator().manual_seed(0)

    def look(turned):
        seen.append(tuple(turned.shape[-2:]))
        return flat(turned)

    pool = gather([style], look, most=1000, generator=generator)["pixels"]
    assert seen == [(5, 7), (7, 5), (5, 7), (7, 5)]
    assert pool.sizes == (140,)
    found = (pool.rows + pool.means).sort(0).values
    wanted = style[0].flatten(1).T.repeat(4, 1).sort(0).values
    assert torch.allclose(found, wanted, atol=1e-6)


def test_a_pool_that_would_be_too_large_is_drawn_at_random_and_by_the_seed():
    styles = [picture(20, 20), picture(9, 10)]

    def pooled(seed):
        generator = torch.Generator().manual_seed(seed)
        return gather(styles, flat, most=600, generator=generator)["pixels"]

    assert pooled(1).sizes == (300, 300)
    assert torch.equal(pooled(1).rows, pooled(1).rows)
    assert not torch.equal(pooled(1).rows, pooled(2).rows)
    spread = pooled(1).means[0] - styles[0].mean((2, 3))
    assert spread.abs().max() < 0.06  # drawn from all over the picture
