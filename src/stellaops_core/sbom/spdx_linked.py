"""Composition by reference in SPDX: image documents that refer to the documents of their layers.

Comes in: the `Sbom` of an image, SPDX 2.3 documents of its layers (of `linked.layer_sbom`). Goes out: a document of the
image in which packages are copies of those in the layers' documents and leave to them what both say the same; and from
these, the `Sbom` again. Evidence stays in the image's document, because `spdx_json_reader` wants it there.

Source: SPDX 2.3, 6.6 (external document references) and 11.1 (`COPY_OF`).
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from stellaops_core.component import Component
from stellaops_core.digest import sha256
from stellaops_core.errors import TargetError
from stellaops_core.sbom import spdx_json, spdx_json_reader
from stellaops_core.sbom.cyclonedx_reader import child, objects
from stellaops_core.sbom.linked import SHARED, LayerDocument, strip
from stellaops_core.sbom.sbom import Sbom
from stellaops_core.sbom.spdx_fields import element_id, write

LEFT_OUT = tuple(name for name in SHARED if name != "evidence")
"""What a package leaves to the layer's document."""
Json = dict[str, Any]


def encode_linked(sbom: Sbom, layer_documents: Mapping[int, bytes]) -> bytes:
    """Write the image's SPDX 2.3 JSON with references to the documents of its layers, which are given by index."""
    layers = {index: _read(data) for index, data in sorted(layer_documents.items())}
    stripped, linked = strip(sbom, layers, LEFT_OUT)
    content: Json = {}
    for name, value in spdx_json.document(stripped).items():
        if name == "packages":
            content["externalDocumentRefs"] = [_reference(index, layer) for index, layer in layers.items()]
        content[name] = value
    for component in stripped.components:
        if component.ref in linked:
            here = element_id(component.ref, component.name)
            there = f"{_document_id(component.layer)}:{here}"
            content["relationships"].append(
                {"spdxElementId": here, "relationshipType": "COPY_OF", "relatedSpdxElement": there}
            )
    return write(content)


def resolve(data: bytes, documents: Iterable[bytes]) -> Sbom:
    """Read an image's linked document with the layers' documents that it names, in any order.

    Raises `TargetError` where one is missing, or is not the one that was linked.
    """
    sbom = spdx_json_reader.decode(data)
    content = msgspec.json.decode(data)
    links, known = _links(content), _verified(content, documents)
    ids = {component.ref: element_id(component.ref, component.name) for component in sbom.components}
    components = (
        _filled(component, links[ids[component.ref]], known) if ids[component.ref] in links else component
        for component in sbom.components
    )
    return replace(sbom, components=tuple(components))


def _read(data: bytes) -> LayerDocument:
    content, sbom = msgspec.json.decode(data), spdx_json_reader.decode(data)
    return LayerDocument(str(content.get("documentNamespace")), sha256(data), sbom)


def _document_id(index: int) -> str:
    return f"DocumentRef-layer-{index}"


def _reference(index: int, layer: LayerDocument) -> Json:
    return {
        "externalDocumentId": _document_id(index),
        "spdxDocument": layer.serial,
        "checksum": {"algorithm": "SHA256", "checksumValue": layer.digest.partition(":")[2]},
    }


def _links(content: Json) -> dict[str, tuple[str, str]]:
    """Map an element to (document, element) of which it is a copy."""
    links = {}
    for item in objects(content, "relationships"):
        if item.get("relationshipType") == "COPY_OF":
            document, _, element = str(item.get("relatedSpdxElement")).partition(":")
            links[str(item.get("spdxElementId"))] = document, element
    return links


def _verified(content: Json, documents: Iterable[bytes]) -> dict[str, dict[str, Component]]:
    """Map a document's name here to its components by element, of the documents whose digests are stated here."""
    named = {}
    for item in objects(content, "externalDocumentRefs"):
        checksum = child(item, "checksum")
        if checksum.get("algorithm") == "SHA256":
            named[f"sha256:{checksum.get('checksumValue')}"] = str(item.get("externalDocumentId"))
    known = {}
    for data in documents:
        if document := named.get(sha256(data)):
            components = spdx_json_reader.decode(data).components
            known[document] = {element_id(one.ref, one.name): one for one in components}
    return known


def _filled(component: Component, link: tuple[str, str], known: Mapping[str, Mapping[str, Component]]) -> Component:
    document, element = link
    there = known.get(document, {}).get(element)
    if there is None:
        raise TargetError(
            "a linked document is missing, or does not hold what was linked", hint=f"{document}:{element}"[:200]
        )
    return replace(component, **{name: getattr(component, name) or getattr(there, name) for name in LEFT_OUT})
