"""What programs have in common, whatever their format: named sections, and memory that the file fills.

Comes in: nothing of its own; `elf`, `pe`, `macho` and `xcoff` fill it. Goes out: `Program`. Rules: what is asked for is
looked up when it is asked for; positions that lead out of the file give fewer bytes or none, never an error.
"""

from functools import cached_property

from msgspec import Struct

from stellaops_core.readers.content import Content


class Section(Struct, frozen=True):
    """A named part of a file."""

    name: str
    address: int
    """Where it is in memory; 0 for what is not loaded."""
    offset: int
    """Where it begins in the file."""
    size: int
    """Bytes that the file has of it."""


class Segment(Struct, frozen=True):
    """A part of memory that the file fills."""

    address: int
    offset: int
    size: int
    """Bytes that the file has of it."""
    writable: bool
    executable: bool


class Program:
    """A program, a library or an object file."""

    format: str
    """`elf`, `pe`, `macho` or `xcoff`."""
    bits: int
    """32 or 64."""
    big_endian: bool
    machine: int
    """The format's number of the processor."""
    damage: str = ""
    """What of its structure could not be read, where the rest could."""

    def __init__(self, content: Content) -> None:
        self.content = content

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """All sections, in the order of their table."""
        raise NotImplementedError

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """All that the file fills of memory, in the order of its table."""
        raise NotImplementedError

    @property
    def has_sections(self) -> bool:
        """Whether there are any."""
        return bool(self.sections)

    def section(self, name: str) -> Section | None:
        """Return the first section of that name."""
        return next((section for section in self.sections if section.name == name), None)

    def bytes_of(self, part: Section | Segment, limit: int) -> bytes:
        """Return the content of a part of the file. Raises `ValueError` where it has more than `limit` bytes."""
        if part.size > limit:
            raise ValueError(f"a section of {part.size:,} bytes, more than the {limit:,} that are read")
        return self.content[part.offset : part.offset + part.size]

    def offset_of(self, address: int) -> tuple[int, int] | None:
        """Return where an address is in the file, and where what is loaded with it ends there."""
        for segment in self.segments:
            if 0 <= address - segment.address < segment.size:
                return segment.offset + address - segment.address, segment.offset + segment.size
        return None

    def address_of(self, offset: int) -> int | None:
        """Return where a byte of the file is in memory."""
        for segment in self.segments:
            if 0 <= offset - segment.offset < segment.size:
                return segment.address + offset - segment.offset
        return None

    def at(self, address: int, size: int) -> bytes:
        """Return `size` bytes of memory as the file fills it: fewer at the end of a segment, none outside of all."""
        place = self.offset_of(address)
        if place is None or size < 0:
            return b""
        start, end = place
        return self.content[start : min(start + size, end)]
