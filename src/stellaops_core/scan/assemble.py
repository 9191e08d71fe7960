"""The composed image to the lists of the bill of materials.

Comes in: an `Overlay`, the packs it was composed of, the analyzers with their joins. Goes out: `Assembled`. Rules: each
purl is one component, however many places it was found in; every component has evidence; everything is sorted here,
once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from stellaops_core.analyzers.analyzer import Analyzer, Found, Installed, Joins, Package, View
from stellaops_core.analyzers.os_release import choose_distribution
from stellaops_core.component import BINARY, OS_PACKAGE_TYPES, Component, Distribution, Evidence, Unknown
from stellaops_core.licenses import normalize
from stellaops_core.purl import make_purl
from stellaops_core.sbom.explanation import Rejected
from stellaops_core.sbom.sbom import Removed
from stellaops_core.scan.compose import Overlay
from stellaops_core.scan.fragment import Pack
from stellaops_core.scan.hidden import name_hidden
from stellaops_core.scan.holders import Holders
from stellaops_core.telemetry import Spans, measured

_T = TypeVar("_T", str, tuple[str, str], Evidence)


class Assembled(Struct, frozen=True):
    """What an `Sbom` lists, each sorted, and who holds which file."""

    distribution: Distribution | None
    components: tuple[Component, ...]
    unknowns: tuple[Unknown, ...]
    removed: tuple[Removed, ...]
    """Without those that are there all the same, at other places or brought back."""
    hidden: tuple[Removed, ...]
    """With those."""
    installed: tuple[tuple[str, Installed], ...]
    """(analyzer, package) of all places where any was found, in no order; all that are in components."""
    rejected: tuple[Rejected, ...]
    holders: Holders


def assemble(
    overlay: Overlay,
    packs: Sequence[Pack],
    analyzers: Iterable[Analyzer],
    *,
    architecture: str,
    distribution: Distribution | None = None,
    first_layer: int = 0,
    spans: Spans | None = None,
) -> Assembled:
    """Join, own, merge and sort.

    `first_layer`: as for `compose`; `architecture`: the image's, in OCI's spelling; `distribution`: where the overlay
    isn't all that lies in the image, the one that counts; else it is the overlay's own.
    """
    distribution = distribution or choose_distribution(_distributions(overlay))
    view = View(found={}, distribution=distribution, links=overlay.links, architecture=architecture)
    joins = {one.name: _Join(one, view, overlay.layer_of) for one in analyzers}
    installed = []
    for name, join in joins.items():
        with measured(spans, "join", name):
            installed += [(name, one) for one in join.run(overlay.found.get(name, {}))]
    holders = Holders(overlay, packs, installed, first_layer)
    claimed = {path for _, one in installed if one.type not in OS_PACKAGE_TYPES for path in _paths(one)}
    owners = holders.owners(claimed)
    rejected = [_reject(name, one, owners[one.path]) for name, one in installed if _yields(one, owners)]
    installed = [(name, one) for name, one in installed if not _yields(one, owners)]
    holders = Holders(overlay, packs, installed, first_layer)
    explained = _explained(installed, holders)
    rejected += [_reject(name, one, explained[one.path]) for name, one in installed if _is_explained(one, explained)]
    installed = [(name, one) for name, one in installed if not _is_explained(one, explained)]
    components = tuple(_merged(_draft(overlay, name, one, owners, first_layer) for name, one in installed))
    hidden = name_hidden(overlay.gone, lambda analyzer, found: joins[analyzer].run(found), components)
    present = {component.ref for component in components}
    gaps = {gap for join in joins.values() for gap in join.gaps}
    return Assembled(
        distribution=distribution,
        components=components,
        unknowns=tuple(sorted(gaps.union(overlay.unknowns))),
        removed=tuple(one for one in hidden if one.purl not in present),
        hidden=hidden,
        installed=tuple(installed),
        rejected=tuple(sorted(set(rejected))),
        holders=holders,
    )


def _distributions(overlay: Overlay) -> dict[str, Distribution]:
    return {
        path: item
        for finds in overlay.found.values()
        for path, items in finds.items()
        for item in items
        if isinstance(item, Distribution)
    }


class _Join:
    """One analyzer's join, or what stands in for it; a join that fails costs edges and names, not packages."""

    def __init__(self, analyzer: Analyzer, view: View, layer_of: Mapping[str, int]) -> None:
        self._analyzer, self._view, self._layer_of = analyzer, view, layer_of
        self.gaps: list[Unknown] = []

    def run(self, found: Mapping[str, Sequence[Found]]) -> list[Installed]:
        if not found:
            return []
        if isinstance(self._analyzer, Joins):
            try:
                return list(self._analyzer.join(replace(self._view, found=found)))
            except Exception as error:  # noqa: BLE001  # a bug in one ecosystem must not cost the others
                self._gap(next(iter(found)), f"the analyzer failed to join: {type(error).__name__}: {error}")
        return [
            one
            for path, items in found.items()
            for item in items
            if isinstance(item, Package) and (one := self._as_found(item, path)) is not None
        ]

    def _as_found(self, package: Package, path: str) -> Installed | None:
        if package.key.startswith(BINARY):
            return Installed(package=package, path=path, purl=None)
        try:
            purl = make_purl(
                package.type, package.name, package.version, namespace=package.namespace, qualifiers=package.qualifiers
            )
        except ValueError as error:
            self._gap(path, str(error))
            return None
        return Installed(package=package, path=path, purl=purl)

    def _gap(self, path: str, reason: str) -> None:
        self.gaps.append(Unknown(path, self._analyzer.name, reason, self._layer_of.get(path, -1)))


def _paths(one: Installed) -> tuple[str, ...]:
    return (one.path, *one.evidence)


def _yields(one: Installed, owners: Mapping[str, object]) -> bool:
    """Whether a package counts only where nobody owns its file, and somebody does."""
    return one.package.fallback and one.path in owners


def _explained(installed: Sequence[tuple[str, Installed]], holders: Holders) -> dict[str, tuple[str, ...]]:
    """Map programs that are known by their digest alone to the other components that say what they are."""
    unnamed = {one.path: one.ref for _, one in installed if not one.purl}
    held = holders.of(unnamed) if unnamed else {}
    others = {path: tuple(ref for ref in refs if ref != unnamed[path]) for path, refs in held.items()}
    return {path: refs for path, refs in others.items() if refs}


def _is_explained(one: Installed, explained: Mapping[str, object]) -> bool:
    return not one.purl and one.path in explained


def _reject(analyzer: str, one: Installed, others: tuple[str, ...]) -> Rejected:
    return Rejected(one.path, analyzer, one.ref, one.package.name, others)


def _draft(
    overlay: Overlay, analyzer: str, one: Installed, owners: Mapping[str, tuple[str, ...]], first_layer: int
) -> Component:
    """Make a component of one place where a package was found."""
    package = one.package
    layer = overlay.since.get((analyzer, one.path, package.identity), overlay.layer_of.get(one.path, first_layer))
    owned = owners.get(one.path, ())
    inside = [path for path in one.evidence if path.startswith(one.path + "!/")]  # of an archive: says more than it
    evidence = [
        Evidence(path, analyzer, layer, package.technique, package.confidence, owned) for path in inside or [one.path]
    ]
    evidence += [
        Evidence(path, analyzer, overlay.layer_of.get(path, layer), owners=owners.get(path, ()))
        for path in one.evidence
        if path not in inside
    ]
    return Component(
        ref=one.ref,
        type=one.type,
        name=package.name,
        version=package.version,
        evidence=tuple(evidence),
        layer=layer,
        licenses=tuple(filter(None, map(normalize, one.licenses or package.licenses))),
        hashes=package.hashes,
        depends=one.depends,
        owners=owned,
        supplier=package.supplier,
        urls=package.urls,
        properties=package.properties + one.properties,
    )


def _merged(drafts: Iterable[Component]) -> Iterator[Component]:
    """Make one component of all drafts with one `ref`: the lowest layer's first speaks, lists are joined."""
    groups: dict[str, list[Component]] = {}
    for draft in drafts:
        groups.setdefault(draft.ref, []).append(draft)
    for ref, group in sorted(groups.items()):
        group.sort(key=lambda draft: (draft.layer, draft.evidence))
        first = group[0]
        yield Component(
            ref=ref,
            type=first.type,
            name=first.name,
            version=first.version,
            evidence=_union(draft.evidence for draft in group),
            layer=first.layer,
            licenses=_union(draft.licenses for draft in group),
            hashes=_union(draft.hashes for draft in group),
            depends=tuple(other for other in _union(draft.depends for draft in group) if other != ref),
            owners=_union(draft.owners for draft in group) if all(draft.owners for draft in group) else (),
            supplier=next((draft.supplier for draft in group if draft.supplier), ""),
            urls=_union(draft.urls for draft in group),
            properties=_union(draft.properties for draft in group),
        )


def _union(lists: Iterable[Iterable[_T]]) -> tuple[_T, ...]:
    return tuple(sorted({item for items in lists for item in items}))
