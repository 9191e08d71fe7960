"""Why a component is listed: where it was found, who owns it, what it needs, and the chain that leads to its use.

Comes in: an `Sbom`, and what somebody asks about: a purl, a name or a path. Goes out: components, and their story as
text. The rule: everything told is in the `Sbom`; nothing that a file's name holds reaches a terminal unescaped.
"""

from collections.abc import Iterable, Iterator, Sequence

from stellaops_core.component import Component, Evidence, Use
from stellaops_core.errors import TargetError
from stellaops_core.sbom.sbom import LayerOrigin, Sbom
from stellaops_core.sbom.steps import step_text
from stellaops_core.sbom.text import escape_path, plain

SHOWN = 12
"""Places, needs and dependants that are told of each component; `-o json` has all."""
MATCHES = 20
"""Components that one question may find; more are only counted."""

_LABEL = 10


def find_components(sbom: Sbom, what: str) -> tuple[Component, ...]:
    """Return what is meant: by its ref, by a purl without qualifiers or version, by name, or by a path of its evidence.

    The first of these that fits anything counts. Raises `TargetError` where nothing does.
    """
    path = what.lstrip("/")
    for fits in (
        lambda one: one.ref == what,
        lambda one: _shortened(one.purl, "?") == what or _shortened(one.purl, "@") == what,
        lambda one: one.name == what,
        lambda one: path in {evidence.path for evidence in one.evidence} or (one.use and one.use.path == path),
    ):
        if found := tuple(one for one in sbom.components if fits(one)):
            return found
    raise TargetError(
        f"nothing in the image is called {plain(what)}", hint="give a purl, a name or a path as `-o json` lists them"
    )


def _shortened(purl: str, before: str) -> str:
    head = purl.partition("?")[0].partition("#")[0]
    return head.rpartition("@")[0] if before == "@" else head


def explain(sbom: Sbom, components: Sequence[Component]) -> str:
    """Tell the story of each component; lines end with a newline."""
    lines = [line for component in components[:MATCHES] for line in (*_story(sbom, component), "")]
    if more := len(components) - MATCHES:
        lines += [f"... and {more} more: be more exact"] if more > 0 else []
    return "".join(f"{line.rstrip()}\n" for line in lines).rstrip("\n") + "\n"


def _story(sbom: Sbom, component: Component) -> Iterator[str]:
    yield plain(component.ref)
    layers = {layer.index: layer for layer in sbom.subject.layers}
    yield from _rows("name", [f"{component.name} {component.version}".rstrip()])
    yield from _rows("found in", [_place(evidence, layers) for evidence in component.evidence])
    yield from _rows("licence", component.licenses)
    yield from _rows("owner", component.owners)
    yield from _rows("needs", component.depends)
    yield from _rows("needed by", [one.ref for one in sbom.components if component.ref in one.depends])
    yield from _rows("fact", [f"{name} {value}" for name, value in component.properties])
    if component.use:
        yield from _rows("use", list(_chain(component.use)), shown=len(component.use.chain) + 1)


def _place(evidence: Evidence, layers: dict[int, LayerOrigin]) -> str:
    text = f"{escape_path(evidence.path)} ({evidence.analyzer}, {evidence.technique}, {evidence.confidence} %)"
    layer = layers.get(evidence.layer)
    return f"{text} layer {layer.index}: {layer.created_by}" if layer else text


def _chain(use: Use) -> Iterator[str]:
    yield f"{use.level}{': ' + escape_path(use.path) if use.path else ''}"
    yield from (f"{number} {step_text(step)}" for number, step in enumerate(use.chain, 1))


def _rows(label: str, facts: Iterable[str], *, shown: int = SHOWN) -> Iterator[str]:
    facts = list(facts)
    for number, fact in enumerate(facts[:shown]):
        yield f"  {'' if number else label:<{_LABEL}}{plain(fact)}"
    if len(facts) > shown:
        yield f"  {'':<{_LABEL}}... and {len(facts) - shown} more"
