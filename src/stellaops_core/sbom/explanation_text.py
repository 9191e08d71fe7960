"""Explanations as the terminal shows them.

Comes in: an `Explanation`. Goes out: text, one fact a line, at most 100 columns. The rule: ASCII, and nothing that a
file's name holds reaches a terminal unescaped. Purls are told without qualifiers, which `explain` takes as well.
"""

from collections.abc import Iterable, Iterator

from stellaops_core.component import Component, Evidence, Use
from stellaops_core.sbom.explanation import Event, Explanation, Find, PathStory, without_qualifiers
from stellaops_core.sbom.history import step_of, way_of
from stellaops_core.sbom.sbom import LayerOrigin, Removed
from stellaops_core.sbom.steps import step_text
from stellaops_core.sbom.summary import MAX_WIDTH
from stellaops_core.sbom.text import cut, escape_path, plain

SHOWN = 12
"""Places, needs, finds and dependants that are told of each thing; `-o json` has all."""
MATCHES = 20
"""Components that one question may find; more are only counted."""

_LABEL = 10
_COMMAND = 48
"""Columns of a layer's command where it stands behind something else."""
_ORDER = ("refused", "hidden", "yielded", "left-out", "merged", "listed", "fact", "repeated")

Layers = dict[int, LayerOrigin]


def render(explanation: Explanation) -> str:
    """Tell the story; lines end with a newline."""
    layers = {layer.index: layer for layer in explanation.sbom.subject.layers}
    if explanation.path:
        lines = [*_path_story(explanation.path, layers)]
    elif not explanation.components:
        lines = [*_gone_story(explanation.hidden, layers)]
    else:
        shown = explanation.components[:MATCHES]
        lines = [line for one in shown for line in (*_story(explanation, one, layers), "")]
        if more := len(explanation.components) - len(shown):
            lines += [f"... and {more} more: be more exact"]
    return "".join(f"{line.rstrip()}\n" for line in lines).rstrip("\n") + "\n"


def _story(explanation: Explanation, component: Component, layers: Layers) -> Iterator[str]:
    yield from _heading(component.ref)
    needed = [one.ref for one in explanation.sbom.components if component.ref in one.depends]
    yield from _rows("name", [f"{component.name} {component.version}".rstrip()])
    places = [row for evidence in component.evidence for row in _place(evidence, layers)]
    yield from _rows("found in", places, shown=2 * SHOWN)
    yield from _rows("licence", component.licenses)
    yield from _rows("owner", _short(component.owners))
    yield from _rows("needs", _short(component.depends))
    yield from _rows("needed by", _short(needed))
    yield from _rows("fact", [f"{name} {value}" for name, value in component.properties])
    yield from _rows("rejected", _rejections(explanation, component, layers))
    if component.use:
        yield from _rows("use", list(_chain(component.use)), shown=len(component.use.chain) + 1)


def _rejections(explanation: Explanation, component: Component, layers: Layers) -> list[str]:
    """Tell what a component is not made of: what upper layers hid, and what yielded to it."""
    product = component.ref.partition("@")[0]
    hidden = [_gone(one, layers) for one in explanation.hidden if one.purl.partition("@")[0] == product]
    yielded = [
        f"{one.name} at /{escape_path(one.path)} ({one.analyzer}): this package says what it is"
        for one in explanation.rejected
        if component.ref in one.others
    ]
    return hidden + yielded


def _gone_story(hidden: Iterable[Removed], layers: Layers) -> Iterator[str]:
    for one in hidden:
        yield from _heading(one.purl)
        yield from _rows("state", [f"not in the image: {one.fate}"])
        yield from _rows("found in", ["/" + escape_path(one.path)])
        yield from _rows("brought", [_layer(one.introduced, layers)])
        yield from _rows("gone", [f"record {way_of(one.hiding, one.path)} in {_layer(one.removed, layers)}"])
        yield from _rows("then", _short([one.successor] if one.successor else []))
        yield ""


def _gone(one: Removed, layers: Layers) -> str:
    way = way_of(one.hiding, one.path)
    text = f"{step_of(one)} of layer {one.introduced}: record {way} in {_layer(one.removed, layers)}"
    return f"{text}, /{escape_path(one.path)}"


def _path_story(story: PathStory, layers: Layers) -> Iterator[str]:
    yield cut(plain("/" + escape_path(story.path)), MAX_WIDTH)
    yield from _rows("state", [_state(story)])
    yield from _rows("layers", [_event(event, story.path.partition("!/")[0], layers) for event in story.events])
    yield from _rows("owner", _short(story.owners) or ["no system package lists it"])
    others = [ref for ref in story.holders if ref not in story.owners]
    yield from _rows("component", _short(others) or ([] if story.owners else ["none"]))
    if any(event.kind == "file" for event in story.events):
        yield from _rows("read by", [_readers(story)])
    finds = sorted(story.finds, key=lambda find: (_ORDER.index(find.outcome), find.layer))
    found = [find for find in finds if find.outcome in {"merged", "listed", "fact"}]
    yield from _rows("found", [_found(find) for find in found])
    yield from _rows("rejected", [_rejected(find, layers) for find in finds if find not in found])
    if story.use:
        yield from _rows("use", list(_chain(story.use)), shown=len(story.use.chain) + 1)


def _state(story: PathStory) -> str:
    if story.kind == "link":
        leads = f", which is /{escape_path(story.real)}" if story.real else ", which leads nowhere"
        return f"symbolic link to {escape_path(story.target)}{leads}"
    return "not in the image" if story.kind == "absent" else story.kind


def _event(event: Event, path: str, layers: Layers) -> str:
    what = "" if event.kind == "absent" else str(event.kind)
    if event.hiding:
        way = _way(event, path)
        what = f"{what}, {way}" if what else way
    return f"{what} in {_layer(event.layer, layers)}"


def _way(event: Event, path: str) -> str:
    assert event.hiding  # noqa: S101
    if event.hiding.at == path and event.kind != "absent":
        return "emptied of what was there" if event.hiding.how == "opaque" else "in the place of what was there"
    return way_of(event.hiding, path)


def _readers(story: PathStory) -> str:
    if story.readers:
        return ", ".join(story.readers)
    if found := sorted({find.analyzer for find in story.finds if find.analyzer}):
        return f"{', '.join(found)}, by the file's first bytes"
    if story.finds:
        return "analyzers of the usage view, by the file's first bytes"
    return "no analyzer reads files of this name; first bytes, which tell programs, are not kept"


def _found(find: Find) -> str:
    text = (
        f"{find.what} ({find.analyzer}, layer {find.layer})" if find.analyzer else f"{find.what} (layer {find.layer})"
    )
    return f"{text} with finds at other places" if find.outcome == "merged" else text


def _rejected(find: Find, layers: Layers) -> str:
    by = f" ({find.analyzer}, layer {find.layer})" if find.analyzer else f" (layer {find.layer})"
    if find.outcome == "refused":
        return f"not readable: {find.reason}{by}"
    if find.outcome == "yielded":
        return f"{find.what}{by}: {', '.join(_short(find.refs))} says what it is"
    if find.outcome == "left-out":
        return f"{find.what}{by}: not counted in the whole image"
    again = ", which records it again" if find.outcome == "repeated" else ""
    return f"{find.what or find.reason}{by}: hidden by {_layer(find.later, layers)}{again}"


def _layer(number: int, layers: Layers) -> str:
    layer = layers.get(number)
    if not layer:
        return "the directory"
    return f"layer {number}: {cut(plain(layer.created_by), _COMMAND)}".removesuffix(": ")


def _place(evidence: Evidence, layers: Layers) -> Iterator[str]:
    """Two rows: paths may be long, and what follows them must not be cut off."""
    how = f"  by {evidence.analyzer}, {evidence.technique}, {evidence.confidence} %"
    yield escape_path(evidence.path)
    yield f"{how}, {_layer(evidence.layer, layers)}" if evidence.layer in layers else how


def _chain(use: Use) -> Iterator[str]:
    yield f"{use.level}{': ' + escape_path(use.path) if use.path else ''}"
    yield from (f"{number} {step_text(step)}" for number, step in enumerate(use.chain, 1))


def _short(refs: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(without_qualifiers(ref) for ref in refs))


def _heading(ref: str) -> Iterator[str]:
    short = without_qualifiers(ref)
    yield cut(plain(short), MAX_WIDTH)
    yield from _rows("with", [ref[len(short) :].lstrip("?")] if len(ref) > len(short) else [])


def _rows(label: str, facts: Iterable[str], *, shown: int = SHOWN) -> Iterator[str]:
    facts = list(facts)
    for number, fact in enumerate(facts[:shown]):
        text = " " * (len(fact) - len(fact.lstrip(" "))) + plain(fact)
        yield f"  {'' if number else label:<{_LABEL}}{cut(text, MAX_WIDTH - _LABEL - 2)}"
    if len(facts) > shown:
        yield f"  {'':<{_LABEL}}... and {len(facts) - shown} more: see -o json"
