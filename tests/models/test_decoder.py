"""The decoder: the public file's names and shapes, its arithmetic, and any size of features."""

import pytest
import torch
from torch import nn

from stylize.models.decoder import DOUBLED, PUBLIC_NAMES, Decoder


def plain(decoder):
    """The same layers one by one, numbered as the public file numbers them."""
    layers = []
    for name, convolution in decoder.convolutions.items():
        weight = convolution.weight
        layers += [nn.ReflectionPad2d(1), nn.Conv2d(weight.shape[1], weight.shape[0], 3), nn.ReLU()]
        if name in DOUBLED:
            layers.append(nn.Upsample(scale_factor=2, mode="nearest"))
    return nn.Sequential(*layers[:-1])


def under_public_names(decoder):
    return {
        f"{number}.{kind}": getattr(decoder.convolutions[name], kind)
        for number, name in PUBLIC_NAMES.items()
        for kind in ("weight", "bias")
    }


def test_it_is_the_public_sequence_of_layers():
    decoder = Decoder((4, 6, 8, 10))
    sequence = plain(decoder)
    assert set(sequence.state_dict()) == set(under_public_names(decoder))
    sequence.load_state_dict(under_public_names(decoder))
    features = torch.randn(2, 10, 5, 3)
    torch.testing.assert_close(decoder(features), sequence(features))


@pytest.mark.vgg
def test_its_shapes_are_those_of_the_public_file(vgg_weights):
    public = torch.load(vgg_weights / "decoder.pth", weights_only=True)
    with torch.device("meta"):
        ours = under_public_names(Decoder())
    assert {name: each.shape for name, each in ours.items()} == {
        name: each.shape for name, each in public.items()
    }


def test_features_of_one_point_are_painted():
    assert Decoder((4, 6, 8, 10))(torch.randn(1, 10, 1, 1)).shape == (1, 3, 8, 8)


def test_what_is_laid_beside_is_seen_and_its_kernels_lie_behind_its_own():
    decoder, without = Decoder((4, 6, 8, 10), skip=True), Decoder((4, 6, 8, 10))
    with torch.no_grad():
        for name, convolution in decoder.convolutions.items():
            kernel = convolution.weight[:, :8] if name == "conv3_4" else convolution.weight
            without.convolutions[name].weight.copy_(kernel)
    features, beside = torch.randn(1, 10, 4, 4), torch.randn(1, 8, 8, 8)
    torch.testing.assert_close(decoder(features, beside * 0), without(features))
    assert not torch.allclose(decoder(features, beside), without(features))


def test_an_untrained_one_paints_close_to_grey():
    torch.manual_seed(0)
    painted = Decoder((8, 12, 16, 24))(torch.rand(1, 24, 8, 8) * 2)
    assert 0 < (painted - 0.5).abs().mean() < 0.3


@pytest.mark.parametrize("widths", [(4, 6, 8), (4, 6, 8, 0), (4, 6, 8, 10**9)])
def test_widths_out_of_range_are_refused(widths):
    with pytest.raises(ValueError, match="four are needed, each 1 to 1024"):
        Decoder(widths)
