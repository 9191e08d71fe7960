"""What differs between two images: image, layers, packages, each change with the layer that made it.

Comes in: two bills of materials. Goes out: a `Diff`. Pure; the rule: `diff(a, a)` is empty, and `diff(b, a)` says the
opposite of `diff(a, b)` about the same pairs. Only the causes have a direction: they name layers of the newer image
wherever one is to blame.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from stellaops_core.component import BINARY, NOT_REACHED, Component, Distribution
from stellaops_core.sbom.diff_layers import Cause, LayerPair, Layers, match_layers
from stellaops_core.sbom.diff_pairs import SURROUNDINGS, pair_components, product_of
from stellaops_core.sbom.sbom import Sbom, Subject
from stellaops_core.sbom.steps import command_text
from stellaops_core.versions.scheme import compare

Kind = Literal["added", "removed", "upgraded", "downgraded", "changed", "moved", "licence", "usage", "owner"]
"""What can be said of a component that differs; of one that is in both images several may hold.

`changed`: another version where no order is defined, or another content under the same name. `moved`: the same, but
another layer brings it. `usage`: the level of its use differs."""

KINDS: tuple[Kind, ...] = (
    "added", "removed", "upgraded", "downgraded", "changed", "moved", "licence", "usage", "owner",
)  # fmt: skip

_STATED = frozenset({"licence", "usage", "owner"})
"""Kinds that may differ without a difference in the package itself."""


class Change(Struct, frozen=True):
    """One component that differs."""

    kinds: tuple[Kind, ...]
    """In the order of `KINDS`; never empty."""
    old: Component | None
    """None where it was added."""
    new: Component | None
    """None where it was removed."""
    cause: Cause | None
    """None where no layer is to blame: there are no layers, or the configuration alone differs."""

    @property
    def component(self) -> Component:
        """The newer of the two, or the one there is."""
        component = self.new or self.old
        assert component  # noqa: S101  # one of them always is
        return component


class Fact(Struct, frozen=True, order=True):
    """Something about the images themselves that differs."""

    name: str
    """`platform`, `distribution`, `configuration`, `programs`, or `label NAME`."""
    old: str
    new: str


class Diff(Struct, frozen=True):
    """All that differs between two bills of materials."""

    old: Subject
    new: Subject
    facts: tuple[Fact, ...]
    """Sorted."""
    layers: tuple[LayerPair, ...]
    """Those of the newer image from the base up, then those that only the older one has."""
    shared: int
    """Layers that both have in common, counted from the base."""
    base_changed: bool
    """Whether not even the lowest layer is the same."""
    changes: tuple[Change, ...]
    """Sorted by type and name."""
    unknowns: tuple[int, int]
    """What could not be read, in each: it may hide packages."""

    @property
    def empty(self) -> bool:
        """Whether nothing differs. Names, tags and times of creation don't count."""
        return not (self.facts or self.changes or any(pair.state != "same" for pair in self.layers))

    @property
    def counts(self) -> dict[Kind, int]:
        """Changes of each kind there is, in the order of `KINDS`. One change may count for several."""
        kinds = [kind for change in self.changes for kind in change.kinds]
        return {kind: kinds.count(kind) for kind in KINDS if kind in kinds}


def diff(old: Sbom, new: Sbom) -> Diff:
    """Compare two bills of materials, the older first."""
    layers = match_layers(old, new)
    ignored = SURROUNDINGS if old.subject.platform == new.subject.platform else SURROUNDINGS | {"arch"}
    changes = [
        Change(kinds, before, after, layers.cause(before, after, content=kinds[0] not in _STATED))
        for before, after in pair_components(old.components, new.components)
        if (kinds := tuple(_kinds(before, after, layers, ignored)))
    ]
    return Diff(
        old=old.subject,
        new=new.subject,
        facts=tuple(sorted(_facts(old, new))),
        layers=layers.pairs,
        shared=layers.shared,
        base_changed=layers.base_changed,
        changes=tuple(sorted(changes, key=_order)),
        unknowns=(len(old.unknowns), len(new.unknowns)),
    )


def limit_to_use(whole: Diff) -> Diff:
    """Leave out what the entry point leads to in neither image. Takes a diff of bills of materials with a `usage`."""
    used = tuple(
        change for change in whole.changes if any(_in_use(component) for component in (change.old, change.new))
    )
    return replace(whole, changes=used)


def _in_use(component: Component | None) -> bool:
    return component is not None and component.use != NOT_REACHED


def _order(change: Change) -> tuple[str, ...]:
    one = change.component
    return (one.type, one.name, change.old.ref if change.old else "", change.new.ref if change.new else "")


def _kinds(old: Component | None, new: Component | None, layers: Layers, ignored: frozenset[str]) -> Iterator[Kind]:
    if old is None or new is None:
        yield "removed" if old else "added"
        return
    if old == new and layers.same(old.layer, new.layer):
        return
    if version := _version(old, new, ignored):
        yield version
    elif not layers.same(old.layer, new.layer):
        yield "moved"
    if set(old.licenses) != set(new.licenses):
        yield "licence"
    if old.use and new.use and old.use.level != new.use.level:
        yield "usage"
    if {product_of(ref).place for ref in old.owners} != {product_of(ref).place for ref in new.owners}:
        yield "owner"


def _version(old: Component, new: Component, ignored: frozenset[str]) -> Kind | None:
    """Return how the version, or else the content, differs."""
    if old.version != new.version and not old.ref.startswith(BINARY):
        order = compare(new.type, old.version, new.version)
        return "upgraded" if order == -1 else "downgraded" if order == 1 else "changed"
    if old.ref != new.ref and _meant(old.ref, ignored) != _meant(new.ref, ignored):
        return "changed"
    one, other = dict(old.hashes), dict(new.hashes)
    return "changed" if any(one[name] != other[name] for name in one.keys() & other.keys()) else None


def _meant(ref: str, ignored: frozenset[str]) -> tuple[object, ...]:
    """Return what of a ref is the package's own; of a program that no package explains, its digest."""
    product = product_of(ref)
    return (*product.place, product.version, *(pair for pair in product.qualifiers if pair[0] not in ignored))


def _facts(old: Sbom, new: Sbom) -> Iterator[Fact]:
    pairs = [
        ("platform", old.subject.platform, new.subject.platform),
        ("distribution", _distribution(old.distribution), _distribution(new.distribution)),
        ("configuration", old.subject.config_digest, new.subject.config_digest),
    ]
    if old.usage and new.usage:
        pairs.append(("programs", _programs(old), _programs(new)))
    one, other = dict(old.subject.labels), dict(new.subject.labels)
    pairs += [(f"label {name}", one.get(name, ""), other.get(name, "")) for name in one.keys() | other.keys()]
    return (Fact(name, before, after) for name, before, after in pairs if before != after)


def _distribution(distribution: Distribution | None) -> str:
    return f"{distribution.id} {distribution.version}".rstrip() if distribution else ""


def _programs(sbom: Sbom) -> str:
    programs: Sequence[str] = [command_text(one.arguments) for one in sbom.usage.programs] if sbom.usage else []
    return "; ".join(programs)
