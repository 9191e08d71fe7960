"""Composition by reference in SPDX: image documents that refer to the documents of their layers.

Comes in: the `Sbom` of an image, SPDX 2.3 documents of its layers. Goes out: the document of a layer; a document of the
image in which packages are copies of those in the layers' documents and leave to them what both say the same; and from
these, the `Sbom` again.

Source: SPDX 2.3, 6.6 (external document references) and 11.1 (`COPY_OF`).
"""

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from stellaops_core.digest import sha256
from stellaops_core.errors import TargetError
from stellaops_core.sbom import spdx_json
from stellaops_core.sbom.cyclonedx_reader import child, objects, text
from stellaops_core.sbom.linked import EDITION, Json, LayerDocument, fill, first_places, strip
from stellaops_core.sbom.sbom import Sbom
from stellaops_core.sbom.spdx_fields import NAMESPACE, compact, element_id, identity, write
from stellaops_core.sbom.spdx_json_reader import decode, finish, our_facts, parse, read_packages

_DIGEST = re.compile(r"[0-9a-f]{64}")


def encode_layer(sbom: Sbom, edition: str) -> bytes:
    """Write the SPDX 2.3 JSON of a layer."""
    content = spdx_json.document(sbom)
    content["documentNamespace"] = NAMESPACE + identity(sbom, f"2.3 layer {edition}")
    content["creationInfo"]["comment"] = f"{EDITION} {edition}"
    return write(content)


class _Creation(Struct, frozen=True):
    comment: str = ""


class _Head(Struct, frozen=True):
    creation: _Creation = msgspec.field(name="creationInfo", default=_Creation())


def edition_of(data: bytes) -> str:
    """Return the edition that a layer's document says to be; empty where it doesn't say."""
    try:
        comment = msgspec.json.decode(data, type=_Head).creation.comment
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return ""
    name, _, edition = comment.partition(" ")
    return edition if name == EDITION else ""


def encode_linked(sbom: Sbom, layer_documents: Mapping[int, bytes]) -> bytes:
    """Write the image's SPDX 2.3 JSON with references to the documents of its layers, which are given by index."""
    layers = {index: _read(data) for index, data in first_places(layer_documents).items()}
    stripped = strip(sbom, layers)
    content: Json = {}
    for name, value in spdx_json.document(stripped.sbom).items():
        if name == "annotations":
            content["externalDocumentRefs"] = [_reference(index, layer) for index, layer in layers.items()]
        content[name] = value
    digests = " ".join(layer.digest for layer in layers.values())
    content["documentNamespace"] = NAMESPACE + identity(sbom, f"2.3 linked {digests}")
    packages = {package["SPDXID"]: package for package in content["packages"]}
    for component in stripped.sbom.components:
        if component.ref in stripped.lacking:
            here = element_id(component.ref, component.name)
            _state(packages[here], stripped.lacking[component.ref])
            there = f"{_document_id(component.layer)}:{here}"
            content["relationships"].append(
                {"spdxElementId": here, "relationshipType": "COPY_OF", "relatedSpdxElement": there}
            )
    return write(content)


def _state(package: Json, lacking: Sequence[str]) -> None:
    """Say of a package what it has not, though the layer's document has it."""
    if lacking:
        (annotation,) = package["annotations"]
        facts = msgspec.json.decode(annotation["comment"])
        annotation["comment"] = compact({**facts, **dict.fromkeys(lacking, ())})


def named(data: bytes) -> list[str]:
    """Return digests of the layers' documents that packages of one of our documents are copies of, each once."""
    document = parse(data)
    if our_facts(document) is None:
        return []
    wanted = {there for there, _ in _links(document).values()}
    return list(dict.fromkeys(digest for digest, one in _digests(document).items() if one in wanted))


def resolve(data: bytes, documents: Iterable[bytes]) -> Sbom:
    """Read an image's linked document with the layers' documents that it names, in any order.

    Raises `TargetError` where one is missing, or is not the one that was linked.
    """
    document = parse(data)
    facts = our_facts(document)
    if facts is None:
        raise TargetError("not an SPDX document of ours")
    packages, known = read_packages(document), _verified(document, documents)
    for spdx_id, link in _links(document).items():
        if spdx_id in packages:
            fill(packages[spdx_id], _find(link, known))
    return finish(facts, packages)


def _read(data: bytes) -> LayerDocument:
    return LayerDocument(text(parse(data), "documentNamespace"), sha256(data), decode(data))


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
            document, _, element = text(item, "relatedSpdxElement").partition(":")
            if element:
                links[text(item, "spdxElementId")] = document, element
    return links


def _digests(content: Json) -> dict[str, str]:
    """Map digests of documents to what they are called here."""
    named = {}
    for item in objects(content, "externalDocumentRefs"):
        checksum = child(item, "checksum")
        if checksum.get("algorithm") == "SHA256" and _DIGEST.fullmatch(value := text(checksum, "checksumValue")):
            named["sha256:" + value] = text(item, "externalDocumentId")
    return named


def _verified(content: Json, documents: Iterable[bytes]) -> dict[str, dict[str, Json]]:
    """Map a document's name here to its packages by element, of the documents whose digests are stated here."""
    names, known = _digests(content), {}
    for data in documents:
        if document := names.get(sha256(data)):
            decode(data)  # for its checks
            known[document] = read_packages(parse(data))
    return known


def _find(link: tuple[str, str], known: dict[str, dict[str, Json]]) -> Json:
    document, element = link
    there = known.get(document, {}).pop(element, None)  # once: a bounded document stays one
    if there is None:
        raise TargetError(
            "a linked document is missing, or does not hold what was linked", hint=f"{document}:{element}"[:200]
        )
    return there
