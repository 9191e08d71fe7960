"""A table for spreadsheets.

Comes in: an `Sbom`. Goes out: RFC 4180 text with a header, one component a row. The rule: no cell is a formula. One
that begins with `=`, `+`, `-`, `@`, a tab or a line's end gets an apostrophe in front, which spreadsheets hide.

Source: RFC 4180; OWASP, "CSV Injection".
"""

from collections.abc import Iterable

from stellaops_core.component import Component
from stellaops_core.sbom.sbom import Sbom
from stellaops_core.sbom.text import escape_path, valid

COLUMNS = ("ref", "type", "name", "version", "licenses", "layer", "paths", "owners", "use")
"""Of the header. `licenses`, `paths` and `owners` are lists, put together by `; `."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_QUOTED = frozenset('",\r\n')


def encode(sbom: Sbom) -> bytes:
    """Write the table: UTF-8, lines ended by CR LF."""
    text = "".join([_row(COLUMNS), *(_row(_cells(component)) for component in sbom.components)])
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


def _row(cells: Iterable[str]) -> str:
    return ",".join([_cell(cell) for cell in cells]) + "\r\n"


def _cell(text: str) -> str:
    if text.startswith(_FORMULA):
        text = "'" + text
    return '"' + text.replace('"', '""') + '"' if not _QUOTED.isdisjoint(text) else text
