"""Ctrl-C and its kin: before the work begins the program just ends; from then on it cleans up."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

EXIT_CODE = 130
SAID = "Interrupted: nothing half-written was left."

# A service manager's stop and a closed terminal are the same wish as Ctrl-C.
_SIGNALS = [getattr(signal, name, None) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")]
_asked = False


def end_at_once() -> None:
    """Let an interruption end the program on the spot: while modules are imported.

    An exception raised into an import is lost in it, or leaves half a module behind; and as
    nothing is written yet, there is nothing to clean up.
    """
    _listen(_end)


def clean_up_first() -> None:
    """Let an interruption raise KeyboardInterrupt: call this when the work begins."""
    _listen(_interrupt)


def check() -> None:
    """Raise KeyboardInterrupt again if one was raised where nobody could let it through."""
    if _asked:
        raise KeyboardInterrupt


def leave(code: int) -> NoReturn:
    """End the program; when interrupted, without waiting for what cannot be called off.

    A stage may be deep in a computation. All files are closed or removed by now.
    """
    if code != EXIT_CODE:
        sys.exit(code)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _listen(handler: Callable[[int, FrameType | None], NoReturn]) -> None:
    global _asked
    _asked = False
    for number in _SIGNALS:
        # What nohup, or a shell for its jobs in the background, lets be ignored, stays so.
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    os.write(2, f"{SAID}\n".encode())
    os._exit(EXIT_CODE)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    global _asked
    _asked = True
    raise KeyboardInterrupt
