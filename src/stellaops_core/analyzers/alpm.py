"""Packages that pacman installed: Arch Linux, Manjaro, Arch Linux ARM and others.

Comes in: pacman's local database, a folder a package with `desc` and `files`. Goes out: one `Package` a `desc`, one
`OwnedFiles` a `files`; `join` brings them together, adds the distribution and resolves dependencies.

Source: libalpm, `be_local.c`: `%FIELD%` lines, each followed by its values, ended by an empty line; the purl type
definition of alpm.
"""

import re
from collections.abc import Iterable, Mapping

from stellaops_core.analyzers.analyzer import (
    Analyzer,
    Installed,
    LayerFile,
    LayerFiles,
    Malformed,
    OwnedFiles,
    Package,
    View,
)
from stellaops_core.analyzers.capabilities import Providers, read_word
from stellaops_core.analyzers.os_release import name_release
from stellaops_core.analyzers.record import DATABASE_LIMIT, read_bytes
from stellaops_core.component import Distribution
from stellaops_core.purl import Purl, make_purl
from stellaops_core.readers.deb822 import decode_lines
from stellaops_core.readers.stated import clean_url

LOCAL = "var/lib/pacman/local/"

_FIELD = re.compile(r"%([A-Z0-9_]+)%")
_WORD = re.compile(r"[!-~]{1,256}")


class Alpm(Analyzer):
    """Reads pacman's local database."""

    name = "alpm"
    version = 1
    names = frozenset({"desc", "files"})

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002
        """Records and file lists of installed packages."""
        return path.startswith(LOCAL) and path.count("/") == 5 and path.endswith(("/desc", "/files"))

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Package | OwnedFiles]:  # noqa: ARG002
        """Yield the package, or its files."""
        fields = read_fields(read_bytes(file, DATABASE_LIMIT))
        if file.path.endswith("/desc"):
            yield _package(fields)
        elif paths := [path.strip("/") for path in fields.get("FILES", ()) if path.strip("/")]:
            yield OwnedFiles("", "\n".join(paths))

    def join(self, view: View) -> Iterable[Installed]:
        """Name the distribution; bring packages and their files together; resolve dependencies."""
        packages = [
            (found, path) for path, finds in view.found.items() for found in finds if isinstance(found, Package)
        ]
        purls = [_purl(package, view.distribution) for package, _ in packages]
        providers = Providers()
        for (package, _), purl in zip(packages, purls, strict=True):
            itself = f"{package.name}={package.version}"
            providers.add(str(purl), map(read_word, (itself, *package.provides)))
        for (package, path), purl in zip(packages, purls, strict=True):
            files = path.removesuffix("desc") + "files"
            yield Installed(
                package,
                path,
                purl,
                licenses=package.licenses,
                depends=providers.resolve(map(read_word, package.requires), str(purl)),
                owns=(files,) if files in view.found else (),
            )


def read_fields(data: bytes) -> dict[str, list[str]]:
    """Return {field: its lines}; of a repeated field the first counts."""
    fields: dict[str, list[str]] = {}
    values: list[str] = []
    for line in decode_lines(data):
        text = line.strip("\r")
        if not text:
            values = []
        elif match := _FIELD.fullmatch(text):
            values = fields.setdefault(match[1], [])
            if values:
                values = []
        else:
            values.append(text)
    return fields


def _package(fields: Mapping[str, list[str]]) -> Package:
    def first(field: str) -> str:
        return next(iter(fields.get(field, ())), "").strip()

    name, version = first("NAME"), first("VERSION")
    if not _WORD.fullmatch(name) or not _WORD.fullmatch(version):
        raise Malformed(f"no usable name or version: {name[:80]!a}")
    return Package(
        "alpm",
        name,
        version,
        key=name,
        qualifiers={"arch": first("ARCH")} if first("ARCH") else {},
        licenses=tuple(fields.get("LICENSE", ())),
        requires=tuple(fields.get("DEPENDS", ())),
        provides=tuple(fields.get("PROVIDES", ())),
        supplier=first("PACKAGER"),
        urls=(("website", website),) if (website := clean_url(first("URL"))) else (),
        properties=(("stella:alpm:base", first("BASE") or name),),
    )


def _purl(package: Package, distribution: Distribution | None) -> Purl:
    """Name the package; `upstream` is what it was built with others from, where that is called otherwise."""
    namespace, release = name_release(distribution, "arch")
    base = dict(package.properties)["stella:alpm:base"]
    upstream = base if base != package.name else ""
    qualifiers = package.qualifiers | {"distro": release, "upstream": upstream}
    return make_purl("alpm", package.name, package.version, namespace=namespace, qualifiers=qualifiers)


ANALYZER = Alpm()
