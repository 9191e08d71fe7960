"""What a SQLite write-ahead log has committed.

Comes in: the bytes of a `-wal` file. Goes out: a `Log`, which knows the last committed content of each page. The rule:
as SQLite itself recovers, frames count up to the last commit before the first frame whose salts or checksum are wrong;
what follows is left over from before, or was never committed.

Source: SQLite, "Database File Format", 4 "The Write-Ahead Log".
"""

from struct import unpack, unpack_from

from msgspec import Struct

from stellaops_core.readers.content import Content

LOG_LIMIT = 64 << 20
"""Bytes of a write-ahead log: SQLite empties it at 4 MiB unless one transaction is larger."""

_HEAD, _FRAME = 32, 24
_LITTLE, _BIG = 0x377F0682, 0x377F0683


class Log(Struct, frozen=True):
    """The committed part of a log."""

    data: Content
    page_size: int
    count: int
    """Pages of the database after the last commit; 0 where nothing was committed."""
    pages: dict[int, int]
    """Page to the place of its content in `data`."""

    def page(self, number: int) -> bytes | None:
        """Return a page's content, if the log has it."""
        place = self.pages.get(number)
        return None if place is None else self.data[place : place + self.page_size]


NO_LOG = Log(b"", 0, 0, {})


def read_log(data: Content) -> Log:
    """Read a log; an empty or invalid header means that nothing was logged. Raises `ValueError` beyond LOG_LIMIT."""
    if len(data) < _HEAD:
        return NO_LOG
    if len(data) > LOG_LIMIT:
        raise ValueError(f"a write-ahead log of more than {LOG_LIMIT} bytes")
    magic, _, size = unpack_from(">3I", data)
    order = {_LITTLE: "<", _BIG: ">"}.get(magic)
    if order is None or not 512 <= size <= 65536 or size & (size - 1):
        return NO_LOG
    sums = _checksum(data[:24], order, (0, 0))
    if sums != unpack_from(">2I", data, 24):
        return NO_LOG
    salts = data[16:24]
    pending: dict[int, int] = {}
    pages: dict[int, int] = {}
    count = 0
    for at in range(_HEAD, len(data) - _FRAME - size + 1, _FRAME + size):
        number, commit = unpack_from(">2I", data, at)
        if data[at + 8 : at + 16] != salts or not number:
            break
        sums = _checksum(data[at : at + 8] + data[at + _FRAME : at + _FRAME + size], order, sums)
        if sums != unpack_from(">2I", data, at + 16):
            break
        pending[number] = at + _FRAME
        if commit:
            pages |= pending
            pending.clear()
            count = commit
    return Log(data, size, count, pages)


def _checksum(data: bytes, order: str, sums: tuple[int, int]) -> tuple[int, int]:
    """Section 4.2; `data` is a multiple of 8 bytes."""
    one, two = sums
    words = unpack(f"{order}{len(data) // 4}I", data)
    for first, second in zip(words[::2], words[1::2], strict=True):
        one = (one + first + two) & 0xFFFFFFFF
        two = (two + second + one) & 0xFFFFFFFF
    return one, two
