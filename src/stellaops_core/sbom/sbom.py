"""The bill of materials: what `scan` makes and every format writes.

Comes in: composed components. Goes out: one immutable record that holds all facts any format may want, already in the
order in which documents list them, so that encoders are pure functions from `Sbom` to bytes.
"""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from stellaops_core.component import NOT_REACHED, Component, Distribution, Level, Step, Unknown


class LayerOrigin(Struct, frozen=True):
    """A layer as documents name it."""

    index: int
    digest: str
    """Of the stored bytes; empty where the source knows none."""
    diff_id: str
    size: int
    created_by: str


class Subject(Struct, frozen=True):
    """What was scanned."""

    kind: str
    """`container` or `directory`."""
    name: str
    """The name given with `--name`, else the image's own; may be empty."""
    digest: str
    """Manifest digest; of the configuration for docker archives; empty for directories."""
    config_digest: str
    platform: str
    created: str
    """RFC 3339; empty where the configuration states none."""
    tags: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]
    layers: tuple[LayerOrigin, ...]


Way = Literal["replaced", "whiteout", "opaque", "unknown"]
"""How a layer hides what a lower one has at a path: with something of its own there, or in the place of a directory
above it; with a whiteout of it, or of a directory above it; with an opaque whiteout of a directory above it.
`unknown`: a document does not say."""

Fate = Literal["removed", "upgraded", "downgraded", "changed"]
"""`changed`: the version that took its place is neither higher nor lower."""


class Hiding(Struct, frozen=True, order=True):
    """What a layer did to hide something."""

    how: Way
    at: str
    """The path that is replaced, deleted or emptied: the hidden one, or a directory above it; empty for the root."""


class Removed(Struct, frozen=True, order=True):
    """A package that a lower layer had and an upper one took away; for the history view."""

    purl: str
    path: str
    introduced: int
    """Layer index."""
    removed: int
    """Layer index."""
    hiding: Hiding = Hiding("unknown", "")
    fate: Fate = "removed"
    successor: str = ""
    """purl of the version that the same layer put in its place; empty where it was just removed."""


class Program(Struct, frozen=True):
    """A program that the image's entry point runs, or may run."""

    path: str
    """Of the file that is executed; of a script with `#!`, its interpreter."""
    arguments: tuple[str | None, ...]
    """The first being how it was called; None where one is not known."""
    level: Level
    """`used` or `maybe`."""
    terminal: bool
    """Whether the container's own process becomes it; else a script runs it and waits."""
    conditions: tuple[str, ...]
    """As the scripts write them."""
    steps: tuple[Step, ...]
    """The chain from the image's configuration to here."""


class Gap(Struct, frozen=True, order=True):
    """Something about what runs that could not be followed."""

    place: str
    line: int
    reason: str
    scope: str
    """Type of the components that it may lead to; empty: any; `native`: something that the image lacks, so none."""


class Usage(Struct, frozen=True):
    """What runs, and how much of the inventory that leads to."""

    programs: tuple[Program, ...]
    """In the order in which the entry point leads to them."""
    gaps: tuple[Gap, ...]
    """Sorted."""
    counts: tuple[tuple[str, int], ...]
    """Components of each level, in the order of `component.Level`."""


class Sbom(Struct, frozen=True):
    """Everything known about one subject."""

    subject: Subject
    distribution: Distribution | None
    components: tuple[Component, ...]
    """Sorted by purl, each purl once."""
    unknowns: tuple[Unknown, ...]
    """Sorted."""
    removed: tuple[Removed, ...]
    """Sorted."""
    tool_version: str
    timestamp: str
    """RFC 3339 in UTC with whole seconds: SOURCE_DATE_EPOCH, else the image's `created`, else 1970."""
    usage: Usage | None = None
    """Where it was asked what runs; all components have a `use` then."""


def in_use(sbom: Sbom) -> Sbom:
    """Return the usage view: without the components that nothing leads to. Takes one that has a `usage`."""
    shown = {component.ref: component for component in sbom.components if component.use != NOT_REACHED}
    components = (
        replace(component, depends=tuple(need for need in component.depends if need in shown))
        for component in shown.values()
    )
    return replace(sbom, components=tuple(components))
