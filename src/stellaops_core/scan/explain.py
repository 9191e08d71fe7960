"""What happened to a path or a component: which layers had it, what was found there, and what was rejected.

Comes in: an examined image, and what somebody asks about. Goes out: an `Explanation`. The rule: everything told was
kept by the layers' packs; that a layer hides something is decided by the function which composes images.
"""

from collections.abc import Iterable, Iterator, Sequence
from posixpath import normpath

from msgspec.structs import replace

from stellaops_core.analyzers.analyzer import Found, Licenses, OwnedFiles, Package
from stellaops_core.analyzers.available import Interests
from stellaops_core.component import NOT_REACHED, Component, Distribution, Step, Use
from stellaops_core.entrytrace.closure import chain_of
from stellaops_core.sbom.explanation import (
    Event,
    Explanation,
    Find,
    Kind,
    PathStory,
    find_components,
    find_hidden,
)
from stellaops_core.sbom.products import product_of
from stellaops_core.scan.compose import hidden, present
from stellaops_core.scan.fragment import Pack, Placed
from stellaops_core.scan.scan import Examined
from stellaops_core.scan.usage import Traced


def explain(examined: Examined, what: str) -> Explanation | None:
    """Explain a ref, a purl, a name or a path of an image that was examined with the view `usage`; None for nothing.

    What begins with a slash is a path; else a component of that name comes first, then a path, then what is gone.
    """
    facts, sbom = examined.facts, examined.sbom
    if not what.startswith("/"):
        if components := find_components(sbom, what):
            refs = {one.ref for one in components}
            products = {product_of(ref) for ref in refs}
            return Explanation(
                sbom,
                components,
                hidden=tuple(one for one in facts.hidden if product_of(one.purl) in products),
                rejected=tuple(one for one in facts.rejected if not refs.isdisjoint(one.others)),
            )
        if gone := find_hidden(facts.hidden, what):
            return Explanation(sbom, hidden=gone)
    story = _Paths(examined).story(what)
    if story is None:
        return None
    components = tuple(one for one in sbom.components if one.ref in story.holders)
    return Explanation(
        sbom,
        components,
        story,
        hidden=tuple(one for one in facts.hidden if one.path == story.path),
        rejected=tuple(one for one in facts.rejected if one.path == story.path),
    )


def near_names(examined: Examined, what: str) -> list[str]:
    """Return what `explain` would know: names beside the path that is asked for, or all components' names."""
    root = _traced(examined).root
    directory = what.strip("/").rpartition("/")[0]
    while directory and not root.is_directory(directory):
        directory = directory.rpartition("/")[0]
    prefix = f"/{directory}/" if directory else "/"
    paths = [prefix + name for name in root.names(directory)]
    if what.startswith("/"):
        return paths
    if "/" in what and not what.startswith("pkg:"):
        return [path[1:] for path in paths]
    refs = [*(one.ref for one in examined.sbom.components), *(one.purl for one in examined.facts.hidden)]
    if what.startswith("pkg:"):
        return sorted({product_of(ref) for ref in refs})
    return sorted({one.name for one in examined.sbom.components} | {path[1:] for path in paths})


def layer_events(packs: Sequence[Pack], path: str, *, first_layer: int = 0) -> Iterator[Event]:
    """Yield what each layer did at a path. Directories of lower and upper layers merge: neither hides the other."""
    now: Kind = "absent"
    for number, pack in enumerate(packs, first_layer):
        own, target = _own(pack, path)
        hiding = None
        if now != "absent":
            probe = path + "/" if now == "directory" else path  # of a directory: whatever is in it
            hiding = hidden([probe], pack).get(probe)
        if own != "absent" or hiding:
            yield Event(number, own, target, hiding)
        if own != "absent":
            now = own
        elif hiding and not (now == "directory" and (hiding.how, hiding.at) == ("opaque", path)):
            now = "absent"


def _own(pack: Pack, path: str) -> tuple[Kind, str]:
    """Return what one layer has at a path, and a link's target."""
    if present(pack.others(), [path]):
        target = pack.links().get(path)
        return ("file", "") if target is None else ("link", target)
    if present(pack.directories(), [path]):
        return "directory", ""
    return "absent", ""


class _Paths:
    def __init__(self, examined: Examined) -> None:
        self._examined, self._traced = examined, _traced(examined)
        self._root = self._traced.root
        self._places: dict[str, set[str]] = {}
        """By ref."""
        self._listed: dict[tuple[str, str, object], str] = {}
        """Analyzer, path and what tells packages apart, to ref."""
        for analyzer, one in examined.facts.installed:
            self._places.setdefault(one.ref, set()).add(one.path)
            for key in (one.package.identity, (one.package.name, one.package.version)):
                self._listed.setdefault((analyzer, one.path, key), one.ref)

    def story(self, what: str) -> PathStory | None:
        """Tell of a path; None where no layer ever had it."""
        outer, _, inner = what.partition("!/")  # within an archive
        place = self._placed(outer)
        path = f"{place}!/{inner}" if inner else place
        events = tuple(layer_events(self._examined.packs, place, first_layer=self._examined.first_layer))
        if not events and path:
            return None
        kind, target = _state(events) if path else ("directory", "")
        real = self._root.real(place)
        facts = self._examined.facts
        holders = {one.ref for one in self._examined.sbom.components if _is_evidence(one, path)}
        holders.update(facts.holders.of([path]).get(path, ()))
        if inner and not holders:
            return None
        finds = self._finds(place, events)
        return PathStory(
            path=path,
            kind=kind,
            target=target,
            real=real if real is not None and kind != "absent" else "",
            events=events,
            finds=tuple(find for find in finds if not inner or not holders.isdisjoint(find.refs)),
            readers=tuple(sorted({one.name for one in Interests(self._examined.analyzers, once=True).of_name(place)})),
            owners=facts.holders.owners([place]).get(place, ()),
            holders=tuple(sorted(holders)),
            use=self._use(real) if real is not None and self._root.is_file(real) and kind != "absent" else None,
        )

    def _placed(self, what: str) -> str:
        """Follow the links of the directories that lead to a path, not its own."""
        parent, _, name = normpath("/" + what).strip("/").rpartition("/")
        real = self._root.real(parent)
        parent = parent if real is None else real
        return f"{parent}/{name}" if parent else name

    def _use(self, real: str) -> Use:
        if (how := self._traced.closure.reached.get(real)) is not None:
            return Use(how.level, real, chain_of(self._traced.processes, how))
        for gap in self._traced.usage.gaps:
            if gap.scope != "native":
                return Use("undetermined", "", (Step(gap.place, gap.line, gap.reason),))
        return NOT_REACHED

    def _finds(self, path: str, events: Sequence[Event]) -> Iterator[Find]:
        first = self._examined.first_layer
        for event in events:
            pack = self._examined.packs[event.layer - first]
            later = next((one for one in events if one.layer > event.layer and one.hiding), None)
            for placed in (one for one in pack.fragment.placed if one.path == path):
                again = self._identities(later, placed) if later else set()
                for item in placed.found:
                    yield self._find(item, placed, event.layer, later, again)
            for gap in (one for one in pack.fragment.gaps if one.path == path):
                yield _outdated(Find(event.layer, gap.analyzer, "", "refused", reason=gap.reason), later)
            if event.kind == "file" and (kept := self._root.kept_of(path, event.layer - first)):
                yield _outdated(Find(event.layer, "", f"for the usage view: {', '.join(kept)}", "fact"), later)

    def _find(self, item: Found, placed: Placed, layer: int, later: Event | None, again: set[object]) -> Find:
        find = Find(layer, placed.analyzer, _told(item), "fact")
        if later:
            return _outdated(find, later, repeated=isinstance(item, Package) and item.identity in again)
        if not isinstance(item, Package):
            return find
        for key in (item.identity, (item.name, item.version)):
            if ref := self._listed.get((placed.analyzer, placed.path, key)):
                merged = len(self._places[ref]) > 1
                return Find(layer, placed.analyzer, find.what, "merged" if merged else "listed", (ref,))
        for lost in self._examined.facts.rejected:
            if (lost.analyzer, lost.path, lost.name) == (placed.analyzer, placed.path, item.name):
                return Find(layer, placed.analyzer, find.what, "yielded", lost.others)
        return Find(layer, placed.analyzer, find.what, "left-out")

    def _identities(self, event: Event, below: Placed) -> set[object]:
        fragment = self._examined.packs[event.layer - self._examined.first_layer].fragment
        return {
            item.identity
            for placed in fragment.placed
            if (placed.path, placed.analyzer) == (below.path, below.analyzer)
            for item in placed.found
            if isinstance(item, Package)
        }


def _traced(examined: Examined) -> Traced:
    if examined.traced is None:
        raise ValueError("explain needs the view usage")
    return examined.traced


def _state(events: Iterable[Event]) -> tuple[Kind, str]:
    """Return what is left after all layers."""
    kind: Kind = "absent"
    target = ""
    for event in events:
        emptied = kind == "directory" and event.hiding is not None and event.hiding.how == "opaque"
        if event.kind != "absent" or not emptied:
            kind, target = event.kind, event.target
    return kind, target


def _is_evidence(component: Component, path: str) -> bool:
    return any(one.path == path or one.path.startswith(path + "!/") for one in component.evidence)


def _outdated(find: Find, later: Event | None, *, repeated: bool = False) -> Find:
    if not later:
        return find
    return replace(find, outcome="repeated" if repeated else "hidden", later=later.layer, hiding=later.hiding)


def _told(item: Found) -> str:
    if isinstance(item, Package):
        return f"{item.type} {item.name} {item.version}".rstrip()
    if isinstance(item, Distribution):
        return f"distribution {item.id} {item.version}".rstrip()
    if isinstance(item, OwnedFiles):
        return f"file list of {item.key}" if item.key else "file list"
    return f"licences of {item.key}" if isinstance(item, Licenses) else "facts"
