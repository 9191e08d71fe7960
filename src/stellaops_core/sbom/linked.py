"""Composition by reference: image documents that refer to the documents of their layers.

Comes in: the `Sbom` of an image, documents of its layers (`scan.layer_documents` makes their `Sbom`s). Goes out: the
document of a layer; a document of the image in which components are stubs with a BOM-Link to a layer's document; and
from these, the `Sbom` again. The rule: a stub leaves out only what the layer's document says the same, so `resolve`
gives what the inline document would give.

Source: CycloneDX 1.6, BOM-Link; docs/reference/linked-documents.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from stellaops_core.component import Component, Evidence
from stellaops_core.digest import sha256
from stellaops_core.errors import TargetError
from stellaops_core.sbom import cyclonedx_json
from stellaops_core.sbom.cyclonedx_properties import EXACT, exact, make_property
from stellaops_core.sbom.cyclonedx_reader import (
    decode,
    finish,
    is_ours,
    objects,
    properties,
    read_facts,
    read_json,
    text,
)
from stellaops_core.sbom.links import BomLink, parse_bom_link
from stellaops_core.sbom.sbom import LayerOrigin, Sbom

SHARED = ("evidence", "licenses", "hashes", "supplier", "urls", "properties")
"""What a stub leaves to the layer's document."""
EDITION = "stella:layer:edition"
"""Property of a layer's document: of what, besides the layer's bytes, it is a function."""
_REPEATED = frozenset({"stella:layer:diffID", "stella:layer:digest"})
"""Properties of components that a stub leaves to the list of layers."""
Json = dict[str, Any]


class LayerDocument(Struct, frozen=True):
    """A layer's document, read."""

    serial: str
    digest: str
    """Of the document's bytes."""
    sbom: Sbom


# --- writing ---


def encode_layer(sbom: Sbom, edition: str) -> bytes:
    """Write the CycloneDX JSON of a layer."""
    content = cyclonedx_json.document(sbom, "1.6")
    facts = content["metadata"].setdefault("properties", [])
    facts.insert(0, make_property(EDITION, edition))
    return cyclonedx_json.write(content)


class _Metadata(Struct, frozen=True):
    properties: tuple[dict[str, str], ...] = ()


class _Head(Struct, frozen=True):
    metadata: _Metadata = _Metadata()


def edition_of(data: bytes) -> str:
    """Return the edition that a layer's document says to be; empty where it doesn't say."""
    try:
        head = msgspec.json.decode(data, type=_Head)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return ""
    return next((one.get("value", "") for one in head.metadata.properties if one.get("name") == EDITION), "")


def read_layer_document(data: bytes) -> LayerDocument:
    """Read a layer's document. Raises `TargetError`."""
    return LayerDocument(text(read_json(data), "serialNumber"), sha256(data), decode(data))


def first_places(documents: Mapping[int, bytes]) -> dict[int, bytes]:
    """Leave out documents that a lower layer, being the same one, has already; the index is the lowest."""
    first: dict[bytes, int] = {}
    for index, data in sorted(documents.items()):
        first.setdefault(data, index)
    return {index: data for data, index in first.items()}


def comment_of(index: int, layers: Sequence[LayerOrigin]) -> str:
    """Tell people which layer a document is about."""
    return f"layer {index} {layers[index].diff_id}".rstrip()


class Stripped(Struct, frozen=True):
    """An image's bill of materials without what the layers' documents say the same."""

    sbom: Sbom
    lacking: dict[str, list[str]]
    """`ref`s of the components to be linked, and what the layer's document states and the image does not."""


def strip(sbom: Sbom, layers: Mapping[int, LayerDocument]) -> Stripped:
    """Leave out what the layers' documents say the same."""
    known = {
        index: {component.ref: component for component in layer.sbom.components} for index, layer in layers.items()
    }
    components, lacking = [], dict[str, list[str]]()
    for component in sbom.components:
        there = known.get(component.layer, {}).get(component.ref)
        if there and (component.supplier or not there.supplier):  # that there is none can't be stated
            lacking[component.ref] = _lacking(component, there)
            components.append(_stub(component, there))
        else:
            components.append(component)
    return Stripped(replace(sbom, components=tuple(components)), lacking)


def _lacking(component: Component, there: Component) -> list[str]:
    return [name for name in SHARED if not getattr(component, name) and getattr(there, name)]


def _stub(component: Component, there: Component) -> Component:
    left_out: Json = {}
    for name in SHARED:
        theirs = getattr(there, name)
        if name == "evidence":
            theirs = _rebased(theirs, component.layer)
        if getattr(component, name) == theirs:
            left_out[name] = "" if name == "supplier" else ()
    return replace(component, **left_out)


def _rebased(evidence: Iterable[Evidence], index: int) -> tuple[Evidence, ...]:
    return tuple(sorted(replace(one, layer=index) for one in evidence))


def encode_linked(sbom: Sbom, layer_documents: Mapping[int, bytes], version: str = "1.6") -> bytes:
    """Write the image's CycloneDX JSON with links to the documents of its layers, which are given by index."""
    layers = {index: read_layer_document(data) for index, data in first_places(layer_documents).items()}
    stripped = strip(sbom, layers)
    content = cyclonedx_json.document(stripped.sbom, version)
    serials = {one.ref: layers[one.layer].serial for one in stripped.sbom.components if one.ref in stripped.lacking}
    for component in content["components"]:
        if serial := serials.get(component["bom-ref"]):
            _link(component, serial, stripped.lacking[component["bom-ref"]])
    content["externalReferences"] = [
        {
            "type": "bom",
            "url": str(BomLink(layer.serial)),
            "comment": comment_of(index, sbom.subject.layers),
            "hashes": [{"alg": "SHA-256", "content": layer.digest.partition(":")[2]}],
        }
        for index, layer in layers.items()
    ]
    return cyclonedx_json.write(content)


def _link(component: Json, serial: str, lacking: Iterable[str]) -> None:
    link = {"type": "bom", "url": str(BomLink(serial, ref=component["bom-ref"]))}
    component["externalReferences"] = [*component.get("externalReferences", ()), link]
    facts = [one for one in component.get("properties", ()) if one["name"] not in _REPEATED]
    facts += [exact(name, ()) for name in lacking]
    component["properties"] = facts
    if not facts:
        del component["properties"]


# --- reading ---


def named(data: bytes) -> list[str]:
    """Return digests of the layers' documents that components of one of our documents link to, each once."""
    content = read_json(data)
    if not is_ours(content):
        return []
    wanted = {str(replace(link, ref="")) for one in objects(content, "components") if (link := _link_of(one))}
    return list(dict.fromkeys(digest for digest, url in _digests(content).items() if url in wanted))


def resolve(data: bytes, documents: Iterable[bytes]) -> Sbom:
    """Read an image's linked document with the layers' documents that it names, in any order.

    Raises `TargetError` where one is missing, or is not the one that was linked.
    """
    content = read_json(data)
    facts, known = read_facts(content), _verified(content, documents)
    stubs = {text(one, "bom-ref"): one for one in objects(content, "components") if _link_of(one)}
    for item in facts["components"]:
        stub = stubs.pop(item.get("purl") or item.get("ref"), None)  # once: a bounded document stays one
        if stub and (link := _link_of(stub)):
            stated = {name.removeprefix(EXACT) for name, _ in properties(stub)}
            for name in SHARED:
                if not item[name] and name not in stated:
                    del item[name]
            fill(item, _find(link, known))
    return finish(facts)


def _digests(content: Json) -> dict[str, str]:
    """Map digests of documents to their BOM-Links."""
    return {
        "sha256:" + text(one, "content"): text(reference, "url")
        for reference in objects(content, "externalReferences")
        if reference.get("type") == "bom"
        for one in objects(reference, "hashes")
        if one.get("alg") == "SHA-256"
    }


def _verified(content: Json, documents: Iterable[bytes]) -> dict[str, dict[str, Json]]:
    """Map BOM-Link to components by `ref`, of the documents that this one names by their digests."""
    urls, known = _digests(content), {}
    for data in documents:
        if url := urls.get(sha256(data)):
            facts = read_facts(read_json(data))
            finish(facts)  # for its checks
            known[url] = {item.get("purl") or item.get("ref"): item for item in facts["components"]}
    return known


def _link_of(component: Json) -> BomLink | None:
    for reference in objects(component, "externalReferences"):
        if reference.get("type") == "bom":
            try:
                return parse_bom_link(text(reference, "url"))
            except ValueError:
                continue
    return None


def _find(link: BomLink, known: dict[str, dict[str, Json]]) -> Json:
    document = known.get(str(replace(link, ref="")))
    if document is None:
        raise TargetError("a linked document is missing, or is not the one that was linked", hint=str(link)[:200])
    if link.ref not in document:
        raise TargetError("a linked document does not hold what was linked", hint=str(link)[:200])
    return document.pop(link.ref)


def fill(item: Json, there: Json) -> None:
    """Take from a component of a layer's document the members that the image's leaves to it."""
    for name in SHARED:
        if name not in item and name in there:
            item[name] = there[name]
            if name == "evidence":
                item[name] = [one | {"layer": item.get("layer")} for one in there[name]]
