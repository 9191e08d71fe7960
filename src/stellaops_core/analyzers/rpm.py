"""Packages that rpm installed: Fedora, Red Hat, CentOS, Rocky, Alma, Oracle, Amazon, SUSE, Mariner, Photon and others.

Comes in: rpm's database in any of its formats, or the list that images without one hold. Goes out: one `Package` and
one `OwnedFiles` a record; `join` adds the distribution and resolves dependencies. A damaged record doesn't hide the
others: they are yielded before `Malformed` is raised.

Source: rpm, docs/manual; purl type definition of rpm; azurelinux, distroless images, for the lists.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

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
from stellaops_core.analyzers.capabilities import Providers, read_capability
from stellaops_core.analyzers.os_release import name_release
from stellaops_core.analyzers.record import DATABASE_LIMIT, read_bytes
from stellaops_core.analyzers.rpm_manifest import read_names, read_table
from stellaops_core.analyzers.rpm_record import Record, read_record
from stellaops_core.component import Distribution
from stellaops_core.purl import Purl, make_purl
from stellaops_core.readers.rpm_database import read_headers
from stellaops_core.readers.sqlite_wal import NO_LOG, Log, read_log

FOLDERS = ("var/lib/rpm/", "usr/lib/sysimage/rpm/", "usr/share/rpm/")
"""Where the database is: of old, in newer distributions, in those with a read-only /usr."""

SQLITE, NDB, BERKELEY = "rpmdb.sqlite", "Packages.db", "Packages"
DATABASES = (SQLITE, NDB, BERKELEY)
"""The order in which rpm itself looks for one; an older one that was left beside it is out of date."""

LOG, JOURNAL = SQLITE + "-wal", SQLITE + "-journal"
TABLE, NAMES = "var/lib/rpmmanifest/container-manifest-2", "var/lib/rpmmanifest/container-manifest-1"

ROOM_LIMIT = 1 << 20
"""Characters that the paths of a small database may take; those of a larger one as many as it has bytes."""

_PLACES = frozenset({TABLE, NAMES, *(folder + name for folder in FOLDERS for name in (*DATABASES, LOG, JOURNAL))})
_JOURNAL = bytes.fromhex("d9d505f920a163d7")
_MOVED = (("/bin/", "/usr/bin/"), ("/sbin/", "/usr/sbin/"), ("/lib/", "/usr/lib/"), ("/lib64/", "/usr/lib64/"))

NAMESPACES = {
    "rhel": "redhat",
    "sled": "suse",
    "sles": "suse",
    "sles_sap": "suse",
    "sle-micro": "suse",
    "sl-micro": "suse",
    "suse-microos": "suse",
}
"""Vendors of distributions that os-release calls otherwise; all that begin with `opensuse` are openSUSE's."""

VENDORS = {
    "AlmaLinux": "almalinux",
    "Amazon": "amzn",
    "CentOS": "centos",
    "Fedora": "fedora",
    "Oracle": "ol",
    "Red Hat": "redhat",
    "Rocky": "rocky",
    "SUSE": "suse",
    "openSUSE": "opensuse",
}
"""How a package's vendor begins, and its namespace: for images that don't say which distribution they are."""


class Rpm(Analyzer):
    """Reads rpm's database."""

    name = "rpm"
    version = 1
    names = frozenset({*DATABASES, LOG, JOURNAL, "container-manifest-1", "container-manifest-2"})

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002
        """Databases and lists at their places."""
        return path in _PLACES

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Package | OwnedFiles]:
        """Yield each record's package and files."""
        if file.path == TABLE:
            return read_table(read_bytes(file, DATABASE_LIMIT))
        if file.path == NAMES:
            return read_names(read_bytes(file, DATABASE_LIMIT))
        if file.path.endswith(LOG):
            return _check_log(file, near)
        return _check_journal(file) if file.path.endswith(JOURNAL) else _read_database(file, near)

    def join(self, view: View) -> Iterable[Installed]:
        """Name the distribution; resolve dependencies within each database."""
        for path, finds in view.found.items():
            if _is_outdated(path, view.found):
                continue
            packages = [found for found in finds if isinstance(found, Package)]
            owners = {found.key for found in finds if isinstance(found, OwnedFiles)}
            purls = [_purl(package, view.distribution) for package in packages]
            providers = _providers(packages, purls)
            for package, purl in zip(packages, purls, strict=True):
                yield Installed(
                    package,
                    path,
                    purl,
                    licenses=package.licenses,
                    depends=providers.resolve(map(read_capability, package.requires), str(purl)),
                    owns=(path,) if package.key in owners else (),
                )


def _is_outdated(path: str, found: Mapping[str, Sequence[Found]]) -> bool:
    """Say whether a database lies beside one that rpm would look for first, or bare names beside the table."""
    if path == NAMES:
        return TABLE in found
    folder, _, name = path.rpartition("/")
    stronger = DATABASES[: DATABASES.index(name)] if name in DATABASES else ()
    return any(f"{folder}/{other}" in found for other in stronger)


def _check_log(file: LayerFile, near: LayerFiles) -> Iterable[Package]:
    """Tell of a log whose database is in another layer: there is no telling what both hold together."""
    if near.get(file.path.removesuffix("-wal")) is None and _log(file).pages:
        raise Malformed("a write-ahead log without its database in the same layer: packages may have changed")
    return ()


def _log(file: LayerFile | None) -> Log:
    try:
        return read_log(file.content()) if file else NO_LOG
    except ValueError as error:
        raise Malformed(str(error)) from error


def _check_journal(file: LayerFile) -> Iterable[Package]:
    """Tell of a transaction that was neither finished nor undone."""
    if file.read()[:8] == _JOURNAL:
        raise Malformed("a journal of a transaction that was not finished: packages may be missing")
    return ()


def _read_database(file: LayerFile, near: LayerFiles) -> Iterator[Package | OwnedFiles]:
    log = _log(near.get(file.path + "-wal")) if file.path.endswith(SQLITE) else NO_LOG
    records, flaws = _read_records(file, log)
    for record, wanted in zip(records, _wanted_paths(records), strict=True):
        package = record.package
        yield replace(package, provides=(*package.provides, *wanted)) if wanted else package
        if record.files:
            yield OwnedFiles(package.key, "\n".join(record.files))
    if flaws:
        raise Malformed(f"{flaws[0]} ({len(flaws)} such; {len(records)} packages could be read)")


def _read_records(file: LayerFile, log: Log) -> tuple[list[Record], list[str]]:
    """Return the records that can be read, and what is wrong with the others."""
    records: list[Record] = []
    flaws: list[str] = []
    room = max(file.size, ROOM_LIMIT)
    headers = _headers(file, log, flaws)
    for header in headers:
        try:
            record = read_record(header, room)
        except ValueError as error:
            flaws.append(str(error))
            continue
        if record:
            records.append(record)
            room -= sum(map(len, record.files))
    return records, flaws


def _headers(file: LayerFile, log: Log, flaws: list[str]) -> Iterator[bytes]:
    try:
        yield from read_headers(file.content(), log)
    except ValueError as error:
        flaws.append(str(error))


def _wanted_paths(records: Sequence[Record]) -> list[list[str]]:
    """Return for each record those of its files that others require by their paths, as they call them.

    `/bin/sh` is `/usr/bin/sh` where nobody owns it: packages go on to call files what they were called before a
    distribution moved them.
    """
    required = sorted({name for record in records for name in record.package.requires if name.startswith("/")})
    names = {path: (path[1:], *_other_names(path)) for path in required}
    every = {name for known in names.values() for name in known}
    owners: dict[str, list[int]] = defaultdict(list)
    for number, record in enumerate(records):
        for path in every.intersection(record.files):
            owners[path].append(number)
    wanted: list[list[str]] = [[] for _ in records]
    for path, known in names.items():
        for number in next((owners[name] for name in known if name in owners), ()):
            wanted[number].append(path)
    return wanted


def _other_names(path: str) -> Iterator[str]:
    for old, new in _MOVED:
        for before, after in ((old, new), (new, old)):
            if path.startswith(before):
                yield (after + path[len(before) :])[1:]


def _purl(package: Package, distribution: Distribution | None) -> Purl:
    """Name the package as its vendor's advisories do."""
    namespace, release = name_release(distribution, _vendor(package.supplier))
    if namespace.startswith("opensuse"):
        namespace = "opensuse"
    facts = dict(package.properties)
    qualifiers = package.qualifiers | {
        "distro": release,
        "rpmmod": facts.get("stella:rpm:modularityLabel", ""),
        "upstream": facts.get("stella:rpm:sourceRpm", ""),
    }
    version = package.version.removeprefix(package.qualifiers.get("epoch", "") + ":")
    return make_purl(
        "rpm", package.name, version, namespace=NAMESPACES.get(namespace, namespace), qualifiers=qualifiers
    )


def _vendor(supplier: str) -> str:
    return next((VENDORS[name] for name in VENDORS if supplier.startswith(name)), "unknown")


def _providers(packages: Sequence[Package], purls: Sequence[Purl]) -> Providers:
    providers = Providers()
    for package, purl in zip(packages, purls, strict=True):
        providers.add(str(purl), map(read_capability, (package.name, *package.provides)))
    return providers


ANALYZER = Rpm()
