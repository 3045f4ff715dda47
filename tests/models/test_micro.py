"""`micro` reads styles, mixes them, and gives a painter that was made for them."""

import pytest
import torch

from stylize.models import Micro, load_model, save_model
from stylize.models.any_style import Mixture
from stylize.models.finished import FinishedSwift


@pytest.fixture
def styles():
    generator = torch.Generator().manual_seed(5)
    low = torch.rand(3, 3, 6, 6, generator=generator)
    return torch.nn.functional.interpolate(low, (48, 40), mode="bicubic").clamp(0, 1)


@pytest.fixture
def photographs():
    return torch.rand(3, 3, 40, 56, generator=torch.Generator().manual_seed(6))


def norms(painter):
    every = [norm for _, norm in painter.normalised()]
    mixings = [norm.mixing.flatten() for norm in every if norm.mixing is not None]
    return torch.cat([*(torch.cat([norm.weight, norm.bias]) for norm in every), *mixings])


def test_the_network_that_ships_is_small():
    parameters = sum(parameter.numel() for parameter in Micro().parameters())
    assert parameters <= 1_000_000  # 2 MB in half precision


def test_at_first_styles_mix_no_channels(styles):
    network = Micro(widths=(4, 6, 8, 4), blocks=1, encoder=(4, 6, 6, 4), code=8, rank=3)
    painter = network.with_styles(Mixture((styles[0],)))
    for _, norm in painter.swift.normalised()[:-1]:
        assert torch.equal(norm.mixing, torch.eye(len(norm.bias)))


def test_each_style_mixes_channels_in_its_own_way(tiny_micro, styles):
    first, second = (read.mixing for read in tiny_micro.read(styles[:1])[:2])
    assert first.shape == (1, 4, 4)
    assert second.shape == (1, 6, 6)
    painters = [tiny_micro.with_styles(Mixture((style,))) for style in styles[:2]]
    one, other = (painter.normalised()[0][1].mixing for painter in painters)
    assert (one - other).abs().max() > 1e-3


def test_what_comes_back_for_a_style_can_be_frozen(tiny_micro, styles, photographs):
    painter = tiny_micro.with_styles(Mixture((styles[0],)))
    assert type(painter) is FinishedSwift
    assert not any(parameter.requires_grad for parameter in painter.parameters())
    assert painter(photographs).shape == photographs.shape
    painted = painter.following()(photographs)
    torch.testing.assert_close(painter.freeze(photographs)(photographs), painted, atol=1e-4, rtol=0)


def test_styles_differ_and_reading_one_changes_nothing(tiny_micro, styles, photographs):
    before = {name: tensor.clone() for name, tensor in tiny_micro.state_dict().items()}
    first, second = (tiny_micro.with_styles(Mixture((style,)))(photographs) for style in styles[:2])
    assert (first - second).abs().mean() > 1e-3
    assert all(torch.equal(before[name], now) for name, now in tiny_micro.state_dict().items())


@torch.no_grad()
def test_a_batch_of_several_styles_is_painted_as_each_alone(tiny_micro, styles, photographs):
    together = tiny_micro.paint(photographs, tiny_micro.read(styles))
    for index, style in enumerate(styles):
        alone = tiny_micro.with_styles(Mixture((style,)))(photographs[index : index + 1])
        torch.testing.assert_close(together[index : index + 1], alone, atol=2e-5, rtol=0)


def test_shares_mix_what_styles_say(tiny_micro, styles):
    pure = [norms(tiny_micro.with_styles(Mixture((style,)))) for style in styles[:2]]
    mixed = norms(tiny_micro.with_styles(Mixture(tuple(styles[:2]), (3, 1))))
    torch.testing.assert_close(mixed, 0.75 * pure[0] + 0.25 * pure[1])
    only = norms(tiny_micro.with_styles(Mixture(tuple(styles[:2]), (0, 0.2))))
    torch.testing.assert_close(only, pure[1])


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (7, 33), (200, 5)])
def test_a_style_of_any_size_and_shape_can_be_read(tiny_micro, photographs, size):
    painted = tiny_micro.with_styles(Mixture((torch.rand(3, *size),)))(photographs)
    assert painted.isfinite().all()


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_a_style_of_one_colour_can_be_read(tiny_micro, photographs, level):
    painted = tiny_micro.with_styles(Mixture((torch.full((3, 64, 64), level),)))(photographs)
    assert painted.isfinite().all()


@pytest.mark.parametrize(
    "shape",
    [
        {"encoder": (4, 4, 4)},
        {"encoder": (4, 4, 4, 0)},
        {"code": 10**9},
        {"blocks": 0},
        {"rank": 0},
    ],
)
def test_a_shape_out_of_range_is_refused(shape):
    with pytest.raises(ValueError, match="is to be 1 to"):
        Micro(**shape)


def test_it_is_saved_and_loaded_whole(tiny_micro, styles, photographs, tmp_path):
    save_model(tiny_micro, tmp_path / "m.safetensors", recipe={"made": "here"})
    loaded = load_model(tmp_path / "m.safetensors")
    assert (loaded.method, loaded.recipe) == ("micro", {"made": "here"})
    assert isinstance(loaded.network, Micro)
    before, after = (
        network.with_styles(Mixture((styles[0],)))(photographs)
        for network in (tiny_micro, loaded.network)
    )
    assert (before - after).abs().max() < 0.02  # half precision


def test_a_network_that_has_painted_can_still_be_trained(tiny_micro, styles, photographs):
    with torch.inference_mode():
        tiny_micro.with_styles(Mixture((styles[0],)))
    tiny_micro.train().requires_grad_(True)
    tiny_micro.paint(photographs[:1], tiny_micro.read(styles[:1])).mean().backward()
    assert tiny_micro.unfold.weight.grad.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_in_training_every_part_learns(tiny_micro, styles, photographs, dtype):
    with torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
        painted = tiny_micro.paint(photographs, tiny_micro.read(styles))
    painted.float().square().mean().backward()
    still = [
        name
        for name, parameter in tiny_micro.named_parameters()
        if parameter.grad is None or not parameter.grad.any()
    ]
    # The last norm gives colours what the style itself has, and nothing of its own.
    assert still == ["swift.colour_norm.weight", "swift.colour_norm.bias"]
