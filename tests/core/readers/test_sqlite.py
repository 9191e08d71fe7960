"""SQLite: SQLite itself says what a table holds."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpm_files import sqlite
from stellaops_core.readers.sqlite import Database

PAGE_SIZES = st.sampled_from([512, 1024, 4096, 65536])


def blobs(data):
    return [record[1] for record in Database(data).read_table("Packages")]


@pytest.mark.property
@given(st.lists(st.integers(0, 9000), max_size=40), PAGE_SIZES)
def test_every_length(lengths, page_size):
    """Records of any length come back in order, whether they fit a page or flow over."""
    made = [bytes([number % 256]) * length for number, length in enumerate(lengths)]
    assert blobs(sqlite(made, page_size=page_size)) == made


@pytest.mark.property
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 3000)), max_size=80), PAGE_SIZES)
def test_what_was_deleted_is_gone(steps, page_size):
    """Replaced and deleted rows, and pages set free, are not read."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"PRAGMA page_size = {page_size}")
        connection.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB)")
        for key, length in steps:
            if length % 3:
                connection.execute("REPLACE INTO Packages VALUES (?, ?)", (key, bytes(length)))
            else:
                connection.execute("DELETE FROM Packages WHERE hnum = ?", (key,))
        connection.commit()
        wanted = [row[0] for row in connection.execute("SELECT blob FROM Packages ORDER BY hnum")]
        data = connection.serialize()
    assert blobs(data) == wanted


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le", "UTF-16be"])
def test_values(encoding):
    """Integers of all widths, texts in each encoding, blobs and NULL; real numbers are passed over."""
    values = [0, 1, -1, 127, -129, 40000, -(2**23), 2**31 - 1, -(2**47), 2**62, "", "ä€", b"", b"\0\xff", None]
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"PRAGMA encoding = '{encoding}'")
        connection.execute("CREATE TABLE x (a, b)")
        connection.executemany("INSERT INTO x VALUES (?, ?)", [(value, 2.5) for value in values])
        connection.commit()
        data = connection.serialize()
    assert list(Database(data).read_table("x")) == [(value, None) for value in values]


def test_many_tables():
    """The right one is found in a schema of many pages; a view of its name is not the table."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for number in range(500):
            connection.execute(f"CREATE TABLE t{number} (a)")
            connection.execute(f"INSERT INTO t{number} VALUES ({number})")
        connection.execute("CREATE VIEW v AS SELECT 1")
        connection.commit()
        data = connection.serialize()
    assert list(Database(data).read_table("t321")) == [(321,)]
    with pytest.raises(ValueError, match="without a table v"):
        list(Database(data).read_table("v"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a SQLite database"),
        (b"SQLite format 3\0", "not a SQLite database"),
        (b"SQLite format 3\0" + b"\1\1" + bytes(100), "pages of 257 bytes"),
        (b"SQLite format 3\0" + b"\0\0" + bytes(100), "pages of 0 bytes"),
    ],
)
def test_what_is_none(data, reason):
    """Other files and impossible page sizes are refused."""
    with pytest.raises(ValueError, match=reason):
        Database(data)


def test_damage_hides_nothing_else():
    """One overwritten leaf costs its records; all others are read before the error."""
    made = [bytes([number]) * 1500 for number in range(200)]
    data = bytearray(sqlite(made))
    page = max(at for at in range(4096, len(data), 4096) if data[at] == 13)
    data[page] = 99
    found = []
    with pytest.raises(ValueError, match="1 pages or records of the SQLite database are damaged, first: page"):  # noqa: PT012
        for record in Database(bytes(data)).read_table("Packages"):
            found.append(record[1])  # noqa: PERF401
    assert 190 < len(found) < 200
    assert set(found) < set(made)


def test_a_loop_ends():
    """A tree whose inner page leads back to itself is told of."""
    data = bytearray(sqlite([bytes(1500)] * 50))
    root = next(at for at in range(4096, len(data), 4096) if data[at] == 5)
    data[root + 8 : root + 12] = (root // 4096 + 1).to_bytes(4, "big")
    with pytest.raises(ValueError, match="is used twice"):
        list(Database(bytes(data)).read_table("Packages"))


def test_records_have_no_more_bytes_than_the_file():
    """A leaf whose thousand cells are all one and the same record can't make a small file large."""
    data = bytearray(sqlite([bytes(3000)]))
    leaf = next(at for at in range(4096, len(data), 4096) if data[at] == 13)
    cell = data[leaf + 8 : leaf + 10]
    count = 500
    data[leaf + 3 : leaf + 5] = count.to_bytes(2, "big")
    data[leaf + 8 : leaf + 8 + 2 * count] = cell * count
    found = []
    with pytest.raises(ValueError, match="records of more bytes than the database has"):  # noqa: PT012
        for record in Database(bytes(data)).read_table("Packages"):
            found.append(record[1])  # noqa: PERF401
    assert sum(map(len, found)) <= len(data)


@pytest.mark.property
@given(st.data())
def test_anything(data):
    """Whatever bytes are changed: records, or a ValueError, and nothing else."""
    content = bytearray(sqlite([bytes(length) for length in (10, 700, 6000)], page_size=512))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = [value for record in Database(bytes(content)).read_table("Packages") for value in record]
    except ValueError:
        return
    assert sum(len(value) for value in found if isinstance(value, bytes)) <= len(content)
