"""What a hostile layer may try: to hide a file, to take the memory or the time of the scan."""

import itertools

import pytest

from builders import Dir, Hard, Link, layer
from stellaops_core.errors import CorruptImage, StellaError, Unsupported
from stellaops_core.images.compression import inflate
from stellaops_core.images.layer import read_tree
from stellaops_core.images.path_table import paths_of
from stellaops_core.images.tar import FILE, SPARSE, Tar
from stellaops_core.images.tree import Tree
from tars import END, header, pax


def long(name: bytes, kind: bytes = b"L") -> bytes:
    return header(kind, b"%o" % len(name), kind) + name.ljust(512, b"\0")


def paths(data: bytes) -> list[bytes]:
    return [entry.path for entry in itertools.islice(Tar([data + END]), 5)]


def tree_of(tar: bytes, wanted: str = "") -> Tree:
    return read_tree(lambda: [tar], lambda _path, _parent, name, *_: int(name.startswith(wanted)))


@pytest.mark.parametrize("kind", [b"0", b"L", b"x"])
@pytest.mark.parametrize(
    "size", [b"-1000      \0", b"-1\0         ", b"1_0\0        ", b"0o10\0       ", b"+7\0         "]
)
def test_signed_sizes(kind, size):
    """Python's int() reads signs; a negative size goes back in the stream, for ever in an extended header."""
    with pytest.raises(CorruptImage):
        list(itertools.islice(Tar([header(b"x", size, kind) + header(b"y") + END]), 5))


def test_twelve_digits():
    """A size that fills its field has twelve digits."""
    data = header(b"x", b"000000001000") + bytes(512) + header(b"y") + END
    assert [(entry.path, entry.size) for entry in Tar([data])] == [(b"x", 512), (b"y", 0)]


def test_checksum_that_is_not_octal():
    """Digits are not always octal; what is no tar is said to be none."""
    with pytest.raises(StellaError):
        list(inflate([b"a" * 148 + b"99999999" + b"a" * 400]))


@pytest.mark.parametrize(
    ("headers", "path"),
    [
        (pax(path=""), b"real"),
        (pax(path="a") + pax(linkpath="b"), b"real"),
        (pax(path="a") + long(b"b"), b"b"),
        (long(b"b") + pax(path="a"), b"b"),
        (long(b"a") + long(b"b"), b"b"),
        (long(b"a\0b"), b"a"),
        (long(b"\0"), b"real"),
        (pax(GNU__sparse__name="decoy"), b"real"),
        (pax(GNU__sparse__name="decoy", GNU__sparse__major="2", GNU__sparse__minor="0"), b"real"),
        (pax(GNU__sparse__name="a", GNU__sparse__major="1", GNU__sparse__minor="0"), b"a"),
    ],
)
def test_which_name_counts(headers, path):
    """As for Go's archive/tar, which every container runtime extracts with: else a file hides behind a decoy."""
    assert paths(headers + header(b"real")) == [path]


def test_records_that_make_no_sparse_file():
    """A lone GNU.sparse record is nothing, and must not keep a file from being read."""
    kinds = [entry.kind for entry in Tar([pax(GNU__sparse__x="1") + header(b"f") + END])]
    assert kinds == [FILE] != [SPARSE]


@pytest.mark.parametrize("key", ["path", "linkpath"])
def test_null_in_a_record(key):
    """Path tables end paths by NUL."""
    with pytest.raises(CorruptImage):
        paths(pax(**{key: "a\0b"}) + header(b"real"))


def test_prefix_of_star():
    """star keeps times behind a prefix of 131 bytes."""
    data = header(b"n", _345=b"p" * 131 + b"00000000000 ", _508=b"tar\0")
    assert paths(data) == [b"p" * 131 + b"/n"]


def test_hard_link_to_a_symbolic_link():
    """It is the same symbolic link; what comes below it lands where that leads."""
    tree = tree_of(layer([("d", Link("var/lib")), ("e", Hard("d")), ("e/status", b"1")]), "status")
    assert list(tree.captured) == ["var/lib/status"]
    assert tree.links == {"d": "var/lib", "e": "var/lib"}
    tree = tree_of(layer([("want", b"old"), ("want", Link("x")), ("want2", Hard("want"))]), "want")
    assert (dict(tree.captured), tree.links["want2"]) == ({}, "x")


@pytest.mark.parametrize(
    ("entries", "content"),
    [
        ([("f", b"1"), ("f", b"2"), ("want", Hard("f")), ("f", b"3")], b"2"),
        ([("f", b"1"), ("want", Hard("f")), ("want", b"2")], b"2"),
        ([("l", Link("real")), ("l/f", b"1"), ("want", Hard("l/f"))], b"1"),
        ([("f", b"1"), *((f"h{n}", Hard(f"h{n - 1}" if n else "f")) for n in range(3)), ("want", Hard("h2"))], b"1"),
        ([("f", b"1"), ("want", Hard("f")), ("want", Link("x"))], None),
        ([("f", b"1"), ("want", Hard("f")), ("want", Dir())], None),
    ],
)
def test_content_of_hard_links(entries, content):
    """It is what the target held when it was linked to, and what comes at the link's path later replaces the link."""
    tree = tree_of(layer(entries), "want")
    assert {path: file.read() for path, file in tree.captured.items()} == ({"want": content} if content else {})
    assert tree.unknowns == []


def test_directories_above_a_links_target():
    """They are there as well, and what replaces them takes away what they hold."""
    tree = tree_of(layer([("c", Link("a/b")), ("c/x", b"1")]))
    assert list(paths_of(tree.directories.groups())) == ["a", "a/b"]
    tree = tree_of(layer([("c", Link("a/b")), ("c/x", b"1"), ("a", Link("z"))]))
    assert dict(tree.captured) == {}


@pytest.mark.parametrize("name", [b"d/.wh.", b"d/.wh..", b"d/.wh..."])
def test_whiteouts_of_nothing(name):
    """Whiteouts that name no entry of their directory are reported, not kept as odd paths."""
    tree = tree_of(header(name) + END)
    assert (tree.whiteouts, len(tree.unknowns)) == ([], 1)


def test_memory_of_deep_paths():
    """A megabyte of tar must not become gigabytes of directories."""
    data = b"".join(pax(path=f"{number:04}/" + "a/" * 2040 + "x") + header(b"x") for number in range(90))
    with pytest.raises(Unsupported):  # or be bounded some other way
        tree_of(data + END, "nothing")


def test_long_targets():
    """No symbolic link has a target over 4095 bytes; following one of a megabyte takes minutes."""
    tree = tree_of(pax(linkpath="a/" * 20_000) + header(b"l", kind=b"2") + header(b"l/x") + END)
    assert (tree.links, len(tree.unknowns)) == ({}, 1)


def test_unknowns_are_bounded():
    """Paths that lead out count as entries, and their list has an end."""
    with pytest.raises(Unsupported):
        tree_of(b"".join(header(b"../%d" % number) for number in range(20_000)) + END)
