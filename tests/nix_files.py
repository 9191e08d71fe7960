"""Nix's database for tests: `database({"a-1.0": Path(references=["b-2.0"]), "b-2.0": Path()})` gives the file's bytes.

The tables are those that Nix makes, with what its store has to say of them: ids that rows refer to, and indexes.
"""

import hashlib
import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path as FilePath
from typing import NamedTuple

STORE_FOLDER = "/nix/store/"
ALPHABET = "0123456789abcdfghijklmnpqrsvwxyz"

TABLES = """
create table ValidPaths (
    id integer primary key autoincrement not null, path text unique not null, hash text not null,
    registrationTime integer not null, deriver text, narSize integer, ultimate integer, sigs text, ca text);
create table Refs (
    referrer integer not null, reference integer not null, primary key (referrer, reference),
    foreign key (referrer) references ValidPaths(id) on delete cascade,
    foreign key (reference) references ValidPaths(id) on delete restrict);
create index IndexReferrer on Refs(referrer);
create index IndexReference on Refs(reference);
create trigger DeleteSelfRefs before delete on ValidPaths begin
    delete from Refs where referrer = old.id and reference = old.id;
end;
create table DerivationOutputs (
    drv integer not null, id text not null, path text not null, primary key (drv, id),
    foreign key (drv) references ValidPaths(id) on delete cascade);
"""


class Path(NamedTuple):
    """A row of ValidPaths; what it refers to are names of others."""

    references: Sequence[str] = ()
    deriver: str | None = None
    """The name of its derivation, without the hash before it and `.drv` behind it."""
    ca: str | None = None


STORE = {
    "glibc-2.40-66": Path(["glibc-2.40-66"], "glibc-2.40-66"),
    "glibc-2.40-66-bin": Path(["glibc-2.40-66"], "glibc-2.40-66"),
    "openssl-3.4.1": Path(["glibc-2.40-66"], "openssl-3.4.1"),
    "python3.12-requests-2.32.3": Path(["openssl-3.4.1", "source"]),
    "source": Path(),
    "user-environment": Path(["openssl-3.4.1"], "user-environment"),
    "hello-2.12.1.tar.gz": Path(ca="fixed:sha256:0xyz"),
    "openssl-3.4.1.drv": Path(ca="text:sha256:0abc"),
}
"""What a small store holds."""


def base_name(name: str) -> str:
    """The name of a store path, with a hash of the right form."""
    digest = hashlib.sha256(name.encode()).digest()
    return "".join(ALPHABET[byte & 31] for byte in digest) + "-" + name


def database(paths: Mapping[str, Path], *, page_size: int = 4096) -> bytes:
    """Make a `db.sqlite`."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"PRAGMA page_size = {page_size}")
        _fill(connection, paths)
        return connection.serialize()


def write_ahead(paths: Mapping[str, Path]) -> tuple[bytes, bytes]:
    """Make a database that has nothing but its tables, and the log that holds the rows, as Nix leaves them."""
    with tempfile.TemporaryDirectory() as folder:
        path = FilePath(folder) / "db.sqlite"
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            _fill(connection, {})
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            _insert(connection, paths)
            return path.read_bytes(), FilePath(f"{path}-wal").read_bytes()


def _fill(connection: sqlite3.Connection, paths: Mapping[str, Path]) -> None:
    connection.executescript(TABLES)
    _insert(connection, paths)


def _insert(connection: sqlite3.Connection, paths: Mapping[str, Path]) -> None:
    ids = {name: number for number, name in enumerate(paths, 10)}  # as if older rows had gone
    for name, path in paths.items():
        digest = "sha256:" + hashlib.sha256(name.encode()).hexdigest()
        deriver = STORE_FOLDER + base_name(f"{path.deriver}.drv") if path.deriver else None
        row = (ids[name], STORE_FOLDER + base_name(name), digest, 1, deriver, 4096, None, None, path.ca)
        connection.execute("insert into ValidPaths values (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    for name, path in paths.items():
        connection.executemany("insert into Refs values (?, ?)", [(ids[name], ids[one]) for one in path.references])
    connection.commit()
