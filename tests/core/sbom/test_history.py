"""The history view: what is gone, in lines that fit, and in each format that has the view."""

import pytest
from msgspec.structs import replace

from core.sbom.samples import SAMPLE
from stellaops_core.errors import UsageError
from stellaops_core.sbom.formats import FORMATS
from stellaops_core.sbom.history import encode_history, way_of
from stellaops_core.sbom.sbom import Hiding, Removed
from stellaops_core.sbom.summary import MAX_WIDTH

CURL = "pkg:deb/debian/curl@{}?arch=amd64"
GONE = (
    Removed(CURL.format("8"), "var/lib/dpkg/status", 0, 1, Hiding("replaced", "var/lib/dpkg/status")),
    Removed(CURL.format("9"), "a", 0, 1, Hiding("opaque", ""), "downgraded", CURL.format("8.1")),
)
SBOM = replace(SAMPLE, removed=GONE)


def test_table():
    """One line a package, then the layers' commands."""
    lines = encode_history(SBOM).decode().splitlines()
    assert "history  1 downgraded, 1 removed" in lines
    assert lines[-5:] == [
        "removed     deb/debian/curl  8         0     1     rewritten",
        "downgraded  deb/debian/curl  9 -> 8.1  0     1     / emptied",
        "",
        "layer 0  ADD rootfs",
        "layer 1",
    ]


def test_nothing_gone():
    """It says so."""
    assert encode_history(replace(SBOM, removed=())).endswith(b"history  nothing removed or replaced\n")


def test_safe_to_print():
    """Whatever names hold, lines are ASCII and fit."""
    evil = Removed("pkg:generic/" + "x" * 200, "a\x1b", 0, 1, Hiding("whiteout", "a\x1b" + "y" * 200))
    text = encode_history(replace(SBOM, removed=(evil,))).decode("ascii")
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= MAX_WIDTH


@pytest.mark.parametrize(
    ("hiding", "told"),
    [
        (Hiding("replaced", "a/b"), "rewritten"),
        (Hiding("replaced", "a"), "/a took the place of a directory"),
        (Hiding("whiteout", "a/b"), "deleted"),
        (Hiding("whiteout", "a"), "deleted with /a"),
        (Hiding("opaque", "a"), "/a emptied"),
        (Hiding("unknown", ""), ""),
    ],
)
def test_ways(hiding, told):
    """Each way to hide a/b has its words."""
    assert way_of(hiding, "a/b") == told


@pytest.mark.parametrize("name", FORMATS)
def test_formats(name):
    """A format tells of packages that are gone, or refuses and says which do."""
    how = FORMATS[name]
    if how.history:
        assert b"curl" in how.encode(SBOM, "history")
    else:
        with pytest.raises(UsageError, match="has no history view") as caught:
            how.encode(SBOM, "history")
        assert "csv" in caught.value.hint
