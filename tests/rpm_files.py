"""rpm's databases and headers for tests, made of dictionaries.

`package("bash", "5.2", "1", files=["/usr/bin/bash"], requires=["libc"])` gives a header; `sqlite([header, ...])`,
`ndb([...])` and `berkeley([...])` put headers into a database file of each kind, `write_ahead([...])` into a SQLite
database whose log still holds them.
"""

import sqlite3
import struct
import tempfile
import zlib
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

NULL, CHAR, INT8, INT16, INT32, INT64, STRING, BINARY, STRINGS, TRANSLATED = range(10)
_WIDTHS = {CHAR: "B", INT8: "B", INT16: "H", INT32: "I", INT64: "Q"}
_SENSES = {"<": 2, ">": 4, "=": 8, "<=": 10, ">=": 12}
REGION = 63


def header(
    values: Mapping[int, tuple[int, Any]] | Sequence[tuple[int, tuple[int, Any]]], *, region: bool = True
) -> bytes:
    """Make a header of {tag: (type, value)}, which a region holds as rpm's own do."""
    store = bytearray()
    entries = []
    for tag, (kind, value) in values.items() if isinstance(values, Mapping) else values:
        width = struct.calcsize(_WIDTHS[kind]) if kind in _WIDTHS else 1
        store += bytes(-len(store) % width)
        place = len(store)
        if kind == STRING:
            store += _text(value) + b"\0"
            count = 1
        elif kind in {STRINGS, TRANSLATED}:
            store += b"".join(_text(one) + b"\0" for one in value)
            count = len(value)
        elif kind == BINARY:
            store += value
            count = len(value)
        else:
            store += struct.pack(f">{len(value)}{_WIDTHS[kind]}", *value)
            count = len(value)
        entries.append((tag, kind, place, count))
    if region:
        place = len(store)
        store += struct.pack(">IIiI", REGION, BINARY, -16 * (len(entries) + 1), 16)
        entries.insert(0, (REGION, BINARY, place, 16))
    index = b"".join(struct.pack(">4I", *entry) for entry in entries)
    return struct.pack(">2I", len(entries), len(store)) + index + bytes(store)


def _text(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


def package(
    name: str = "a",
    version: str = "1",
    release: str = "1",
    *,
    epoch: int | None = None,
    arch: str = "x86_64",
    files: Sequence[str] = (),
    states: Sequence[int] = (),
    requires: Sequence[str] = (),
    provides: Sequence[str] = (),
    extra: Mapping[int, tuple[int, Any]] | None = None,
    **texts: str,
) -> bytes:
    """Make a package's header; `texts`: license, vendor, url, sourcerpm, modularitylabel."""
    values: dict[int, tuple[int, Any]] = {1000: (STRING, name), 1001: (STRING, version), 1002: (STRING, release)}
    if epoch is not None:
        values[1003] = (INT32, [epoch])
    tags = {"vendor": 1011, "license": 1014, "url": 1020, "sourcerpm": 1044, "modularitylabel": 5096}
    values |= {tags[key]: (STRING, value) for key, value in texts.items()}
    if arch:
        values[1022] = (STRING, arch)
    if files:
        folders = sorted({file.rpartition("/")[0] + "/" for file in files})
        values[1116] = (INT32, [folders.index(file.rpartition("/")[0] + "/") for file in files])
        values[1117] = (STRINGS, [file.rpartition("/")[2] for file in files])
        values[1118] = (STRINGS, folders)
    if states:
        values[1029] = (CHAR, states)
    for texts_, (named, senses, versions) in ((requires, (1049, 1048, 1050)), (provides, (1047, 1112, 1113))):
        if texts_:
            parts = [text.split(" ") if text.count(" ") == 2 else [text, "", ""] for text in texts_]
            values[named] = (STRINGS, [part[0] for part in parts])
            values[senses] = (INT32, [_SENSES.get(part[1], 0) for part in parts])
            values[versions] = (STRINGS, [part[2] for part in parts])
    return header(values | dict(extra or {}))


# -- databases -------------------------------------------------------------------------------------------------------


def sqlite(headers: Sequence[bytes], *, page_size: int = 4096) -> bytes:
    """Make an `rpmdb.sqlite`."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"PRAGMA page_size = {page_size}")
        _fill(connection, headers)
        return connection.serialize()


def _fill(connection: sqlite3.Connection, headers: Sequence[bytes]) -> None:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)"
    )
    connection.executemany("INSERT INTO Packages (blob) VALUES (?)", [(header,) for header in headers])
    connection.commit()


def write_ahead(before: Sequence[bytes], after: Sequence[bytes], *, page_size: int = 4096) -> tuple[bytes, bytes]:
    """Make a database of `before`, and a log that adds `after`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rpmdb.sqlite"
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA page_size = {page_size}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            if before:
                _fill(connection, before)
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            _fill(connection, after)
            return path.read_bytes(), Path(f"{path}-wal").read_bytes()


def ndb(headers: Sequence[bytes]) -> bytes:
    """Make a `Packages.db`."""
    slots, frames = b"", b""
    for number, one in enumerate(headers, 1):
        count = -(-(len(one) + 28) // 16)
        slots += struct.pack("<4s3I", b"Slot", number, 256 + len(frames) // 16, count)
        frame = struct.pack("<4s3I", b"BlbS", number, 1, len(one)) + one
        frame += bytes(count * 16 - 12 - len(frame))
        frames += frame + struct.pack("<2I4s", zlib.adler32(frame), len(one), b"BlbE")
    head = struct.pack("<4s4I", b"RpmP", 0, 1, 1, len(headers) + 1).ljust(32, b"\0") + slots
    while len(head) < 4096:
        head += struct.pack("<4s3I", b"Slot", 0, 0, 0)
    assert len(head) == 4096, "builders need no second page of slots"
    return head + frames


def berkeley(
    headers: Sequence[bytes],
    *,
    order: str = "<",
    version: int = 9,
    page_size: int = 4096,
    buckets: int = 4,
    inline: int = 0,
) -> bytes:
    """Make a `Packages`: pairs dealt out to buckets, values of more than `inline` bytes on pages of their own."""
    pairs = [(bytes(4), struct.pack(order + "I", len(headers)))]
    pairs += [(struct.pack(order + "I", number), one) for number, one in enumerate(headers, 1)]
    pages: dict[int, bytes] = {}
    free = 1 + buckets  # bucket b is page b + 1
    for bucket in range(buckets):
        number, items = bucket + 1, []
        for pair in pairs[bucket::buckets]:
            made = []
            for content in pair:
                if len(content) <= max(inline, 4):
                    made.append(b"\1" + content)
                    continue
                made.append(struct.pack(order + "4B2I", 3, 0, 0, 0, free, len(content)))
                for at in range(0, len(content), page_size - 26):
                    piece = content[at : at + page_size - 26]
                    following = free + 1 if at + len(piece) < len(content) else 0
                    head = struct.pack(order + "8x3I2H2B", free, 0, following, 1, len(piece), 0, 7)
                    pages[free] = (head + piece).ljust(page_size, b"\0")
                    free += 1
            if 26 + sum(len(item) + 2 for item in items + made) > page_size:
                pages[number] = _bucket_page(number, free, items, order, page_size)
                number, items, free = free, [], free + 1
            items += made
        pages[number] = _bucket_page(number, 0, items, order, page_size)
    last = max(pages)
    meta = struct.pack(order + "8x4I4B2I", 0, 0x061561, version, page_size, 0, 8, 0, 0, 0, last)
    meta = meta.ljust(72, b"\0") + struct.pack(order + "6I", buckets - 1, 0, 0, 0, len(pairs), 0)
    meta += struct.pack(order + "32I", *([1] * 32))
    return meta.ljust(page_size, b"\0") + b"".join(pages[number] for number in range(1, last + 1))


def _bucket_page(number: int, following: int, items: Sequence[bytes], order: str, page_size: int) -> bytes:
    places, end, tail = [], page_size, b""
    for item in items:
        end -= len(item)
        places.append(end)
        tail = item + tail
    head = struct.pack(order + "8x3I2H2B", number, 0, following, len(items), end % 65536, 0, 13)
    head += struct.pack(f"{order}{len(places)}H", *places)
    return head.ljust(page_size - len(tail), b"\0") + tail


# -- signatures ------------------------------------------------------------------------------------------------------


def signature(key: str, *, version: int = 4, fingerprint: bool = False, old: bool = True) -> bytes:
    """Make an OpenPGP signature packet that names a key."""
    raw = bytes.fromhex(key)
    if version == 3:
        body = b"\x03\x05\x00" + bytes(4) + raw + b"\x01\x08" + bytes(4)
    else:
        wide = ">I" if version == 6 else ">H"
        whole = raw + bytes(24) if version == 6 else bytes(12) + raw
        issuer = bytes([2 + len(whole), 33, version]) + whole if fingerprint else b"\x09\x10" + raw
        created = b"\x05\x02" + bytes(4)
        hashed, unhashed = (created + issuer, b"") if fingerprint else (created, issuer)
        body = bytes([version, 0, 1, 8])
        body += struct.pack(wide, len(hashed)) + hashed + struct.pack(wide, len(unhashed)) + unhashed + bytes(6)
    return (bytes([0x88, len(body)]) if old else bytes([0xC2, len(body)])) + body
