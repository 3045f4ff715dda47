"""Fixtures that every test may use."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from stylize.models.vgg import Vgg

# Before torch is imported. Tests compute small things: waking a second thread for each costs more
# than it gains, and on a busy machine waiting for it costs ten times as much.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def _folder(variable: str, beside: str) -> Path | None:
    named = os.environ.get(variable)
    folder = Path(named) if named else Path(__file__).parents[1].parent / beside
    return folder if folder.is_dir() else None


def _need(folder: Path | None, what: str) -> Path:
    """Skip where a user has no such folder; fail in CI, where it must be there."""
    if folder is None:
        reason = f"needs {what}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real films, photographs and paintings that the project is tested with."""
    return _need(_folder("STYLIZE_SHARED", "shared/assets"), "the shared assets ($STYLIZE_SHARED)")


@pytest.fixture(scope="session")
def vgg_weights() -> Path:
    """The folder with the VGG weights."""
    folder = _folder("STYLIZE_WEIGHTS", "shared/assets/weights")
    return _need(folder, "the VGG weights ($STYLIZE_WEIGHTS; see: stylize train --help)")


@pytest.fixture
def deep_vgg() -> "Vgg":
    """A VGG of the normalised kind with few channels, up to relu5_1: 4, 6, 8, 10 and 10."""
    import torch

    from stylize.models.vgg import Vgg, VggPlan

    torch.manual_seed(8)
    plan = VggPlan(blocks=(1, 1, 1, 1, 1), keys=(2, 5, 8, 11, 14), front=True, reflect=True)
    tensors = {"0.weight": torch.eye(3)[:, :, None, None] * 2, "0.bias": torch.full((3,), -1.0)}
    for key, inputs, outputs in ((2, 3, 4), (5, 4, 6), (8, 6, 8), (11, 8, 10), (14, 10, 10)):
        tensors[f"{key}.weight"] = torch.randn(outputs, inputs, 3, 3) * (2 / inputs / 9) ** 0.5
        tensors[f"{key}.bias"] = torch.randn(outputs) * 0.1
    return Vgg(plan, tensors)
