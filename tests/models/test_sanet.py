"""The public layout of SANet: names, shapes, and the same picture from the same numbers."""

import torch
from torch.nn import functional

from stylize.models.any_style import Mixture
from stylize.models.decoder import PUBLIC_NAMES
from stylize.models.foreign import renamed
from stylize.models.sanet import PUBLIC, Sanet

WIDTHS = (4, 6, 8, 10)


def public_shapes(w1, w2, w3, w4):
    """What GlebSBrykin/SANET saves, by the sizes of its layers."""
    kernels = {
        f"sanet{block}_1.{part}": (w4, w4, 1, 1)
        for block in (4, 5)
        for part in ("f", "g", "h", "out_conv")
    }
    decoder = {
        "1": (w3, w4, 3, 3),
        **dict.fromkeys(("5", "8", "11"), (w3, w3, 3, 3)),
        "14": (w2, w3, 3, 3),
        "18": (w2, w2, 3, 3),
        "21": (w1, w2, 3, 3),
        "25": (w1, w1, 3, 3),
        "28": (3, w1, 3, 3),
    }
    return kernels | {"merge_conv": (w4, w4, 3, 3)}, decoder


def filled(shapes, generator):
    tensors = {}
    for name, shape in shapes.items():
        fan = shape[1] * shape[2] * shape[3]
        tensors[f"{name}.weight"] = torch.randn(shape, generator=generator) * (2 / fan) ** 0.5
        tensors[f"{name}.bias"] = torch.randn(shape[0], generator=generator) * 0.1
    return tensors


def convolved(tensors, name, features):
    weight = tensors[f"{name}.weight"]
    edge = weight.shape[-1] // 2
    padded = functional.pad(features, [edge] * 4, mode="reflect") if edge else features
    return functional.conv2d(padded, weight, tensors[f"{name}.bias"])


def even(features):
    variance, mean = torch.var_mean(features, (2, 3), correction=1, keepdim=True)
    return (features - mean) / (variance + 1e-5).sqrt()


def published(transform, decoder, content, style):
    """The picture by the paper's equations, with the names of the public files."""

    def attended(block):
        here, there = content[f"relu{block}_1"], style[f"relu{block}_1"]
        name = f"sanet{block}_1"
        queries = convolved(transform, f"{name}.f", even(here)).flatten(2)
        keys = convolved(transform, f"{name}.g", even(there)).flatten(2)
        values = convolved(transform, f"{name}.h", there).flatten(2)
        scores = torch.einsum("ncq,nck->nqk", queries, keys).softmax(-1)
        laid = torch.einsum("nqk,nck->ncq", scores, values).reshape(here.shape)
        return convolved(transform, f"{name}.out_conv", laid) + here

    coarse = attended(5).repeat_interleave(2, 2).repeat_interleave(2, 3)
    features = convolved(transform, "merge_conv", attended(4) + coarse)
    for number in PUBLIC_NAMES:
        features = convolved(decoder, number, features)
        if number != "28":
            features = features.relu()
        if number in ("1", "14", "21"):
            features = features.repeat_interleave(2, 2).repeat_interleave(2, 3)
    return features


def test_every_public_tensor_has_its_place_and_shape_in_the_real_network():
    with torch.device("meta"):
        network = Sanet()
        files = [
            {
                f"{name}.{kind}": torch.empty(shape if kind == "weight" else shape[:1])
                for name, shape in shapes.items()
                for kind in ("weight", "bias")
            }
            for shapes in public_shapes(64, 128, 256, 512)
        ]
    found = {name: each.shape for name, each in renamed(files, PUBLIC).items()}
    assert found == {name: each.shape for name, each in network.state_dict().items()}
    assert len(found) == sum(len(file) for file in files)


def test_a_public_network_paints_the_published_picture(deep_vgg):
    generator = torch.Generator().manual_seed(11)
    files = [filled(shapes, generator) for shapes in public_shapes(*WIDTHS)]
    network = Sanet(widths=WIDTHS)
    network.load_state_dict(renamed(files, PUBLIC))
    picture, style = (torch.rand(1, 3, *size, generator=generator) for size in ((32, 48), (40, 21)))
    content, seen = (deep_vgg(each, network.layers) for each in (picture, style))
    wanted = published(*files, content, seen)
    found = network.decode(content, [network.remember(seen)], torch.ones(1, 1, 1, 1))
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)
    painted = network.with_styles(Mixture((style[0],)), vgg=deep_vgg)(picture)
    torch.testing.assert_close(painted, wanted.clamp(0, 1), atol=1e-4, rtol=0)


def test_a_tensor_that_is_not_to_be_there_keeps_its_name():
    assert set(
        renamed([{"merge_conv.weight": torch.ones(1), "f.weight": torch.ones(1)}, {}], PUBLIC)
    ) == {
        "merge.weight",
        "f.weight",
    }


def test_the_files_are_those_that_the_public_code_writes():
    assert list(PUBLIC) == ["transformer_iter_*.pth", "decoder_iter_*.pth"]


def test_a_network_that_gives_every_picture_back_loses_style_alone(deep_vgg, monkeypatch):
    known, seeing = [], deep_vgg.forward

    def remembering(pictures, layers):
        known.append((seeing(pictures, layers), pictures))
        return known[-1][0]

    class Faithful(Sanet):
        def decode(self, content, _styles, _weights):
            return next(picture for seen, picture in known if seen["relu4_1"] is content["relu4_1"])

    monkeypatch.setattr(deep_vgg, "forward", remembering)
    crops = torch.rand(2, 1, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    losses = Faithful(widths=WIDTHS).objective(deep_vgg, *crops)
    assert [losses[name][1].item() for name in ("content", "identity", "identity_features")] == [
        0
    ] * 3
    assert losses["style"][1] > 0
    assert {name: weight for name, (weight, _) in losses.items()} == {
        "content": 1,
        "style": 3,
        "identity": 50,
        "identity_features": 1,
    }
