"""The wire format of Protocol Buffers.

Comes in: numbers, text and bytes with their field numbers; or the bytes of a message. Goes out: bytes; or fields one by
one. Whatever isn't a message is a `ValueError`. Groups, long deprecated, are not read.

Source: Protocol Buffers documentation, "Encoding".
"""

from collections.abc import Iterator
from struct import pack, unpack_from

VARINT = 0
FIXED64 = 1
LENGTH = 2
FIXED32 = 5
MAX_FIELD = (1 << 29) - 1
"""Highest field number."""
_SMALL = tuple(bytes([number]) for number in range(128))
_WHOLE = (1 << 64) - 1


def varint(number: int) -> bytes:
    """Write a number as base 128, low groups first; a negative one as its 64-bit two's complement."""
    if 0 <= number < 128:
        return _SMALL[number]
    if 0 <= number < 1 << 14:
        return bytes((number & 127 | 128, number >> 7))
    out = bytearray()
    number &= _WHOLE
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def tag(field: int, wire_type: int) -> bytes:
    """Write what stands before a field's value."""
    return varint(field << 3 | wire_type)


def single(number: float) -> bytes:
    """Write a `float`."""
    return pack("<f", number)


def read_single(bits: int) -> float:
    """Read the `float` in 32 bits."""
    value: float = unpack_from("<f", bits.to_bytes(4, "little"))[0]
    return value


def signed(number: int) -> int:
    """Read an `int32` or `int64` from its varint."""
    return number - (1 << 64) if number >> 63 else number


def fields(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield (field, wire type, value, end) of the message in `data[start:end]`.

    Of a length-delimited field, `value` is where it starts in `data` and `end` where it ends; of others `value` is the
    number as it stands, and `end` is 0. Raises `ValueError`.
    """
    while start < end:
        key, start = _varint(data, start, end)
        field, wire_type = key >> 3, key & 7
        if not 0 < field <= MAX_FIELD:
            raise ValueError("a field has no valid number")
        if wire_type == VARINT:
            value, start = _varint(data, start, end)
            yield field, wire_type, value, 0
            continue
        if wire_type == LENGTH:
            size, start = _varint(data, start, end)
        elif wire_type in {FIXED32, FIXED64}:
            size = 4 if wire_type == FIXED32 else 8
        else:
            raise ValueError("a field has no known wire type")
        if size > end - start:
            raise ValueError("a field ends after its message")
        if wire_type == LENGTH:
            yield field, wire_type, start, start + size
        else:
            yield field, wire_type, int.from_bytes(data[start : start + size], "little"), 0
        start += size


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    number = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number & _WHOLE, at
        shift += 7
    raise ValueError("a number does not end")
