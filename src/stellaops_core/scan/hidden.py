"""Packages that upper layers hid, by name, and what became of them.

Comes in: what composition found gone, the analyzers' joins, the components that are there. Goes out: `Removed`,
sorted. Rules: what is gone is named by the same join as what is there; its successor is another version of the same
product that the same layer brought, the nearest of them in the tree of directories.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec.structs import replace

from stellaops_core.analyzers.analyzer import Found, Installed
from stellaops_core.component import Component
from stellaops_core.sbom.products import ordered_version_of, product_of
from stellaops_core.sbom.sbom import Fate, Hiding, Removed
from stellaops_core.scan.compose import Gone
from stellaops_core.versions.scheme import sort_key

Join = Callable[[str, Mapping[str, Sequence[Found]]], Iterable[Installed]]
"""Takes an analyzer's name and its finds by path."""


def name_hidden(gone: Iterable[Gone], join: Join, components: Iterable[Component]) -> tuple[Removed, ...]:
    """Name all that was hidden; what is there all the same, at another place or again, included."""
    hidden = set(_named(gone, join))
    if not hidden:
        return ()
    brought: dict[tuple[int, str], set[tuple[str, str]]] = {}  # (layer, product) to (path, purl)
    for one in hidden:
        brought.setdefault((one.introduced, product_of(one.purl)), set()).add((one.path, one.purl))
    for component in components:
        for evidence in component.evidence:
            places = brought.setdefault((evidence.layer, product_of(component.ref)), set())
            places.add((evidence.path, component.ref))
    return tuple(sorted(_with_successor(one, brought.get((one.removed, product_of(one.purl)), ())) for one in hidden))


def _named(gone: Iterable[Gone], join: Join) -> Iterable[Removed]:
    groups: dict[tuple[str, int], list[Gone]] = {}
    for item in gone:
        groups.setdefault((item.analyzer, item.removed), []).append(item)
    for (analyzer, removed), items in groups.items():
        known = {(item.path, item.package.identity): item.introduced for item in items}
        hiding = {item.path: item.hiding for item in items}
        found: dict[str, list[Found]] = {}
        for item in sorted(items, key=lambda item: item.path):
            found.setdefault(item.path, []).append(item.package)
        for one in join(analyzer, found):
            if one.purl:
                since = known.get((one.path, one.package.identity), removed)
                yield Removed(str(one.purl), one.path, since, removed, hiding.get(one.path, Hiding("unknown", "")))


def _with_successor(one: Removed, brought: Iterable[tuple[str, str]]) -> Removed:
    others = [(path, purl) for path, purl in brought if purl != one.purl]
    if not others:
        return one
    _, purl = min(others, key=lambda other: (-_shared(one.path, other[0]), _variant(one.purl, other[1]), other))
    return replace(one, successor=purl, fate=_fate(one.purl, purl))


def _shared(path: str, other: str) -> int:
    """Count the directories that two paths have in common, from the root."""
    count = 0
    for one, two in zip(path.split("/"), other.split("/"), strict=False):
        if one != two:
            break
        count += 1
    return count


def _variant(old: str, new: str) -> int:
    """Count the qualifiers of which only one of two purls has: of two architectures, the same one is nearer."""
    first, second = (set(purl.partition("#")[0].partition("?")[2].split("&")) for purl in (old, new))
    return len(first ^ second)


def _fate(old: str, new: str) -> Fate:
    product = product_of(old)
    kind = product.removeprefix("pkg:").partition("/")[0]
    before, after = (sort_key(kind, ordered_version_of(purl, product)) for purl in (old, new))
    if before is None or after is None or before == after:
        return "changed"
    return "upgraded" if after > before else "downgraded"
