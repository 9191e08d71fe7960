"""Single-file .NET applications: a host program with the application's files behind it.

Comes in: the content of an ELF, PE or Mach-O program. Goes out: what is bundled; None for other programs. A program
is recognised by what lies behind its own end: for all others this costs a look at the header.

The host holds a place for the offset of the bundle's header, followed by a signature, the same in all hosts. Offsets
are from the start of the file; integers are little-endian.

Source: .NET runtime, `docs/design/features/host-components.md` and "Single-file Publish" (bundle layout): header
versions 1 (.NET Core 3), 2 (.NET 5) and 6 (since .NET 6, which may compress files by raw deflate).
"""

import struct
from struct import Struct as Binary
from typing import Final

from msgspec import Struct

from stellaops_core.readers.content import Content
from stellaops_core.readers.pe import read_pe

ENTRY_LIMIT: Final = 50_000
"""Files of one bundle."""
NAME_LIMIT: Final = 4096
"""Bytes of one path."""
HOST_LIMIT: Final = 128 << 20
"""Bytes of a host program that are searched for the signature."""

SIGNATURE: Final = bytes.fromhex("8b1202b96a612038727b930214d7a03213f5b9e6efae3318ee3b2dce24b36aae")
DEPENDENCIES: Final = 3
"""The kind of a `*.deps.json`."""

# program headers' offset, section headers' offset, size and number of the former, of the latter; by the header's class
_ELF: Final = {1: Binary("<28xII6xHHHH"), 2: Binary("<32xQQ6xHHHH")}
_SEGMENT: Final = {1: Binary("<4xI8xI"), 2: Binary("<8xQ16xQ")}


class Entry(Struct, frozen=True):
    """A bundled file."""

    path: str
    kind: int
    """1 assembly, 2 native library, 3 deps.json, 4 runtimeconfig.json, 5 symbols, 0 anything else."""
    offset: int
    size: int
    """Bytes of the file itself."""
    compressed: int
    """Bytes it has here, where it is compressed; else 0."""


class Bundle(Struct, frozen=True):
    """A bundle's table."""

    major: int
    entries: tuple[Entry, ...]


def read_bundle(content: Content) -> Bundle | None:
    """Return what is bundled; None for a program that bundles nothing. Raises `ValueError` for a damaged bundle."""
    end = _end_of_host(content)
    if not end:
        return None
    at = content.find(SIGNATURE, 8, min(end, HOST_LIMIT))
    if at < 0:
        return None
    start = int.from_bytes(content[at - 8 : at], "little")
    if not start:
        return None  # a host whose application lies beside it
    try:
        return _read_table(content, start)
    except struct.error as error:
        raise ValueError("a .NET bundle that is cut off") from error


def read_entry(content: Content, entry: Entry, limit: int) -> bytes:
    """Return a bundled file. Raises `ValueError` where it has more than `limit` bytes or can't be inflated."""
    if entry.size > limit:
        raise ValueError(f"a bundled file of {entry.size:,} bytes, more than the {limit:,} that are read")
    stored = content[entry.offset : entry.offset + (entry.compressed or entry.size)]
    if len(stored) != (entry.compressed or entry.size):
        raise ValueError("a .NET bundle that is cut off")
    if not entry.compressed:
        return stored
    import zlib  # noqa: PLC0415  # few bundles are compressed

    inflate = zlib.decompressobj(-15)
    try:
        data = inflate.decompress(stored, entry.size + 1)
    except zlib.error as error:
        raise ValueError("a bundled file that can't be inflated") from error
    if len(data) != entry.size:
        raise ValueError("a bundled file that is not as long as stated")
    return data


def _read_table(content: Content, start: int) -> Bundle:
    size = len(content)
    major, _, count = struct.unpack_from("<IIi", content, start) if start < size else (0, 0, -1)
    if major not in {1, 2, 6}:
        raise ValueError(f"a .NET bundle of version {major}, which is not known")
    if not 0 <= count <= ENTRY_LIMIT:
        raise ValueError(f"a .NET bundle of more than {ENTRY_LIMIT} files")
    _, at = _text(content, start + 12)
    at += 40 if major >= 2 else 0  # where deps.json and runtimeconfig.json are; flags
    form = Binary("<qqqB" if major >= 6 else "<qqB")
    entries = []
    for _ in range(count):
        *numbers, kind = form.unpack_from(content, at)
        path, at = _text(content, at + form.size)
        offset, length, compressed = (*numbers, 0)[:3]
        if not (0 <= offset <= size and length >= 0 and 0 <= compressed <= size - offset):
            raise ValueError("a .NET bundle whose files lie outside of it")
        entries.append(Entry(path, kind, offset, length, compressed))
    return Bundle(major, tuple(entries))


def _text(content: Content, at: int) -> tuple[str, int]:
    """Read text with its length before it, in one or two groups of seven bits; return it and where it ends."""
    head = content[at : at + 2]
    if len(head) < 2:
        raise ValueError("a .NET bundle that is cut off")
    length, at = (head[0], at + 1) if head[0] < 0x80 else (head[0] & 0x7F | head[1] << 7, at + 2)
    if length > NAME_LIMIT:
        raise ValueError("a .NET bundle with too long a path")
    text = content[at : at + length]
    if len(text) != length:
        raise ValueError("a .NET bundle that is cut off")
    return text.decode("utf-8", "replace"), at + length


def _end_of_host(content: Content) -> int:
    """Where a program ends that more follows in its file; 0 for all others."""
    head = content[:4]
    try:
        if head == b"\x7fELF":
            end = _end_of_elf(content)
        elif head[:2] == b"MZ":
            end = read_pe(content).overlay  # signatures follow as well: a signed program is searched in vain
        elif head == b"\xcf\xfa\xed\xfe":
            return len(content)  # its last segment is made to hold the bundle
        else:
            return 0
    except (struct.error, IndexError, ValueError, OverflowError):
        return 0  # no program that could be a host
    return end if 0 < end < len(content) else 0


def _end_of_elf(content: Content) -> int:
    """The section headers stand last; where they were taken off, the last segment does."""
    kind, order = content[4], content[5]
    if order != 1 or kind not in _ELF:
        return 0  # no host is big-endian
    headers, sections, size, number, each, count = _ELF[kind].unpack_from(content, 0)
    if sections:
        return int(sections + each * count)
    ends = (sum(_SEGMENT[kind].unpack_from(content, headers + size * at)) for at in range(min(number, 256)))
    return max(ends, default=0)
