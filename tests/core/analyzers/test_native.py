"""What programs say of themselves: facts for tracing, and the package that stands for a program without one."""

import hashlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses import Files, is_wanted
from programs import elf, elf_note, fat, macho, pe, symbol_versions, text_command, text_positions, xcoff
from stellaops_core.analyzers import native, native_code
from stellaops_core.analyzers.analyzer import Analyzer, FileFacts, LooksTwice, Package
from stellaops_core.analyzers.native import ANALYZER, Native
from stellaops_core.images.captured import CapturedFile

TOLD = [(1, "libc.so.6"), (1, "libm.so.6"), (29, "$ORIGIN/../lib"), (99, "GLIBC_2.4"), (99, "ME_1")]
AT = text_positions(TOLD)
CORE = b"/rustc/22c74ba91873dd013479f86eac3e9ea10593bff9/library/core/src/lib.rs"


def program(bits=64, order="<"):
    """A position-independent program of all sorts of facts."""
    needed, defined = symbol_versions({AT["libc.so.6"]: [AT["GLIBC_2.4"]]}, {AT["ME_1"]: 0}, order)
    return elf(
        {".r": needed, ".d": defined, ".rodata": b"\0libssl.so.3\0"},
        kind=3,
        bits=bits,
        order=order,
        dynamic=TOLD,
        tags={0x6FFFFFFE: ".r", 0x6FFFFFFC: ".d", 0x6FFFFFFB: 0x08000001},
        headers=[(0x6474E551, 6), (0x6474E552, 4)],
        interpreter="/lib64/ld-linux-x86-64.so.2",
        notes=elf_note(b"GNU", 3, b"\xab\xcd", order),
    )


def find(data, path="usr/bin/app", *, executable=False):
    """({name of the record: record}, packages) of one file."""
    file = CapturedFile(path, len(data), data)
    file.executable = executable
    found = [*native_code.ANALYZER.analyze(file, Files({})), *ANALYZER.analyze(file, Files({}))]
    facts = {one.name: msgspec.msgpack.decode(one.data, type=Native) for one in found if isinstance(one, FileFacts)}
    return facts, [one for one in found if isinstance(one, Package)]


def test_is_an_analyzer():
    """It fits the seam, and wants programs in places of their own; all others, where nothing explains them."""
    head = b"\x7fELF\2\1\1\0"
    assert isinstance(ANALYZER, Analyzer)
    assert isinstance(ANALYZER, LooksTwice)
    for path in ("app/server", "usr/local/bin/app", "opt/x/lib/liby.so", "libs/a"):
        assert is_wanted(ANALYZER, path, 1000, head)
        assert not ANALYZER.wants_unexplained(path, 1000)
    for path in (
        "usr/bin/app",
        "lib/x.so",
        "usr/lib64/x.so",
        "srv/lib/site-packages/a/b.so",
        "app/node_modules/a/b.node",
    ):
        assert not is_wanted(ANALYZER, path, 1000, head)
        assert ANALYZER.wants_unexplained(path, 1000)
    assert not is_wanted(ANALYZER, "app/server", 1000, b"#!/bin/sh")


@pytest.mark.parametrize("executable", [False, True])
@pytest.mark.parametrize(("bits", "order"), [(64, "<"), (32, "<"), (64, ">")])
def test_facts(bits, order, executable):
    """All that a program tells the dynamic linker survives being stored."""
    facts, _ = find(program(bits, order), executable=executable)
    machine = {(64, "<"): "amd64", (32, "<"): "amd64p32", (64, ">"): "amd64"}[bits, order]
    assert facts == {
        "Native": Native(
            "elf",
            machine,
            bits,
            "executable",
            needed=("libc.so.6", "libm.so.6"),
            runpath="$ORIGIN/../lib",
            interpreter="/lib64/ld-linux-x86-64.so.2",
            build_id="abcd",
            versions=(("libc.so.6", ("GLIBC_2.4",)),),
            provides=("ME_1",),
            security=("pie", "relro-full", "nx", "stripped"),
            executable=executable,
            dlopens=("libssl.so.3",),
        )
    }


def test_the_package():
    """It is known by the file's digest, and counts only where nothing else explains the file."""
    data = program()
    _, (package,) = find(data)
    digest = hashlib.sha256(data).hexdigest()
    assert (package.type, package.name, package.version, package.key) == ("generic", "app", "", f"bin:{digest}")
    assert package.hashes == (("SHA-256", digest),)
    assert package.fallback
    assert package.technique == "binary-analysis"
    assert dict(package.properties) == {
        "stella:native:build-id": "abcd",
        "stella:native:format": "elf",
        "stella:native:interpreter": "/lib64/ld-linux-x86-64.so.2",
        "stella:native:kind": "executable",
        "stella:native:machine": "amd64",
        "stella:native:needed": "libc.so.6 libm.so.6",
        "stella:native:security": "pie relro-full nx stripped",
    }
    assert list(package.properties) == sorted(package.properties)


@pytest.mark.parametrize(
    ("data", "kind", "packages"),
    [
        (elf(kind=2), "executable", 1),
        (elf(kind=3, dynamic=[(14, "liba.so.1")]), "library", 1),
        (elf(kind=1), "object", 0),
        (elf(kind=4), "core", 0),
        (elf(kind=9), "other", 0),
        (pe({".text": b"x"}), "executable", 1),
        (pe({".text": b"x"}, characteristics=0x2022), "library", 1),
        (macho({"__text": b"x"}), "executable", 1),
        (macho({"__text": b"x"}, kind=6), "library", 1),
        (macho({"__text": b"x"}, kind=1), "object", 0),
        (macho({"__text": b"x"}, kind=10), "other", 0),
        (xcoff({".text": b"x"}), "executable", 1),
        (xcoff({".text": b"x"}, flags=0x2002), "library", 1),
        (xcoff({".text": b"x"}, flags=0), "object", 0),
    ],
)
def test_kinds(data, kind, packages):
    """Programs and libraries may be components; objects and cores have facts only."""
    facts, found = find(data)
    assert facts["Native"].kind == kind
    assert len(found) == packages


def test_programs_of_several_processors():
    """Libraries of all, protections that all have, and the names of the processors."""
    one = macho({"__text": b"x"}, commands=[text_command(0xC, "/a"), text_command(0x8000001C, "@x")], flags=0x200000)
    two = macho({"__text": b"x"}, commands=[text_command(0xC, "/b"), text_command(0xC, "/a")], machine=0x100000C)
    facts, _ = find(fat(one, two))
    found = facts["Native"]
    assert (found.machine, found.needed, found.rpath, found.security) == ("amd64 arm64", ("/a", "/b"), "@x", ("nx",))


def test_rust():
    """What a program's texts tell of Rust is a property, never a component."""
    paths = b"".join(b"/registry/src/index/c%d-1.0.%d/src/lib.rs" % (number, number) for number in range(3))
    _, (package,) = find(elf({".rodata": CORE + paths}))
    crates = ("c0@1.0.0", "c1@1.0.1", "c2@1.0.2")
    assert [pair for pair in package.properties if pair[0].startswith("stella:rust:")] == [
        ("stella:rust:compiler-commit", CORE[7:47].decode()),
        ("stella:rust:crates", " ".join(crates)),
        ("stella:rust:crates-found", "3"),
    ]


def test_properties_have_limits(monkeypatch):
    """Of many libraries and crates, the package names some."""
    monkeypatch.setattr(native, "NEEDED_SHOWN_LIMIT", 1)
    monkeypatch.setattr(native, "CRATES_SHOWN_LIMIT", 1)
    paths = b"registry/a-1.0.0/src registry/b-1.0.0/src"
    facts, (package,) = find(elf({".rodata": CORE + paths}, dynamic=[(1, "liba"), (1, "libb")]))
    told = dict(package.properties)
    assert (told["stella:native:needed"], told["stella:rust:crates"]) == ("liba", "a@1.0.0")
    assert told["stella:rust:crates-found"] == "2"
    assert facts["Native"].needed == ("liba", "libb")


@pytest.mark.parametrize("data", [b"MZ" + bytes(100), b"\x7fELF\3" + bytes(100), b"\x7fELF"])
def test_no_programs(data):
    """What only begins like a program says nothing here; `golang` reports damage."""
    assert find(data) == ({}, [])


WHOLE = program()


CHANGES = st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=8)


@given(CHANGES, st.integers(64, len(WHOLE)))
def test_damaged_programs(changes, size):
    """Of a program with bytes changed and its end cut off, what can be read is; nothing is raised."""
    data = bytearray(WHOLE)
    for at, byte in changes:
        data[at] = byte
    facts, packages = find(bytes(data[:size]))
    assert len(packages) <= len(facts) <= 1
