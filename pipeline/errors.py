"""What can go wrong while films and pictures move; every message says what, where and the way out.

StylizeError                 (in stylize.models) the root of the whole program
├── ModelError               (in stylize.models) networks, weights, training
├── SettingsError            an option or a key of a preset is wrong: exit code 2
│   ├── PresetError          a preset cannot be found, read or saved
│   └── EncodingError        what was asked for does not go into the output; a TargetError, too
├── SourceError              a film or a picture cannot be read
│   └── AnimatedPictureError a still picture was asked for, and the file is an animation
└── TargetError              a film or a picture cannot be written
"""

from stylize.models.errors import ModelError, StylizeError

__all__ = [
    "AnimatedPictureError",
    "EncodingError",
    "ModelError",
    "PresetError",
    "SettingsError",
    "SourceError",
    "StylizeError",
    "TargetError",
    "reason",
]


class SettingsError(StylizeError):
    """An option or a preset's key has a wrong name, type or value."""


class PresetError(SettingsError):
    """A preset cannot be found, read or saved."""


class SourceError(StylizeError):
    """A film or a picture cannot be read; names the file and what it holds."""


class AnimatedPictureError(SourceError):
    """A still picture was asked for, and the file is an animation: a film."""


class TargetError(StylizeError):
    """A film or a picture cannot be written; names the file and the way out."""


class EncodingError(TargetError, SettingsError):
    """A kind of output, a codec or one of its settings does not exist, or does not go together."""


def reason(error: BaseException) -> str:
    """What the system says is wrong, as part of a sentence of ours."""
    return (getattr(error, "strerror", None) or str(error)).lower()


def in_a_line(error: StylizeError | OSError) -> str:
    """What a person is told: our own words, or which path the system refuses, and why."""
    if isinstance(error, StylizeError):
        return " ".join(str(error).split())
    return f"{error.filename}: {reason(error)}" if error.filename else reason(error)
