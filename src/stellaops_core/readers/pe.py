"""PE: programs and libraries of Windows, UEFI and .NET.

Comes in: a file's content. Goes out: a `Pe`, which reads its tables when they are asked for. Positions that Microsoft
calls relative virtual addresses (RVA) count from the address that the program is loaded at.

Source: Microsoft, "PE Format": MS-DOS stub, COFF file header, optional header, section table, attribute certificates.
"""

from functools import cached_property
from struct import Struct as Binary
from typing import Final

from msgspec import Struct

from stellaops_core.readers.content import Content, text_at
from stellaops_core.readers.program import Program, Section, Segment

MAGIC: Final = b"MZ"

SECTION_LIMIT: Final = 4096
"""Sections of one file; Windows loads no more than 96."""
DIRECTORY_LIMIT: Final = 16
"""Data directories; the format has no more."""
NAME_LIMIT: Final = 256
"""Bytes of a section's name."""

EXPORTS, IMPORTS, RESOURCES, CERTIFICATES, DELAYED_IMPORTS, CLR = 0, 1, 2, 4, 13, 14
"""Data directories."""

_FILE = Binary("<4sHHIIIHH")
_SECTION = Binary("<8s6I4xI")  # the four bytes: how many relocations and line numbers
_DIRECTORY = Binary("<2I")
_LOADING = Binary("<2H")
_CODE_OF_32, _CODE_OF_64 = 0x10B, 0x20B
_EXECUTE, _WRITE = 0x20000000, 0x80000000
_DLL = 0x2000


class Directory(Struct, frozen=True):
    """A data directory: where it is in memory; that of certificates, where it is in the file."""

    rva: int = 0
    size: int = 0


class Pe(Program):
    """A PE file; see `read_pe`."""

    format = "pe"
    big_endian = False

    def __init__(self, content: Content) -> None:
        super().__init__(content)
        if content[:2] != MAGIC:
            raise ValueError("not a PE file")
        at = int.from_bytes(content[60:64], "little")
        head = content[at : at + _FILE.size]
        if head[:4] != b"PE\0\0" or len(head) < _FILE.size:
            raise ValueError("a DOS program, or something else that begins with MZ")
        _, self.machine, count, self.timestamp, symbols, symbol_count, size, self.characteristics = _FILE.unpack(head)
        self._long_names = symbols + 18 * symbol_count if symbols else 0
        start = at + _FILE.size
        optional = content[start : start + size]
        kind = int.from_bytes(optional[:2], "little")
        if kind not in {_CODE_OF_32, _CODE_OF_64} or len(optional) < (96 if kind == _CODE_OF_32 else 112):
            raise ValueError(f"a PE file whose optional header is of kind {kind:#x} and {len(optional)} bytes long")
        self.bits = 32 if kind == _CODE_OF_32 else 64
        self.entry = int.from_bytes(optional[16:20], "little")
        self.image_base = int.from_bytes(optional[28:32] if kind == _CODE_OF_32 else optional[24:32], "little")
        self.subsystem, self.dll_characteristics = _LOADING.unpack_from(optional, 68)
        self._headers_size = int.from_bytes(optional[60:64], "little")
        first = 96 if kind == _CODE_OF_32 else 112
        listed = min(
            int.from_bytes(optional[first - 4 : first], "little"), DIRECTORY_LIMIT, (len(optional) - first) // 8
        )
        pairs = _DIRECTORY.iter_unpack(optional[first : first + 8 * listed])
        self.directories = tuple(Directory(*pair) for pair in pairs)
        self._table = content[start + size : start + size + count * _SECTION.size]
        if count > SECTION_LIMIT or len(self._table) < count * _SECTION.size:
            self.damage = f"{count:,} section headers at {start + size:,}"
            self._table = b""

    @property
    def is_dll(self) -> bool:
        """Whether it is a library."""
        return bool(self.characteristics & _DLL)

    @property
    def is_managed(self) -> bool:
        """Whether it is a .NET assembly: it has a CLR header."""
        return self.directory(CLR).size > 0

    def directory(self, number: int) -> Directory:
        """Return a data directory; one of size 0 where there is none."""
        return self.directories[number] if number < len(self.directories) else Directory()

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """All sections."""
        return tuple([
            Section(self._name(name), self.image_base + address, offset, size)
            for name, _, address, size, offset, *_ in _SECTION.iter_unpack(self._table)
        ])  # fmt: skip

    def _name(self, raw: bytes) -> str:
        """A name, or where in the table of texts it stands: `/4`."""
        name = raw.rstrip(b"\0")
        if name[:1] == b"/" and name[1:].isdigit() and self._long_names:
            at = self._long_names + int(name[1:])
            return text_at(self.content, at, at + NAME_LIMIT)
        return name.decode("utf-8", "replace")

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """All sections that the file fills, as parts of memory."""
        return tuple(
            Segment(self.image_base + address, offset, size, bool(flags & _WRITE), bool(flags & _EXECUTE))
            for _, _, address, size, offset, _, _, flags in _SECTION.iter_unpack(self._table)
            if size
        )

    def read(self, rva: int, size: int) -> bytes:
        """Return `size` bytes of memory at a relative virtual address: fewer at the end of its section."""
        return self.at(self.image_base + rva, size)

    @cached_property
    def overlay(self) -> int:
        """Where in the file the last section ends: what follows is not loaded. Signatures stand there, too."""
        ends: list[int] = [offset + size for _, _, _, size, offset, *_ in _SECTION.iter_unpack(self._table) if size]
        return min(max([self._headers_size, *ends]), len(self.content))


def read_pe(content: Content) -> Pe:
    """Read a PE file's headers. Raises `ValueError` where it is none; object files (COFF) are none."""
    return Pe(content)
