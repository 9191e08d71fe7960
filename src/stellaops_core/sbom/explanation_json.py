"""Explanations as JSON: Stella's own document with the member `explanation`.

Comes in: an `Explanation`. Goes out: bytes. The rule: without that member the document is what `-o json` of a scan has,
with the components that were asked about; all readers of such documents read it.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct, to_builtins
from msgspec.structs import replace

from stellaops_core.sbom.explanation import Event, Explanation, Find, Kind, Outcome, PathStory
from stellaops_core.sbom.sbom import Hiding, Way
from stellaops_core.sbom.stella_document import LayerOrNone, PathText, RemovedItem, UseItem
from stellaops_core.sbom.stella_json import encode_with, removed_item, use_item
from stellaops_core.sbom.text import escape_path

SCHEMA = "https://stella-ops.org/schema/explanation/1"


class HidingItem(Struct, frozen=True):
    """How a layer hid something."""

    how: Way
    at: Annotated[PathText, Meta(description="The path itself or a directory above it; empty for the root.")]


class EventItem(Struct, frozen=True, omit_defaults=True):
    """What one layer did at the path."""

    layer: LayerOrNone
    kind: Annotated[Kind, Meta(description="What the layer itself has there.")]
    target: Annotated[str, Meta(description="Of a symbolic link; escaped as paths are.")] = ""
    hiding: HidingItem | None = None


class FindItem(Struct, frozen=True, omit_defaults=True):
    """What an analyzer found in the file of one layer, and what became of it."""

    layer: LayerOrNone
    analyzer: str
    what: Annotated[str, Meta(description="For people.")]
    outcome: Outcome
    refs: Annotated[
        tuple[str, ...], Meta(description="The component that it is; of what yielded, those that say what it is.")
    ] = ()
    reason: Annotated[str, Meta(description="Why the file was refused; for people.")] = ""
    later: Annotated[int, Meta(description="The layer that hid it; -1 for none.")] = -1
    hiding: HidingItem | None = None


class PathItem(Struct, frozen=True):
    """A path."""

    path: Annotated[PathText, Meta(description="Links of directories followed, its own not.")]
    kind: Annotated[Kind, Meta(description="In the finished image.")]
    target: Annotated[str, Meta(description="Of a symbolic link; escaped as paths are.")]
    real: Annotated[PathText, Meta(description="Where links lead; empty for nowhere.")]
    events: Annotated[tuple[EventItem, ...], Meta(description="By layer.")]
    finds: Annotated[tuple[FindItem, ...], Meta(description="By layer.")]
    readers: Annotated[tuple[str, ...], Meta(description="Analyzers that read files of this name. Sorted.")]
    owners: Annotated[tuple[str, ...], Meta(description="Operating system packages that list it.")]
    holders: Annotated[tuple[str, ...], Meta(description="Components it belongs to or is evidence of. Sorted.")]
    use: UseItem | None


class RejectedItem(Struct, frozen=True):
    """A find that is no component, for others say what it is."""

    path: PathText
    analyzer: str
    ref: str
    name: str
    others: tuple[str, ...]


class ExplanationItem(Struct, frozen=True):
    """What was asked about, beyond its components."""

    path: PathItem | None
    hidden: Annotated[tuple[RemovedItem, ...], Meta(description="As `removed`, with what is there all the same.")]
    rejected: tuple[RejectedItem, ...]


def encode(explanation: Explanation) -> bytes:
    """Write the document: UTF-8, two spaces of indentation, a newline at the end."""
    item = ExplanationItem(
        path=_path_item(explanation.path) if explanation.path else None,
        hidden=tuple(removed_item(one) for one in explanation.hidden),
        rejected=tuple(
            RejectedItem(escape_path(one.path), one.analyzer, one.ref, one.name, one.others)
            for one in explanation.rejected
        ),
    )
    sbom = replace(explanation.sbom, components=explanation.components)
    return encode_with(sbom, {"explanation": to_builtins(item)})


def json_schema() -> dict[str, Any]:
    """Make the published JSON Schema of the member `explanation` (draft 2020-12)."""
    from msgspec.json import schema  # noqa: PLC0415  # only documentation needs it

    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA,
        "title": "Explanation, version 1",
        **schema(ExplanationItem),
    }


def _path_item(story: PathStory) -> PathItem:
    return PathItem(
        path=escape_path(story.path),
        kind=story.kind,
        target=escape_path(story.target),
        real=escape_path(story.real),
        events=tuple(_event_item(one) for one in story.events),
        finds=tuple(_find_item(one) for one in story.finds),
        readers=story.readers,
        owners=story.owners,
        holders=story.holders,
        use=use_item(story.use) if story.use else None,
    )


def _event_item(event: Event) -> EventItem:
    return EventItem(event.layer, event.kind, escape_path(event.target), _hiding_item(event.hiding))


def _find_item(find: Find) -> FindItem:
    return FindItem(
        find.layer,
        find.analyzer,
        find.what,
        find.outcome,
        find.refs,
        find.reason,
        find.later,
        _hiding_item(find.hiding),
    )


def _hiding_item(hiding: Hiding | None) -> HidingItem | None:
    return HidingItem(hiding.how, escape_path(hiding.at)) if hiding else None
