"""A directory reads like the layer that would make it."""

import os
from pathlib import Path

import pytest

from builders import Dir, Link, layer
from stellaops_core.errors import NotAnImage, TargetNotFound
from stellaops_core.images.directory import DirectorySource, read_directory
from stellaops_core.images.layer import read_tree
from stellaops_core.images.path_table import paths_of


def everything(*_: object) -> bool:
    return True


def test_same_tree_as_a_layer(tmp_path: Path) -> None:
    """Files, directories, links: all tables agree."""
    (tmp_path / "usr/lib").mkdir(parents=True)
    (tmp_path / "usr/lib/x").write_bytes(b"1")
    (tmp_path / "lib").symlink_to("usr/lib")
    (tmp_path / "empty").mkdir()
    tar = layer({"empty": Dir(), "lib": Link("usr/lib"), "usr": Dir(), "usr/lib": Dir(), "usr/lib/x": b"1"})
    ours, layers = read_directory(str(tmp_path), everything), read_tree(lambda: [tar], everything)
    for own, layers_own in ((ours.others, layers.others), (ours.directories, layers.directories)):
        assert sorted(paths_of(own.groups())) == sorted(paths_of(layers_own.groups()))
    assert ours.links == layers.links
    assert {path: file.read() for path, file in ours.captured.items()} == {"usr/lib/x": b"1"}


def test_links_and_special_files_are_not_followed(tmp_path: Path) -> None:
    """A link to a file outside, a loop, a pipe: noted, never opened."""
    secret = tmp_path / "secret"
    secret.write_bytes(b"outside")
    root = tmp_path / "root"
    root.mkdir()
    (root / "out").symlink_to(secret)
    (root / "loop").symlink_to(".")
    os.mkfifo(root / "pipe")
    tree = read_directory(str(root), everything)
    assert tree.captured == {}
    assert sorted(tree.links) == ["loop", "out"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_parts_are_unknown(tmp_path: Path) -> None:
    """A closed directory and a closed file are reported; the rest is read."""
    (tmp_path / "closed").mkdir(mode=0)
    (tmp_path / "file").write_bytes(b"1")
    (tmp_path / "file").chmod(0)
    (tmp_path / "open").write_bytes(b"2")
    tree = read_directory(str(tmp_path), everything)
    (tmp_path / "closed").chmod(0o700)
    assert sorted(path for path, _ in tree.unknowns) == ["closed", "file"]
    assert list(tree.captured) == ["open"]


def test_wrong_places(tmp_path: Path) -> None:
    """Nothing there, and something that is no directory."""
    with pytest.raises(TargetNotFound):
        DirectorySource(str(tmp_path / "nothing"))
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotAnImage):
        DirectorySource(str(tmp_path / "file"))


def test_names_that_are_no_text(tmp_path: Path) -> None:
    """They come in the same spelling as from a tar."""
    with open(os.fsencode(tmp_path) + b"/bad\xff", "wb") as file:
        file.write(b"1")
    assert list(read_directory(str(tmp_path), everything).captured) == ["bad\\xff"]
