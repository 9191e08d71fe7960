"""A diff as a comment on a pull request: GitHub's Markdown.

Comes in: a `Diff`. Goes out: text of at most `MARKDOWN_LIMIT` characters; what has no room is counted, not cut. Names
in images are chosen by strangers: everything that comes from one stands in code, so that it makes no links, mentions,
tables or HTML.
"""

from collections.abc import Iterator

from stellaops_core.sbom.diff import Change, Diff
from stellaops_core.sbom.diff_text import (
    NONE,
    Section,
    count_changes,
    count_layers,
    count_moved,
    details,
    name_of,
    name_subject,
    sections,
    title_of,
    version_of,
)
from stellaops_core.sbom.text import cut, plain

MARKDOWN_LIMIT = 65_536
"""Characters of a comment on GitHub."""
FOLD = 20
"""Rows from which a layer's table is folded."""
FACTS = 20
"""Facts about the images themselves that are told."""

_CODE = 120
"""Characters of one text from an image."""
_RESERVE = 200
"""Characters kept for the end."""
_COLUMNS = "| change | type | name | old | new | and |\n|---|---|---|---|---|---|\n"


def encode(diff: Diff) -> bytes:
    """Write the comment."""
    return render(diff).encode()


def render(diff: Diff, *, titles: tuple[str, str] = ("", "")) -> str:
    """Return the comment. `titles` stand in for the names of images that have none: what the user typed."""
    text = "".join(f"{line}\n" for line in _head(diff, titles))
    left = 0
    for section in sections(diff):
        rows = list(_rows(section))
        begin, end = _frame(section, len(rows))
        room = MARKDOWN_LIMIT - _RESERVE - len(text) - len(begin) - len(end)
        kept = _fitting(rows, room) if not left else []
        left += len(rows) - len(kept)
        if kept:
            text += begin + "".join(kept) + end
    more = f"\n{left} more row{'s' * (left != 1)} did not fit: see `-o json`.\n" if left else ""
    return text + more


def _head(diff: Diff, titles: tuple[str, str]) -> Iterator[str]:
    old, new = name_subject(diff.old, titles[0]), name_subject(diff.new, titles[1])
    yield f"### {_code(old)} -> {_code(new)}"
    yield ""
    yield f"- **Changes:** {count_changes(diff)}"
    if layers := count_layers(diff.layers):
        yield f"- **Layers:** {layers}" + ("; the base image changed" if diff.base_changed else "")
    facts = [fact for fact in diff.facts if fact.name != "configuration"]
    for fact in facts[:FACTS]:
        yield f"- **Image:** {_code(fact.name)} {_code(fact.old) or NONE} -> {_code(fact.new) or NONE}"
    if len(facts) > FACTS:
        yield f"- **Image:** {len(facts) - FACTS} more facts"
    if any(diff.unknowns):
        yield f"- **Unknown:** {diff.unknowns[0]} -> {diff.unknowns[1]} things could not be read, and may hide more"


def _frame(section: Section, rows: int) -> tuple[str, str]:
    """What stands before and after the rows of a layer."""
    layer, command = title_of(section.cause)
    if rows < FOLD:
        return f"\n#### {layer.capitalize()} {_code(command)}\n\n{_COLUMNS}", ""
    shown = _html(command)
    title = f"{layer.capitalize()} <code>{shown}</code>: {rows} rows" if shown else f"{layer.capitalize()}: {rows} rows"
    return f"\n<details><summary>{title}</summary>\n\n{_COLUMNS}", "\n</details>\n"


def _fitting(rows: list[str], room: int) -> list[str]:
    kept = []
    for row in rows:
        room -= len(row)
        if room < 0:
            break
        kept.append(row)
    return kept


def _rows(section: Section) -> Iterator[str]:
    for change in section.changes:
        yield _row(change)
    for moved in section.moved:
        yield f"| moved |  | {count_moved(moved)} |  |  |  |\n"


def _row(change: Change) -> str:
    component = change.component
    cells = (
        change.kinds[0],
        _cell(component.type),
        _cell(name_of(component)),
        _cell(version_of(change.old)),
        _cell(version_of(change.new)),
        ", ".join(_cell(detail) for detail in details(change)),
    )
    return f"| {' | '.join(cells)} |\n"


def _cell(text: str) -> str:
    """Make a text code in a table, where bars would end a cell even in code."""
    return _code(text).replace("|", "\\|")


def _code(text: str) -> str:
    """Make a text code: printable ASCII without back quotes."""
    text = cut(plain(text), _CODE).replace("`", "'").strip()
    return f"`{text}`" if text else ""


def _html(text: str) -> str:
    """Write a text for a summary line, where Markdown does not hold."""
    text = cut(plain(text), _CODE).strip()
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "&#64;")
