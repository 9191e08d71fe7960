"""Packages that dpkg installed: Debian, Ubuntu, distroless images and other derivatives.

Comes in: dpkg's status file or the `status.d` of images built without dpkg, its file lists, and copyright files. Goes
out: one `Package` a record, `OwnedFiles` a list, `Licenses` a copyright file; `join` brings them together. A damaged
record doesn't hide the others: they are yielded before `Malformed` is raised.

Source: dpkg(1) "Package states"; deb-control(5); deb-src-control(5) for Source; Debian Policy 7 for relations.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

from stellaops_core.analyzers.analyzer import (
    Analyzer,
    Found,
    Installed,
    LayerFile,
    LayerFiles,
    Licenses,
    Malformed,
    OwnedFiles,
    Package,
    View,
)
from stellaops_core.analyzers.os_release import name_release
from stellaops_core.analyzers.record import DATABASE_LIMIT, read_bytes
from stellaops_core.component import Distribution
from stellaops_core.purl import Purl, make_purl
from stellaops_core.readers.copyright import read_licenses
from stellaops_core.readers.deb822 import JUNK, Relation, read_relations, read_stanzas

STATUS = "var/lib/dpkg/status"
STATUS_D = "var/lib/dpkg/status.d/"
INFO = "var/lib/dpkg/info/"
DOC = "usr/share/doc/"

PRESENT = frozenset({"installed", "triggers-pending", "triggers-awaited", "half-configured", "unpacked"})
"""States in which all files of a package are on disk. `half-installed` is left out: which files are there, and of which
version, is not recorded; `config-files` holds no code that runs, `not-installed` nothing."""

ANSWER_LIMIT = 64
"""Packages that one relation is resolved to at most."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._-]{0,255}")
_VERSION = re.compile(r"[!-~]{1,256}")
_SOURCE = re.compile(r"(?P<name>[^\s()]+)(?:\s*\(\s*(?P<version>[^\s()]+)\s*\))?")


class Dpkg(Analyzer):
    """Reads dpkg's database."""

    name = "dpkg"
    version = 1
    names = frozenset({"copyright", "status"})
    endings: tuple[str, ...] = ()
    directories = frozenset({"var/lib/dpkg/info", "var/lib/dpkg/status.d"})

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002
        """The database, file lists and copyright files."""
        if path.startswith(DOC):
            return path.endswith("/copyright") and path.count("/") == 4
        if path.startswith(INFO):
            return path.endswith((".list", ".md5sums")) and "/" not in path[len(INFO) :]
        return path == STATUS or (path.startswith(STATUS_D) and "/" not in path[len(STATUS_D) :])

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Found]:
        """Yield what one file of the database says."""
        path = file.path
        if path.startswith(DOC):
            licenses = read_licenses(read_bytes(file, DATABASE_LIMIT))
            return [Licenses(path[len(DOC) : -len("/copyright")], licenses)] if licenses else []
        if path.endswith(".md5sums"):
            return _read_sums(file, near)
        return _read_list(file) if path.startswith(INFO) else _read_status(file)

    def join(self, view: View) -> Iterable[Installed]:
        """Name the distribution; bring packages, their licences and files together; resolve dependencies."""
        packages = [
            (found, path) for path, finds in view.found.items() for found in finds if isinstance(found, Package)
        ]
        purls = [_purl(package, view.distribution) for package, _ in packages]
        licenses, lists = _licenses(view), _lists(view)
        index = _Index([package for package, _ in packages], list(map(str, purls)))
        for (package, path), purl in zip(packages, purls, strict=True):
            declared, evidence = licenses.get(package.name) or licenses.get(_documented_in(package, view), ((), ""))
            owns = lists.get(package.key) or lists.get(package.name, "")
            yield Installed(
                package,
                path,
                purl,
                licenses=declared,
                depends=index.resolve(package, str(purl)),
                evidence=(evidence,) if evidence else (),
                owns=(owns,) if owns else (),
            )


def _documented_in(package: Package, view: View) -> str:
    """The package whose directory under /usr/share/doc this one's is a link to."""
    return view.links.get(DOC + package.name, "").strip("./").rpartition("/")[2]


def _read_status(file: LayerFile) -> Iterator[Package]:
    flaws = []
    count = 0
    for stanza in read_stanzas(read_bytes(file, DATABASE_LIMIT)):
        count += 1
        package, flaw = _read_stanza(stanza, stateless=file.path.startswith(STATUS_D))
        if package:
            yield package
        if flaw:
            flaws.append(flaw)
    if flaws:
        raise Malformed(f"{len(flaws)} of {count} records are damaged, first: {flaws[0]}")


def _read_stanza(stanza: Mapping[str, str], *, stateless: bool) -> tuple[Package | None, str]:
    """Return the package, if it is present, and what is wrong with the record."""
    junk = stanza.get(JUNK, "")
    flaw = f"not a field, or a second one of its name: {junk[:80]!a}" if junk else ""
    status = "installed" if stateless and "status" not in stanza else stanza.get("status", "")
    state = status.rpartition(" ")[2]
    name, version = stanza.get("package", ""), stanza.get("version", "")
    if not _NAME.fullmatch(name):
        return None, flaw or f"no usable package name: {name[:80]!a}"
    if not state:
        return None, flaw or f"no status: {name!a}"
    if state not in PRESENT:
        return None, flaw
    if not _VERSION.fullmatch(version):
        return None, flaw or f"no usable version: {name!a}"
    return _package(stanza, name, version, state), flaw


def _package(stanza: Mapping[str, str], name: str, version: str, state: str) -> Package:
    architecture = stanza.get("architecture", "")
    source = _SOURCE.match(stanza.get("source", ""))
    facts = {
        "source": source["name"] if source else name,
        "sourceVersion": (source and source["version"]) or version,
        "status": "" if state == "installed" else state,
    }
    if stanza.get("multi-arch") in {"allowed", "foreign", "same"}:
        facts["multiArch"] = stanza["multi-arch"]
    return Package(
        "deb",
        name,
        version,
        key=f"{name}:{architecture}" if facts.get("multiArch") == "same" else name,
        qualifiers={"arch": architecture} if architecture else {},
        requires=tuple(_one_line(stanza[field]) for field in ("pre-depends", "depends") if stanza.get(field)),
        provides=(_one_line(stanza["provides"]),) if stanza.get("provides") else (),
        supplier=_one_line(stanza.get("maintainer", "")),
        urls=(("website", _one_line(stanza["homepage"])),) if stanza.get("homepage") else (),
        properties=tuple((f"stella:deb:{fact}", value) for fact, value in sorted(facts.items()) if value),
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _read_list(file: LayerFile) -> Iterator[OwnedFiles]:
    """Read a `.list`: absolute paths of files and directories, one a line."""
    text = "\n" + read_bytes(file, DATABASE_LIMIT).decode("utf-8", "replace").replace("\r\n", "\n")
    paths = text.replace("\n/.\n", "\n").replace("\n/", "\n").strip("\n")
    if paths:
        yield OwnedFiles(file.path[len(INFO) : -len(".list")], paths)


def _read_sums(file: LayerFile, near: LayerFiles) -> Iterator[OwnedFiles]:
    """Read `MD5  path` lines where there is no list: they lack configuration files and links."""
    stem = file.path[: -len(".md5sums")]
    if file.path.startswith(INFO):
        key = "" if near.get(stem + ".list") else stem[len(INFO) :]
    else:  # in status.d the file's name need not be the package's
        record = near.get(stem)
        key = next((package.key for package in _readable(record)), "") if record else ""
    lines = read_bytes(file, DATABASE_LIMIT).decode("utf-8", "replace").split("\n")
    paths = [line.rstrip("\r")[34:].removeprefix("./") for line in lines if line[32:34] in {"  ", " *"}]
    if key and paths:
        yield OwnedFiles(key, "\n".join(paths))


def _readable(record: LayerFile) -> Iterator[Package]:
    try:
        yield from _read_status(record)
    except Malformed:  # it is told of when the record itself is analyzed
        return


def _purl(package: Package, distribution: Distribution | None) -> Purl:
    """Name the package; `upstream` is the source package that advisories speak of, where it is called otherwise."""
    namespace, release = name_release(distribution, "debian")
    qualifiers = package.qualifiers | {"distro": release}
    facts = dict(package.properties)
    source, version = facts["stella:deb:source"], facts["stella:deb:sourceVersion"]
    if version != package.version:
        qualifiers["upstream"] = f"{source}@{version}"
    elif source != package.name:
        qualifiers["upstream"] = source
    return make_purl("deb", package.name, package.version, namespace=namespace, qualifiers=qualifiers)


def _licenses(view: View) -> dict[str, tuple[tuple[str, ...], str]]:
    """Return licences, and the file that states them, by package name."""
    finds = ((found, path) for path, all_ in view.found.items() for found in all_)
    return {found.key: (found.licenses, path) for found, path in finds if isinstance(found, Licenses)}


def _lists(view: View) -> dict[str, str]:
    """Return paths of file lists by package key; of several, a `.list` before sums."""
    lists: dict[str, str] = {}
    for path, finds in view.found.items():
        for found in finds:
            if isinstance(found, OwnedFiles) and not lists.get(found.key, "").endswith(".list"):
                lists[found.key] = path
    return lists


class _Index:
    """Who answers to a name: packages themselves, and what they provide."""

    def __init__(self, packages: Sequence[Package], purls: Sequence[str]) -> None:
        self.named: dict[str, list[tuple[Package, str]]] = defaultdict(list)
        self.provided: dict[str, list[tuple[Relation, str]]] = defaultdict(list)
        for package, purl in zip(packages, purls, strict=True):
            self.named[package.name].append((package, purl))
            for relation, *_rest in _relations(package.provides):
                self.provided[relation.name].append((relation, purl))

    def resolve(self, package: Package, own: str) -> tuple[str, ...]:
        """Return all installed packages that answer to any alternative of what a package requires.

        Whether versions fit was settled when dpkg installed it, and isn't checked again.
        """
        wanted = [relation for group in _relations(package.requires) for relation in group]
        answers = (islice(self._answers(relation, package), ANSWER_LIMIT) for relation in wanted)
        return tuple(sorted(set(chain.from_iterable(answers)) - {own}))

    def _answers(self, relation: Relation, package: Package) -> Iterator[str]:
        named = self.named.get(relation.name, [])[:ANSWER_LIMIT]
        fitting = [purl for candidate, purl in named if _fits(candidate, relation, package)]
        yield from fitting or [purl for _, purl in named]
        for provision, purl in self.provided.get(relation.name, ()):
            if provision.version or not relation.version:  # Policy 7.5: only a versioned provision has a version
                yield purl


def _relations(fields: Iterable[str]) -> Iterator[tuple[Relation, ...]]:
    for field in fields:
        yield from read_relations(field)


def _fits(candidate: Package, relation: Relation, package: Package) -> bool:
    """Say whether a package of the right name has the right architecture; deb-control(5) "Multi-Arch"."""
    architecture = candidate.qualifiers.get("arch", "")
    if relation.qualifier:
        return relation.qualifier in {"any", architecture}
    foreign = ("stella:deb:multiArch", "foreign") in candidate.properties
    return foreign or architecture in {"all", package.qualifiers.get("arch", "")}


ANALYZER = Dpkg()
