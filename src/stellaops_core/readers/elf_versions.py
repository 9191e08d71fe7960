"""Which versions of symbols an ELF file needs of its libraries, and which it defines.

Comes in: an `Elf`. Goes out: names, sorted. Rules: they are found as the dynamic linker finds them, so that files
without section headers have them as well; a chain that leads out of the file, or is longer than its limit, ends there.

Source: Linux Standard Base, Core 5.0, chapter 10.7 "Symbol Versioning" (.gnu.version_d, .gnu.version_r).
"""

from collections.abc import Iterator
from struct import Struct as Binary
from typing import Final

from stellaops_core.readers.elf import Elf

LIBRARY_LIMIT: Final = 1024
"""Libraries whose versions are read."""
VERSION_LIMIT: Final = 4096
"""Versions of one file, of all its libraries; glibc defines some 50."""
NAME_LIMIT: Final = 256
"""Characters of a version's, or of a library's, name."""

_DT_VERDEF, _DT_VERNEED = 0x6FFFFFFC, 0x6FFFFFFE
_BASE = 1
_NEEDED = {order: (Binary(order + "2H3I"), Binary(order + "I2H2I")) for order in "<>"}
_DEFINED = {order: (Binary(order + "4H3I"), Binary(order + "2I")) for order in "<>"}


def needed_versions(elf: Elf) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return (library, versions of its symbols that the file needs), sorted."""
    found: dict[str, set[str]] = {}
    left = VERSION_LIMIT
    record, part = _NEEDED[_order(elf)]
    start, end = _place(elf, _DT_VERNEED)
    for at, (_, count, library, first, _) in _chain(elf, start, end, record, LIBRARY_LIMIT):
        names = [elf.text(one[3])[:NAME_LIMIT] for _, one in _chain(elf, at + first, end, part, min(count, left))]
        left -= len(names)
        found.setdefault(elf.text(library)[:NAME_LIMIT], set()).update(names)
    return tuple([(library, tuple(sorted(names))) for library, names in sorted(found.items())])


def defined_versions(elf: Elf) -> tuple[str, ...]:
    """Return the versions of symbols that the file defines, sorted; the one that names the file itself is left out."""
    record, part = _DEFINED[_order(elf)]
    names: set[str] = set()
    start, end = _place(elf, _DT_VERDEF)
    for at, (_, flags, _, _, _, first, _) in _chain(elf, start, end, record, VERSION_LIMIT):
        if not flags & _BASE:
            names.update(elf.text(one[0])[:NAME_LIMIT] for _, one in _chain(elf, at + first, end, part, 1))
    return tuple(sorted(names))


def _order(elf: Elf) -> str:
    return ">" if elf.big_endian else "<"


def _place(elf: Elf, tag: int) -> tuple[int, int]:
    """Where in the file a table begins, and where what is loaded with it ends; the same twice without it."""
    address = elf.tags.get(tag)
    start, end = (elf.offset_of(address) if address is not None else None) or (0, 0)
    return start, min(end, len(elf.content))


def _chain(elf: Elf, at: int, end: int, form: Binary, limit: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield (position, fields) of records whose last field says how far the next one is; 0 ends them."""
    content, last = elf.content, end - form.size
    for _ in range(limit):
        if at > last:
            return
        fields = form.unpack_from(content, at)
        yield at, fields
        if not fields[-1]:
            return
        at += fields[-1]
