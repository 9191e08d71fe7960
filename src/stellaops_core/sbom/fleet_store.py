"""The file of a fleet index: SQLite tables whose rows hold bitmaps of image numbers.

Comes in: a path. Goes out: a connection to a file that is what it should be, and rows as records. The rules: SQLite's
errors become ours here; a file with other tables than ours is refused; each bitmap carries a checksum that is bound to
its row and column, since SQLite has none for its pages. Changes are transactions in a write-ahead log: after kill -9
the file holds all of one or none of it, and readers see the state before until it is there.
"""

import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import quote

from stellaops_core.errors import CorruptIndex, OutputError, TargetNotFound
from stellaops_core.sbom.bitmaps import read_bitmap, write_bitmap

if TYPE_CHECKING:
    from pyroaring import BitMap

APPLICATION = 0x424F4D58
"""SQLite's application id of these files: `BOMX`."""
VERSION = 1
"""SQLite's user version: raised when the tables change. Another one is refused."""
ROW_LIMIT = 64 << 20
"""Largest row in bytes; a bitmap of as many images as there can be has 512 MiB, one of 64 million images 8."""
WAIT_SECONDS = 30
"""How long to wait for another writer."""

TABLES = {
    "images": """CREATE TABLE images (number INTEGER PRIMARY KEY, image NOT NULL UNIQUE, repository INTEGER NOT NULL,
 tag TEXT NOT NULL, platform TEXT NOT NULL, created TEXT NOT NULL, sha256 BLOB NOT NULL, usage INTEGER NOT NULL)""",
    "repositories": """CREATE TABLE repositories (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
 next INTEGER NOT NULL, past INTEGER NOT NULL, given INTEGER NOT NULL, members BLOB NOT NULL)""",
    "refs": """CREATE TABLE refs (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
 images BLOB NOT NULL, used BLOB, unused BLOB)""",
    "products": """CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
 images BLOB NOT NULL, used BLOB, unused BLOB)""",
    "members": """CREATE TABLE members (product INTEGER NOT NULL, ref INTEGER NOT NULL, PRIMARY KEY (product, ref))
 WITHOUT ROWID""",
}
"""`images.image` is the 32 bytes of a SHA-256 digest, else text; `tag` is what follows the repository in its name.
`repositories.next` and `past` bound the numbers that its next images get; `members` holds the ids of all `refs` that
any of its images ever had."""

COLUMNS = ("images", "used", "unused")
"""Of `refs` and `products`: images that have it, that surely use it, where nothing leads to it."""
Columns = tuple[bytes | None, ...]

_OF_THE_PLACE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)
"""SQLite's result codes that are no fault of the file."""


def damaged(reason: str) -> NoReturn:
    """Refuse a file that contradicts itself."""
    raise CorruptIndex(f"not a fleet index, or a damaged one: {reason}", hint="build it again: stella index add")


@contextmanager
def our_errors(path: str) -> Iterator[None]:
    """Turn what SQLite raises into errors of `errors.py`."""
    try:
        yield
    except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_CANTOPEN:
            raise TargetNotFound(f"cannot open {path}") from None
        if code in _OF_THE_PLACE:
            raise OutputError(f"cannot use {path}: {error}") from None
        damaged(str(error))


def connect(path: str, *, write: bool = False) -> sqlite3.Connection:
    """Open a file; with `write`, make it where there is none. Raises `CorruptIndex` or `TargetNotFound`."""
    with our_errors(path):
        if write:
            return _prepare(_open(path, "rwc"))
        try:
            connection = _open(path, "rw")  # the last one to close puts the log away, and must be able to
        except sqlite3.OperationalError:  # a place that can't be written to has no room for a log
            if not os.path.isfile(path) or os.path.exists(path + "-wal"):
                raise
            connection = _open(path, "ro&immutable=1")
        connection.execute("PRAGMA query_only = ON")
        return _check(connection)


def key_of(image: str) -> bytes | str:
    """Return what stands in `images.image`."""
    try:
        raw = bytes.fromhex(image.removeprefix("sha256:")) if image.startswith("sha256:") else b""
    except ValueError:
        raw = b""
    return raw if len(raw) == 32 else image


def image_of(key: bytes | str) -> str:
    """Give back what `key_of` was given."""
    return "sha256:" + key.hex() if isinstance(key, bytes) else str(key)


def pack(name: str, column: str, numbers: "BitMap") -> bytes | None:
    """Make a bitmap's bytes for a row and column; None for an empty one."""
    if not numbers:
        return None
    data = write_bitmap(numbers)
    return _checksum(name, column, data).to_bytes(4, "little") + data


def unpack(name: str, column: str, data: bytes | None) -> "BitMap":
    """Read a bitmap. Raises `CorruptIndex` where it is not what was packed for that row and column."""
    from pyroaring import BitMap  # noqa: PLC0415  # only who asks a fleet needs it

    if data is None:
        return BitMap()
    try:
        if _checksum(name, column, data[4:]) != int.from_bytes(data[:4], "little"):
            damaged("a bitmap does not have its checksum")
        return read_bitmap(data[4:])
    except (TypeError, ValueError):
        damaged("a bitmap is not one")


def _checksum(name: str, column: str, data: bytes) -> int:
    return zlib.crc32(data, zlib.crc32(f"{column} {name}".encode()))


def _open(path: str, mode: str) -> sqlite3.Connection:
    place = quote(os.path.abspath(path))
    connection = sqlite3.connect(f"file:{place}?mode={mode}", timeout=WAIT_SECONDS, isolation_level=None, uri=True)
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, ROW_LIMIT)
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Refuse a file with other tables, or with views or triggers."""
    try:
        application, version = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
        )
        if application == APPLICATION and version != VERSION:
            raise CorruptIndex(f"a fleet index of version {version}; this program uses version {VERSION}")
        found = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql NOT NULL"))
        if application != APPLICATION or found != TABLES:
            damaged("it has other tables")
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Make the tables in a new file."""
    try:
        (size,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if not size and connection.execute("PRAGMA application_id").fetchone() == (0,):
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                for statement in TABLES.values():
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {APPLICATION}")
                connection.execute(f"PRAGMA user_version = {VERSION}")
            connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return _check(connection)
