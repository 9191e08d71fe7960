"""A table for spreadsheets.

Comes in: an `Sbom`. Goes out: RFC 4180 text with a header, one component (of the history view: one package that is
gone) a row. The rule: no cell is a formula. One
that begins with `=`, `+`, `-`, `@`, a tab or a line's end gets an apostrophe in front, which spreadsheets hide.

Source: RFC 4180; OWASP, "CSV Injection".
"""

from collections.abc import Iterable, Mapping

from stellaops_core.component import Component
from stellaops_core.sbom.sbom import Removed, Sbom
from stellaops_core.sbom.text import escape_path, valid

COLUMNS = ("ref", "type", "name", "version", "licenses", "layer", "paths", "owners", "use")
"""Of the header. `licenses`, `paths` and `owners` are lists, put together by `; `."""

HISTORY_COLUMNS = (
    "fate", "purl", "successor", "path", "introduced", "introduced_by", "removed", "removed_by", "how", "at",
)  # fmt: skip
"""Of the header in the history view; the commands of the layers are `introduced_by` and `removed_by`."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_QUOTED = frozenset('",\r\n')


def encode(sbom: Sbom) -> bytes:
    """Write the table: UTF-8, lines ended by CR LF."""
    return _table(COLUMNS, map(_cells, sbom.components))


def encode_history(sbom: Sbom) -> bytes:
    """Write the table of packages that upper layers removed or replaced, in the order of their purls."""
    commands = {layer.index: layer.created_by for layer in sbom.subject.layers}
    return _table(HISTORY_COLUMNS, (_history_cells(one, commands) for one in sbom.removed))


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    text = "".join([_row(head), *map(_row, rows)])
    try:
        return text.encode()
    except UnicodeEncodeError:
        return str(valid(text)).encode()


def _cells(component: Component) -> Iterable[str]:
    paths = dict.fromkeys(escape_path(one.path) for one in component.evidence)
    return (
        component.ref,
        component.type,
        component.name,
        component.version,
        "; ".join(component.licenses),
        str(component.layer) if component.layer >= 0 else "",
        "; ".join(paths),
        "; ".join(component.owners),
        component.use.level if component.use else "",
    )


def _history_cells(one: Removed, commands: Mapping[int, str]) -> Iterable[str]:
    return (
        one.fate,
        one.purl,
        one.successor,
        escape_path(one.path),
        str(one.introduced),
        commands.get(one.introduced, ""),
        str(one.removed),
        commands.get(one.removed, ""),
        one.hiding.how,
        escape_path(one.hiding.at),
    )


def _row(cells: Iterable[str]) -> str:
    return ",".join([_cell(cell) for cell in cells]) + "\r\n"


def _cell(text: str) -> str:
    if text.startswith(_FORMULA):
        text = "'" + text
    return '"' + text.replace('"', '""') + '"' if not _QUOTED.isdisjoint(text) else text
