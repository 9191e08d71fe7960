"""The container of a BOM-Index: a header, a table of sections with their digests, and the sections.

Comes in: sections as bytes, or the bytes of a file. Goes out: the file, or views of its sections. The header's digest
covers the table, and the table holds a digest of each section: a reader checks the header when it opens a file, and
each section when it first looks into it. So a file of any size opens at once, and nothing is used unchecked. The
layout, byte by byte, is described in docs/reference/bom-index.md.
"""

import hashlib
from collections.abc import Iterator, Mapping
from itertools import pairwise
from struct import Struct as Layout
from typing import NoReturn

from msgspec import Struct

from stellaops_core.errors import CorruptIndex

MAGIC = b"\x89BOMX\r\n\x1a"
"""Begins a file; its control characters show whether a transfer changed line endings, as in PNG."""
MAJOR, MINOR = 1, 0
"""A reader refuses another major version; a minor one adds sections that it may pass over."""
OPTIONAL = 0x8000
"""Kinds of sections from here on may be passed over by who doesn't know them."""
MAX_INDEX = 1 << 30
"""Largest file that is read, in bytes; 20,000 components take about 1 MiB."""
MAX_SECTIONS = 64
"""Most sections of a file."""

HAS_INVENTORY = 1
"""Flag: everything that is installed is listed."""
HAS_USAGE = 2
"""Flag: it is known what is in use."""

SUBJECT, REFS, PRODUCTS, MEMBERS, INVENTORY, USED, MAYBE, UNDETERMINED, LAYERS = range(1, 10)
"""Kinds of sections."""
ALWAYS = frozenset({SUBJECT, REFS, PRODUCTS, MEMBERS, LAYERS})
OF_FLAG = {HAS_INVENTORY: frozenset({INVENTORY}), HAS_USAGE: frozenset({USED, MAYBE, UNDETERMINED})}

_HEADER = Layout("<8sHHIIIIIQ")
_ENTRY = Layout("<IIQQ32s")
_DIGEST = 32
_ALIGNMENT = 8


class Header(Struct, frozen=True):
    """What a file says of itself."""

    flags: int
    refs: int
    """Components."""
    products: int
    layers: int


class Place(Struct, frozen=True):
    """Where a section is."""

    start: int
    end: int
    sha256: bytes


def corrupt(reason: str) -> NoReturn:
    """Refuse a file that contradicts the format."""
    raise CorruptIndex(f"not a BOM-Index, or a damaged one: {reason}", hint="build it again: stella index build")


def write_container(header: Header, sections: Mapping[int, bytes]) -> bytes:
    """Lay out a file; sections stand in the order of their kinds."""
    kinds = sorted(sections)
    body = bytearray(_HEADER.size + len(kinds) * _ENTRY.size + _DIGEST)
    table = bytearray()
    for kind in kinds:
        body += bytes(-len(body) % _ALIGNMENT)
        data = sections[kind]
        table += _ENTRY.pack(kind, 0, len(body), len(data), hashlib.sha256(data).digest())
        body += data
    start = _HEADER.pack(
        MAGIC, MAJOR, MINOR, header.flags, len(kinds), header.refs, header.products, header.layers, len(body)
    )
    top = start + table
    body[: len(top) + _DIGEST] = top + hashlib.sha256(top).digest()
    return bytes(body)


class Container:
    """An open file; sections are checked when they are first asked for."""

    def __init__(self, data: memoryview) -> None:
        """Read the header and the table. Raises `CorruptIndex` where they don't hold."""
        self._data = data
        self.header, top, count = _read_header(data)
        self.digest = bytes(data[top - _DIGEST : top])
        """SHA-256 of header and table, and by the table's digests of the whole file."""
        self._places = dict(_read_table(data, count))
        _check_places(data, top, self._places)
        _check_kinds(self.header, self._places)
        self._checked: dict[int, memoryview] = {}

    def section(self, kind: int) -> memoryview:
        """Return a section's bytes, once they have its digest. There must be one of that kind."""
        if kind not in self._checked:
            place = self._places[kind]
            view = self._data[place.start : place.end]
            if hashlib.sha256(view).digest() != place.sha256:
                corrupt(f"section {kind} does not have its digest")
            self._checked[kind] = view
        return self._checked[kind]

    def check(self) -> None:
        """Hold every section against its digest, those of unknown kinds as well."""
        for kind in self._places:
            self.section(kind)

    def release(self) -> None:
        """Let go of the bytes, so that what they are mapped from can be closed."""
        for view in self._checked.values():
            view.release()
        self._checked.clear()
        self._data.release()


def _read_header(data: memoryview) -> tuple[Header, int, int]:
    """Return the header, where the table's digest ends, and the number of sections."""
    if len(data) < _HEADER.size or data[: len(MAGIC)] != MAGIC:
        corrupt("it does not begin as one")
    if len(data) > MAX_INDEX:
        corrupt(f"it is larger than {MAX_INDEX >> 20} MiB")
    _, major, _, flags, count, refs, products, layers, size = _HEADER.unpack_from(data)
    if major != MAJOR:
        raise CorruptIndex(f"a BOM-Index of version {major}; this program reads version {MAJOR}")
    if size != len(data):
        corrupt(f"it has {len(data)} bytes and states {size}")
    top = _HEADER.size + count * _ENTRY.size + _DIGEST
    if count > MAX_SECTIONS or top > len(data):
        corrupt("its table of sections does not fit")
    if hashlib.sha256(data[: top - _DIGEST]).digest() != data[top - _DIGEST : top]:
        corrupt("its header does not have its digest")
    return Header(flags, refs, products, layers), top, count


def _read_table(data: memoryview, count: int) -> Iterator[tuple[int, Place]]:
    last = 0
    for number in range(count):
        kind, reserved, start, length, sha256 = _ENTRY.unpack_from(data, _HEADER.size + number * _ENTRY.size)
        if reserved or kind <= last:
            corrupt("its table of sections is not in order")
        yield kind, Place(start, start + length, sha256)
        last = kind


def _check_places(data: memoryview, top: int, places: Mapping[int, Place]) -> None:
    """Sections follow one another to the file's end, with zeros up to each one's start."""
    ends = [top, *(place.end for place in places.values())]
    for (before, end), place in zip(pairwise(ends), places.values(), strict=True):
        if place.start != before + -before % _ALIGNMENT or end > len(data) or any(data[before : place.start]):
            corrupt("its sections do not follow one another")
    if ends[-1] != len(data):
        corrupt("it goes on after its last section")


def _check_kinds(header: Header, places: Mapping[int, Place]) -> None:
    needed = ALWAYS.union(*(kinds for flag, kinds in OF_FLAG.items() if header.flags & flag))
    if header.flags & ~(HAS_INVENTORY | HAS_USAGE) or not header.flags:
        corrupt("it has flags that have no meaning")
    if needed != {kind for kind in places if kind < OPTIONAL}:
        corrupt("it lacks sections, or has some that its version does not know")
