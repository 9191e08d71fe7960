"""SPDX 2 documents of other tools, as far as they say what is there.

Comes in: a decoded document. Goes out: an `Sbom` of what it lists as packages: a canonical
package URL, or name and version, which become `pkg:generic`. Sources, build tools and tests that a document lists are
left out (`readers.sbom_document`); what states a package URL that can't be one is an `Unknown`. Layers are not read:
Trivy lists them in the order of their digests, Syft by file.

Source: SPDX 2.2 and 2.3, chapters 6, 7 and 11; documents of Syft and Trivy.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from stellaops_core.component import OS_PACKAGE_TYPES, Component, Distribution, Evidence, Unknown
from stellaops_core.errors import TargetError
from stellaops_core.licenses import normalize
from stellaops_core.purl import Purl, make_purl, parse_purl
from stellaops_core.readers.sbom_document import Document, Entry, read_sbom
from stellaops_core.sbom.sbom import Sbom, Subject

ANALYZER = "spdx"
"""In evidence: a document of another tool said so."""
PATHS_LIMIT = 100
"""Paths of one package that are taken from what a document says of its origin."""

_CREATED = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)?Z")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ACQUIRED = re.compile(r"acquired package info from [^:]*: (/.*)", re.DOTALL)
_SYSTEMS = {"OPERATING-SYSTEM", "OPERATING_SYSTEM"}
_IMAGE = re.compile(r"SPDXRef-(?:ContainerImage|DocumentRoot-Image)\b")

Json = dict[str, Any]


def read_spdx(document: Json) -> Sbom:
    """Read a decoded document. Raises `TargetError` where `readers.sbom_document` doesn't read it."""
    try:
        listed = read_sbom(msgspec.json.encode(document))
    except (ValueError, RecursionError) as error:
        raise TargetError(f"not an SPDX document that can be read: {error}") from None
    packages = {_text(one, "SPDXID"): one for one in _objects(document, "packages")}
    listing = _Listing(listed, packages)
    components = listing.components()
    return Sbom(
        subject=_subject(document, packages, listed),
        distribution=_system(packages) or _implied(components),
        components=components,
        unknowns=tuple(sorted(listing.unknowns)),
        removed=(),
        tool_version="",
        timestamp=_created(document),
    )


class _Listing:
    """Packages by their canonical package URL; several entries of one are one component."""

    def __init__(self, listed: Document, packages: Mapping[str, Json]) -> None:
        self._listed, self._packages = listed, packages
        self.unknowns: set[Unknown] = set()
        self._refs: dict[str, Purl] = {}
        for entry in listed.entries:
            if not _is_system(packages.get(entry.ref, {})) and (entry.ref != listed.subject or entry.purl):
                try:
                    self._add(entry)
                except ValueError:
                    name = f"{entry.name} {entry.version}".strip()[:100]
                    self.unknowns.add(Unknown("", ANALYZER, f"has a package URL that can't be one: {name}"))

    def _add(self, entry: Entry) -> None:
        if entry.purl:
            purl = parse_purl(entry.purl)
            if purl.type not in {"oci", "docker"}:
                self._refs[entry.ref] = purl
        elif entry.name and entry.version:
            self._refs[entry.ref] = make_purl("generic", entry.name, entry.version)

    def components(self) -> tuple[Component, ...]:
        """Return them sorted."""
        entries: dict[Purl, list[Entry]] = {}
        for entry in self._listed.entries:
            if entry.ref in self._refs:
                entries.setdefault(self._refs[entry.ref], []).append(entry)
        found = [self._component(purl, same) for purl, same in entries.items()]
        return tuple(sorted(found, key=lambda one: one.ref))

    def _component(self, purl: Purl, entries: list[Entry]) -> Component:
        first, ref = entries[0], str(purl)
        needs = {
            str(self._refs[other])
            for entry in entries
            for other in self._listed.needs.get(entry.ref, ())
            if other in self._refs
        }
        paths = {path for entry in entries for path in _paths(self._packages.get(entry.ref, {}))} or {""}
        return Component(
            ref=ref,
            type=purl.type,
            name=first.name or purl.name,
            version=first.version or purl.version,
            evidence=tuple(Evidence(path, ANALYZER, -1) for path in sorted(paths)),
            layer=-1,
            licenses=tuple(dict.fromkeys(normalize(text) for entry in entries for text in entry.licenses)),
            hashes=first.hashes,
            depends=tuple(sorted(needs - {ref})),
            supplier=first.supplier,
            urls=first.urls,
        )


def _paths(package: Json) -> Iterator[str]:
    """Where Syft says that it found a package."""
    if acquired := _ACQUIRED.fullmatch(_text(package, "sourceInfo")):
        for path in acquired[1].split(", ")[:PATHS_LIMIT]:
            if path.startswith("/") and len(path) > 1:
                yield path[1:]


def _subject(document: Json, packages: Mapping[str, Json], listed: Document) -> Subject:
    described = [_text(one, "relatedSpdxElement") for one in _described(document)]
    named = document.get("documentDescribes")
    described += [one for one in named if isinstance(one, str)] if isinstance(named, list) else []
    root = next((one for one in [*described, listed.subject] if one in packages), "")
    package = packages.get(root, {})
    image = _text(package, "primaryPackagePurpose") == "CONTAINER" or _IMAGE.match(root)
    version = _text(package, "versionInfo")
    return Subject(
        kind="container" if image else "directory",
        name=_text(package, "name") or _text(document, "name"),
        digest=version if _DIGEST.fullmatch(version) else "",
        config_digest="",
        platform="",
        created="",
        tags=(),
        labels=(),
        layers=(),
    )


def _described(document: Json) -> Iterator[Json]:
    return (one for one in _objects(document, "relationships") if one.get("relationshipType") == "DESCRIBES")


def _is_system(package: Json) -> bool:
    purpose, spdx_id = _text(package, "primaryPackagePurpose"), _text(package, "SPDXID")
    return purpose in _SYSTEMS or spdx_id.startswith("SPDXRef-OperatingSystem")


def _system(packages: Mapping[str, Json]) -> Distribution | None:
    package = next((one for one in packages.values() if _is_system(one)), None)
    if not package or not _text(package, "name"):
        return None
    return Distribution(_text(package, "name"), _text(package, "versionInfo"))


def _implied(components: tuple[Component, ...]) -> Distribution | None:
    """The one distribution that package URLs name (`distro=debian-12`), as Syft's documents do."""
    named = {
        dict(parse_purl(one.ref).qualifiers).get("distro", "") for one in components if one.type in OS_PACKAGE_TYPES
    }
    name, dash, version = next(iter(named)).rpartition("-") if len(named) == 1 else ("", "", "")
    return Distribution(name, version) if dash and name else None


def _created(document: Json) -> str:
    info = document.get("creationInfo")
    created = _CREATED.fullmatch(_text(info, "created")) if isinstance(info, dict) else None
    return f"{created[1]}Z" if created else "1970-01-01T00:00:00Z"


def _text(value: Json, name: str) -> str:
    text = value.get(name)
    return text if isinstance(text, str) else ""


def _objects(value: Json, name: str) -> list[Json]:
    inner = value.get(name)
    return [item for item in inner if isinstance(item, dict)] if isinstance(inner, list) else []
