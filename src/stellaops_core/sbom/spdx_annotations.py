"""What SPDX has no field for, as JSON in annotations: the members of Stella's own document.

Comes in: an `Sbom`, its components. Goes out: the facts that fields don't hold, under the names and in the form that
Stella's own document gives them (docs/reference/stella-json.md). The rule: fields and annotations together say
everything but packages that an upper layer removed, and only paths and layers say a thing twice.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from stellaops_core.component import Component, Evidence, Step, Use
from stellaops_core.sbom.sbom import Sbom
from stellaops_core.sbom.spdx_fields import (
    Json,
    license_reads_back,
    read_checksums,
    read_places,
    read_supplier,
    supplier_text,
)
from stellaops_core.sbom.stella_json import encode
from stellaops_core.sbom.text import escape_path


def document_facts(sbom: Sbom) -> Json:
    """Stella's own document without components: the subject with its layers, unknowns, what runs."""
    facts: Json = msgspec.json.decode(encode(msgspec.structs.replace(sbom, components=(), removed=())))
    del facts["components"], facts["removed"]
    return facts


class Evidences:
    """Evidence as documents write it; what many components share (a database) is worked out once."""

    def __init__(self) -> None:
        self._written: dict[tuple[Evidence, ...], list[Json]] = {}

    def write(self, evidence: tuple[Evidence, ...]) -> list[Json]:
        """Return shared lists: not to be changed."""
        written = self._written.get(evidence)
        if written is None:
            written = self._written[evidence] = [_evidence(one) for one in evidence]
        return written


class Told(msgspec.Struct, frozen=True):
    """What a component's fields and relationships tell already."""

    needs: Sequence[str]
    owners: Sequence[str]
    checksums: Sequence[Json]
    homepage: str
    download: str


def component_facts(component: Component, told: Told, evidences: Evidences) -> Json:
    """Take what is not told elsewhere."""
    purl = component.purl
    facts: Json = {} if purl else {"ref": component.ref}
    facts["layer"] = component.layer
    if component.evidence:  # a linked document leaves it to the layer's
        facts["evidence"] = evidences.write(component.evidence)
    if not license_reads_back(component.licenses):
        facts["licenses"] = component.licenses
    if component.hashes and (not purl or read_checksums(told.checksums) != [*component.hashes]):
        facts["hashes"] = _objects(component.hashes, "algorithm", "content")
    if component.depends != tuple(told.needs):
        facts["depends"] = component.depends
    if component.owners != tuple(told.owners):
        facts["owners"] = component.owners
    if component.supplier and read_supplier(supplier_text(component.supplier)) != component.supplier:
        facts["supplier"] = component.supplier
    if component.urls and read_places(told.homepage, told.download) != [*component.urls]:
        facts["urls"] = _objects(component.urls, "type", "url")
    if component.properties:
        facts["properties"] = _objects(component.properties, "name", "value")
    if component.use:
        facts["use"] = _use(component.use)
    return facts


def owners_of(components: Iterable[Component]) -> Mapping[str, list[str]]:
    """Map each `ref` to its sorted owners that are listed themselves."""
    listed = {component.ref: component.owners for component in components}
    return {ref: sorted({owner for owner in owners if owner in listed} - {ref}) for ref, owners in listed.items()}


def _objects(pairs: Iterable[tuple[str, str]], first: str, second: str) -> list[Json]:
    return [{first: one, second: other} for one, other in pairs]


def _evidence(evidence: Evidence) -> Json:
    out: Json = {
        "path": escape_path(evidence.path),
        "analyzer": evidence.analyzer,
        "layer": evidence.layer,
        "technique": evidence.technique,
        "confidence": evidence.confidence,
    }
    return out | {"owners": evidence.owners} if evidence.owners else out


def _use(use: Use) -> Json:
    out: Json = {"level": use.level}
    if use.path:
        out["path"] = escape_path(use.path)
    if use.chain:
        out["chain"] = [_step(step) for step in use.chain]
    return out


def _step(step: Step) -> Json:
    return {"place": escape_path(step.place), "line": step.line, "text": step.text}
