"""Zip archives inside a file's content, as Java's class loaders see them: through the central directory.

Comes in: content and the part of it that is the archive. Goes out: the entries that somebody wants, their bytes within
a limit, and whether a folder is there. Rules: nothing is searched for in local headers, which may lie; no entry gives
more bytes than it states; what contradicts itself is a `ValueError`. Bytes before the archive (launch scripts) are
passed over, whether or not offsets count them.

Source: APPNOTE.TXT 6.3.10 of the zip format, sections 4.3.7, 4.3.12 to 4.3.16, 4.4 and 4.5.3.
"""

import mmap
import zlib
from collections.abc import Callable, Iterator
from struct import Struct as Binary
from struct import error as OutOfBounds  # noqa: N812  # what it means here
from typing import Final, NamedTuple

from stellaops_core.readers.content import Content

DIRECTORY_LIMIT: Final = 64 << 20
"""Bytes of a central directory; half a million entries take about as much."""
COMMENT_LIMIT: Final = 0xFFFF
"""Bytes of an archive's comment."""
SHARE_RATIO: Final = 400
"""Times that more may be read because of a file than it has bytes, beyond SHARE_FREE: entries may overlap."""
SHARE_FREE: Final = 16 << 20
"""Bytes that may be read because of the smallest file."""

_PIECE: Final = 1 << 20
_STORED, _DEFLATED = 0, 8
_HEADER, _LOCAL, _END, _END64, _LOCATOR64 = b"PK\1\2", b"PK\3\4", b"PK\5\6", b"PK\6\6", b"PK\6\7"
_HEADER_SIZE, _LOCAL_SIZE, _END_SIZE, _LOCATOR_SIZE = 46, 30, 22, 20
_FULL32: Final = 0xFFFFFFFF
_names = Binary("<3H").unpack_from  # lengths of name, extra field, comment
_facts = Binary("<2H4x3L").unpack_from  # flags, method, CRC-32, size as stored, size
_offset = Binary("<L").unpack_from
_end = Binary("<H2LH").unpack_from  # entries, size and offset of the directory, length of the comment
_end64 = Binary("<3Q").unpack_from
_long = Binary("<Q").unpack_from
_field = Binary("<2H").unpack_from


class Entry(NamedTuple):
    """A file in an archive."""

    name: str
    flags: int
    method: int
    crc: int
    stored: int
    """Bytes it takes in the archive."""
    size: int
    """Bytes of its content, as stated."""
    offset: int
    """Of its local header, in the content."""

    @property
    def encrypted(self) -> bool:
        """Whether it can't be read without a password."""
        return bool(self.flags & 1)


def share(size: int, limit: int) -> int:
    """Return how many bytes may be read because of a file of `size` bytes: `limit` at most."""
    return min(limit, SHARE_FREE + SHARE_RATIO * size)


class Archive:
    """The archive in `content[start:end]`. Raises `ValueError` where there is none."""

    def __init__(self, content: Content, start: int = 0, end: int | None = None) -> None:
        self._content = content
        self._start, self._end = start, len(content) if end is None else end
        try:
            self._base, at, size = self._find_directory()
        except OutOfBounds:
            raise ValueError("not a zip archive: its end is damaged") from None
        self._directory = content[at : at + size]

    @property
    def directory_size(self) -> int:
        """Bytes of the central directory, some hundred for each entry."""
        return len(self._directory)

    def entries(self, wanted: Callable[[bytes], object]) -> Iterator[Entry]:
        """Yield the entries, in the order of the directory, whose raw names `wanted` likes. Classes aren't asked about.

        Raises `ValueError` where the directory breaks off.
        """
        directory, at = self._directory, 0
        try:
            while directory[at : at + 4] == _HEADER:
                name, extra, comment = _names(directory, at + 28)
                after = at + _HEADER_SIZE + name
                if directory[after - 6 : after] != b".class" and wanted(directory[at + _HEADER_SIZE : after]):
                    yield self._entry(at, name, extra)
                at = after + extra + comment
        except OutOfBounds:
            at = -1
        if (at < len(directory) and directory[at : at + 4] not in {b"PK\5\5", _END64}) or at < 0:
            raise ValueError("its central directory breaks off")

    def holds(self, name: bytes) -> bool:
        """Say whether any entry's name begins like this."""
        at = self._directory.find(name)
        while at >= 0 and self._directory[at - _HEADER_SIZE : at - _HEADER_SIZE + 4] != _HEADER:
            at = self._directory.find(name, at + 1)
        return at >= 0

    def mentions(self, text: bytes) -> bool:
        """Say whether the directory has these bytes anywhere: quick, and no proof."""
        return self._directory.find(text) >= 0

    def extent(self, entry: Entry) -> tuple[int, int] | None:
        """Return where in the content an entry's bytes are, if they are stored as they are."""
        if entry.method != _STORED or entry.encrypted:
            return None
        start = self._data(entry)
        if entry.stored != entry.size:
            raise ValueError("its sizes contradict each other")
        return start, start + entry.size

    def read(self, entry: Entry, limit: int) -> bytes:
        """Return an entry's content, checked. Raises `ValueError` when it has more than `limit` bytes or is damaged."""
        content = self.unpack(entry, limit)
        return content if isinstance(content, bytes) else content[:]

    def unpack(self, entry: Entry, limit: int) -> Content:
        """Return the same, a large one in memory of its own, so that no more than it is held."""
        if entry.size > limit:
            raise ValueError(f"larger than {limit:,} bytes")
        size, crc = 0, 0
        whole: Content = mmap.mmap(-1, entry.size) if entry.size > _PIECE else b""
        for part in self._pieces(entry, entry.size):
            size += len(part)
            crc = zlib.crc32(part, crc)
            if isinstance(whole, bytes):
                whole += part
            else:
                whole.write(part)
        if size != entry.size or crc != entry.crc:
            raise ValueError("damaged: its checksum does not fit")
        return whole

    def head(self, entry: Entry, limit: int) -> bytes:
        """Return an entry's first `limit` bytes, unchecked."""
        return b"".join(self._pieces(entry, limit))

    def _pieces(self, entry: Entry, limit: int) -> Iterator[bytes]:
        if entry.encrypted:
            raise ValueError("encrypted")
        if entry.method not in {_STORED, _DEFLATED}:
            raise ValueError(f"compressed by method {entry.method}, which Java doesn't read either")
        start = self._data(entry)
        if entry.method == _STORED:
            end = start + min(limit, entry.stored)
            return (self._content[at : min(at + _PIECE, end)] for at in range(start, end, _PIECE))
        return self._inflated(start, start + entry.stored, limit) if limit else iter(())

    def _inflated(self, start: int, end: int, limit: int) -> Iterator[bytes]:
        """Yield at most `limit` bytes, in pieces."""
        inflater, left = zlib.decompressobj(-zlib.MAX_WBITS), limit
        try:
            for at in range(start, end, _PIECE):
                data, step = self._content[at : min(at + _PIECE, end)], 0
                while data or step == _PIECE:  # a full piece: there may be more of what was fed
                    part = inflater.decompress(data, min(_PIECE, left))
                    yield part
                    step, data = len(part), inflater.unconsumed_tail
                    left -= step
                    if inflater.eof or not left:
                        return
        except zlib.error:
            raise ValueError("damaged: it does not inflate") from None

    def _data(self, entry: Entry) -> int:
        """Return where an entry's bytes begin."""
        at = entry.offset
        if at < self._start or self._content[at : at + 4] != _LOCAL or at + _LOCAL_SIZE > self._end:
            raise ValueError("its local header is not where it should be")
        name, extra = _field(self._content, at + 26)
        start: int = at + _LOCAL_SIZE + name + extra
        if start + entry.stored > self._end:
            raise ValueError("it reaches beyond the end of the archive")
        return start

    def _entry(self, at: int, name: int, extra: int) -> Entry:
        directory, start = self._directory, at + _HEADER_SIZE
        flags, method, crc, stored, size = _facts(directory, at + 8)
        (offset,) = _offset(directory, at + 42)
        if _FULL32 in {stored, size, offset}:
            stored, size, offset = self._wide(start + name, extra, [size, stored, offset])
        text = directory[start : start + name].decode("utf-8", "replace")
        return Entry(text, flags, method, crc, stored, size, self._base + offset)

    def _wide(self, at: int, length: int, fields: list[int]) -> tuple[int, int, int]:
        """Return the sizes and the offset with those filled in that stand in the zip64 field; 4.5.3."""
        end = at + length
        while at + 4 <= end:
            tag, size = _field(self._directory, at)
            if tag == 1:
                values = iter(range(at + 4, at + 4 + size - 7, 8))
                for number, value in enumerate(fields):
                    if value == _FULL32 and (place := next(values, None)) is not None:
                        (fields[number],) = _long(self._directory, place)
                break
            at += 4 + size
        return fields[1], fields[0], fields[2]

    def _find_directory(self) -> tuple[int, int, int]:
        """Return what offsets count from, where the directory begins, and its size."""
        content, start = self._content, self._start
        at = self._find_end()
        entries, size, offset, _ = _end(content, at + 10)
        after = at
        if _FULL32 in {size, offset} or entries == 0xFFFF:
            locator = at - _LOCATOR_SIZE
            if locator >= start and content[locator : locator + 4] == _LOCATOR64:
                after = self._find_end64(locator)
                entries, size, offset = _end64(content, after + 32)
        if size > DIRECTORY_LIMIT:
            raise ValueError(f"a central directory of more than {DIRECTORY_LIMIT:,} bytes")
        for begin in (after - size, start + offset):
            if start <= begin <= after - size and (not size or content[begin : begin + 4] == _HEADER):
                return begin - offset, begin, size
        raise ValueError("not a zip archive: its central directory is missing")

    def _find_end(self) -> int:
        """Return where the end record is: the last one whose comment reaches to the end, else simply the last one."""
        content, lowest = self._content, max(self._start, self._end - _END_SIZE - COMMENT_LIMIT)
        last: int = content.rfind(_END, lowest, self._end)
        at = last
        while at >= 0 and (at + _END_SIZE > self._end or at + _END_SIZE + _end(content, at + 10)[3] != self._end):
            at = content.rfind(_END, lowest, at)
        at = at if at >= 0 else last
        if at < 0 or at + _END_SIZE > self._end:
            raise ValueError("not a zip archive" if self._end > self._start else "empty")
        return at

    def _find_end64(self, locator: int) -> int:
        (stated,) = _long(self._content, locator + 8)
        for at in (self._start + stated, locator - 56):
            if self._start <= at < locator and self._content[at : at + 4] == _END64:
                return at
        raise ValueError("not a zip archive: its zip64 end is missing")
