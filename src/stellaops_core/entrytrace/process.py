"""What runs, how that came, and what it loads: the records that tracing and closure share.

Comes in: nothing. Goes out: `Step`, `Process`, `Edge`, `Undetermined`. Rules: all paths are real paths in the image
without a leading slash (`a.jar!/b.jar` within archives); what is not known is None or `Undetermined`, never a guess;
everything has a place that a person can look up.
"""

from collections.abc import Iterator, Mapping
from typing import Literal, Protocol

from msgspec import Struct, field

from stellaops_core.component import Step
from stellaops_core.entrytrace.root import Root

__all__ = ["Edge", "Follow", "Level", "Process", "Step", "Undetermined"]

Level = Literal["used", "maybe"]
"""`used`: it is loaded whenever the program runs. `maybe`: it may be, on a condition that is not known."""


class Process(Struct, frozen=True, array_like=True):
    """One program that the entry point runs, or may run, with what is known of its circumstances."""

    program: str
    """The file that is executed: of a script with `#!`, its interpreter. Empty where it is not in the image."""
    arguments: tuple[str | None, ...]
    """argv, the first being how it was called; None for an argument that is not known."""
    script: str = ""
    """The script that the kernel handed to `program` because of its `#!` line; its path is in `arguments` as well."""
    environment: Mapping[str, str | None] = field(default_factory=dict)
    """None for a variable whose value is not known."""
    directory: str = ""
    """The working directory, real path; the root is ""."""
    level: Level = "used"
    """`maybe` where it runs on a condition that is not known."""
    conditions: tuple[str, ...] = ()
    """Those conditions, as the scripts write them, outermost first."""
    steps: tuple[Step, ...] = ()
    """The chain from the configuration to here; never empty."""
    terminal: bool = True
    """Whether the container's own process becomes it; else it is a helper that a script runs and waits for."""
    more_arguments: bool = False
    """Whether further arguments, unknown in number, may follow."""


class Edge(Struct, frozen=True, array_like=True):
    """One file has another one loaded."""

    source: str
    """The program's or script's path, or an earlier edge's target."""
    target: str
    how: str
    """In the words of the format: `DT_NEEDED libssl.so.3`, `import flask.app`, `require("express")`."""
    line: int = 0
    """Where `source` says so, from 1; 0 where it has no lines."""
    level: Level = "used"
    """Of this edge alone; what hangs below a `maybe` is `maybe` at best."""


class Undetermined(Struct, frozen=True, order=True, array_like=True):
    """Something that could not be followed: what it would have led to is never called unused."""

    place: str
    line: int
    reason: str
    scope: str = ""
    """What it may lead to: a purl type such as `pypi`; empty: anything."""


class Follow(Protocol):
    """What a program of one sort loads besides native libraries; one function a language."""

    def __call__(self, root: Root, process: Process) -> Iterator[Edge | Undetermined]:
        """Yield what is loaded, each target after its source; the same in the same order each time."""
