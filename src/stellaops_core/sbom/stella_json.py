"""Stella's own document, the format `json`: everything an `Sbom` holds, written and read back.

Comes in: an `Sbom`, or the bytes of a document. Goes out: the bytes, or the `Sbom`. The rule: `decode(encode(x)) == x`
for every `x` whose text is valid Unicode (outside paths, which hold any bytes, a lone surrogate becomes U+FFFD), and
what `decode` accepts keeps the promises of `Sbom`: order, no purl twice, no layer that isn't there.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from msgspec import UNSET, MsgspecError, structs, to_builtins
from msgspec.json import Decoder
from msgspec.json import encode as write
from msgspec.json import format as indent

from stellaops_core.component import Component, Distribution, Evidence, Step, Unknown, Use
from stellaops_core.errors import TargetError
from stellaops_core.sbom.sbom import Gap, Hiding, LayerOrigin, Program, Removed, Sbom, Subject, Usage
from stellaops_core.sbom.stella_document import (
    SCHEMA,
    ComponentItem,
    DistributionItem,
    Document,
    EvidenceItem,
    GapItem,
    Hash,
    LayerItem,
    ProgramItem,
    Property,
    RemovedItem,
    StepItem,
    SubjectItem,
    Tool,
    UnknownItem,
    Url,
    UsageItem,
    UseItem,
)
from stellaops_core.sbom.text import escape_path, unescape_path, valid

MAX_DOCUMENT = 256 << 20
"""Largest document that is read, in bytes."""


def encode(sbom: Sbom) -> bytes:
    """Write the document: UTF-8, two spaces of indentation, a newline at the end."""
    return _written(_document(sbom))


def encode_with(sbom: Sbom, more: dict[str, Any]) -> bytes:
    """Write the document with further members at its end, as JSON knows them."""
    return _written(to_builtins(_document(sbom)) | more)


def _written(document: Any) -> bytes:
    try:
        data = write(document)
    except UnicodeEncodeError:
        data = write(valid(to_builtins(document)))
    return indent(data, indent=2) + b"\n"


encode_history = encode
"""The member `removed` is the history."""


def decode(data: bytes) -> Sbom:
    """Read a document. Raises `TargetError` when it isn't one, or contradicts itself."""
    if len(data) > MAX_DOCUMENT:
        raise TargetError(f"not a Stella SBOM: larger than {MAX_DOCUMENT >> 20} MiB")
    try:
        document = Decoder(Document).decode(data)
        sbom = _sbom(document)
    except (MsgspecError, UnicodeError, RecursionError) as error:
        raise TargetError(f"not a Stella SBOM: {_reason(error)}", hint=f"its schema is {SCHEMA}") from None
    except ValueError as error:
        raise TargetError(f"not a Stella SBOM: {error}") from None
    _check(sbom)
    return sbom


# --- writing ---


def _document(sbom: Sbom) -> Document:
    return Document(
        schema=SCHEMA,
        tool=Tool("stella", sbom.tool_version),
        timestamp=sbom.timestamp,
        subject=_subject_item(sbom.subject),
        distribution=DistributionItem(*structs.astuple(sbom.distribution)) if sbom.distribution else None,
        components=tuple(_component_item(component) for component in sbom.components),
        unknowns=tuple(
            UnknownItem(escape_path(one.path), one.analyzer, one.reason, one.layer) for one in sbom.unknowns
        ),
        removed=tuple(removed_item(one) for one in sbom.removed),
        usage=_usage_item(sbom.usage) if sbom.usage else UNSET,
    )


def removed_item(one: Removed) -> RemovedItem:
    """Make the member of a package that is gone."""
    return RemovedItem(
        purl=one.purl,
        path=escape_path(one.path),
        introduced=one.introduced,
        removed=one.removed,
        fate=one.fate,
        how=one.hiding.how,
        at=escape_path(one.hiding.at),
        successor=one.successor,
    )


def _subject_item(subject: Subject) -> SubjectItem:
    return SubjectItem(
        kind=subject.kind,
        name=subject.name,
        digest=subject.digest,
        config_digest=subject.config_digest,
        platform=subject.platform,
        created=subject.created,
        tags=subject.tags,
        labels=_properties(subject.labels),
        layers=tuple(LayerItem(*structs.astuple(layer)) for layer in subject.layers),
    )


def _component_item(component: Component) -> ComponentItem:
    return ComponentItem(
        purl=component.purl,
        ref="" if component.purl else component.ref,
        type=component.type,
        name=component.name,
        version=component.version,
        layer=component.layer,
        evidence=tuple(
            EvidenceItem(escape_path(one.path), one.analyzer, one.layer, one.technique, one.confidence, one.owners)
            for one in component.evidence
        ),
        licenses=component.licenses,
        hashes=tuple(Hash(*pair) for pair in component.hashes),
        depends=component.depends,
        owners=component.owners,
        supplier=component.supplier,
        urls=tuple(Url(*pair) for pair in component.urls),
        properties=_properties(component.properties),
        use=use_item(component.use) if component.use else None,
    )


def use_item(use: Use) -> UseItem:
    """Make the member that says whether something is in use."""
    return UseItem(use.level, escape_path(use.path), _step_items(use.chain))


def _step_items(steps: Iterable[Step]) -> tuple[StepItem, ...]:
    return tuple(StepItem(escape_path(step.place), step.line, step.text) for step in steps)


def _usage_item(usage: Usage) -> UsageItem:
    return UsageItem(
        programs=tuple(
            ProgramItem(
                escape_path(one.path), one.arguments, one.level, one.terminal, one.conditions, _step_items(one.steps)
            )
            for one in usage.programs
        ),
        gaps=tuple(GapItem(escape_path(one.place), one.line, one.reason, one.scope) for one in usage.gaps),
        counts=dict(usage.counts),
    )


def _properties(pairs: Iterable[tuple[str, str]]) -> tuple[Property, ...]:
    return tuple(Property(name, value) for name, value in pairs)


# --- reading ---


def _sbom(document: Document) -> Sbom:
    return Sbom(
        subject=_subject(document.subject),
        distribution=Distribution(*structs.astuple(document.distribution)) if document.distribution else None,
        components=tuple(_component(item) for item in document.components),
        unknowns=tuple(
            Unknown(unescape_path(item.path), item.analyzer, item.reason, item.layer) for item in document.unknowns
        ),
        removed=tuple(_removed(item) for item in document.removed),
        tool_version=document.tool.version,
        timestamp=document.timestamp,
        usage=_usage(document.usage) if document.usage else None,
    )


def _removed(item: RemovedItem) -> Removed:
    hiding = Hiding(item.how, unescape_path(item.at))
    return Removed(
        item.purl, unescape_path(item.path), item.introduced, item.removed, hiding, item.fate, item.successor
    )


def _subject(item: SubjectItem) -> Subject:
    return Subject(
        kind=item.kind,
        name=item.name,
        digest=item.digest,
        config_digest=item.config_digest,
        platform=item.platform,
        created=item.created,
        tags=item.tags,
        labels=_pairs(item.labels),
        layers=tuple(LayerOrigin(*structs.astuple(layer)) for layer in item.layers),
    )


def _component(item: ComponentItem) -> Component:
    return Component(
        ref=item.purl or item.ref,
        type=item.type,
        name=item.name,
        version=item.version,
        layer=item.layer,
        evidence=tuple(
            Evidence(unescape_path(one.path), one.analyzer, one.layer, one.technique, one.confidence, one.owners)
            for one in item.evidence
        ),
        licenses=item.licenses,
        hashes=tuple((one.algorithm, one.content) for one in item.hashes),
        depends=item.depends,
        owners=item.owners,
        supplier=item.supplier,
        urls=tuple((one.type, one.url) for one in item.urls),
        properties=_pairs(item.properties),
        use=_use(item.use) if item.use else None,
    )


def _use(item: UseItem) -> Use:
    return Use(item.level, unescape_path(item.path), _steps(item.chain))


def _steps(items: Iterable[StepItem]) -> tuple[Step, ...]:
    return tuple(Step(unescape_path(item.place), item.line, item.text) for item in items)


def _usage(item: UsageItem) -> Usage:
    return Usage(
        programs=tuple(
            Program(
                unescape_path(one.path),
                one.arguments,
                "used" if one.level == "used" else "maybe",
                one.terminal,
                one.conditions,
                _steps(one.steps),
            )
            for one in item.programs
        ),
        gaps=tuple(Gap(unescape_path(one.place), one.line, one.reason, one.scope) for one in item.gaps),
        counts=tuple(item.counts.items()),
    )


def _pairs(properties: Iterable[Property]) -> tuple[tuple[str, str], ...]:
    return tuple((one.name, one.value) for one in properties)


def _check(sbom: Sbom) -> None:
    """Hold a document against what `Sbom` promises."""
    if not all(one.ref < other.ref for one, other in pairwise(sbom.components)):
        raise TargetError("not a Stella SBOM: components are not sorted by purl, each once")
    if list(sbom.unknowns) != sorted(sbom.unknowns) or list(sbom.removed) != sorted(sbom.removed):
        raise TargetError("not a Stella SBOM: unknowns or removed packages are not sorted")
    layers = len(sbom.subject.layers)
    if [layer.index for layer in sbom.subject.layers] != list(range(layers)):
        raise TargetError("not a Stella SBOM: layers are not numbered from 0")
    if max(_named_layers(sbom), default=-1) >= layers:
        raise TargetError("not a Stella SBOM: it names a layer that it does not list")


def _named_layers(sbom: Sbom) -> Iterable[int]:
    for component in sbom.components:
        yield component.layer
        yield from (one.layer for one in component.evidence)
    yield from (one.layer for one in sbom.unknowns)
    for removed in sbom.removed:
        yield from (removed.introduced, removed.removed)


def _reason(error: Exception) -> str:
    """One short line; what a hostile document put into it stays out of terminals."""
    text = str(error)[:200]
    return text if text.isascii() and text.isprintable() else "it does not fit the schema"
