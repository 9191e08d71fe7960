"""SPDX 2.2 and 2.3 in JSON, read back.

Comes in: the bytes of a document. Goes out: an `Sbom`. The rule: of our own documents nothing is lost but packages that
an upper layer removed, also where another tool has sorted, extended or indented them (BuildKit does); of others' is
taken what they say of packages, and what can't be a package becomes an `Unknown`. Bounds are those of
`stella_json.decode`, which has the last word on our own, and of `readers.sbom_document`.

Source: SPDX 2.3; docs/reference/spdx.md.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from stellaops_core.component import BINARY
from stellaops_core.errors import TargetError
from stellaops_core.sbom import stella_json
from stellaops_core.sbom.sbom import Sbom
from stellaops_core.sbom.spdx_fields import NOASSERTION, OWNERSHIP, read_checksums, read_places, read_supplier
from stellaops_core.sbom.stella_document import SCHEMA
from stellaops_core.sbom.stella_json import MAX_DOCUMENT

VERSIONS = frozenset({"SPDX-2.2", "SPDX-2.3"})

Json = dict[str, Any]


def decode(data: bytes) -> Sbom:
    """Read a document. Raises `TargetError` when it isn't one, or contradicts itself."""
    return read_document(parse(data))


def parse(data: bytes) -> Json:
    """Decode JSON. Raises `TargetError` when it isn't an object."""
    if len(data) > MAX_DOCUMENT:
        raise TargetError(f"not an SPDX document: larger than {MAX_DOCUMENT >> 20} MiB")
    try:
        document = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise TargetError("not an SPDX document: not JSON") from None
    if not isinstance(document, dict):
        raise TargetError("not an SPDX document: not an object")
    return document


def read_document(document: Json) -> Sbom:
    """Read a decoded document, whichever serialisation it is from. Raises `TargetError` as `decode` does."""
    if str(document.get("spdxVersion")) not in VERSIONS:
        raise TargetError("not an SPDX document of version 2.2 or 2.3")
    facts = our_facts(document)
    if facts is None:
        from stellaops_core.sbom.spdx_others import read_spdx  # noqa: PLC0415  # only for others' documents

        return read_spdx(document)
    packages = read_packages(document)
    if "externalDocumentRefs" in document and not all("evidence" in item for item in packages.values()):
        raise TargetError(
            "this document refers to the documents of its layers", hint="it has to be read together with them"
        )
    return finish(facts, packages)


def our_facts(document: Json) -> Json | None:
    """Return what a document of ours says of the image, as Stella's own document has it; None for others'."""
    return next((facts for facts in _facts(document) if facts.get("schema") == SCHEMA), None)


def read_packages(document: Json) -> dict[str, Json]:
    """Map `SPDXID` to a component of Stella's own document, unchecked; linked ones leave members out."""
    found = {}
    for package in _objects(document, "packages"):
        told = next((told for told in _facts(package) if told.keys() & {"evidence", "layer"}), None)
        if told is not None:
            found[str(package.get("SPDXID"))] = _item(package, told) | told
    _relate(document, found)
    return found


def finish(facts: Json, packages: dict[str, Json]) -> Sbom:
    """Put Stella's own document together, whose reader checks it. Raises `TargetError`."""
    items = sorted(packages.values(), key=lambda item: str(item.get("ref") or item.get("purl")))
    try:
        return stella_json.decode(msgspec.json.encode({**facts, "components": items, "removed": []}))
    except (RecursionError, UnicodeError):
        raise TargetError("not an SPDX document of ours: nested too deeply, or no Unicode") from None
    except TargetError as error:
        reason = error.message.removeprefix("not a Stella SBOM: ")
        raise TargetError(f"not an SPDX document of ours: {reason}") from None


def _item(package: Json, told: Json) -> Json:
    """What the fields of a package say, as a component of Stella's own document."""
    purl = "" if "ref" in told else next(_purls(package), "")
    item: Json = {
        "type": purl[4:].partition("/")[0] if purl else BINARY[:-1],
        "name": package.get("name"),
        "version": package.get("versionInfo", ""),
    }
    if purl:
        item["purl"] = purl
        if hashes := read_checksums(_objects(package, "checksums")):
            item["hashes"] = [{"algorithm": algorithm, "content": content} for algorithm, content in hashes]
    if (license_ := package.get("licenseDeclared", NOASSERTION)) != NOASSERTION:
        item["licenses"] = [license_]
    if isinstance(supplier := package.get("supplier"), str):
        item["supplier"] = read_supplier(supplier)
    if places := read_places(package.get("homepage"), package.get("downloadLocation")):
        item["urls"] = [{"type": what, "url": url} for what, url in places]
    return item


def _relate(document: Json, found: dict[str, Json]) -> None:
    """Add what relationships tell to the components whose annotations don't tell it."""
    needs: dict[str, set[str]] = {}
    owners: dict[str, set[str]] = {}
    refs = {spdx_id: str(item.get("ref") or item.get("purl")) for spdx_id, item in found.items()}
    for one, kind, other, comment in _relationships(document):
        if one in refs and other in refs:
            if kind == "DEPENDS_ON":
                needs.setdefault(one, set()).add(refs[other])
            elif kind == "OTHER" and comment.startswith(OWNERSHIP):
                owners.setdefault(other, set()).add(refs[one])
    for name, told in (("depends", needs), ("owners", owners)):
        for spdx_id, others in told.items():
            found[spdx_id].setdefault(name, sorted(others))


def _relationships(document: Json) -> Iterator[tuple[str, str, str, str]]:
    for item in _objects(document, "relationships"):
        names = ("spdxElementId", "relationshipType", "relatedSpdxElement", "comment")
        one, kind, other, comment = (str(item.get(name, "")) for name in names)
        yield one, kind, other, comment


def _purls(package: Json) -> Iterator[str]:
    for reference in _objects(package, "externalRefs"):
        if reference.get("referenceType") == "purl":
            yield str(reference.get("referenceLocator"))


def _facts(element: Json) -> Iterator[Json]:
    """Yield what our annotations of an element say."""
    for annotation in _objects(element, "annotations"):
        comment = annotation.get("comment")
        if str(annotation.get("annotator")).startswith("Tool: stella") and isinstance(comment, str):
            try:
                facts = msgspec.json.decode(comment)
            except (msgspec.MsgspecError, UnicodeError, RecursionError):
                continue
            if isinstance(facts, dict):
                yield facts


def _objects(value: Json, name: str) -> list[Json]:
    inner = value.get(name)
    return [item for item in inner if isinstance(item, dict)] if isinstance(inner, list) else []
