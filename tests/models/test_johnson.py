"""`johnson` reads the checkpoints of PyTorch's fast_neural_style example and paints as it does."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from stylize.models import CheckpointError, load_model

CHANNELS = {
    "conv1": (3, 32, 9),
    "conv2": (32, 64, 3),
    "conv3": (64, 128, 3),
    "deconv1": (128, 64, 3),
    "deconv2": (64, 32, 3),
    "deconv3": (32, 3, 9),
}
NORMS = {"in1": 32, "in2": 64, "in3": 128, "in4": 64, "in5": 32}


def checkpoint(*, prefix: str = "", stale: bool = False) -> dict[str, Tensor]:
    """A checkpoint as the example saves it, with random weights."""
    generator = torch.Generator().manual_seed(7)
    tensors: dict[str, Tensor] = {}

    def convolution(name: str, inputs: int, outputs: int, size: int) -> None:
        deviation = (2 / (inputs * size * size)) ** 0.5
        shape = (outputs, inputs, size, size)
        tensors[f"{name}.conv2d.weight"] = torch.randn(shape, generator=generator) * deviation
        tensors[f"{name}.conv2d.bias"] = torch.randn(outputs, generator=generator)

    def norm(name: str, channels: int) -> None:
        tensors[f"{name}.weight"] = torch.rand(channels, generator=generator) + 0.5
        tensors[f"{name}.bias"] = torch.randn(channels, generator=generator) * 0.3
        if stale:
            tensors[f"{name}.running_mean"] = torch.zeros(channels)
            tensors[f"{name}.running_var"] = torch.ones(channels)
            tensors[f"{name}.num_batches_tracked"] = torch.tensor(3)

    for name, (inputs, outputs, size) in CHANNELS.items():
        convolution(name, inputs, outputs, size)
    for name, channels in NORMS.items():
        norm(name, channels)
    for block in range(1, 6):
        for index in (1, 2):
            convolution(f"res{block}.conv{index}", 128, 128, 3)
            norm(f"res{block}.in{index}", 128)
    tensors["deconv3.conv2d.weight"] *= 40
    tensors["deconv3.conv2d.bias"] += 127
    return {prefix + name: tensor for name, tensor in tensors.items()}


def painted_by_the_example(weights: dict[str, Tensor], picture: Tensor) -> Tensor:
    """What the example computes: RGB 0 to 255 in, 0 to 255 (clamped when saved) out."""

    def conv(x: Tensor, name: str, stride: int = 1) -> Tensor:
        weight = weights[f"{name}.conv2d.weight"]
        padded = F.pad(x, (weight.shape[-1] // 2,) * 4, mode="reflect")
        return F.conv2d(padded, weight, weights[f"{name}.conv2d.bias"], stride=stride)

    def norm(x: Tensor, name: str) -> Tensor:
        return F.instance_norm(x, weight=weights[f"{name}.weight"], bias=weights[f"{name}.bias"])

    x = F.relu(norm(conv(picture, "conv1"), "in1"))
    x = F.relu(norm(conv(x, "conv2", 2), "in2"))
    x = F.relu(norm(conv(x, "conv3", 2), "in3"))
    for block in ("res1", "res2", "res3", "res4", "res5"):
        inner = F.relu(norm(conv(x, f"{block}.conv1"), f"{block}.in1"))
        x = x + norm(conv(inner, f"{block}.conv2"), f"{block}.in2")
    x = F.relu(norm(conv(F.interpolate(x, mode="nearest", scale_factor=2), "deconv1"), "in4"))
    x = F.relu(norm(conv(F.interpolate(x, mode="nearest", scale_factor=2), "deconv2"), "in5"))
    return conv(x, "deconv3").clamp(0, 255)


@pytest.fixture
def samples():
    shape = (1, 3, 48, 64)
    return torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(8)).float()


@pytest.mark.parametrize(
    ("prefix", "stale"), [("", False), ("", True), ("module.", True)], ids=["new", "old", "wrapped"]
)
def test_a_foreign_checkpoint_paints_as_it_does_at_home(tmp_path, samples, prefix, stale):
    path = tmp_path / "candy.pth"
    torch.save(checkpoint(prefix=prefix, stale=stale), path)
    loaded = load_model(path)
    wanted = painted_by_the_example(checkpoint(), samples)
    assert wanted.std() > 20
    found = loaded.network(samples / 255) * 255
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=0)
    assert loaded.method == "johnson"
    assert loaded.recipe == {}


def test_a_checkpoint_inside_a_training_state_is_found(tmp_path):
    path = tmp_path / "state.pth"
    torch.save({"state_dict": checkpoint(), "epoch": 2}, path)
    assert load_model(path).method == "johnson"


@pytest.mark.parametrize(("height", "width"), [(127, 161), (130, 158)])
def test_a_size_that_does_not_divide_by_four_is_painted_as_at_home_too(tmp_path, height, width):
    """The example gives back a larger picture there, of which ours is the part at the top left."""
    path = tmp_path / "candy.pth"
    torch.save(checkpoint(), path)
    generator = torch.Generator().manual_seed(9)
    picture = torch.randint(0, 256, (1, 3, height, width), generator=generator).float()
    wanted = painted_by_the_example(checkpoint(), picture)
    assert wanted.shape[2:] == (height + -height % 4, width + -width % 4)
    found = load_model(path).network(picture / 255) * 255
    torch.testing.assert_close(found, wanted[..., :height, :width], atol=1e-4, rtol=0)


def test_a_missing_layer_is_named(tmp_path):
    path = tmp_path / "short.pth"
    tensors = checkpoint()
    del tensors["res3.conv2.conv2d.weight"]
    torch.save(tensors, path)
    with pytest.raises(CheckpointError, match=r"'res3.conv2.weight' should be .* and is nothing"):
        load_model(path)


def test_a_surplus_layer_is_named(tmp_path):
    path = tmp_path / "long.pth"
    torch.save(checkpoint() | {"res6.conv1.conv2d.weight": torch.zeros(1)}, path)
    with pytest.raises(CheckpointError, match=r"it also holds 'res6.conv1.weight'"):
        load_model(path)
