"""Raw blocks of tars, for what no writer of tars would write."""

END = bytes(1024)
"""The mark at the end."""


def header(
    name: bytes, size: bytes = b"0", kind: bytes = b"0", *, magic: bytes = b"ustar\x0000", **fields: bytes
) -> bytes:
    """A raw header whose checksum holds."""
    block = bytearray(512)
    block[:100] = name.ljust(100, b"\0")[:100]
    block[124:136] = size.rjust(11, b"0") + b"\0" if len(size) < 12 else size
    block[156:157] = kind
    block[257:265] = magic
    for key, value in fields.items():
        start = int(key[1:])
        block[start : start + len(value)] = value
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def pax(**records: str) -> bytes:
    """A pax header with these records; `__` in a name stands for a dot."""
    data = b""
    for key, value in records.items():
        body = f" {key.replace('__', '.')}={value}\n".encode()
        length = len(body) + 1
        while len(str(length)) + len(body) != length:
            length = len(str(length)) + len(body)
        data += str(length).encode() + body
    return header(b"pax", b"%o" % len(data), b"x") + data.ljust(-(-len(data) // 512) * 512, b"\0")
