"""SPDX 3.0.1 as JSON-LD.

Comes in: an `Sbom`. Goes out: the bytes of one document. Equal `Sbom`s give equal bytes; every element that is named
exists; evidence, layers, usage and whatever else the model has no class for stands in annotations, as in SPDX 2.3.

Source: SPDX 3.0.1, profiles Core, Software and SimpleLicensing, and its JSON schema.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

import msgspec

from stellaops_core.component import BINARY, Component, Distribution
from stellaops_core.digest import hexadecimal, parse_digest
from stellaops_core.errors import CorruptImage
from stellaops_core.sbom.cyclonedx_fields import image_purl
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
    fingerprint,
    identity,
    other_licenses,
    place_fits,
    places,
)
from stellaops_core.sbom.spdx_json import full_name, source_text, subject_id
from stellaops_core.sbom.text import escape_path, valid

CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
_CREATION = "_:creation"
_ALGORITHMS = {"SHA3-256": "sha3_256", "SHA3-384": "sha3_384", "SHA3-512": "sha3_512"}
_ALGORITHMS |= {"BLAKE2b-256": "blake2b256", "BLAKE2b-384": "blake2b384", "BLAKE2b-512": "blake2b512"}


def encode(sbom: Sbom) -> bytes:
    """Write the document: UTF-8, one element a line."""
    elements = list(_Graph(sbom).elements())
    write = msgspec.json.Encoder().encode
    try:
        lines = list(map(write, elements))
    except UnicodeEncodeError:
        lines = list(map(write, valid(elements)))
    lines[0] = f'{{"@context":"{CONTEXT}","@graph":[\n'.encode() + lines[0]
    lines[-1] += b"\n]}\n"
    return b",\n".join(lines)


class _Graph:
    """The elements of one document. Identifiers are its namespace and what SPDX 2.3 would call the element."""

    def __init__(self, sbom: Sbom) -> None:
        self._sbom = sbom
        self._prefix = f"{NAMESPACE}{identity(sbom, '3.0.1')}#"
        self._needs = edges(sbom.components)
        self._owners = owners_of(sbom.components)
        self._evidences = Evidences()
        self._ids = {
            component.ref: self._prefix + element_id(component.ref, component.name) for component in sbom.components
        }
        self._root = self._prefix + subject_id(sbom.subject)
        self._files: dict[str, str] = {}

    def elements(self) -> Iterator[Json]:
        """Yield them: about the document, packages, what packages name, relationships."""
        sbom = self._sbom
        content = [*self._packages(), *self._suppliers(), *self._licenses(), *self._relationships()]
        content += self._evidence_files()
        yield {
            "type": "CreationInfo",
            "@id": _CREATION,
            "specVersion": "3.0.1",
            "created": sbom.timestamp,
            "createdBy": [self._prefix + "SPDXRef-Agent"],
            "createdUsing": [self._prefix + "SPDXRef-Tool"],
        }
        yield self._element("SoftwareAgent", "SPDXRef-Agent", name="stella")
        yield self._element("Tool", "SPDXRef-Tool", name=f"stella-{sbom.tool_version}")
        yield self._element(
            "SpdxDocument",
            "SPDXRef-DOCUMENT",
            name=sbom.subject.name or sbom.subject.digest or sbom.subject.kind,
            profileConformance=["core", "software", "simpleLicensing"],
            rootElement=[self._prefix + "SPDXRef-Sbom"],
        )
        yield self._element(
            "software_Sbom",
            "SPDXRef-Sbom",
            profileConformance=["core", "software", "simpleLicensing"],
            rootElement=[self._root],
            element=[one["spdxId"] for one in content],
            software_sbomType=["analyzed"],
        )
        yield self._annotation(self._prefix + "SPDXRef-Sbom", document_facts(sbom))
        yield from content

    def _element(self, kind: str, name: str, /, **members: object) -> Json:
        """`name` is an identifier, or its part after the namespace."""
        spdx_id = name if name.startswith(self._prefix) else self._prefix + name
        return {"type": kind, "spdxId": spdx_id, "creationInfo": _CREATION, **members}

    def _annotation(self, subject: str, facts: Json) -> Json:
        return {
            "type": "Annotation",
            "spdxId": subject + "-facts",
            "creationInfo": _CREATION,
            "annotationType": "other",
            "contentType": "application/json",
            "statement": compact(facts),
            "subject": subject,
        }

    # --- packages ---

    def _packages(self) -> Iterator[Json]:
        sbom = self._sbom
        yield self._subject(sbom.subject)
        if sbom.distribution:
            yield self._system(sbom.distribution)
        for component in sbom.components:
            yield from self._component(component)

    def _subject(self, subject: Subject) -> Json:
        out = self._element(
            "software_Package",
            self._root,
            name=subject.name or subject.digest or subject.kind,
            software_primaryPurpose="container" if subject.kind == "container" else "other",
        )
        if subject.digest:
            out["software_packageVersion"] = subject.digest
            out |= _verified(_digest(subject.digest))
        return out | _purl(image_purl(subject))

    def _system(self, distribution: Distribution) -> Json:
        out = self._element(
            "software_Package",
            "SPDXRef-OperatingSystem",
            name=distribution.id,
            software_primaryPurpose="operatingSystem",
        )
        if distribution.version:
            out["software_packageVersion"] = distribution.version
        if text := distribution.pretty_name or distribution.name:
            out["summary"] = text
        if place_fits(distribution.home_url):
            out["software_homePage"] = distribution.home_url
        if kind := cpe_type(distribution.cpe):
            kind = "cpe22" if kind == "cpe22Type" else "cpe23"
            out["externalIdentifier"] = [_identifier(kind, distribution.cpe)]
        return out

    def _component(self, component: Component) -> Iterator[Json]:
        ref, purl, sums = component.ref, component.purl, checksums(component.hashes)
        homepage, download = places(component.urls) if component.urls and purl else ("", "")
        out = self._package(component, sums, homepage, download) if purl else self._program(component)
        yield out
        told = Told(self._needs[ref], self._owners[ref], sums, homepage, download)
        facts = component_facts(component, told, self._evidences)
        if out["name"] != component.name:
            facts["name"] = component.name
        if not purl:  # a file has neither
            facts |= {"version": component.version, "supplier": component.supplier}
        yield self._annotation(self._ids[ref], facts)

    def _package(self, component: Component, sums: Sequence[Json], homepage: str, download: str) -> Json:
        out: Json = {
            "type": "software_Package",
            "spdxId": self._ids[component.ref],
            "creationInfo": _CREATION,
            "name": full_name(component),
            "software_primaryPurpose": "library",
            "software_sourceInfo": source_text(component),
            **_purl(component.purl),
        }
        if component.version:
            out["software_packageVersion"] = component.version
        if component.supplier:
            out["suppliedBy"] = self._prefix + _supplier_id(component.supplier)
        if homepage:
            out["software_homePage"] = homepage
        if download:
            out["software_downloadLocation"] = download
        return out | _verified(sums) if sums else out

    def _program(self, component: Component) -> Json:
        """A file that no package explains."""
        return self._element(
            "software_File",
            self._ids[component.ref],
            name=component.name or component.ref,
            software_fileKind="file",
            software_primaryPurpose="executable",
            **_verified(checksums([("SHA-256", component.ref.removeprefix(BINARY))])),
        )

    # --- what packages name ---

    def _suppliers(self) -> Iterator[Json]:
        names = {component.supplier for component in self._sbom.components if component.supplier and component.purl}
        for name in sorted(names):
            yield self._element("Organization", _supplier_id(name), name=name)

    def _licenses(self) -> Iterator[Json]:
        """Yield each different expression, and the texts that expressions refer to."""
        expressions: dict[str, dict[str, str]] = {}
        texts: dict[str, str] = {}
        for licenses in {component.licenses for component in self._sbom.components}:
            others = {name: text for name, text, _ in other_licenses(licenses)}
            texts |= others
            if (expression := declared_license(licenses)) != NOASSERTION:
                expressions[expression] = others
        for name, text in sorted(texts.items()):
            yield self._element(
                "simplelicensing_SimpleLicensingText", "SPDXRef-" + name, name=name, simplelicensing_licenseText=text
            )
        for expression, others in sorted(expressions.items()):
            out = self._element(
                "simplelicensing_LicenseExpression",
                _license_id(expression),
                simplelicensing_licenseExpression=expression,
            )
            if others:
                out["simplelicensing_customIdToUri"] = [
                    {"type": "DictionaryEntry", "key": name, "value": f"{self._prefix}SPDXRef-{name}"}
                    for name in sorted(others)
                ]
            yield out

    def _evidence_files(self) -> Iterator[Json]:
        for path, spdx_id in sorted(self._files.items()):
            yield self._element("software_File", spdx_id, name=path, software_fileKind="file")

    # --- relationships ---

    def _relationships(self) -> Iterator[Json]:
        """What image and distribution contain; needs; owners; licences; the files that tell of a component."""
        own, others = ([self._ids[ref] for ref in part] for part in split_foreign(self._ids, self._sbom.distribution))
        system = self._prefix + "SPDXRef-OperatingSystem"
        held = [system, *others] if self._sbom.distribution else others
        complete = {"completeness": "incomplete" if self._sbom.unknowns else "noAssertion"}
        for one, parts in ((self._root, held), (system, own)):
            if parts:
                yield self._relation(one, "contains", parts) | complete
        for ref, others in self._needs.items():
            if others:
                to = [self._ids[other] for other in others]
                yield self._relation(self._ids[ref], "dependsOn", to, "LifecycleScopedRelationship") | {
                    "scope": "runtime"
                }
        yield from self._ownership(self._owners)
        for component in self._sbom.components:
            one = self._ids[component.ref]
            if (expression := declared_license(component.licenses)) != NOASSERTION:
                yield self._relation(one, "hasDeclaredLicense", [self._prefix + _license_id(expression)])
            yield self._relation(one, "hasEvidence", self._evidence_of(component))

    def _ownership(self, owners: Mapping[str, Sequence[str]]) -> Iterator[Json]:
        owned: dict[str, list[str]] = {}
        for ref, others in owners.items():
            for owner in others:
                owned.setdefault(owner, []).append(self._ids[ref])
        for owner, refs in owned.items():
            comment = f"{OWNERSHIP}: the file list of the first holds files of the others"
            yield self._relation(self._ids[owner], "other", refs) | {"comment": comment}

    def _relation(self, one: str, kind: str, to: Sequence[str], of: str = "Relationship") -> Json:
        return {
            "type": of,
            "spdxId": f"{one}-{kind}",
            "creationInfo": _CREATION,
            "from": one,
            "relationshipType": kind,
            "to": to,
        }

    def _evidence_of(self, component: Component) -> list[str]:
        """Identifiers of the files that tell of a component; they are listed later."""
        found = []
        for path in dict.fromkeys([escape_path(one.path) for one in component.evidence]):
            spdx_id = self._files.get(path)
            if spdx_id is None:
                spdx_id = self._files[path] = f"{self._prefix}SPDXRef-File-{fingerprint(path)}"
            found.append(spdx_id)
        return found


def _identifier(kind: str, text: str) -> Json:
    return {"type": "ExternalIdentifier", "externalIdentifierType": kind, "identifier": text}


def _purl(purl: str) -> Json:
    return {"software_packageUrl": purl, "externalIdentifier": [_identifier("packageUrl", purl)]} if purl else {}


def _verified(sums: Iterable[Json]) -> Json:
    hashes = [
        {
            "type": "Hash",
            "algorithm": _ALGORITHMS.get(one["algorithm"], one["algorithm"].lower()),
            "hashValue": one["checksumValue"],
        }
        for one in sums
    ]
    return {"verifiedUsing": hashes} if hashes else {}


def _digest(digest: str) -> list[Json]:
    try:
        algorithm = "SHA-256" if parse_digest(digest).startswith("sha256:") else "SHA-512"
    except CorruptImage:
        return []
    return checksums([(algorithm, hexadecimal(parse_digest(digest)))])


@lru_cache(maxsize=4096)
def _supplier_id(name: str) -> str:
    return "SPDXRef-Supplier-" + fingerprint(name)


@lru_cache(maxsize=4096)
def _license_id(expression: str) -> str:
    return "SPDXRef-License-" + fingerprint(expression)
