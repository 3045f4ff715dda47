"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest

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
