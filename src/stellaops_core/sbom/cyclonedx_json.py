"""CycloneDX 1.6 as JSON.

Comes in: an `Sbom`. Goes out: the bytes of one document. Equal `Sbom`s give equal bytes; every `bom-ref` that is named
exists; no fact of the view is lost except packages that an upper layer removed (the format `json` has those).
The mapping, field by field, is described in docs/reference/cyclonedx.md.

Source: CycloneDX 1.6 JSON schema (bom-1.6.schema.json); purl type definition `oci`.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

import msgspec

from stellaops_core.component import Component, Distribution, Evidence, Unknown
from stellaops_core.digest import sha256
from stellaops_core.sbom.cyclonedx_fields import (
    MAX_VERSION,
    cpe_fits,
    group_and_name,
    hash_fits,
    hashes_of,
    image_purl,
    licenses_of,
    references_of,
    url_fits,
)
from stellaops_core.sbom.graph import edges, roots
from stellaops_core.sbom.sbom import LayerOrigin, Sbom, Subject, Usage
from stellaops_core.sbom.steps import command_text, place_text, step_text
from stellaops_core.sbom.text import escape_path, valid

NAMESPACE = "5d4a9b0e-6b0f-5a53-9f0c-2f6f3a1c7e10"
"""UUID namespace of serial numbers."""
_NIL = "urn:uuid:00000000-0000-0000-0000-000000000000"
_CONFIDENCE = tuple(percent // 100 if percent % 100 == 0 else percent / 100 for percent in range(101))
Json = dict[str, Any]


def encode(sbom: Sbom) -> bytes:
    """Write the document: UTF-8, two spaces of indentation, a newline at the end."""
    data = _dump(document(sbom))
    return data.replace(_NIL.encode(), _serial(data).encode(), 1)


def document(sbom: Sbom) -> Json:
    """Make the document with the nil UUID as its serial number, members in the order they are written."""
    content: Json = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": _NIL,
        "version": 1,
        "metadata": _metadata(sbom),
        "components": [*_distribution(sbom.distribution), *_components(sbom)],
        "dependencies": _dependencies(sbom),
    }
    if sbom.unknowns:  # that nothing was met which can't be read is no claim that everything was found
        content["compositions"] = [{"aggregate": "incomplete", "assemblies": [_subject_ref(sbom.subject)]}]
    return content


def _dump(content: Json) -> bytes:
    try:
        data = msgspec.json.encode(content)
    except UnicodeEncodeError:  # a lone surrogate somewhere
        data = msgspec.json.encode(valid(content))
    return msgspec.json.format(data, indent=2) + b"\n"


def _serial(data: bytes) -> str:
    """UUIDv5 over the digest of the document as it is with the nil UUID (RFC 9562, 5.5)."""
    import uuid  # noqa: PLC0415  # msgspec has it loaded already

    return uuid.uuid5(uuid.UUID(NAMESPACE), sha256(data)).urn


def _property(name: str, value: str) -> Json:
    return {"name": name, "value": value}


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
        yield _property(prefix + "path", escape_path(program.path))
        yield _property(prefix + "command", command_text(program.arguments))
        yield _property(prefix + "level", program.level)
        yield _property(prefix + "terminal", str(program.terminal).lower())
        yield from (_property(prefix + "condition", condition) for condition in program.conditions)
        yield from (_property(prefix + "step", step_text(step)) for step in program.steps)
    for number, gap in enumerate(usage.gaps):
        prefix = f"stella:usage:gap:{number}:"
        yield _property(prefix + "place", place_text(gap.place, gap.line))
        yield _property(prefix + "reason", gap.reason)
        if gap.scope:
            yield _property(prefix + "scope", gap.scope)
    for level, count in usage.counts:
        yield _property("stella:usage:count:" + level, str(count))


def _tool(sbom: Sbom) -> Json:
    analyzers = sorted({evidence.analyzer for component in sbom.components for evidence in component.evidence})
    tool: Json = {"type": "application", "bom-ref": "stella", "name": "stella", "version": sbom.tool_version}
    if analyzers:
        tool["components"] = [{"type": "library", "bom-ref": _analyzer_ref(name), "name": name} for name in analyzers]
    return tool


def _analyzer_ref(name: str) -> str:
    return "stella:analyzer:" + name


def _unknown(number: int, unknown: Unknown) -> Iterator[Json]:
    prefix = f"stella:unknown:{number}:"
    yield _property(prefix + "path", escape_path(unknown.path))
    yield _property(prefix + "analyzer", unknown.analyzer)
    yield _property(prefix + "reason", unknown.reason)
    if unknown.layer >= 0:
        yield _property(prefix + "layer", str(unknown.layer))


# --- the image or the directory ---


def _subject_ref(subject: Subject) -> str:
    return subject.digest or subject.config_digest or subject.kind


def _subject(subject: Subject) -> Json:
    component: Json = {
        "type": "container" if subject.kind == "container" else "application",
        "bom-ref": _subject_ref(subject),
        "name": subject.name or subject.digest or subject.kind,
    }
    if subject.digest:
        component["version"] = subject.digest
        component["hashes"] = list(hashes_of([("SHA-256", subject.digest.removeprefix("sha256:"))]))
    if purl := image_purl(subject):
        component["purl"] = purl
    if properties := list(_image_facts(subject)):
        component["properties"] = properties
    return {key: value for key, value in component.items() if value != []}


def _image_facts(subject: Subject) -> Iterator[Json]:
    for name, value in (
        ("configDigest", subject.config_digest),
        ("created", subject.created),
        ("platform", subject.platform),
    ):
        if value:
            yield _property("stella:image:" + name, value)
    for tag in subject.tags:
        yield _property("stella:image:tag", tag)
    for key, value in subject.labels:
        yield _property("stella:image:label:" + key, value)
    for layer in subject.layers:
        yield from _layer(layer)


def _layer(layer: LayerOrigin) -> Iterator[Json]:
    facts = (("diffID", layer.diff_id), ("digest", layer.digest), ("createdBy", layer.created_by))
    for name, value in facts:
        if value:
            yield _property(f"stella:layer:{layer.index}:{name}", value)
    if layer.size >= 0:
        yield _property(f"stella:layer:{layer.index}:size", str(layer.size))


# --- components ---


def _distribution_ref(distribution: Distribution) -> str:
    return f"os:{distribution.id}@{distribution.version}" if distribution.version else f"os:{distribution.id}"


def _distribution(distribution: Distribution | None) -> Iterator[Json]:
    if not distribution:
        return
    component: Json = {
        "type": "operating-system",
        "bom-ref": _distribution_ref(distribution),
        "name": distribution.id,
        **_version(distribution.version),
    }
    if distribution.pretty_name or distribution.name:
        component["description"] = distribution.pretty_name or distribution.name
    facts = [
        ("name", distribution.name),
        ("codename", distribution.codename),
        ("variant", distribution.variant),
        *(("like", like) for like in distribution.like),
    ]
    if cpe_fits(distribution.cpe):
        component["cpe"] = distribution.cpe
    else:
        facts.append(("cpe", distribution.cpe))
    if url_fits(distribution.home_url):
        component["externalReferences"] = [{"type": "website", "url": distribution.home_url}]
    else:
        facts.append(("homeURL", distribution.home_url))
    if properties := [_property("stella:distribution:" + name, value) for name, value in facts if value]:
        component["properties"] = properties
    yield component


def _components(sbom: Sbom) -> Iterator[Json]:
    shared = _Shared(sbom.subject.layers)
    for component in sbom.components:
        yield _component(component, shared)


class _Shared:
    """What documents say of a layer, and of evidence that many components share (a database), worked out once."""

    def __init__(self, layers: Sequence[LayerOrigin]) -> None:
        self.context = {layer.index: f"layer {layer.index} {layer.diff_id}".rstrip() for layer in layers}
        self.facts = {
            layer.index: [
                _property("stella:layer:" + name, value)
                for name, value in (("index", str(layer.index)), ("diffID", layer.diff_id), ("digest", layer.digest))
                if value
            ]
            for layer in layers
        }
        self.evidence: dict[tuple[Evidence, ...], Json] = {}


def _component(component: Component, shared: _Shared) -> Json:
    group, name = group_and_name(component)
    out: Json = {"type": "library" if component.purl else "file", "bom-ref": component.ref}
    if component.supplier:
        out["supplier"] = {"name": component.supplier}
    if group:
        out["group"] = group
    out["name"] = name
    out.update(_version(component.version))
    if component.hashes and (hashes := list(hashes_of(component.hashes))):
        out["hashes"] = hashes
    if component.licenses and (licenses := licenses_of(component.licenses)):
        out["licenses"] = licenses
    if component.purl:
        out["purl"] = component.purl
    if component.urls and (references := list(references_of(component.urls))):
        out["externalReferences"] = references
    evidence = shared.evidence.get(component.evidence)
    if evidence is None:
        evidence = shared.evidence[component.evidence] = _evidence(component, shared)
    out["evidence"] = evidence
    if properties := _facts(component, shared):
        out["properties"] = properties
    return out


def _version(version: str) -> Json:
    return {"version": version} if 0 < len(version) <= MAX_VERSION else {}


def _evidence(component: Component, shared: _Shared) -> Json:
    evidence, field = component.evidence, "purl" if component.purl else "hash"
    ordered = sorted(evidence, key=attrgetter("analyzer")) if len(evidence) > 1 else evidence
    occurrences = {(one.path, one.layer): one for one in evidence}
    identity = [_identity(field, name, list(group)) for name, group in groupby(ordered, attrgetter("analyzer"))]
    return {
        # 1.6 admits one object beside the list, and readers made for 1.5 know nothing else
        "identity": identity if len(identity) > 1 else identity[0],
        "occurrences": [_occurrence(one, shared) for one in occurrences.values()],
    }


def _identity(field: str, analyzer: str, evidence: Sequence[Evidence]) -> Json:
    return {
        "field": field,
        "confidence": max(_confidence(one) for one in evidence),
        "methods": [
            {"technique": one.technique, "confidence": _confidence(one), "value": escape_path(one.path)}
            for one in evidence
        ],
        "tools": [_analyzer_ref(analyzer)],
    }


def _confidence(evidence: Evidence) -> float:
    return _CONFIDENCE[min(max(evidence.confidence, 0), 100)]


def _occurrence(evidence: Evidence, shared: _Shared) -> Json:
    out = {"location": escape_path(evidence.path)}
    context = [shared.context.get(evidence.layer, "")]
    context += [f"owner {owner}" for owner in evidence.owners]
    if text := " ".join(filter(None, context)):
        out["additionalContext"] = text
    return out


def _facts(component: Component, shared: _Shared) -> list[Json]:
    """Properties: the layer, the owners, the analyzers' facts, then whatever a field of its own could not take."""
    facts = [*shared.facts.get(component.layer, ())]
    facts += [_property("stella:owner", owner) for owner in component.owners]
    if use := component.use:
        facts.append(_property("stella:use", use.level))
        if use.path:
            facts.append(_property("stella:use:path", escape_path(use.path)))
        facts += [_property("stella:use:step", step_text(step)) for step in use.chain]
    facts += [_property(name, value) for name, value in component.properties]
    for algorithm, content in component.hashes:
        if not hash_fits(algorithm, content):
            facts.append(_property("stella:hash:" + algorithm, content))
    for kind, url in component.urls:
        if not url_fits(url):
            facts.append(_property("stella:url:" + kind, url))
    if len(component.version) > MAX_VERSION:
        facts.append(_property("stella:version", component.version))
    return facts


# --- dependencies ---


def _dependencies(sbom: Sbom) -> list[Json]:
    """List the graph: the image first, then each component whose dependencies are known.

    By the schema a component that is listed without `dependsOn` has none, and one that is not listed may have some. So
    components of a type in which nothing states dependencies are left out.
    """
    needs = edges(sbom.components)
    resolved = {component.type for component in sbom.components if component.depends}
    system = [_distribution_ref(sbom.distribution)] if sbom.distribution else []
    top = sorted({*system, *roots(needs)})
    graph = [_dependency(_subject_ref(sbom.subject), top)]
    graph += [_dependency(reference, []) for reference in system]
    return graph + [
        _dependency(component.ref, needs[component.ref]) for component in sbom.components if component.type in resolved
    ]


def _dependency(reference: str, needs: Sequence[str]) -> Json:
    return {"ref": reference, "dependsOn": needs} if needs else {"ref": reference}
