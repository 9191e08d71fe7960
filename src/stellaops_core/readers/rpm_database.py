"""rpm's databases: the header of each installed package.

Comes in: the bytes of `rpmdb.sqlite` with its log, of `Packages.db` or of `Packages`. Goes out: headers for
`read_header`. What kind a file is, its first bytes say, not its name.

Source: rpm, lib/backend/{sqlite,ndb/glue,bdb_ro}.c.
"""

from collections.abc import Iterator

from stellaops_core.readers.berkeley import read_pairs
from stellaops_core.readers.content import Content
from stellaops_core.readers.rpm_ndb import read_blobs
from stellaops_core.readers.sqlite import Database
from stellaops_core.readers.sqlite_wal import NO_LOG, Log

_NOT_A_PACKAGE = bytes(4)  # the key under which Berkeley databases keep the last number given


def read_headers(data: Content, log: Log = NO_LOG) -> Iterator[bytes]:
    """Yield headers. Raises `ValueError`: at once for what is no database, after the last if any was damaged."""
    if not data and not log.pages:
        raise ValueError("an empty file")
    if log.pages or data[:6] == b"SQLite":
        return _blobs(Database(data, log))
    if data[:4] == b"RpmP":
        return read_blobs(data)
    return (value for key, value in read_pairs(data) if key != _NOT_A_PACKAGE)


def _blobs(database: Database) -> Iterator[bytes]:
    for record in database.read_table("Packages"):
        yield from (value for value in record if isinstance(value, bytes))
