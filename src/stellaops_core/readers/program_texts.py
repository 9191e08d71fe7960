"""Texts in the part of a program that never changes.

Comes in: a `Program`. Goes out: where constants stand in the file, and names of shared libraries among them, which the
program may load by itself. The rule: what is found is a hint, never a record; searches have limits.

Source: dlopen(3): a name with a slash is a path, any other is looked for as if it was needed.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from stellaops_core.readers.program import Program

SEARCH_LIMIT: Final = 128 << 20
"""Bytes of constants that are searched; the largest programs have some 50 MB."""
HIT_LIMIT: Final = 20_000
"""Places that look like a library's name in one program."""
NAMES_LIMIT: Final = 512
"""Names of libraries that are kept of one program."""
TEXT_LIMIT: Final = 255
"""Bytes of a library's name, or of a path to one."""
GLUED_LIMIT: Final = 48
"""Bytes of a library's name that other text stands before, without anything between."""

_SECTIONS: Final = {
    "elf": (".rodata",),
    "pe": (".rdata",),
    "macho": ("__cstring", "__const"),
}
_SPLIT: Final = {"pe", "macho"}
"""Formats whose linkers all give constants a section of their own, except for files without any, such as .NET's."""
_SHARED = re.compile(rb"\.so")
_END = re.compile(rb"\.so(?:\.[0-9]{1,9})*")
_NAME = re.compile(rb"(?:[\w.+$~-]*/)*[\w+-][\w.+-]*\.so(?:\.[0-9]{1,9})*")
_TAIL = re.compile(rb"[\w.+-]*\Z")
_LIBRARY = re.compile(rb"(?=(lib[\w+-][\w.+-]*\Z))")


def find_constants(program: Program) -> tuple[tuple[int, int], ...]:
    """Return where constants begin and end in the file; without sections for them, all that can't be written to."""
    parts = [section for name in _SECTIONS.get(program.format, ()) if (section := program.section(name))]
    places = [(part.offset, part.offset + part.size) for part in parts]
    if not places and (program.format not in _SPLIT or not program.has_sections):
        places = [(one.offset, one.offset + one.size) for one in program.segments if not one.writable]
    size = len(program.content)
    left, kept = min(SEARCH_LIMIT, size), []
    for start, end in places:
        if start < size:
            kept.append((start, min(end, start + left, size)))
            left -= kept[-1][1] - start
    return tuple(kept)


def find_text(program: Program, text: bytes) -> bool:
    """Whether a text is among the constants."""
    return any(program.content.find(text, start, end) >= 0 for start, end in find_constants(program))


def find_libraries(program: Program) -> tuple[str, ...]:
    """Return what looks like names of shared libraries of ELF systems, or paths of them, sorted.

    Where a text is more than a name, or doesn't end with NUL, as those of Go and Rust, each `lib….so…` in it is one.
    """
    names: set[bytes] = set()
    for start, end in islice(_hits(program), HIT_LIMIT):
        names.update(_names(program, start, end))
        if len(names) >= NAMES_LIMIT:
            break
    return tuple(sorted(name.decode() for name in names if name.isascii())[:NAMES_LIMIT])


def _hits(program: Program) -> Iterator[tuple[int, int]]:
    """Yield (where `.so` stands, where the constants end)."""
    content = program.content
    for start, end in find_constants(program):
        for match in _SHARED.finditer(content, start, end):  # which is faster than `find`
            yield match.start(), end


def _names(program: Program, at: int, end: int) -> Iterator[bytes]:
    content = program.content
    start = max(at - TEXT_LIMIT, 0)
    start += content[start:at].rfind(b"\0") + 1
    match = _END.match(content, at, end)
    text = content[start : match.end()] if match else b""
    whole = match is not None and content[match.end() : match.end() + 1] == b"\0" and _NAME.fullmatch(text)
    if whole:
        yield text
    if (tail := _TAIL.search(text)) and not (whole and tail[0].startswith(b"lib")):
        yield from _LIBRARY.findall(tail[0][-GLUED_LIMIT:])
