"""Composition by reference: one document for each layer, and image documents that refer to them.

Comes in: the `Sbom` of an image, documents of its layers. Goes out: the documents of single layers; a document of the
image in which components are stubs with a BOM-Link to the layer's document; and from these, the `Sbom` again. The rule:
a stub leaves out only what the layer's document says the same, so `resolve` gives what the inline document would give.

Source: CycloneDX 1.6, BOM-Link; docs/reference/linked-documents.md.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from stellaops_core.component import Component, Evidence
from stellaops_core.digest import sha256
from stellaops_core.errors import TargetError
from stellaops_core.sbom import cyclonedx_json, cyclonedx_protobuf
from stellaops_core.sbom.cyclonedx_reader import decode, finish, objects, read_facts, read_json, text
from stellaops_core.sbom.links import BomLink, parse_bom_link
from stellaops_core.sbom.sbom import LayerOrigin, Sbom, Subject, in_use

TIMESTAMP = "1970-01-01T00:00:00Z"
"""Of layers' documents: a layer has no time of its own, and its document must be the same for every image."""
SHARED = ("evidence", "licenses", "hashes", "supplier", "urls", "properties")
"""What a stub leaves to the layer's document."""
COMPRESSION = 3
"""Level of stored documents."""
Json = dict[str, Any]


class LayerDocument(Struct, frozen=True):
    """A layer's document, read."""

    serial: str
    digest: str
    """Of the document's bytes."""
    sbom: Sbom


# --- writing ---


def layer_sbom(sbom: Sbom, index: int) -> Sbom:
    """Return what the layer of that index introduced and is still there, as the bill of materials of that layer alone.

    It holds nothing of the image: no name, no history, no time, and of owners and dependencies those that came with the
    same layer. Raises `IndexError` for a layer that is not there.
    """
    layer = sbom.subject.layers[index]
    mine = {component.ref for component in sbom.components if component.layer == index}
    name = layer.diff_id or layer.digest
    return Sbom(
        subject=Subject("container", "", name, "", "", "", (), (), (LayerOrigin(0, "", layer.diff_id, -1, ""),)),
        distribution=None,
        components=tuple(_of_layer(component, index, mine) for component in sbom.components if component.ref in mine),
        unknowns=tuple(sorted(replace(one, layer=0) for one in sbom.unknowns if one.layer == index)),
        removed=(),
        tool_version=sbom.tool_version,
        timestamp=TIMESTAMP,
    )


def _of_layer(component: Component, index: int, mine: set[str]) -> Component:
    evidence = [one for one in component.evidence if one.layer == index] or component.evidence
    return replace(
        component,
        evidence=tuple(
            sorted(replace(one, layer=0, owners=tuple(o for o in one.owners if o in mine)) for one in evidence)
        ),
        layer=0,
        depends=tuple(need for need in component.depends if need in mine),
        owners=tuple(owner for owner in component.owners if owner in mine),
        use=None,
    )


def read_layer_document(data: bytes) -> LayerDocument:
    """Read a layer's document. Raises `TargetError`."""
    return LayerDocument(text(read_json(data), "serialNumber"), sha256(data), decode(data))


def strip(sbom: Sbom, layers: Mapping[int, LayerDocument], shared: tuple[str, ...] = SHARED) -> tuple[Sbom, set[str]]:
    """Leave out what the layers' documents say the same; return the rest, and the `ref`s of components to be linked.

    Where a document says something of a component that isn't so in the image, and a stub can't say otherwise (that it
    has no licence, for one), the component stays whole and is not linked.
    """
    known = {
        index: {component.ref: component for component in layer.sbom.components} for index, layer in layers.items()
    }
    components, linked = [], set()
    for component in sbom.components:
        there = known.get(component.layer, {}).get(component.ref)
        stub = _stub(component, there, shared) if there else None
        components.append(stub or component)
        if stub:
            linked.add(component.ref)
    return replace(sbom, components=tuple(components)), linked


def _stub(component: Component, there: Component, shared: tuple[str, ...]) -> Component | None:
    left_out: Json = {}
    for name in shared:
        mine, theirs = getattr(component, name), getattr(there, name)
        if name == "evidence":
            theirs = _rebased(theirs, component.layer)
        if mine == theirs:
            left_out[name] = "" if name == "supplier" else ()
        elif not mine:
            return None
    return replace(component, **left_out)


def _rebased(evidence: Iterable[Evidence], index: int) -> tuple[Evidence, ...]:
    return tuple(sorted(replace(one, layer=index) for one in evidence))


def encode_linked(sbom: Sbom, layer_documents: Mapping[int, bytes], version: str = "1.6") -> bytes:
    """Write the image's CycloneDX JSON with links to the documents of its layers, which are given by index."""
    layers = {index: read_layer_document(data) for index, data in sorted(layer_documents.items())}
    stripped, linked = strip(sbom, layers)
    content = cyclonedx_json.document(stripped, version)
    serials = {one.ref: layers[one.layer].serial for one in stripped.components if one.ref in linked}
    for component in content["components"]:
        ref = component["bom-ref"]
        if ref in serials:
            link = {"type": "bom", "url": str(BomLink(serials[ref], ref=ref))}
            component["externalReferences"] = [*component.get("externalReferences", ()), link]
    content["externalReferences"] = [
        {
            "type": "bom",
            "url": str(BomLink(layer.serial)),
            "comment": f"layer {index} {sbom.subject.layers[index].diff_id}".rstrip(),
            "hashes": [{"alg": "SHA-256", "content": layer.digest.partition(":")[2]}],
        }
        for index, layer in layers.items()
    ]
    return cyclonedx_json.write(content)


# --- reading ---


def resolve(data: bytes, documents: Iterable[bytes]) -> Sbom:
    """Read an image's linked document with the layers' documents that it names, in any order.

    Raises `TargetError` where one is missing, or is not the one that was linked.
    """
    content = read_json(data)
    facts, known = read_facts(content), _verified(content, documents)
    links = {text(one, "bom-ref"): link for one in objects(content, "components") if (link := _link_of(one))}
    for item in facts["components"]:
        if link := links.get(item.get("purl") or item.get("ref")):
            _fill(item, _find(link, known))
    return finish(facts)


def _verified(content: Json, documents: Iterable[bytes]) -> dict[str, dict[str, Json]]:
    """Map serial number to components by `ref`, of the documents that this one names by their digests."""
    named = {}
    for reference in objects(content, "externalReferences"):
        if reference.get("type") == "bom":
            for one in objects(reference, "hashes"):
                named["sha256:" + text(one, "content")] = text(reference, "url")
    known = {}
    for data in documents:
        if url := named.get(sha256(data)):
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


def _find(link: BomLink, known: Mapping[str, Mapping[str, Json]]) -> Json:
    document = known.get(str(replace(link, ref="")))
    if document is None:
        raise TargetError("a linked document is missing, or is not the one that was linked", hint=str(link)[:200])
    if link.ref not in document:
        raise TargetError("a linked document does not hold what was linked", hint=str(link)[:200])
    return document[link.ref]


def _fill(item: Json, there: Json) -> None:
    for name in SHARED:
        if not item[name]:
            item[name] = there[name]
            if name == "evidence":
                item[name] = [one | {"layer": item["layer"]} for one in there[name]]


# --- stored documents ---


def stored_layer(sbom: Sbom, index: int) -> tuple[str, bytes]:
    """Return key and bytes of a layer's document, as it is kept."""
    from zstandard import ZstdCompressor  # noqa: PLC0415  # only for what is kept

    layer = sbom.subject.layers[index]
    data = cyclonedx_json.encode(layer_sbom(sbom, index))
    key = f"layers/{(layer.digest or layer.diff_id).partition(':')[2]}/sbom.cdx.json.zst"
    return key, ZstdCompressor(level=COMPRESSION).compress(data)


def stored_image(sbom: Sbom) -> tuple[str, bytes]:
    """Return key and bytes of an image's document: of the usage view, if it was asked what runs."""
    view = "usage" if sbom.usage else "inventory"
    shown = in_use(sbom) if sbom.usage else sbom
    return f"images/{sbom.subject.digest}/{view}.cdx.pb", cyclonedx_protobuf.encode(shown)
