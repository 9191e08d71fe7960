"""What an archive without Maven's records says it is: its manifest, then its file name.

Comes in: a file name, a manifest, and a question about the archive's folders. Goes out: an `Identity`, always with how
far it can be trusted. Rules: a group is stated or known of this artifact, never made from a package; a version is read
from a file name only where it can be split in one way; where manifest and file name agree, the file name's spelling is
Maven's (`3.3`, not OSGi's `3.3.0`); names without a group are `pkg:generic`, for `pkg:maven` demands one.

Source: JAR File Specification; OSGi Core 8, 3.2.5 (version) and 3.5.2; Maven Archiver reference; Jenkins "Plugin
structure"; Apache NiFi Developer's Guide, "NiFi Archives"; sbt `packageOptions`;
Nebula `nebula-info`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from stellaops_core.analyzers.java_known import find_group
from stellaops_core.component import Technique
from stellaops_core.readers.manifest import read_clauses

VERSION_LIMIT: Final = 256
IDENTIFIER_LIMIT: Final = 256
"""Characters of a group or an artifact."""

_IDENTIFIER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
_VERSION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+~-]*")
_TITLE = re.compile(r"[a-z][a-z0-9]*(?:[._-][a-z0-9.]+)+")
_SPLIT = re.compile(r"-(?=\d)|_(?=\d+\.)(?!2\.1\d(?:-|$))")  # `_2.12` is Scala's version
_QUALIFIERS: Final = (
    "alpha|android|b|beta|build|cr|dev|ea|final|ga|incubating|jre|m|nightly|p|patch|pre|preview|r|rc|redhat|release"
    "|rev|sec|snapshot|sp|u|v"
)
_FILE_VERSION = re.compile(
    rf"(\d+(?:\.\d+)*(?:[._+-]?(?:{_QUALIFIERS})[._-]?\d*(?:\.\d+)*)*)(?:-([A-Za-z][\w.-]*))?", re.IGNORECASE
)
_SCALA = re.compile(r"_(?:2\.1\d|3)$")
_NEBULA = re.compile(r"([^#;]+)#([^#;]+);([^#;]+)")
_GROUP = re.compile(r"[a-z][a-z0-9_-]*(?:\.[A-Za-z0-9_-]+)+")


class Identity(Struct, frozen=True):
    """What an archive calls itself."""

    type: str
    """purl type: `maven` with a group, else `generic`."""
    name: str
    version: str = ""
    group: str = ""
    technique: Technique = "manifest-analysis"
    confidence: int = 100


class FileName(Struct, frozen=True):
    """A file name without its ending, taken apart."""

    stem: str
    splits: tuple[tuple[str, str], ...] = ()
    """(name, version) for each way to split it."""

    @property
    def version(self) -> str:
        """The version, if there is one way only to split the name, and it looks like nothing else (`utf-8`)."""
        return self.splits[0][1] if len(self.splits) == 1 and "." in self.splits[0][1] else ""


def take_apart(stem: str) -> FileName:
    """Split `name-1.2.3`; what follows a version is a classifier."""
    splits = []
    for match in _SPLIT.finditer(stem[:IDENTIFIER_LIMIT]):
        version = _FILE_VERSION.fullmatch(stem, match.end())
        if version and match.start():
            splits.append((stem[: match.start()], version[1]))
    return FileName(stem, tuple(splits))


def is_identifier(text: str) -> bool:
    """Say whether the text can be a group or an artifact of Maven."""
    return len(text) <= IDENTIFIER_LIMIT and _IDENTIFIER.fullmatch(text) is not None


def is_version(text: str) -> bool:
    """Say whether the text can be a version, with all properties filled in."""
    return len(text) <= VERSION_LIMIT and _VERSION.fullmatch(text) is not None


def agrees(short: str, long: str) -> bool:
    """Say whether `long` is `short`, or `short` with zeroes or a qualifier after it: `1.7` and `1.7.0.v2008`."""
    if long == short:
        return True
    return long.startswith(short) and long[len(short)] in ".-_+" if short else False


def identify(
    file: FileName, manifest: Mapping[str, str], holds: Callable[[bytes], bool], *, merged: bool
) -> Identity | None:
    """Name an archive. `merged`: it holds others' classes, so that its manifest may be another's."""
    if not merged and (stated := _stated(manifest)):
        return stated
    name, version, technique, confidence = _name_and_version(file, manifest, merged=merged)
    if not version:
        return Identity("generic", name, technique="filename", confidence=30) if is_identifier(name) else None
    if group := _vendor_group(name, version, manifest):
        return Identity("maven", name, version, group, technique, 80)
    group, artifact = find_group((name, *_own_names(manifest)), version, holds)
    if group:
        return Identity("maven", artifact, version, group, technique, confidence)
    return Identity("generic", name, version, "", technique, confidence)


def _stated(manifest: Mapping[str, str]) -> Identity | None:
    """Read the coordinates that Jenkins plugins, NiFi archives and Nebula's Gradle plugins state."""
    get = manifest.get
    nebula = _NEBULA.fullmatch(get("implementation-title", ""))
    version = (get("plugin-version", "") or get("implementation-version", "")).partition(" ")[0]
    for group, name, version_ in (
        nebula.groups() if nebula else ("", "", ""),
        (get("nar-group", ""), get("nar-id", ""), get("nar-version", "")),
        (get("group-id", ""), get("short-name", "") or get("extension-name", ""), version),
    ):
        if is_identifier(group) and is_identifier(name) and is_version(version_):
            return Identity("maven", name, version_, group)
    return None


def _name_and_version(file: FileName, manifest: Mapping[str, str], *, merged: bool) -> tuple[str, str, Technique, int]:
    """Return name, version, how they were had and how sure that is."""
    stated = list(_versions(manifest))
    for version in stated:
        if file.stem.endswith(f"-{version}") and is_identifier(name := file.stem[: -len(version) - 1]):
            return name, version, "manifest-analysis", 70
    for name, version in file.splits:
        specified = manifest.get("specification-version", "")
        if any(agrees(version, other) for other in (*stated, specified)):
            return name, version, "manifest-analysis", 70
    if file.version and (merged or not stated or _counts_otherwise(file.version, manifest)):
        return (*file.splits[0], "filename", 50)
    if stated and not merged:
        names = _own_names(manifest)
        name = file.splits[0][0] if len(file.splits) == 1 else next(iter(names), file.stem)
        return name, stated[0], "manifest-analysis", 60
    return file.stem, "", "filename", 30


def _counts_otherwise(version: str, manifest: Mapping[str, str]) -> bool:
    """Say whether the manifest states a bundle's version only, which begins like this one and goes on otherwise.

    OSGi orders no more than three numbers, so that some projects count the rest in their own way (Derby's 10.14.2.0 is
    10.14.2000000): that version has no place in the order of the published ones.
    """
    bundle = manifest.get("bundle-version", "")
    alone = manifest.keys().isdisjoint({"implementation-version", "plugin-version"})
    return alone and version.split(".")[:2] == bundle.split(".")[:2]


def _versions(manifest: Mapping[str, str]) -> Iterator[str]:
    for header in ("implementation-version", "bundle-version", "plugin-version"):
        version = manifest.get(header, "").partition(" ")[0]
        if version[:1].isdigit() and is_version(version):
            yield version


def _own_names(manifest: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names that the manifest gives, the likeliest artifact first."""
    title = manifest.get("implementation-title", "")
    bundles = read_clauses(manifest.get("bundle-symbolicname", ""))
    names = (title if _TITLE.fullmatch(title) else "", bundles[0][0] if bundles else "")
    return tuple(name for name in names if name and is_identifier(name))


def _vendor_group(name: str, version: str, manifest: Mapping[str, str]) -> str:
    """Return the group of a manifest that build tools filled in: its title is the artifact, its vendor's id the group.

    sbt leaves out Scala's version, and a common prefix; it gives the vendor twice.
    """
    group, title = manifest.get("implementation-vendor-id", ""), manifest.get("implementation-title", "")
    if not (title and _GROUP.fullmatch(group) and manifest.get("implementation-version") == version):
        return ""
    plain = _SCALA.sub("", name)
    by_sbt = manifest.get("implementation-vendor") == group and plain.endswith("-" + title)
    return group if title in {name, plain} or by_sbt else ""
