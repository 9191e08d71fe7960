"""lua: what its records give, and that nothing else comes of any bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses import find
from case_texts import cases_of, check, survives
from stellaops_core.analyzers.analyzer import Analyzer, Joins
from stellaops_core.analyzers.lua import ANALYZER


@pytest.mark.parametrize("case", cases_of("lua"))
def test_case(case, request):
    """The files of a case give exactly what is expected."""
    check(ANALYZER, case, request.config)


def test_is_an_analyzer():
    """It fits both protocols of the seam."""
    assert isinstance(ANALYZER, Analyzer)
    assert isinstance(ANALYZER, Joins)


def test_what_only_directories_say_is_weaker():
    """A rockspec that can't be understood, or speaks of another rock, leaves a fact by file name."""
    for text in ("package = f()", 'package = "other"\nversion = "1-1"'):
        found, _ = find(ANALYZER, {"lib/luarocks/rocks-5.1/a/1-1/a-1-1.rockspec": text})
        [[package]] = found.values()
        assert (package.name, package.version, package.technique, package.confidence) == ("a", "1-1", "filename", 80)


PIECES = [
    "package",
    "version",
    "=",
    '"a"',
    '"1-1"',
    "{",
    "}",
    ",",
    "description",
    "dependencies",
    "..",
    "[",
    "]",
    "local",
]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=20), st.binary(max_size=60))
def test_anything(pieces, data):
    """Any words of Lua and any bytes."""
    path = "lib/luarocks/rocks-5.1/a/1-1/a-1-1.rockspec"
    survives(ANALYZER, {path: " ".join(pieces).encode("utf-8", "replace"), path.replace("a", "b"): data})
    survives(ANALYZER, {path: "", "lib/luarocks/rocks-5.1/a/1-1/rock_namespace": data})
