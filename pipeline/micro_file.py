"""Where the network for any style is that ships with the program."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from .errors import ModelError


def micro_file() -> Path:
    """The file of the network `micro`, which `--style` alone paints with.

    Raises:
        ModelError: it is not there.
    """
    path = Path(str(files("stylize.models") / "micro.safetensors"))
    if not path.is_file():
        raise ModelError(
            f"{path}: the network for --style is missing from this installation; install stylize "
            "again, or name one by --model"
        )
    return path
