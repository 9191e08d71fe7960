"""Roaring bitmaps as bytes: sets of numbers that are joined without being unpacked.

Comes in: sets of numbers below 2**32, or bytes. Goes out: the bytes, or sets. Equal sets that are written have equal
bytes. What is read is valid through and through, for the library works on its memory without looking again.

Source: the Roaring format specification, "portable" serialization.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyroaring import BitMap


def write_bitmap(numbers: "Iterable[int]") -> bytes:
    """Pack a set, with runs where those are shorter."""
    from pyroaring import BitMap  # noqa: PLC0415  # only who writes or asks an index needs it

    bitmap = BitMap(numbers)
    bitmap.run_optimize()
    return bytes(bitmap.serialize())


def read_bitmap(data: "bytes | memoryview") -> "BitMap":
    """Unpack a set. Raises `ValueError` for bytes that are not exactly one."""
    from pyroaring import BitMap  # noqa: PLC0415

    if not data:
        raise ValueError("an empty bitmap has bytes")
    bitmap = BitMap.deserialize(data)  # type: ignore[arg-type]  # any buffer will do
    if bitmap.serialize() != data:  # what the library passes over: offsets, and bytes after the end
        raise ValueError("not exactly one bitmap")
    return bitmap
