"""Files of layouts, and what stands in their place."""

import hashlib
import os

import pytest

from builders import (
    compress,
    digest,
    docker_archive,
    layer,
    oci_layout,
)
from image_files import BASE, TOP, opened, plain, stored
from stellaops_core import errors
from stellaops_core.images import archive, files


@pytest.mark.parametrize("name", ["index.json", "blobs", "blobs/sha256", "manifest", "layer"])
def test_links_out_of_a_layout(tmp_path, name):
    """No link of a layout leads to a file of this host; links within it are fine."""
    path = oci_layout(tmp_path / "layout", [BASE])
    with opened(path) as source:
        names = {"manifest": source.image.digest, "layer": source.image.layers[0].digest}
    victim = path / (f"blobs/sha256/{names[name][7:]}" if name in names else name)
    inside = victim.rename(path / "elsewhere")
    victim.symlink_to(os.path.relpath(inside, victim.parent))
    assert stored(opened(path)) == [compress(BASE, "gzip")]
    victim.unlink()
    victim.symlink_to(inside.rename(tmp_path / "outside"))
    with pytest.raises(errors.CorruptImage, match="leads out of the layout"):
        stored(archive.open_layout(path))


def test_odd_files_in_a_layout(tmp_path):
    """Pipes, directories and loops in the place of files neither hang nor break anything."""
    path = oci_layout(tmp_path / "layout", [BASE])
    victim = path / "index.json"
    victim.unlink()
    for make in (lambda: os.mkfifo(victim), victim.mkdir, lambda: victim.symlink_to("index.json")):
        make()
        with pytest.raises(errors.TargetError):
            archive.open_layout(path)
        if victim.is_dir() and not victim.is_symlink():
            victim.rmdir()
        else:
            victim.unlink()


def test_a_layout_through_a_link(tmp_path):
    """The layout itself may be a link."""
    path = oci_layout(tmp_path / "layout", [BASE])
    (tmp_path / "link").symlink_to(path)
    assert stored(archive.open_layout(tmp_path / "link")) == [compress(BASE, "gzip")]


def test_large_layers_come_in_pieces(tmp_path):
    """Pieces are no larger than 1 MiB and put together give the layer."""
    big = layer({"big": os.urandom(5 << 20)})
    with opened(docker_archive(tmp_path / "x.tar", {"a:1": [big]})) as source:
        check = hashlib.sha256()
        with source.open_layer(source.image.layers[0]) as pieces:
            for piece in pieces:
                assert len(piece) <= 1 << 20
                check.update(piece)
        assert source.image.layers[0].diff_id == "sha256:" + check.hexdigest()


def test_a_file_that_shrinks(tmp_path):
    """An archive that becomes shorter while it is read is truncated, and said to be."""
    path = plain(tmp_path / "x.tar")
    with opened(path) as source:
        os.truncate(path, 2048)
        with pytest.raises(errors.Truncated):
            stored(source)


def test_after_a_fork(tmp_path):
    """Layers are read in a forked process, and closing there takes nothing from the parent."""
    source = opened(plain(tmp_path / "x.tar"))
    child = os.fork()
    if not child:
        os._exit(0 if stored(source) == [BASE, TOP] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert stored(source) == [BASE, TOP]


@pytest.mark.parametrize("which", ["index.json", "manifest", "config", "layer"])
def test_devices_and_pipes_stay_unopened(tmp_path, monkeypatch, which):
    """A layout that root unpacked may hold devices, and opening one may do something."""
    path = oci_layout(tmp_path / "layout", [BASE])
    with opened(path) as source:
        image = source.image
    digests = {"manifest": image.digest, "config": image.config_digest, "layer": image.layers[0].digest}
    victim = path / (f"blobs/sha256/{digests[which][7:]}" if which in digests else which)
    victim.unlink()
    os.mkfifo(victim)
    seen = []
    monkeypatch.setattr(files.os, "open", lambda name, *args: seen.append(name) or os_open(name, *args))
    with pytest.raises(errors.CorruptImage, match="no regular file"):
        stored(archive.open_layout(path))
    assert str(victim) not in seen


os_open = os.open


def test_a_layer_that_grows(tmp_path):
    """Of a file that becomes longer while it is read, what was there counts."""
    path = oci_layout(tmp_path / "layout", [BASE], compression="none")
    with opened(path) as source, source.open_layer(source.image.layers[0]) as pieces:
        with (path / "blobs/sha256" / digest(BASE)[7:]).open("ab") as file:
            file.write(b"more")
        assert b"".join(pieces) == BASE
