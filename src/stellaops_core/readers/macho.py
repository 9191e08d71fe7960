"""Mach-O: programs and libraries of macOS and iOS, for one processor or for several in one file.

Comes in: a file's content. Goes out: one `MachO` for each processor; object archives inside are passed over. The rule:
what can't be read of one is its `damage`; only a file whose own header can't be read is an error.

Source: Apple, <mach-o/loader.h> and <mach-o/fat.h>.
"""

from functools import cached_property
from struct import Struct as Binary
from struct import error as StructError  # noqa: N812
from typing import Final

from msgspec import Struct

from stellaops_core.readers.content import Content, text_at
from stellaops_core.readers.program import Program, Section, Segment

THIN: Final = {
    b"\xfe\xed\xfa\xce": (32, ">"),
    b"\xce\xfa\xed\xfe": (32, "<"),
    b"\xfe\xed\xfa\xcf": (64, ">"),
    b"\xcf\xfa\xed\xfe": (64, "<"),
}
"""First bytes: (bits, byte order)."""

FAT: Final = {b"\xca\xfe\xba\xbe": Binary(">5I"), b"\xca\xfe\xba\xbf": Binary(">2I2Q2I")}
"""First bytes of a file for several processors, and the form of its table. Java's classes begin like the first."""

PROCESSOR_LIMIT: Final = 15
"""Programs in one file. Java's oldest class version, 45, stands where their number does."""
COMMAND_LIMIT: Final = 4096
"""Load commands of one program."""
COMMANDS_LIMIT: Final = 4 << 20
"""Bytes of all load commands of one program."""
SECTION_LIMIT: Final = 4096
"""Sections of one program."""
TEXT_LIMIT: Final = 4096
"""Bytes of a path."""

MAGICS: Final = frozenset(THIN) | {magic + bytes([0, 0, 0, n]) for magic in FAT for n in range(1, PROCESSOR_LIMIT + 1)}
"""First bytes of all that is read here, and not of Java's classes."""

_HEADER = "6I"
_SEGMENT = {32: "16s8I", 64: "16s4Q4I"}
_SECTION = {32: "16s16s9I", 64: "16s16s2Q8I"}
_LC_SEGMENT = {1: 32, 0x19: 64}
_LC_ID_DYLIB, _LC_UUID, _LC_CODE_SIGNATURE, _LC_RPATH = 0xD, 0x1B, 0x1D, 0x8000001C
_LC_LOADS = {0xC, 0x20, 0x80000018, 0x8000001F, 0x80000023}  # plain, lazy, weak, re-exported, upward
_ZERO_FILL = {1, 12, 18}


class Linked(Struct):
    """What the dynamic linker is told."""

    name: str = ""
    """Of a library, what it calls itself."""
    libraries: tuple[str, ...] = ()
    rpaths: tuple[str, ...] = ()
    uuid: str = ""
    signed: bool = False


class MachO(Program):
    """A program for one processor; see `read_macho`."""

    format = "macho"

    def __init__(self, content: Content, base: int = 0) -> None:
        super().__init__(content)
        self.base = base
        """Where in the file this program begins."""
        form = THIN.get(content[base : base + 4])
        if form is None:
            raise ValueError("not a Mach-O file")
        self.bits, self._order = form
        self.big_endian = self._order == ">"
        header = Binary(self._order + "4x" + _HEADER)
        if len(content) < base + header.size:
            raise ValueError("a Mach-O file that ends within its header")
        self.machine, _, self.type, self._count, self._size, self.flags = header.unpack_from(content, base)
        self._start = base + (28 if self.bits == 32 else 32)

    @cached_property
    def commands(self) -> tuple[tuple[int, bytes], ...]:
        """All load commands: (number, all bytes)."""
        data = self.content[self._start : self._start + min(self._size, COMMANDS_LIMIT)]
        head = Binary(self._order + "2I")
        commands, at = [], 0
        for _ in range(min(self._count, COMMAND_LIMIT)):
            number, size = head.unpack_from(data, at) if at + 8 <= len(data) else (0, 0)
            if size < 8 or at + size > len(data):
                break
            commands.append((number, data[at : at + size]))
            at += size
        if len(commands) < self._count:
            self.damage = f"{len(commands)} of {self._count:,} load commands can be read"
        return tuple(commands)

    @cached_property
    def _segments(self) -> list[tuple[Segment, bytes, int]]:
        """(segment, its section headers, bits of these)."""
        segments = []
        for number, data in self.commands:
            bits = _LC_SEGMENT.get(number)
            form = Binary(f"{self._order}8x{_SEGMENT[bits]}") if bits else None
            if bits and form and len(data) >= form.size:
                _, address, _, offset, size, _, rights, _, _ = form.unpack_from(data)
                segment = Segment(address, self.base + offset, size, bool(rights & 2), bool(rights & 4))
                segments.append((segment, data[form.size :], bits))
        return segments

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """All segments that the file has something of."""
        return tuple(segment for segment, _, _ in self._segments if segment.size)

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """All sections; those that the file has nothing of have size 0."""
        sections: list[Section] = []
        for _, table, bits in self._segments:
            form = Binary(self._order + _SECTION[bits])
            for name, _, address, size, offset, _, _, _, flags, *_ in form.iter_unpack(
                table[: len(table) - len(table) % form.size]
            ):
                size = 0 if flags & 0xFF in _ZERO_FILL else size  # noqa: PLW2901
                text = name.rstrip(b"\0").decode("utf-8", "replace")
                sections.append(Section(text, address, self.base + offset, size))
        return tuple(sections[:SECTION_LIMIT])

    @cached_property
    def linked(self) -> Linked:
        """What the dynamic linker is told."""
        linked = Linked()
        for number, data in self.commands:
            if number == _LC_UUID:
                linked.uuid = data[8:24].hex()
            elif number == _LC_CODE_SIGNATURE:
                linked.signed = True
            elif number == _LC_RPATH:
                linked.rpaths += (self._text(data),)
            elif number == _LC_ID_DYLIB:
                linked.name = self._text(data)
            elif number in _LC_LOADS:
                linked.libraries += (self._text(data),)
        return linked

    def _text(self, data: bytes) -> str:
        """The text of a load command whose first field says where it is."""
        at = int.from_bytes(data[8:12], "big" if self.big_endian else "little")
        return text_at(data, at, min(at + TEXT_LIMIT, len(data)))


def read_macho(content: Content) -> list[MachO]:
    """Read all programs of a Mach-O file. Raises `ValueError` where it is none."""
    form = FAT.get(content[:4])
    if form is None:
        return [MachO(content)]
    count = int.from_bytes(content[4:8], "big")
    if not 0 < count <= PROCESSOR_LIMIT:
        raise ValueError(f"a Mach-O file for {count:,} processors")
    try:
        bases = [form.unpack_from(content, 8 + number * form.size)[2] for number in range(count)]
    except StructError:
        raise ValueError("a Mach-O file that ends within its table of processors") from None
    return [MachO(content, base) for base in dict.fromkeys(bases) if content[base : base + 4] in THIN]
