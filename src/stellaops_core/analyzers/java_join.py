"""Java packages of a whole image: names from repository layouts, and edges between packages.

Comes in: a `View`. Goes out: `Installed`. Rules: where an archive states no coordinates, the place in a Maven
repository or a Gradle cache does, be it a file's or a link's (Debian links /usr/share/maven-repo to /usr/share/java);
an edge leads to what is nearest on the way class loaders go: inside the archive, beside it, in an archive around it,
else to the only one there is.

Source: Maven "Repository Layout"; Gradle "Dependency cache"; Debian `maven-repo-helper`; Jakarta EE Platform, "Library
Support".
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from posixpath import normpath
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from stellaops_core.analyzers.analyzer import Installed, Package, View
from stellaops_core.analyzers.java_names import Identity, is_identifier, is_version
from stellaops_core.analyzers.java_package import qualifiers_of
from stellaops_core.purl import Purl, make_purl

STEPS_LIMIT: Final = 40
"""Links that lead to links."""
CANDIDATES_LIMIT: Final = 1024
"""Archives of one name that are looked at for an edge."""

_LAYOUT = re.compile(r"(?:.*/)?(?:maven-repo|repository|maven2)/(.+)/([^/]+)/([^/]+)/\2-\3(?:-[^/]+)?\.[a-z]+")
_GRADLE = re.compile(r"(?:.*/)?files-2\.\d/([^/]+)/([^/]+)/([^/]+)/[0-9a-f]+/\2-\3(?:-[^/]+)?\.[a-z]+")
_ALIAS = re.compile(r"debian|[\d.]*x")
"""Versions that Debian's repository has beside the true ones."""
_WEAK: Final = 90


class Coordinates(Struct, frozen=True, order=True):
    """What a place in a repository tells."""

    group: str
    artifact: str
    version: str
    file: str
    """Name of the file there, which tells classifier and type."""


class _Item(Struct):
    path: str
    package: Package
    purl: Purl

    @property
    def place(self) -> str:
        """The archive: its path, and the way to it inside of others."""
        return f"{self.path}!/{self.package.key}" if self.package.key else self.path


def coordinates_of(path: str) -> Coordinates | None:
    """Return what the path of a file in a Maven repository or a Gradle cache tells; None for all other paths."""
    match = _GRADLE.fullmatch(path) or _LAYOUT.fullmatch(path)
    if not match:
        return None
    group, artifact, version = match[1].replace("/", "."), match[2], match[3]
    fit = is_identifier(group) and is_identifier(artifact) and is_version(version) and not _ALIAS.fullmatch(version)
    return Coordinates(group, artifact, version, path.rpartition("/")[2]) if fit else None


def join_packages(view: View) -> Iterator[Installed]:
    """Yield every package with its purl and edges."""
    named = _named_by_place(view)
    homes = {path.rpartition("/")[0] for path in view.found if path.endswith("/release")}
    items = []
    for path, finds in view.found.items():
        for found in finds:
            if isinstance(found, Package) and not _is_part(found, path, homes):
                items += [_Item(path, one, _purl(one)) for one in _renamed(found, named.get(path, ()))]
    index = _Index(items)
    for item in items:
        yield Installed(
            item.package,
            item.path,
            item.purl,
            licenses=item.package.licenses,
            depends=index.resolve(item),
            evidence=(item.place,) if item.package.key else (),
            directory=item.path.rpartition("/")[0] if item.path.endswith("/release") else "",
        )


def _purl(package: Package) -> Purl:
    return make_purl(
        package.type, package.name, package.version, namespace=package.namespace, qualifiers=package.qualifiers
    )


def _is_part(package: Package, path: str, homes: set[str]) -> bool:
    """Say whether it is a part of a Java runtime whose `release` file speaks for it."""
    if package.type != "generic" or package.name != "openjdk" or path.endswith("/release"):
        return False
    steps = path.split("/")
    return any("/".join(steps[:end]) in homes for end in range(1, len(steps)))


def _named_by_place(view: View) -> dict[str, list[Coordinates]]:
    """Return coordinates by the path of an archive, from its own path and from links to it."""
    named: dict[str, set[Coordinates]] = {}
    for path in view.found:
        if found := coordinates_of(path):
            named.setdefault(path, set()).add(found)
    for link in view.links:
        if found := coordinates_of(link):
            named.setdefault(_follow(link, view.links), set()).add(found)
    return {path: sorted(all_) for path, all_ in named.items()}


def _follow(path: str, links: Mapping[str, str]) -> str:
    for _ in range(STEPS_LIMIT):
        target = links.get(path)
        if target is None:
            break
        path = normpath(target if target[:1] == "/" else f"/{path.rpartition('/')[0]}/{target}").lstrip("/")
    return path


def _renamed(package: Package, coordinates: Sequence[Coordinates]) -> Iterable[Package]:
    """Give the archive itself, if it does not say well what it is, the coordinates of its place."""
    own = not package.key and (package.hashes or package.type == "generic")
    if not own or package.confidence >= _WEAK or not coordinates:
        return (package,)
    return [
        replace(
            package,
            type="maven",
            namespace=one.group,
            name=one.artifact,
            version=one.version,
            qualifiers=qualifiers_of(one.file, Identity("maven", one.artifact, one.version)),
            technique="filename",
            confidence=_WEAK,
        )
        for one in coordinates
    ]


class _Index:
    """Packages by `group:artifact`."""

    def __init__(self, items: Iterable[_Item]) -> None:
        self._items: dict[str, list[_Item]] = {}
        for item in items:
            if item.purl.type == "maven":
                self._items.setdefault(f"{item.purl.namespace}:{item.purl.name}", []).append(item)

    def resolve(self, item: _Item) -> tuple[str, ...]:
        """Return the purls of what a package asks for and finds."""
        if not item.package.requires:
            return ()
        found = {purl for name in item.package.requires if name in self._items for purl in self._nearest(item, name)}
        return tuple(sorted(found - {str(item.purl)}))

    def _nearest(self, item: _Item, name: str) -> set[str]:
        candidates = self._items[name][:CANDIDATES_LIMIT]
        folder = item.place.rpartition("/")[0]
        rings = (
            [other for other in candidates if (other.place + "!/").startswith(item.place + "!/")],
            [other for other in candidates if other.place.rpartition("/")[0] == folder],
            *([other for other in candidates if other.place.startswith(near)] for near in _around(item.place)),
            candidates,
        )
        found = {str(other.purl) for other in next(filter(None, rings))}
        return found if len(found) == 1 else set()


def _around(place: str) -> Iterator[str]:
    """Yield how places in the archives around a place begin, innermost first."""
    while "!/" in place:
        place = place.rpartition("!/")[0]
        yield place + "!/"
