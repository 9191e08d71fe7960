"""Which layers two images have in common, and which layer a difference comes from.

Comes in: two bills of materials, and pairs of components. Goes out: pairs of layers, and causes. The rules: layers are
the same when their content (diffID) is; a layer whose command is the same but whose content is not was rebuilt, and
what it brings has not moved. What an image shares with the other is never to blame.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Literal

from msgspec import Struct

from stellaops_core.component import Component
from stellaops_core.sbom.sbom import LayerOrigin, Sbom

State = Literal["same", "rebuilt", "added", "removed"]
Which = Literal["old", "new"]


class LayerPair(Struct, frozen=True):
    """A layer as it is in both images, or in one."""

    state: State
    old: LayerOrigin | None
    new: LayerOrigin | None


class Cause(Struct, frozen=True):
    """The layer that a change comes from."""

    image: Which
    """`new`: this layer makes the change. `old`: this layer made what was there before, and is gone."""
    layer: LayerOrigin
    origin: Literal["base", "own"]
    """Whether the layer belongs to the image that this one was built from; an estimate, see `Layers.base_changed`."""


class Layers:
    """Two images' layers, matched."""

    def __init__(self, old: Sbom, new: Sbom) -> None:
        self._old, self._new = old.subject.layers, new.subject.layers
        self._gone = {"old": _last_removals(old), "new": _last_removals(new)}
        same = _matches(self._old, self._new, {}, lambda layer: layer.diff_id)
        self._same = frozenset(same.items())
        self._shared = {"old": frozenset(same), "new": frozenset(same.values())}
        self._twin = _matches(self._old, self._new, same, lambda layer: layer.created_by.strip())
        self.pairs = self._pairs()
        self.shared = next(
            (
                at
                for at, (one, other) in enumerate(zip(self._old, self._new, strict=False))
                if (at, at) not in self._same
            ),
            min(len(self._old), len(self._new)),
        )
        self.base_changed = bool(self._old and self._new and not self.shared)
        """Whether the lowest layers differ. The layers below those with which both images end (equal commands) are
        taken for the base then, at least the lowest."""
        self._ending = self._count_ending()

    def same(self, old: int, new: int) -> bool:
        """Whether what these layers bring has its place in both: the same layer, a rebuilt one, or there are none."""
        return old < 0 or new < 0 or self._twin.get(old) == new

    def cause(self, old: Component | None, new: Component | None, *, content: bool) -> Cause | None:
        """Return the layer to blame for a pair. `content`: a package differs, so if nothing else, the first layer does.

        That is the layer which brings what there is now, or took away what is gone; where both images have that one,
        the layer which had brought or taken away what was there before.
        """
        after = new.layer if new else self._gone["new"].get(old.ref if old else "", -1)
        if after >= 0 and after not in self._shared["new"]:
            return self._cause("new", after)
        before = old.layer if old else self._gone["old"].get(new.ref if new else "", -1)
        if before >= 0 and before not in self._shared["old"]:
            twin = self._twin.get(before)
            return self._cause("old", before) if twin is None else self._cause("new", twin)
        if content and self.shared < len(self._new):
            return self._cause("new", self.shared)
        return self._cause("old", self.shared) if content and self.shared < len(self._old) else None

    def _cause(self, image: Which, index: int) -> Cause:
        layers = self._new if image == "new" else self._old
        below = max(len(layers) - self._ending, 1)
        return Cause(image, layers[index], "base" if self.base_changed and index < below else "own")

    def _pairs(self) -> tuple[LayerPair, ...]:
        origin = {new: old for old, new in self._twin.items()}
        pairs = []
        for layer in self._new:
            old = origin.get(layer.index)
            state: State = "added" if old is None else "same" if (old, layer.index) in self._same else "rebuilt"
            pairs.append(LayerPair(state, None if old is None else self._old[old], layer))
        pairs += [LayerPair("removed", layer, None) for layer in self._old if layer.index not in self._twin]
        return tuple(pairs)

    def _count_ending(self) -> int:
        ending = 0
        for one, other in zip(reversed(self._old), reversed(self._new), strict=False):
            if not one.created_by.strip() or one.created_by != other.created_by:
                break
            ending += 1
        return ending


def match_layers(old: Sbom, new: Sbom) -> Layers:
    """Match the layers of two images."""
    return Layers(old, new)


def _matches(
    old: Sequence[LayerOrigin], new: Sequence[LayerOrigin], known: dict[int, int], key: Callable[[LayerOrigin], str]
) -> dict[int, int]:
    """Add to known pairs (old index to new) those of equal key: the first with the first, and so on."""
    taken = set(known.values())
    waiting: dict[str, list[int]] = defaultdict(list)
    for layer in reversed(new):
        if layer.index not in taken and key(layer):
            waiting[key(layer)].append(layer.index)
    found = dict(known)
    for layer in old:
        if layer.index not in known and (others := waiting.get(key(layer))):
            found[layer.index] = others.pop()
    return found


def _last_removals(sbom: Sbom) -> dict[str, int]:
    """Map refs to the last layer that took them away."""
    last: dict[str, int] = {}
    for one in sbom.removed:
        last[one.purl] = max(one.removed, last.get(one.purl, -1))
    return last
