"""Write-ahead logs: SQLite itself says what is committed."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpm_files import write_ahead
from stellaops_core.readers.sqlite import Database
from stellaops_core.readers.sqlite_wal import LOG_LIMIT, NO_LOG, read_log

SOME = [bytes([number]) * length for number, length in enumerate((5, 5000, 300))]
MORE = [bytes([number]) * length for number, length in enumerate((9000, 1, 4000), 10)]


def ours(data, log):
    return [record[1] for record in Database(data, read_log(log)).read_table("Packages")]


def theirs(data, log, folder):
    """What SQLite reads from copies of the files."""
    (folder / "x").write_bytes(data)
    (folder / "x-wal").write_bytes(log)
    with closing(sqlite3.connect(folder / "x")) as connection:
        return [row[0] for row in connection.execute("SELECT blob FROM Packages ORDER BY hnum")]


@pytest.mark.parametrize("page_size", [512, 4096, 65536])
@pytest.mark.parametrize("before", [[], SOME])
def test_committed(before, page_size):
    """What only the log holds is read, that of a database whose file holds nothing yet as well."""
    data, log = write_ahead(before, MORE, page_size=page_size)
    assert ours(data, log) == before + MORE


def test_without_its_log():
    """Without its log, the database is what it was."""
    data, log = write_ahead(SOME, MORE)
    assert ours(data, b"") == SOME
    assert len(log) > 4096


@settings(max_examples=40)
@given(st.data())
@pytest.mark.property
def test_recovery(tmp_path_factory, data):
    """Of a log that is cut off or damaged anywhere behind its head, as much counts as SQLite recovers."""
    database, log = write_ahead(SOME, MORE, page_size=512)
    changed = bytearray(log[: data.draw(st.integers(0, len(log)))])
    if len(changed) > 40:
        changed[data.draw(st.integers(0, len(changed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert ours(database, bytes(changed)) == theirs(database, bytes(changed), tmp_path_factory.mktemp("db"))


@pytest.mark.parametrize("log", [b"", bytes(32), b"\x37\x7f\x06\x82" + bytes(60)])
def test_nothing_logged(log):
    """An empty log and one without a valid head say nothing."""
    assert read_log(log) == NO_LOG


def test_both_orders_of_checksums():
    """A log that a big-endian machine wrote has the other magic number, and sums of big-endian words."""
    _, log = write_ahead([], SOME)
    swapped = bytearray(log)
    swapped[3] ^= 1
    one = two = 0
    for at in range(0, 24, 8):
        one = (one + int.from_bytes(swapped[at : at + 4], "big") + two) & 0xFFFFFFFF
        two = (two + int.from_bytes(swapped[at + 4 : at + 8], "big") + one) & 0xFFFFFFFF
    swapped[24:32] = one.to_bytes(4, "big") + two.to_bytes(4, "big")
    found = read_log(bytes(swapped))
    assert found.page_size == 4096
    assert found.count == 0, "the frames' sums are those of the other order"


def test_limit():
    """A log beyond the limit is refused rather than summed up."""
    with pytest.raises(ValueError, match="a write-ahead log of more than"):
        read_log(bytes(LOG_LIMIT + 1))


def test_pages_of_another_size():
    """A log of another database is not laid over this one."""
    data, _ = write_ahead(SOME, MORE, page_size=512)
    _, log = write_ahead([], MORE, page_size=4096)
    committed = read_log(log)
    committed.pages.pop(1)
    with pytest.raises(ValueError, match="pages of another size"):
        Database(data, committed)
