"""rpm's databases: which kind it is, first bytes say."""

import pytest

from rpm_files import berkeley, ndb, sqlite, write_ahead
from stellaops_core.readers.rpm_database import read_headers
from stellaops_core.readers.sqlite_wal import read_log

HEADERS = [b"one" * 5000, b"two", b"three" * 10]


@pytest.mark.parametrize("write", [sqlite, ndb, berkeley, lambda headers: berkeley(headers, order=">", version=8)])
def test_each_kind(write):
    """All kinds give the same headers, and never the number that Berkeley databases keep beside them."""
    assert sorted(read_headers(write(HEADERS))) == sorted(HEADERS)
    assert list(read_headers(write([]))) == []


def test_a_log():
    """A log counts, the more so where the database's own file is still empty."""
    data, log = write_ahead([], HEADERS)
    assert list(read_headers(data, read_log(log))) == HEADERS
    assert list(read_headers(b"", read_log(log))) == HEADERS


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "an empty file"), (b"RpmP", "not an NDB"), (b"SQLite", "not a SQLite"), (b"PK", "not a Berkeley")],
)
def test_what_is_none(data, reason):
    """Each kind says what it is not."""
    with pytest.raises(ValueError, match=reason):
        list(read_headers(data))
