"""XCOFF: programs, libraries and object files of AIX.

Comes in: a file's content. Goes out: an `Xcoff`, which reads its tables when they are asked for. The rule: only a
header that can't be read is an error; a table that lies outside of the file is `damage`, and empty.

Source: IBM, AIX "Files Reference", XCOFF Object File Format: file header, section headers, loader section (header,
import file IDs).
"""

from functools import cached_property
from struct import Struct as Binary
from typing import Final

from msgspec import Struct

from stellaops_core.readers.content import Content
from stellaops_core.readers.program import Program, Section, Segment

MAGICS: Final = frozenset({b"\x01\xdf", b"\x01\xf7"})
"""First bytes of files for 32 and 64 bits."""

SECTION_LIMIT: Final = 4096
"""Sections of one file; the loader takes far fewer."""
IMPORT_LIMIT: Final = 4096
"""Files that one file imports from."""
IMPORTS_LIMIT: Final = 1 << 20
"""Bytes of all names of such files."""

# of a file: header, section header, loader's header; by bits
_FORMS = {
    32: (Binary(">2H3I2H"), Binary(">8s6I2HI"), Binary(">8I")),
    64: (Binary(">2HIQ2HI"), Binary(">8s6Q3I4x"), Binary(">6I4Q")),
}
_OPTIONAL = {32: {0, 28, 72}, 64: {0, 110, 120}}
"""Bytes of the header that follows: none of object files, a short or a full one."""
_TEXT, _DATA, _LOADER = 0x20, 0x40, 0x1000
_EXECUTABLE, _SHARED = 0x0002, 0x2000


class Imports(Struct, frozen=True):
    """What the loader is told."""

    search: str = ""
    """LIBPATH, as the linker was given it: directories, joined by colons."""
    files: tuple[str, ...] = ()
    """`libc.a(shr.o)`, in the order of the table, with a directory where one is stated."""


class Xcoff(Program):
    """An XCOFF file; see `read_xcoff`."""

    format = "xcoff"
    big_endian = True

    def __init__(self, content: Content) -> None:
        super().__init__(content)
        magic = content[:2]
        if magic not in MAGICS:
            raise ValueError("not an XCOFF file")
        self.machine = int.from_bytes(magic, "big")
        self.bits = 64 if magic == b"\x01\xf7" else 32
        header, section, self._loader = _FORMS[self.bits]
        if len(content) < header.size:
            raise ValueError("an XCOFF file that ends within its header")
        fields = header.unpack_from(content)
        optional, flags = (fields[4], fields[5]) if self.bits == 64 else (fields[5], fields[6])
        if optional not in _OPTIONAL[self.bits]:
            raise ValueError(f"an XCOFF file with an optional header of {optional} bytes")
        self.is_executable = bool(flags & _EXECUTABLE and not flags & _SHARED)
        self.is_library = bool(flags & _SHARED)
        count, start = fields[1], header.size + optional
        table = content[start : start + count * section.size]
        if count > SECTION_LIMIT or len(table) < count * section.size:
            self.damage = f"{count:,} section headers at {start:,}"
            table = b""
        self._rows = [
            (name, address, size, offset, flags)
            for name, _, address, size, offset, _, _, _, _, flags in section.iter_unpack(table)
        ]

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """All sections; those that the file has nothing of have size 0."""
        return tuple(
            Section(name.rstrip(b"\0").decode("utf-8", "replace"), address, offset, size if offset else 0)
            for name, address, size, offset, _ in self._rows
        )

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """Code and data."""
        return tuple(
            Segment(address, offset, size, bool(flags & _DATA), bool(flags & _TEXT))
            for _, address, size, offset, flags in self._rows
            if flags & (_TEXT | _DATA) and offset and size
        )

    @cached_property
    def imports(self) -> Imports:
        """What the loader is told; nothing of object files."""
        start, size = next(((offset, size) for _, _, size, offset, flags in self._rows if flags & _LOADER), (0, 0))
        head = self.content[start : start + self._loader.size] if size else b""
        if len(head) < self._loader.size:
            return Imports()
        _, _, _, length, count, *rest = self._loader.unpack(head)
        at = start + (rest[1] if self.bits == 64 else rest[0])
        texts = self.content[at : at + min(length, IMPORTS_LIMIT)].decode("utf-8", "replace").split("\0")
        triples = list(zip(texts[0::3], texts[1::3], texts[2::3], strict=False))[: min(count, IMPORT_LIMIT)]
        return Imports(triples[0][0] if triples else "", tuple(_joined(*one) for one in triples[1:]))


def _joined(directory: str, name: str, member: str) -> str:
    path = f"{directory}/{name}" if directory else name
    return f"{path}({member})" if member else path


def read_xcoff(content: Content) -> Xcoff:
    """Read an XCOFF file's headers. Raises `ValueError` where that is not one."""
    return Xcoff(content)
