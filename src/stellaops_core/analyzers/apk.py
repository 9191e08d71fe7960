"""Packages that apk installed: Alpine, Wolfi, Chainguard, postmarketOS and others.

Comes in: apk's database of installed packages. Goes out: one `Package` and one `OwnedFiles` a record; `join` adds the
distribution and resolves dependencies. A damaged record doesn't hide the others: they are yielded before `Malformed`
is raised.

Source: apk-tools, apk-package(5) and `src/database.c`: records of `letter:value` lines, ended by an empty line.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

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
from stellaops_core.analyzers.os_release import name_release
from stellaops_core.analyzers.record import DATABASE_LIMIT, read_bytes
from stellaops_core.component import Distribution
from stellaops_core.purl import Purl, make_purl
from stellaops_core.readers.deb822 import decode_lines

DATABASES = frozenset({"lib/apk/db/installed", "usr/lib/apk/db/installed", "var/lib/apk/db/installed"})
"""Where apk keeps it: of old, with a merged /usr, and in Fedora's packaging."""

ANSWER_LIMIT = 64
"""Packages that one dependency is resolved to at most."""

_WORD = re.compile(r"[!-~]{1,256}")
_REQUIRED_NAME = re.compile(r"[^<>=~@\s]+")
_OPERATORS = re.compile(r"\b(AND|OR|WITH|and|or|with)\b|[(),]")


class Apk(Analyzer):
    """Reads apk's database."""

    name = "apk"
    version = 1
    names = frozenset({"installed"})
    endings: tuple[str, ...] = ()

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002
        """Only the database."""
        return path in DATABASES

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Package | OwnedFiles]:  # noqa: ARG002
        """Yield each record's package and files."""
        records = [_Record(text) for text in _split(read_bytes(file, DATABASE_LIMIT))]
        usable = [record for record in records if record.usable]
        needed = {name for record in usable for name in record.words("D") if name.startswith("/")}
        for record in usable:
            yield record.package(needed)
            if record.files:
                yield OwnedFiles(record.value("P"), "\n".join(record.files))
        flaws = [record.flaw for record in records if record.flaw]
        if flaws:
            raise Malformed(f"{len(flaws)} of {len(records)} records are damaged, first: {flaws[0]}")

    def join(self, view: View) -> Iterable[Installed]:
        """Name the distribution; resolve dependencies within each database."""
        for path, finds in view.found.items():
            packages = [found for found in finds if isinstance(found, Package)]
            owners = {found.key for found in finds if isinstance(found, OwnedFiles)}
            purls = [_purl(package, view.distribution) for package in packages]
            providers = _providers(packages, list(map(str, purls)))
            for package, purl in zip(packages, purls, strict=True):
                yield Installed(
                    package,
                    path,
                    purl,
                    licenses=package.licenses,
                    depends=_depends(package, str(purl), providers),
                    owns=(path,) if package.key in owners else (),
                )


class _Record:
    """One record: the package's fields, its files, and what is wrong with it."""

    def __init__(self, text: str) -> None:
        self.fields: dict[str, str] = {}
        self.files: list[str] = []
        self.flaw = ""
        folder = ""
        for line in text.strip("\n").split("\n"):
            letter, value = line[:1], line[2:]
            if line[1:2] != ":":
                self.flaw = f"not a field: {line[:80]!a}"
            elif letter == "R":
                self.files.append(f"{folder}/{value}" if folder else value)
            elif letter == "F":
                folder = value.strip("/")
            elif letter in "PV" and letter in self.fields:
                self.flaw = f"a second package in one record: {line[:80]!a}"
            else:
                self.fields.setdefault(letter, value.strip())
        self.usable = bool(_WORD.fullmatch(self.value("P")) and _WORD.fullmatch(self.value("V")))
        if not self.usable:
            self.flaw = self.flaw or f"no usable name or version: {text[:80]!a}"

    def value(self, letter: str) -> str:
        """One field; empty where the record has none."""
        return self.fields.get(letter, "")

    def words(self, letter: str) -> tuple[str, ...]:
        """One field's words."""
        return tuple(self.value(letter).split())

    def package(self, needed: set[str]) -> Package:
        """Make the record a package, which provides those of its files that are `needed` as dependencies."""
        name = self.value("P")
        origin = self.value("o") or name
        facts = {"checksum": self.value("C"), "commit": self.value("c"), "origin": origin}
        return Package(
            "apk",
            name,
            self.value("V"),
            key=name,
            qualifiers={"arch": self.value("A")} if self.value("A") else {},
            licenses=read_licenses(self.value("L")),
            requires=self.words("D"),
            provides=self.words("p") + tuple(sorted(needed.intersection(f"/{path}" for path in self.files))),
            supplier=self.value("m"),
            urls=(("website", self.value("U")),) if self.value("U") else (),
            # C is a digest of the package's control segment, not of the package: no hash that anyone could check
            properties=tuple((f"stella:apk:{fact}", value) for fact, value in facts.items() if value),
        )


def read_licenses(text: str) -> tuple[str, ...]:
    """Read L: an SPDX expression today, names separated by blanks in old packages."""
    if _OPERATORS.search(text):
        return (text,)
    return tuple(dict.fromkeys(text.split()))


def _purl(package: Package, distribution: Distribution | None) -> Purl:
    namespace, release = name_release(distribution, "alpine")
    qualifiers = package.qualifiers | {"distro": release}
    origin = dict(package.properties)["stella:apk:origin"]
    if origin != package.name:
        qualifiers["upstream"] = origin
    return make_purl("apk", package.name, package.version, namespace=namespace, qualifiers=qualifiers)


def _providers(packages: Sequence[Package], purls: Sequence[str]) -> Mapping[str, set[str]]:
    providers: dict[str, set[str]] = defaultdict(set)
    for package, purl in zip(packages, purls, strict=True):
        for name in _names((package.name, *package.provides)):
            if len(providers[name]) < ANSWER_LIMIT:
                providers[name].add(purl)
    return providers


def _depends(package: Package, own: str, providers: Mapping[str, set[str]]) -> tuple[str, ...]:
    """Return who provides what is required; `!x` are conflicts. That versions fit was settled when apk installed it."""
    required = _names(name for name in package.requires if not name.startswith("!"))
    return tuple(sorted({purl for name in required for purl in providers.get(name, ())} - {own}))


def _names(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        if match := _REQUIRED_NAME.match(word):
            yield match[0]


def _split(data: bytes) -> list[str]:
    """Return the texts of the records; a file that was written on another system may have CRLF."""
    text = "\n".join(decode_lines(data)).replace("\r\n", "\n")
    return [record for record in text.split("\n\n") if record.strip()]


ANALYZER = Apk()
