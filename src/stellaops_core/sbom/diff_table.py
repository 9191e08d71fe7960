"""What the terminal shows of a diff.

Comes in: a `Diff`. Goes out: text: ASCII, one line a row, at most 100 columns, nothing that a name in an image could
smuggle into a terminal. From the image to its layers to its packages.
"""

from collections.abc import Iterator

from stellaops_core.sbom.diff import Change, Diff
from stellaops_core.sbom.diff_text import (
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
from stellaops_core.sbom.summary import MAX_WIDTH, MIN_WIDTH
from stellaops_core.sbom.text import cut, plain

_LABEL = 9
_NAME = 32
"""Columns that names may take before they push what follows to the right."""
_DIM, _BOLD, _GREEN, _RED, _YELLOW, _RESET = "\x1b[2m", "\x1b[1m", "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[0m"
_STYLES = {"added": _GREEN, "removed": _RED, "moved": _DIM}


def encode(diff: Diff) -> bytes:
    """Write the table as a document, without colour."""
    return render(diff, color=False, width=MAX_WIDTH).encode("ascii")


def render(diff: Diff, *, color: bool, width: int, titles: tuple[str, str] = ("", "")) -> str:
    """Return the table, at most `width` (40 to 100) columns wide, each line ended.

    `titles` stand in for the names of images that have none: what the user typed.
    """
    width = min(max(width, MIN_WIDTH), MAX_WIDTH)
    lines = [_line(label, text, style, width, color=color) for label, text, style in _head(diff, titles)]
    for section in sections(diff):
        layer, command = title_of(section.cause)
        lines += ["", _styled(cut(f"{layer}  {plain(command)}".rstrip(), width), _BOLD, color=color)]
        lines += [_row(*row, width, color=color) for row in _rows(section)]
    return "".join(line.rstrip() + "\n" for line in lines)


def _head(diff: Diff, titles: tuple[str, str]) -> Iterator[tuple[str, str, str]]:
    for label, subject, title in (("old", diff.old, titles[0]), ("new", diff.new, titles[1])):
        yield label, plain(name_subject(subject, title)), _BOLD
        if subject.digest:
            yield "", plain(subject.digest), _DIM
    for fact in diff.facts:
        if fact.name == "configuration":
            yield "config", "changed", _DIM
        else:
            yield "image", plain(f"{fact.name}: {fact.old or 'none'} -> {fact.new or 'none'}"), _DIM
    if layers := count_layers(diff.layers):
        yield "layers", layers + ("; the base image changed" if diff.base_changed else ""), _DIM
    yield "changes", count_changes(diff), _DIM
    if any(diff.unknowns):
        yield (
            "unknown",
            f"{diff.unknowns[0]} -> {diff.unknowns[1]} things could not be read, and may hide more",
            _YELLOW,
        )


def _rows(section: Section) -> Iterator[tuple[str, str]]:
    types = max((len(change.component.type) for change in section.changes), default=0)
    names = min(max((len(_name(change)) for change in section.changes), default=0), _NAME)
    for change in section.changes:
        texts = (f"{plain(change.component.type):<{types}}", f"{_name(change):<{names}}", _step(change))
        yield change.kinds[0], "  ".join(texts)
    yield from (("moved", count_moved(moved)) for moved in section.moved)


def _name(change: Change) -> str:
    return plain(name_of(change.component))


def _step(change: Change) -> str:
    old, new = version_of(change.old), version_of(change.new)
    step = f"{old} -> {new}" if old and new and old != new else new or old
    return "  ".join([plain(step), *map(plain, details(change))])


def _line(label: str, text: str, style: str, width: int, *, color: bool) -> str:
    return _styled(f"{label:<{_LABEL}}", style, color=color) + cut(text, width - _LABEL)


def _row(kind: str, text: str, width: int, *, color: bool) -> str:
    return "  " + _styled(f"{kind:<12}", _STYLES.get(kind, _YELLOW), color=color) + cut(text, width - 14)


def _styled(text: str, style: str, *, color: bool) -> str:
    return f"{style}{text}{_RESET}" if color and text.strip() else text
