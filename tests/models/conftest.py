"""Small networks, a small VGG and small photographs, so that everything runs in moments."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from stylize.models import Micro, Swift
from stylize.models.vgg import VggPlan


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """Threads that wait for each other cost small networks more time than they save."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def tiny() -> Swift:
    torch.manual_seed(1)
    network = Swift(widths=(4, 6, 8, 4), blocks=1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return network


@pytest.fixture
def tiny_micro() -> Micro:
    torch.manual_seed(4)
    network = Micro(widths=(4, 6, 8, 4), blocks=1, encoder=(4, 6, 6, 4), code=8)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return network


@pytest.fixture
def tiny_vgg() -> tuple[VggPlan, dict[str, torch.Tensor]]:
    """A VGG of the normalised kind with few channels, up to relu4_1, and its tensors."""
    torch.manual_seed(2)
    plan = VggPlan(blocks=(1, 1, 1, 1), keys=(2, 5, 8, 11), front=True, reflect=True)
    tensors = {"0.weight": torch.eye(3)[:, :, None, None] * 2, "0.bias": torch.full((3,), -1.0)}
    for key, inputs, outputs in ((2, 3, 6), (5, 6, 8), (8, 8, 8), (11, 8, 12)):
        tensors[f"{key}.weight"] = torch.randn(outputs, inputs, 3, 3) * (2 / inputs / 9) ** 0.5
        tensors[f"{key}.bias"] = torch.randn(outputs) * 0.1
    return plan, tensors


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """A folder of twelve photographs of several sizes; none is plain."""
    folder = tmp_path / "photographs"
    (folder / "deeper").mkdir(parents=True)
    generator = torch.Generator().manual_seed(3)
    for index in range(12):
        size = (60 + 7 * index, 90 - 3 * index)
        coarse = torch.randint(0, 256, (6, 6, 3), generator=generator, dtype=torch.uint8)
        picture = Image.fromarray(coarse.numpy()).resize(size, Image.Resampling.BICUBIC)
        picture.save(folder / ("deeper" if index % 2 else ".") / f"{index}.png")
    return folder


@pytest.fixture
def style(tmp_path: Path) -> Path:
    """A style picture: stripes of two colours."""
    path = tmp_path / "style.png"
    stripes = torch.zeros(80, 100, 3, dtype=torch.uint8)
    stripes[:, :, 2] = 200
    stripes[::6] = torch.tensor([240, 220, 40], dtype=torch.uint8)
    Image.fromarray(stripes.numpy()).save(path)
    return path
