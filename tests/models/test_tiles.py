"""Tiles make up the picture, lie on one grid, and see what the whole sees."""

import itertools

import pytest
import torch

from stylize.models.tiles import TiledVgg, cut_tiles
from stylize.models.vgg import VGG16, VGG19_NORMALISED, Vgg, stride

SIZES = [(100, 90), (97, 131), (64, 200), (200, 17), (700, 5)]


def test_a_picture_of_as_many_pixels_as_the_square_stays_whole():
    (tile,) = cut_tiles((32, 128), side=64, reach=15, multiple=8)
    assert tile.core == tile.seen == (slice(0, 32), slice(0, 128))


@pytest.mark.parametrize("size", SIZES)
def test_cores_make_up_the_picture_and_are_seen_with_their_surroundings(size):
    covered = torch.zeros(size)
    for tile in cut_tiles(size, side=32, reach=3, multiple=8):
        covered[tile.core] += 1
        for core, seen, length in zip(tile.core, tile.seen, size, strict=True):
            assert core.start % 8 == seen.start % 8 == 0
            assert seen.start <= max(0, core.start - 3)
            assert seen.stop >= min(length, core.stop + 3)
        assert tile.cut(covered).numel() <= 32 * 32
    assert torch.equal(covered, torch.ones(size))


@pytest.fixture(params=["max", "average"])
def vgg(tiny_vgg, request):
    return Vgg(*tiny_vgg, pooling=request.param)


@pytest.mark.parametrize("size", SIZES)
def test_what_tiles_see_together_is_what_the_whole_sees(vgg, size):
    torch.manual_seed(5)
    picture = torch.rand(1, 3, *size)
    layers = ["relu1_1", "relu2_1", "relu4_1"]
    view = TiledVgg(vgg, layers, size=size, side=48)
    wanted = {layer: features[0] for layer, features in vgg(picture, layers).items()}
    joined = {layer: torch.full_like(features, torch.nan) for layer, features in wanted.items()}
    for tile in view.tiles:
        for layer, features in view.look(tile.cut(picture), tile).items():
            tile.place(joined[layer], stride(layer)).copy_(features)
    assert len(view.tiles) > 1
    for layer, features in wanted.items():
        assert view.grids[layer] == features.shape[-2:]
        assert torch.allclose(joined[layer], features, atol=1e-5)


def _layers(plan, width):
    """Tensors of a VGG whose layers all have a few channels."""
    generator = torch.Generator().manual_seed(0)
    tensors = {}
    for index, key in enumerate(plan.keys):
        shape = (width, width if index else 3, 3, 3)
        tensors[f"{key}.weight"] = torch.rand(shape, generator=generator) * 0.2
        tensors[f"{key}.bias"] = torch.full((width,), 0.1)
    if plan.front:
        tensors |= {"0.weight": torch.eye(3)[:, :, None, None], "0.bias": torch.zeros(3)}
    return tensors


@pytest.mark.parametrize("plan", [VGG16, VGG19_NORMALISED], ids=["zeros, floor", "reflect, ceil"])
def test_no_layer_reaches_further_than_it_says(plan):
    vgg = Vgg(plan, _layers(plan, 2))
    names = [plan.layers()[index] for index in (0, 1, 3, 6, 9, -1)]
    picture = torch.rand(1, 3, 320, 16, requires_grad=True)
    for layer in names:
        features = vgg(picture, [layer])[layer]
        step, middle = stride(layer), features.shape[-2] // 2
        (slope,) = torch.autograd.grad(features[:, :, middle].sum(), picture)
        touched = slope.abs().sum((0, 1, 3)).nonzero().flatten()
        reach = vgg.reach(layer)
        assert touched.min() >= middle * step - reach
        assert touched.max() < (middle + 1) * step + reach
        assert features.shape[-2:] == vgg.grid(layer, (320, 16))


def test_grids_of_odd_sizes_are_as_the_pools_round():
    for plan, (height, width) in itertools.product((VGG16, VGG19_NORMALISED), [(37, 21), (64, 33)]):
        vgg = Vgg(plan, _layers(plan, 1))
        for layer in ("relu2_1", "relu3_1", "relu5_1"):
            found = vgg(torch.rand(1, 3, height, width), [layer])[layer]
            assert found.shape[-2:] == vgg.grid(layer, (height, width))
