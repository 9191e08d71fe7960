"""A program that is called, and what comes of it: what scripts, launchers and the trace hand each other.

Comes in: nothing. Goes out: `Call`, `Found`, `Caller`. Rule: what is found is told as seen from the call, so that equal
calls give equal finds, whoever calls and on whatever condition.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from stellaops_core.component import Step
from stellaops_core.entrytrace.bounds import more_than
from stellaops_core.entrytrace.process import Edge, Process, Undetermined
from stellaops_core.entrytrace.root import Root
from stellaops_core.entrytrace.ways import ALWAYS, Forks, Ways, prefix

_Item = TypeVar("_Item")

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""What container engines set where the image has no PATH."""


class Call(Struct, frozen=True):
    """A program that is to be run."""

    argv: tuple[str, ...]
    """Texts in which something may be unknown (`shell.patterns`); never empty."""
    environment: Mapping[str, str]
    directory: str = "/"
    """Absolute."""
    user: str = ""
    """A number, or a name; empty for root."""
    stdin: str | None = None
    place: str = ""
    """Who calls: a file, `ENTRYPOINT` or `CMD`."""
    line: int = 0
    positional: bool = False
    """Whether the command line was found there word by word, rather than read from a text with lines."""

    def then(self, *argv: str) -> "Call":
        """The same with another command line."""
        return replace(self, argv=argv)

    def key(self) -> tuple[object, ...]:
        """What makes two calls equal."""
        environment = tuple(sorted(self.environment.items()))
        return (self.argv, environment, self.directory, self.user, self.stdin, self.place, self.line)


class Found(Struct, frozen=True):
    """A process, as seen from a call."""

    process: Process
    """Its steps and its way begin at the call; `level`, `conditions` and `terminal` are not set yet."""
    ways: Ways = ALWAYS
    tip: bool = True
    """Whether the called program becomes it, or ends with it."""

    def within(self, steps: tuple[Step, ...], ways: Ways, *, tip: bool) -> "Found":
        """The same, as seen from the caller."""
        process = replace(self.process, steps=(*steps, *self.process.steps))
        return Found(process, prefix(ways, self.ways), tip=self.tip and tip)


class Caller(Protocol):
    """What runs calls."""

    root: Root
    volumes: tuple[str, ...]
    forks: Forks
    depth: int

    def run(self, call: Call) -> tuple[Found, ...]:
        """Follow a call; what it runs, in order."""

    def find(self, name: str, path: str, directory: str) -> str | None:
        """Look a program up: absolute path, or None."""

    def source(self, edge: Edge) -> None:
        """Keep that a script reads a file into itself."""

    def note(self, gap: Undetermined) -> None:
        """Keep something that can't be followed."""

    def spend(self) -> bool:
        """Count one command; False when there were too many."""


def first(caller: Caller, call: Call, items: Sequence[_Item], limit: int, what: str) -> Sequence[_Item]:
    """Return at most `limit` of what a call names; that there are more is told, never left out in silence."""
    if len(items) > limit:
        caller.note(Undetermined(call.place, call.line, more_than(limit, what)))
    return items[:limit]
