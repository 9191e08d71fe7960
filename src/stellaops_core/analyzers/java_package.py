"""The packages that one Java archive's records tell of.

Comes in: an archive's name, manifest and Maven's records. Goes out: the package it is, then those that are shaded into
it. Rules: pom.properties before pom.xml before manifest before file name; each record of Maven is a package; the one
that the archive is named after owns its hash, and what the file's name tells of classifier and type.

Source: Maven Archiver reference, "pom.properties content"; Maven Shade Plugin; purl type definition `maven`.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from stellaops_core.analyzers.analyzer import Package
from stellaops_core.analyzers.java_names import FileName, Identity, identify, is_identifier, is_version, take_apart
from stellaops_core.readers.manifest import read_clauses
from stellaops_core.readers.pom import Effective, Pom, line_of
from stellaops_core.readers.stated import clean_text, clean_url

TEXT_LIMIT: Final = 1024
"""Characters of a text that is handed on, such as a licence."""

_RECORD = re.compile(r"(?:.*/)?META-INF/maven/([^/]+)/([^/]+)", re.DOTALL)
_CLASSIFIER = re.compile(r"[A-Za-z][\w.-]*")
_TYPES: Final = {"jpi": "hpi"}
_RUNTIME: Final = "Java Runtime Environment"


class Record(Struct, frozen=True):
    """What Maven wrote about one artifact."""

    group: str
    artifact: str
    version: str
    pom: Effective | None = None

    def named_by(self, file: FileName) -> bool:
        """Say whether the file is called like this artifact."""
        rest = file.stem.removeprefix(self.artifact)
        return rest != file.stem and (not rest or rest[0] in "-_.")


def is_record(folder: str) -> bool:
    """Say whether Maven puts its records into a folder of this name."""
    return _RECORD.fullmatch(folder) is not None


def records_of(properties: Mapping[str, Mapping[str, str]], poms: Mapping[str, Pom]) -> Iterator[Record]:
    """Bring pom.properties and pom.xml of one folder together, and poms with their parents in the archive."""
    known = {
        (pom.values.get("groupId", "") or pom.parent[0], pom.values.get("artifactId", "")): pom for pom in poms.values()
    }
    seen = set()
    for folder in dict.fromkeys((*properties, *poms)):
        stated, pom = properties.get(folder, {}), poms.get(folder)
        if pom and not stated and pom.values.get("packaging") == "pom":
            continue  # a parent that came along
        match = _RECORD.fullmatch(folder)
        effective = Effective(line_of(pom, known)) if pom else None
        group, artifact, version = (
            next(
                (text for text in (stated.get(key, ""), effective.value(key) if effective else "") if is_fit(text)), ""
            )
            for key, is_fit in (("groupId", is_identifier), ("artifactId", is_identifier), ("version", is_version))
        )
        if match:  # the folder's name is what Maven resolved
            group, artifact = group or match[1], artifact or match[2]
        fit = is_identifier(group) and is_identifier(artifact) and (version or match)
        if fit and (group, artifact, version) not in seen:
            seen.add((group, artifact, version))
            yield Record(group, artifact, version, effective)


def package_of(record: Record) -> Package:
    """Describe a package by Maven's record alone."""
    identity = Identity("maven", record.artifact, record.version, record.group)
    return _package(identity, manifest={}, record=record, inside="", sha1="")


def describe(
    name: str,
    manifest: Mapping[str, str],
    records: Sequence[Record],
    holds: Callable[[bytes], bool],
    inside: str,
    sha1: str,
) -> Iterator[Package]:
    """Yield the packages of one archive: itself, then what is shaded into it."""
    file = take_apart(name.rpartition(".")[0])
    own = _own(file, records)
    identity: Identity | None
    if manifest.get("implementation-title") == _RUNTIME and not records:
        yield _runtime(manifest, inside)
        return
    if own:
        version = own.version or _missing_version(file, own, manifest)
        identity = Identity("maven", own.artifact, version, own.group, confidence=100 if own.version else 60)
        said = manifest
    else:
        identity = identify(file, manifest, holds, merged=bool(records))
        said = {} if records else manifest
    if identity:
        qualifiers = qualifiers_of(name, identity) if identity.group else {}
        yield _package(identity, manifest=said, record=own, inside=inside, sha1=sha1, qualifiers=qualifiers)
    for record in records:
        if record is not own:
            identity = Identity("maven", record.artifact, record.version, record.group)
            yield _package(identity, manifest={}, record=record, inside=inside, sha1="")


def _own(file: FileName, records: Sequence[Record]) -> Record | None:
    """Return the record of the archive itself; the others are of what was shaded into it."""
    named = [record for record in records if record.named_by(file)]
    if named:
        return max(named, key=lambda record: (len(record.artifact), record.version in file.stem, record.artifact))
    if len(records) != 1:
        return None
    [record] = records
    stem, artifact = _words(file.stem), _words(record.artifact)
    related = artifact in stem or stem in artifact
    return record if related or file.version in {"", record.version} else None


def _words(name: str) -> str:
    return "-" + re.sub(r"[._-]+", "-", name.lower()) + "-"


def _missing_version(file: FileName, record: Record, manifest: Mapping[str, str]) -> str:
    """Return the version of a record without one from the manifest or the file name, if they speak of it."""
    identity = identify(file, manifest, lambda _: False, merged=False)
    return identity.version if identity and record.named_by(file) else ""


def qualifiers_of(name: str, identity: Identity) -> dict[str, str]:
    """Return classifier and type, as far as the name of the file with these coordinates tells them."""
    stem, _, ending = name.rpartition(".")
    rest = stem.removeprefix(f"{identity.name}-{identity.version}-")
    found = {"classifier": rest} if rest != stem and _CLASSIFIER.fullmatch(rest) else {}
    kind = _TYPES.get(ending.lower(), ending.lower())
    return found if kind == "jar" else {**found, "type": kind}


def _runtime(manifest: Mapping[str, str], inside: str) -> Package:
    """Describe a part of Java itself."""
    version = manifest.get("implementation-version", "").partition(" ")[0]
    identity = Identity("generic", "openjdk", version if is_version(version) else "", confidence=60)
    return _package(identity, manifest=manifest, record=None, inside=inside, sha1="")


def _package(
    identity: Identity,
    *,
    manifest: Mapping[str, str],
    record: Record | None,
    inside: str,
    sha1: str,
    qualifiers: dict[str, str] | None = None,
) -> Package:
    pom = record.pom if record else None
    return Package(
        identity.type,
        identity.name,
        identity.version,
        namespace=identity.group,
        key=inside,
        qualifiers=qualifiers or {},
        licenses=_licenses(pom, manifest),
        hashes=(("SHA-1", sha1),) if sha1 else (),
        requires=pom.dependencies() if pom else (),
        supplier=_supplier(pom, manifest),
        urls=_urls(pom),
        properties=_properties(manifest),
        technique=identity.technique,
        confidence=identity.confidence,
    )


def _licenses(pom: Effective | None, manifest: Mapping[str, str]) -> tuple[str, ...]:
    stated = pom.licenses() if pom else ()
    if not stated:
        stated = tuple(text for text, _ in read_clauses(manifest.get("bundle-license", "")))
    return tuple(dict.fromkeys(filter(None, (clean_text(text, TEXT_LIMIT) for text in stated))))


def _supplier(pom: Effective | None, manifest: Mapping[str, str]) -> str:
    texts = (
        pom.value("organization/name") if pom else "",
        *(manifest.get(name, "") for name in ("implementation-vendor", "bundle-vendor", "specification-vendor")),
    )
    return next((clean_text(text, TEXT_LIMIT) for text in texts if text and text[0] not in "%$"), "")


def _urls(pom: Effective | None) -> tuple[tuple[str, str], ...]:
    kinds = (("website", "url"), ("vcs", "scm/url"), ("issue-tracker", "issueManagement/url"))
    urls = [(kind, clean_url(pom.value(name))) for kind, name in kinds] if pom else []
    return tuple(sorted({link for link in urls if link[1]}))


def _properties(manifest: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    bundle = read_clauses(manifest.get("bundle-symbolicname", ""))
    facts = {
        "bundle": bundle[0][0] if bundle else "",
        "classPath": manifest.get("class-path", ""),
        "mainClass": manifest.get("main-class", ""),
        "module": manifest.get("automatic-module-name", ""),
        "startClass": manifest.get("start-class", ""),
    }
    return tuple((f"stella:java:{fact}", clean_text(value, 4 * TEXT_LIMIT)) for fact, value in facts.items() if value)
