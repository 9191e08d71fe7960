"""Packages that xbps installed: Void Linux.

Comes in: xbps's package database and its file lists, property lists in XML. Goes out: one `Package` an entry, one
`OwnedFiles` a list; `join` brings them together, adds the distribution and resolves dependencies.

Source: xbps, `lib/pkgdb.c`, `data/` and xbps-pkgdb(1). There is no purl type for it; the packages are
`pkg:xbps/void/NAME@VERSION`.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from stellaops_core.analyzers.analyzer import (
    Analyzer,
    Found,
    Installed,
    LayerFile,
    LayerFiles,
    Malformed,
    OwnedFiles,
    Package,
    View,
)
from stellaops_core.analyzers.capabilities import Capability, Providers
from stellaops_core.analyzers.os_release import name_release
from stellaops_core.purl import make_purl
from stellaops_core.readers.stated import clean_url

FOLDER = "var/db/xbps"
DATABASE = FOLDER + "/pkgdb-0.38.plist"

SIZE_LIMIT = 64 << 20
"""Bytes of a property list; a desktop's database takes some 5 MiB."""

_FILES = re.compile(r"var/db/xbps/\.(?P<name>[^/]+)-files\.plist")
_PKGVER = re.compile(r"(?P<name>[!-~]{1,256})-(?P<version>[^-\s]{1,256}_[0-9]{1,9})")
_PATTERN = re.compile(r"(?P<name>[^<>=*?\[\]\s]+?)(?:-[0-9][^-\s]*|[<>]=?.*|-?[*?\[].*)?")


class Xbps(Analyzer):
    """Reads xbps's database."""

    name = "xbps"
    version = 1
    directories = frozenset({FOLDER})

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002
        """The database and file lists."""
        return path == DATABASE or bool(_FILES.fullmatch(path))

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Found]:  # noqa: ARG002
        """Yield what one property list says."""
        content = _read_plist(file)
        return _packages(content) if file.path == DATABASE else _files(content)

    def join(self, view: View) -> Iterable[Installed]:
        """Name the distribution; bring packages and their files together; resolve dependencies."""
        namespace, release = name_release(view.distribution, "void")
        packages = [found for found in view.found.get(DATABASE, ()) if isinstance(found, Package)]
        purls = [
            make_purl(
                "xbps", one.name, one.version, namespace=namespace, qualifiers={**one.qualifiers, "distro": release}
            )
            for one in packages
        ]
        providers = Providers()
        for package, purl in zip(packages, purls, strict=True):
            provided = (match["name"] for one in package.provides if (match := _PKGVER.fullmatch(one)))
            providers.add(str(purl), map(Capability, (package.name, *provided)))
        for package, purl in zip(packages, purls, strict=True):
            required = (
                match["name"] for one in package.requires if (match := _PATTERN.fullmatch(one.removeprefix("virtual?")))
            )
            files = f"{FOLDER}/.{package.name}-files.plist"
            yield Installed(
                package,
                DATABASE,
                purl,
                licenses=package.licenses,
                depends=providers.resolve(map(Capability, required), str(purl)),
                owns=(files,) if files in view.found else (),
            )


def _read_plist(file: LayerFile) -> dict[str, Any]:
    """Read an XML property list; one that declares entities is refused by `plistlib`."""
    import plistlib  # noqa: PLC0415  # few images have one

    if file.size > SIZE_LIMIT:
        raise Malformed(f"larger than {SIZE_LIMIT} bytes")
    try:
        content = plistlib.loads(file.read(), fmt=plistlib.FMT_XML)
    except Exception as error:  # expat's and a few others for what is wrong with it
        raise Malformed("not a property list in XML") from error
    if not isinstance(content, dict):
        raise Malformed("not a property list of a dictionary")
    return content


def _packages(content: dict[str, Any]) -> Iterator[Package]:
    flaws = []
    entries = [entry for name, entry in sorted(content.items()) if not name.startswith("_XBPS_")]
    for entry in entries:
        match = _PKGVER.fullmatch(_text(entry, "pkgver"))
        if not match:
            flaws.append(f"no name and version: {_text(entry, 'pkgver')[:80]!a}")
        elif _text(entry, "state") in {"installed", "unpacked"}:
            yield _package(entry, match["name"], match["version"])
    if flaws:
        raise Malformed(f"{len(flaws)} of {len(entries)} records are damaged, first: {flaws[0]}")


def _package(entry: dict[str, Any], name: str, version: str) -> Package:
    architecture, source = _text(entry, "architecture"), _text(entry, "source-revisions")
    website = clean_url(_text(entry, "homepage"))
    return Package(
        "xbps",
        name,
        version,
        key=name,
        qualifiers={"arch": architecture} if architecture else {},
        licenses=tuple(part.strip() for part in _text(entry, "license").split(",") if part.strip()),
        requires=_texts(entry, "run_depends"),
        provides=_texts(entry, "provides"),
        supplier=_text(entry, "maintainer"),
        urls=(("website", website),) if website else (),
        properties=(("stella:xbps:source", source),) if source else (),
    )


def _files(content: dict[str, Any]) -> Iterator[OwnedFiles]:
    lists = [content.get(key) for key in ("conf_files", "dirs", "files", "links")]
    paths = [_text(one, "file") for some in lists if isinstance(some, list) for one in some]
    kept = sorted({path.strip("/") for path in paths if "\n" not in path} - {""})
    if kept:
        yield OwnedFiles("", "\n".join(kept))


def _text(entry: Any, key: str) -> str:
    value = entry.get(key) if isinstance(entry, dict) else None
    return value.strip() if isinstance(value, str) else ""


def _texts(entry: dict[str, Any], key: str) -> tuple[str, ...]:
    value = entry.get(key)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


ANALYZER = Xbps()
