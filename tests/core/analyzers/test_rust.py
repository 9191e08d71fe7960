"""Rust crates of programs; the programs are built here."""

import pytest

from analyses import File, Files, find, installed, is_wanted
from linked import MAKERS, audit, rust_program
from programs import elf, fat, macho
from stellaops_core.analyzers.analyzer import Analyzer, Joins, Malformed
from stellaops_core.analyzers.rust import ANALYZER

CRATES = [
    {"name": "app", "version": "0.1.0", "source": "local", "root": True, "dependencies": [1, 2, 3]},
    {"name": "serde", "version": "1.0.217", "source": "crates.io", "dependencies": [3]},
    {"name": "cc", "version": "1.2.0", "source": "crates.io", "kind": "build"},
    {"name": "fork", "version": "2.0.0+x", "source": "git", "kind": "runtime"},
]
APP, SERDE, FORK = "pkg:cargo/app@0.1.0", "pkg:cargo/serde@1.0.217", "pkg:cargo/fork@2.0.0%2Bx"


def read(data):
    """{purl: what is installed} of one program."""
    items, unread = installed(ANALYZER, {"usr/bin/app": data})
    assert unread == {}
    return {str(item.purl): item for item in items}


def test_is_an_analyzer():
    """It fits the seam."""
    assert isinstance(ANALYZER, Analyzer)
    assert isinstance(ANALYZER, Joins)
    assert is_wanted(ANALYZER, "usr/bin/app", 1000, b"\x7fELF\2\1\1\0")
    assert not is_wanted(ANALYZER, "usr/bin/app", 1000, b"#!/bin/sh")


@pytest.mark.parametrize("kind", MAKERS)
def test_crates(kind):
    """Those that run, with their dependencies; what only the build needed is not in the program."""
    found = read(rust_program(CRATES, kind))
    assert {purl: item.depends for purl, item in found.items()} == {APP: (FORK, SERDE), SERDE: (FORK,), FORK: ()}
    assert {item.package.technique for item in found.values()} == {"binary-analysis"}


def test_where_they_came_from():
    """What is not from crates.io says so, and the root says that it is one."""
    found = read(rust_program(CRATES))
    assert dict(found[APP].package.properties) == {"stella:cargo:source": "local", "stella:cargo:root": "true"}
    assert dict(found[FORK].package.properties) == {"stella:cargo:source": "git"}
    assert found[SERDE].package.properties == ()


def test_one_version_from_two_sources():
    """They are two crates with one purl, and both their dependencies are kept."""
    twice = [
        {"name": "a", "version": "1.0.0", "source": "git", "dependencies": [2]},
        {"name": "a", "version": "1.0.0", "source": "crates.io", "dependencies": [0]},
        {"name": "b", "version": "1.0.0", "source": {"Other": "x"}},
    ]
    items, _ = installed(ANALYZER, {"x": rust_program(twice)})
    assert [(str(item.purl), item.depends) for item in items] == [
        ("pkg:cargo/a@1.0.0", ("pkg:cargo/b@1.0.0",)),
        ("pkg:cargo/a@1.0.0", ()),
        ("pkg:cargo/b@1.0.0", ()),
    ]
    assert items[2].package.properties == (("stella:cargo:source", "other"),)


def test_a_program_for_several_processors():
    """Each crate once."""
    one = macho({".dep-v0": audit(CRATES)})
    assert sorted(read(fat(one, one))) == [APP, FORK, SERDE]


@pytest.mark.parametrize("data", [elf({".text": b"x"}), elf()[:62] + b"12", b"\x7fELF" * 30])
def test_silence(data):
    """Other programs say nothing; that one is damaged is for another analyzer to say."""
    assert find(ANALYZER, {"usr/bin/app": data}) == ({}, {})


def test_what_is_sound_is_kept():
    """One strange name doesn't hide the other crates."""
    strange = {"name": "a b", "version": "1", "source": "git"}
    file, found = File("a", rust_program([*CRATES, strange])), []
    with pytest.raises(Malformed, match="'a b' '1'"):
        found.extend(ANALYZER.analyze(file, Files({})))
    assert [package.name for package in found] == ["app", "serde", "fork"]


@pytest.mark.parametrize(
    ("crate", "reason"),
    [
        ({"name": "a b", "version": "1", "source": "git"}, "not a crate's name and version"),
        ({"name": "a", "version": "one", "source": "git"}, "not a crate's name and version"),
        ({"name": "", "version": "1", "source": "git"}, "not a crate's name and version"),
        ({"name": "a", "version": 1, "source": "git"}, "no list of crates"),
    ],
)
def test_damage(crate, reason):
    """A record that can't be read is told of."""
    found, unread = find(ANALYZER, {"usr/bin/app": rust_program([crate])})
    assert found == {}
    assert reason in unread["usr/bin/app"]
