"""SPDX 2.3 as JSON.

Comes in: an `Sbom`. Goes out: the bytes of one document. Equal `Sbom`s give equal bytes; every identifier that is named
exists; no fact of the view is lost except packages that an upper layer removed, and `spdx_json_reader` gives the same
`Sbom` back. The mapping, field by field, is described in docs/reference/spdx.md.

Source: SPDX 2.3 (ISO/IEC 5962's successor) and its JSON schema.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from stellaops_core.component import BINARY, Component, Distribution
from stellaops_core.sbom.cyclonedx_fields import group_and_name, hash_fits, image_purl
from stellaops_core.sbom.graph import edges, split_foreign
from stellaops_core.sbom.sbom import Sbom, Subject
from stellaops_core.sbom.spdx_annotations import Evidences, Told, component_facts, document_facts, owners_of
from stellaops_core.sbom.spdx_fields import (
    NAMESPACE,
    NOASSERTION,
    OWNERSHIP,
    Json,
    checksums,
    compact,
    cpe_type,
    declared_license,
    element_id,
    identity,
    other_licenses,
    place_fits,
    places,
    supplier_text,
    tool_text,
    write,
)
from stellaops_core.sbom.text import escape_path

DOCUMENT = "SPDXRef-DOCUMENT"
SYSTEM = "SPDXRef-OperatingSystem"
SHOWN = 3
"""Paths that a package's `sourceInfo` names; the annotation has all."""


def encode(sbom: Sbom) -> bytes:
    """Write the document: UTF-8, two spaces of indentation, a newline at the end."""
    return write(document(sbom))


def document(sbom: Sbom) -> Json:
    """Make the document, members in the order they are written."""
    subject, tool = sbom.subject, tool_text(sbom.tool_version)
    content: Json = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": DOCUMENT,
        "name": subject.name or subject.digest or subject.kind,
        "documentNamespace": NAMESPACE + identity(sbom, "2.3"),
        "creationInfo": {"created": sbom.timestamp, "creators": [tool]},
    }
    if sbom.unknowns:
        content["comment"] = f"{len(sbom.unknowns)} of the things that should have been read could not be."
    writer = _Writer(sbom)
    content["annotations"] = [writer.annotation(document_facts(sbom))]
    content["packages"] = [
        _subject(subject),
        *_system(sbom.distribution),
        *(writer.package(component) for component in sbom.components),
    ]
    if licenses := _licenses(sbom.components):
        content["hasExtractedLicensingInfos"] = licenses
    content["relationships"] = list(writer.relationships())
    return content


def subject_id(subject: Subject) -> str:
    """The identifier of what was scanned."""
    return "SPDXRef-ContainerImage" if subject.kind == "container" else "SPDXRef-Directory"


# --- packages ---


def _bare(spdx_id: str, name: str, version: str) -> Json:
    out: Json = {"SPDXID": spdx_id, "name": name}
    if version:
        out["versionInfo"] = version
    return out | {
        "downloadLocation": NOASSERTION,
        "filesAnalyzed": False,
        "licenseConcluded": NOASSERTION,
        "licenseDeclared": NOASSERTION,
        "copyrightText": NOASSERTION,
    }


def _subject(subject: Subject) -> Json:
    name = subject.name or subject.digest or subject.kind
    out = _bare(subject_id(subject), name, subject.digest)
    out["primaryPackagePurpose"] = "CONTAINER" if subject.kind == "container" else "OTHER"
    if sums := checksums([("SHA-256", subject.digest.removeprefix("sha256:"))]):
        out["checksums"] = sums
    if purl := image_purl(subject):
        out["externalRefs"] = [_purl(purl)]
    return out


def _system(distribution: Distribution | None) -> Iterator[Json]:
    if not distribution:
        return
    out = _bare(SYSTEM, distribution.id, distribution.version)
    out["primaryPackagePurpose"] = "OPERATING_SYSTEM"
    if description := distribution.pretty_name or distribution.name:
        out["summary"] = description
    if place_fits(distribution.home_url):
        out["homepage"] = distribution.home_url
    if kind := cpe_type(distribution.cpe):
        out["externalRefs"] = [
            {"referenceCategory": "SECURITY", "referenceType": kind, "referenceLocator": distribution.cpe}
        ]
    yield out


def _purl(purl: str) -> Json:
    return {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}


class _Writer:
    """Packages and relationships of one document."""

    def __init__(self, sbom: Sbom) -> None:
        self._sbom = sbom
        self._annotator = tool_text(sbom.tool_version)
        self._needs = edges(sbom.components)
        self._owners = owners_of(sbom.components)
        self._evidences = Evidences()
        self._ids = {component.ref: element_id(component.ref, component.name) for component in sbom.components}

    def annotation(self, facts: Json) -> Json:
        return {
            "annotator": self._annotator,
            "annotationDate": self._sbom.timestamp,
            "annotationType": "OTHER",
            "comment": compact(facts),
        }

    def package(self, component: Component) -> Json:
        ref, purl, sums = component.ref, component.purl, checksums(_hashes(component))
        homepage, download = places(component.urls) if component.urls else ("", "")
        out: Json = {"SPDXID": self._ids[ref], "name": full_name(component)}
        if component.version:
            out["versionInfo"] = component.version
        if component.supplier:
            out["supplier"] = supplier_text(component.supplier)
        out["downloadLocation"] = download or NOASSERTION
        out["filesAnalyzed"] = False
        if sums:
            out["checksums"] = sums
        if homepage:
            out["homepage"] = homepage
        if component.evidence:
            out["sourceInfo"] = source_text(component)
        out["licenseConcluded"] = NOASSERTION
        out["licenseDeclared"] = declared_license(component.licenses)
        out["copyrightText"] = NOASSERTION
        if purl:
            out["externalRefs"] = [_purl(purl)]
        out["primaryPackagePurpose"] = "LIBRARY" if purl else "FILE"
        told = Told(self._needs[ref], self._owners[ref], sums, homepage, download)
        facts = component_facts(component, told, self._evidences)
        if out["name"] != component.name:
            facts["name"] = component.name
        out["annotations"] = [self.annotation(facts)]
        return out

    def relationships(self) -> Iterator[Json]:
        """The document describes the image, which contains the rest, some by its distribution; needs, then owners."""
        root = subject_id(self._sbom.subject)
        own, others = split_foreign(self._ids, self._sbom.distribution)
        yield _related(DOCUMENT, "DESCRIBES", root)
        if self._sbom.distribution:
            yield _related(root, "CONTAINS", SYSTEM)
        for ref in own:
            yield _related(SYSTEM, "CONTAINS", self._ids[ref])
        for ref in others:
            yield _related(root, "CONTAINS", self._ids[ref])
        yield from self._edges(self._needs)
        for ref, owners in self._owners.items():
            for owner in owners:
                comment = f"{OWNERSHIP}: the file list of the first holds files of the second"
                yield _related(self._ids[owner], "OTHER", self._ids[ref]) | {"comment": comment}

    def _edges(self, needs: Mapping[str, Sequence[str]]) -> Iterator[Json]:
        ids = self._ids
        for ref, others in needs.items():
            one = ids[ref]
            for other in others:
                yield {"spdxElementId": one, "relationshipType": "DEPENDS_ON", "relatedSpdxElement": ids[other]}


def _related(one: str, kind: str, other: str) -> Json:
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}


def _hashes(component: Component) -> Sequence[tuple[str, str]]:
    if component.purl:
        return component.hashes
    content = component.ref.removeprefix(BINARY)
    return [("SHA-256", content), *component.hashes] if hash_fits("SHA-256", content) else component.hashes


def full_name(component: Component) -> str:
    """`@babel/core`, `org.example:tool`: what tells it from others of its type; never empty."""
    group, name = group_and_name(component)
    if not group:
        return name or component.ref
    return f"{group}:{name}" if component.type == "maven" else f"{group}/{name}"


def source_text(component: Component) -> str:
    """For people: which source package it was built from, else where it was found.

    `built package from: NAME VERSION` is how Trivy writes and reads the former.
    """
    facts = dict(component.properties)
    for name, version in (("stella:deb:source", "stella:deb:sourceVersion"), ("stella:apk:origin", "")):
        if source := facts.get(name):
            return f"built package from: {source} {facts.get(version) or component.version}"
    if source := facts.get("stella:rpm:sourceRpm"):
        parts = source.removesuffix(".rpm").removesuffix(".src").rsplit("-", 2)
        return "built package from: " + (f"{parts[0]} {parts[1]}-{parts[2]}" if len(parts) == 3 else source)
    paths = list(dict.fromkeys(escape_path(one.path) for one in component.evidence))
    more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
    return "found in " + ", ".join(paths[:SHOWN]) + more


def _licenses(components: Iterable[Component]) -> list[Json]:
    found = {}
    for licenses in {component.licenses for component in components}:
        for spdx_id, text, comment in other_licenses(licenses):
            found[spdx_id, text] = comment
    unique = {spdx_id: (text, found[spdx_id, text]) for spdx_id, text in sorted(found)}
    return [
        {"licenseId": spdx_id, "extractedText": text, "comment": comment}
        for spdx_id, (text, comment) in sorted(unique.items())
    ]
