"""Python distributions that are installed: `.dist-info`, `.egg-info` (directory or file) and eggs.

Comes in: METADATA or PKG-INFO, with what lies beside it (RECORD, direct_url.json, INSTALLER, REQUESTED, requires.txt,
installed-files.txt), and the pyvenv.cfg of virtual environments. Goes out: one `Package` for each distribution,
`OwnedFiles` for each file list; after `join`, dependency edges within an environment and what it searches besides. Lock
files and requirement lists are wishes and never read; wheels, wheel caches and build directories hold nothing that is
installed.

Source: PyPA "Recording installed projects", "Core metadata", "direct_url.json"; setuptools' egg formats.
"""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

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

if TYPE_CHECKING:
    from stellaops_core.analyzers.python_environment import Environments
    from stellaops_core.readers.direct_url import Origin

SIZE_LIMIT: Final = 64 << 20
"""Bytes of one record; METADATA of real packages stays below 1 MiB, zipped eggs below 20."""
NAME_LIMIT: Final = 214
VERSION_LIMIT: Final = 128
TEXT_LIMIT: Final = 1024
"""Characters of free text (authors, licences, requirements): longer ones are cut or passed over."""
REQUIRES_LIMIT: Final = 4096
"""Requirements of one distribution."""

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._ -]*[A-Za-z0-9])?")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+!_~*-]*")
_NOT_INSTALLED = re.compile(r"(?:^|/)(?:[^/]+\.whl|archive-v\d+|build/bdist\.[^/]+)/")
_SITE = re.compile(r"(?:.*/)?(?:site|dist)-packages(?=/)")
_VENDOR = re.compile(r"(.+?)/_vendor(?:ed)?/")
_BESIDE: Final = frozenset(
    {"RECORD", "direct_url.json", "INSTALLER", "REQUESTED", "requires.txt", "installed-files.txt"}
)
_RECORDS: Final = ("METADATA", "PKG-INFO")
ENVIRONMENT: Final = "pyvenv.cfg"


class Python(Analyzer):
    """The analyzer; see the module."""

    name = "python"
    version = 2
    names = frozenset(_RECORDS) | _BESIDE | {ENVIRONMENT}
    endings = (".egg-info", ".egg")

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002  # too large ones become an Unknown in `analyze`
        """Whether the path is part of an installed distribution's record."""
        directory, _, name = path.rpartition("/")
        if name == ENVIRONMENT:
            return bool(directory)
        if name not in self.names:
            return path.endswith(self.endings) and not _NOT_INSTALLED.search(path)
        return directory.endswith((".dist-info", ".egg-info", ".egg/EGG-INFO")) and not _NOT_INSTALLED.search(path)

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Found]:
        """Yield the package, or the list of its files."""
        try:
            yield from _found(file, near)
        except Malformed:
            raise
        except ValueError as error:  # the readers' limits
            raise Malformed(str(error)) from error

    def join(self, view: View) -> Iterable[Installed]:
        """Give each distribution its purl, its files and the distributions it needs."""
        from stellaops_core.analyzers.python_environment import Environments  # noqa: PLC0415  # joins only

        environments = Environments(view)
        for path, package in environments.packages:
            yield _installed(environments, path, package, view)


ANALYZER = Python()


def _found(file: LayerFile, near: LayerFiles) -> Iterator[Found]:
    directory, _, name = file.path.rpartition("/")
    if name in {"RECORD", "installed-files.txt"}:
        yield from _owned(file, directory)
    elif name == ENVIRONMENT:
        yield _environment(_content(file), directory)
    elif name in _BESIDE or (name == "PKG-INFO" and near.get(directory + "/METADATA")):
        return
    elif name in _RECORDS:
        yield read_package(_content(file), directory, near)
    elif name.endswith(".egg"):
        yield from _zipped(file)
    else:
        yield read_package(_content(file), file.path, None)


def _content(file: LayerFile) -> bytes:
    if file.size > SIZE_LIMIT:
        raise Malformed(f"larger than {SIZE_LIMIT} bytes")
    return file.read()


def _environment(data: bytes, directory: str) -> Package:
    """A virtual environment, for `join` alone: which interpreter's distributions it sees besides its own."""
    lines = (line.partition("=") for line in data.decode("utf-8", "replace").split("\n")[:100])
    fields = {name.strip().lower(): value.strip() for name, _, value in lines}
    sees = fields.get("include-system-site-packages", "").lower() == "true"
    home = fields.get("home", "").strip("/").rpartition("/")[0]
    return Package(ENVIRONMENT, home if sees else "", "", key=directory)


def _owned(file: LayerFile, directory: str) -> Iterator[OwnedFiles]:
    from stellaops_core.readers.metadata import read_installed_files, read_record  # noqa: PLC0415  # read with a find

    if file.path.endswith("/RECORD"):
        paths = read_record(_content(file), directory.rpartition("/")[0])
    else:
        paths = read_installed_files(_content(file), directory)
    if paths:
        yield OwnedFiles(directory, "\n".join(paths))


def _zipped(file: LayerFile) -> Iterator[Package]:
    """A zipped egg; an `.egg` without PKG-INFO is something else."""
    from stellaops_core.readers.egg import read_egg  # noqa: PLC0415  # eggs are rare

    members = read_egg(_content(file))
    if "EGG-INFO/PKG-INFO" in members:
        yield read_package(members["EGG-INFO/PKG-INFO"], file.path, None, members.get("EGG-INFO/requires.txt", b""))


def read_package(data: bytes, key: str, near: LayerFiles | None, requires: bytes = b"") -> Package:
    """Make the package of METADATA or PKG-INFO; `key` is the directory or file that stands for the distribution."""
    from stellaops_core.readers.metadata import read_fields, read_requires  # noqa: PLC0415  # read with a find
    from stellaops_core.readers.stated import clean_text  # noqa: PLC0415

    if not data:
        raise Malformed("empty file")
    fields = read_fields(data)
    name, version = _checked(fields, "name", _NAME, NAME_LIMIT), _checked(fields, "version", _VERSION, VERSION_LIMIT)
    wanted = fields.get("requires-dist") or []
    if not wanted:
        wanted = read_requires(requires or _beside(near, key, "requires.txt") or b"")
    origin = _origin(near, key)
    return Package(
        "pypi",
        name,
        version,
        key=key,
        licenses=_licenses(fields),
        hashes=origin.hashes if origin else (),
        requires=tuple(clean_text(text, TEXT_LIMIT) for text in wanted[:REQUIRES_LIMIT] if len(text) <= TEXT_LIMIT),
        supplier=_supplier(fields),
        urls=tuple(sorted({*_links(fields), *(origin.urls if origin else ())})),
        properties=tuple(sorted(_properties(fields, key, near, origin))),
    )


def _checked(fields: dict[str, list[str]], field: str, pattern: re.Pattern[str], limit: int) -> str:
    values = fields.get(field)
    if not values or not values[0]:
        raise Malformed(f"states no {field}")
    if len(values[0]) > limit or not pattern.fullmatch(values[0]):
        raise Malformed(f"states a {field} that can't be one")
    return values[0]


def _beside(near: LayerFiles | None, directory: str, name: str) -> bytes | None:
    file = near.get(f"{directory}/{name}") if near is not None else None
    return file.read() if file and file.size <= SIZE_LIMIT else None


def _properties(
    fields: dict[str, list[str]], key: str, near: LayerFiles | None, origin: "Origin | None"
) -> Iterator[tuple[str, str]]:
    from stellaops_core.readers.stated import clean_text  # noqa: PLC0415  # read with a find

    installer = clean_text((_beside(near, key, "INSTALLER") or b"").decode("utf-8", "replace"), NAME_LIMIT)
    if installer:
        yield "stella:python:installer", installer
    if _beside(near, key, "REQUESTED") is not None:
        yield "stella:python:requested", "true"
    python = _first(fields, "requires-python")
    if python:
        yield "stella:python:requiresPython", python
    by = vendored_by(key)
    if by:
        yield "stella:python:vendored", by
    if origin and origin.editable:
        yield "stella:python:editable", origin.editable
    if origin and origin.commit:
        yield "stella:python:vcsCommit", origin.commit


def vendored_by(key: str) -> str:
    """Path of the package that brought this distribution inside itself; empty for one that was installed.

    Installed ones lie directly in their site directory; elsewhere, only a directory named for vendoring tells.
    """
    site = _SITE.match(key)
    if site:
        package, slash, _ = key[site.end() + 1 :].removesuffix("/EGG-INFO").partition("/")
        return f"{site[0]}/{package}" if slash else ""
    vendor = _VENDOR.match(key)
    return vendor[1] if vendor else ""


def _first(fields: dict[str, list[str]], field: str, limit: int = TEXT_LIMIT) -> str:
    """The field's first value on one line; empty where it is absent, too long or stated as unknown."""
    from stellaops_core.readers.stated import clean_text  # noqa: PLC0415  # read with a find

    text = fields.get(field, [""])[0]
    text = clean_text(text, limit) if len(text) <= limit else ""
    return "" if text.upper() == "UNKNOWN" else text


def _supplier(fields: dict[str, list[str]]) -> str:
    """Author, else maintainer: the name, else the display name in the address, else the address."""
    for role in ("author", "maintainer"):
        stated = _first(fields, role) or _display_names(_first(fields, role + "-email"))
        if stated:
            return stated
    return ""


def _display_names(addresses: str) -> str:
    names = [part.partition("<")[0].strip(' "') for part in addresses.split(",")]
    return ", ".join(name for name in names if name)


def _licenses(fields: dict[str, list[str]]) -> tuple[str, ...]:
    """License-Expression; else classifiers that name one licence each; else a one-line License; else classifiers."""
    from stellaops_core.readers.trove import SPDX, license_name  # noqa: PLC0415  # a table

    expression = _first(fields, "license-expression")
    if expression:
        return (expression,)
    names = sorted({name for text in fields.get("classifier", ()) if (name := license_name(text))})[:32]
    if names and all(name in SPDX for name in names):
        return tuple(sorted(SPDX[name] for name in names))
    if "\n" not in fields.get("license", [""])[0] and (text := _first(fields, "license", 200)):
        return (text,)
    return tuple(sorted(SPDX.get(name, name) for name in names))


def _links(fields: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    from stellaops_core.readers.stated import clean_url, kind_of_link  # noqa: PLC0415  # read with a find

    for field, kind in (("home-page", "website"), ("download-url", "distribution")):
        url = clean_url(fields.get(field, [""])[0])
        if url:
            yield kind, url
    for text in fields.get("project-url", ())[:64]:
        label, _, address = text.partition(",")
        url = clean_url(address)
        if url:
            yield kind_of_link(label), url


def _origin(near: LayerFiles | None, directory: str) -> "Origin | None":
    data = _beside(near, directory, "direct_url.json")
    if not data:
        return None
    from stellaops_core.readers.direct_url import read_direct_url  # noqa: PLC0415  # few distributions have one

    return read_direct_url(data)


def _installed(environments: "Environments", path: str, package: Package, view: View) -> Installed:
    lists = (f"{package.key}/RECORD", f"{package.key}/installed-files.txt")
    return Installed(
        package,
        path,
        environments.purl(package),
        licenses=package.licenses,
        depends=environments.depends(package),
        owns=tuple(name for name in lists if name in view.found),
        properties=package.properties,
    )
