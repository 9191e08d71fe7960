"""Debian control data: stanzas of fields, and the relations that dependency fields state.

Comes in: bytes of a status file, a control file or a machine-readable copyright file. Goes out: one dictionary a
stanza. The rule: whatever the bytes are, reading ends in linear time and loses nothing silently; lines that are neither
field, continuation nor comment show under the key "".

Source: deb822(5); Debian Policy 5.1 "Syntax of control files" and 7.1 "Syntax of relationship fields".
"""

import re
from collections.abc import Iterator

from msgspec import Struct

JUNK = ""
"""Key under which a stanza keeps the first line that is no field or repeats one; no field has this name."""

_BLOCK = 1 << 20  # bytes that are decoded at a time, more only where a line is longer

RELATION_LIMIT = 10_000
"""Relations read from one field; real fields hold a few hundred."""


class Relation(Struct, frozen=True):
    """One package that another needs or provides."""

    name: str
    qualifier: str = ""
    """`any`, an architecture, or nothing."""
    operator: str = ""
    version: str = ""


def read_stanzas(data: bytes) -> Iterator[dict[str, str]]:
    """Yield the stanzas, each as {field name in lower case: value}.

    A value's lines are joined by newlines, without the blank that marks a continuation. Lines of nothing but blanks end
    a stanza. Of a repeated field the first value counts. Values that are not UTF-8 are read as Latin-1, which old
    records use.
    """
    fields: dict[str, list[str]] = {}
    value: list[str] = []
    for line in decode_lines(data):
        if not line or line.isspace():
            if fields:
                yield {name: "\n".join(lines) for name, lines in fields.items()}
                fields, value = {}, []
        elif line[0] in " \t":
            if not fields:
                fields[JUNK] = [line.strip()]
            value.append(line[1:].rstrip())
        elif line[0] != "#":
            value = _open_field(fields, line)
    if fields:
        yield {name: "\n".join(lines) for name, lines in fields.items()}


def _open_field(fields: dict[str, list[str]], line: str) -> list[str]:
    """Begin a field; return the list that takes its further lines."""
    name, colon, text = line.partition(":")
    name = name.rstrip().lower()
    if not colon or not name or " " in name or name in fields:
        fields.setdefault(JUNK, [line.strip()])
        return []
    fields[name] = value = [text.strip()]
    return value


def decode_lines(data: bytes) -> Iterator[str]:
    """Yield lines as text: UTF-8, and Latin-1 for those that are not. Few of them are there at a time."""
    start = 0
    while start <= len(data):
        end = data.rfind(b"\n", start, start + _BLOCK) if start + _BLOCK < len(data) else len(data)
        if end < 0:
            end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        block = data[start:end]
        try:
            yield from block.decode().split("\n")
        except UnicodeDecodeError:
            yield from map(_decoded, block.split(b"\n"))
        start = end + 1


def _decoded(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


_RELATION = re.compile(
    r"(?P<name>[^\s:()\[\]<>|,]+)(?::(?P<qualifier>[A-Za-z0-9-]+))?"
    r"\s*(?:\(\s*(?P<operator>[<>=]{1,2})\s*(?P<version>[^\s)]+)\s*\))?"
)


def read_relations(text: str) -> Iterator[tuple[Relation, ...]]:
    """Yield what a relationship field asks for: groups joined by "and", each of alternatives joined by "or".

    Architecture restrictions and build profiles don't occur in installed packages and are skipped, as is what can't be
    read.
    """
    for number, group in enumerate(text.split(",")):
        if number == RELATION_LIMIT:
            return
        found = [_RELATION.match(part.strip()) for part in group.split("|", 64)]
        if relations := tuple(Relation(*match.groups("")) for match in found if match):
            yield relations
