"""What is told of a component or a path that somebody asks about.

Comes in: an `Sbom`, and what is asked about: a purl, a name or a path. Goes out: the records of an explanation, which
`scan.explain` fills, and which `explanation_text` and `explanation_json` write.
"""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from stellaops_core.component import Component, Use
from stellaops_core.sbom.products import product_of
from stellaops_core.sbom.sbom import Hiding, Removed, Sbom

Kind = Literal["file", "link", "directory", "absent"]
"""What stands at a path; `file`: anything but a link or a directory."""

Outcome = Literal["listed", "merged", "fact", "hidden", "repeated", "yielded", "left-out", "refused"]
"""What became of a find. `listed`: it is a component. `merged`: it is one together with finds at other places. `fact`:
it says something about components. `hidden`: a later layer took it away. `repeated`: a later layer took it away, and
records the same again. `yielded`: other components say what it is. `left-out`: its analyzer did not count it once it
saw the whole image. `refused`: the file could not be read."""


class Event(Struct, frozen=True):
    """What one layer did at a path."""

    layer: int
    """Index; -1 where there are no layers."""
    kind: Kind
    """What the layer itself has there."""
    target: str = ""
    """Of a symbolic link, as written."""
    hiding: Hiding | None = None
    """How it hid what lower layers had there; of a directory, `opaque` hides what was in it."""


class Find(Struct, frozen=True):
    """What an analyzer found in a file of one layer, and what became of that."""

    layer: int
    analyzer: str
    """Empty where the reader of the layer itself gave up, or where it is not kept who found it."""
    what: str
    """For people: `deb openssl 3.0.1`."""
    outcome: Outcome
    refs: tuple[str, ...] = ()
    """The component that it is; for `yielded`, those that say what it is."""
    reason: str = ""
    """For `refused`."""
    later: int = -1
    """For `hidden` and `repeated`: the layer that did it."""
    hiding: Hiding | None = None


class PathStory(Struct, frozen=True):
    """All that is known of one path."""

    path: str
    """Links of directories followed, its own not."""
    kind: Kind
    """In the finished image."""
    target: str
    """Of a symbolic link, as written."""
    real: str
    """Where its links lead in the image; empty where that is nowhere."""
    events: tuple[Event, ...]
    """By layer; layers that did nothing there are left out."""
    finds: tuple[Find, ...]
    """By layer."""
    readers: tuple[str, ...]
    """Analyzers that read files of this name, those that found nothing included."""
    owners: tuple[str, ...]
    """Operating system packages that list it."""
    holders: tuple[str, ...]
    """`ref`s of all components that it belongs to, or is evidence of."""
    use: Use | None
    """Whether the entry point leads to it; None for a directory or nothing."""


class Rejected(Struct, frozen=True, order=True):
    """A package that is in no component, for others say what it is."""

    path: str
    analyzer: str
    ref: str
    name: str
    others: tuple[str, ...]
    """`ref`s of the components that its file belongs to."""


class Explanation(Struct, frozen=True):
    """What is told."""

    sbom: Sbom
    """With all components."""
    components: tuple[Component, ...] = ()
    """Those that were asked about, or that a path belongs to."""
    path: PathStory | None = None
    hidden: tuple[Removed, ...] = ()
    """What upper layers hid of them, at other places and of other versions; of packages that are gone, all."""
    rejected: tuple[Rejected, ...] = ()
    """What yielded to them."""


def find_components(sbom: Sbom, what: str) -> tuple[Component, ...]:
    """Return what is meant: by its ref, by a purl without qualifiers or version, or by name; perhaps nothing.

    The first of these that fits anything counts.
    """
    for fits in (
        lambda one: one.ref == what,
        lambda one: what in (without_qualifiers(one.ref), product_of(one.ref)),
        lambda one: one.name == what,
    ):
        if found := tuple(one for one in sbom.components if fits(one)):
            return found
    return ()


def find_hidden(hidden: Iterable[Removed], what: str) -> tuple[Removed, ...]:
    """Return what was hidden of packages of this purl or name."""
    return tuple(
        one
        for one in hidden
        if what in (one.purl, without_qualifiers(one.purl), product_of(one.purl), product_of(one.purl).split("/")[-1])
    )


def without_qualifiers(ref: str) -> str:
    """Cut qualifiers and subpath off a purl."""
    return ref.partition("?")[0].partition("#")[0]
