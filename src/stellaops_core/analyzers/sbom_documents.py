"""Software that nothing but a bill of materials inside the image records.

Comes in: documents in places where whoever installs or builds packages puts them: a wheel's `.dist-info/sboms` (PEP
770), Bitnami's and Docker's directories below `/opt`, apko's `/var/lib/db/sbom`. Goes out: one `Package` for each
component that a document lists with name and version, and dependency edges as it states them. A document that lies
elsewhere says something of anything, and is not read.

Packages of an operating system that a system's document lists are what the package database lists already, with a purl
of other qualifiers: those of apk count only where no database of the image knows them, others not at all. In a wheel
they are libraries that were copied into it, and count.

Source: PEP 770; Bitnami's and Docker's images; melange and apko, "SBOM composition".
"""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from stellaops_core.analyzers.analyzer import (
    Analyzer,
    Found,
    Installed,
    LayerFile,
    LayerFiles,
    Malformed,
    Package,
    View,
)
from stellaops_core.analyzers.record import check_word, read_bytes, read_json
from stellaops_core.component import OS_PACKAGE_TYPES
from stellaops_core.purl import Purl, make_purl, parse_purl

if TYPE_CHECKING:
    from stellaops_core.readers.sbom_document import Document, Entry

DOCUMENT_LIMIT = 64 << 20
"""Bytes of one document."""
DATABASES = frozenset({"lib/apk/db/installed", "usr/lib/apk/db/installed"})
"""Of apk, read for the names and versions of what they list."""
BITNAMI = "opt/bitnami/.bitnami_components.json"
"""Which components were unpacked into an image of Bitnami's; each brings a document besides."""

_WHEEL = re.compile(r"(?P<record>(?:.*/)?[^/]+\.dist-info)/sboms/[^/]+")
_SYSTEM = re.compile(
    r"var/lib/db/sbom/[^/]+\.json|opt/bitnami/(?:.+/)?\.spdx-[^/]+\.spdx|opt/docker/sbom/(?:.+/)?[^/]+\.json"
)
_LISTED = re.compile(rb"^([PV]):(\S+)", re.MULTILINE)
_LISTED_TYPE = "listed"
"""Type of what a package database lists: for `join` alone."""
_WEAK = 80
"""Percent of confidence where the document states no purl."""
_OPTIONAL = 50
"""Percent of confidence where the document leaves open whether it is there."""


class SbomDocuments(Analyzer):
    """Reads embedded documents."""

    name = "sbom_documents"
    version = 1
    names = frozenset({"METADATA", "installed"})
    endings = (".json", ".spdx", ".xml", ".cdx")

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002  # too large ones become an Unknown in `analyze`
        """Documents in known places, and what tells whom they speak of."""
        if ".dist-info/" in path:
            return path.endswith(".dist-info/METADATA") or bool(_WHEEL.fullmatch(path))
        return path[:4] in {"var/", "opt/", "lib/", "usr/"} and (
            path in DATABASES or path == BITNAMI or bool(_SYSTEM.fullmatch(path))
        )

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Found]:
        """Yield what a document lists; raise for entries that can't be packages after the others."""
        if file.path in DATABASES:
            return _listed(file.read())
        if file.path == BITNAMI:
            return _bitnami(file)
        return () if file.path.endswith("/METADATA") else _documented(file, near)

    def join(self, view: View) -> Iterable[Installed]:
        """Leave out what a database lists; bring Bitnami's two records of a component together."""
        found = [(path, item) for path, items in view.found.items() for item in items if isinstance(item, Package)]
        listed = {(item.name.lower(), item.version) for _, item in found if item.type == _LISTED_TYPE}
        documented = {item.name: item for path, item in found if item.type == "bitnami" and path != BITNAMI}
        kept = [(path, item) for path, item in found if item.type != _LISTED_TYPE and _plain(item) not in listed]
        keys = {item.key for _, item in kept}
        for path, package in kept:
            key = package.key
            same = documented.get(package.name) if path == BITNAMI else None
            if same and f"{package.version}-".startswith(f"{same.version}-"):
                key = same.key
            yield Installed(
                package,
                path,
                parse_purl(key),
                licenses=package.licenses,
                depends=tuple(other for other in package.requires if other != key and other in keys),
                properties=package.properties,
            )


ANALYZER = SbomDocuments()


def _plain(package: Package) -> tuple[str, str] | None:
    """Name and version of a package of apk's."""
    return (package.name.lower(), package.version) if package.type == "apk" else None


def _listed(data: bytes) -> Iterator[Package]:
    for record in data.split(b"\n\n"):
        fields = {letter: value.decode("utf-8", "replace") for letter, value in _LISTED.findall(record)}
        if len(fields) == 2:
            yield Package(_LISTED_TYPE, fields[b"P"], fields[b"V"])


def _bitnami(file: LayerFile) -> Iterator[Package]:
    for name, facts in sorted(read_json(file).items()):
        if not isinstance(facts, dict):
            raise Malformed("lists something else than components")
        version = check_word(facts.get("version"), "version")
        qualifiers = {key: facts[key] for key in ("arch", "distro") if isinstance(facts.get(key), str)}
        digest = facts.get("digest")
        is_digest = isinstance(digest, str) and re.fullmatch("[0-9a-f]{64}", digest)
        purl = make_purl("bitnami", check_word(name, "name"), version, qualifiers=qualifiers)
        yield Package("bitnami", name, version, key=str(purl), hashes=(("SHA-256", str(digest)),) if is_digest else ())


def _documented(file: LayerFile, near: LayerFiles) -> Iterator[Package]:
    from stellaops_core.readers.sbom_document import read_sbom  # noqa: PLC0415  # only where there are documents

    try:
        document = read_sbom(read_bytes(file, DOCUMENT_LIMIT))
    except ValueError as error:
        raise Malformed(str(error)) from error
    wheel = _WHEEL.fullmatch(file.path)
    parent = _distribution(near.get(wheel["record"] + "/METADATA")) if wheel else None
    return _Listing(document, parent, is_system=not wheel).packages()


def _distribution(metadata: LayerFile | None) -> Purl | None:
    """The wheel that a document came in."""
    from stellaops_core.readers.metadata import read_fields  # noqa: PLC0415  # only where there are documents

    if not metadata:
        return None
    fields = read_fields(read_bytes(metadata, DOCUMENT_LIMIT))
    name, version = fields.get("name"), fields.get("version")
    return make_purl("pypi", name[0], version[0]) if name and version and name[0] and version[0] else None


class _Listing:
    """A document's components by their purls; components that are parts of one package share its purl."""

    def __init__(self, document: "Document", parent: Purl | None, *, is_system: bool) -> None:
        self._document, self._parent, self._is_system = document, parent, is_system
        self._purls: dict[str, Purl] = {}
        self._flaws = 0
        for entry in document.entries:
            try:
                purl = _purl_of(entry)
            except ValueError:
                self._flaws += 1
                continue
            if purl and purl.version:
                self._purls[entry.ref] = parent if parent and _is_same(purl, parent) else purl

    def packages(self) -> Iterator[Package]:
        """Yield them, each once, and what came with a wheel as what that needs."""
        needs = self._edges()
        seen = set()
        for entry in self._document.entries:
            purl = self._purls.get(entry.ref)
            if purl is None or purl in seen or purl == self._parent or self._is_left_out(purl):
                continue
            seen.add(purl)
            yield self._package(entry, purl, needs.get(purl, set()))
        if self._parent and seen:
            below = {purl for others in needs.values() for purl in others}
            needed = {str(purl) for purl in needs.get(self._parent, set()).union(seen - below)}
            yield Package(
                "pypi",
                self._parent.name,
                self._parent.version,
                key=str(self._parent),
                requires=tuple(sorted(needed)),
            )
        if self._flaws:
            raise Malformed(f"{self._flaws} of {len(self._document.entries)} components have a purl that can't be one")

    def _edges(self) -> dict[Purl, set[Purl]]:
        edges: dict[Purl, set[Purl]] = {}
        for ref, others in self._document.needs.items():
            if ref in self._purls:
                own = self._purls[ref]
                found = {self._purls[other] for other in others if other in self._purls} - {own}
                edges.setdefault(own, set()).update(purl for purl in found if not self._is_left_out(purl))
        return edges

    def _is_left_out(self, purl: Purl) -> bool:
        return self._is_system and purl.type in OS_PACKAGE_TYPES - {"apk"}

    def _package(self, entry: "Entry", purl: Purl, needs: set[Purl]) -> Package:
        properties = []
        if self._parent:
            properties.append(("stella:sbom:parent", str(self._parent)))
        if entry.optional:
            properties.append(("stella:sbom:scope", "optional"))
        is_named = bool(entry.purl)
        return Package(
            purl.type,
            purl.name if is_named else entry.name,
            purl.version,
            namespace=purl.namespace,
            key=str(purl),
            qualifiers=dict(purl.qualifiers),
            licenses=entry.licenses,
            hashes=entry.hashes,
            requires=tuple(sorted(map(str, needs))),
            supplier=entry.supplier,
            urls=entry.urls,
            properties=tuple(properties),
            confidence=_OPTIONAL if entry.optional else 100 if is_named else _WEAK,
        )


def _purl_of(entry: "Entry") -> Purl | None:
    """The component's purl, without the subpath of a part; else its reference, if that is one; else its plain name."""
    if entry.purl:
        purl = parse_purl(entry.purl)
        return _without_subpath(purl, purl.version or entry.version)
    if not entry.name or not entry.version:
        return None
    if entry.ref.startswith("pkg:"):
        try:
            purl = parse_purl(entry.ref)
        except ValueError:
            return make_purl("generic", entry.name, entry.version)
        if not purl.subpath and purl.version in {"", entry.version}:
            return _without_subpath(purl, entry.version)
    return make_purl("generic", entry.name, entry.version)


def _without_subpath(purl: Purl, version: str) -> Purl:
    from stellaops_core.readers.stated import clean_text  # noqa: PLC0415  # read with a document

    qualifiers = {key: clean_text(value, DOCUMENT_LIMIT) for key, value in purl.qualifiers}  # addresses hold passwords
    return make_purl(purl.type, purl.name, version, namespace=purl.namespace, qualifiers=qualifiers)


def _is_same(purl: Purl, parent: Purl) -> bool:
    def plain(name: str) -> str:
        return re.sub(r"[-_.]+", "-", name).lower()

    return purl.type == "pypi" and plain(purl.name) == plain(parent.name) and purl.version == parent.version
