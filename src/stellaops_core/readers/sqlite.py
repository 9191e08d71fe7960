"""Records of one table of a SQLite database, read from its bytes.

Comes in: the database file, and its write-ahead log where there is one. Goes out: the records of a table, in the order
of their row ids. The rules: nothing of the database is executed, as SQLite itself would with schemas, views and virtual
tables of anyone's making; each page is read once and records have no more bytes than the file; damaged pages and
records hide no others, and are told of in the end.

Source: SQLite, "Database File Format", 1.2 to 1.6 and 2.1.
"""

import struct
from collections.abc import Iterator
from struct import unpack_from

from stellaops_core.readers.content import Content
from stellaops_core.readers.sqlite_wal import NO_LOG, Log

_MAGIC = b"SQLite format 3\0"
_INTERIOR, _LEAF = 5, 13
_INTEGERS = (0, 1, 2, 3, 4, 6, 8)  # bytes of serial types 0 to 6
_ENCODINGS = {0: "utf-8", 1: "utf-8", 2: "utf-16-le", 3: "utf-16-be"}

Value = int | str | bytes | None


class Database:
    """An opened database. Raises `ValueError` when the file is none."""

    def __init__(self, data: Content, log: Log = NO_LOG) -> None:
        self._data, self._log = data, log
        head = log.page(1) or data[:100]
        if head[:16] != _MAGIC or len(head) < 100:
            raise ValueError("not a SQLite database")
        stated = int.from_bytes(head[16:18], "big")
        self._size = 65536 if stated == 1 else stated
        self._usable = self._size - head[20]
        if self._size < 512 or self._size & (self._size - 1) or self._usable < 480:
            raise ValueError(f"a SQLite database with pages of {self._size} bytes")
        if log.pages and log.page_size != self._size:
            raise ValueError("a SQLite database whose log has pages of another size")
        self._pages = log.count or len(data) // self._size
        self._encoding = _ENCODINGS.get(int.from_bytes(head[56:60], "big"), "utf-8")
        self._seen: set[int] = set()
        self._left = self._pages * self._size

    def read_table(self, name: str) -> Iterator[tuple[Value, ...]]:
        """Yield a table's records. Raises `ValueError` after the last if any could not be read, or there's no table.

        An `INTEGER PRIMARY KEY` is None, as it is stored.
        """
        return (record for _, record in self.read_rows(name))

    def read_rows(self, name: str) -> Iterator[tuple[int, tuple[Value, ...]]]:
        """Yield the same with their row ids, which are the values of an `INTEGER PRIMARY KEY`."""
        damage: list[str] = []
        root = 0
        for _, record in self._records(1, damage):
            if len(record) >= 4 and record[0] == "table" and record[1] == name and isinstance(record[3], int):
                root = record[3]
        if not root and not damage:
            raise ValueError(f"a SQLite database without a table {name}")
        if root:
            yield from self._records(root, damage)
        if damage:
            raise ValueError(f"{len(damage)} pages or records of the SQLite database are damaged, first: {damage[0]}")

    def _records(self, root: int, damage: list[str]) -> Iterator[tuple[int, tuple[Value, ...]]]:
        pending = [root]
        while pending:
            number = pending.pop()
            try:
                page = self._page(number)
                start = 100 if number == 1 else 0
                kind, cells = page[start], self._cells(page, start)
                if kind == _INTERIOR:
                    pending.append(int.from_bytes(page[start + 8 : start + 12], "big"))
                    pending.extend(int.from_bytes(page[cell : cell + 4], "big") for cell in reversed(cells))
                    continue
                if kind != _LEAF:
                    raise ValueError(f"page {number} is none of a table's")
            except (ValueError, IndexError, struct.error) as error:
                damage.append(str(error))
                continue
            for cell in cells:
                try:
                    row, payload = self._payload(page, cell)
                    yield row, self._record(payload)
                except (ValueError, IndexError, struct.error) as error:
                    damage.append(f"page {number}: {error}")

    def _page(self, number: int) -> bytes:
        """Return a page that was not asked for before."""
        if not 1 <= number <= self._pages:
            raise ValueError(f"page {number} of {self._pages}")
        if number in self._seen:
            raise ValueError(f"page {number} is used twice")
        self._seen.add(number)
        page = self._log.page(number)
        if page is None:
            page = self._data[(number - 1) * self._size : number * self._size]
        if len(page) != self._size:
            raise ValueError(f"page {number} is cut off")
        return page

    def _cells(self, page: bytes, start: int) -> tuple[int, ...]:
        count = int.from_bytes(page[start + 3 : start + 5], "big")
        return unpack_from(f">{count}H", page, start + (12 if page[start] == _INTERIOR else 8))

    def _payload(self, page: bytes, cell: int) -> tuple[int, bytes]:
        """Return a leaf cell's row id and its payload, gathered from its overflow pages."""
        length, at = _varint(page, cell)
        row, at = _varint(page, at)
        self._left -= length
        if self._left < 0:
            raise ValueError("records of more bytes than the database has")
        local = self._local(length)
        if at + local > self._usable:
            raise ValueError("a record leads out of its page")
        parts = [page[at : at + local]]
        following = int.from_bytes(page[at + local : at + local + 4], "big") if local < length else 0
        missing = length - local
        while missing:
            page = self._page(following)
            following = int.from_bytes(page[:4], "big")
            parts.append(page[4 : min(self._usable, 4 + missing)])
            missing -= len(parts[-1])
        return row - (row >> 63 << 64), b"".join(parts)

    def _local(self, length: int) -> int:
        """Bytes of a payload that are on the leaf itself; section 1.6."""
        most = self._usable - 35
        if length <= most:
            return length
        least = (self._usable - 12) * 32 // 255 - 23
        local = least + (length - least) % (self._usable - 4)
        return local if local <= most else least

    def _record(self, payload: bytes) -> tuple[Value, ...]:
        """Take a record apart; section 2.1."""
        end, at = _varint(payload, 0)
        place = end
        values: list[Value] = []
        while at < end:
            kind, at = _varint(payload, at)
            size = _value_size(kind)
            raw = payload[place : place + size]
            if len(raw) != size:
                raise ValueError("a record is cut off")
            place += size
            values.append(self._value(kind, raw))
        return tuple(values)

    def _value(self, kind: int, raw: bytes) -> Value:
        if kind >= 12:
            return raw.decode(self._encoding, "replace") if kind % 2 else raw
        if kind in {8, 9}:
            return kind - 8
        return int.from_bytes(raw, "big", signed=True) if 1 <= kind <= 6 else None  # nobody asked for a float yet


def _value_size(kind: int) -> int:
    if kind >= 12:
        return (kind - 12) // 2
    return _INTEGERS[kind] if kind <= 6 else 8 * (kind == 7)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a variable-length integer, and where it ends."""
    value = 0
    for place in range(at, at + 8):
        byte = data[place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place + 1
    return value << 8 | data[at + 8], at + 9
