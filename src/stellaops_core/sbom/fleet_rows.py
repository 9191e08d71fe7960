"""Rows of a fleet index while they change: read when first touched, written when a transaction ends.

Comes in: an open connection. Goes out: rows with their bitmaps. The rule: within a transaction a row is read and
written once, however many images touch it, unless so many rows are touched that they have to make room.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from pyroaring import BitMap

from stellaops_core.sbom.fleet_store import COLUMNS, damaged, pack, unpack
from stellaops_core.sbom.products import products_of

ROWS_LIMIT = 400_000
"""Rows that are held before they are written."""
GROWTH_LIMIT = 10_000_000
"""Numbers that are put into rows before they are written."""


class Row:
    """A component or a product, and the images that have it."""

    __slots__ = ("id", "images", "name", "products", "unused", "used")

    def __init__(self, identity: int, name: str, bitmaps: tuple[BitMap, BitMap, BitMap]) -> None:
        self.id, self.name = identity, name
        self.images, self.used, self.unused = bitmaps
        self.products: tuple[Row, ...] = ()
        """Of a component."""

    def discard(self, number: int) -> None:
        """Take an image out."""
        self.images.discard(number)
        self.used.discard(number)
        self.unused.discard(number)


class Rows:
    """The rows that a transaction has touched."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._refs: dict[str, Row] = {}
        self._by_id: dict[int, Row | None] = {}
        self._products: dict[str, Row] = {}
        self._growth = 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all that is done inside, or nothing of it."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._write()
            self._connection.execute("COMMIT")
        except BaseException:
            self._forget()
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def relieve(self, added: int) -> None:
        """Write and forget rows when they are too many, or have grown too much: written, bitmaps are packed anew."""
        self._growth += added
        if len(self._refs) + len(self._products) > ROWS_LIMIT or self._growth > GROWTH_LIMIT:
            self._write()

    def ref(self, name: str) -> Row:
        """Return the row of a component; a new one where there is none."""
        row = self._refs.get(name)
        if row is None:
            row = self._row("refs", name)
            row.products = tuple(self._product(product) for product in products_of(name))
            if not row.images:
                members = ((product.id, row.id) for product in row.products)
                self._connection.executemany("INSERT INTO members VALUES (?, ?)", members)
            self._refs[name] = self._by_id[row.id] = row
        return row

    def ref_by_id(self, identity: int) -> Row | None:
        """Return the row of the component with that id, if there is one."""
        if identity not in self._by_id:
            found = self._connection.execute("SELECT name FROM refs WHERE id = ?", (identity,)).fetchone()
            self._by_id[identity] = self.ref(found[0]) if found else None
        return self._by_id[identity]

    def _product(self, name: str) -> Row:
        row = self._products.get(name)
        if row is None:
            row = self._products[name] = self._row("products", name)
        return row

    def _row(self, table: str, name: str) -> Row:
        found = self._connection.execute(f"SELECT * FROM {table} WHERE name = ?", (name,)).fetchone()  # noqa: S608
        if found is None:
            made = self._connection.execute(f"INSERT INTO {table} VALUES (NULL, ?, x'', NULL, NULL)", (name,))  # noqa: S608
            return Row(int(made.lastrowid or 0), name, (BitMap(), BitMap(), BitMap()))
        identity, _, *columns = found
        images, used, unused = (
            unpack(name, column, data or None) for column, data in zip(COLUMNS, columns, strict=True)
        )
        if not images:
            damaged("a row without images")
        return Row(identity, name, (images, used, unused))

    def _write(self) -> None:
        gone = [(product.id, ref.id) for ref in self._refs.values() if not ref.images for product in ref.products]
        self._connection.executemany("DELETE FROM members WHERE product = ? AND ref = ?", gone)
        for table, rows in (("refs", self._refs), ("products", self._products)):
            update = f"UPDATE {table} SET images = ?, used = ?, unused = ? WHERE id = ?"  # noqa: S608
            self._connection.executemany(update, (_packed(row) for row in rows.values() if row.images))
            delete = f"DELETE FROM {table} WHERE id = ?"  # noqa: S608
            self._connection.executemany(delete, [(row.id,) for row in rows.values() if not row.images])
        self._forget()

    def _forget(self) -> None:
        self._refs.clear()
        self._by_id.clear()
        self._products.clear()
        self._growth = 0


def _packed(row: Row) -> tuple[bytes | None, bytes | None, bytes | None, int]:
    images, used, unused = (
        pack(row.name, column, numbers)
        for column, numbers in zip(COLUMNS, (row.images, row.used, row.unused), strict=True)
    )
    return images, used, unused, row.id
