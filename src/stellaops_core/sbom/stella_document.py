"""The members of Stella's own document, as records from which both its reader and its JSON Schema are made.

Comes in: nothing. Goes out: typed records. Within version 1 members may be added, never removed or given another
meaning; readers ignore members they don't know.
"""

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from stellaops_core.component import Level, Technique
from stellaops_core.sbom.sbom import Fate, Way

SCHEMA = "https://stella-ops.org/schema/sbom/1"
"""Value of the member `schema`; the number is raised when a reader of the old one could be misled."""

PathText = Annotated[
    str,
    Meta(
        description="Path without a leading slash. %XX stands for one byte of a percent sign, of a control character, "
        "or of a sequence that is not UTF-8."
    ),
]
PurlText = Annotated[str, Meta(pattern="^pkg:", description="Canonical package URL.")]
LayerOrNone = Annotated[
    int, Meta(ge=-1, description="Index into subject.layers, base first; -1 where there are no layers.")
]
LayerIndex = Annotated[int, Meta(ge=0, description="Index into subject.layers, base first.")]
Analyzer = Annotated[str, Meta(description="Name of the analyzer that read it.")]


class Property(Struct, frozen=True):
    """A fact by name."""

    name: str
    value: str


class Hash(Struct, frozen=True):
    """A digest of the distributed package, as its record states it."""

    algorithm: Annotated[str, Meta(description="As CycloneDX names it, such as SHA-256.")]
    content: Annotated[str, Meta(description="Hexadecimal.")]


class Url(Struct, frozen=True):
    """Where more can be had."""

    type: Annotated[str, Meta(description="A CycloneDX external reference type, such as vcs.")]
    url: Annotated[str, Meta(description="As declared: not checked, never followed.")]


class EvidenceItem(Struct, frozen=True, omit_defaults=True):
    """Where one fact about a component was read."""

    path: PathText
    analyzer: Analyzer
    layer: LayerOrNone
    technique: Technique
    confidence: Annotated[int, Meta(ge=0, le=100, description="Percent.")]
    owners: Annotated[
        tuple[PurlText, ...], Meta(description="Operating system packages whose file lists hold this path.")
    ] = ()


class StepItem(Struct, frozen=True):
    """One step of a chain from the entry point."""

    place: Annotated[str, Meta(description="The file that says so (see paths), or ENTRYPOINT or CMD.")]
    line: Annotated[int, Meta(ge=0, description="From 1; 0 where the place has no lines.")]
    text: Annotated[str, Meta(description="What it says there.")]


class UseItem(Struct, frozen=True, omit_defaults=True):
    """Whether a component is in use."""

    level: Annotated[
        Level,
        Meta(
            description="used: loaded whenever its program runs; maybe: on a condition that is not known, or as data; "
            "undetermined: something that could not be followed may lead to it; not-reached: nothing leads to it."
        ),
    ]
    path: Annotated[str, Meta(description="The file of it that is reached, written as paths are.")] = ""
    chain: Annotated[
        tuple[StepItem, ...],
        Meta(description="From the entry point to that file; of what is undetermined, what could not be followed."),
    ] = ()


class ComponentItem(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One thing that is installed, however many places it was found in."""

    purl: Annotated[
        str, Meta(pattern="^(pkg:.*)?$", description="Canonical package URL; left out where it is no package.")
    ] = ""
    ref: Annotated[
        str,
        Meta(
            pattern="^(bin:[0-9a-f]{64})?$",
            description="Of a program that no package explains, in place of a purl: the SHA-256 of its file.",
        ),
    ] = ""
    type: Annotated[str, Meta(description="The purl's type, or `bin`.")]
    name: Annotated[str, Meta(description="As its ecosystem displays it; of a program, its file's name.")]
    version: Annotated[str, Meta(description="Empty where its record states none.")]
    layer: Annotated[int, Meta(ge=-1, description="The lowest layer that introduced it; -1 where there are no layers.")]
    evidence: Annotated[tuple[EvidenceItem, ...], Meta(min_length=1, description="Sorted by path.")]
    licenses: Annotated[
        tuple[str, ...], Meta(description="SPDX expressions where they have one meaning, else as declared.")
    ] = ()
    hashes: tuple[Hash, ...] = ()
    depends: Annotated[
        tuple[PurlText, ...], Meta(description="Installed components that this one declares to need.")
    ] = ()
    owners: Annotated[
        tuple[PurlText, ...],
        Meta(description="Operating system packages that own it; none as soon as one of its places is nobody's."),
    ] = ()
    supplier: str = ""
    urls: tuple[Url, ...] = ()
    properties: Annotated[tuple[Property, ...], Meta(description="Facts without a member of their own.")] = ()
    use: Annotated[UseItem | None, Meta(description="In the usage view.")] = None


class UnknownItem(Struct, frozen=True):
    """Something that should have been read and could not be."""

    path: PathText
    analyzer: Analyzer
    reason: Annotated[str, Meta(description="For people.")]
    layer: LayerOrNone


class RemovedItem(Struct, frozen=True, omit_defaults=True):
    """A package that a lower layer had and an upper one took away."""

    purl: PurlText
    path: PathText
    introduced: LayerIndex
    removed: LayerIndex
    fate: Annotated[
        Fate, Meta(description="removed where absent; changed: the successor is neither higher nor lower.")
    ] = "removed"
    how: Annotated[
        Way,
        Meta(
            description="replaced: the layer has its own content at `at`, such as a rewritten record; whiteout: it "
            "deletes `at`; opaque: it empties the directory `at`."
        ),
    ] = "unknown"
    at: Annotated[str, Meta(description="The path itself or a directory above it; left out for the root.")] = ""
    successor: Annotated[
        str, Meta(pattern="^(pkg:.*)?$", description="The version that the same layer put in its place.")
    ] = ""


class LayerItem(Struct, frozen=True, rename="camel"):
    """One layer of the image, base first."""

    index: LayerIndex
    digest: Annotated[str, Meta(description="Of the stored bytes; empty where the source knows none.")]
    diff_id: Annotated[str, Meta(description="Of the uncompressed tar.")]
    size: Annotated[int, Meta(ge=-1, description="Stored bytes; -1 where unknown.")]
    created_by: Annotated[str, Meta(description="The history line that made it.")]


class SubjectItem(Struct, frozen=True, rename="camel"):
    """What was scanned."""

    kind: Annotated[str, Meta(description="`container` or `directory`.", pattern="^(container|directory)$")]
    name: Annotated[str, Meta(description="May be empty.")]
    digest: Annotated[
        str, Meta(description="Of the manifest; of the configuration where there is none; empty for directories.")
    ]
    config_digest: str
    platform: Annotated[str, Meta(description="os/architecture[/variant].")]
    created: Annotated[str, Meta(description="RFC 3339; empty where the image states none.")]
    tags: tuple[str, ...]
    labels: tuple[Property, ...]
    layers: tuple[LayerItem, ...]


class DistributionItem(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """Which distribution the root file system holds; members as in os-release(5)."""

    id: str
    version: str = ""
    name: str = ""
    like: tuple[str, ...] = ()
    codename: str = ""
    pretty_name: str = ""
    cpe: str = ""
    home_url: str = ""
    variant: str = ""


class ProgramItem(Struct, frozen=True):
    """A program that the image's entry point runs, or may run."""

    path: Annotated[str, Meta(description="Of the file that is executed; of a script, its interpreter. See paths.")]
    arguments: Annotated[
        tuple[str | None, ...], Meta(description="The first being how it was called; null where one is not known.")
    ]
    level: Annotated[str, Meta(pattern="^(used|maybe)$", description="maybe: on a condition that is not known.")]
    terminal: Annotated[
        bool, Meta(description="Whether the container's own process becomes it; else a script runs it and waits.")
    ]
    conditions: Annotated[tuple[str, ...], Meta(description="As the scripts write them.")]
    steps: Annotated[tuple[StepItem, ...], Meta(description="The chain from the image's configuration to here.")]


class GapItem(Struct, frozen=True):
    """Something about what runs that could not be followed."""

    place: Annotated[str, Meta(description="The file that says so (see paths), or ENTRYPOINT or CMD.")]
    line: Annotated[int, Meta(ge=0, description="From 1; 0 where the place has no lines.")]
    reason: Annotated[str, Meta(description="For people.")]
    scope: Annotated[str, Meta(description="Type of the components that it may lead to; empty: any.")]


class UsageItem(Struct, frozen=True):
    """What runs."""

    programs: Annotated[
        tuple[ProgramItem, ...], Meta(description="In the order in which the entry point leads to them.")
    ]
    gaps: Annotated[tuple[GapItem, ...], Meta(description="Sorted.")]
    counts: Annotated[dict[str, int], Meta(description="Components of each level, those not listed here included.")]


class Tool(Struct, frozen=True):
    """What wrote the document."""

    name: str
    version: str


class Document(Struct, frozen=True, kw_only=True):
    """A bill of materials with everything that is known about one subject."""

    schema: Annotated[str, Meta(pattern=f"^{SCHEMA}$", description="Identifies this schema and its major version.")]
    tool: Tool
    timestamp: Annotated[
        str,
        Meta(
            pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",
            description="UTC, whole seconds: SOURCE_DATE_EPOCH, else when the image was created, else 1970.",
        ),
    ]
    subject: SubjectItem
    distribution: Annotated[DistributionItem | None, Meta(description="null where none was recognised.")]
    components: Annotated[tuple[ComponentItem, ...], Meta(description="Sorted by purl, each once.")]
    unknowns: Annotated[tuple[UnknownItem, ...], Meta(description="Sorted. Empty: everything that should be read was.")]
    removed: Annotated[tuple[RemovedItem, ...], Meta(description="Sorted.")]
    usage: Annotated[UsageItem | UnsetType, Meta(description="In the usage view: what runs.")] = UNSET


def json_schema() -> dict[str, Any]:
    """Make the published JSON Schema (draft 2020-12)."""
    from msgspec.json import schema  # noqa: PLC0415  # only documentation needs it

    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA,
        "title": "Stella SBOM, version 1",
        **schema(Document),
    }
