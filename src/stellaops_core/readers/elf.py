"""ELF: programs, shared libraries and object files of Linux, the BSDs and Solaris.

Comes in: a file's content. Goes out: an `Elf`, which reads its tables when they are asked for. The rule: only a header
that can't be read is an error; a table that lies outside of the file is `damage`, and empty.

Source: System V ABI, chapters 4 "Object Files" and 5 "Program Loading and Dynamic Linking"; elf(5); for notes also
"Package Metadata for Executable Files" (uapi-group.org, `.note.package`).
"""

from functools import cached_property
from itertools import islice, takewhile
from operator import itemgetter
from struct import Struct as Binary
from typing import Final

from msgspec import Struct

from stellaops_core.readers.content import Content, text_at
from stellaops_core.readers.program import Program, Section, Segment

MAGIC: Final = b"\x7fELF"

SECTION_LIMIT: Final = 100_000
"""Sections of one file; objects that have one for each function have some 10,000."""
SEGMENT_LIMIT: Final = 4096
"""Program headers of one file."""
NAMES_LIMIT: Final = 16 << 20
"""Bytes of all names of sections."""
DYNAMIC_LIMIT: Final = 65_536
"""Entries of the dynamic section."""
NEEDED_LIMIT: Final = 4096
"""Libraries that one file needs."""
NEEDED_TEXT_LIMIT: Final = 128 << 10
"""Characters of the names of these libraries: entries may share texts, so that a small file could name gigabytes."""
NAME_LIMIT: Final = 256
"""Bytes of a section's name."""
TEXT_LIMIT: Final = 4096
"""Bytes of a path or a library's name; as in Linux's PATH_MAX."""
NOTE_LIMIT: Final = 1 << 20
"""Bytes of all notes of a file."""
NOTES_LIMIT: Final = 64
"""Segments, and sections, that hold notes."""

PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE = 1, 2, 3, 4
_SHT_NOTE, _SHT_NOBITS = 7, 8
_DT_NEEDED, _DT_STRTAB, _DT_STRSZ, _DT_SONAME, _DT_RPATH, _DT_RUNPATH = 1, 5, 10, 14, 15, 29
_NOTE_BUILD_ID, _NOTE_PACKAGE = 3, 0xCAFE1A7E
_MANY = 0xFFFF

# of a file: header, section header, program header, entry of the dynamic section; by (bits, byte order)
_FORMS = {
    (bits, order): tuple(Binary(order + form) for form in forms)
    for order in "<>"
    for bits, forms in {
        32: ("16xHHIIIIIHHHHHH", "10I", "8I", "2I"),
        64: ("16xHHIQQQIHHHHHH", "IIQQQQIIQQ", "IIQQQQQQ", "2Q"),
    }.items()
}
_NOTE = (Binary("<3I"), Binary(">3I"))


class Header(Struct, frozen=True):
    """A program header."""

    type: int
    offset: int
    address: int
    size: int
    """Bytes in the file."""
    memory: int
    """Bytes in memory."""
    flags: int


class Dynamic(Struct, frozen=True):
    """What the dynamic linker is told."""

    needed: tuple[str, ...] = ()
    soname: str = ""
    rpath: str = ""
    runpath: str = ""


class Note(Struct, frozen=True):
    """A note: who defines it, its type there, and what it says."""

    owner: bytes
    type: int
    content: bytes


class Elf(Program):
    """An ELF file; see `read_elf`."""

    format = "elf"

    def __init__(self, content: Content) -> None:
        super().__init__(content)
        ident = content[:20]
        if ident[:4] != MAGIC or len(ident) < 20:
            raise ValueError("not an ELF file")
        if ident[4] not in {1, 2} or ident[5] not in {1, 2}:
            raise ValueError(f"an ELF file of unknown class or byte order: {ident[4]}, {ident[5]}")
        self.bits, self.big_endian = 32 * ident[4], ident[5] == 2
        self.os_abi = ident[7]
        header, self._section, self._program, self._entry = _FORMS[self.bits, ">" if self.big_endian else "<"]
        if len(content) < header.size:
            raise ValueError("an ELF file that ends within its header")
        (self.type, self.machine, _, self.entry, self._programs_at, sections_at, _, _, program_size, programs,
         section_size, sections, names) = header.unpack_from(content)  # fmt: skip
        self._table, self._names = b"", b""
        if sections_at:
            self._find_sections(sections_at, section_size, sections, names)
        if programs == _MANY:
            programs = self._first(7)
        if programs and (program_size != self._program.size or not 0 < programs <= SEGMENT_LIMIT):
            self.damage = self.damage or f"{programs} program headers of {program_size} bytes"
            programs = 0
        self._programs = programs

    def _first(self, field: int) -> int:
        """One field of section header 0, which takes what is too large for the file's header."""
        return int(self._section.unpack_from(self._table)[field]) if len(self._table) >= self._section.size else 0

    def _find_sections(self, at: int, size: int, count: int, names: int) -> None:
        if size != self._section.size:
            self.damage = f"section headers of {size} bytes"
            return
        self._table = self.content[at : at + size * max(count, 1)]
        if not count and (count := self._first(5)) <= SECTION_LIMIT:
            self._table = self.content[at : at + size * count]
        if count > SECTION_LIMIT or len(self._table) < size * count:
            self.damage = f"{count:,} section headers at {at:,} of {len(self.content):,} bytes"
            self._table = b""
            return
        if names == _MANY:
            names = self._first(6)
        if 0 < names < count:
            _, kind, _, _, start, length, *_ = self._section.unpack_from(self._table, names * size)
            if kind != _SHT_NOBITS and length <= NAMES_LIMIT:
                self._names = self.content[start : start + length]

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """All sections, that without a name included; those that the file has nothing of have size 0."""
        names = self._names
        return tuple([
            Section(text_at(names, name, name + NAME_LIMIT), address, offset, 0 if kind == _SHT_NOBITS else size)
            for name, kind, _, address, offset, size, *_ in self._section.iter_unpack(self._table)
        ])  # fmt: skip

    @property
    def has_sections(self) -> bool:
        """Whether there are any."""
        return bool(self._table)

    def section(self, name: str) -> Section | None:
        """Return the first section of that name, without making all others; a microsecond where there is none."""
        names, wanted = self._names, name.encode() + b"\0"
        if wanted not in names:
            return None
        for at, kind, _, address, offset, size, *_ in self._section.iter_unpack(self._table):
            if names.startswith(wanted, at):
                return Section(name, address, offset, 0 if kind == _SHT_NOBITS else size)
        return None

    @cached_property
    def headers(self) -> tuple[Header, ...]:
        """All program headers."""
        end = self._programs_at + self._programs * self._program.size
        table = self.content[self._programs_at : end]
        if len(table) < self._programs * self._program.size:
            self.damage = self.damage or f"{self._programs} program headers at {self._programs_at:,}"
            return ()
        if self.bits == 32:
            return tuple([
                Header(kind, offset, address, size, memory, flags)
                for kind, offset, address, _, size, memory, flags, _ in self._program.iter_unpack(table)
            ])  # fmt: skip
        return tuple([
            Header(kind, offset, address, size, memory, flags)
            for kind, flags, offset, address, _, size, memory, _ in self._program.iter_unpack(table)
        ])  # fmt: skip

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """All PT_LOAD segments."""
        return tuple(
            Segment(one.address, one.offset, one.size, one.flags & 2 > 0, one.flags & 1 > 0)
            for one in self.headers
            if one.type == PT_LOAD
        )

    def header(self, kind: int) -> Header | None:
        """Return the first program header of a type."""
        return next((header for header in self.headers if header.type == kind), None)

    @cached_property
    def interpreter(self) -> str:
        """Path of the dynamic linker that is asked for; empty where none is."""
        if header := self.header(PT_INTERP):
            return text_at(self.content, header.offset, header.offset + min(header.size, TEXT_LIMIT))
        return ""

    @cached_property
    def entries(self) -> tuple[tuple[int, int], ...]:
        """All entries of the dynamic section, (tag, value), before the one that ends it; none in static programs."""
        if header := self.header(PT_DYNAMIC):
            size = min(header.size, DYNAMIC_LIMIT * self._entry.size)
            table = self.content[header.offset : header.offset + size]
            entries = tuple(self._entry.iter_unpack(table[: len(table) - len(table) % self._entry.size]))
            return tuple(takewhile(itemgetter(0), entries))
        return ()

    @cached_property
    def tags(self) -> dict[int, int]:
        """What each tag of the dynamic section says; the last where one is repeated."""
        return dict(self.entries)

    @cached_property
    def texts(self) -> tuple[int, int]:
        """Where in the file the texts of the dynamic section begin and end; the same twice where there are none."""
        place = self.offset_of(self.tags.get(_DT_STRTAB, 0)) if self.entries else None
        if place is None or place[0] > len(self.content):
            return (0, 0)
        start, end = place
        return start, min(end, start + self.tags.get(_DT_STRSZ, 0), len(self.content))

    def text(self, position: int) -> str:
        """Return one of those texts; empty where the position leads out of them."""
        start, end = self.texts
        at = start + position
        return text_at(self.content, at, min(at + TEXT_LIMIT, end)) if at < end else ""

    @cached_property
    def dynamic(self) -> Dynamic:
        """What the dynamic linker is told; empty for static programs."""
        start, end = self.texts
        places: dict[int, list[int]] = {_DT_NEEDED: [], _DT_SONAME: [], _DT_RPATH: [], _DT_RUNPATH: []}
        for tag, value in self.entries:
            if tag in places and value < end - start:
                places[tag].append(value)
        needed, *others = places.values()
        names, left = [], NEEDED_TEXT_LIMIT
        for name in map(self.text, needed[:NEEDED_LIMIT]):
            if (left := left - len(name)) < 0:
                self.damage = self.damage or f"the names of {len(needed):,} libraries that it needs are too long"
                break
            names.append(name)
        return Dynamic(tuple(names), *[self.text(some[0]) if some else "" for some in others])

    @cached_property
    def notes(self) -> tuple[Note, ...]:
        """All notes of segments; where the build's is not among them, as Go's linker has it, of sections as well."""
        places = [(header.offset, header.size) for header in self.headers if header.type == PT_NOTE][:NOTES_LIMIT]
        notes, left = self._notes_in(places, NOTE_LIMIT)
        if any(note.type == _NOTE_BUILD_ID and note.owner == b"GNU" for note in notes):
            return tuple(notes)
        others = (
            (offset, size)
            for _, kind, _, _, offset, size, *_ in self._section.iter_unpack(self._table)
            if kind == _SHT_NOTE and not any(start <= offset < start + length for start, length in places)
        )
        return (*notes, *self._notes_in(list(islice(others, NOTES_LIMIT)), left)[0])

    def _notes_in(self, places: list[tuple[int, int]], left: int) -> tuple[list[Note], int]:
        head, notes = _NOTE[self.big_endian], []
        for offset, size in places:
            data = self.content[offset : offset + min(size, left)]
            left -= len(data)
            at = 0
            while at + 12 <= len(data):
                owner, length, kind = head.unpack_from(data, at)
                start = at + 12 + owner + -owner % 4
                notes.append(Note(data[at + 12 : at + 12 + owner].rstrip(b"\0"), kind, data[start : start + length]))
                at = start + length + -length % 4
        return notes, left

    def note(self, owner: bytes, kind: int) -> bytes:
        """Return the content of the first note of an owner and type; empty where there is none."""
        return next((note.content for note in self.notes if note.owner == owner and note.type == kind), b"")

    @cached_property
    def build_id(self) -> str:
        """The linker's identifier of this build, in hex; empty where there is none."""
        return self.note(b"GNU", _NOTE_BUILD_ID).hex()

    @cached_property
    def package_note(self) -> str:
        """The JSON of `.note.package`; empty where there is none."""
        return self.note(b"FDO", _NOTE_PACKAGE).rstrip(b"\0").decode("utf-8", "replace")


def read_elf(content: Content) -> Elf:
    """Read an ELF file's header. Raises `ValueError` where that is not one."""
    return Elf(content)
