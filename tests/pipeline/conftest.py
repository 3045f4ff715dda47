"""Fixtures for the pipeline: tiny networks, and painters around them."""

import signal
from collections.abc import Iterator
from pathlib import Path

import av
import pytest
import torch
from torch import Tensor

from stylize.models import StyleNetwork, Swift, save_model
from stylize.models.micro import Micro
from stylize.pipeline.choose import Choice
from stylize.pipeline.prepare import Painter
from stylize.pipeline.settings import Settings


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    """Undo what the program does about signals where a test runs it in this process."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film without anything but a picture: the source of films that tests write."""
    path = tmp_path_factory.mktemp("source") / "silent.mkv"
    with av.open(path, "w") as film:
        stream = film.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "yuv420p"
        film.mux(stream.encode(av.VideoFrame(16, 16, "yuv420p")))
        film.mux(stream.encode(None))
    return path


@pytest.fixture(scope="session")
def network_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained `swift` network, as small as it goes."""
    path = tmp_path_factory.mktemp("networks") / "tiny.safetensors"
    torch.manual_seed(0)
    save_model(Swift(widths=(4, 4, 4, 4), blocks=1), path, recipe={"steps": 0})
    return path


@pytest.fixture(scope="session")
def any_style_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained `micro` network, as small as it goes, for styles of 64 pixels."""
    path = tmp_path_factory.mktemp("networks") / "any.safetensors"
    torch.manual_seed(0)
    network = Micro(widths=(4, 6, 8, 4), blocks=1, encoder=(4, 4, 4, 4), code=4)
    with torch.no_grad():
        network.unfold.weight.normal_().mul_(0.1)  # styles are to say more than their colours,
        network.swift.up3.weight[:, :-3] *= 4  # and strokes to show
    save_model(network, path, recipe={"settings": {"style_size": 64}})
    return path


class Identity(StyleNetwork):
    """Paints nothing: whatever is lost on the way, the way has lost."""

    method = "identity"
    multiple = 1

    def paint(self, pictures: Tensor) -> Tensor:
        return pictures


@pytest.fixture
def identity() -> Painter:
    """A painter that gives every frame back as it came."""
    return Painter(
        choice=Choice(name="identity", weights=Path("identity.safetensors"), settings=Settings()),
        network=Identity(),
        method="identity",
        weights_hash="0" * 64,
        device=torch.device("cpu"),
        dtype=torch.float32,
        style_size=None,
    )
