"""What a layer's tree holds after its entries have applied in their order."""

import tarfile
from pathlib import Path

import pytest

from builders import Dir, Hard, Link, layer
from stellaops_core.errors import CorruptImage, TargetError, Unsupported
from stellaops_core.images import layer as module
from stellaops_core.images.layer import read_tree
from stellaops_core.images.path_table import PathTable, paths_of
from stellaops_core.images.tree import KEEP, Tree


def tree_of(tar: bytes, wanted: str = "") -> Tree:
    """Capture files whose names start with `wanted`."""
    return read_tree(lambda: [tar], lambda _path, _parent, name, *_: name.startswith(wanted))


def paths(table: PathTable) -> list[str]:
    return list(paths_of(table.groups()))


def contents(tree: Tree) -> dict[str, bytes]:
    return {path: file.read() for path, file in sorted(tree.captured.items())}


@pytest.mark.parametrize("prefix", ["", "./", "/"])
def test_prefixes(prefix: str) -> None:
    """`./x`, `/x` and `x` are one path, for files, links and whiteouts."""
    tree = tree_of(layer({"a/x": b"1", "a/.wh.y": b"", "b/.wh..wh..opq": b"", "l": Link("a")}, prefix=prefix))
    assert contents(tree) == {"a/x": b"1"}
    assert (tree.whiteouts, tree.opaque, tree.links) == (["a/y"], ["b"], {"l": "a"})
    assert paths(tree.others) == ["a/x", "l"]


def test_only_wanted_content_is_kept() -> None:
    """Everything is in the tables, wanted files alone are captured."""
    tree = tree_of(layer({"d": Dir(), "d/keep": b"1", "d/drop": b"2"}), "keep")
    assert (paths(tree.directories), paths(tree.others)) == (["d"], ["d/keep", "d/drop"])
    assert contents(tree) == {"d/keep": b"1"}
    assert tree.entries == 3


def test_a_directory_replaced_by_a_link_in_the_same_layer() -> None:
    """What it held is gone, and what comes after lands where the link leads."""
    entries = [("d", Dir()), ("d/old", b"1"), ("e/x", b"2"), ("d", Link("e")), ("d/new", b"3")]
    tree = tree_of(layer(entries))
    assert contents(tree) == {"e/new": b"3", "e/x": b"2"}
    assert sorted(paths(tree.others)) == ["d", "e/new", "e/x"]
    assert paths(tree.directories) == ["e"]


@pytest.mark.parametrize(
    ("links", "entry", "lands"),
    [
        ({"lib": Link("usr/lib")}, "lib/x", "usr/lib/x"),
        ({"lib": Link("/usr/lib")}, "lib/x", "usr/lib/x"),
        ({"a/b": Link("../c")}, "a/b/x", "c/x"),
        ({"a": Link("b"), "b": Link("c")}, "a/d/x", "c/d/x"),
        ({"a": Link("../../etc")}, "a/x", "etc/x"),
        ({"a": Link("a")}, "a/x", "a/x"),
        ({"a": Link("b"), "b": Link("a")}, "a/x", "a/x"),
    ],
)
def test_entries_below_links_of_the_layer(links: dict[str, Link], entry: str, lands: str) -> None:
    """They land where extraction would put them; loops stay as written; nothing leaves the root."""
    assert contents(tree_of(layer({**links, entry: b"1"}), "x")) == {lands: b"1"}


def test_files_that_come_twice() -> None:
    """The last one counts, also when it is not wanted any more or no file."""
    entries = [("a", b"1"), ("b", b"1"), ("c", b"1"), ("a", b"22"), ("b", Link("x")), ("c", Dir())]
    tree = tree_of(layer(entries))
    assert contents(tree) == {"a": b"22"}


def test_hard_links_share_content() -> None:
    """To a captured file, and to one that nobody wanted by its own name: that one is fetched in a second pass."""
    files = {"store/ab": b"1", "want/direct": b"2", "want/a": Hard("store/ab"), "want/b": Hard("want/direct")}
    tree = read_tree(lambda: [layer(files)], lambda path, *_: path.startswith("want/"))
    assert contents(tree) == {"want/a": b"1", "want/b": b"2", "want/direct": b"2"}
    assert tree.unknowns == []


def test_hard_link_before_its_target_and_to_nothing() -> None:
    """No runtime could extract either; both are unknown."""
    tar = layer({"want": Hard("later"), "later": b"1", "want2": Hard("nowhere")})
    tree = read_tree(lambda: [tar], lambda path, *_: path.startswith("want"))
    assert contents(tree) == {}
    assert [path for path, _ in tree.unknowns] == ["want", "want2"]


def test_hard_link_to_a_hard_link() -> None:
    """Chains end at the file."""
    tar = layer({"f": b"1", "g": Hard("f"), "want": Hard("g")})
    assert contents(read_tree(lambda: [tar], lambda path, *_: path == "want")) == {"want": b"1"}


def test_paths_that_lead_out_are_unknown() -> None:
    """They are reported, not followed."""
    tree = tree_of(layer({"../../etc/passwd": b"1", "ok": b"2"}))
    assert contents(tree) == {"ok": b"2"}
    assert [path for path, _ in tree.unknowns] == ["../../etc/passwd"]


def test_too_many_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a bound, and it is an error: half a layer is no layer."""
    monkeypatch.setattr(module, "ENTRY_LIMIT", 10)
    with pytest.raises(Unsupported, match="entries"):
        tree_of(layer({str(number): b"" for number in range(20)}))


def test_wanted_sparse_files_are_unknown() -> None:
    """Their holes are not rebuilt; that is said."""
    entry = tarfile.TarInfo("want")
    entry.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "want"}
    tree = tree_of(entry.tobuf(tarfile.PAX_FORMAT) + bytes(1024), "want")
    assert tree.unknowns == [("want", "not read: a sparse file")]


def test_damage_reads_to_the_end_first() -> None:
    """So that a digest which is wrong as well can be told instead."""
    taken = []

    def pieces() -> object:
        for piece in (layer({"a": b"1"})[:512], b"garbage" * 100, b"the end"):
            taken.append(piece)
            yield piece

    with pytest.raises(CorruptImage):
        read_tree(pieces, lambda *_: False)  # type: ignore[arg-type]
    assert taken[-1] == b"the end"


@pytest.mark.parametrize("size", [40 << 20])
def test_no_room_for_temporary_files(size: int, tmp_path: Path) -> None:
    """Where large content can't go through a file, that is an error with a hint; nothing is half read."""
    tar = layer({"x": bytes(size)})
    with pytest.raises(TargetError, match="no room for temporary files"):
        read_tree(lambda: [tar], lambda *_: KEEP, spool_dir=str(tmp_path / "missing"))
