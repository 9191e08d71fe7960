"""rpm headers: tagged values of one package.

Comes in: a header as databases hold it: two counts, an index, a store. Goes out: {tag: value} of the tags asked for.
The rules: no value reaches into the next one; of a repeated tag the last counts, for what is set at installation
stands behind what was signed.

Source: rpm, docs/manual/format_header.md and lib/header.c.
"""

from bisect import bisect_right
from collections.abc import Container
from struct import iter_unpack, unpack_from

INDEX_LIMIT = 65_535
"""Entries of a header; rpm's own bound."""

Value = str | bytes | tuple[str, ...] | tuple[int, ...]

_INTEGERS = {1: ("B", 1), 2: ("B", 1), 3: ("H", 2), 4: ("I", 4), 5: ("Q", 8)}
_STRING, _BINARY, _STRINGS, _TRANSLATED = 6, 7, 8, 9


def read_header(blob: bytes, tags: Container[int]) -> dict[int, Value]:
    """Return the values of `tags`: text, bytes, or a tuple of texts or unsigned numbers. Raises `ValueError`."""
    if len(blob) < 8:
        raise ValueError("a header of less than 8 bytes")
    count, size = unpack_from(">2I", blob)
    start = 8 + 16 * count
    if not 0 < count <= INDEX_LIMIT or start + size > len(blob):
        raise ValueError("a header that is cut off, or none")
    index = list(iter_unpack(">4I", blob[8:start]))
    places = sorted({place for _, _, place, _ in index} | {size})
    store = blob[start : start + size]
    values: dict[int, Value] = {}
    for tag, kind, place, number in index:
        if tag in tags:
            if place >= size:
                raise ValueError(f"tag {tag} lies outside of its header")
            values[tag] = _read_value(store[place : places[bisect_right(places, place)]], tag, kind, number)
    return values


def _read_value(raw: bytes, tag: int, kind: int, count: int) -> Value:
    """Read one value from the bytes up to where the next one begins."""
    if kind == _STRING:
        return decode(raw.partition(b"\0")[0])
    if kind in {_STRINGS, _TRANSLATED}:
        texts = raw.split(b"\0")
        if len(texts) <= count:  # each ends with a NUL, so that one empty piece is left over
            raise ValueError(f"tag {tag} has fewer texts than it says")
        return tuple(map(decode, texts[:count]))
    form, width = _INTEGERS.get(kind, ("", 1))
    if not form and kind != _BINARY:
        raise ValueError(f"tag {tag} is of unknown type {kind}")
    if count * width > len(raw):
        raise ValueError(f"tag {tag} is cut off")
    return unpack_from(f">{count}{form}", raw) if form else raw[:count]


def decode(raw: bytes) -> str:
    """Return text: UTF-8, or Latin-1, which old packages use."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
