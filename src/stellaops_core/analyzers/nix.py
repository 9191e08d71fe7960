"""Packages that Nix put into its store.

Comes in: the database of the store, with its log. Goes out: a `Package` for each valid path whose name has a version;
`join` adds what it refers to. Names, versions and outputs are told apart as Nix tells them. What Nix keeps besides
packages is left out: derivations, texts, fetched files, environments and whatever else its name gives no version.

Images that are built without the database (dockerTools without `includeNixDB`) name their packages by the directories
in `nix/store` alone, which no analyzer is asked about.

Source: Nix, src/libstore/schema.sql; Nix manual, "Store Path", "builtins.parseDrvName"; Nixpkgs manual,
"Multiple-output packages".
"""

import re
from collections.abc import Callable, Iterable, Iterator

from msgspec.structs import replace

from stellaops_core.analyzers.analyzer import Analyzer, Installed, LayerFile, LayerFiles, Malformed, Package, View
from stellaops_core.purl import Purl, make_purl
from stellaops_core.readers.sqlite import Database, Value
from stellaops_core.readers.sqlite_wal import NO_LOG, Log, read_log

PLACE = "nix/var/nix/db/db.sqlite"
LOG = PLACE + "-wal"

OUTPUTS = frozenset({"bin", "debug", "dev", "devdoc", "devman", "doc", "info", "lib", "man", "static"})
"""Outputs that Nixpkgs gives packages, for paths that don't say what they were derived by."""

_STORE_PATH = re.compile(r"/[^\0\n]{1,255}/([0-9a-df-np-sv-z]{32}-([0-9A-Za-z+\-._?=]{1,211}))")
_VERSION = re.compile(r"-(?![A-Za-z])(?=.)")
_HASH = re.compile(r"sha256:[0-9a-f]{64}")
_NOT_BUILT = re.compile("text:|fixed:(?!r:)")
"""How the field `ca` begins of texts and of what was fetched as one file; directories may be either."""


class Nix(Analyzer):
    """Reads Nix's database."""

    name = "nix"
    version = 1
    names = frozenset({"db.sqlite", "db.sqlite-wal"})

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002
        """The one database of an image."""
        return path in {PLACE, LOG}

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Package]:
        """Yield a package for each path of the store that is one."""
        return _check_log(file, near) if file.path == LOG else _read_database(file, _log(near.get(LOG)))

    def join(self, view: View) -> Iterable[Installed]:
        """Resolve what the packages refer to."""
        for path, finds in view.found.items():
            packages = [item for item in finds if isinstance(item, Package)]
            purls = {package.key: _purl(package) for package in packages}
            for package in packages:
                own = str(purls[package.key])
                depends = {str(purls[name]) for name in package.requires if name in purls} - {own}
                yield Installed(
                    package,
                    path,
                    purls[package.key],
                    depends=tuple(sorted(depends)),
                    properties=package.properties,
                    directory=f"nix/store/{package.key}",
                )


ANALYZER = Nix()


def _check_log(file: LayerFile, near: LayerFiles) -> Iterable[Package]:
    """Tell of a log whose database is in another layer: there is no telling what both hold together."""
    if near.get(PLACE) is None and _log(file).pages:
        raise Malformed("a write-ahead log without its database in the same layer: packages may have changed")
    return ()


def _log(file: LayerFile | None) -> Log:
    try:
        return read_log(file.content()) if file else NO_LOG
    except ValueError as error:
        raise Malformed(str(error)) from error


def _read_database(file: LayerFile, log: Log) -> Iterator[Package]:
    flaws: list[str] = []

    def rows(table: str) -> Iterator[tuple[int, tuple[Value, ...]]]:
        try:
            yield from Database(file.content(), log).read_rows(table)
        except ValueError as error:
            flaws.append(str(error))

    yield from _packages(rows)
    if flaws:
        raise Malformed(flaws[0])


def _packages(rows: Callable[[str], Iterator[tuple[int, tuple[Value, ...]]]]) -> Iterator[Package]:
    """Make packages of the rows of both tables."""
    found: dict[int, Package] = {}
    for number, row in rows("ValidPaths"):
        if package := _package(row):
            found[number] = package
    requires: dict[int, list[str]] = {}
    for _, row in rows("Refs"):
        match row[:2]:
            case (int() as referrer, int() as reference) if referrer in found and reference in found:
                requires.setdefault(referrer, []).append(found[reference].key)
    for number, package in found.items():
        needed = set(requires.get(number, ())) - {package.key}
        yield replace(package, requires=tuple(sorted(needed))) if needed else package


def _package(row: tuple[Value, ...]) -> Package | None:
    """Return the package that a row of ValidPaths is: id, path, hash, time, deriver, size, ultimate, signatures, ca."""
    path, digest, deriver, ca = (row[at] if at < len(row) else None for at in (1, 2, 4, 8))
    stored = _STORE_PATH.fullmatch(path) if isinstance(path, str) else None
    if not stored or stored[2].endswith(".drv") or (isinstance(ca, str) and _NOT_BUILT.match(ca)):
        return None
    full, output = _split_output(stored[2], deriver)
    name, version = split_name(full)
    if not name or not version:
        return None
    properties = [("stella:nix:storePath", stored[0])]
    if isinstance(digest, str) and _HASH.fullmatch(digest):
        properties.insert(0, ("stella:nix:narHash", digest))
    qualifiers = {"output": output, "outputhash": stored[1][:32]}
    return Package(
        "nix",
        name,
        version,
        key=stored[1],
        qualifiers={key: value for key, value in qualifiers.items() if value},
        properties=tuple(properties),
    )


def _split_output(name: str, deriver: Value) -> tuple[str, str]:
    """Return the derivation's name, and which of its outputs this is; nothing for the first, `out`."""
    derived = _STORE_PATH.fullmatch(deriver) if isinstance(deriver, str) else None
    if derived and name.startswith((full := derived[2].removesuffix(".drv")) + "-"):
        return full, name[len(full) + 1 :]
    before, _, last = name.rpartition("-")
    return (before, last) if last in OUTPUTS and not derived and split_name(before)[1] else (name, "")


def split_name(name: str) -> tuple[str, str]:
    """Return name and version, which begins behind the first dash that no letter follows."""
    at = _VERSION.search(name)
    return (name[: at.start()], name[at.end() :]) if at else (name, "")


def _purl(package: Package) -> Purl:
    return make_purl("nix", package.name, package.version, qualifiers=package.qualifiers)
