"""Headers in rpm's own database format, `Packages.db` (NDB).

Comes in: the file's bytes. Goes out: one header's bytes a package. The rules: a header counts only if its frame, its
number and its checksum are right; headers have no more bytes together than the file; a damaged one hides no others, and
is told of in the end.

Source: rpm, lib/backend/ndb/rpmpkg.c: a table of slots in pages of 4096 bytes, of which the file's head takes the first
two; frames in blocks of 16 bytes. All numbers are little-endian.
"""

import zlib
from collections.abc import Iterator
from struct import unpack_from

from stellaops_core.readers.content import Content

_HEAD, _SLOT, _START, _END = b"RpmP", b"Slot", b"BlbS", b"BlbE"
_PAGE, _BLOCK = 4096, 16


def read_blobs(data: Content) -> Iterator[bytes]:
    """Yield the headers. Raises `ValueError`: at once for what is no NDB file, after the last if any was damaged."""
    if data[:4] != _HEAD or len(data) < _PAGE:
        raise ValueError("not an NDB file")
    version, _, pages = unpack_from("<3I", data, 4)
    if version:
        raise ValueError(f"an NDB file of version {version}")
    if pages * _PAGE > len(data):
        raise ValueError("an NDB file whose table of slots is cut off")
    return _read_slots(data, pages)


def _read_slots(data: Content, pages: int) -> Iterator[bytes]:
    damage = []
    left = len(data)
    for place in range(2 * _BLOCK, pages * _PAGE, _BLOCK):
        magic, number, block, count = unpack_from("<4s3I", data, place)
        if not block:
            continue
        try:
            if magic != _SLOT:
                raise ValueError(f"slot {place // _BLOCK} is none")
            start, end = block * _BLOCK, (block + count) * _BLOCK
            length = _check_frame(data, start, end, number)
            left -= end - start
            if left < 0:
                raise ValueError(f"package {number} takes the place of another")
            if zlib.adler32(data[start : end - 12]) != int.from_bytes(data[end - 12 : end - 8], "little"):
                raise ValueError(f"package {number} has a wrong checksum")
            yield data[start + _BLOCK : start + _BLOCK + length]
        except ValueError as error:
            damage.append(str(error))
    if damage:
        raise ValueError(f"{len(damage)} headers are damaged, first: {damage[0]}")


def _check_frame(data: Content, start: int, end: int, number: int) -> int:
    """Return the length of what is framed: magic, number, generation, length; content; checksum, length, magic."""
    if end > len(data) or end - start < 2 * _BLOCK:
        raise ValueError(f"package {number} is cut off")
    magic, stated, _, length = unpack_from("<4s3I", data, start)
    again, final = unpack_from("<I4s", data, end - 8)
    blocks = -(-(length + 28) // _BLOCK)
    if (magic, stated, final) != (_START, number, _END) or length != again or blocks * _BLOCK != end - start:
        raise ValueError(f"package {number} has a damaged frame")
    return int(length)
