"""Sorted texts, packed so that one of them is found without unpacking the others.

Comes in: sorted, distinct texts; or the bytes of such a table and their number. Goes out: the bytes; or the text with a
number, and the number of a text. Texts stand in blocks of 16. The first of a block is whole, the others say how many
bytes they share with the one before (front coding), and a list of offsets leads to the blocks: a search halves the
blocks, then reads one. Nothing is longer than 16 times what the file holds of it.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from struct import Struct as Layout

from stellaops_core.sbom.index_format import corrupt

BLOCK = 16
_OFFSET = Layout("<I")


def write_texts(texts: Sequence[bytes]) -> bytes:
    """Pack texts, which are sorted and distinct."""
    offsets, strings, last = bytearray(), bytearray(), b""
    for number, text in enumerate(texts):
        if number % BLOCK == 0:
            offsets += _OFFSET.pack(len(strings))
            strings += _varint(len(text)) + text
        else:
            shared = _shared(last, text)
            strings += _varint(shared) + _varint(len(text) - shared) + text[shared:]
        last = text
    return bytes(offsets + strings)


def _shared(one: bytes, other: bytes) -> int:
    """How many bytes they begin with together."""
    for at, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return at
    return min(len(one), len(other))


def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; all but the last byte have the eighth set (LEB128)."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


class Texts:
    """A table of texts over its bytes. What it says is checked as far as it is looked at, and whole by `check`."""

    def __init__(self, data: memoryview, count: int) -> None:
        self._count = count
        self._blocks = -(-count // BLOCK)
        if len(data) < self._blocks * _OFFSET.size:
            corrupt("a table of texts is cut short")
        self._offsets = data[: self._blocks * _OFFSET.size]
        self._strings = data[self._blocks * _OFFSET.size :]

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> str:
        if not 0 <= number < self._count:
            raise IndexError(number)
        return _decoded(self._block(number // BLOCK)[number % BLOCK])

    def __iter__(self) -> Iterator[str]:
        for block in range(self._blocks):
            yield from map(_decoded, self._block(block))

    def find(self, text: str) -> int | None:
        """Return the number of a text, or None."""
        wanted = text.encode("utf-8", "replace")
        low, high = 0, self._blocks
        while low < high:
            middle = (low + high) // 2
            if self._first(middle) <= wanted:
                low = middle + 1
            else:
                high = middle
        if not low:
            return None
        block = self._block(low - 1)
        return (low - 1) * BLOCK + block.index(wanted) if wanted in block else None

    def check(self) -> None:
        """Hold the whole table against the format: order, offsets, one way to write each text."""
        again: list[bytes] = []
        for block in range(self._blocks):
            again += self._block(block)
        if any(one >= other for one, other in pairwise(again)):
            corrupt("a table of texts is not in order")
        if write_texts(again) != b"".join((self._offsets, self._strings)):
            corrupt("a table of texts is not written as it should be")
        for text in again:
            _decoded(text)

    def _first(self, block: int) -> bytes:
        return self._take(*self._length(self._start(block)))[0]

    def _block(self, block: int) -> list[bytes]:
        """Unpack one block."""
        text, at = self._take(*self._length(self._start(block)))
        texts = [text]
        for _ in range(min(BLOCK, self._count - block * BLOCK) - 1):
            shared, at = self._length(at)
            if shared > len(text):
                corrupt("a text shares more than there is")
            rest, at = self._take(*self._length(at))
            text = text[:shared] + rest
            texts.append(text)
        return texts

    def _start(self, block: int) -> int:
        return int(_OFFSET.unpack_from(self._offsets, block * _OFFSET.size)[0])

    def _take(self, length: int, at: int) -> tuple[bytes, int]:
        if at + length > len(self._strings):
            corrupt("a text leads out of its table")
        return bytes(self._strings[at : at + length]), at + length

    def _length(self, at: int) -> tuple[int, int]:
        """Read a length of at most five bytes; return it and where it ends."""
        number = 0
        for shift, byte in enumerate(self._strings[at : at + 5]):
            number |= (byte & 0x7F) << 7 * shift
            if byte < 0x80:
                return number, at + shift + 1
        return corrupt("a length leads out of its table")


def _decoded(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        corrupt("a text is not UTF-8")
