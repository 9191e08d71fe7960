"""Which component of one image is which of the other.

Comes in: two lists of components. Goes out: pairs, with None for what has no counterpart. The rule: the same ref first;
then within one product (type, namespace, name; of a program that no package explains, its path) what is nearest: equal
qualifiers, equal version, a common place, the smallest step in version. Exchanging the lists exchanges the pairs.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from stellaops_core.component import BINARY, Component
from stellaops_core.purl import parse_purl
from stellaops_core.versions.scheme import sort_key

PAIR_LIMIT = 10_000
"""Pairs within one product that are weighed; of more components the sorted lists are paired in order."""

SURROUNDINGS = frozenset({"distro", "epoch", "upstream"})
"""Qualifiers that tell of a package's surroundings, or repeat its version."""

Pair = tuple[Component | None, Component | None]


class Product(Struct, frozen=True):
    """What a ref names."""

    place: tuple[str, ...]
    """Type, namespace, name, subpath."""
    version: str = ""
    qualifiers: tuple[tuple[str, str], ...] = ()


def product_of(ref: str) -> Product:
    """Read a ref; one that is no purl is a product of its own."""
    try:
        purl = parse_purl(ref)
    except ValueError:
        return Product((ref,))
    return Product((purl.type, purl.namespace, purl.name, purl.subpath), purl.version, purl.qualifiers)


def pair_components(old: Sequence[Component], new: Sequence[Component]) -> Iterator[Pair]:
    """Pair all components of both lists, each once."""
    known = {component.ref: component for component in old}
    names = {component.ref for component in new}
    yield from ((known[component.ref], component) for component in new if component.ref in known)
    groups: dict[tuple[str, ...], tuple[list[Component], list[Component]]] = defaultdict(lambda: ([], []))
    for component in old:
        if component.ref not in names:
            groups[_group(component)][0].append(component)
    for component in new:
        if component.ref not in known:
            groups[_group(component)][1].append(component)
    for before, after in groups.values():
        yield from _pair_group(before, after)


def _group(component: Component) -> tuple[str, ...]:
    if component.ref.startswith(BINARY):
        return ("", component.evidence[0].path)
    return product_of(component.ref).place


def _pair_group(old: list[Component], new: list[Component]) -> Iterator[Pair]:
    if len(old) == len(new) == 1:
        yield old[0], new[0]
        return
    if old and new:
        rank = _ranks([*old, *new])
        chosen = _in_order(old, new, rank) if len(old) * len(new) > PAIR_LIMIT else _nearest(old, new, rank)
        yield from chosen
        paired = {component.ref for pair in chosen for component in pair}
        old = [component for component in old if component.ref not in paired]
        new = [component for component in new if component.ref not in paired]
    yield from ((component, None) for component in old)
    yield from ((None, component) for component in new)


def _ranks(components: Sequence[Component]) -> Callable[[Component], int]:
    """Number the versions of a product as its ecosystem orders them; those without an order come first, as text."""
    keys = {one.version: (sort_key(one.type, one.version) or b"", one.version) for one in components}
    ranks = {version: at for at, version in enumerate(sorted(keys, key=keys.__getitem__))}
    return lambda component: ranks[component.version]


def _in_order(
    old: list[Component], new: list[Component], rank: Callable[[Component], int]
) -> list[tuple[Component, Component]]:
    lists = [sorted(side, key=lambda one: (_variant(one), rank(one), one.ref)) for side in (old, new)]
    return list(zip(*lists, strict=False))


def _nearest(
    old: list[Component], new: list[Component], rank: Callable[[Component], int]
) -> list[tuple[Component, Component]]:
    """Take the best pair, then the best of what is left, and so on; ties fall the same way in both directions."""
    variants = {one.ref: _variant(one) for one in (*old, *new)}
    paths = {one.ref: {evidence.path for evidence in one.evidence} for one in (*old, *new)}

    def score(pair: tuple[Component, Component]) -> tuple[bool, bool, bool, int, list[str]]:
        one, other = pair
        return (
            variants[one.ref] != variants[other.ref],
            one.version != other.version,
            not paths[one.ref] & paths[other.ref],
            abs(rank(one) - rank(other)),
            sorted((one.ref, other.ref)),
        )

    chosen: list[tuple[Component, Component]] = []
    taken: set[str] = set()
    for one, other in sorted(((one, other) for one in old for other in new), key=score):
        if one.ref not in taken and other.ref not in taken:
            chosen.append((one, other))
            taken |= {one.ref, other.ref}
    return chosen


def _variant(component: Component) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in product_of(component.ref).qualifiers if pair[0] not in SURROUNDINGS)
