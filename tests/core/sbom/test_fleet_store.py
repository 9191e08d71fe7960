"""The file of a fleet: refused unless it is one, its bitmaps bound to their rows."""

import os
import random
import sqlite3
from pathlib import Path

import pytest
from pyroaring import BitMap

from core.sbom.fleets import REFS, parts
from stellaops_core.errors import StellaError, TargetError
from stellaops_core.sbom.fleet import Wanted, open_fleet
from stellaops_core.sbom.fleet_check import check_fleet
from stellaops_core.sbom.fleet_store import connect, image_of, key_of, pack, unpack
from stellaops_core.sbom.fleet_writer import FleetWriter


@pytest.fixture
def path(tmp_path):
    path = str(tmp_path / "a fleet? #1%.bomx")
    with FleetWriter(path) as writer:
        writer.add(parts(number, REFS[number % 4 :], used=REFS[8:10], unused=REFS[10:11]) for number in range(40))
    return path


def test_one_file_at_rest(path, tmp_path):
    """Whatever its name; no log stays behind after writing and asking."""
    with open_fleet(path) as fleet:
        assert len(fleet.select([Wanted("pkg:npm/a")])) == 30
    assert os.listdir(tmp_path) == [os.path.basename(path)]


def test_a_bitmap_belongs_to_its_row():
    """Bytes of another row or column, damaged or cut ones are refused; an empty set takes none."""
    data = pack("a", "used", BitMap([1, 2]))
    assert list(unpack("a", "used", data)) == [1, 2]
    assert pack("a", "used", BitMap()) is None
    assert list(unpack("a", "used", None)) == []
    for name, column, other in (
        ("b", "used", data),
        ("a", "images", data),
        ("a", "used", data[:-1]),
        ("a", "used", data[:3]),
        ("a", "used", data[:-1] + b"\x07"),
        ("a", "used", b""),
        ("a", "used", "text"),
        ("a", "used", 7),
    ):
        with pytest.raises(TargetError, match="damaged"):
            unpack(name, column, other)


@pytest.mark.parametrize(
    "image", ["sha256:" + "0a" * 32, "sha512:" + "0a" * 64, "sha256:zz", "x", "shop/app:1", "x" * 32]
)
def test_keys_of_images(image):
    """Digests take 32 bytes, and no text is mistaken for one."""
    assert image_of(key_of(image)) == image
    assert isinstance(key_of(image), bytes) == (image == "sha256:" + "0a" * 32)


@pytest.mark.parametrize(
    "statement",
    [
        "PRAGMA application_id = 7",
        "CREATE TABLE more (x)",
        "CREATE VIEW more AS SELECT 1",
        "CREATE TRIGGER more AFTER INSERT ON images BEGIN SELECT 1; END",
        "DROP TABLE members",
        "ALTER TABLE images ADD COLUMN more",
    ],
)
def test_other_tables_are_refused(path, statement):
    """Neither asked nor changed."""
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()
    for attempt in (open_fleet, FleetWriter, check_fleet):
        with pytest.raises(TargetError, match="damaged"):
            attempt(path)


def test_another_version_is_told_apart(path):
    """It is no damage."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(TargetError, match="version 2"):
        open_fleet(path)


def test_a_database_of_others_is_left_alone(tmp_path):
    """Adding to what is no fleet changes nothing in it."""
    path = tmp_path / "theirs.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    (tmp_path / "text").write_text("hello, hello, hello, hello, hello, hello" * 50)
    for place in (path, tmp_path / "text"):
        before = place.read_bytes()
        with pytest.raises(TargetError):
            FleetWriter(str(place))
        assert place.read_bytes() == before


def test_damage_is_refused(path, tmp_path):
    """Bytes changed anywhere, or cut off: one of our errors, or an answer; never another exception."""
    sound = Path(path).read_bytes()
    chosen = random.Random(3)
    place = str(tmp_path / "damaged")
    refused = 0
    for _ in range(400):
        damaged = bytearray(sound)
        for _ in range(chosen.choice((1, 4, 32))):
            damaged[chosen.randrange(len(damaged))] = chosen.randrange(256)
        if chosen.random() < 0.2:
            del damaged[chosen.randrange(len(damaged)) :]
        Path(place).write_bytes(damaged)
        for attempt in (ask, change, check_fleet):
            try:
                attempt(place)
            except StellaError:
                refused += 1
        for ending in ("-wal", "-shm", "-journal"):
            if os.path.exists(place + ending):
                os.unlink(place + ending)
    assert refused > 400


def ask(path):
    with open_fleet(path) as fleet:
        for product in ("pkg:npm/a", "pkg:npm/b", "pkg:deb/debian/ssl"):
            list(fleet.images(fleet.select([Wanted(product)], "possible")))
            fleet.hits(Wanted(product))


def change(path):
    with FleetWriter(path) as writer:
        writer.add([parts(3, REFS[:3], version=7), parts(99, REFS)])
        writer.remove([parts(4).image])


def test_questions_change_nothing(path):
    """A connection for questions can't write."""
    connection = connect(path)
    with pytest.raises(sqlite3.OperationalError):
        connection.execute("DELETE FROM images")
    connection.close()
