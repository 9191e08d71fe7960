"""Packs: what an analysis finds comes back from its bytes, and damage is refused."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import Content, Hard, Link, layer
from programs import elf
from stellaops_core.analyzers.analyzer import (
    Analyzer,
    Found,
    LayerFile,
    LayerFiles,
    Licenses,
    Malformed,
    OwnedFiles,
    Package,
)
from stellaops_core.analyzers.available import Interests, load_analyzers
from stellaops_core.errors import StellaError
from stellaops_core.images import tree as module
from stellaops_core.images.layer import read_tree
from stellaops_core.images.path_table import paths_of
from stellaops_core.images.tree import Look, Tree, Wants
from stellaops_core.scan.fragment import Gap, Pack, read_with


class Toy(Analyzer):
    """Yields what the file's first word asks for."""

    name, version = "toy", 1
    names, endings, directories = frozenset({"toy"}), (".toy",), frozenset({"toys"})

    def wants(self, path: str, size: int) -> bool:
        return size < 1000

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Found]:
        words = file.read().decode().split()
        yield Package(type="generic", name=words[0], version="1", qualifiers={"arch": "x"}, key="k")
        yield OwnedFiles("k", "usr/a\nusr/b")
        yield Licenses("k", ("MIT",))
        if near.get("a/toy") is None:
            raise Malformed("no neighbour")
        if words[0] == "bug":
            raise IndexError("a bug")
        if words[0] == "ours":
            raise StellaError("ours")


FILES: dict[str, Content] = {
    "a/toy": "first",
    "b/x.TOY": "second",
    "toys/any": "third",
    "l": Link("a"),
    "c/toy.txt": "no",
    "d/.wh.e": "",
}


def packed(files: dict[str, Content] | list[tuple[str, Content]], analyzer: Analyzer | None = None) -> bytes:
    one = analyzer or Toy()

    def read(wants: Wants, look: Look) -> Tree:
        return read_tree(lambda: [layer(files)], wants, look=look)

    return read_with((one,), read, diff_id="sha256:1")


def test_everything_comes_back() -> None:
    """Finds by path in order, owned files apart, tables, links, whiteouts."""
    result = Pack(packed(FILES))
    assert [placed.path for placed in result.fragment.placed] == ["a/toy", "b/x.TOY", "toys/any"]
    assert result.fragment.placed[0].found == (
        Package(type="generic", name="first", version="1", qualifiers={"arch": "x"}, key="k"),
        OwnedFiles("k", ""),
        Licenses("k", ("MIT",)),
    )
    assert result.owned()["a/toy"] == {"k": "usr/a\nusr/b"}
    assert list(paths_of(result.others())) == ["a/toy", "b/x.TOY", "toys/any", "l", "c/toy.txt"]
    assert list(result.directories()) == [("", "a/b/toys/c/d")]
    assert result.links() == {"l": "a"}
    assert (result.fragment.whiteouts, result.fragment.diff_id, result.fragment.entries) == (("d/e",), "sha256:1", 6)


def test_same_layer_same_bytes() -> None:
    """A pack depends on nothing but the layer and the analyzers."""
    assert packed(FILES) == packed(dict(FILES))


def test_failures_of_an_analyzer_are_gaps() -> None:
    """What it found before is kept; bugs cost one file; our own errors end the scan."""
    result = Pack(packed({"b/toy": "alone"})).fragment
    assert (len(result.placed[0].found), result.gaps) == (3, (Gap("b/toy", "toy", "no neighbour"),))
    result = Pack(packed({"a/toy": "fine", "b/toy": "bug"})).fragment
    assert result.gaps == (Gap("b/toy", "toy", "the analyzer failed: IndexError: a bug"),)
    with pytest.raises(StellaError, match="ours"):
        packed({"a/toy": "ours"})


@pytest.mark.property
@given(st.data())
def test_damaged_packs_are_refused(data: st.DataObject) -> None:
    """Cut, changed or invented: a ValueError, or a pack that says the same."""
    good = packed(FILES)
    bad = bytearray(good)
    for _ in range(data.draw(st.integers(0, 3))):
        bad[data.draw(st.integers(0, len(bad) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(bad)))
    for damaged in (bytes(bad), bytes(bad[:cut]), data.draw(st.binary(max_size=200))):
        try:
            result = Pack(damaged)
            result.owned(), list(result.others()), list(result.directories()), result.links()
        except ValueError:
            continue


def test_who_wants_what() -> None:
    """By name, by ending in any case, by directory; each analyzer once; all files where nothing is hinted."""

    class All(Toy):
        name = "all"
        names, endings, directories = frozenset(), (), frozenset()

    toy, everything = Toy(), All()
    interests = Interests([toy, everything, Elf()])
    assert interests.of("toys/toy", "toys", "toy", 1, b"") == [toy, everything]
    assert interests.of("x/y.toy", "x", "y.toy", 1, b"") == [toy, everything]
    assert interests.of("x/toy", "x", "toy", 1000, b"") == []
    assert interests.of("x/y", "x", "y", 1, b"") == [everything]
    assert [one.name for one in interests.of("x/y", "x", "y", 1, b"\x7fELF\1\1\1\0")] == ["elf", "all"]
    assert interests.of("x/y", "x", "y", 1, b"\x7fEL") == [everything]


class Elf(Toy):
    """Looks at programs while the layer is read."""

    name, alone = "elf", True
    names, endings, directories = frozenset[str](), (), frozenset[str]()
    magic = frozenset({b"\x7fELF"})

    def wants(self, path: str, size: int) -> bool:
        return True

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Found]:
        assert file.once(len) == file.once(len) == file.size
        yield Package(type="generic", name=file.content()[4:8].decode(), version=str(file.size))


@pytest.mark.parametrize("limit", [10, 1 << 20])
def test_files_that_are_looked_at_alone(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By magic, small or mapped; what a later entry replaces does not count; a hard link by name shares the look."""
    monkeypatch.setattr(module, "LOOK_MEMORY_LIMIT", limit)
    program = b"\x7fELFname" + bytes(5000)
    files = [("bin/a", program), ("bin/b", program), ("bin/b", b"#!/bin/sh\n"), ("c", program), ("c", Link("bin/a"))]
    assert [
        (placed.path, item.name, item.version)
        for placed in Pack(packed(files, Elf())).fragment.placed
        for item in placed.found
        if isinstance(item, Package)
    ] == [("bin/a", "name", "5008")]


PROGRAM = elf({".text": bytes(64)}, kind=3)
STATUS = "Package: one\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n"
LISTED = {"var/lib/dpkg/status": STATUS, "var/lib/dpkg/info/one.list": "/bin/a\n/usr/lib/b\n"}


def programs_in(files, **more):
    data = read_with(
        load_analyzers([]), lambda wants, look: read_tree(lambda: [layer(files)], wants, look=look), **more
    )
    return sorted(one.path for one in Pack(data).fragment.placed if one.analyzer == "native")


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"usr/local/bin/own": PROGRAM}, ["usr/local/bin/own"]),
        ({"usr/bin/stray": PROGRAM}, ["usr/bin/stray"]),
        ({**LISTED, "usr/bin/a": PROGRAM, "usr/lib/b": PROGRAM, "usr/bin/c": PROGRAM}, ["usr/bin/c"]),
        (
            {"app/node_modules/x/package.json": '{"name": "x", "version": "1"}', "app/node_modules/x/y.node": PROGRAM},
            [],
        ),
        ({"app/node_modules/y.node": PROGRAM}, ["app/node_modules/y.node"]),
        ({"usr/bin/a": PROGRAM, "usr/bin/b": Hard("usr/bin/a")}, ["usr/bin/a", "usr/bin/b"]),
    ],
)
def test_programs_that_nothing_explains(files, found):
    """A program where packages put theirs is looked at when nothing in its layer lists it, and only then."""
    assert programs_in(files) == found


def test_read_once():
    """Where there is no second reading (a directory), all are looked at in the first."""
    assert programs_in({**LISTED, "usr/bin/a": PROGRAM}, once=True) == ["usr/bin/a"]
