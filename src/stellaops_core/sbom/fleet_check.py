"""Holding a fleet index against itself: `stella index verify`.

Comes in: the path of a fleet's file. Goes out: nothing, or the error of the first thing that does not hold. All of it
is read, so this takes long where questions don't.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing

from pyroaring import BitMap

from stellaops_core.sbom.fleet_store import COLUMNS, connect, damaged, our_errors, unpack
from stellaops_core.sbom.products import products_of


def check_fleet(path: str) -> int:
    """Go through everything; return the number of images. Raises `TargetError` at the first thing that is wrong."""
    with our_errors(path), closing(connect(path)) as connection:
        connection.execute("BEGIN")
        if connection.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
            damaged("SQLite finds it inconsistent")
        numbers = _check_numbers(connection)
        _check_products(connection, _check_refs(connection, numbers))
        return sum(map(len, numbers.values()))


class _Sets:
    """The three bitmaps of a row; `possible` is where nothing shows that it is not in use."""

    def __init__(self, name: str, columns: tuple[bytes | None, ...]) -> None:
        self.images, self.used, unused = (unpack(name, *pair) for pair in zip(COLUMNS, columns, strict=True))
        if not self.images or not self.used | unused <= self.images or self.used & unused:
            damaged("a row's bitmaps contradict one another")
        self.possible = self.images - unused


def _rows(connection: sqlite3.Connection, table: str) -> Iterator[tuple[int, str, _Sets]]:
    for identity, name, *columns in connection.execute(f"SELECT * FROM {table} ORDER BY id"):  # noqa: S608
        yield identity, name, _Sets(name, tuple(columns))


def _check_numbers(connection: sqlite3.Connection) -> dict[int, BitMap]:
    """Return the numbers of each repository's images."""
    numbers: dict[int, BitMap] = defaultdict(BitMap)
    for number, repository in connection.execute("SELECT number, repository FROM images"):
        numbers[repository].add(number)
    places = {row[0]: row[1:] for row in connection.execute("SELECT id, next, past FROM repositories")}
    last = max((past for _, past in places.values()), default=0)
    if not numbers.keys() <= places.keys() or any(ahead > past for ahead, past in places.values()):
        damaged("an image is in a repository that is not there")
    if any(one.max() >= last for one in numbers.values()):
        damaged("an image has a number that was never given")
    ahead = [BitMap(range(*place)) for place in places.values()]
    if BitMap.union(BitMap(), *ahead) & BitMap.union(BitMap(), *numbers.values()):
        damaged("a number is to be given that is taken")
    return numbers


def _check_refs(connection: sqlite3.Connection, numbers: dict[int, BitMap]) -> dict[str, list[_Sets]]:
    """Check components; return them by the products that they should be found by."""
    holders: dict[int, list[BitMap]] = defaultdict(list)
    for identity, name, data in connection.execute("SELECT id, name, members FROM repositories"):
        for ref in unpack(name, "members", data or None):
            holders[ref].append(numbers.get(identity, BitMap()))
    linked: dict[int, set[str]] = defaultdict(set)
    for ref, product in connection.execute(
        "SELECT members.ref, products.name FROM members LEFT JOIN products ON products.id = members.product"
    ):
        linked[ref].add(product)
    expected: dict[str, list[_Sets]] = defaultdict(list)
    for identity, name, sets in _rows(connection, "refs"):
        if not sets.images <= BitMap.union(BitMap(), *holders[identity]):
            damaged("a component is in an image that is not there, or that could not be taken out again")
        products = products_of(name)
        if linked.pop(identity, set()) != set(products):
            damaged("a component is not found by its products")
        for product in products:
            expected[product].append(sets)
    if linked:
        damaged("a product has components that are not there")
    return expected


def _check_products(connection: sqlite3.Connection, expected: dict[str, list[_Sets]]) -> None:
    for _, name, found in _rows(connection, "products"):
        parts = expected.pop(name, [])
        for column in ("images", "used", "possible"):
            if getattr(found, column) != BitMap.union(BitMap(), *(getattr(part, column) for part in parts)):
                damaged("a product's images are not those of its components")
    if expected:
        damaged("a product is missing")
