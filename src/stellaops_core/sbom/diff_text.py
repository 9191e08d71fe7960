"""The words that a diff's renderings share.

Comes in: parts of a `Diff`. Goes out: short texts, not yet escaped for where they go; paths are.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

from msgspec import Struct

from stellaops_core.component import BINARY, OS_PACKAGE_TYPES, Component
from stellaops_core.sbom.diff import Change, Diff
from stellaops_core.sbom.diff_layers import Cause, LayerPair
from stellaops_core.sbom.diff_pairs import product_of
from stellaops_core.sbom.sbom import Subject
from stellaops_core.sbom.text import escape_path

NONE = "none"


class Moved(Struct, frozen=True):
    """Components that are the same, and come from another layer now."""

    count: int
    before: int
    """Index of the layer that brought them in the older image."""


class Section(Struct, frozen=True):
    """What comes from one layer."""

    cause: Cause | None
    changes: tuple[Change, ...]
    """Without those that only moved."""
    moved: tuple[Moved, ...]


def sections(diff: Diff) -> tuple[Section, ...]:
    """Group changes by cause: the newer image's layers from the base up, those that are gone, and what has no layer."""
    ordered = sorted(diff.changes, key=_place)
    return tuple(_section(tuple(changes)) for _, changes in groupby(ordered, key=_place))


def _place(change: Change) -> tuple[int, int]:
    if not change.cause:
        return (2, 0)
    return (int(change.cause.image == "old"), change.cause.layer.index)


def _section(changes: tuple[Change, ...]) -> Section:
    before = [change.old.layer for change in changes if change.old and change.kinds == ("moved",)]
    return Section(
        changes[0].cause,
        tuple(change for change in changes if change.kinds != ("moved",)),
        tuple(Moved(before.count(layer), layer) for layer in sorted(set(before))),
    )


def name_subject(subject: Subject, title: str) -> str:
    """Return what to call an image: its name, what the user typed, or what it is."""
    return subject.name or title or ("unnamed image" if subject.digest else "directory")


def count_layers(pairs: Sequence[LayerPair]) -> str:
    """`5 same, 1 added`; empty where there are none."""
    states = [pair.state for pair in pairs]
    return ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(_STATES) if state in states)


_STATES = ("same", "rebuilt", "added", "removed")


def count_changes(diff: Diff) -> str:
    """`1 added, 2 upgraded`, or `none`."""
    return ", ".join(f"{count} {kind}" for kind, count in diff.counts.items()) or NONE


def count_moved(moved: Moved) -> str:
    """One row for many."""
    return f"{moved.count} component{'s' * (moved.count != 1)}, before in layer {moved.before}"


def title_of(cause: Cause | None) -> tuple[str, str]:
    """Return (which layer, the command that made it)."""
    if not cause:
        return "no layer", "the configuration, or what both images have in common"
    base = " (base)" if cause.origin == "base" else ""
    gone = " of the old image, gone" if cause.image == "old" else ""
    return f"layer {cause.layer.index}{base}{gone}", cause.layer.created_by


def name_of(component: Component) -> str:
    """Return the name with its group or scope; of a program that no package explains, its path."""
    if component.ref.startswith(BINARY):
        return escape_path(component.evidence[0].path)
    type_, namespace = (*product_of(component.ref).place, "")[:2]
    if not namespace or type_ in OS_PACKAGE_TYPES or component.name.startswith(namespace):
        return component.name
    return f"{namespace}{':' if type_ == 'maven' else '/'}{component.name}"


def version_of(component: Component | None) -> str:
    """Return the version; of a program that no package explains, the start of its digest."""
    if not component:
        return ""
    if component.ref.startswith(BINARY):
        return f"sha256:{component.ref.removeprefix(BINARY)[:12]}"
    return component.version or "no version"


def details(change: Change) -> Iterator[str]:
    """Yield what else differs than the version."""
    old, new = change.old, change.new
    if not (old and new):
        return
    if "moved" in change.kinds:
        yield f"before in layer {old.layer}"
    if "licence" in change.kinds:
        yield f"licence {_listed(old.licenses)} -> {_listed(new.licenses)}"
    if "usage" in change.kinds and old.use and new.use:
        yield f"{old.use.level} -> {new.use.level}"
    if "owner" in change.kinds:
        yield f"owner {_listed(old.owners)} -> {_listed(new.owners)}"
    if "changed" in change.kinds and old.version == new.version and not old.ref.startswith(BINARY):
        yield "other content" if old.ref == new.ref else f"{old.ref} -> {new.ref}"


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(texts) or NONE
