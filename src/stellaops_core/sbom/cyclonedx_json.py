"""CycloneDX as JSON, and the document from which its other serialisations are made.

Comes in: an `Sbom`. Goes out: the bytes of one document. Equal `Sbom`s give equal bytes; every `bom-ref` that is named
exists; no fact of the view is lost except packages that an upper layer removed (the format `json` has those), and
`cyclonedx_reader` gives the same `Sbom` back. The mapping, field by field, is described in docs/reference/cyclonedx.md.

Source: CycloneDX JSON schemas (bom-1.6.schema.json, bom-1.7.schema.json); purl type definition `oci`.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import msgspec

from stellaops_core.component import Distribution, Unknown
from stellaops_core.digest import sha256
from stellaops_core.sbom.cyclonedx_components import Writer, analyzer_ref, find_twins, version_of
from stellaops_core.sbom.cyclonedx_fields import MAX_VERSION, cpe_fits, hashes_of, image_purl, url_fits
from stellaops_core.sbom.cyclonedx_properties import command_property, make_property, place_property, step_property
from stellaops_core.sbom.graph import edges, roots, split_own
from stellaops_core.sbom.sbom import LayerOrigin, Sbom, Subject, Usage
from stellaops_core.sbom.text import escape_path, valid

NAMESPACE = "5d4a9b0e-6b0f-5a53-9f0c-2f6f3a1c7e10"
"""UUID namespace of serial numbers."""
NIL = "urn:uuid:00000000-0000-0000-0000-000000000000"
"""What stands in place of the serial number while that is worked out."""
Json = dict[str, Any]


def encode(sbom: Sbom, version: str = "1.6") -> bytes:
    """Write the document: UTF-8, two spaces of indentation, a newline at the end."""
    return write(document(sbom, version))


def document(sbom: Sbom, version: str = "1.6") -> Json:
    """Make the document with the nil UUID as its serial number, members in the order they are written.

    `version`: of the specification, `1.6` or `1.7`.
    """
    content = outline(sbom, version)
    content["components"] = list(content["components"])
    return content


def outline(sbom: Sbom, version: str = "1.6") -> Json:
    """Make the same document, but for `components`: an iterator, so that each can be gone before the next is made."""
    needs = edges(sbom.components)
    writer = Writer(sbom.subject.layers, needs, version, find_twins(sbom.components))
    content: Json = {
        "$schema": f"http://cyclonedx.org/schema/bom-{version}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": version,
        "serialNumber": NIL,
        "version": 1,
        "metadata": _metadata(sbom),
        "components": chain(_distribution(sbom.distribution), map(writer.write, sbom.components)),
        "dependencies": _dependencies(sbom, needs),
    }
    if sbom.unknowns:  # that nothing was met which can't be read is no claim that everything was found
        content["compositions"] = [{"aggregate": "incomplete", "assemblies": [subject_ref(sbom.subject)]}]
    return content


def write(content: Json) -> bytes:
    """Write a document as JSON, its serial number worked out."""
    try:
        data = msgspec.json.encode(content)
    except UnicodeEncodeError:  # a lone surrogate somewhere
        data = msgspec.json.encode(valid(content))
    return numbered(msgspec.json.format(data, indent=2) + b"\n")


def numbered(data: bytes) -> bytes:
    """Put the serial number into a document that has the nil UUID in its place, before any other text.

    It is the UUIDv5 over the digest of the document as it comes in (RFC 9562, 5.5).
    """
    import uuid  # noqa: PLC0415  # msgspec has it loaded already

    serial = uuid.uuid5(uuid.UUID(NAMESPACE), sha256(data)).urn
    return data.replace(NIL.encode(), serial.encode(), 1)


def _metadata(sbom: Sbom) -> Json:
    metadata: Json = {
        "timestamp": sbom.timestamp,
        "tools": {"components": [_tool(sbom)]},
        "component": _subject(sbom.subject),
    }
    facts = [fact for number, unknown in enumerate(sbom.unknowns) for fact in _unknown(number, unknown)]
    if sbom.usage:
        facts += _usage(sbom.usage)
    if facts:
        metadata["properties"] = facts
    return metadata


def _usage(usage: Usage) -> Iterator[Json]:
    for number, program in enumerate(usage.programs):
        prefix = f"stella:usage:program:{number}:"
        yield make_property(prefix + "path", escape_path(program.path))
        yield make_property(prefix + "command", command_property(program.arguments))
        yield make_property(prefix + "level", program.level)
        yield make_property(prefix + "terminal", str(program.terminal).lower())
        yield from (make_property(prefix + "condition", condition) for condition in program.conditions)
        yield from (make_property(prefix + "step", step_property(step)) for step in program.steps)
    for number, gap in enumerate(usage.gaps):
        prefix = f"stella:usage:gap:{number}:"
        yield make_property(prefix + "place", place_property(gap.place, gap.line))
        yield make_property(prefix + "reason", gap.reason)
        if gap.scope:
            yield make_property(prefix + "scope", gap.scope)
    for level, count in usage.counts:
        yield make_property("stella:usage:count:" + level, str(count))


def _tool(sbom: Sbom) -> Json:
    analyzers = sorted({evidence.analyzer for component in sbom.components for evidence in component.evidence})
    tool: Json = {"type": "application", "bom-ref": "stella", "name": "stella", "version": sbom.tool_version}
    if analyzers:
        tool["components"] = [{"type": "library", "bom-ref": analyzer_ref(name), "name": name} for name in analyzers]
    return tool


def _unknown(number: int, unknown: Unknown) -> Iterator[Json]:
    prefix = f"stella:unknown:{number}:"
    yield make_property(prefix + "path", escape_path(unknown.path))
    yield make_property(prefix + "analyzer", unknown.analyzer)
    yield make_property(prefix + "reason", unknown.reason)
    if unknown.layer >= 0:
        yield make_property(prefix + "layer", str(unknown.layer))


# --- the image or the directory ---


def subject_ref(subject: Subject) -> str:
    """The `bom-ref` of what was scanned."""
    return subject.digest or subject.config_digest or subject.kind


def _subject(subject: Subject) -> Json:
    component: Json = {
        "type": "container" if subject.kind == "container" else "application",
        "bom-ref": subject_ref(subject),
        "name": subject.name or subject.digest or subject.kind,
    }
    if subject.digest:
        component["version"] = subject.digest
        component["hashes"] = hashes_of([("SHA-256", subject.digest.removeprefix("sha256:"))])
    if purl := image_purl(subject):
        component["purl"] = purl
    if properties := list(_subject_facts(subject)):
        component["properties"] = properties
    return {key: value for key, value in component.items() if value != []}


def _subject_facts(subject: Subject) -> Iterator[Json]:
    unnamed = subject.digest or subject.kind
    for name, value in (
        ("name", subject.name if subject.name == unnamed else ""),
        ("configDigest", subject.config_digest),
        ("created", subject.created),
        ("platform", subject.platform),
    ):
        if value:
            yield make_property("stella:image:" + name, value)
    for tag in subject.tags:
        yield make_property("stella:image:tag", tag)
    for key, value in subject.labels:
        yield make_property("stella:image:label:" + key, value)
    for layer in subject.layers:
        yield from _layer(layer)


def _layer(layer: LayerOrigin) -> Iterator[Json]:
    facts = (("diffID", layer.diff_id), ("digest", layer.digest), ("createdBy", layer.created_by))
    for name, value in facts:
        if value or name == "diffID":
            yield make_property(f"stella:layer:{layer.index}:{name}", value)
    if layer.size >= 0:
        yield make_property(f"stella:layer:{layer.index}:size", str(layer.size))


# --- the distribution ---


def _distribution_ref(distribution: Distribution) -> str:
    return f"os:{distribution.id}@{distribution.version}" if distribution.version else f"os:{distribution.id}"


def _distribution(distribution: Distribution | None) -> Iterator[Json]:
    if not distribution:
        return
    component: Json = {
        "type": "operating-system",
        "bom-ref": _distribution_ref(distribution),
        "name": distribution.id,
        **version_of(distribution.version),
    }
    if distribution.pretty_name:
        component["description"] = distribution.pretty_name
    facts = [
        ("name", distribution.name),
        ("codename", distribution.codename),
        ("variant", distribution.variant),
        ("version", distribution.version if len(distribution.version) > MAX_VERSION else ""),
    ]
    if cpe_fits(distribution.cpe):
        component["cpe"] = distribution.cpe
    else:
        facts.append(("cpe", distribution.cpe))
    if url_fits(distribution.home_url):
        component["externalReferences"] = [{"type": "website", "url": distribution.home_url}]
    else:
        facts.append(("homeURL", distribution.home_url))
    properties = [make_property("stella:distribution:" + name, value) for name, value in facts if value]
    properties += [make_property("stella:distribution:like", like) for like in distribution.like]
    if properties:
        component["properties"] = properties
    yield component


# --- dependencies ---


def _dependencies(sbom: Sbom, needs: dict[str, list[str]]) -> list[Json]:
    """List the graph: the image first, then the distribution, then each component whose dependencies are known.

    By the schema a component that is listed without `dependsOn` has none, and one that is not listed may have some. So
    components of a type in which nothing states dependencies are left out. The distribution depends on those of its own
    packages that no other needs.
    """
    resolved = {component.type for component in sbom.components if component.depends}
    top, graph = roots(needs), list[Json]()
    if distribution := sbom.distribution:
        system = _distribution_ref(distribution)
        own, others = split_own(top, distribution)
        graph.append(_dependency(system, sorted(own)))
        top = [system, *others]
    graph.insert(0, _dependency(subject_ref(sbom.subject), sorted(top)))
    return graph + [
        _dependency(component.ref, needs[component.ref]) for component in sbom.components if component.type in resolved
    ]


def _dependency(reference: str, needs: Sequence[str]) -> Json:
    return {"ref": reference, "dependsOn": needs} if needs else {"ref": reference}
