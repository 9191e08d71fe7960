"""What a tree keeps, and where."""

import pytest

from builders import Dir, Hard, layer
from stellaops_core.images import tree as module
from stellaops_core.images.layer import read_tree
from stellaops_core.images.tree import Tree


def tree_of(tar: bytes, wanted: str = "") -> Tree:
    """Capture files whose names start with `wanted`."""
    return read_tree(lambda: [tar], lambda _path, _parent, name, *_: name.startswith(wanted))


def paths(table: bytearray) -> list[str]:
    return bytes(table).decode().split("\0")[:-1]


def contents(tree: Tree) -> dict[str, bytes]:
    return {path: file.read() for path, file in sorted(tree.captured.items())}


def test_deep_paths_do_not_recurse() -> None:
    """A thousand directories deep is a path like any other."""
    path = "d/" * 1500 + "x"
    assert contents(tree_of(layer({path: b"1"}), "x")) == {path: b"1"}


def test_large_files_spill_and_too_large_ones_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the memory limit content goes to a file; beyond the file limit it is not read, and that is said."""
    monkeypatch.setattr(module, "MEMORY_LIMIT", 10)
    monkeypatch.setattr(module, "FILE_LIMIT", 100)
    tree = tree_of(layer({"a": b"1" * 8, "b": b"2" * 50, "c": b"3" * 99, "d": b"4" * 101, "e": Hard("b")}))
    assert contents(tree) == {"a": b"1" * 8, "b": b"2" * 50, "c": b"3" * 99, "e": b"2" * 50}
    assert [path for path, _ in tree.unknowns] == ["d"]
    tree.close()


def test_aufs_bookkeeping_is_nothing() -> None:
    """`.wh..wh.plnk` and its kin are no whiteouts."""
    tree = tree_of(layer({".wh..wh.plnk/x": b"", ".wh..wh.aufs": b"", ".wh.gone": b""}), "nothing")
    assert tree.whiteouts == ["gone"]


def test_under() -> None:
    """An analyzer sees captured files below a directory, in order, and no others."""
    tree = tree_of(layer({"a/z": b"", "a/b/c": b"", "ab/x": b"", "a": Dir()}))
    assert [file.path for file in tree.under("a")] == ["a/b/c", "a/z"]
