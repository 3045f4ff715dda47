"""Looks that ship: for each a TOML file that describes it and the weights of its network."""

from pathlib import Path

__all__ = ["shipped"]


def shipped() -> dict[str, Path]:
    """The TOML files of the looks that ship, by name, in alphabetical order."""
    return {path.stem: path for path in sorted(Path(__file__).parent.glob("*.toml"))}
