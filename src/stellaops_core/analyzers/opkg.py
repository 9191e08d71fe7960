"""Packages that opkg installed: OpenWrt before 25, Yocto images, Entware.

Comes in: opkg's status file, and each package's control file and file list. Goes out: one `Package` a record and a
control file, one `OwnedFiles` a list; `join` brings them together. Which packages there are, the status file alone
says; what it leaves out (licence, origin, maintainer), the control file.

Source: opkg, `libopkg/pkg_parse.c`; OpenWrt, `include/package-pack.mk`. The purl type is not defined yet; namespace and
arch are those of the proposal.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

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
from stellaops_core.analyzers.capabilities import Capability, Providers
from stellaops_core.analyzers.os_release import name_release
from stellaops_core.analyzers.record import DATABASE_LIMIT, read_bytes
from stellaops_core.component import Distribution
from stellaops_core.purl import Purl, make_purl
from stellaops_core.readers.deb822 import JUNK, read_relations, read_stanzas
from stellaops_core.readers.stated import clean_url

FOLDERS = ("usr/lib/opkg/", "var/lib/opkg/", "opt/lib/opkg/")
"""OpenWrt's, Yocto's, Entware's."""

PRESENT = frozenset({"installed", "unpacked"})
"""States in which all files of a package are on disk."""

_STATUS = frozenset(folder + "status" for folder in FOLDERS)
_WORD = re.compile(r"[!-~]{1,256}")


class Opkg(Analyzer):
    """Reads opkg's database."""

    name = "opkg"
    version = 1
    names = frozenset({"status"})
    directories = frozenset(folder + "info" for folder in FOLDERS)

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002
        """The status file, control files and file lists."""
        return path in _STATUS or (path.startswith(FOLDERS) and path.endswith((".control", ".list")))

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Found]:  # noqa: ARG002
        """Yield what one file of the database says."""
        if file.path.endswith(".list"):
            return _read_list(file)
        return _read_records(file, state_counts=file.path in _STATUS)

    def join(self, view: View) -> Iterable[Installed]:
        """Name the distribution; bring records, control files and lists together; resolve dependencies."""
        for path, finds in view.found.items():
            if path not in _STATUS:
                continue
            info = path.removesuffix("status") + "info/"
            packages = [found for found in finds if isinstance(found, Package)]
            purls = [_purl(package, view.distribution) for package in packages]
            providers = _providers(packages, purls)
            for package, purl in zip(packages, purls, strict=True):
                control, files = f"{info}{package.name}.control", f"{info}{package.name}.list"
                known = _control(package, view.found.get(control, ()))
                yield Installed(
                    _filled(package, known) if known else package,
                    path,
                    purl,
                    licenses=known.licenses if known else package.licenses,
                    depends=providers.resolve(_capabilities(package.requires), str(purl)),
                    evidence=(control,) if known else (),
                    owns=(files,) if files in view.found else (),
                )


def _control(package: Package, finds: Iterable[Found]) -> Package | None:
    """Return what the control file says, if it is about this version."""
    known = (found for found in finds if isinstance(found, Package))
    return next((one for one in known if (one.name, one.version) == (package.name, package.version)), None)


def _filled(package: Package, known: Package) -> Package:
    facts = dict(known.properties) | dict(package.properties)
    return replace(
        package,
        supplier=package.supplier or known.supplier,
        urls=package.urls or known.urls,
        properties=tuple(sorted(facts.items())),
    )


def _read_list(file: LayerFile) -> Iterator[OwnedFiles]:
    """Read absolute paths, one a line, newer ones with mode and target of a link behind tabs."""
    lines = read_bytes(file, DATABASE_LIMIT).decode("utf-8", "replace").split("\n")
    paths = [path for line in lines if (path := line.partition("\t")[0].strip().strip("/"))]
    if paths:
        yield OwnedFiles("", "\n".join(paths))


def _read_records(file: LayerFile, *, state_counts: bool) -> Iterator[Package]:
    flaws = []
    count = 0
    for stanza in read_stanzas(read_bytes(file, DATABASE_LIMIT)):
        count += 1
        if JUNK in stanza:
            flaws.append(f"not a field, or a second one of its name: {stanza[JUNK][:80]!a}")
        name, version = stanza.get("package", ""), stanza.get("version", "")
        if not _WORD.fullmatch(name) or not _WORD.fullmatch(version):
            flaws.append(f"no usable name or version: {name[:80]!a}")
        elif not state_counts or stanza.get("status", "").rpartition(" ")[2] in PRESENT:
            yield _package(stanza, name, version)
    if flaws:
        raise Malformed(f"{len(flaws)} of {count} records are damaged, first: {flaws[0]}")


def _package(stanza: Mapping[str, str], name: str, version: str) -> Package:
    def line(field: str) -> str:
        return " ".join(stanza.get(field, "").split())

    facts = {"cpe": line("cpe-id"), "source": line("source"), "sourceName": line("sourcename") or line("oe")}
    website = clean_url(line("url") or line("homepage"))
    return Package(
        "opkg",
        name,
        version,
        key=name,
        qualifiers={"arch": line("architecture")} if line("architecture") else {},
        licenses=(line("license"),) if line("license") else (),
        requires=tuple(filter(None, [line("pre-depends"), line("depends")])),
        provides=tuple(filter(None, [line("provides")])),
        supplier=line("maintainer"),
        urls=(("website", website),) if website else (),
        properties=tuple((f"stella:opkg:{fact}", value) for fact, value in facts.items() if value),
    )


def _capabilities(fields: Iterable[str]) -> Iterator[Capability]:
    for field in fields:
        for group in read_relations(field):
            yield from (Capability(one.name, one.version, one.operator == "=") for one in group)


def _providers(packages: Iterable[Package], purls: Iterable[Purl]) -> Providers:
    providers = Providers()
    for package, purl in zip(packages, purls, strict=True):
        providers.add(str(purl), [Capability(package.name, package.version), *_capabilities(package.provides)])
    return providers


def _purl(package: Package, distribution: Distribution | None) -> Purl:
    namespace, release = name_release(distribution, "")
    qualifiers = package.qualifiers | {"distro": release}
    return make_purl("opkg", package.name, package.version, namespace=namespace, qualifiers=qualifiers)


ANALYZER = Opkg()
