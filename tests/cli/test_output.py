"""Where documents go."""

import os
import stat

import pytest

from stellaops_cli.output import Output, check_places, read_outputs, write_documents
from stellaops_core.errors import OutputError, UsageError

FORMATS = ("table", "json", "cdx-json")


@pytest.mark.parametrize(
    ("texts", "outputs"),
    [
        ([], [Output("table")]),
        (["json"], [Output("json")]),
        (["json=-"], [Output("json")]),
        (["json=a", "json=b", "table"], [Output("json", "a"), Output("json", "b"), Output("table")]),
        (["json=a=b"], [Output("json", "a=b")]),
    ],
)
def test_reads(texts, outputs):
    """Format and place; no place or `-` is standard output; a table where nothing was asked for."""
    assert list(read_outputs(texts, FORMATS)) == outputs


@pytest.mark.parametrize(
    ("texts", "message", "hint"),
    [
        (["jsn"], "unknown format 'jsn'", "did you mean json?; formats: table, json, cdx-json"),
        (["pdf=x"], "unknown format 'pdf'", "choose one of: table, json, cdx-json"),
        ([""], "unknown format ''", "choose one of: table, json, cdx-json"),
        (["cdx-json="], "-o cdx-json= names no file", "write -o cdx-json=PATH, or -o cdx-json for standard output"),
        (["json", "table"], "two documents can't both go to standard output", "give each its own: -o FORMAT=PATH"),
        (["json=-", "table=-"], "two documents can't both go to standard output", "give each its own: -o FORMAT=PATH"),
        (["json=x", "table=./x"], "two documents can't both go to ./x", "give each its own: -o FORMAT=PATH"),
    ],
)
def test_refuses(texts, message, hint):
    """Unknown formats, missing paths and collisions."""
    with pytest.raises(UsageError) as caught:
        read_outputs(texts, FORMATS)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_files_are_whole_and_alone(tmp_path):
    """Documents arrive, an existing file keeps its mode, and nothing else is left in the directory."""
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("before")
    old.chmod(0o600)
    write_documents([(Output("json", str(old)), b"one"), (Output("json", str(new)), b"two")])
    assert (old.read_bytes(), new.read_bytes()) == (b"one", b"two")
    assert stat.S_IMODE(old.stat().st_mode) == 0o600
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(new.stat().st_mode) == 0o666 & ~umask
    assert sorted(os.listdir(tmp_path)) == ["new", "old"]


def test_links_stay_links(tmp_path):
    """Writing through a symbolic link replaces its target."""
    target, link = tmp_path / "d" / "target", tmp_path / "link"
    target.parent.mkdir()
    target.write_text("before")
    link.symlink_to(target)
    write_documents([(Output("json", str(link)), b"x")])
    assert link.is_symlink()
    assert target.read_bytes() == b"x"


def test_all_or_nothing(tmp_path):
    """Where one document can't be written, no other is, and no temporary file stays."""
    first = tmp_path / "first"
    first.write_text("before")
    with pytest.raises(OutputError, match=r"cannot write .*missing"):
        write_documents([(Output("json", str(first)), b"x"), (Output("json", str(tmp_path / "missing" / "y")), b"y")])
    with pytest.raises(OutputError, match=r"cannot write /dev/full: No space left on device"):
        write_documents([(Output("json", str(first)), b"x"), (Output("json", "/dev/full"), b"y")])
    assert first.read_text() == "before"
    assert os.listdir(tmp_path) == ["first"]


def test_devices_are_written_not_replaced():
    """`-o json=/dev/null` leaves a device there."""
    write_documents([(Output("json", "/dev/null"), b"x")])
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@pytest.mark.parametrize(
    ("path", "message"),
    [("", "is a directory"), ("no/such", "no such directory"), ("file/x", "no such directory")],
)
def test_places_are_checked_first(tmp_path, path, message):
    """Before any work is done it is known that a document has a place to go."""
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=message):
        check_places([Output("json", str(tmp_path / path))])
    assert os.listdir(tmp_path) == ["file"]


def test_a_read_only_directory_is_found_first(tmp_path):
    """No permission, no scan."""
    tmp_path.chmod(0o500)
    if os.access(tmp_path, os.W_OK):
        pytest.skip("this user may write anywhere")
    with pytest.raises(OutputError, match="not allowed to write"):
        check_places([Output("json", str(tmp_path / "x"))])
