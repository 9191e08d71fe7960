"""Pairs of a Berkeley DB hash, read from its bytes.

Comes in: a database file of the hash method, versions 8 to 10, of either byte order. Goes out: its keys and values,
bucket by bucket, so that pages which the database has freed are never taken for content. The rules: each page is read
once, so that the values have no more bytes than the file; damaged pages and items hide no others, and are told of in
the end.

Source: Berkeley DB, dbinc/db_page.h for pages and items, dbinc/hash.h for where a bucket's page is.
"""

import struct
from collections.abc import Iterator
from struct import unpack_from

from stellaops_core.readers.content import Content

_HASH = 0x061561
_METHODS = {0x053162: "B-tree", 0x042253: "queue", 0x074582: "heap"}
_VERSIONS = frozenset({8, 9, 10})
_HASH_UNSORTED, _OVERFLOW, _HASH_META, _HASH_SORTED = 2, 7, 8, 13
_KEYDATA, _OFFPAGE = 1, 3
_HEAD = 26


def read_pairs(data: Content) -> Iterator[tuple[bytes, bytes]]:
    """Yield (key, value). Raises `ValueError`: at once for what is no such file, after the last if any was damaged."""
    return _Hash(data).pairs()


class _Hash:
    def __init__(self, data: Content) -> None:
        self._data = data
        self._order = _byte_order(data)
        version, self._size, sealed, kind, flags, _, _, last = self._unpack("2I4B2I", 16)
        if version not in _VERSIONS:
            raise ValueError(f"a Berkeley DB hash of version {version}")
        if kind != _HASH_META or not 512 <= self._size <= 65536 or self._size & (self._size - 1):
            raise ValueError("a Berkeley DB hash with a damaged first page")
        if sealed or flags & 1:
            raise ValueError("an encrypted or checksummed Berkeley DB hash")
        self._pages = min(last + 1, len(data) // self._size)
        self._buckets = self._unpack("I", 72)[0] + 1
        self._spares = self._unpack("32I", 96)
        self._seen: set[int] = set()
        self._damage: list[str] = []
        if self._buckets > self._pages:
            raise ValueError("a Berkeley DB hash of more buckets than pages")

    def _unpack(self, form: str, place: int) -> tuple[int, ...]:
        return unpack_from(self._order + form, self._data, place)

    def pairs(self) -> Iterator[tuple[bytes, bytes]]:
        for bucket in range(self._buckets):
            number = bucket + self._spares[bucket.bit_length()]
            while number:
                try:
                    number, items = self._bucket_page(number)
                except (ValueError, struct.error) as error:
                    self._damage.append(str(error))
                    break
                yield from self._read_items(items)
        if self._damage:
            raise ValueError(f"{len(self._damage)} pages or items are damaged, first: {self._damage[0]}")

    def _read_items(self, items: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
        for key, value in zip(items[::2], items[1::2], strict=True):
            try:
                yield self._content(key), self._content(value)
            except (ValueError, struct.error) as error:
                self._damage.append(str(error))

    def _page(self, number: int) -> int:
        """Return where a page begins that was not asked for before."""
        if not 0 < number < self._pages:
            raise ValueError(f"page {number} of {self._pages}")
        if number in self._seen:
            raise ValueError(f"page {number} is used twice")
        self._seen.add(number)
        return number * self._size

    def _bucket_page(self, number: int) -> tuple[int, list[bytes]]:
        """Return the following page of a bucket and the items of this one."""
        start = self._page(number)
        following, count, _, _, kind = self._unpack("I2H2B", start + 16)
        if kind == 0 and not count:
            return 0, []  # set aside for a bucket that never held anything
        if kind not in {_HASH_UNSORTED, _HASH_SORTED} or count % 2 or _HEAD + 2 * count > self._size:
            raise ValueError(f"page {number} is none of a bucket's")
        places = self._unpack(f"{count}H", start + _HEAD)
        ends = (self._size, *places)
        items = []
        for place, end in zip(places, ends, strict=False):
            if not _HEAD + 2 * count <= place < end:
                raise ValueError(f"page {number} has items outside of it")
            items.append(self._data[start + place : start + end])
        return following, items

    def _content(self, item: bytes) -> bytes:
        if item[0] == _KEYDATA:
            return item[1:]
        if item[0] != _OFFPAGE or len(item) != 12:
            raise ValueError(f"an item of kind {item[0]}")
        number, length = unpack_from(self._order + "2I", item, 4)
        if length > len(self._data):
            raise ValueError("an item longer than the file")
        parts = []
        while length:
            start = self._page(number)
            number, _, used, _, kind = self._unpack("I2H2B", start + 16)
            if kind != _OVERFLOW or not 0 < used <= min(length, self._size - _HEAD):
                raise ValueError("an item continues on a page of another kind")
            parts.append(self._data[start + _HEAD : start + _HEAD + used])
            length -= used
        return b"".join(parts)


def _byte_order(data: Content) -> str:
    if len(data) < 512:
        raise ValueError("not a Berkeley DB file")
    for order in "<", ">":
        (magic,) = unpack_from(f"{order}I", data, 12)
        if magic == _HASH:
            return order
        if magic in _METHODS:
            raise ValueError(f"a Berkeley DB file of the {_METHODS[magic]} method")
    raise ValueError("not a Berkeley DB file")
