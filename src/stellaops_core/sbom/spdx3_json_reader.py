"""SPDX 3.0 as JSON-LD, read back.

Comes in: the bytes of a document. Goes out: an `Sbom`, as `spdx_json_reader` makes it of what SPDX 2.3 would say. The
rule: elements are read in the compact form of the official context, which every writer uses; other JSON-LD is refused.

Source: SPDX 3.0.1, profiles Core, Software and SimpleLicensing.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from stellaops_core.errors import TargetError
from stellaops_core.sbom.sbom import Sbom
from stellaops_core.sbom.spdx_fields import supplier_text
from stellaops_core.sbom.spdx_json_reader import parse, read_document

CONTEXT = "https://spdx.org/rdf/3.0"
"""Begins the name of the contexts that are read."""

Json = dict[str, Any]

_ALGORITHMS = {
    "md5": "MD5",
    "sha1": "SHA1",
    "sha256": "SHA256",
    "sha384": "SHA384",
    "sha512": "SHA512",
    "sha3_256": "SHA3-256",
    "sha3_384": "SHA3-384",
    "sha3_512": "SHA3-512",
    "blake2b256": "BLAKE2b-256",
    "blake2b384": "BLAKE2b-384",
    "blake2b512": "BLAKE2b-512",
}
_RELATIONS = {
    "contains": "CONTAINS",
    "dependsOn": "DEPENDS_ON",
    "hasDynamicLink": "DYNAMIC_LINK",
    "hasStaticLink": "STATIC_LINK",
    "other": "OTHER",
}
_PURPOSES = {"operatingSystem": "OPERATING-SYSTEM", "container": "CONTAINER", "source": "SOURCE", "device": "DEVICE"}
_MEMBERS = {
    "name": "name",
    "software_packageVersion": "versionInfo",
    "software_homePage": "homepage",
    "software_downloadLocation": "downloadLocation",
    "software_sourceInfo": "sourceInfo",
}
_OURS = "Tool: stella"
"""Annotations are ours if they are JSON; SPDX 3 does not say who wrote one."""


def decode(data: bytes) -> Sbom:
    """Read a document. Raises `TargetError` when it isn't one, or contradicts itself."""
    document = parse(data)
    if not str(document.get("@context")).startswith(CONTEXT):
        raise TargetError("not an SPDX document of version 3.0")
    elements = _objects(document, "@graph")
    named = {str(one["spdxId"]): one for one in elements if isinstance(one.get("spdxId"), str)}
    return read_document(_as_two(elements, named))


def _as_two(elements: list[Json], named: Mapping[str, Json]) -> Json:
    """Say the same as SPDX 2.3 would."""
    packages = {spdx_id: _package(one, named) for spdx_id, one in named.items() if _is_package(one)}
    head: Json = {"spdxVersion": "SPDX-2.3", "SPDXID": "", "packages": [], "relationships": []}
    annotated = {**packages, **{spdx_id: head for spdx_id, one in named.items() if one.get("type") == "software_Sbom"}}
    for one in elements:
        kind = str(one.get("type"))
        if kind == "CreationInfo":
            head["creationInfo"] = {"created": one.get("created")}
        elif kind == "software_Sbom":
            head["relationships"] += [_edge("", "DESCRIBES", root) for root in _names(one.get("rootElement"))]
            head["name"] = one.get("name", "")
        elif kind == "Annotation" and (element := annotated.get(str(one.get("subject")))) is not None:
            told = {"annotator": _OURS, "comment": one.get("statement")}
            element.setdefault("annotations", []).append(told)
        elif kind in {"Relationship", "LifecycleScopedRelationship"}:
            head["relationships"] += _edges(one, packages, named)
    # files are packages where an annotation or their purpose makes them some; others tell only of places
    head["packages"] = [one for one in packages.values() if "annotations" in one or not one.pop("file", False)]
    return head


def _is_package(element: Json) -> bool:
    return str(element.get("type")) in {"software_Package", "software_File"}


def _package(element: Json, named: Mapping[str, Json]) -> Json:
    out: Json = {"SPDXID": element["spdxId"]}
    out |= {ours: element[theirs] for theirs, ours in _MEMBERS.items() if theirs in element}
    if element.get("type") == "software_File":
        out["file"] = True
    purpose = _PURPOSES.get(str(element.get("software_primaryPurpose")))
    if purpose:
        out["primaryPackagePurpose"] = purpose
    if purl := next(_purls(element), ""):
        out["externalRefs"] = [{"referenceType": "purl", "referenceLocator": purl}]
    out["checksums"] = [
        {"algorithm": _ALGORITHMS.get(str(one.get("algorithm"))), "checksumValue": one.get("hashValue")}
        for one in _objects(element, "verifiedUsing")
    ]
    if supplier := named.get(str(element.get("suppliedBy"))):
        out["supplier"] = supplier_text(str(supplier.get("name", "")))
    return out


def _purls(element: Json) -> Iterator[str]:
    if isinstance(purl := element.get("software_packageUrl"), str):
        yield purl
    for one in _objects(element, "externalIdentifier"):
        if one.get("externalIdentifierType") == "packageUrl":
            yield str(one.get("identifier"))


def _edges(element: Json, packages: Mapping[str, Json], named: Mapping[str, Json]) -> Iterator[Json]:
    one, kind = str(element.get("from")), str(element.get("relationshipType"))
    for other in _names(element.get("to")):
        if kind in _RELATIONS:
            yield _edge(one, _RELATIONS[kind], other) | {"comment": element.get("comment", "")}
        elif kind == "hasDeclaredLicense" and one in packages:
            expression = named.get(other, {}).get("simplelicensing_licenseExpression")
            packages[one].setdefault("licenseDeclared", expression)


def _edge(one: str, kind: str, other: str) -> Json:
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}


def _names(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _objects(value: Json, name: str) -> list[Json]:
    inner = value.get(name)
    return [item for item in inner if isinstance(item, dict)] if isinstance(inner, list) else []
