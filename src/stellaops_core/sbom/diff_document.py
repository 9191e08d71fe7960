"""The members of a diff's JSON document, as records from which its writer and its JSON Schema are made.

Comes in: nothing. Goes out: typed records. Within version 1 members may be added, never removed or given another
meaning; readers ignore members they don't know.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct

from stellaops_core.component import Level
from stellaops_core.sbom.diff import Kind
from stellaops_core.sbom.diff_layers import State, Which
from stellaops_core.sbom.stella_document import LayerItem, LayerOrNone, PathText, Tool

SCHEMA = "https://stella-ops.org/schema/diff/1"
"""Value of the member `schema`; the number is raised when a reader of the old one could be misled."""


class ImageItem(Struct, frozen=True, rename="camel"):
    """One of the two images."""

    name: Annotated[str, Meta(description="May be empty.")]
    digest: Annotated[str, Meta(description="Of the manifest; empty for directories.")]
    platform: Annotated[str, Meta(description="os/architecture[/variant].")]
    unknowns: Annotated[int, Meta(ge=0, description="Things that could not be read, and may hide differences.")]


class FactItem(Struct, frozen=True):
    """Something about the images themselves that differs."""

    name: Annotated[
        str, Meta(description="`platform`, `distribution`, `configuration`, `programs`, or `label` and its name.")
    ]
    old: str
    new: str


class LayerPairItem(Struct, frozen=True):
    """A layer as it is in both images, or in one."""

    state: Annotated[
        State, Meta(description="same: equal diffIDs; rebuilt: equal commands; added, removed: in one image only.")
    ]
    old: LayerItem | None
    new: LayerItem | None


class SideItem(Struct, frozen=True, omit_defaults=True):
    """A component as one of the images has it."""

    ref: Annotated[str, Meta(description="Package URL; of a program that no package explains, bin: and its SHA-256.")]
    version: Annotated[str, Meta(description="Empty where its record states none.")]
    path: PathText
    layer: LayerOrNone
    licenses: Annotated[tuple[str, ...], Meta(description="SPDX expressions, or as declared.")] = ()
    owners: Annotated[tuple[str, ...], Meta(description="Operating system packages that own it.")] = ()
    use: Annotated[Level | None, Meta(description="In the usage view.")] = None


class CauseItem(Struct, frozen=True, rename="camel"):
    """The layer that a change comes from."""

    image: Annotated[
        Which, Meta(description="new: this layer makes the change; old: it made what was there before, and is gone.")
    ]
    layer: Annotated[int, Meta(ge=0, description="Index among that image's layers, base first.")]
    diff_id: Annotated[str, Meta(description="Of the uncompressed tar.")]
    created_by: Annotated[str, Meta(description="The history line that made it.")]
    base: Annotated[bool, Meta(description="Whether it is taken for one of the base image's.")]


class ChangeItem(Struct, frozen=True):
    """One component that differs."""

    kinds: Annotated[
        tuple[Kind, ...],
        Meta(
            min_length=1,
            description="changed: another version where no order is defined, or another content under the same name; "
            "moved: the same, but another layer brings it; usage: the level of its use differs.",
        ),
    ]
    type: Annotated[str, Meta(description="The purl's type, or `bin`.")]
    name: Annotated[str, Meta(description="As its ecosystem displays it; of a program, its file's name.")]
    old: Annotated[SideItem | None, Meta(description="null where it was added.")]
    new: Annotated[SideItem | None, Meta(description="null where it was removed.")]
    cause: Annotated[CauseItem | None, Meta(description="null where no layer is to blame.")]


class Document(Struct, frozen=True, kw_only=True, rename="camel"):
    """All that differs between two bills of materials."""

    schema: Annotated[str, Meta(pattern=f"^{SCHEMA}$", description="Identifies this schema and its major version.")]
    tool: Tool
    old: ImageItem
    new: ImageItem
    counts: Annotated[dict[str, int], Meta(description="Changes of each kind; one change may count for several.")]
    facts: Annotated[tuple[FactItem, ...], Meta(description="Sorted by name.")]
    layers: Annotated[
        tuple[LayerPairItem, ...],
        Meta(description="The new image's from the base up, then those only the old one has."),
    ]
    shared_layers: Annotated[int, Meta(ge=0, description="Layers in common, counted from the base.")]
    base_changed: Annotated[bool, Meta(description="Whether not even the lowest layer is the same.")]
    changes: Annotated[tuple[ChangeItem, ...], Meta(description="Sorted by type and name.")]


def json_schema() -> dict[str, Any]:
    """Make the published JSON Schema (draft 2020-12)."""
    from msgspec.json import schema  # noqa: PLC0415  # only documentation needs it

    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA,
        "title": "Stella diff, version 1",
        **schema(Document),
    }
