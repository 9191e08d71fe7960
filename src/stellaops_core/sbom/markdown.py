"""A page for pull requests and for GitHub's step summary.

Comes in: an `Sbom`. Goes out: GitHub-flavoured Markdown: the image, what it holds, what runs, what could not be read.
The rule: bounded, and nothing that a file name or a command holds is markup, a link or a mention.

Source: GitHub-flavoured Markdown 0.29; GitHub's job summaries (1 MiB each step) and comments (65,536 characters).
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from stellaops_core.component import Step
from stellaops_core.sbom.history import layers_of, name_of, step_of
from stellaops_core.sbom.sbom import Sbom
from stellaops_core.sbom.steps import command_text, place_text
from stellaops_core.sbom.summary import Ecosystem, Summary, summarize
from stellaops_core.sbom.text import cut, escape_path, plain

ROWS = 25
"""Rows of each table; what is left out is counted."""
CELL = 200
"""Characters of a cell before its markup is escaped."""

_RESERVE = 100
"""Bytes kept for the end of a page that is cut."""
_MARKUP = re.compile(r"[^A-Za-z0-9 ./,;=-]")


def encode(sbom: Sbom) -> bytes:
    """Write the page: ASCII, lines ended by LF."""
    return _page(_lines(sbom))


def encode_history(sbom: Sbom) -> bytes:
    """Write the page of the history view: which packages upper layers removed or replaced."""
    return _page(_history(sbom))


def cut_page(page: bytes, room: int) -> bytes:
    """Return at most `room` bytes of a page of ours: whole lines, and how many more there are; nothing if none fits."""
    if len(page) <= room:
        return page
    lines = page.splitlines(keepends=True)
    kept, left = 0, room - _RESERVE
    while len(lines[kept]) <= left:
        left -= len(lines[kept])
        kept += 1
    if not kept:
        return b""
    text = b"".join(lines[:kept])
    fold = b"\n</details>\n" * (text.count(b"<details>") > text.count(b"</details>"))
    return text + fold + f"\n... and {len(lines) - kept} more lines that have no room here.\n".encode()


def _page(lines: Iterable[str]) -> bytes:
    return ("\n".join(lines).rstrip("\n") + "\n").encode("ascii")


def _head(sbom: Sbom, summary: Summary) -> Iterator[str]:
    yield f"### {_code(summary.name or summary.digest or sbom.subject.kind)}"
    yield ""
    facts = (("image", summary.digest), ("platform", summary.platform), ("distribution", summary.distribution))
    for label, text in facts:
        if text:
            yield f"- {label}: {_code(text)}"
    if summary.layers:
        yield f"- layers: {summary.layers}"


def _history(sbom: Sbom) -> Iterator[str]:
    yield from _head(sbom, summarize(sbom))
    yield f"- removed or replaced by upper layers: {len(sbom.removed) or 'nothing'}"
    rows = [
        (one.fate, _code(name_of(one.purl)), _code(step_of(one)), str(one.introduced), str(one.removed))
        for one in sbom.removed[:ROWS]
    ]
    head = ("what", "package", "version", "introduced in layer", "gone in layer")
    yield from _table("Packages", head, rows, len(sbom.removed))
    commands = layers_of(sbom, sbom.removed[:ROWS])
    layers = [(str(layer.index), _code(layer.created_by)) for layer in commands]
    yield from _table("Layers", ("layer", "command"), layers, len(commands))


def _lines(sbom: Sbom) -> Iterator[str]:
    summary = summarize(sbom)
    yield from _head(sbom, summary)
    yield f"- components: {summary.components}"
    if summary.counts:
        yield "- usage: " + ", ".join(f"{count} {_escaped(level)}" for level, count in summary.counts)
    yield f"- could not be read: {summary.unknown_count or 'nothing'}"
    yield from _ecosystems(summary.ecosystems)
    if sbom.usage:
        programs = [
            (_code(command_text(one.arguments)), one.level, _code(" > ".join(_places(one.steps))))
            for one in sbom.usage.programs[: ROWS + 1]
        ]
        yield from _table("What runs", ("command", "sure", "by"), programs, len(sbom.usage.programs))
        gaps = [(_code(place_text(one.place, one.line)), _code(one.reason)) for one in sbom.usage.gaps[: ROWS + 1]]
        yield from _table("What could not be followed", ("place", "reason"), gaps, len(sbom.usage.gaps))
    unknowns = [
        (_code(escape_path(one.path)), str(one.layer) if one.layer >= 0 else "", _code(one.reason))
        for one in sbom.unknowns[: ROWS + 1]
    ]
    yield from _table("What could not be read", ("path", "layer", "reason"), unknowns, len(sbom.unknowns))


def _places(steps: Iterable[Step]) -> Iterator[str]:
    return iter(dict.fromkeys(place_text(step.place, step.line) for step in steps))


def _ecosystems(ecosystems: Sequence[Ecosystem]) -> Iterator[str]:
    rows = [(_code(one.type), str(one.components), _layers(one.layers)) for one in ecosystems[: ROWS + 1]]
    yield from _table("Components", ("type", "number", "layers"), rows, len(ecosystems))


def _layers(layers: Sequence[int]) -> str:
    return cut(", ".join(map(str, layers)), CELL)


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], count: int) -> Iterator[str]:
    if not rows:
        return
    yield from ("", f"#### {title}", "", _row(head), _row(["---"] * len(head)))
    yield from (_row(row) for row in rows[:ROWS])
    if count > ROWS:
        yield from ("", f"... and {count - ROWS} more.")


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _code(text: str) -> str:
    return f"<code>{_escaped(text)}</code>" if text else ""


def _escaped(text: str) -> str:
    """Printable ASCII in which everything that may be markup is a character reference."""
    return _MARKUP.sub(lambda match: f"&#{ord(match[0])};", cut(plain(text), CELL))
