"""Verifying a fleet: each thing that could be wrong is noticed."""

import sqlite3

import pytest
from pyroaring import BitMap

from core.sbom.fleets import REFS, parts
from stellaops_core.errors import TargetError, TargetNotFound
from stellaops_core.sbom.fleet_check import check_fleet
from stellaops_core.sbom.fleet_store import pack
from stellaops_core.sbom.fleet_writer import FleetWriter

A, B, P = REFS[0], REFS[3], "pkg:npm/a"


@pytest.fixture
def path(tmp_path):
    path = str(tmp_path / "fleet")
    with FleetWriter(path) as writer:
        writer.add([parts(1, [A, B], used=[A], unused=[B]), parts(2, [A, REFS[1]])])
    return path


def test_sound(path, tmp_path):
    """The number of images; a file that isn't there is told so."""
    assert check_fleet(path) == 2
    with pytest.raises(TargetNotFound):
        check_fleet(str(tmp_path / "none"))


def row(column, name, *numbers):
    table = "products" if "@" not in name else "refs"
    return f"UPDATE {table} SET {column} = ? WHERE name = ?", (pack(name, column, BitMap(numbers)), name)


@pytest.mark.parametrize(
    ("statement", "values", "reason"),
    [
        (*row("images", P, 0), "not those of its components"),
        (*row("used", P), "not those of its components"),
        (*row("unused", P, 8), "not those of its components"),
        (*row("used", A, 0, 8), "not those of its components"),
        (*row("used", A, 0, 9), "contradict"),
        (*row("unused", A, 0), "contradict"),
        (*row("images", A, 0, 8, 9), "not there"),
        ("UPDATE refs SET images = x'' WHERE name = ?", (A,), "damaged"),
        ("UPDATE refs SET name = 'pkg:npm/z@1' WHERE name = ?", (A,), "checksum"),
        ("DELETE FROM images WHERE number = ?", (8,), "not there"),
        ("DELETE FROM members WHERE ref = ?", (1,), "by its products"),
        ("INSERT INTO members VALUES (1, ?)", (77,), "not there"),
        ("UPDATE members SET product = 77 WHERE ref = ?", (1,), "by its products"),
        ("DELETE FROM products WHERE name = ?", ("pkg:npm/b",), "by its products"),
        ("DELETE FROM repositories WHERE id = ?", (1,), "repository"),
        ("UPDATE repositories SET next = ? WHERE id = 1", (0,), "taken"),
        ("UPDATE repositories SET next = ? WHERE id = 1", (9,), "repository"),
        ("UPDATE repositories SET next = 0, past = ?", (0,), "never given"),
        ("UPDATE repositories SET members = x'' WHERE id = ?", (1,), "taken out again"),
    ],
)
def test_lies(path, statement, values, reason):
    """One thing changed, and only the check would notice."""
    with sqlite3.connect(path) as connection:
        assert connection.execute(statement, values).rowcount
    connection.close()
    with pytest.raises(TargetError, match=reason):
        check_fleet(path)
