"""Which packages have code in Go programs; the programs are built here."""

import pytest
from msgspec import msgpack

from analyses import find
from go_tables import go_table
from linked import go_program, inline_record
from programs import elf, fat, macho
from stellaops_core.analyzers import golang
from stellaops_core.analyzers.analyzer import FileFacts
from stellaops_core.analyzers.golang_code import ANALYZER, GoModule, GoPackages

LINES = "path\tex.org/App/cmd/app\nmod\tex.org/App\tv1.0.0\th1:a=\ndep\tex.org/b/v2/sub\tv2.3.4+incompatible\th1:b=\n"


def linked(data):
    """The facts of one program, and its packages."""
    (found,) = find(ANALYZER, {"usr/bin/app": data})[0].values()
    (record,) = (msgpack.decode(one.data, type=GoPackages) for one in found if isinstance(one, FileFacts))
    return record, find(golang.ANALYZER, {"usr/bin/app": data})[0]["usr/bin/app"]


def go_program_of(functions, lines, version="go1.22.3", files=()):
    record = {".go.buildinfo": inline_record(version, lines)} if version else {}
    return elf({".gopclntab": go_table(functions, files), **record}, writable=list(record))


def test_packages_with_code():
    """Each module has the packages below its own path, the longest one counts, and the main package is its module's."""
    functions = [
        "main.main",
        "fmt.Println",
        "vendor/golang.org/x/net/idna.New",
        "ex.org/App/internal.F",
        "ex.org/b/v2/sub/x.F",
        "ex.org/b/v2/sub/y.F",
        "ex.org/strange.F",
    ]
    lines = LINES + "dep\tex.org/b/v2\tv2.0.0\t\ndep\tex.org/o\tv1.0.0\t\n=>\tex.org/n\tv1.1.0\t\n"
    record, packages = linked(go_program_of([*functions, "ex.org/o/p.F"], lines))
    assert record.main == "ex.org/App/cmd/app"
    assert record.packages.split("\n") == sorted({one.rpartition(".")[0] for one in functions} | {"ex.org/o/p"})
    assert record.modules == (
        GoModule("stdlib", "1.22.3", "", 2),
        GoModule("ex.org/App", "v1.0.0", "ex.org/App", 2),
        GoModule("ex.org/b/v2", "v2.0.0", "ex.org/b/v2", 0),
        GoModule("ex.org/b/v2/sub", "v2.3.4+incompatible", "ex.org/b/v2/sub", 2),
        GoModule("ex.org/n", "v1.1.0", "ex.org/o", 1),
    )
    assert {(one.name, one.version) for one in packages} == {(one.name, one.version) for one in record.modules}


@pytest.mark.parametrize("lines", ["path\tex.org/x/cmd/x\n", "path\tcommand-line-arguments\n", ""])
def test_packages_without_modules(lines):
    """Paths that begin like a host are no part of the standard library, and nor is the main package."""
    functions = ["main.main", "fmt.Println", "ex.org/x/y.F", "ex.org/x/vendor/ex.org/z.F"]
    record, _ = linked(go_program_of(functions, lines))
    assert record.modules == (GoModule("stdlib", "1.22.3", "", 1),)
    assert len(record.packages.split("\n")) == 4
    assert record.main == ("ex.org/x/cmd/x" if "ex.org" in lines else "")


def test_vendored_packages():
    """A copy below `vendor` is of the module that it was copied from."""
    record, _ = linked(go_program_of(["ex.org/app/vendor/ex.org/b/v2/sub/p.F"], LINES))
    assert [one.name for one in record.modules if one.packages] == ["ex.org/b/v2/sub"]


def test_a_program_for_several_processors_has_one_record():
    """It tells of all of them."""
    made = [
        macho(
            {"__gopclntab": go_table([name]), "__go_buildinfo": inline_record("go1.22.3", LINES)},
            writable=["__go_buildinfo"],
        )
        for name in ("main.main", "ex.org/b/v2/sub.F")
    ]
    record, _ = linked(fat(*made))
    assert record.packages == "ex.org/b/v2/sub\nmain"


def test_too_many_functions(monkeypatch):
    """A table that is too large is said."""
    monkeypatch.setattr("stellaops_core.readers.go_pclntab.NAMES_LIMIT", 3)
    found, unread = find(ANALYZER, {"a": go_program_of(["main.main"], LINES)})
    assert found == {}
    assert "than the 3" in unread["a"]


@pytest.mark.parametrize(
    "data", [elf({".text": b"x"}), b"\x7fELF\3\1" + bytes(100), go_program("go1.22.3", "mod\tx\n")]
)
def test_nothing_to_tell(data):
    """Other programs have no such table, and damaged ones are reported by `golang`."""
    assert find(ANALYZER, {"a": data}) == ({}, {})
