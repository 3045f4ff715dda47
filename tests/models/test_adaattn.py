"""The public layout of AdaAttN: names, shapes, and the same picture from the same numbers."""

import pytest
import torch
from torch.nn import functional

from stylize.models import adaattn
from stylize.models.adaattn import PUBLIC, AdaAttN, StyleMemory, down_to
from stylize.models.any_style import Mixture
from stylize.models.foreign import renamed

WIDTHS = (4, 6, 8, 10)
LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")


def public_shapes(w1, w2, w3, w4):
    """What Huage001/AdaAttN saves, by the sizes of its layers: skip, transformer, decoder."""
    third, fourth, fifth = w1 + w2 + w3, w1 + w2 + w3 + w4, w1 + w2 + w3 + w4 + w4

    def norm(prefix, keys, width):
        square = {f"{prefix}{name}": (keys, keys, 1, 1) for name in ("f", "g")}
        return square | {f"{prefix}h": (width, width, 1, 1)}

    transformer = norm("attn_adain_4_1.", fourth, w4) | norm("attn_adain_5_1.", fifth, w4)
    decoder = {
        "decoder_layer_1.1": (w3, w4, 3, 3),
        "decoder_layer_2.1": (w3, 2 * w3, 3, 3),
        "decoder_layer_2.4": (w3, w3, 3, 3),
        "decoder_layer_2.7": (w3, w3, 3, 3),
        "decoder_layer_2.10": (w2, w3, 3, 3),
        "decoder_layer_2.14": (w2, w2, 3, 3),
        "decoder_layer_2.17": (w1, w2, 3, 3),
        "decoder_layer_2.21": (w1, w1, 3, 3),
        "decoder_layer_2.24": (3, w1, 3, 3),
    }
    return norm("", third, w3), transformer | {"merge_conv": (w4, w4, 3, 3)}, decoder


def filled(shapes, generator):
    tensors = {}
    for name, shape in shapes.items():
        fan = shape[1] * shape[2] * shape[3]
        gain = 2 if shape[2] == 3 else 0.3
        tensors[f"{name}.weight"] = torch.randn(shape, generator=generator) * (gain / fan) ** 0.5
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


def keys_of(features, block):
    size = features[f"relu{block}_1"].shape[-2:]
    parts = [functional.interpolate(features[layer], size) for layer in LAYERS[:block]]
    return torch.cat([even(part) for part in parts], 1)


def scored(queries, keys, form):
    if form == "softmax":
        return torch.einsum("ncq,nck->nqk", queries, keys).softmax(-1)
    unit = [each / (each.norm(dim=1, keepdim=True) + 1e-5) for each in (queries, keys)]
    scores = torch.relu(torch.einsum("ncq,nck->nqk", *unit) + 1)
    return scores / scores.sum(-1, keepdim=True)


def published(skip, transformer, decoder, content, style, form):
    """The picture by the paper's equations, with the names of the public files."""

    def painted(tensors, prefix, block):
        here, there = content[f"relu{block}_1"], style[f"relu{block}_1"]
        queries = convolved(tensors, f"{prefix}f", keys_of(content, block)).flatten(2)
        keys = convolved(tensors, f"{prefix}g", keys_of(style, block)).flatten(2)
        values = convolved(tensors, f"{prefix}h", there).flatten(2)
        scores = scored(queries, keys, form)
        mean = torch.einsum("nqk,nck->ncq", scores, values)
        square = torch.einsum("nqk,nck->ncq", scores, values**2)
        deviation = (square - mean**2).relu().sqrt()
        return deviation.reshape(here.shape) * even(here) + mean.reshape(here.shape)

    def doubled(features):
        return features.repeat_interleave(2, 2).repeat_interleave(2, 3)

    coarse = doubled(painted(transformer, "attn_adain_5_1.", 5))
    features = convolved(
        transformer, "merge_conv", painted(transformer, "attn_adain_4_1.", 4) + coarse
    )
    features = doubled(convolved(decoder, "decoder_layer_1.1", features).relu())
    features = torch.cat((features, painted(skip, "", 3)), 1)
    for number in (1, 4, 7, 10, 14, 17, 21):
        features = convolved(decoder, f"decoder_layer_2.{number}", features).relu()
        if number in (10, 17):
            features = doubled(features)
    return convolved(decoder, "decoder_layer_2.24", features)


def test_every_public_tensor_has_its_place_and_shape_in_the_real_network():
    with torch.device("meta"):
        network = AdaAttN()
        files = [
            {
                f"{name}.{kind}": torch.empty(shape if kind == "weight" else shape[:1])
                for name, shape in shapes.items()
                for kind in ("weight", "bias")
            }
            for shapes in public_shapes(64, 128, 256, 512)
        ]
    assert files[0]["f.weight"].shape == (448, 448, 1, 1)
    assert files[1]["attn_adain_5_1.g.weight"].shape == (1472, 1472, 1, 1)
    found = {name: each.shape for name, each in renamed(files, PUBLIC).items()}
    assert found == {name: each.shape for name, each in network.state_dict().items()}
    assert len(found) == sum(len(file) for file in files)


@pytest.mark.parametrize("form", ["softmax", "cosine"])
def test_a_public_network_paints_the_published_picture(deep_vgg, form):
    generator = torch.Generator().manual_seed(11)
    files = [filled(shapes, generator) for shapes in public_shapes(*WIDTHS)]
    network = AdaAttN(widths=WIDTHS, form=form)
    network.load_state_dict(renamed(files, PUBLIC))
    picture, style = (torch.rand(1, 3, *size, generator=generator) for size in ((32, 48), (40, 21)))
    content, seen = (deep_vgg(each, LAYERS) for each in (picture, style))
    wanted = published(*files, content, seen, form)
    found = network.decode(content, [network.remember(seen)], torch.ones(1, 1, 1, 1))
    torch.testing.assert_close(found, wanted, atol=1e-3, rtol=1e-3)
    painted = network.with_styles(Mixture((style[0],)), vgg=deep_vgg)(picture)
    torch.testing.assert_close(painted, wanted.clamp(0, 1), atol=1e-3, rtol=0)


def test_the_files_are_those_that_the_public_code_writes():
    assert list(PUBLIC) == [
        "latest_net_adaattn*.pth",
        "latest_net_transformer.pth",
        "latest_net_decoder.pth",
    ]


def test_a_network_turns_to_film_with_the_weights_it_has(deep_vgg):
    network, style = AdaAttN(widths=WIDTHS), Mixture((torch.rand(3, 32, 32),))
    pictures = torch.rand(1, 3, 32, 32)
    still = network.with_styles(style, vgg=deep_vgg)
    before = still(pictures)
    network.form = "cosine"
    film = network.with_styles(style, vgg=deep_vgg)
    assert not torch.equal(film(pictures), before)
    assert torch.equal(still(pictures), before)
    assert network.architecture()["form"] == "cosine"


def test_an_unknown_form_is_refused():
    with pytest.raises(ValueError, match="form 'linear': must be one of softmax, cosine"):
        AdaAttN(widths=WIDTHS, form="linear")


def test_of_many_keys_the_same_ones_are_drawn_each_time():
    keys, values = torch.randn(1, 4, 300), torch.randn(1, 3, 300)
    first, second = (StyleMemory("softmax", keys, values, most=50) for _ in range(2))
    assert first.memory.keys.shape == (1, 4, 50)
    assert torch.equal(first.memory.keys, second.memory.keys)
    assert torch.equal(StyleMemory("softmax", keys, values, most=300).memory.keys, keys)


def test_a_deviation_keeps_its_bits_far_from_nought():
    queries, keys = torch.randn(1, 4, 20), torch.randn(1, 4, 60)
    values = torch.randn(1, 3, 60)
    near = StyleMemory("softmax", keys, values, most=60)(queries)
    far = StyleMemory("softmax", keys, values + 1000, most=60)(queries)
    torch.testing.assert_close(far[1], near[1], atol=2e-3, rtol=0)
    torch.testing.assert_close(far[0], near[0] + 1000, atol=1e-3, rtol=0)


def test_one_key_alone_has_a_slope():
    values = torch.randn(1, 3, 1, requires_grad=True)
    mean, deviation = StyleMemory("softmax", torch.randn(1, 4, 1), values, most=1)(
        torch.randn(1, 4, 5)
    )
    (mean.sum() + deviation.sum()).backward()
    assert torch.equal(values.grad, torch.full((1, 3, 1), 5.0))


def test_queries_are_made_of_every_layer_down_to_theirs(deep_vgg):
    features = deep_vgg(torch.rand(1, 3, 48, 32), LAYERS)
    seen = down_to(features, "relu4_1")
    assert seen.shape == (1, 4 + 6 + 8 + 10, 6, 4)
    torch.testing.assert_close(seen, keys_of(features, 4))


def test_a_painting_with_the_attended_statistics_has_no_local_loss(deep_vgg, monkeypatch):
    crops = torch.rand(2, 1, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    network = AdaAttN(widths=WIDTHS)
    content, style = (deep_vgg(each, LAYERS) for each in crops)
    wanted = {}
    for block in (3, 4, 5):
        here, there = content[f"relu{block}_1"], style[f"relu{block}_1"]
        scores = scored(
            keys_of(content, block).flatten(2), keys_of(style, block).flatten(2), "softmax"
        )
        mean = torch.einsum("nqk,nck->ncq", scores, there.flatten(2))
        square = torch.einsum("nqk,nck->ncq", scores, there.flatten(2) ** 2)
        deviation = (square - mean**2).clamp_min(1e-6).sqrt()
        wanted[f"relu{block}_1"] = deviation.reshape(here.shape) * even(here) + mean.reshape(
            here.shape
        )
    answers = iter((content, style, {"relu2_1": style["relu2_1"]} | wanted))
    monkeypatch.setattr(adaattn, "see", lambda *_: next(answers))
    losses = network.objective(deep_vgg, *crops)
    assert losses["local"][1] < 1e-6
    assert losses["global"][1] > 0
    assert {name: weight for name, (weight, _) in losses.items()} == {"global": 10, "local": 3}


def test_on_film_it_attends_by_cosines():
    network = AdaAttN(widths=(4, 6, 8, 10))
    assert network.form == "softmax"
    network.prefer_steady()
    assert network.form == "cosine"
