"""The extractor computes what the published layer table says."""

import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from stylize.models import WeightsError
from stylize.models.vgg import IMAGENET_DEVIATION, IMAGENET_MEAN, VGG16, VGG19_NORMALISED, Vgg
from stylize.models.weights import VGG19, find_weights


def test_layers_are_named_as_in_the_papers():
    names = VGG19_NORMALISED.layers()
    assert (names[0], names[7], names[8], names[-1]) == ("relu1_1", "relu3_4", "relu4_1", "relu5_4")
    assert len(VGG19_NORMALISED.keys) == len(names)
    assert (len(VGG16.layers()), VGG16.layers()[-1]) == (13, "relu5_3")


def test_a_small_network_equals_its_layers_one_by_one(tiny_vgg):
    plan, weights = tiny_vgg
    picture = torch.rand(1, 3, 33, 41)
    x = F.conv2d(picture, weights["0.weight"], weights["0.bias"])
    wanted = {}
    for layer, key in zip(plan.layers(), plan.keys, strict=True):
        if layer != "relu1_1":
            x = F.max_pool2d(x, 2, ceil_mode=True)
        x = F.conv2d(
            F.pad(x, (1,) * 4, mode="reflect"), weights[f"{key}.weight"], weights[f"{key}.bias"]
        )
        wanted[layer] = x = F.relu(x)
    found = Vgg(plan, weights)(picture, ["relu4_1", "relu1_1", "relu2_1"])
    assert set(found) == {"relu4_1", "relu1_1", "relu2_1"}
    for layer, features in found.items():
        torch.testing.assert_close(features, wanted[layer], atol=1e-4, rtol=1e-4)


def test_the_torchvision_layout_is_read_and_normalised():
    generator = torch.Generator().manual_seed(0)
    weights = {
        "features.0.weight": torch.randn(64, 3, 3, 3, generator=generator, dtype=torch.float16),
        "features.0.bias": torch.zeros(64, dtype=torch.float16),
    }
    picture = torch.rand(1, 3, 8, 8)
    mean, deviation = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_DEVIATION)
    normal = (picture - mean[:, None, None]) / deviation[:, None, None]
    wanted = F.relu(F.conv2d(normal, weights["features.0.weight"].float(), padding=1))
    found = Vgg(VGG16, weights)(picture, ["relu1_1"])["relu1_1"]
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)


def test_a_layer_beyond_the_file_is_named(tiny_vgg):
    with pytest.raises(WeightsError, match=r"no layer relu5_1 \(it has relu1_1 to relu4_1\)"):
        Vgg(*tiny_vgg)(torch.rand(1, 3, 16, 16), ["relu5_1"])


def test_other_tensors_are_refused():
    with pytest.raises(WeightsError, match="these 1 tensors are not the weights of this VGG"):
        Vgg(VGG19_NORMALISED, {"conv.weight": torch.rand(1)})


def test_it_lets_gradients_through_and_keeps_its_weights(tiny_vgg):
    vgg = Vgg(*tiny_vgg)
    picture = torch.rand(1, 3, 16, 16, requires_grad=True)
    vgg(picture, ["relu4_1"])["relu4_1"].sum().backward()
    assert picture.grad is not None
    assert picture.grad.abs().sum() > 0
    assert not any(parameter.requires_grad for parameter in vgg.parameters())


@pytest.mark.vgg
def test_the_normalised_vgg_has_mean_activations_near_one(vgg_weights, shared):
    from stylize.models.read_picture import read_picture

    tensors = torch.load(find_weights(VGG19, given=vgg_weights / VGG19.name), weights_only=True)
    vgg = Vgg(VGG19_NORMALISED, tensors)
    picture = read_picture(sorted((shared / "photos_512").glob("*.jpg"))[0], shorter=160)
    with torch.inference_mode():
        found = vgg(picture[None], ["relu1_1", "relu2_1", "relu3_1", "relu4_1"])
    assert [features.shape[1] for features in found.values()] == [64, 128, 256, 512]
    assert all(0.4 < features.mean() < 2.5 for features in found.values())


def test_pools_may_take_means_in_place_of_the_largest(tiny_vgg):
    plan, weights = tiny_vgg
    picture = torch.rand(1, 3, 9, 12)
    by_pooling = {}
    for pooling, pool in (("max", F.max_pool2d), ("average", F.avg_pool2d)):
        vgg = Vgg(plan, weights, pooling=pooling)
        found = by_pooling[pooling] = vgg(picture, ["relu1_1", "relu2_1"])
        pooled = pool(found["relu1_1"], 2, ceil_mode=True)
        wanted = F.conv2d(F.pad(pooled, (1,) * 4, mode="reflect"), weights["5.weight"])
        wanted = F.relu(wanted + weights["5.bias"][:, None, None])
        torch.testing.assert_close(found["relu2_1"], wanted, atol=1e-4, rtol=1e-4)
    assert torch.equal(by_pooling["max"]["relu1_1"], by_pooling["average"]["relu1_1"])


@pytest.mark.parametrize("pooling", ["max", "average"])
def test_a_normalised_copy_has_mean_activations_of_1_and_the_same_features_else(tiny_vgg, pooling):
    torch.manual_seed(0)
    vgg = Vgg(*tiny_vgg, pooling=pooling)
    pictures = [torch.rand(1, 3, 20, 30), torch.rand(1, 3, 25, 16)]
    normalised = vgg.normalise(pictures)
    layers = tiny_vgg[0].layers()
    before, after = ([each(picture, layers) for picture in pictures] for each in (vgg, normalised))
    for layer in layers:
        means = [found[layer].mean() for found in after]
        assert sum(means) / 2 == pytest.approx(1, rel=1e-4)
        factor = after[0][layer].mean() / before[0][layer].mean()
        torch.testing.assert_close(after[1][layer], before[1][layer] * factor, atol=1e-4, rtol=1e-4)
