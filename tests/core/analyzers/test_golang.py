"""Go modules of programs; the programs are built here."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses import File, Files, find, installed, is_wanted
from go_tables import go_table
from linked import MAKERS, go_program, robbed_program, rust_program
from programs import elf, fat, macho, pe
from stellaops_core.analyzers import golang
from stellaops_core.analyzers.analyzer import Analyzer, Joins, Malformed
from stellaops_core.analyzers.golang import ANALYZER, purl_of

LINES = "path\tex.org/App/cmd/app\nmod\tex.org/App\tv1.0.0\th1:a=\ndep\tex.org/b/v2/sub\tv2.3.4+incompatible\th1:b=\n"
APP, B, STDLIB = (
    "pkg:golang/ex.org/app@v1.0.0",
    "pkg:golang/ex.org/b/v2/sub@v2.3.4%2Bincompatible",
    "pkg:golang/stdlib@1.22.3",
)


def read(data):
    """{purl: what is installed} of one program."""
    items, unread = installed(ANALYZER, {"usr/bin/app": data})
    assert unread == {}
    return {str(item.purl): item for item in items}


def facts(item):
    return {name.removeprefix("stella:golang:"): value for name, value in item.package.properties}


def test_is_an_analyzer():
    """It fits the seam."""
    assert isinstance(ANALYZER, Analyzer)
    assert isinstance(ANALYZER, Joins)


@pytest.mark.parametrize("kind", MAKERS)
def test_modules(kind):
    """The main module, its modules, the standard library; a module's path is never cut into a subpath."""
    found = read(go_program("go1.22.3", LINES, kind))
    assert list(found) == [APP, B, STDLIB]
    assert found[APP].depends == (B, STDLIB)
    assert found[B].depends == found[STDLIB].depends == ()
    assert facts(found[APP]) == {"main": "ex.org/App/cmd/app", "sum": "h1:a="}
    assert found[APP].package.name == "ex.org/App"
    assert {(item.package.technique, item.package.confidence) for item in found.values()} == {("binary-analysis", 100)}


def test_a_program_for_several_processors():
    """Modules of all of them, each once."""
    one = go_program("go1.22.3", LINES, "macho")
    other = go_program("go1.22.3", LINES + "dep\tex.org/arm\tv1.0.0\th1:c=\n", "macho")
    assert sorted(read(fat(one, other))) == [APP, "pkg:golang/ex.org/arm@v1.0.0", B, STDLIB]


@pytest.mark.parametrize(
    ("line", "purl", "wanted"),
    [
        (
            "=>\tex.org/fork\tv9.0.0\th1:f=",
            "pkg:golang/ex.org/fork@v9.0.0",
            {"replaces": "ex.org/old@v1.0.0", "sum": "h1:f="},
        ),
        ("=>\t./local\t(devel)\t", "pkg:golang/ex.org/old", {"replaced-by": "./local", "stated-version": "v1.0.0"}),
        ("=>\t/src/local\t\t", "pkg:golang/ex.org/old", {"replaced-by": "/src/local", "stated-version": "v1.0.0"}),
        ("=>\tC:\\x\t\t", "pkg:golang/ex.org/old", {"replaced-by": "C:\\x", "stated-version": "v1.0.0"}),
        ("=>\t..\t\t", "pkg:golang/ex.org/old", {"replaced-by": "..", "stated-version": "v1.0.0"}),
    ],
)
def test_replacements(line, purl, wanted):
    """What was built in is what counts; a directory has no version that anyone could look up."""
    found = read(go_program("go1.22.3", f"dep\tex.org/old\tv1.0.0\th1:o=\n{line}\n"))
    assert facts(found[purl]) == wanted
    assert len(found) == 2


def test_a_main_module_in_development():
    """It has no version; what the build knew are properties."""
    found = read(
        go_program(
            "go1.22.3",
            "path\tex.org/app\nmod\tex.org/app\t(devel)\t\n"
            'build\t-ldflags="-s -X main.version=1.2.3"\nbuild\tGOOS=linux\n'
            "build\tvcs=git\nbuild\tvcs.revision=5e16e50\nbuild\tvcs.time=2024-12-13T18:30:11Z\nbuild\tvcs.modified=true\n",
        )
    )
    assert facts(found["pkg:golang/ex.org/app"]) == {
        "stated-version": "(devel)",
        "version-flag": "1.2.3",
        "vcs": "git",
        "vcs.revision": "5e16e50",
        "vcs.time": "2024-12-13T18:30:11Z",
        "vcs.modified": "true",
    }


def test_without_modules():
    """Only the standard library is known, and the main package's path."""
    found = read(go_program("go1.19.8", "path\texample.com/x/cmd/x\n"))
    assert list(found) == ["pkg:golang/stdlib@1.19.8"]
    assert facts(found["pkg:golang/stdlib@1.19.8"]) == {"main": "example.com/x/cmd/x"}


def test_files_named_on_the_command_line():
    """Their import path says nothing."""
    found = read(go_program("go1.19.8", "path\tcommand-line-arguments\ndep\tex.org/b\tv1.0.0\t\n"))
    assert facts(found["pkg:golang/stdlib@1.19.8"]) == {}


@pytest.mark.parametrize(
    ("version", "purl", "stated"),
    [
        ("go1.22.3", "pkg:golang/stdlib@1.22.3", ""),
        ("go1.21", "pkg:golang/stdlib@1.21", ""),
        ("go1.18beta1", "pkg:golang/stdlib@1.18beta1", ""),
        ("go1.25.3 X:nodwarf5", "pkg:golang/stdlib@1.25.3", "go1.25.3 X:nodwarf5"),
        ("go1.26.0-X:nodwarf5", "pkg:golang/stdlib@1.26.0", "go1.26.0-X:nodwarf5"),
        ("go1.26.5 (Vendor 1.26.5-1.el10) X:y", "pkg:golang/stdlib@1.26.5", "go1.26.5 (Vendor 1.26.5-1.el10) X:y"),
        ("devel go1.24-6f34dd4 Mon", "pkg:golang/stdlib", "devel go1.24-6f34dd4 Mon"),
        ("go1.24rc1x", "pkg:golang/stdlib", "go1.24rc1x"),
    ],
)
def test_the_standard_library(version, purl, stated):
    """It has the toolchain's release; what was added to it is a property."""
    found = read(go_program(version, ""))
    assert list(found) == [purl]
    assert facts(found[purl]).get("stated-version", "") == stated


def test_without_the_record():
    """What is salvaged is believed a little less."""
    found = read(robbed_program("go1.22.3", LINES))
    assert list(found) == [APP, B, STDLIB]
    assert {item.package.confidence for item in found.values()} == {golang.SALVAGED}


def test_modules_by_source_files():
    """Where the list of modules was taken away, the names of source files tell some; they are believed less."""
    data = elf(
        {
            ".rodata": b"go1.22.3\0",
            ".gopclntab": go_table(["main.main", "ex.org/b/c.F"], ["ex.org/b@v1.0.0/c/c.go", "ex.org/app/main.go"]),
            ".data": lambda at: struct.pack("<2Q", at[".rodata"], 8),
        },
        writable=[".data"],
    )
    (packages,) = find(ANALYZER, {"usr/bin/app": data})[0].values()
    assert [(one.name, one.version, one.confidence) for one in packages] == [
        ("stdlib", "1.22.3", golang.SALVAGED),
        ("ex.org/b", "v1.0.0", golang.NAMED),
    ]


@pytest.mark.parametrize(
    "data", [elf({".text": b"x"}), pe(), macho(), rust_program([]), b"MZ" * 40, b"#!/bin/sh\n" * 9]
)
def test_other_files(data):
    """Programs of other languages say nothing, and nor do files that only begin like one."""
    assert find(ANALYZER, {"usr/bin/app": data}) == ({}, {})


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x7fELF\3\1" + bytes(100), "unknown class"),
        (go_program("go1.22.3", "mod\tx\n"), "no module line"),
        (go_program("go1.22.3", "mod\ta b\tv1\n"), "not the path of a Go module"),
        (go_program("go1.22.3", "dep\ta\tv1\n" * 20_001), "more than 20,000 lines"),
    ],
)
def test_damage(data, reason):
    """What can't be read is said; of the modules nothing is, and what Go built the program is known all the same."""
    found, unread = find(ANALYZER, {"usr/bin/app": data})
    assert {item.name for items in found.values() for item in items} <= {"stdlib"}
    assert reason in unread["usr/bin/app"]


def test_what_is_sound_is_kept():
    """One strange path doesn't hide the other modules."""
    file = File("a", go_program("go1.22.3", "dep\ta b\tv1\ndep\tex.org/b\tv1.0.0\n"))
    found = []
    with pytest.raises(Malformed, match="'a b'"):
        found.extend(ANALYZER.analyze(file, Files({})))
    assert [package.name for package in found] == ["ex.org/b", "stdlib"]


def test_a_damaged_table():
    """A program that says nothing and whose sections can't be read might have said something."""
    data = bytearray(elf({".text": b"code"}))
    data[60:62] = b"\xff\xfe"
    assert "section headers" in find(ANALYZER, {"usr/bin/app": bytes(data)})[1]["usr/bin/app"]


@pytest.mark.parametrize(
    ("head", "wanted"),
    [
        (b"\x7fELF\2\1\1\0", True),
        (b"MZ\x90\0\3\0\0\0", True),
        (b"\xcf\xfa\xed\xfe\7\0\0\1", True),
        (b"\xca\xfe\xba\xbe\0\0\0\2", True),
        (b"\xca\xfe\xba\xbe\0\0\0\x34", False),
        (b"#!/bin/s", False),
    ],
)
def test_wants(head, wanted):
    """Programs by their first bytes; Java's classes are none."""
    assert is_wanted(ANALYZER, "usr/bin/app", 1000, head) is wanted


def test_purls():
    """Namespace and name are in lower case, and a path of one part has no namespace."""
    assert str(purl_of("github.com/BurntSushi/toml", "v1.0.0")) == "pkg:golang/github.com/burntsushi/toml@v1.0.0"
    assert str(purl_of("stdlib", "1.22")) == "pkg:golang/stdlib@1.22"


@given(st.text(max_size=300))
def test_any_list(text):
    """Whatever the list of modules is, it is read or refused."""
    found, unread = find(ANALYZER, {"a": go_program("go1.22.3", text + "\n")})
    assert found or unread
