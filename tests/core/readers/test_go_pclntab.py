"""Go's table of functions; the tables are built here."""

import struct
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from go_tables import MAGIC, go_table
from linked import MAKERS
from programs import elf, macho, pe
from stellaops_core.readers import go_pclntab
from stellaops_core.readers.go_pclntab import find_table, read_packages, read_source_modules
from stellaops_core.readers.programs import read_programs

FUNCTIONS = [
    "main.main",
    "main.main.func1",
    "main.(*T).Put-fm",
    "net/http.(*Client).Do",
    "net/http.init.0",
    "net/http.glob..func12",
    "vendor/golang.org/x/net/idna.(*Profile).process",
    "gopkg.in/yaml%2ev3.(*Decoder).Decode",
    "gopkg.in/yaml%252ev3.(*Decoder).Decode.func1",
    "ex.org/a.b/c.Do",
    "ex.org/gen.Map[...]",
    "ex.org/gen.(*List[...]).Add",
    "ex.org/gen.Sum[go.shape.struct { ex.org/never/x.A int }]",
    "type:.eq.ex.org/never/y.T",
    "type:.eq.[3]ex.org/never/y.T",
    "type..hash.ex.org/never/y.T",
    "go.(*struct { sync.Mutex; ex.org/never/z.T }).Lock",
    "go:buildid",
    "_cgo_wait_runtime_init_done",
    "x_cgo_munmap.cold",
    "__x86.get_pc_thunk.ax",
    "crosscall2",
    "",
]
PACKAGES = {
    "ex.org/a.b/c": 1,
    "ex.org/gen": 3,
    "gopkg.in/yaml.v3": 2,
    "main": 3,
    "net/http": 3,
    "vendor/golang.org/x/net/idna": 1,
}
SECTION = {"elf": ".gopclntab", "pe": ".rdata", "macho": "__gopclntab"}


def packages(data):
    """The packages of a program; None where there is no table."""
    (program,) = read_programs(data)
    table = find_table(program)
    return table and (table.version, dict(read_packages(program, table)))


@pytest.mark.parametrize("version", MAGIC)
@pytest.mark.parametrize(("bits", "order"), [(64, "<"), (64, ">"), (32, "<"), (32, ">")])
def test_packages(version, bits, order):
    """Each form, word and byte order gives the same packages; what belongs to no package is left out."""
    table = go_table(FUNCTIONS, version=version, bits=bits, order=order)
    assert packages(elf({".gopclntab": table}, bits=bits, order=order)) == (version, PACKAGES)


@pytest.mark.parametrize("kind", MAKERS)
def test_formats(kind):
    """A table is found in every format: by its section, or by its header."""
    assert packages(MAKERS[kind]({SECTION[kind]: go_table(FUNCTIONS)})) == ("1.20", PACKAGES)


@pytest.mark.parametrize("quantum", [1, 2, 4])
def test_without_sections(quantum):
    """A program without section headers has its table all the same."""
    table = go_table(FUNCTIONS, quantum=quantum)
    assert packages(elf({".rodata": b"\xf1\xff\xff\xff\0\0" + table}, stripped=True)) == ("1.20", PACKAGES)


@pytest.mark.parametrize("data", [elf({".text": bytes(100)}), pe(), macho(), elf({".gopclntab": b"\xf1\xff\xff\xff"})])
def test_none(data):
    """Other programs have no table."""
    assert packages(data) is None


@pytest.mark.parametrize(
    "path",
    ["ex.org/b", "opt/go/pkg/mod/ex.org/b", "/opt/go/pkg/mod/ex.org/b", "C:/a/go/pkg/mod/ex.org/b"],
)
def test_source_modules(path):
    """A file's name tells its module, wherever the module cache was, and in capitals where it had some."""
    files = [
        f"{path}@v1.2.3/x.go",
        f"{path}/!big@v0.1.0-rc.1/y.go",
        "/src/app/main.go",
        "golang.org/toolchain@v0.0.1/a.go",
    ]
    (program,) = read_programs(elf({".gopclntab": go_table(["main.main"], files)}))
    found = read_source_modules(program, find_table(program))
    assert found == (("ex.org/b", "v1.2.3"), ("ex.org/b/Big", "v0.1.0-rc.1"))


def test_source_modules_that_are_no_paths():
    """A directory outside of the module cache with an @ is no module; and the old form tells none."""
    (program,) = read_programs(
        elf({".gopclntab": go_table(["main.main"], ["/home/a@v1/x.go", "/srv/b/c@v2.0.0/x.go"])})
    )
    assert read_source_modules(program, find_table(program)) == ()
    (program,) = read_programs(elf({".gopclntab": go_table(["main.main"], version="1.2")}))
    assert read_source_modules(program, find_table(program)) == ()


@pytest.mark.parametrize("version", ["1.2", "1.20"])
@pytest.mark.parametrize("limit", ["NAMES_LIMIT", "PACKAGE_LIMIT"])
def test_limits(monkeypatch, version, limit):
    """More than what is read is an error, and not a part of the truth."""
    monkeypatch.setattr(go_pclntab, limit, 3)
    with pytest.raises(ValueError, match="than the 3"):
        packages(elf({".gopclntab": go_table(FUNCTIONS, version=version)}))


def test_too_many_names(monkeypatch):
    """There may be more names than functions, and they have the same limit."""
    monkeypatch.setattr(go_pclntab, "FUNCTION_LIMIT", 3)
    with pytest.raises(ValueError, match="than the 3"):
        packages(elf({".gopclntab": go_table(["a.F\0b.F\0c.F\0d.F"])}))
    assert packages(elf({".gopclntab": go_table(["main.main"] * 4)})) is None


@pytest.mark.parametrize("limit", ["FILES_LIMIT", "PACKAGE_LIMIT"])
def test_too_many_files(monkeypatch, limit):
    """The same for names of files."""
    monkeypatch.setattr(go_pclntab, limit, 3)
    files = [f"ex.org/{number}@v1.0.0/x.go" for number in range(4)]
    (program,) = read_programs(elf({".gopclntab": go_table(["main.main"], files)}))
    with pytest.raises(ValueError, match="than the 3"):
        read_source_modules(program, find_table(program))


@given(
    st.sampled_from(sorted(MAGIC)), st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 300), min_size=8, max_size=8)
)
def test_any_header(version, words):
    """Whatever a header says, a table is read within the file, or there is none."""
    table = bytearray(go_table(FUNCTIONS, version=version))
    struct.pack_into("<8Q", table, 8, *words)
    found = packages(elf({".gopclntab": bytes(table)}))
    assert found is None or found[0] in MAGIC


@given(
    st.lists(
        st.sampled_from(["a.F", "a.b/c.F", "a.b/c.G", "a.b/c.d/e.F", "a.G[x/y.Z]", "b/c.F", "b.F", "", "f"]),
        max_size=30,
    )
)
def test_runs(names):
    """Names are counted together where they begin alike, and give what they give one by one."""
    wanted = Counter(name.split("[")[0].rpartition(".")[0] for name in names if "." in name)
    found = packages(elf({".gopclntab": go_table([*names, "main.main"])}))
    assert found
    assert found[1] == {**wanted, "main": 1}


@given(st.binary(max_size=600))
def test_any_names(data):
    """Names of any bytes give paths, each with a function at least."""
    names = data.replace(b"\0", b".").decode("latin-1")
    found = packages(elf({".gopclntab": go_table([names, "main.main"])}))
    assert found
    assert found[1]["main"] >= 1
    assert all(count > 0 and path for path, count in found[1].items())
