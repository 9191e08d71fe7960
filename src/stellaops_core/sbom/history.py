"""Packages that upper layers removed or replaced, as the terminal shows them.

Comes in: an `Sbom`. Goes out: text: ASCII, one line a package, then the layers that had to do with it, with their
commands; at most 100 columns, nothing that a name in an image could smuggle into a terminal. The rule: what is told is
`Sbom.removed`, so a package that is still there, at another place or brought back, is not in it.
"""

from collections.abc import Iterable, Iterator, Sequence

from stellaops_core.sbom.products import ordered_version_of, product_of
from stellaops_core.sbom.sbom import Hiding, LayerOrigin, Removed, Sbom
from stellaops_core.sbom.summary import MAX_WIDTH
from stellaops_core.sbom.text import cut, escape_path, plain

_LABEL = 9
_NAME, _VERSION = 32, 40
"""Columns that names and versions may take before they push what follows to the right."""


def encode_history(sbom: Sbom) -> bytes:
    """Write the table."""
    return "".join(f"{cut(line.rstrip(), MAX_WIDTH)}\n" for line in _lines(sbom)).encode("ascii")


def name_of(purl: str) -> str:
    """Return type, namespace and name: `deb/debian/openssl`."""
    return product_of(purl).removeprefix("pkg:")


def step_of(one: Removed) -> str:
    """Return the version that is gone, and the one that took its place: `1.0 -> 1.1`."""
    old, new = (ordered_version_of(purl, product_of(purl)) if purl else "" for purl in (one.purl, one.successor))
    return f"{old} -> {new}" if new and new != old else old


def way_of(hiding: Hiding, path: str) -> str:
    """Tell how a layer hid what a lower one had at a path."""
    at = "/" + escape_path(hiding.at)
    if hiding.how == "replaced":
        return "rewritten" if hiding.at == path else f"{at} took the place of a directory"
    if hiding.how == "whiteout":
        return "deleted" if hiding.at == path else f"deleted with {at}"
    return f"{at} emptied" if hiding.how == "opaque" else ""


def layers_of(sbom: Sbom, removed: Iterable[Removed]) -> Sequence[LayerOrigin]:
    """Return the layers that introduced or removed any of these."""
    named = {index for one in removed for index in (one.introduced, one.removed)}
    return [layer for layer in sbom.subject.layers if layer.index in named]


def _lines(sbom: Sbom) -> Iterator[str]:
    subject = sbom.subject
    if subject.name:
        yield plain(subject.name)
    if subject.digest:
        yield f"{'image':<{_LABEL}}{plain(subject.digest)}"
    counts: dict[str, int] = {}
    for one in sbom.removed:
        counts[one.fate] = counts.get(one.fate, 0) + 1
    told = ", ".join(f"{count} {fate}" for fate, count in sorted(counts.items())) or "nothing removed or replaced"
    yield f"{'history':<{_LABEL}}{told}"
    if not sbom.removed:
        return
    yield ""
    rows = [("what", "package", "version", "from", "gone", "how")]
    rows += [_row(one) for one in sbom.removed]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    limits = (12, _NAME, _VERSION, 4, 4)
    for row in rows:
        cells = [f"{text:<{min(width, limit)}}" for text, width, limit in zip(row, widths, limits, strict=False)]
        yield "  ".join([*cells, row[5]])
    yield ""
    for layer in layers_of(sbom, sbom.removed):
        yield f"layer {layer.index}  {plain(layer.created_by)}"


def _row(one: Removed) -> tuple[str, str, str, str, str, str]:
    step, way = plain(step_of(one)), plain(way_of(one.hiding, one.path))
    return one.fate, plain(name_of(one.purl)), step, str(one.introduced), str(one.removed), way
