"""What sort keys are made of: numbers and words as bytes that compare as they do.

Comes in: parts of versions, of at most `scheme.VERSION_LIMIT` characters. Goes out: bytes, none of which begins another
of its kind, so that parts can follow one another. Numbers are of any size, and never become integers: the length comes
first, then the digits.
"""

_LENGTHS = [bytes([count]) for count in range(255)] + [b"\xff" + count.to_bytes(2, "big") for count in range(255, 2048)]
_SMALL = {str(value): _LENGTHS[len(str(value))] + str(value).encode() for value in range(1, 100)} | {
    "0": b"\0",
    "": b"\0",
}


def number(digits: str) -> bytes:
    """Write a decimal number (ASCII digits, leading zeros allowed; none at all is 0)."""
    if (known := _SMALL.get(digits)) is not None:
        return known
    digits = digits.lstrip("0")
    return _LENGTHS[len(digits)] + digits.encode("ascii")


def word(text: str) -> bytes:
    """Write text that is ordered by code points, the shorter first; it must hold no NUL."""
    return text.encode("utf-8", "surrogatepass") + b"\0"


def count(amount: int) -> bytes:
    """Write a number of things."""
    return amount.to_bytes(2, "big")


def padded(parts: list[tuple[int, bytes]]) -> bytes:
    """Write a list whose end is as good as zeros without end.

    `parts`: (sign, bytes) of each element; sign is that of its comparison with zero, and bytes (unused for zeros) sort
    elements of one sign. Zeros are counted: before something smaller more of them are more, before something larger
    less.
    """
    key, zeros = b"", 0
    for sign, data in parts:
        if not sign:
            zeros += 1
            continue
        key += b"\1" + count(zeros) + data if sign < 0 else b"\3" + count(0xFFFF - zeros) + data
        zeros = 0
    return key + b"\2"
