"""The version resource of a PE file: product, company and version as Windows shows them.

Comes in: a `Pe`. Goes out: a `VersionInfo`, or None. The rule: what is read is bounded by count and bytes, and
positions that lead out of the resources end the reading without an error, for packers leave ruins.

Source: Microsoft, "PE Format", "The .rsrc Section"; "Version Information" (VS_VERSIONINFO, VS_FIXEDFILEINFO,
StringFileInfo).
"""

from collections.abc import Iterator
from struct import Struct as Binary
from typing import Final

from msgspec import Struct

from stellaops_core.readers.pe import RESOURCES, Pe

ENTRY_LIMIT: Final = 256
"""Entries looked at of one directory of resources."""
VERSION_LIMIT: Final = 256 << 10
"""Bytes of the version resource."""
STRING_LIMIT: Final = 512
"""Texts of a version resource; real ones have a dozen."""

_RT_VERSION = 16
_SIGNATURE = 0xFEEF04BD
_ENTRIES = Binary("<2H")
_ENTRY = Binary("<2I")
_NODE = Binary("<3H")
_FIXED = Binary("<IIHHHHHHHH")


class VersionInfo(Struct, frozen=True):
    """What a version resource says."""

    file_version: str = ""
    """Four numbers, from the fixed part."""
    product_version: str = ""
    texts: tuple[tuple[str, str], ...] = ()
    """(name, text) of the first language: `ProductName`, `CompanyName`, `FileVersion` and so on."""


def read_version(pe: Pe) -> VersionInfo | None:
    """Read the first version resource; None where there is none that can be read."""
    data = _resource(pe)
    for _, value, inner in _nodes(data, 0, len(data)):
        fixed = ("", "")
        if len(value) >= _FIXED.size and _FIXED.unpack_from(value)[0] == _SIGNATURE:
            _, _, *parts = _FIXED.unpack_from(value)
            one = [str(parts[at]) for at in (1, 0, 3, 2)]
            two = [str(parts[at]) for at in (5, 4, 7, 6)]
            fixed = (".".join(one), ".".join(two))
        texts: dict[str, str] = {}
        for key, _, tables in _nodes(data, *inner):
            if key == "StringFileInfo":
                texts = dict(reversed(list(_texts(data, tables))))
        return VersionInfo(*fixed, tuple(reversed(texts.items())))
    return None


def _texts(data: bytes, tables: tuple[int, int]) -> Iterator[tuple[str, str]]:
    for _, _, strings in _nodes(data, *tables):
        for name, raw, _ in _nodes(data, *strings):
            yield name, raw.decode("utf-16-le", "replace").partition("\0")[0].strip()
        return  # the other languages say the same


def _resource(pe: Pe) -> bytes:
    """Walk the three levels: type, name, language."""
    root = pe.directory(RESOURCES)
    wanted, at = _RT_VERSION, 0
    for _ in range(3):
        head = pe.read(root.rva + at + 12, _ENTRIES.size) if root.size else b""
        if len(head) < _ENTRIES.size:
            return b""
        count = min(sum(_ENTRIES.unpack(head)), ENTRY_LIMIT)
        table = pe.read(root.rva + at + 16, count * _ENTRY.size)
        entries = _ENTRY.iter_unpack(table[: len(table) // _ENTRY.size * _ENTRY.size])
        found = next((place for name, place in entries if wanted in {-1, name}), None)
        if found is None:
            return b""
        wanted, at = -1, found & 0x7FFFFFFF
    place = pe.read(root.rva + at, _ENTRY.size)
    if len(place) < _ENTRY.size:
        return b""
    rva, size = _ENTRY.unpack(place)
    return pe.read(rva, min(size, VERSION_LIMIT))


def _nodes(data: bytes, start: int, end: int) -> Iterator[tuple[str, bytes, tuple[int, int]]]:
    """Yield (key, value, where the children are) of the nodes between two positions, which are 32-bit aligned."""
    at = start
    for _ in range(STRING_LIMIT):
        at += -at % 4
        if at + _NODE.size > end:
            return
        length, size, kind = _NODE.unpack_from(data, at)
        stop = min(at + length, end)
        if length <= _NODE.size:
            return
        key = data[at + _NODE.size : stop].decode("utf-16-le", "replace").partition("\0")[0]
        value = at + _NODE.size + 2 * len(key) + 2
        value += -value % 4
        size = 2 * size if kind == 1 else size  # texts are counted in characters
        yield key, data[value : min(value + size, stop)], (value + size, stop)
        at = stop
