"""The messages of CycloneDX 1.6 as Protocol Buffers, as far as bills of materials of packages need them.

Comes in: nothing. Goes out: for each message its fields, by the names that CycloneDX's JSON gives to them. Fields that
are not listed are neither written nor read.

Source: CycloneDX 1.6, bom-1.6.proto: numbers, presence and enumerations.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

Kind = Literal["text", "int", "bool", "float", "enum", "message", "timestamp", "refs"]


class Field(Struct, frozen=True):
    """One field of a message."""

    number: int
    name: str
    """In JSON."""
    kind: Kind = "text"
    """`refs`: a list of `bom-ref`s, each in a message of its own whose field 1 it is."""
    repeated: bool = False
    implicit: bool = False
    """Without presence: the default (empty, 0) is not written, and is what is read where there is none."""
    message: str = ""
    values: tuple[str, ...] = ()
    """Of an enumeration, in the order of their numbers; empty for those that JSON has no word for."""


def _words(text: str, *, null: bool = False) -> tuple[str, ...]:
    return (*([""] if null else []), *text.split())


_TYPES = _words(
    "application framework library operating-system device file container firmware device-driver platform"
    " machine-learning-model data cryptographic-asset",
    null=True,
)
_ALGORITHMS = _words(
    "MD5 SHA-1 SHA-256 SHA-384 SHA-512 SHA3-256 SHA3-384 SHA3-512 BLAKE2b-256 BLAKE2b-384 BLAKE2b-512 BLAKE3",
    null=True,
)
_REFERENCES = _words(
    "other vcs issue-tracker website advisories bom mailing-list social chat documentation support distribution license"
    " build-meta build-system security-contact attestation threat-model adversary-model risk-assessment"
    " distribution-intake vulnerability-assertion exploitability-statement pentest-report static-analysis-report"
    " dynamic-analysis-report runtime-analysis-report component-analysis-report maturity-report certification-report"
    " quality-metrics codified-infrastructure model-card poam log configuration evidence formulation"
    " source-distribution electronic-signature digital-signature rfc-9116 release-notes"
)
_AGGREGATES = _words(
    "not_specified complete incomplete incomplete_first_party_only incomplete_third_party_only unknown"
    " incomplete_first_party_proprietary_only incomplete_first_party_opensource_only"
    " incomplete_third_party_proprietary_only incomplete_third_party_opensource_only"
)
_IDENTITIES = _words("group name version purl cpe swid hash omniborId swhid", null=True)
_TECHNIQUES = _words(
    "source-code-analysis binary-analysis manifest-analysis ast-fingerprint hash-comparison instrumentation"
    " dynamic-analysis filename attestation other"
)
_SCOPES = _words("required optional excluded", null=True)
_ACKNOWLEDGEMENTS = _words("declared concluded", null=True)


def _message(number: int, name: str, message: str, *, repeated: bool = False) -> Field:
    return Field(number, name, "message", repeated, message=message)


def _enum(number: int, name: str, values: tuple[str, ...], *, implicit: bool = True) -> Field:
    return Field(number, name, "enum", implicit=implicit, values=values)


MESSAGES: Mapping[str, tuple[Field, ...]] = {
    "Bom": (
        Field(1, "specVersion", implicit=True),
        Field(2, "version", "int"),
        Field(3, "serialNumber"),
        _message(4, "metadata", "Metadata"),
        _message(5, "components", "Component", repeated=True),
        _message(7, "externalReferences", "ExternalReference", repeated=True),
        _message(8, "dependencies", "Dependency", repeated=True),
        _message(9, "compositions", "Composition", repeated=True),
        _message(12, "properties", "Property", repeated=True),
    ),
    "Metadata": (
        Field(1, "timestamp", "timestamp"),
        _message(2, "tools", "Tool"),
        _message(4, "component", "Component"),
        _message(6, "supplier", "Entity"),
        _message(8, "properties", "Property", repeated=True),
    ),
    "Tool": (
        Field(1, "vendor"),
        Field(2, "name"),
        Field(3, "version"),
        _message(6, "components", "Component", repeated=True),
    ),
    "Component": (
        _enum(1, "type", _TYPES),
        Field(2, "mime-type"),
        Field(3, "bom-ref"),
        _message(4, "supplier", "Entity"),
        Field(5, "author"),
        Field(6, "publisher"),
        Field(7, "group"),
        Field(8, "name", implicit=True),
        Field(9, "version", implicit=True),
        Field(10, "description"),
        _enum(11, "scope", _SCOPES, implicit=False),
        _message(12, "hashes", "Hash", repeated=True),
        _message(13, "licenses", "LicenseChoice", repeated=True),
        Field(14, "copyright"),
        Field(15, "cpe"),
        Field(16, "purl"),
        _message(20, "externalReferences", "ExternalReference", repeated=True),
        _message(21, "components", "Component", repeated=True),
        _message(22, "properties", "Property", repeated=True),
        _message(23, "evidence", "Evidence"),
        _message(28, "manufacturer", "Entity"),
    ),
    "Entity": (Field(1, "name"), Field(2, "url", repeated=True)),
    "Hash": (_enum(1, "alg", _ALGORITHMS), Field(2, "content", implicit=True)),
    "LicenseChoice": (
        _message(1, "license", "License"),
        Field(2, "expression"),
        _enum(3, "acknowledgement", _ACKNOWLEDGEMENTS, implicit=False),
    ),
    "License": (
        Field(1, "id"),
        Field(2, "name"),
        Field(4, "url"),
        _enum(8, "acknowledgement", _ACKNOWLEDGEMENTS, implicit=False),
    ),
    "ExternalReference": (
        _enum(1, "type", _REFERENCES),
        Field(2, "url", implicit=True),
        Field(3, "comment"),
        _message(4, "hashes", "Hash", repeated=True),
    ),
    "Property": (Field(1, "name", implicit=True), Field(2, "value")),
    "Dependency": (
        Field(1, "ref", implicit=True),
        Field(2, "dependsOn", "refs", repeated=True),
        Field(3, "provides", repeated=True),
    ),
    "Composition": (
        _enum(1, "aggregate", _AGGREGATES),
        Field(2, "assemblies", repeated=True),
        Field(3, "dependencies", repeated=True),
    ),
    "Evidence": (
        _message(3, "identity", "Identity", repeated=True),
        _message(4, "occurrences", "Occurrence", repeated=True),
    ),
    "Identity": (
        _enum(1, "field", _IDENTITIES),
        Field(2, "confidence", "float"),
        _message(3, "methods", "Method", repeated=True),
        Field(4, "tools", repeated=True),
        Field(5, "concludedValue"),
    ),
    "Method": (
        _enum(1, "technique", _TECHNIQUES),
        Field(2, "confidence", "float", implicit=True),
        Field(3, "value"),
    ),
    "Occurrence": (
        Field(1, "bom-ref"),
        Field(2, "location", implicit=True),
        Field(3, "line", "int"),
        Field(4, "offset", "int"),
        Field(5, "symbol"),
        Field(6, "additionalContext"),
    ),
}
"""By name; ours, where the schema's is long. Fields in the order of their numbers."""
