"""A diff as JSON, in Stella's own schema.

Comes in: a `Diff`. Goes out: UTF-8 with two spaces of indentation and a newline at the end. Everything that the diff
says is in it; of the components themselves, what the bills of materials don't have to be asked for.
"""

from msgspec import structs, to_builtins
from msgspec.json import encode as write
from msgspec.json import format as indent

from stellaops_core.component import Component
from stellaops_core.sbom.diff import Change, Diff
from stellaops_core.sbom.diff_document import (
    SCHEMA,
    CauseItem,
    ChangeItem,
    Document,
    FactItem,
    ImageItem,
    LayerPairItem,
    SideItem,
)
from stellaops_core.sbom.diff_layers import Cause
from stellaops_core.sbom.sbom import LayerOrigin, Subject
from stellaops_core.sbom.stella_document import LayerItem, Tool
from stellaops_core.sbom.text import escape_path, valid
from stellaops_core.version import __version__


def encode(diff: Diff) -> bytes:
    """Write the document."""
    document = _document(diff)
    try:
        data = write(document)
    except UnicodeEncodeError:
        data = write(valid(to_builtins(document)))
    return indent(data, indent=2) + b"\n"


def _document(diff: Diff) -> Document:
    return Document(
        schema=SCHEMA,
        tool=Tool("stella", __version__),
        old=_image(diff.old, diff.unknowns[0]),
        new=_image(diff.new, diff.unknowns[1]),
        counts={str(kind): count for kind, count in diff.counts.items()},
        facts=tuple(FactItem(fact.name, fact.old, fact.new) for fact in diff.facts),
        layers=tuple(LayerPairItem(pair.state, _layer(pair.old), _layer(pair.new)) for pair in diff.layers),
        shared_layers=diff.shared,
        base_changed=diff.base_changed,
        changes=tuple(_change(change) for change in diff.changes),
    )


def _image(subject: Subject, unknowns: int) -> ImageItem:
    return ImageItem(subject.name, subject.digest, subject.platform, unknowns)


def _layer(layer: LayerOrigin | None) -> LayerItem | None:
    return LayerItem(*structs.astuple(layer)) if layer else None


def _change(change: Change) -> ChangeItem:
    one = change.component
    return ChangeItem(change.kinds, one.type, one.name, _side(change.old), _side(change.new), _cause(change.cause))


def _side(component: Component | None) -> SideItem | None:
    if not component:
        return None
    return SideItem(
        ref=component.ref,
        version=component.version,
        path=escape_path(component.evidence[0].path),
        layer=component.layer,
        licenses=component.licenses,
        owners=component.owners,
        use=component.use.level if component.use else None,
    )


def _cause(cause: Cause | None) -> CauseItem | None:
    if not cause:
        return None
    layer = cause.layer
    return CauseItem(cause.image, layer.index, layer.diff_id, layer.created_by, cause.origin == "base")
