"""Erlang terms."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.readers.erlang_terms import DEPTH_LIMIT, read_terms


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", []),
        ("a.", ["a"]),
        ("{a, 'B c', \"d\\n\\x{e9}\", 1, -2.5e3, 16#FF}.", [("a", "B c", "d\n\xe9", 1, "-2.5e3", "16#FF")]),
        ("[]. {}.", [[], ()]),
        ('["a" "b"].', [["ab"]]),
        ("<<\"a\"/utf8, 1, 'b'>>.", ["ab"]),
        ("#{a => 1, b => []}.", [[("a", 1), ("b", [])]]),
        ("[a | b].", [["a", "b"]]),
        ('[$a, $\\n, $"].', [["$a", "$\\n", '$"']]),
        ("% remark . \na.%", ["a"]),
        ('"\\x{d800}".', ["\ufffd"]),
    ],
)
def test_terms(text, terms):
    """Each kind of term as a plain value."""
    assert read_terms(text.encode()) == terms


@pytest.mark.parametrize(
    "text",
    ["a", "{a.", "a b.", "{a,}.", "fun() -> ok end.", "X.", "?MACRO.", "a:b.", '"torn', "[" * (DEPTH_LIMIT + 2), "\0"],
)
def test_what_is_none(text):
    """What `file:consult` would not read either, or what is too deep."""
    with pytest.raises(ValueError, match="not an Erlang term"):
        read_terms(text.encode())


def test_latin_1():
    """Old files."""
    assert read_terms(b'"caf\xe9".') == ["caf\xe9"]


VALUES = st.recursive(
    st.from_regex("[a-z][a-z0-9_]{0,5}", fullmatch=True) | st.integers(0, 10**6),
    lambda inner: st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple),
    max_leaves=12,
)


def written(value):
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    return "{" + ",".join(map(written, value)) + "}" if isinstance(value, tuple) else str(value)


@given(st.lists(VALUES, max_size=4))
def test_round_trip(values):
    """What was written is read."""
    assert read_terms("".join(f"{written(value)}.\n" for value in values).encode()) == values


@given(st.binary(max_size=100))
def test_any_bytes(data):
    """Any bytes are terms or a `ValueError`."""
    with contextlib.suppress(ValueError):
        read_terms(data)


@pytest.mark.parametrize("piece", [b'"', b"'", b'"\\', b"[", b"$", b"<<", b"a "])
def test_linear(piece):
    """A megabyte of one sign ends soon."""
    start = time.process_time()
    with pytest.raises(ValueError, match="not an Erlang term"):
        read_terms(b"{a, " + piece * ((1 << 20) // len(piece)))
    assert time.process_time() - start < 5
