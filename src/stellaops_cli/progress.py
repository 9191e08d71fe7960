"""One live line on standard error while a scan runs.

Comes in: the core's `Progress` events and warnings. Goes out: a line that rewrites itself, on terminals only; warnings
on lines of their own. Nothing stays on the screen but the warnings.
"""

import os
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from stellaops_cli.console import WIDTH, printable, say
from stellaops_cli.settings import Settings

if TYPE_CHECKING:
    from stellaops_core.scan.scan import Progress

INTERVAL = 0.1
"""Seconds between two drawings."""
_CLEAR = "\r\x1b[K"


class Live:
    """Draws progress, and steps aside for warnings. A context manager: the line is gone at its end."""

    def __init__(self, settings: Settings, *, terminal: bool) -> None:
        self._draws = terminal and not settings.quiet and settings.term != "dumb"
        self._warns = not settings.quiet
        self._owner = os.getpid()
        self._started = time.monotonic()
        self._next = self._started + INTERVAL  # what is done at once needs no progress
        self._shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clear()

    def update(self, progress: "Progress") -> None:
        """Draw, unless it was drawn a moment ago."""
        now = time.monotonic()
        if not self._draws or now < self._next:
            return
        self._next = now + INTERVAL
        self._shown = True
        self._put(_CLEAR + printable(describe(progress, now - self._started))[: WIDTH - 1])

    def warn(self, message: str) -> None:
        """Print a warning on a line of its own. What a forked worker meets, its parent meets too, and tells once."""
        self._tell("warning", message)

    def note(self, message: str) -> None:
        """Print what is no fault and yet worth knowing."""
        self._tell("note", message)

    def _tell(self, kind: str, message: str) -> None:
        if self._warns and os.getpid() == self._owner:
            self._clear()
            say(f"stella: {kind}: {message}")

    def _clear(self) -> None:
        if self._shown:
            self._put(_CLEAR)
            self._shown = False

    def _put(self, text: str) -> None:
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except OSError:  # progress is not worth an error
            self._draws = False


def describe(progress: "Progress", seconds: float) -> str:
    """Where the scan stands: `layers 2/5  120.3 of 480.1 MB  60.1 MB/s`."""
    parts = [f"layers {progress.layers_done}/{progress.layers}"]
    read = f"{progress.bytes_read / 1e6:.1f}"
    parts.append(f"{read} of {progress.bytes_total / 1e6:.1f} MB" if progress.bytes_total > 0 else f"{read} MB")
    if seconds > 0:
        parts.append(f"{progress.bytes_read / 1e6 / seconds:.1f} MB/s")
    if progress.layers and progress.layers_done == progress.layers:
        parts.append("composing")
    return "  ".join(parts)
