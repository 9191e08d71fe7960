"""The record of programs that a source starts: for tracing.

Comes in: nothing; the analyzers of sources make it. Goes out: `Starts`.
"""

from msgspec import Struct

from stellaops_core.readers.starts import START_LIMIT, Start


class Starts(Struct, frozen=True, array_like=True):
    """Programs that a source starts by name; kept only where there are any."""

    programs: tuple[Start, ...]
    """(a name or an absolute path, line from 1), in the order of the file."""
    cut: bool = False
    """Whether there are more than were kept."""


def starts_of(found: list[Start]) -> Starts:
    """Make the record."""
    return Starts(tuple(found[:START_LIMIT]), len(found) > START_LIMIT)
