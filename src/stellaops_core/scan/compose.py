"""Fragments of layers to the facts of an image: overlayfs, applied to findings.

Comes in: the packs of all layers, base first. Goes out: an `Overlay`. Rules: what a layer has at a path replaces what
lower layers had there and, if it is no directory, everything below it; whiteouts and opaque directories hide lower
layers only; a package that is still in a rewritten database keeps the layer that introduced it; what was taken away
stays known. For any layers the outcome equals that of one layer with the squashed tree, but for the layer numbers.

Source: OCI image specification 1.1, layer.md; Linux, Documentation/filesystems/overlayfs.rst.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from stellaops_core.analyzers.analyzer import Found, Package
from stellaops_core.component import Unknown
from stellaops_core.images.path_table import Group
from stellaops_core.sbom.sbom import Hiding
from stellaops_core.scan.fragment import Fragment, Pack

Identity = tuple[str, str, str, str, str, str]


class Gone(Struct, frozen=True):
    """A package that a layer took away, or replaced by another version."""

    analyzer: str
    path: str
    package: Package
    introduced: int
    removed: int
    hiding: Hiding


class Overlay(Struct, frozen=True):
    """What the image holds, and which layer brought it."""

    found: dict[str, dict[str, tuple[Found, ...]]]
    """Analyzer to path to finds, both in order."""
    layer_of: dict[str, int]
    """Path of any find to the layer whose file it is."""
    since: dict[tuple[str, str, Identity], int]
    """(analyzer, path, package identity) to the layer that introduced it."""
    unknowns: tuple[Unknown, ...]
    gone: tuple[Gone, ...]
    links: dict[str, str]
    """Symbolic links: path to target as written."""


def compose(packs: Sequence[Pack], *, first_layer: int = 0) -> Overlay:
    """Lay fragments over one another. `first_layer` is the number of the first one (-1 for a directory)."""
    state = State()
    for number, pack in enumerate(packs, first_layer):
        state.apply(pack, number)
    return state.overlay()


class State:
    """What the layers that were applied so far make together."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, tuple[Found, ...]]] = {}  # path to analyzer to finds
        self.gaps: dict[str, list[Unknown]] = {}
        self.layer_of: dict[str, int] = {}
        self.since: dict[tuple[str, str, Identity], int] = {}
        self.gone: list[Gone] = []
        self.links: dict[str, str] = {}

    def apply(self, pack: Pack, number: int) -> None:
        """Lay one more layer over the others."""
        fragment = pack.fragment
        below = self.found.keys() | self.gaps.keys() | self.links.keys()
        before = {}
        hiding = hidden(below, pack) if below else {}
        for path in hiding:
            self.gaps.pop(path, None)
            self.links.pop(path, None)
            if (finds := self.found.pop(path, None)) is not None:
                before[path] = finds
        for placed in fragment.placed:
            self.found.setdefault(placed.path, {})[placed.analyzer] = placed.found
            self.layer_of[placed.path] = number
        for gap in fragment.gaps:
            self.gaps.setdefault(gap.path, []).append(Unknown(gap.path, gap.analyzer, gap.reason, number))
        self.links.update(pack.links())
        self._introduce(fragment, before, number)
        self._remove(before, number, hiding)

    def _introduce(self, fragment: Fragment, before: Mapping[str, object], number: int) -> None:
        for placed in fragment.placed:
            for package in packages_of(placed.found):
                key = (placed.analyzer, placed.path, package.identity)
                if placed.path not in before or key not in self.since:
                    self.since[key] = number

    def _remove(
        self, before: Mapping[str, Mapping[str, Iterable[Found]]], number: int, hiding: Mapping[str, Hiding]
    ) -> None:
        for path, finds in before.items():
            for analyzer, items in finds.items():
                now = {package.identity for package in packages_of(self.found.get(path, {}).get(analyzer, ()))}
                for package in packages_of(items):
                    if package.identity not in now:
                        introduced = self.since.pop((analyzer, path, package.identity), number)
                        self.gone.append(Gone(analyzer, path, package, introduced, number, hiding[path]))

    def overlay(self) -> Overlay:
        """Return the image of all layers so far."""
        by_analyzer: dict[str, dict[str, tuple[Found, ...]]] = {}
        for path in sorted(self.found):
            for analyzer, finds in self.found[path].items():
                by_analyzer.setdefault(analyzer, {})[path] = finds
        return Overlay(
            found=by_analyzer,
            layer_of=self.layer_of,
            since=self.since,
            unknowns=tuple(sorted(unknown for gaps in self.gaps.values() for unknown in gaps)),
            gone=tuple(self.gone),
            links=self.links,
        )


def packages_of(found: Iterable[Found]) -> Iterator[Package]:
    """Yield the packages among finds."""
    return (item for item in found if isinstance(item, Package))


def hidden(paths: Iterable[str], pack: Pack) -> dict[str, Hiding]:
    """Return those of `paths`, all of files and links in lower layers, that a layer hides or replaces, sorted."""
    fragment = pack.fragment
    below = set(paths)
    above = _directories(below)
    covers = present(pack.directories(), below)  # a directory in a file's place
    roots = {path: Hiding("whiteout", path) for path in fragment.whiteouts}
    roots |= {path: Hiding("replaced", path) for path in present(pack.others(), below | above)}
    opaque = set(fragment.opaque)
    if not (covers or roots or opaque):
        return {}
    gone = {"": Hiding("opaque", "") if "" in opaque else None}  # of each directory: what hides all it had below

    def hides(directory: str) -> Hiding | None:
        if directory not in gone:
            own = Hiding("opaque", directory) if directory in opaque else None
            gone[directory] = roots.get(directory) or hides(_parent(directory)) or own
        return gone[directory]

    for directory in sorted(above):  # parents first: the recursion is never deep
        hides(directory)
    found = {}
    for path in sorted(below):
        how = Hiding("replaced", path) if path in covers else roots.get(path) or hides(_parent(path))
        if how:
            found[path] = how
    return found


def _parent(path: str) -> str:
    return path[: max(path.rfind("/"), 0)]


def _directories(paths: Iterable[str]) -> set[str]:
    """Return all directories above the paths."""
    above = {""}
    for path in paths:
        while (path := _parent(path)) not in above:
            above.add(path)
    return above


def present(groups: Iterable[Group], wanted: Iterable[str]) -> set[str]:
    """Return the wanted paths that a table holds."""
    names_in: dict[str, set[str]] = {}
    for path in wanted:
        directory, _, name = path.rpartition("/")
        names_in.setdefault(directory, set()).add(name)
    return {
        f"{directory}/{name}" if directory else name
        for directory, names in groups
        if directory in names_in
        for name in names_in[directory].intersection(names.split("/"))
    }
