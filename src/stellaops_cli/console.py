"""The two streams: the report on standard output, words for people on standard error.

Comes in: bytes of a report, messages. Goes out: nothing else on standard output than the report; messages on one line
each, without control characters (names in images are chosen by strangers).
"""

import os
import sys

from stellaops_cli.settings import Settings
from stellaops_core.errors import OutputError

WIDTH = 100
"""Columns that tables may take."""


def write_report(data: bytes) -> None:
    """Write bytes to standard output, all of them; raise `OutputError` where that fails."""
    if sys.stdout is None:
        raise OutputError("standard output is closed", hint="write to a file with -o FORMAT=PATH")
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(sys.stdout.fileno(), view) :]
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"cannot write to standard output: {error.strerror}") from error


def say(text: str) -> None:
    """One line on standard error."""
    if sys.stderr is not None:
        try:
            sys.stderr.write(printable(text) + "\n")
            sys.stderr.flush()
        except OSError:  # nobody to tell
            pass


def show_error(message: str, hint: str = "") -> None:
    """The one line that says what is wrong, and one for the next step."""
    say(f"stella: error: {message}")
    if hint:
        say(f"hint: {hint}")


def show_traceback(error: BaseException) -> None:
    """The whole traceback, for `--debug`."""
    import traceback  # noqa: PLC0415  # only on request

    for line in "".join(traceback.format_exception(error)).splitlines():
        say(line)


def printable(text: str) -> str:
    """Escape control characters, lone surrogates and the like; nothing in a message may steer a terminal."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")


def has_terminal(*, stderr: bool) -> bool:
    """Whether a stream is a terminal."""
    stream = sys.stderr if stderr else sys.stdout
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def wants_color(settings: Settings, *, terminal: bool) -> bool:
    """`--color` decides; then NO_COLOR (https://no-color.org), FORCE_COLOR (https://force-color.org), the terminal."""
    if settings.color != "auto":
        return settings.color == "always"
    if settings.no_color:
        return False
    if settings.force_color:
        return settings.force_color != "0"
    return terminal and settings.term != "dumb"


def columns() -> int:
    """Width for tables: the terminal's, at most `WIDTH`."""
    try:
        return min(WIDTH, os.get_terminal_size(sys.stdout.fileno()).columns) or WIDTH
    except (OSError, AttributeError, ValueError):
        return WIDTH
