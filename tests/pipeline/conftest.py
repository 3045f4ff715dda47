"""Fixtures for the pipeline: tiny networks, and painters around them."""

import signal
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import pytest
import torch
from torch import Tensor
from torch.nn.functional import interpolate

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
    for number, handler in zip(numbers, before, strict=True):
        if handler == signal.SIG_IGN:  # in a job in the background
            usual = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
            signal.signal(number, usual)
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


@pytest.fixture
def write_film(tmp_path: Path) -> Callable[..., Path]:
    """Write pictures, (3, H, W) in [0, 1], as a film without loss beyond 8 bits."""

    def write(
        name: str,
        pictures: Sequence[Tensor],
        *,
        rate: int = 25,
        times: Sequence[Fraction] | None = None,
    ) -> Path:
        path = tmp_path / name
        with av.open(path, "w") as film:
            stream = film.add_stream("ffv1", rate=rate)
            stream.height, stream.width = pictures[0].shape[1:]
            stream.pix_fmt = "bgr0"
            stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
            for index, picture in enumerate(pictures):
                levels = picture.clamp(0, 1).mul(255).round().byte().permute(1, 2, 0)
                frame = av.VideoFrame.from_ndarray(levels.contiguous().numpy(), "rgb24")
                frame.pts = round((times[index] if times else Fraction(index, rate)) * 1000)
                frame.time_base = Fraction(1, 1000)
                film.mux(stream.encode(frame))
            film.mux(stream.encode(None))
        return path

    return write


@pytest.fixture(scope="session")
def pan() -> Callable[..., list[Tensor]]:
    """Make what a camera sees that moves to the right by whole pixels, coarse and fine."""

    def make(
        frames: int = 14, *, height: int = 96, width: int = 128, speed: int = 1, seed: int = 0
    ) -> list[Tensor]:
        generator = torch.Generator().manual_seed(seed)
        length = width + frames * speed
        wide = torch.zeros(3, height, length)
        for cell in (8, 32):
            size = (height // cell + 3, length // cell + 3)
            coarse = torch.rand(1, 3, *size, generator=generator)
            fine = interpolate(coarse, scale_factor=cell, mode="bicubic")[0]
            wide += fine[:, :height, :length] / 2
        wide.clamp_(0, 1)
        return [wide[:, :, index * speed : index * speed + width] for index in range(frames)]

    return make


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
