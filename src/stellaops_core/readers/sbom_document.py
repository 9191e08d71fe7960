"""Bills of materials that others wrote, as far as they say what is there and what needs what.

Comes in: bytes of a CycloneDX or SPDX 2 document in JSON. Goes out: a `Document`. Left out is what the document itself
says is not delivered: CycloneDX's scope `excluded`; SPDX's sources, build tools and tests. `ValueError` for everything
else, other serialisations and SPDX 3 included.

Source: CycloneDX 1.2 to 1.7; SPDX 2.2 and 2.3, chapters 7 (package) and 11 (relationships).
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from msgspec import Struct, field

from stellaops_core.readers.package_json import read_object
from stellaops_core.readers.stated import clean_text, clean_url

ENTRIES_LIMIT: Final = 100_000
"""Components of one document."""
EDGES_LIMIT: Final = 1_000_000
"""Dependencies of one document."""
DEPTH_LIMIT: Final = 32
"""CycloneDX components within components."""
PURL_LIMIT: Final = 4096
"""Characters of a package URL."""
TEXT_LIMIT: Final = 1024
"""Characters of a name, a licence or a supplier."""

_NOT_SOFTWARE: Final = frozenset({"operating-system", "container", "device", "file", "data", "cryptographic-asset"})
_LINKS: Final = frozenset(
    {"website", "vcs", "issue-tracker", "documentation", "distribution", "release-notes", "mailing-list", "support"}
)
_LENGTHS: Final = {"MD5": 32, "SHA-1": 40, "SHA-256": 64, "SHA-384": 96, "SHA-512": 128}
_PURPOSES: Final = frozenset({"SOURCE", "OPERATING-SYSTEM", "OPERATING_SYSTEM", "CONTAINER", "FILE", "DEVICE"})
_FORWARD: Final = frozenset({"CONTAINS", "DEPENDS_ON", "STATIC_LINK", "DYNAMIC_LINK", "HAS_PREREQUISITE"})
_BACKWARD: Final = frozenset({"CONTAINED_BY", "DEPENDENCY_OF", "RUNTIME_DEPENDENCY_OF", "PREREQUISITE_FOR"})
_ABSENT_TARGET: Final = frozenset({"GENERATED_FROM", "DESCRIBED_BY", "DESCENDANT_OF"})
_ABSENT_SOURCE: Final = frozenset(
    {
        "ANCESTOR_OF",
        "BUILD_DEPENDENCY_OF",
        "BUILD_TOOL_OF",
        "DEV_DEPENDENCY_OF",
        "DEV_TOOL_OF",
        "GENERATES",
        "TEST_DEPENDENCY_OF",
        "TEST_TOOL_OF",
    }
)


class Entry(Struct, frozen=True):
    """One component."""

    ref: str
    """What the document calls it."""
    name: str
    version: str = ""
    purl: str = ""
    """As written."""
    licenses: tuple[str, ...] = ()
    hashes: tuple[tuple[str, str], ...] = ()
    supplier: str = ""
    urls: tuple[tuple[str, str], ...] = ()
    optional: bool = False
    """Whether the document leaves open if it is there."""


class Document(Struct, frozen=True):
    """What a document lists."""

    entries: tuple[Entry, ...]
    needs: dict[str, list[str]] = field(default_factory=dict)
    """`Entry.ref` to those that it contains or depends on."""
    subject: str = ""
    """`Entry.ref` of what the document is about, where it says so."""


def read_sbom(data: bytes) -> Document:
    """Read a document."""
    document = read_object(data)
    if document.get("bomFormat") == "CycloneDX":
        return _CycloneDX(document).read()
    if str(document.get("spdxVersion")).startswith("SPDX-2"):
        return _read_spdx(document)
    raise ValueError("neither CycloneDX nor SPDX 2")


class _CycloneDX:
    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._entries: list[Entry] = []
        self._needs: dict[str, list[str]] = {}
        self._edges = 0

    def read(self) -> Document:
        subject = self._add(_object(_object(self._document, "metadata"), "component"), 0)
        for component in _objects(self._document, "components"):
            self._add(component, 0)
        for item in _objects(self._document, "dependencies"):
            for ref in item["dependsOn"] if isinstance(item.get("dependsOn"), list) else ():
                self._need(item.get("ref"), ref)
        return Document(tuple(self._entries), self._needs, subject)

    def _add(self, component: dict[str, Any], depth: int) -> str:
        """Take a component with those inside it; return what it is called."""
        if not component or component.get("scope") == "excluded" or _text(component.get("type")) in _NOT_SOFTWARE:
            return ""
        if len(self._entries) >= ENTRIES_LIMIT or depth > DEPTH_LIMIT:
            raise ValueError(f"more than {ENTRIES_LIMIT} components, or nested deeper than {DEPTH_LIMIT}")
        ref = _text(component.get("bom-ref")) or _text(component.get("purl")) or f"#{len(self._entries)}"
        self._entries.append(_component(component, ref))
        for inner in _objects(component, "components"):
            self._need(ref, self._add(inner, depth + 1))
        return ref

    def _need(self, ref: object, other: object) -> None:
        if isinstance(ref, str) and isinstance(other, str) and ref and other:
            self._edges += 1
            if self._edges > EDGES_LIMIT:
                raise ValueError(f"more than {EDGES_LIMIT} dependencies")
            self._needs.setdefault(ref, []).append(other)


def _component(component: dict[str, Any], ref: str) -> Entry:
    stated = [_object(item, "license") or item for item in _objects(component, "licenses")]
    licenses = (_text(item.get("id")) or _text(item.get("name")) or _text(item.get("expression")) for item in stated)
    group, name = _text(component.get("group")), _text(component.get("name"))
    return Entry(
        ref,
        f"{group}/{name}" if group else name,
        _text(component.get("version")),
        _purl(component.get("purl")),
        licenses=tuple(filter(None, licenses)),
        hashes=_hashes((item.get("alg"), item.get("content")) for item in _objects(component, "hashes")),
        supplier=_supplier(component),
        urls=_urls((item.get("type"), item.get("url")) for item in _objects(component, "externalReferences")),
        optional=component.get("scope") == "optional",
    )


def _supplier(component: dict[str, Any]) -> str:
    stated = (
        _object(component, "supplier").get("name"),
        _object(component, "manufacturer").get("name"),
        component.get("author"),
        component.get("publisher"),
    )
    return next((_person(text) for text in stated if _text(text)), "")


def _read_spdx(document: dict[str, Any]) -> Document:
    packages = _objects(document, "packages")
    if len(packages) > ENTRIES_LIMIT:
        raise ValueError(f"more than {ENTRIES_LIMIT} components")
    needs, described, absent = _relationships(document)
    entries = tuple(
        _package(package)
        for package in packages
        if _text(package.get("SPDXID")) not in absent and _text(package.get("primaryPackagePurpose")) not in _PURPOSES
    )
    known = {entry.ref for entry in entries}
    return Document(entries, needs, next((ref for ref in described if ref in known), ""))


def _relationships(document: dict[str, Any]) -> tuple[dict[str, list[str]], list[str], set[str]]:
    """What needs what; what the document describes; what it says is not there."""
    needs: dict[str, list[str]] = {}
    stated = document.get("documentDescribes")
    described = [_text(ref) for ref in stated] if isinstance(stated, list) else []
    absent: set[str] = set()
    relationships = _objects(document, "relationships")
    if len(relationships) > EDGES_LIMIT:
        raise ValueError(f"more than {EDGES_LIMIT} dependencies")
    for item in relationships:
        kind = _text(item.get("relationshipType"))
        ref, other = _text(item.get("spdxElementId")), _text(item.get("relatedSpdxElement"))
        if kind == "DESCRIBES":
            described.append(other)
        elif kind in _FORWARD:
            needs.setdefault(ref, []).append(other)
        elif kind in _BACKWARD:
            needs.setdefault(other, []).append(ref)
        elif kind in _ABSENT_TARGET:
            absent.add(other)
        elif kind in _ABSENT_SOURCE:
            absent.add(ref)
    present = {ref for refs in needs.values() for ref in refs}.union(described)
    return needs, described, absent - present


def _package(package: dict[str, Any]) -> Entry:
    references = _objects(package, "externalRefs")
    purls = (_purl(item.get("referenceLocator")) for item in references if item.get("referenceType") == "purl")
    license_ = _said(package.get("licenseDeclared")) or _said(package.get("licenseConcluded"))
    supplier = _said(package.get("supplier")) or _said(package.get("originator"))
    return Entry(
        _text(package.get("SPDXID")),
        _text(package.get("name")),
        _said(package.get("versionInfo")),
        next(purls, ""),
        licenses=(license_,) if license_ else (),
        hashes=_hashes(
            (re.sub(r"^SHA(?=\d)", "SHA-", _text(item.get("algorithm"))), item.get("checksumValue"))
            for item in _objects(package, "checksums")
        ),
        supplier=_person(supplier.partition(": ")[2] or supplier),
        urls=_urls((("distribution", package.get("downloadLocation")), ("website", package.get("homepage")))),
    )


def _purl(value: object) -> str:
    """Return a purl as written; what is too long to be one is cut to what isn't one."""
    return value if isinstance(value, str) and len(value) <= PURL_LIMIT else str(value or "")[:3]


def _said(value: object) -> str:
    text = _text(value)
    return "" if text in {"NOASSERTION", "NONE"} else text


def _person(value: object) -> str:
    return re.split(r"\s*[<(]", _text(value), maxsplit=1)[0]


def _text(value: object) -> str:
    return clean_text(value, TEXT_LIMIT)


def _object(value: dict[str, Any], name: str) -> dict[str, Any]:
    inner = value.get(name)
    return inner if isinstance(inner, dict) else {}


def _objects(value: dict[str, Any], name: str) -> list[dict[str, Any]]:
    inner = value.get(name)
    return [item for item in inner if isinstance(item, dict)] if isinstance(inner, list) else []


def _hashes(stated: Iterable[tuple[object, object]]) -> tuple[tuple[str, str], ...]:
    def valid() -> Iterator[tuple[str, str]]:
        for name, value in stated:
            text = value.lower() if isinstance(value, str) else ""
            if isinstance(name, str) and re.fullmatch("[0-9a-f]+", text) and len(text) == _LENGTHS.get(name):
                yield name, text

    return tuple(sorted(set(valid())))


def _urls(stated: Iterable[tuple[object, object]]) -> tuple[tuple[str, str], ...]:
    found = {(kind, clean_url(text)) for kind, text in stated if isinstance(kind, str) and kind in _LINKS}
    return tuple(sorted(link for link in found if link[1]))
