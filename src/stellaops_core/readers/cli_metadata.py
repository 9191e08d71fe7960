"""What a .NET assembly calls itself: name, version, culture and a few attributes; and what it refers to.

Comes in: a PE file. Goes out: an `Assembly`, None for other programs and for modules without a manifest; `References`.
`ValueError` for metadata that can't be read.

Nothing but the tables that lead there is looked at: their row sizes follow from heap sizes and row counts, and the
attributes of the assembly stand together, since that table is sorted by what they belong to.

Source: ECMA-335 6th edition, II.22 (tables), II.24 (layout), II.23.3 (attributes), II.25.3.3 (the header in a PE file).
"""

import struct
from functools import cached_property
from typing import Final

from msgspec import Struct

from stellaops_core.readers.pe import CLR, Pe

TEXT_LIMIT: Final = 1024
"""Bytes of a name or of an attribute's value; longer ones are cut."""
ATTRIBUTE_LIMIT: Final = 256
"""Attributes of one assembly."""
STREAM_LIMIT: Final = 16
"""Streams of one assembly's metadata; there are five kinds."""
REFERENCE_LIMIT: Final = 20_000
"""Assemblies, and native libraries, that one assembly refers to."""

INFORMATIONAL: Final = "AssemblyInformationalVersionAttribute"
COMPANY: Final = "AssemblyCompanyAttribute"
REFERENCE: Final = "ReferenceAssemblyAttribute"
_WANTED: Final = frozenset({INFORMATIONAL, COMPANY, REFERENCE})

# tables, by the first letter of a column: digits are bytes; S, G, B heaps; `#` a table's number; names coded indexes
_TYPE_REF, _METHOD, _MEMBER_REF, _ATTRIBUTE, _MODULE_REF = 0x01, 0x06, 0x0A, 0x0C, 0x1A
_ASSEMBLY, _ASSEMBLY_REF = 0x20, 0x23
_COLUMNS: Final = tuple(
    columns.split(" ")
    for columns in (
        "2 S G G G",  # Module
        "ResolutionScope S S",
        "4 S S TypeDefOrRef #04 #06",
        "#04",
        "2 S B",  # Field
        "#06",
        "4 2 2 S B #08",  # MethodDef
        "#08",
        "2 2 S",  # Param
        "#02 TypeDefOrRef",
        "MemberRefParent S B",
        "2 HasConstant B",
        "HasCustomAttribute CustomAttributeType B",
        "HasFieldMarshal B",
        "2 HasDeclSecurity B",
        "2 4 #02",  # ClassLayout
        "4 #04",
        "B",
        "#02 #14",
        "#14",
        "2 S TypeDefOrRef",  # Event
        "#02 #17",
        "#17",
        "2 S B",  # Property
        "2 #06 HasSemantics",
        "#02 MethodDefOrRef MethodDefOrRef",
        "S",
        "B",
        "2 MemberForwarded S #1A",
        "4 #04",
        "4 4",  # EncLog
        "4",
        "4 2 2 2 2 4 B S S",  # Assembly
        "4",
        "4 4 4",
        "2 2 2 2 4 B S S B",  # AssemblyRef
    )
)
_CODED: Final = {
    "TypeDefOrRef": (2, (0x02, 0x01, 0x1B)),
    "HasConstant": (2, (0x04, 0x08, 0x17)),
    "HasCustomAttribute": (
        5,
        tuple(bytes.fromhex("060401020809 0A000E171411 1A1B20232627 282A2C2B")),
    ),
    "HasFieldMarshal": (1, (0x04, 0x08)),
    "HasDeclSecurity": (2, (0x02, 0x06, 0x20)),
    "MemberRefParent": (3, (0x02, 0x01, 0x1A, 0x06, 0x1B)),
    "HasSemantics": (1, (0x14, 0x17)),
    "MethodDefOrRef": (1, (0x06, 0x0A)),
    "MemberForwarded": (1, (0x04, 0x06)),
    "CustomAttributeType": (3, (0x06, 0x0A)),
    "ResolutionScope": (2, (0x00, 0x1A, 0x23, 0x01)),
}
_OWNER_OF_ATTRIBUTES: Final = 1 << 5 | 14  # the assembly, as the attributes' table writes it


class Assembly(Struct, frozen=True):
    """An assembly's manifest."""

    name: str
    version: str
    """Four numbers."""
    culture: str = ""
    """Of satellites, which hold nothing but translations."""
    informational: str = ""
    """The version that its makers speak of: often the package's, often with a commit behind `+`."""
    company: str = ""
    is_reference: bool = False
    """Whether it only describes an interface, and holds no code."""


class References(Struct, frozen=True):
    """What an assembly refers to."""

    assemblies: tuple[str, ...] = ()
    """Simple names, sorted."""
    modules: tuple[str, ...] = ()
    """Native libraries whose functions it calls, as written, and further modules of its own; sorted."""


def read_references(pe: Pe) -> References:
    """Read what an assembly refers to; nothing for other programs. ECMA-335 II.22.5 and II.22.31."""
    if not pe.is_managed:
        return References()
    try:
        return _Metadata(pe).references()
    except (struct.error, IndexError) as error:
        raise ValueError("a .NET assembly that is cut off") from error


def read_assembly(pe: Pe) -> Assembly | None:
    """Read the manifest."""
    if not pe.is_managed:
        return None
    try:
        return _Metadata(pe).assembly()
    except (struct.error, IndexError) as error:
        raise ValueError("a .NET assembly that is cut off") from error


class _Metadata:
    """The tables and heaps of one assembly."""

    def __init__(self, pe: Pe) -> None:
        self._content = pe.content
        (root,) = struct.unpack_from("<8xI", pe.read(pe.directory(CLR).rva, 72))
        place = pe.offset_of(pe.image_base + root)
        if place is None or self._content[place[0] : place[0] + 4] != b"BSJB":
            raise ValueError("a .NET assembly without metadata")
        self._root = place[0]
        self._heaps = self._streams()
        tables = self._heaps.get("#~") or self._heaps.get("#-")
        if not tables:
            raise ValueError("a .NET assembly without metadata tables")
        self._read_tables(tables[0])

    def _streams(self) -> dict[str, tuple[int, int]]:
        """(offset, size) by name."""
        (length,) = struct.unpack_from("<12xI", self._content, self._root)
        at = self._root + 16 + (length & 0xFFFF)
        (count,) = struct.unpack_from("<2xH", self._content, at)
        at += 4
        found = {}
        for _ in range(min(count, STREAM_LIMIT)):
            offset, size = struct.unpack_from("<II", self._content, at)
            name = self._content[at + 8 : at + 40].partition(b"\0")[0]
            found[name.decode("ascii", "replace")] = (self._root + offset, size)
            at += 8 + (len(name) // 4 + 1) * 4
        return found

    def _read_tables(self, start: int) -> None:
        heaps, present = struct.unpack_from("<6xBxQ", self._content, start)
        at = start + 24
        self._rows = [0] * 64
        for table in range(64):
            if present >> table & 1:
                (self._rows[table],) = struct.unpack_from("<I", self._content, at)
                at += 4
        at += 4 if heaps & 0x40 else 0
        wide = {"S": heaps & 1, "G": heaps & 2, "B": heaps & 4}
        self._known = {"2": 2, "4": 4, **{heap: 4 if flag else 2 for heap, flag in wide.items()}}
        self._starts = []
        for table in range(_ASSEMBLY_REF + 1):
            self._starts.append(at)
            if self._rows[table]:
                at += self._rows[table] * sum(self._widths(table))
        if at > len(self._content):
            raise ValueError("a .NET assembly that is cut off")

    def _widths(self, table: int) -> list[int]:
        """Bytes of a table's columns."""
        return [self._known[column] if column in self._known else self._width(column) for column in _COLUMNS[table]]

    def _width(self, column: str) -> int:
        if column[0] == "#":
            width = 4 if self._rows[int(column[1:], 16)] > 0xFFFF else 2
        else:
            bits, tables = _CODED[column]
            width = 4 if max([self._rows[table] for table in tables]) >= 1 << 16 - bits else 2
        self._known[column] = width
        return width

    def _row(self, table: int, number: int) -> list[int]:
        """Return a row's columns; rows are counted from 1."""
        if not 1 <= number <= self._rows[table]:
            raise ValueError("a .NET assembly whose tables contradict each other")
        widths = self._widths(table)
        at = self._starts[table] + (number - 1) * sum(widths)
        row = []
        for width in widths:
            row.append(int.from_bytes(self._content[at : at + width], "little"))
            at += width
        return row

    def _text(self, index: int) -> str:
        start, size = self._heaps.get("#Strings", (0, 0))
        if index >= size:
            raise ValueError("a .NET assembly whose names lie outside of it")
        piece = self._content[start + index : start + min(index + TEXT_LIMIT, size)]
        return piece.partition(b"\0")[0].decode("utf-8", "replace")

    def assembly(self) -> Assembly | None:
        """Return the manifest; None for a module that belongs to an assembly of several files."""
        if not self._rows[_ASSEMBLY]:
            return None
        _, *version, _, _, name, culture = self._row(_ASSEMBLY, 1)
        attributes = self._attributes
        return Assembly(
            self._text(name),
            ".".join(map(str, version)),
            self._text(culture),
            attributes.get(INFORMATIONAL, ""),
            attributes.get(COMPANY, ""),
            REFERENCE in attributes,
        )

    def references(self) -> References:
        """Return what the assembly refers to."""
        assemblies, modules = (
            tuple(sorted({self._text(self._row(table, row)[column]) for row in self._numbers(table)} - {""}))
            for table, column in ((_ASSEMBLY_REF, 6), (_MODULE_REF, 0))
        )
        return References(assemblies, modules)

    def _numbers(self, table: int) -> range:
        return range(1, min(self._rows[table], REFERENCE_LIMIT) + 1)

    @cached_property
    def _attributes(self) -> dict[str, str]:
        """First argument of the wanted attributes of the assembly."""
        found = {}
        first = self._first_attribute()
        for number in range(first, min(first + ATTRIBUTE_LIMIT, self._rows[_ATTRIBUTE] + 1)):
            owner, kind, value = self._row(_ATTRIBUTE, number)
            if owner != _OWNER_OF_ATTRIBUTES:
                break
            name = self._class_of(kind)
            if name in _WANTED:
                found[name] = self._argument(value)
        return found

    def _first_attribute(self) -> int:
        """Find the first row that belongs to the assembly, by halves."""
        low, high = 1, self._rows[_ATTRIBUTE] + 1
        while low < high:
            middle = (low + high) // 2
            if self._row(_ATTRIBUTE, middle)[0] < _OWNER_OF_ATTRIBUTES:
                low = middle + 1
            else:
                high = middle
        return low

    def _class_of(self, constructor: int) -> str:
        """The name of an attribute's class; empty where it is defined in the same assembly."""
        if constructor & 7 != 3:  # not a member of a class of another assembly
            return ""
        owner = self._row(_MEMBER_REF, constructor >> 3)[0]
        return self._text(self._row(_TYPE_REF, owner >> 3)[1]) if owner & 7 == 1 else ""

    def _argument(self, index: int) -> str:
        """The text that an attribute was given; empty for other arguments."""
        start, size = self._heaps.get("#Blob", (0, 0))
        blob = self._content[start + index : start + min(index + TEXT_LIMIT, size)]
        _, at = _compressed(blob, 0)
        if blob[at : at + 2] != b"\1\0" or blob[at + 2 : at + 3] in {b"", b"\xff"}:
            return ""
        length, at = _compressed(blob, at + 2)
        return blob[at : at + length].decode("utf-8", "replace")


def _compressed(data: bytes, at: int) -> tuple[int, int]:
    """Read a compressed unsigned integer; return it and where it ends. II.23.2."""
    head = data[at]
    if head < 0x80:
        return head, at + 1
    if head < 0xC0:
        return (head & 0x3F) << 8 | data[at + 1], at + 2
    return int.from_bytes(data[at : at + 4], "big") & 0x1FFFFFFF, at + 4
