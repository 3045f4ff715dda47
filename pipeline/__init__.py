"""Moves frames: read, batch, restyle, refine, smooth, write.

The Python API: `stylize_video`, `stylize_folder`, `stylize_image`, `stylize_grid`, `measure_film`,
the values they take and the events they report. Names are imported when first used, so that the
command line's help need not wait for torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import (
        PresetError,
        SettingsError,
        SourceError,
        StylizeError,
        TargetError,
    )
    from .events import (
        Advanced,
        Event,
        Failed,
        Fetched,
        Finished,
        Measured,
        Notice,
        Report,
        Skipped,
        Started,
        Stepped,
    )
    from .measuring.findings import Findings
    from .run_folder import stylize_folder
    from .run_grid import stylize_grid
    from .run_image import stylize_image
    from .run_measure import measure_film
    from .run_video import stylize_video
    from .settings import Settings
    from .timeline import Change
    from .values import Span

__all__ = [
    "Advanced",
    "Change",
    "Event",
    "Failed",
    "Fetched",
    "Findings",
    "Finished",
    "Measured",
    "Notice",
    "PresetError",
    "Report",
    "Settings",
    "SettingsError",
    "Skipped",
    "SourceError",
    "Span",
    "Started",
    "Stepped",
    "StylizeError",
    "TargetError",
    "measure_film",
    "stylize_folder",
    "stylize_grid",
    "stylize_image",
    "stylize_video",
]

_HOMES = {
    "errors": ("PresetError", "SettingsError", "SourceError", "StylizeError", "TargetError"),
    "events": (
        *("Advanced", "Event", "Failed", "Fetched", "Finished", "Measured", "Notice", "Report"),
        *("Skipped", "Started", "Stepped"),
    ),
    "measuring.findings": ("Findings",),
    "run_grid": ("stylize_grid",),
    "run_folder": ("stylize_folder",),
    "run_image": ("stylize_image",),
    "run_measure": ("measure_film",),
    "run_video": ("stylize_video",),
    "settings": ("Settings",),
    "timeline": ("Change",),
    "values": ("Span",),
}


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
