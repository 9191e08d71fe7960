"""Blobs in a directory: whole or absent, whatever happens."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stellaops_core.stores.directory import DirectoryBlobs


def test_put_get_list_delete(tmp_path: Path) -> None:
    """What is put can be got and is listed in the order of keys; deleting leaves nothing behind."""
    blobs = DirectoryBlobs(str(tmp_path / "cache"))
    assert blobs.get("a/b") is None
    assert list(blobs.list()) == []
    for key in ("b/2", "a/1", "b/1"):
        blobs.put(key, key.encode())
    assert blobs.get("b/1") == b"b/1"
    assert [blob.key for blob in blobs.list()] == ["a/1", "b/1", "b/2"]
    assert [blob.key for blob in blobs.list("b")] == ["b/1", "b/2"]
    blobs.delete("a/1")
    blobs.delete("a/1")
    assert not (tmp_path / "cache/a").exists()


@pytest.mark.parametrize("key", ["../x", "/x", "a/../x", "", "a//b", ".hidden", "tmp/x", "a/\n"])
def test_keys_cannot_leave(key: str, tmp_path: Path) -> None:
    """A key is a relative path of plain names."""
    with pytest.raises(ValueError, match="not a key"):
        DirectoryBlobs(str(tmp_path)).put(key, b"")


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "grow"])
def test_damage_reads_as_absence(damage: str, tmp_path: Path) -> None:
    """One bit, the end, everything: there is no half blob."""
    blobs = DirectoryBlobs(str(tmp_path))
    blobs.put("a/b", b"content")
    data = bytearray((tmp_path / "a/b").read_bytes())
    if damage == "flip":
        data[-1] ^= 1
    changed = {"flip": data, "cut": data[:-1], "empty": b"", "grow": data + b"x"}[damage]
    (tmp_path / "a/b").write_bytes(bytes(changed))
    assert blobs.get("a/b") is None


def test_killed_writers_leave_nothing_but_temporary_files(tmp_path: Path) -> None:
    """kill -9 at forty moments: every blob that is listed is whole; sweeping removes the rest."""
    program = (
        "import sys; from stellaops_core.stores.directory import DirectoryBlobs\n"
        "blobs = DirectoryBlobs(sys.argv[1]); print(flush=True)\n"
        "for number in range(10**6): blobs.put(f'a/{number % 50}', bytes([number % 50]) * 300_000)"
    )
    for delay in range(20):
        process = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE)
        assert process.stdout
        process.stdout.readline()
        time.sleep(delay / 2000)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    blobs = DirectoryBlobs(str(tmp_path))
    listed = list(blobs.list())
    assert listed
    for blob in listed:
        assert blobs.get(blob.key) == bytes([int(blob.key[2:])]) * 300_000
    blobs.sweep(time.time() + 10)
    assert os.listdir(tmp_path / "tmp") == []


def test_writing_while_everything_is_collected(tmp_path: Path) -> None:
    """Others that take away empty directories and, by a clock far ahead, temporary files cost a writer nothing."""
    program = (
        "import sys; from stellaops_core.stores.directory import DirectoryBlobs\n"
        "blobs = DirectoryBlobs(sys.argv[1]); print(flush=True)\n"
        "while True:\n"
        "    for blob in blobs.list(): blobs.delete(blob.key)\n"
        "    blobs.sweep(1e12)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE) as collector:
        assert collector.stdout
        collector.stdout.readline()
        blobs = DirectoryBlobs(str(tmp_path))
        for number in range(2000):
            blobs.put(f"a/{number}/b", b"1")
            assert blobs.get(f"a/{number}/b") in {None, b"1"}
        collector.kill()


def test_only_one_deletes(tmp_path: Path) -> None:
    """Whoever comes later is told that there was nothing."""
    blobs = DirectoryBlobs(str(tmp_path))
    blobs.put("a/b", b"1")
    assert (blobs.delete("a/b"), blobs.delete("a/b"), blobs.delete("a/b/c")) == (True, False, False)
