"""Who made an OpenPGP signature.

Comes in: the packets of a detached signature. Goes out: key ids. Nothing is verified here: the ids say which key a
signature names, not that it holds.

Source: RFC 9580, 4.2 "Packet Headers", 5.2 "Signature Packet", 5.2.3.35 "Issuer Fingerprint".
"""

from collections.abc import Iterator

PACKET_LIMIT = 64
"""Packets of one signature that are looked at."""

_SIGNATURE = 2
_ISSUER, _FINGERPRINT = 16, 33


def read_key_ids(data: bytes) -> tuple[str, ...]:
    """Return the key ids that signatures name, each 16 hexadecimal digits, once; what is damaged names none."""
    found: dict[str, None] = {}
    try:
        for body in _signatures(data):
            if key := _key_id(body):
                found[key.hex()] = None
    except IndexError:
        pass
    return tuple(found)


def _signatures(data: bytes) -> Iterator[bytes]:
    at = 0
    for _ in range(PACKET_LIMIT):
        if at >= len(data) or not data[at] & 0x80:
            return
        head = data[at]
        if head & 0x40:
            tag = head & 0x3F
            length, at = _length(data, at + 1)
        else:
            tag, width = head >> 2 & 0x0F, (1, 2, 4, 0)[head & 3]
            length = int.from_bytes(data[at + 1 : at + 1 + width], "big") if width else len(data)
            at += 1 + width
        if tag == _SIGNATURE:
            yield data[at : at + length]
        at += length


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Return a length as new packets and subpackets have it, and where it ends."""
    first = data[at]
    if first < 192:
        return first, at + 1
    if first < 255:
        return (first - 192 << 8) + data[at + 1] + 192, at + 2
    return int.from_bytes(data[at + 1 : at + 5], "big"), at + 5


def _key_id(body: bytes) -> bytes:
    version = body[0]
    if version == 3:
        return body[7:15]
    if version not in {4, 6}:
        return b""
    width = 4 if version == 6 else 2
    at = 4
    keys: dict[int, bytes] = {}
    for _ in ("hashed", "not hashed"):
        end = at + width + int.from_bytes(body[at : at + width], "big")
        keys |= _issuers(body[at + width : end])
        at = end
    return keys.get(_FINGERPRINT) or keys.get(_ISSUER, b"")


def _issuers(area: bytes) -> dict[int, bytes]:
    """Return the key ids that subpackets name, by the kind of subpacket."""
    keys = {}
    at = 0
    while at < len(area):
        length, at = _length(area, at)
        body = area[at : at + length]
        at += max(length, 1)
        kind = body[0] & 0x7F if body else 0
        if kind == _ISSUER and len(body) == 9:
            keys[kind] = body[1:]
        elif kind == _FINGERPRINT and len(body) > 21:
            keys[kind] = body[-8:] if body[1] == 4 else body[2:10]
    return keys
