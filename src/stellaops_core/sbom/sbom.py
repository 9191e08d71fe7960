"""The bill of materials: what `scan` makes and every format writes.

Comes in: composed components. Goes out: one immutable record that holds all facts any format may want, already in the
order in which documents list them, so that encoders are pure functions from `Sbom` to bytes.
"""

from msgspec import Struct

from stellaops_core.component import Component, Distribution, Unknown


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


class Removed(Struct, frozen=True, order=True):
    """A package that a lower layer had and an upper one took away; for the history view."""

    purl: str
    path: str
    introduced: int
    """Layer index."""
    removed: int
    """Layer index."""


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
