"""Packages that Portage installed: Gentoo and its derivatives.

Comes in: Portage's database, a folder a package with a file a fact. Goes out: one `Package` for each `PF`, one
`OwnedFiles` a `CONTENTS`; `join` brings them together, adds the distribution and resolves dependencies.

Source: portage(5), "/var/db/pkg"; Package Manager Specification 8, 3.1 and 3.2 for names and versions, 8.2 for
dependencies. The purl type, `ebuild` with the category as its namespace, is the one in use; it is not defined yet.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

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
from stellaops_core.analyzers.capabilities import ANSWER_LIMIT
from stellaops_core.analyzers.os_release import name_release
from stellaops_core.analyzers.record import DATABASE_LIMIT, read_bytes
from stellaops_core.purl import make_purl
from stellaops_core.readers.stated import clean_url

DATABASE = "var/db/pkg/"

FACT_LIMIT = 1 << 20
"""Bytes of one fact; dependencies of large packages take some 10 KiB."""

NAME_LIMIT = 512
"""Characters of a name and a version together."""

_FACTS = frozenset({"CATEGORY", "HOMEPAGE", "LICENSE", "PF", "RDEPEND", "SLOT", "USE", "repository"})
_CATEGORY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9+_.-]{0,127}")
_VERSION = r"[0-9]+(?:\.[0-9]+)*[a-z]?(?:_(?:alpha|beta|pre|rc|p)[0-9]*)*(?:-r[0-9]+)?"
_PF = re.compile(rf"(?P<name>[A-Za-z0-9_][A-Za-z0-9+_-]{{0,255}}?)-(?P<version>{_VERSION})")
_ATOM = re.compile(
    r"(?P<operator>[<>]?=|[<>~])?(?P<name>[A-Za-z0-9_][A-Za-z0-9+_.-]*/[A-Za-z0-9_][A-Za-z0-9+_.-]*\*?)(?::[^\[]*)?(?:\[.*)?"
)
_ENTRY = re.compile(r"(?:dir|fif|dev) (?P<other>.+)|obj (?P<file>.+) [0-9a-f]+ [0-9]+|sym (?P<link>.+) -> .*")


class Portage(Analyzer):
    """Reads Portage's database of installed packages."""

    name = "portage"
    version = 1
    names = _FACTS | {"CONTENTS"}

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002
        """Facts of installed packages."""
        return path.startswith(DATABASE) and path.count("/") == 5 and path.rpartition("/")[2] in self.names

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Found]:
        """Yield the package for its `PF`, and the files for its `CONTENTS`; other facts are read with the former."""
        if file.path.endswith("/PF"):
            return (_package(file, near),)
        return _read_contents(file) if file.path.endswith("/CONTENTS") else ()

    def join(self, view: View) -> Iterable[Installed]:
        """Name the distribution; bring packages and their files together; resolve dependencies."""
        _, release = name_release(view.distribution, "gentoo")
        packages = [
            (found, path) for path, finds in view.found.items() for found in finds if isinstance(found, Package)
        ]
        purls = [
            make_purl("ebuild", one.name, one.version, namespace=one.namespace, qualifiers={"distro": release})
            for one, _ in packages
        ]
        named: dict[str, list[str]] = defaultdict(list)
        for (package, _), purl in zip(packages, purls, strict=True):
            named[f"{package.namespace}/{package.name}"].append(str(purl))
        for (package, path), purl in zip(packages, purls, strict=True):
            contents = path.removesuffix("PF") + "CONTENTS"
            needed = {one for name in package.requires for one in named.get(name, ())[:ANSWER_LIMIT]}
            yield Installed(
                package,
                path,
                purl,
                licenses=package.licenses,
                depends=tuple(sorted(needed - {str(purl)})),
                owns=(contents,) if contents in view.found else (),
            )


def _package(file: LayerFile, near: LayerFiles) -> Package:
    folder = file.path.removesuffix("PF")
    facts = {fact: _read_fact(near.get(folder + fact)) for fact in sorted(_FACTS - {"PF"})}
    whole = _read_fact(file)
    match = _split(whole)
    category = facts["CATEGORY"] or folder.split("/")[-3]
    if not match or not _CATEGORY.fullmatch(category):
        raise Malformed(f"no name and version: {whole[:80]!a}")
    properties = {"repository": facts["repository"], "slot": facts["SLOT"]}
    website = clean_url((facts["HOMEPAGE"].split() or [""])[0])
    return Package(
        "ebuild",
        match["name"],
        match["version"],
        namespace=category,
        key=f"{category}/{whole}",
        licenses=_licenses(facts["LICENSE"]),
        requires=tuple(dict.fromkeys(read_atoms(facts["RDEPEND"], facts["USE"].split()))),
        urls=(("website", website),) if website else (),
        properties=tuple((f"stella:ebuild:{fact}", value) for fact, value in properties.items() if value),
    )


def _split(whole: str) -> re.Match[str] | None:
    return _PF.fullmatch(whole) if len(whole) <= NAME_LIMIT else None


def _read_fact(file: LayerFile | None) -> str:
    if file is None or file.size > FACT_LIMIT:
        return ""
    return " ".join(file.read().decode("utf-8", "replace").split())


def _licenses(text: str) -> tuple[str, ...]:
    """All names count where there is nothing but names; choices and conditions stay as declared."""
    return tuple(text.split()) if not re.search(r"[()|?]", text) else (text,)


def read_atoms(text: str, flags: Sequence[str]) -> Iterator[str]:
    """Yield `category/name` of what a dependency string asks for: all alternatives, and what `flags` bring in."""
    counts = [True]  # of each open group: whether what it holds is asked for
    condition = True
    for word in text.split():
        if word.endswith("?"):
            flag = word[:-1]
            condition = flag[1:] not in flags if flag.startswith("!") else flag in flags
        elif word == "(":
            counts.append(counts[-1] and condition)
            condition = True
        elif word == ")":
            if len(counts) > 1:
                counts.pop()
        elif counts[-1] and (match := _ATOM.fullmatch(word)):
            yield _without_version(match["name"]) if match["operator"] else match["name"]


def _without_version(name: str) -> str:
    category, _, whole = name.partition("/")
    match = _split(whole.removesuffix("*"))
    return f"{category}/{match['name']}" if match else name


def _read_contents(file: LayerFile) -> Iterator[OwnedFiles]:
    """Read `obj PATH MD5 TIME`, `sym PATH -> TARGET TIME` and `dir PATH` lines."""
    lines = read_bytes(file, DATABASE_LIMIT).decode("utf-8", "replace").split("\n")
    matches = [_ENTRY.fullmatch(line.rstrip("\r")) for line in lines]
    paths = [(match["file"] or match["link"] or match["other"]).lstrip("/") for match in matches if match]
    if paths:
        yield OwnedFiles("", "\n".join(paths))


ANALYZER = Portage()
