"""Paths, file name patterns, and what is known of a file."""

import pytest

from stellaops_core.entrytrace.shell.files import GLOB_LIMIT, absolute, find_names, is_executable, is_outside, text_of
from stellaops_core.entrytrace.shell.patterns import MANY
from traces import root_with


@pytest.mark.parametrize(
    ("directory", "path", "result"),
    [("/a", "b", "/a/b"), ("/a", "../../b", "/b"), ("/a", "/b//./c/", "/b/c"), ("/", ".", "/"), ("\0", "b", "\0/b")],
)
def test_absolute(directory, path, result):
    """Never above the root."""
    assert absolute(directory, path) == result


def test_patterns():
    """Sorted, hidden ones only when asked for, nothing of what isn't known."""
    root = root_with({"d/b.sh": "x", "d/a.sh": "x", "d/.h.sh": "x", "d/e/c.sh": "x"})
    assert find_names(root, "/", "/d/*.sh") == ["/d/a.sh", "/d/b.sh"]
    assert find_names(root, "/d", "*/*.sh") == ["e/c.sh"]
    assert find_names(root, "/d", ".*") == [".h.sh"]
    assert find_names(root, "\0", "*") == find_names(root, "/", "/d/\0*") == []
    many = root_with({f"d/{n}.sh": "x" for n in range(GLOB_LIMIT + 9)}, programs=())
    found = find_names(many, "/", "/d/*")
    assert len(found) == GLOB_LIMIT + 1
    assert found[-1] == MANY


def test_texts():
    """What was kept of a file."""
    root = root_with({"a.sh": "#!/bin/sh\n", "b.sh": "x", "c": b"\x7fELF"})
    assert (text_of(root, "/b.sh"), text_of(root, "/c"), text_of(root, "\0")) == ("x", None, None)
    assert [is_executable(root, path) for path in ("/a.sh", "/b.sh", "/c")] == [True, False, None]


def test_places_that_the_container_brings():
    """Whatever the image has there."""
    assert is_outside("/proc/1")
    assert is_outside("/data", ("/data",))
    assert not is_outside("/database", ("/data",))
